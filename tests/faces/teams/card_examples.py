"""One example, at least, of every card that the bot can show: read by the tests here, and drawn by foreign readers.

A new card comes with a line here: test_card_examples.py fails where a function `*_card` has no example.
"""

from mailcheck.faces.teams.card_parts import Element
from mailcheck.faces.teams.cards import checking_card, help_card, not_allowed_card, not_configured_card, refused_card
from mailcheck.faces.teams.report_card import report_card
from mailcheck.model.problem import SettingProblem
from mailcheck.model.report import Folder, Healthy, Listing, NotAllowed, ProtocolReport
from mailcheck.model.request import Mailbox, MailProtocol
from tests.faces.teams.card_kit import BROKEN, DEGRADED, HEALTHY, report

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

# name -> card; the name is also the file name of its picture.
CARDS: dict[str, Element] = {
    "report-healthy": report_card(HEALTHY),
    "report-degraded": report_card(DEGRADED),
    "report-broken": report_card(BROKEN),
    "report-5000-folders": report_card(
        report({MailProtocol.IMAP: ProtocolReport(Healthy(Listing(_HOSTILE, 3, ('() "/" "[x](y)',))), 2412)})
    ),
    "checking": checking_card(Mailbox("shared@contoso.com"), tuple(MailProtocol)),
    "help": help_card(),
    "help-with-note": help_card('"[x](http://evil.example)" is not a mailbox address: it has no "@"'),
    "refused": refused_card("55555555-aaaa-4bbb-8ccc-dddddddddddd"),
    "refused-without-id": refused_card(None),
    "not-allowed": not_allowed_card(NotAllowed(Mailbox("a_b@other.example"))),
    "not-configured": not_configured_card(_PROBLEMS),
}
