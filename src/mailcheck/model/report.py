"""What a check found: a verdict for each protocol, with the steps and the talk that led to it."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from mailcheck.model.evidence import Stage
from mailcheck.model.request import Mailbox, MailProtocol


@dataclass(frozen=True, slots=True)
class Step:
    """One stage that was entered: how long it took, whether it went well, and what is worth knowing of it.

    Attributes:
        name: The stage.
        ok: Whether it was passed.
        ms: Milliseconds, rounded.
        detail: Such as `TLSv1.3`, or the address connected to; may be empty.
    """

    name: Stage
    ok: bool
    ms: int
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Folder:
    r"""One folder of an IMAP listing.

    Attributes:
        path: Its names from the top, decoded to Unicode.
        role: Lower-case special use (RFC 6154) such as `sent`, `inbox` for INBOX, or none.
        selectable: False for `\Noselect` and `\NonExistent`.
    """

    path: tuple[str, ...]
    role: str | None = None
    selectable: bool = True

    @property
    def name(self) -> str:
        """The last of its names."""
        return self.path[-1]


@dataclass(frozen=True, slots=True)
class Listing:
    """IMAP opened the mailbox: its folders, in the server's order.

    Attributes:
        folders: Those that could be read.
        unreadable: How many answers to LIST could not; they are left out of `folders`.
        samples: The first of these answers, printable and bounded.
    """

    folders: tuple[Folder, ...]
    unreadable: int = 0
    samples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Maildrop:
    """POP opened the mailbox: what STAT says (RFC 1939 section 5)."""

    messages: int
    octets: int


@dataclass(frozen=True, slots=True)
class Submission:
    """SMTP accepted the sign-in: the app may hand in mail, as far as can be told without sending any.

    `size_limit` is the largest message that the server takes, in octets (RFC 1870); none when it names no limit.
    """

    size_limit: int | None = None


type Opened = Listing | Maildrop | Submission


class Likelihood(StrEnum):
    """How sure the evidence makes us of a cause."""

    CERTAIN = "certain"
    LIKELY = "likely"
    POSSIBLE = "possible"


class Command(str):
    """A line of a remedy that is pasted into a shell as it is. A plain `str` there is a step for a person."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Cause:
    """One explanation of the evidence, with what mends it: commands and steps, in order."""

    cause: str
    likelihood: Likelihood
    why: str
    fix: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What the evidence means for the administrator: the causes that fit it, the likeliest first.

    Attributes:
        id: The catalogue entry, kebab-case, stable.
        title: One sentence.
        evidence: The line or code that was seen.
        causes: At least one.
        reference: A page of Microsoft's, or a standard, to read.
        explanation: Where mailcheck's own guide explains this failure, with an anchor: an address where
            MAILCHECK_GUIDE_URL names one, or else a path in mailcheck's folder.
        wait_ms: Milliseconds for which the other side asks to be left alone; none where it does not.
    """

    id: str
    title: str
    evidence: str
    causes: tuple[Cause, ...]
    reference: str
    explanation: str
    wait_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Healthy:
    """The mailbox opened."""

    found: Opened


@dataclass(frozen=True, slots=True)
class Broken:
    """The mailbox did not open."""

    diagnosis: Diagnosis


type Verdict = Healthy | Broken


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a check was waiting for when its time was cut short by whoever asked for it, and not by its own timeout.

    The verdict beside it says what it would mean if it stayed so.

    Attributes:
        stage: Where it was.
        whom: Who was to answer: a server as `host:port`, or what the stage asks (`Key Vault`, `Entra`).
        seconds: How long the check had been under way.
    """

    stage: Stage
    whom: str
    seconds: float


@dataclass(frozen=True, slots=True)
class ProtocolReport:
    """One protocol's part of a report; `transcript` has `S:` and `C:` lines, secrets withheld."""

    verdict: Verdict
    duration_ms: int = 0
    steps: tuple[Step, ...] = ()
    transcript: tuple[str, ...] = ()
    waiting: Waiting | None = None


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """The certificate that signed the assertion: SHA-1 thumbprint, end of validity, whole days until then."""

    thumbprint: str
    not_after: dt.datetime
    days_left: int


@dataclass(frozen=True, slots=True)
class TokenFacts:
    """What the token said of itself; never the token."""

    audience: str
    roles: tuple[str, ...]
    expires_at: dt.datetime | None


class Severity(StrEnum):
    """How soon a notice wants somebody to act."""

    INFO = "info"
    WARNING = "warning"
    URGENT = "urgent"


@dataclass(frozen=True, slots=True)
class Notice:
    """What is worth knowing beside the verdict, also of a healthy mailbox.

    Attributes:
        id: Kebab-case, stable.
        severity: How soon to act.
        title: One sentence.
        fix: What to do about it, in order; may be empty.
    """

    id: str
    severity: Severity
    title: str
    fix: tuple[str, ...] = ()


class CanaryOutcome(StrEnum):
    """What came of the canary by one protocol."""

    OPENED = "opened"
    REFUSED = "refused"  # at the sign-in, or when it was to be opened
    UNKNOWN = "unknown"  # it was not reached, not judged, or there was no time


@dataclass(frozen=True, slots=True)
class Canary:
    """A mailbox that is known to open, tried by the protocols by which the mailbox in question was refused."""

    mailbox: Mailbox
    outcomes: Mapping[MailProtocol, CanaryOutcome]


class Status(StrEnum):
    """The whole check in a word."""

    HEALTHY = "healthy"
    DEGRADED = "degraded"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Report:
    """The answer to a `CheckRequest`: one entry in `protocols` for each protocol asked, in the order asked.

    Attributes:
        id: Unique.
        mailbox: The mailbox in question.
        checked_at: When the check began, UTC.
        duration_ms: Milliseconds in all.
        protocols: The verdicts.
        preparation: The steps before any mail server was met: identity and vault, certificate or secret, token.
        certificate: The certificate that signed, if it came to that.
        token: What the token said, if there was one.
        canary: What came of the canary, if it was tried.
        notices: The most urgent first.
    """

    id: str
    mailbox: Mailbox
    checked_at: dt.datetime
    duration_ms: int
    protocols: Mapping[MailProtocol, ProtocolReport]
    preparation: tuple[Step, ...] = ()
    certificate: CertificateFacts | None = None
    token: TokenFacts | None = None
    canary: Canary | None = None
    notices: tuple[Notice, ...] = ()

    @property
    def status(self) -> Status:
        """Healthy when every protocol opened the mailbox, broken when none did, degraded between."""
        opened = [isinstance(one.verdict, Healthy) for one in self.protocols.values()]
        if all(opened):
            return Status.HEALTHY
        return Status.DEGRADED if any(opened) else Status.BROKEN


@dataclass(frozen=True, slots=True)
class NotAllowed:
    """The answer instead of a report: MAILCHECK_DOMAINS does not have the mailbox's domain. Nothing was tried."""

    mailbox: Mailbox


type Outcome = Report | NotAllowed  # of a check that was asked for
