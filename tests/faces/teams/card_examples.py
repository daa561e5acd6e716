"""One example, at least, of every card that the bot can show: read by the tests here, and drawn by foreign readers.

A new card comes with a line here: test_card_examples.py fails where a function `*_card` has no example.
"""

from mailcheck.diagnosis.explained import explain
from mailcheck.faces.teams.card_parts import Element
from mailcheck.faces.teams.cards import (
    help_card,
    looking_card,
    not_allowed_card,
    not_configured_card,
    refused_card,
    thanks_card,
    welcome_card,
    whoami_card,
)
from mailcheck.faces.teams.explain_card import explain_card
from mailcheck.faces.teams.intent import Refused
from mailcheck.faces.teams.progress import Progress
from mailcheck.faces.teams.progress_card import progress_card
from mailcheck.faces.teams.report_card import report_card
from mailcheck.faces.teams.status_card import status_card
from mailcheck.faces.teams.table_card import table_card
from mailcheck.model.evidence import Stage
from mailcheck.model.problem import SettingProblem
from mailcheck.model.progress import Ended, Entered, Moment
from mailcheck.model.report import Folder, Healthy, Listing, NotAllowed, ProtocolReport, Report
from mailcheck.model.request import CheckRequest, Mailbox, MailProtocol
from tests.faces.teams.card_kit import report as small_report
from tests.faces.teams.real_kit import (
    BROKEN,
    COUNTED,
    DEGRADED,
    HEALTHY,
    IMAP,
    LISTED,
    NO_VAULT,
    POP,
    REFUSED,
    SMTP,
    SMTP_OFF,
    STOPPED,
    WAITING,
    broken,
    inspection,
    report,
    status_facts,
)

# Names that are markup, very long, deep, in other scripts, or written from right to left.
_NAMES = (
    "[click](http://evil.example)", "# heading", "**bold** _it_", "a" * 200, "Größe und Maß", "収支報告書", "مشاريع",
    "{{DATE(2026-11-23T18:41:22Z)}}", "<b>x</b>", "1. one", "\U0001f4e7 mail",
)  # fmt: skip
_HOSTILE = tuple(
    Folder((*(f"level {level}" for level in range(number % 9)), f"{_NAMES[number % len(_NAMES)]} {number}"))
    for number in range(5000)
)
_PROBLEMS = (
    SettingProblem("MAILCHECK_VAULT_URL", "is missing: put the vault's address there, https://NAME.vault.azure.net"),
    SettingProblem("MAILCHECK_TENANT_ID", "is not a GUID"),
)

_LONG = "a-very-long-mailbox-name-made-for-invoices-2026@subsidiary.department.contoso-holding-international.example"
_TEN: tuple[Report | NotAllowed, ...] = (
    HEALTHY,
    report("info@contoso.com", {IMAP: LISTED, POP: COUNTED}),
    DEGRADED,
    BROKEN,
    report("invoices@contoso.com", {IMAP: LISTED, POP: COUNTED}),
    WAITING,
    NotAllowed(Mailbox("a_b@other.example")),
    report(_LONG, {IMAP: broken(REFUSED, _LONG), POP: COUNTED}),
    report("sales@contoso.com", {IMAP: LISTED, POP: COUNTED}),
    report("scanner@contoso.com", {SMTP: broken(SMTP_OFF, "scanner@contoso.com")}),
)
_ASKED = (Entered(Stage.VAULT), Entered(Stage.TOKEN))
_TALKING = (*_ASKED, Entered(Stage.TLS, IMAP), Entered(Stage.AUTH, IMAP), Entered(Stage.CONNECT, POP))
_ENDING = (*_ASKED, Ended(IMAP, opened=True), Entered(Stage.LIST, POP))


def _progress(address: str, *moments: Moment, outcome: Report | NotAllowed | None = None) -> Progress:
    progress = Progress(CheckRequest(Mailbox(address), (IMAP, POP)))
    for moment in moments:
        progress(moment)
    progress.outcome = outcome
    return progress


def _explained(diagnosis_id: str) -> Element:
    explained = explain(diagnosis_id)
    assert explained is not None
    return explain_card(explained)


_OBJECT_ID, _TENANT_ID = "55555555-aaaa-4bbb-8ccc-dddddddddddd", "11111111-2222-4333-8444-555555555555"

# name -> card; the name is also the file name of its picture.
CARDS: dict[str, Element] = {
    "report-healthy": report_card(HEALTHY),
    "report-degraded": report_card(DEGRADED),
    "report-broken": report_card(BROKEN),
    "report-waiting": report_card(WAITING),
    "report-no-vault": report_card(STOPPED),
    "report-ends-soon": report_card(report(_LONG, {IMAP: LISTED, POP: COUNTED}, days=5, canary=True)),
    "report-5000-folders": report_card(
        small_report({MailProtocol.IMAP: ProtocolReport(Healthy(Listing(_HOSTILE, 3, ('() "/" "[x](y)',))), 2412)})
    ),
    "table": table_card(_TEN, [Refused("shared@localhost", "the domain is not a host name with at least one dot")]),
    "looking": looking_card(),
    "progress-begun": progress_card([_progress("shared@contoso.com")], 0),
    "progress-talking": progress_card([_progress("shared@contoso.com", *_TALKING)], 1.3),
    "progress-ending": progress_card([_progress(_LONG, *_ENDING)], 2.3),
    "progress-of-ten": progress_card(
        [
            _progress(one.mailbox.address, *(_TALKING if number < 8 else _ASKED), outcome=one if number < 4 else None)
            for number, one in enumerate(_TEN)
        ],
        3.3,
    ),
    "status": status_card(status_facts(inspection())),
    "status-ends-soon": status_card(status_facts(inspection(days=5))),
    "status-no-vault": status_card(status_facts(inspection(evidence=NO_VAULT))),
    "status-not-configured": status_card(status_facts(_PROBLEMS)),
    "explain-imap-sign-in-refused": _explained("imap-sign-in-refused"),
    "explain-vault-role-missing": _explained("vault-role-missing"),
    "help": help_card(),
    "help-with-note": help_card('"[x](http://evil.example)" is not a mailbox address: it has no "@"'),
    "welcome": welcome_card(),
    "thanks": thanks_card(),
    "whoami": whoami_card("Anna Ørsted", _OBJECT_ID, _TENANT_ID, operator=True),
    "whoami-nobody": whoami_card("[Ben](http://evil.example)", _OBJECT_ID, _TENANT_ID, operator=False),
    "refused": refused_card(_OBJECT_ID),
    "refused-without-id": refused_card(None),
    "not-allowed": not_allowed_card(NotAllowed(Mailbox("a_b@other.example")), "55555555-6666-4777-8888-999999999999"),
    "not-configured": not_configured_card(_PROBLEMS),
}
