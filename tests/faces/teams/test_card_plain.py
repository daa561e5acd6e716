"""Cards as plain text: the same sentences, without Markdown, bounded, and with what is folded up said."""

import pytest

from mailcheck.diagnosis.explained import explain
from mailcheck.faces.teams.card_parts import block, card, facts, said, verbatim
from mailcheck.faces.teams.card_plain import LIMIT, plain_text
from mailcheck.faces.teams.cards import help_card
from mailcheck.faces.teams.explain_card import explain_card
from mailcheck.faces.teams.report_card import report_card
from mailcheck.faces.teams.table_card import table_card
from mailcheck.faces.teams.untrusted import escape
from tests.faces.teams.real_kit import BROKEN, DEGRADED, HEALTHY


def test_a_report_as_text() -> None:
    """What a reader of the card sees before unfolding anything, line by line."""
    assert plain_text(report_card(HEALTHY)).splitlines() == [
        "shared@contoso.com",
        "✔ Healthy: opens by IMAP, POP and SMTP",
        "2026-11-23 18:41 UTC · 812 ms",
        "",
        "✔ IMAP opened the mailbox: 19 folders · 512 ms",
        "52.98.241.2 · TLSv1.3",
        "",
        "✔ POP opened the mailbox: 1,204 messages, 84.1 MB · 420 ms",
        "52.98.241.2 · TLSv1.3",
        "",
        "✔ SMTP accepted the sign-in: takes messages of up to 150 MB · 618 ms",
        "52.98.241.2 · TLSv1.3",
        "",
        "Certificate: 83 days left (until 2027-02-14)",
        "Token roles: IMAP.AccessAsApp, POP.AccessAsApp, SMTP.SendAsApp",
        "",
        "(Where cards are shown, more can be unfolded.)",
    ]


def test_a_fault_as_text() -> None:
    """Evidence, causes with their likelihood, and commands to be copied as they are."""
    lines = plain_text(report_card(DEGRADED)).splitlines()
    for line in (
        "BAD User is authenticated but not connected.", "Cause 1 of 2 · likely",
        "IMAP is switched off for this mailbox",
        "Set-CASMailbox -Identity 'no-imap@contoso.com' -ImapEnabled $true",
    ):  # fmt: skip
        assert line in lines


@pytest.mark.parametrize(
    "text", ["[click](http://evil.example)", "**b** _i_", "# h", "1. one", "a\\b", "<b>", "-ERR no", "a | b"]
)
def test_markdown_goes(text: str) -> None:
    """What was escaped for the card is read as it was written."""
    body = [said(escape(text)), said(f"**Seen** {escape(text)}"), facts([(text, text)]), verbatim(text)]
    assert plain_text(card(body, spoken="x")).splitlines() == [text, f"Seen {text}", f"{text}: {text}", text]


def test_what_stands_apart_has_one_blank_line_before_it() -> None:
    """Also what stands apart within something that does; the first line of all has none."""
    body = [said("one", spacing="Large")]
    body += [block([said("two", spacing="Medium")], separator=True), block([said("three")], separator=True)]
    assert plain_text(card(body, spoken="x")) == "one\n\ntwo\n\nthree"


def test_nothing_folded_up_nothing_said_of_it() -> None:
    """Where a card shows everything, the text says nothing of unfolding."""
    assert "unfolded" not in plain_text(help_card())


@pytest.mark.parametrize("line, times", [("ü" * 3000, 50), ("x", LIMIT)], ids=["long lines", "many lines"])
def test_a_long_card_is_cut_after_a_line(line: str, times: int) -> None:
    """The text stays below the limit of a message, and says that something is missing."""
    text = plain_text(card([said(line)] * times, spoken="x"))
    assert len(text.encode()) <= LIMIT
    assert text.splitlines()[-1] == "(The rest is left out: it is too long for a message.)"
    assert set(text.splitlines()[:-1]) == {line}


def test_every_kind_of_card_has_a_text() -> None:
    """Tables and explanations too."""
    explained = explain("vault-role-missing")
    assert explained is not None
    assert "▲ no-imap@contoso.com" in plain_text(table_card([HEALTHY, DEGRADED, BROKEN])).splitlines()
    assert "az role assignment create" in plain_text(explain_card(explained))
