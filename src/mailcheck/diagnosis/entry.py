"""The form of the catalogue: what an entry matches, what it explains, and how evidence shifts the likelihood."""

import re
from dataclasses import dataclass
from enum import Enum, auto

from mailcheck.diagnosis.text import Line
from mailcheck.model.cloud import PUBLIC, Cloud
from mailcheck.model.credential import Claims
from mailcheck.model.evidence import Evidence, Stage
from mailcheck.model.report import Likelihood
from mailcheck.model.request import App, Endpoint, MailProtocol

GUIDE = "docs/diagnoses.md"  # generated from the catalogue by page.py, with an anchor for each id


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What else is known when one failure is explained.

    Attributes:
        app: The app registration under test.
        mailbox: The address that was asked for.
        endpoint: The server of the protocol that failed, if the failure belongs to one.
        claims: What the token said, if there was one.
        opened: The protocols that opened this mailbox in the same check; SMTP opens none, and accepts the sign-in.
        cloud: The Microsoft cloud of the tenant.
        canary_opened: The protocols by which the canary, a mailbox known to open, opened in the same check.
        canary_refused: The protocols by which the canary was refused too.
        guide: Where the guide of all diagnoses can be read.
        over_ipv4: What is explained was met over IPv4, at the first try or at the second.
        token_length: Characters of the token, if there was one.
    """

    app: App
    mailbox: str
    cloud: Cloud = PUBLIC
    endpoint: Endpoint | None = None
    claims: Claims | None = None
    opened: frozenset[MailProtocol] = frozenset()
    canary_opened: frozenset[MailProtocol] = frozenset()
    canary_refused: frozenset[MailProtocol] = frozenset()
    over_ipv4: bool = False
    guide: str = GUIDE
    token_length: int = 0


class Given(Enum):
    """A finding that decides between causes, from this failure or the rest of the check (see findings.py).

    The value says it to people, after "where".
    """

    ROLE_MISSING = "the token lacks the application role of the protocol"
    OTHER_AUDIENCE = "the token is for another resource than Exchange Online"
    DELEGATED = "the token stands for a user"
    LONG_TOKEN = "the token is longer than Exchange's newer POP servers are reported to take"  # noqa: S105 - a sentence
    TLS_PORT = "the port is 465, which speaks TLS from its first byte"
    SIBLING_OPENED = "IMAP or POP opened the same mailbox"
    SMTP_OPENED = "SMTP accepted the sign-in for the same mailbox"
    CANARY_OPENED = "the canary opened by the same protocol"
    CANARY_BY_ROLE = "the canary opened by the same protocol, and the token has the protocol's application role"
    CANARY_REFUSED = "the canary did not open by this protocol either"
    ONE_PROTOCOL = "IMAP or POP opened the mailbox, and by this protocol neither it nor the canary opened"
    NOTHING_OPENED = "neither this mailbox nor the canary opened by any protocol"
    LOGON_DENIED = "Exchange says in brackets that it denies the logon"
    RECIPIENT_UNKNOWN = "Exchange says in brackets that it found no such recipient"
    OVER_IPV4 = "it was tried over IPv4, and came to the same"
    EXCHANGE_GREETED = "the greeting told Exchange's own name for the server"
    UNTRUSTED = "what answered showed a certificate that does not hold"
    OUT_OF_DATE = "the certificate that was shown has expired, or is not valid yet"
    OTHER_CHALLENGE = "what answered asks for a token for another service"
    IDENTITY_NAMED = "AZURE_CLIENT_ID is set"
    IDENTITY_SILENT = "the identity endpoint gave no refusal of its own: no answer, a 5xx, or one that cannot be read"
    FOUND_ID = "what the vault holds has the form of a client secret's ID"
    FOUND_CERTIFICATE = "what the vault holds is a certificate or a key"
    FOUND_SPACE = "what the vault holds has a space or the end of a line in it"
    WRITTEN_BY_VAULT = "the vault itself wrote it, as the secret behind a certificate"
    SECRET_USED = "mailcheck signs in with a client secret"  # noqa: S105 - a sentence


@dataclass(frozen=True, slots=True)
class When:
    """What an entry matches: stage, signal and protocol, and where these are not enough, what the server said.

    Attributes:
        stages: Any of these.
        signals: Any of these; one that ends in `*` stands for all that begin so; empty: every signal.
        protocol: This one; none: every protocol, and none.
        codes: Response codes (`details["code"]`), such as `SYS/TEMP`.
        said: A sentence, for the few places where no code exists. Where codes are given too, either is enough.
        unread: Only where the server refused before it had read the token (`details["token"]` is `unread`).
    """

    stages: tuple[Stage, ...]
    signals: tuple[str, ...] = ()
    protocol: MailProtocol | None = None
    codes: tuple[str, ...] = ()
    said: re.Pattern[str] | None = None
    unread: bool = False

    def matches(self, evidence: Evidence) -> bool:
        """Whether this evidence is what the entry is about."""
        return (
            evidence.stage in self.stages
            and (not self.signals or any(_covers(signal, evidence.signal) for signal in self.signals))
            and (self.protocol is None or evidence.protocol is self.protocol)
            and (not self.unread or evidence.details.get("token") == "unread")
            and self._is_worded(evidence)
        )

    def _is_worded(self, evidence: Evidence) -> bool:
        if not self.codes and self.said is None:
            return True
        if evidence.details.get("code") in self.codes:
            return True
        return self.said is not None and self.said.search(evidence.said) is not None


def _covers(signal: str, seen: str) -> bool:
    return seen == signal or (signal.endswith("*") and seen.startswith(signal[:-1]))


def aadsts(*numbers: int) -> When:
    """Entra's refusals with these AADSTS numbers; its texts change and are never matched on."""
    return When((Stage.TOKEN,), tuple(f"AADSTS{number}" for number in numbers))


