"""The card of several mailboxes: a row each, what is in a row, and that ten of any kind fit."""

import dataclasses

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lab.teams.card_text import draw
from mailcheck.faces.teams.card_plain import LIMIT, plain_text
from mailcheck.faces.teams.intent import MAILBOX_LIMIT, Refused
from mailcheck.faces.teams.table_card import table_card
from mailcheck.model.report import Broken, Cause, Command, Diagnosis, Likelihood, NotAllowed, ProtocolReport, Report
from mailcheck.model.request import Mailbox
from tests.faces.teams.any_report import PROTOCOLS
from tests.faces.teams.card_rules import assert_valid, elements
from tests.faces.teams.real_kit import (
    BROKEN,
    COUNTED,
    DEGRADED,
    HEALTHY,
    IMAP,
    LISTED,
    NOT_CONNECTED,
    POP,
    SMTP,
    SMTP_OFF,
    STOPPED,
    WAITING,
    broken,
    report,
)

_SHUT = NotAllowed(Mailbox("a_b@other.example"))
_ALL = frozenset(f"row-{number}" for number in range(1, MAILBOX_LIMIT + 1))


def _drawn(*outcomes: Report | NotAllowed, refused: tuple[Refused, ...] = (), opened: bool = False) -> str:
    card = table_card(outcomes, refused)
    assert_valid(card)
    return draw(card, width=160, open_toggles=_ALL if opened else frozenset())


def test_a_row_for_each_mailbox() -> None:
    """Closed, the card has each address with its mark, its word and its protocols, and above them how many are well."""
    drawn = _drawn(
        HEALTHY, DEGRADED, BROKEN, WAITING, _SHUT, refused=(Refused("x@localhost", "the domain is no name"),)
    )
    for sentence in (
        "1 of 5 mailboxes healthy", "1 degraded · 1 broken · 1 not finished · 1 not allowed",
        "shared@contoso.com", "Healthy: opens by IMAP, POP and SMTP", "Degraded: opens by POP, not by IMAP",
        "Broken: does not open by IMAP or POP", "Not finished: opens by POP, no answer yet by IMAP",
        "Not allowed: MAILCHECK_DOMAINS does not have the domain other.example", "x@localhost: the domain is no name",
    ):  # fmt: skip
        assert sentence in drawn
    assert "Connect-ExchangeOnline" not in drawn


def test_a_closed_row_says_what_is_wrong() -> None:
    """A row that is not healthy has the title of its first diagnosis; a wait is in the sentence above it already."""
    titles = ["Exchange accepts the app, but does not open the mailbox by IMAP", "Exchange refuses the app's sign-in"]
    drawn = _drawn(HEALTHY, DEGRADED, BROKEN)
    assert [title in drawn for title in titles] == [True, True]
    waiting = _drawn(WAITING, HEALTHY)
    assert "no answer yet by IMAP" in waiting
    assert "did not answer in time" not in waiting


def test_an_open_row_says_once_what_is_wrong() -> None:
    """The title of the first diagnosis stays above what opens; the next one has its own beside its protocol."""
    drawn = _drawn(BROKEN, HEALTHY, opened=True)
    assert drawn.count("Exchange refuses the app's sign-in by IMAP") == 1
    assert "✘ IMAP " in drawn
    assert "✘ POP: Exchange refuses the app's sign-in by POP" in drawn


def test_where_all_are_healthy_no_other_state_is_counted() -> None:
    """The title says it, and the time stands below it."""
    drawn = _drawn(HEALTHY, HEALTHY)
    assert "2 of 2 mailboxes healthy" in drawn
    assert "2 healthy" not in drawn


def test_a_row_opens() -> None:
    """A healthy row has counts and times; a broken one its evidence, its first cause and the commands."""
    drawn = _drawn(HEALTHY, DEGRADED, WAITING, opened=True)
    for sentence in (
        "✔ IMAP opened the mailbox: 19 folders · 512 ms", "BAD User is authenticated but not connected.",
        "Cause 1 of 2 · likely", "IMAP is switched off for this mailbox",
        "Set-CASMailbox -Identity 'no-imap@contoso.com' -ImapEnabled $true",
        "For all of it, write: mailcheck no-imap@contoso.com", "Explain",
        "still waiting for outlook.office365.com:993 at AUTHENTICATE after 9 s",
    ):  # fmt: skip
        assert sentence in drawn


def test_all_are_checked_again_at_once() -> None:
    """One button repeats the whole question: the same mailboxes by the same protocols."""
    again = table_card([HEALTHY, DEGRADED, _SHUT])["actions"][0]
    assert again["title"] == "Check again"
    assert again["data"] == {
        "mailboxes": ["shared@contoso.com", "no-imap@contoso.com", "a_b@other.example"],
        "protocols": ["imap", "pop", "smtp"],
    }


