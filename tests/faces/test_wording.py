"""The sentences that the terminal and the cards share."""

import datetime as dt

import pytest

from mailcheck.faces.wording import State, Summary, contents, count, mail_roles_first, still_waiting, summary
from mailcheck.model.evidence import Stage
from mailcheck.model.report import (
    Broken,
    Cause,
    Diagnosis,
    Healthy,
    Likelihood,
    Maildrop,
    NotAllowed,
    ProtocolReport,
    Report,
    Submission,
    Waiting,
)
from mailcheck.model.request import Mailbox, MailProtocol

IMAP, POP, SMTP = MailProtocol
_FAULT = Broken(Diagnosis("an-id", "t", "e", (Cause("c", Likelihood.LIKELY, "w", ()),), "r", "x"))
# o: it opened; x: it did not; w: there was no time to wait for it.
_KINDS = {
    "o": ProtocolReport(Healthy(Maildrop(1, 2))),
    "x": ProtocolReport(_FAULT),
    "w": ProtocolReport(_FAULT, waiting=Waiting(Stage.AUTH, "a.example:993", 9)),
}


@pytest.mark.parametrize(
    "kinds, state, sentence",
    [
        ("o", State.HEALTHY, "opens by IMAP"),
        ("ooo", State.HEALTHY, "opens by IMAP, POP and SMTP"),
        ("x", State.BROKEN, "does not open by IMAP"),
        ("xx", State.BROKEN, "does not open by IMAP or POP"),
        ("xxx", State.BROKEN, "does not open by IMAP, POP or SMTP"),
        ("oxx", State.DEGRADED, "opens by IMAP, not by POP or SMTP"),
        ("ww", State.UNFINISHED, "no answer yet by IMAP or POP"),
        ("xo", State.DEGRADED, "opens by POP, not by IMAP"),
        ("w", State.UNFINISHED, "no answer yet by IMAP"),
        ("ow", State.UNFINISHED, "opens by IMAP, no answer yet by POP"),
        ("xw", State.BROKEN, "does not open by IMAP, no answer yet by POP"),
        ("oxw", State.DEGRADED, "opens by IMAP, not by POP, no answer yet by SMTP"),
    ],
)
def test_a_report_in_a_sentence(kinds: str, state: State, sentence: str) -> None:
    """What opened, what did not, and what is not known: a check that was cut short claims no failure."""
    protocols = {protocol: _KINDS[kind] for protocol, kind in zip(MailProtocol, kinds, strict=False)}
    now = dt.datetime(2026, 11, 23, tzinfo=dt.UTC)
    assert summary(Report("id", Mailbox("a@b.example"), now, 1, protocols)) == Summary(state, sentence)


def test_what_was_not_tried() -> None:
    """A domain that may not be checked is neither open nor broken."""
    told = summary(NotAllowed(Mailbox("a@other.example")))
    assert told == Summary(State.NOT_ALLOWED, "MAILCHECK_DOMAINS does not have the domain other.example")


@pytest.mark.parametrize(
    "stage, protocol, seconds, sentence",
    [
        (Stage.AUTH, IMAP, 9.2, "still waiting for X at AUTHENTICATE after 9 s"),
        (Stage.AUTH, SMTP, 9.6, "still waiting for X at AUTH after 10 s"),
        (Stage.LIST, POP, 2, "still waiting for X at STAT after 2 s"),
        (Stage.CAPABILITY, SMTP, 2, "still waiting for X at EHLO after 2 s"),
        (Stage.TLS, IMAP, 0.2, "still waiting for X at the TLS handshake after 1 s"),
        (Stage.VAULT, IMAP, 4, "still waiting for X after 4 s"),
        (Stage.TOKEN, POP, 4, "still waiting for X after 4 s"),
    ],
)
def test_what_is_waited_for(stage: Stage, protocol: MailProtocol, seconds: float, sentence: str) -> None:
    """For whom, at which command, for how long; who comes before the mail servers is asked one thing only."""
    assert still_waiting(Waiting(stage, "X", seconds), protocol) == sentence


@pytest.mark.parametrize("stage", list(Stage))
@pytest.mark.parametrize("protocol", list(MailProtocol))
def test_no_stage_of_a_talk_is_without_a_name(stage: Stage, protocol: MailProtocol) -> None:
    """Wherever a mail server keeps the check waiting, the sentence says where."""
    alone = {Stage.IDENTITY, Stage.VAULT, Stage.CERTIFICATE, Stage.SECRET, Stage.TOKEN}
    sends_nothing = stage is Stage.LIST and protocol is SMTP
    named = " at " in still_waiting(Waiting(stage, "X", 1), protocol)
    assert named is (stage not in alone and not sends_nothing)


@pytest.mark.parametrize(
    "number, plural, said",
    [(1, "", "1 day"), (0, "", "0 days"), (1234, "", "1,234 days"), (1, "dayz", "1 day"), (2, "dayz", "2 dayz")],
)
def test_a_number_and_its_noun(number: int, plural: str, said: str) -> None:
    """One, and more than one."""
    assert count(number, "day", plural) == said


@pytest.mark.parametrize(
    "octets, told",
    [
        (0, "0 bytes"), (1, "1 byte"), (882, "882 bytes"), (1_048_575, "1,048,575 bytes"), (1_048_576, "1 MB"),
        (88_231_007, "84.1 MB"), (157_286_400, "150 MB"), (1_610_612_736, "1.5 GB"), (2**50, "1,048,576 GB"),
        (10**400 * 2**30, f"{10**400:,} GB"),
    ],
)  # fmt: skip
def test_a_size_is_told_as_exchange_tells_it(octets: int, told: str) -> None:
    """In bytes below one MB, then in MB and GB of 1,024, of a mailbox as of the largest message."""
    assert contents(Maildrop(1, octets)) == f"1 message, {told}"
    if octets:  # none: the server names no limit
        assert contents(Submission(octets)) == f"takes messages of up to {told}"


def test_the_roles_for_mail_come_first() -> None:
    """Each kind stays in its order."""
    roles = ("Calendars.Read", "SMTP.SendAsApp", "Mail.Read", "IMAP.AccessAsApp")
    assert mail_roles_first(roles) == ["SMTP.SendAsApp", "IMAP.AccessAsApp", "Calendars.Read", "Mail.Read"]
