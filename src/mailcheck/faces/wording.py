"""What a check found, in words that the faces share."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

from mailcheck.model.evidence import Stage
from mailcheck.model.report import (
    CertificateFacts,
    Healthy,
    Listing,
    Maildrop,
    NotAllowed,
    Opened,
    Outcome,
    Submission,
    Waiting,
)
from mailcheck.model.request import MailProtocol

_COMMANDS: Final[Mapping[tuple[Stage, MailProtocol], str]] = {
    (Stage.CAPABILITY, MailProtocol.IMAP): "CAPABILITY",
    (Stage.CAPABILITY, MailProtocol.POP): "CAPA",
    (Stage.CAPABILITY, MailProtocol.SMTP): "EHLO",
    (Stage.AUTH, MailProtocol.IMAP): "AUTHENTICATE",
    (Stage.AUTH, MailProtocol.POP): "AUTH",
    (Stage.AUTH, MailProtocol.SMTP): "AUTH",
    (Stage.LIST, MailProtocol.IMAP): "LIST",
    (Stage.LIST, MailProtocol.POP): "STAT",
    (Stage.LOGOUT, MailProtocol.IMAP): "LOGOUT",
    (Stage.LOGOUT, MailProtocol.POP): "QUIT",
    (Stage.LOGOUT, MailProtocol.SMTP): "QUIT",
}
_PLACES: Final[Mapping[Stage, str]] = {
    Stage.DNS: "the look-up of its name",
    Stage.CONNECT: "the connection",
    Stage.TLS: "the TLS handshake",
    Stage.GREETING: "the greeting",
    Stage.STARTTLS: "STARTTLS",
}


class State(Enum):
    """How a mailbox is, in a mark and a word."""

    HEALTHY = ("✔", "Healthy")
    DEGRADED = ("▲", "Degraded")
    BROKEN = ("✘", "Broken")
    UNFINISHED = ("…", "Not finished")
    NOT_ALLOWED = ("⊘", "Not allowed")

    def __init__(self, mark: str, word: str) -> None:
        self.mark, self.word = mark, word

    def __str__(self) -> str:
        return f"{self.mark} {self.word}"


@dataclass(frozen=True, slots=True)
class Summary:
    """A report in one sentence: its state, and by which protocols the mailbox opens, to go after a colon."""

    state: State
    sentence: str


def summary(outcome: Outcome) -> Summary:
    """The outcome of a check in a sentence. Where there was no time to wait for an answer, it claims no failure."""
    if isinstance(outcome, NotAllowed):
        return Summary(State.NOT_ALLOWED, f"MAILCHECK_DOMAINS does not have the domain {outcome.mailbox.domain}")
    opened: list[MailProtocol] = []
    closed: list[MailProtocol] = []
    waiting: list[MailProtocol] = []
    for protocol, one in outcome.protocols.items():
        kind = opened if isinstance(one.verdict, Healthy) else waiting if one.waiting else closed
        kind.append(protocol)
    parts = [f"opens by {names(opened)}"] if opened else []
    if closed:
        parts.append(f"{'not' if opened else 'does not open'} by {names(closed, 'or')}")
    if waiting:
        parts.append(f"no answer yet by {names(waiting, 'or')}")
    state = State.HEALTHY
    if closed:
        state = State.DEGRADED if opened else State.BROKEN
    elif waiting:
        state = State.UNFINISHED
    return Summary(state, ", ".join(parts))


def not_allowed(outcome: NotAllowed) -> str:
    """Why there is no report, for who reads no card."""
    return f"MAILCHECK_DOMAINS does not let {outcome.mailbox} be checked"


def names(protocols: Iterable[MailProtocol], link: str = "and") -> str:
    """Protocols as they are read aloud: `IMAP, POP and SMTP`; after a denial `link` is `or`."""
    return listed((protocol.name for protocol in protocols), link)


def mail_roles_first(roles: Iterable[str]) -> list[str]:
    """The roles of a token in their order, and ahead those that mail needs: an app may have a hundred others."""
    wanted = {protocol.role for protocol in MailProtocol}
    return sorted(roles, key=lambda role: role not in wanted)


def listed(words: Iterable[str], link: str = "and") -> str:
    """At least one word: `a, b and c`."""
    *others, last = words
    return f"{', '.join(others)} {link} {last}" if others else last


def still_waiting(waiting: Waiting, protocol: MailProtocol) -> str:
    """For whom, at what, and for how long: `still waiting for a.example:993 at AUTHENTICATE after 9 s`."""
    place = _COMMANDS.get((waiting.stage, protocol)) or _PLACES.get(waiting.stage)
    where = f" at {place}" if place else ""
    return f"still waiting for {waiting.whom}{where} after {max(1, round(waiting.seconds))} s"


def done(found: Opened) -> str:
    """What the server did, to go after the protocol's name."""
    return "accepted the sign-in" if isinstance(found, Submission) else "opened the mailbox"


def contents(found: Opened) -> str:
    """What was found there."""
    match found:
        case Listing(folders, unreadable):
            return count(len(folders), "folder") + (f", {unreadable:,} more could not be read" if unreadable else "")
        case Maildrop(messages, octets):
            return f"{count(messages, 'message')}, {_size(octets)}"
        case Submission(size_limit):
            return (
                f"takes messages of up to {_size(size_limit)}"
                if size_limit
                else "names no limit for the size of messages"
            )


def _size(octets: int) -> str:
    """As Exchange tells sizes: an MB is 1,024 KB."""
    for unit, name in ((2**30, "GB"), (2**20, "MB")):
        if octets >= unit:
            whole, tenth = divmod(octets * 10 // unit, 10)  # no float: a server may say any number
            return f"{whole:,}{f'.{tenth}' if tenth else ''} {name}"
    return count(octets, "byte")


def in_force(certificate: CertificateFacts) -> str:
    """For how long it is, or since when it is not."""
    day = f"{certificate.not_after:%Y-%m-%d}"
    if certificate.days_left < 0:
        return f"expired on {day}"
    left = count(certificate.days_left, "day") if certificate.days_left else "less than a day"
    return f"{left} left (until {day})"


def count(number: int, noun: str, plural: str = "") -> str:
    """The number with its noun, in the plural where it belongs; `plural` is the one that takes no plain s."""
    return f"{number:,} {noun if number == 1 else plural or f'{noun}s'}"