def answers(*numbers: int) -> tuple[str, ...]:
    """The proofs of an entry for AADSTS numbers: the lab's Entra answers with each of them."""
    return tuple(f"scenario entra-answers={number}" for number in numbers)


@dataclass(frozen=True, slots=True)
class Explanation:
    """A possible cause: its texts, and how findings of the same check change its likelihood.

    Attributes:
        cause: One sentence; `{names}` are filled in.
        likelihood: Without further findings.
        why: What speaks for it.
        fix: What mends it, in order.
        shift: (finding, likelihood) pairs, the first finding that is given decides; none as the likelihood rules the
            cause out.
        ahead: Where this is given, the cause comes first among those of its likelihood.
        speaks: The findings that speak for it; where one is given, the report says so before `why`.
    """

    cause: str
    likelihood: Likelihood | None
    why: str
    fix: tuple[Line, ...]
    shift: tuple[tuple[Given, Likelihood | None], ...] = ()
    ahead: Given | None = None
    speaks: tuple[Given, ...] = ()

    def weigh(self, findings: frozenset[Given]) -> Likelihood | None:
        """How likely this cause is, given these findings; none when it is ruled out."""
        return next((likelihood for given, likelihood in self.shift if given in findings), self.likelihood)


class Again(Enum):
    """Whether what an entry is about may pass, so that a second try at once makes sense."""

    NEVER = auto()  # it stays as it is, or the server wants to be left alone
    ONCE = auto()  # the same again: a passing fault of the server or of the way to it
    OVER_IPV4 = auto()  # where it was over IPv6: that alone is reported to fail so


@dataclass(frozen=True, slots=True)
class Entry:
    """One known failure.

    Attributes:
        id: Kebab-case, stable: APIs, cards and the documentation refer to it.
        when: What it matches.
        title: One sentence; `{names}` are filled in.
        explanations: The causes that fit, the likeliest first.
        reference: A page to read.
        proof: What shows that this is what happens; tests/proofs replays each through a whole check. The forms are
            `scenario NAME` and `mailbox NAME PROTOCOL` (the lab), `transcript PROTOCOL/NAME` (tests/transcripts),
            `response NAME` (tests/proofs/responses), `fault ID` (tests/faults), and `exception STAGE` (our own).
        seen: What the evidence of it looks like, where the signal alone does not show it.
        again: Whether it is tried a second time before it is told.
    """

    id: str
    when: When
    title: str
    explanations: tuple[Explanation, ...]
    reference: str
    proof: tuple[str, ...]
    seen: str = ""
    again: Again = Again.NEVER

    def explained_in(self, guide: str) -> str:
        """Where this guide, a path or an address, explains the failure."""
        return f"{guide}#{self.id}"
