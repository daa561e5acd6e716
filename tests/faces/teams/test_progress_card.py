"""The card of checks that run: what is done, what is going on, and what is to come, in marks and in words."""

import pytest

from lab.teams.card_text import draw
from mailcheck.faces.teams.progress import Progress
from mailcheck.faces.teams.progress_card import progress_card
from mailcheck.model.evidence import Stage
from mailcheck.model.progress import Ended, Entered, Moment
from mailcheck.model.report import NotAllowed
from mailcheck.model.request import CheckRequest, Mailbox, MailProtocol
from tests.faces.teams.card_rules import assert_valid
from tests.faces.teams.real_kit import BROKEN, HEALTHY, IMAP, POP, SMTP

_ASKED = (Entered(Stage.IDENTITY), Entered(Stage.VAULT), Entered(Stage.TOKEN))


def _progress(*moments: Moment, protocols: tuple[MailProtocol, ...] = (IMAP, POP)) -> Progress:
    progress = Progress(CheckRequest(Mailbox("a_b@contoso.com"), protocols))
    for moment in moments:
        progress(moment)
    return progress


def _lines(*checks: Progress) -> list[str]:
    """What is drawn between the frame's sides, without the spaces between columns."""
    card = progress_card(checks, 2.4)
    assert_valid(card)
    return [" ".join(line.strip("│ ┃").split()) for line in draw(card, width=100).splitlines()]


@pytest.mark.parametrize(
    "moments, lines",
    [
        ((), ["▸ Credential from Key Vault now", "○ Token from Entra to come", "○ IMAP to come", "○ POP to come"]),
        (_ASKED[:2], ["▸ Credential from Key Vault now", "○ Token from Entra to come"]),
        (_ASKED, ["✔ Credential from Key Vault done", "▸ Token from Entra now", "○ IMAP to come"]),
        (
            (*_ASKED, Entered(Stage.DNS, IMAP), Entered(Stage.TLS, IMAP), Entered(Stage.CONNECT, POP)),
            ["✔ Credential from Key Vault done", "✔ Token from Entra done",
             "▸ IMAP making the connection safe now", "▸ POP connecting now"],
        ),
        (
            (*_ASKED, Entered(Stage.TLS, IMAP), Entered(Stage.AUTH, IMAP), Entered(Stage.GREETING, IMAP),
             Entered(Stage.AUTH, POP), Entered(Stage.LIST, POP)),
            ["▸ IMAP signing in now", "▸ POP counting the messages now"],
        ),
        ((*_ASKED, Entered(Stage.LIST, IMAP), Ended(IMAP, opened=True), Entered(Stage.AUTH, POP)),
         ["✔ IMAP done", "▸ POP signing in now"]),
        ((*_ASKED, Entered(Stage.LIST, IMAP), Ended(POP, opened=False)),
         ["▸ IMAP listing the folders now", "✘ POP not opened"]),
    ],
)  # fmt: skip
def test_where_a_check_is(moments: tuple[Moment, ...], lines: list[str]) -> None:
    """Each step and each protocol has a line, with a mark and a word that say the same."""
    drawn = _lines(_progress(*moments))
    assert "Checking a_b@contoso.com" in drawn
    assert [line for line in drawn if line in lines] == lines


@pytest.mark.parametrize("stage", [Stage.DNS, Stage.CONNECT])
def test_a_second_try_begins_again(stage: Stage) -> None:
    """Where a conversation is begun anew, the card goes back with it."""
    again = _progress(*_ASKED, Entered(Stage.AUTH, IMAP), Entered(stage, IMAP))
    assert "▸ IMAP connecting now" in _lines(again)


def test_smtp_greets_before_it_is_safe() -> None:
    """Greeting and capabilities are no step of their own: they belong to what came before."""
    talk = [Entered(Stage.CONNECT, SMTP), Entered(Stage.GREETING, SMTP), Entered(Stage.CAPABILITY, SMTP)]
    assert "▸ SMTP connecting now" in _lines(_progress(*talk, protocols=(SMTP,)))
    talk += [Entered(Stage.STARTTLS, SMTP)]
    assert "▸ SMTP making the connection safe now" in _lines(_progress(*talk, protocols=(SMTP,)))
    talk += [Entered(Stage.TLS, SMTP), Entered(Stage.CAPABILITY, SMTP)]
    assert "▸ SMTP making the connection safe now" in _lines(_progress(*talk, protocols=(SMTP,)))


def test_several_checks_are_a_line_each() -> None:
    """Those that have ended with their word, the others with what is going on."""
    talking, asking, waiting = _progress(*_ASKED, Entered(Stage.AUTH, IMAP)), _progress(*_ASKED), _progress()
    healthy, broken, refused = _progress(), _progress(), _progress()
    healthy.outcome, broken.outcome = HEALTHY, BROKEN
    refused.outcome = NotAllowed(Mailbox("a_b@contoso.com"))
    drawn = _lines(healthy, broken, refused, talking, asking, waiting)
    assert "Checking 6 mailboxes" in drawn
    assert progress_card([healthy, broken, talking], 1)["speak"] == "Checking 3 mailboxes, 2 of 3 done"
    for line in (
        "✔ a_b@contoso.com Healthy",
        "✘ a_b@contoso.com Broken",
        "⊘ a_b@contoso.com Not allowed",
        "▸ a_b@contoso.com",
        "Token from Entra",
        "○ a_b@contoso.com to come",
        "IMAP signing in · POP to come",
    ):
        assert line in drawn


def test_ten_checks_fit() -> None:
    """Ten of the longest addresses stay far below the budget."""
    mailbox = Mailbox("a" * 64 + "@" + ".".join(["b" * 60] * 4))
    checks = [Progress(CheckRequest(mailbox, tuple(MailProtocol))) for _ in range(10)]
    for check in checks:
        for protocol in MailProtocol:
            check(Entered(Stage.LIST, protocol))
    assert_valid(progress_card(checks, 11))