@pytest.mark.parametrize("text", ["x" * 5000, "ü" * 5000, "🚀" * 5000, "[click](http://evil.example) " * 200, "\n"])
def test_ten_hostile_reports_fit(text: str) -> None:
    """Whatever ten servers say, the card is below 24 KiB, and says where the rest is."""
    causes = tuple(Cause(text, Likelihood.POSSIBLE, text, (Command(text), text) * 9) for _ in range(9))
    one = ProtocolReport(Broken(Diagnosis("an-id", text, text, causes, "https://x.example", text)))
    other = dataclasses.replace(one, verdict=Broken(Diagnosis("b-id", text, text, causes, "https://x.example", text)))
    mailbox = "_" * 64 + "@" + ".".join(["b" * 60] * 4)
    hostile = report(mailbox, {IMAP: one, POP: other})
    refused = tuple(Refused(text, text) for _ in range(30))
    drawn = _drawn(*[hostile] * MAILBOX_LIMIT, refused=refused, opened=True)
    assert "For all of it" in drawn
    assert "25 more that cannot be checked" in drawn


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(found=st.lists(st.tuples(PROTOCOLS, PROTOCOLS), min_size=1, max_size=MAILBOX_LIMIT))
def test_any_reports_are_a_valid_table(found: list[tuple[ProtocolReport, ProtocolReport]]) -> None:
    """Whatever checks find, their table keeps to the schema and to the budget, and its text to a message's size."""
    card = table_card([report("shared@contoso.com", {IMAP: imap, POP: pop}) for imap, pop in found])
    assert_valid(card)
    assert len(plain_text(card).encode()) <= LIMIT


def test_a_small_row_leaves_its_room_to_a_large_one() -> None:
    """Among nine healthy mailboxes the broken one is told with its first cause's commands."""
    healthy = report("shared@contoso.com", {IMAP: LISTED, POP: COUNTED})
    drawn = _drawn(*[healthy] * 9, BROKEN, opened=True)
    assert "Add-MailboxPermission -Identity 'not-granted@contoso.com'" in drawn


def test_what_mailboxes_share_is_told_once() -> None:
    """Where ten mailboxes fail for one reason, it stands above the rows with what mends it, and in no row again."""
    drawn = _drawn(*[STOPPED] * 10)
    assert "✘ 10 mailboxes: There is no key vault at https://kv-mailcheck.vault.azure.net" in drawn
    opened = _drawn(*[STOPPED] * 10, opened=True)
    assert opened.count("az keyvault list-deleted") == drawn.count("az keyvault list-deleted") == 1
    assert opened.count("as above") == 10


def test_what_only_one_mailbox_has_is_told_in_its_row() -> None:
    """A remedy with the mailbox's own address is no remedy for another."""
    drawn = _drawn(BROKEN, DEGRADED)
    assert "2 mailboxes:" not in drawn
    assert "Connect-ExchangeOnline" not in drawn


def test_the_cause_stays_where_there_is_no_room_for_its_remedy() -> None:
    """Ten broken mailboxes: each row still says what is likely, and that the mailbox alone has the rest."""
    many = [report(f"box-{n}@contoso.com", {IMAP: broken(NOT_CONNECTED, f"box-{n}@contoso.com")}) for n in range(10)]
    drawn = _drawn(*many, opened=True)
    assert drawn.count("IMAP is switched off for this mailbox") == 10
    assert drawn.count("For all of it, write: mailcheck box-") == 10


@pytest.mark.parametrize(
    "outcomes, style, sentence",
    [
        ((HEALTHY, HEALTHY), "good", "2 of 2 mailboxes healthy"),
        ((HEALTHY, BROKEN), "warning", "1 of 2 mailboxes healthy"),
        ((DEGRADED, BROKEN), "attention", "0 of 2 mailboxes healthy"),
        ((_SHUT, _SHUT), "attention", "Nothing was checked."),
    ],
)
def test_the_header_says_how_many_are_healthy(
    outcomes: tuple[Report | NotAllowed, ...], style: str, sentence: str
) -> None:
    """Its colour says what its words say."""
    assert table_card(outcomes)["body"][0]["style"] == style
    assert sentence in _drawn(*outcomes)


def test_a_row_that_tells_all_does_not_ask_for_more() -> None:
    """Where a row has the only cause with its remedy, the mailbox alone would show no more."""
    scanner = report("scanner@contoso.com", {SMTP: broken(SMTP_OFF, "scanner@contoso.com")})
    drawn = _drawn(HEALTHY, scanner, opened=True)
    assert "Set-TransportConfig" in drawn
    assert "Cause · certain" in drawn, "the only one has no number"
    assert "For all of it" not in drawn


def test_a_long_address_is_not_repeated() -> None:
    """Where the address would fill two lines, the row says "this mailbox"."""
    mailbox = "a" * 60 + "@" + "b" * 40 + ".example"
    drawn = _drawn(HEALTHY, report(mailbox, {IMAP: broken(NOT_CONNECTED, mailbox)}), opened=True)
    assert "For all of it, check this mailbox alone." in drawn
    assert drawn.count(f"mailcheck {mailbox}") == 0


def test_every_row_is_named() -> None:
    """What opens when it is pressed says to a screen reader what it opens."""
    card = table_card([HEALTHY, DEGRADED])
    pressed = [one["selectAction"]["title"] for one in elements(card) if "selectAction" in one]
    assert pressed == ["Show or hide shared@contoso.com", "Show or hide no-imap@contoso.com"]
