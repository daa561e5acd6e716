"""The form of the catalogue: what an entry matches, what it explains, and how evidence shifts the likelihood."""

import re
from dataclasses import dataclass
from enum import Enum, auto

from mailcheck.diagnosis.text import Line
from mailcheck.model.credential import Claims
from mailcheck.model.evidence import Evidence, Stage
from mailcheck.model.report import Likelihood
from mailcheck.model.request import App, Endpoint, MailProtocol


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What else is known when one failure is explained.

    Attributes:
        app: The app registration under test.
        mailbox: The address that was asked for.
        endpoint: The server of the protocol that failed, if the failure belongs to one.
        claims: What the token said, if there was one.
        opened: The protocols that opened this mailbox in the same check.
        resource: The audience that was asked for, such as `https://outlook.office365.com`.
    """

    app: App
    mailbox: str
    resource: str
    endpoint: Endpoint | None = None
    claims: Claims | None = None
    opened: frozenset[MailProtocol] = frozenset()


class Given(Enum):
    """A finding from the rest of the check that decides between causes (see match.findings)."""

    ROLE_MISSING = auto()  # the token lacks the protocol's application role
    OTHER_AUDIENCE = auto()  # the token is for another resource than Exchange
    DELEGATED = auto()  # the token stands for a user
    SIBLING_OPENED = auto()  # another protocol opened the same mailbox with the same token
    LOGON_DENIED = auto()  # Exchange said in brackets that it knows the app and denies it the mailbox
    RECIPIENT_UNKNOWN = auto()  # Exchange said in brackets that it found no such recipient


@dataclass(frozen=True, slots=True)
class When:
    """What an entry matches. Stages and signals decide; `said` is for the few places where no code exists."""

    stages: tuple[Stage, ...]
    signals: tuple[str, ...] = ()  # empty: any
    protocol: MailProtocol | None = None  # none: any
    said: re.Pattern[str] | None = None

    def matches(self, evidence: Evidence) -> bool:
        """Whether this evidence is what the entry is about."""
        return (
            evidence.stage in self.stages
            and (not self.signals or evidence.signal in self.signals)
            and (self.protocol is None or evidence.protocol is self.protocol)
            and (self.said is None or self.said.search(evidence.said) is not None)
        )


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
    """

    cause: str
    likelihood: Likelihood | None
    why: str
    fix: tuple[Line, ...]
    shift: tuple[tuple[Given, Likelihood | None], ...] = ()

    def weigh(self, findings: frozenset[Given]) -> Likelihood | None:
        """How likely this cause is, given these findings; none when it is ruled out."""
        return next((likelihood for given, likelihood in self.shift if given in findings), self.likelihood)


@dataclass(frozen=True, slots=True)
class Entry:
    """One known failure.

    Attributes:
        id: Kebab-case, stable: APIs, cards and the documentation refer to it.
        when: What it matches.
        title: One sentence; `{names}` are filled in.
        explanations: The causes that fit, the likeliest first.
        reference: A page to read.
    """

    id: str
    when: When
    title: str
    explanations: tuple[Explanation, ...]
    reference: str
