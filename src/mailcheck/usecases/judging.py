"""What a check makes of what it met: a verdict for each protocol, and what is worth knowing beside it."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from mailcheck.diagnosis import notices
from mailcheck.diagnosis.entry import GUIDE, Circumstances
from mailcheck.diagnosis.match import diagnose, weighs_canary
from mailcheck.model.cloud import PUBLIC, Cloud
from mailcheck.model.credential import Credential, Token
from mailcheck.model.evidence import Evidence, Fault, Stage
from mailcheck.model.report import Broken, Canary, CanaryOutcome, Diagnosis, Healthy, Notice, Opened
from mailcheck.model.request import App, Endpoint, Mailbox, MailProtocol
from mailcheck.usecases.conversing import IPV4, Talk


@dataclass(frozen=True, slots=True)
class Target:
    """What is checked against, from the settings.

    Attributes:
        app: The app registration under test.
        endpoints: The server of each protocol.
        timeout: Seconds for one whole check.
        domains: The only domains that may be checked; empty: any.
        cloud: The Microsoft cloud of the tenant.
        canary: A mailbox that is known to open, or none.
        guide: Address at which the guide of all diagnoses can be read; empty: in mailcheck's folder.
    """

    app: App
    endpoints: Mapping[MailProtocol, Endpoint]
    timeout: float
    domains: frozenset[str] = frozenset()
    cloud: Cloud = PUBLIC
    canary: Mailbox | None = None
    guide: str = ""


class Judge:
    """Weighs what was met against the target."""

    def __init__(self, target: Target) -> None:
        self._target = target

    def verdicts(
        self, mailbox: Mailbox, talks: Mapping[MailProtocol, Talk], token: Token, canary: Canary | None
    ) -> dict[MailProtocol, Healthy | Broken]:
        """One verdict for each conversation; each is explained in the light of all of them."""
        opened = frozenset(protocol for protocol, talk in talks.items() if not isinstance(talk.outcome, Evidence))
        return {
            protocol: self._verdict(mailbox, protocol, talk, token, opened, canary)
            for protocol, talk in talks.items()
        }  # fmt: skip

    def unmet(self, evidence: Evidence, mailbox: Mailbox | None = None) -> Diagnosis:
        """What it means that no mail server was met, because credential or token failed."""
        address = mailbox.address if mailbox else ""
        return diagnose(evidence, Circumstances(self._target.app, address, self._target.cloud, guide=self._guide))

    def notices(
        self, credential: Credential | Evidence, now: dt.datetime, talks: Mapping[MailProtocol, Talk]
    ) -> tuple[Notice, ...]:
        """What is worth knowing beside the verdicts."""
        target = self._target
        found = [notices.unproven(target.cloud)]
        if not isinstance(credential, Evidence):
            found.append(notices.expiring(credential, now, target.app, target.cloud))
        for protocol, talk in talks.items():
            if talk.first is not None and not isinstance(talk.outcome, Evidence):
                found.append(notices.second_try(protocol, talk.first, talk.again))
        return notices.in_order(found)

    @property
    def _guide(self) -> str:
        return self._target.guide or GUIDE

    def _verdict(
        self,
        mailbox: Mailbox,
        protocol: MailProtocol,
        talk: Talk,
        token: Token,
        opened: frozenset[MailProtocol],
        canary: Canary | None,
    ) -> Healthy | Broken:
        if not isinstance(talk.outcome, Evidence):
            return Healthy(talk.outcome)
        known = Circumstances(
            app=self._target.app,
            mailbox=mailbox.address,
            cloud=self._target.cloud,
            endpoint=self._target.endpoints[protocol],
            claims=token.claims,
            opened=opened,
            canary_opened=_by(canary, CanaryOutcome.OPENED),
            canary_refused=_by(canary, CanaryOutcome.REFUSED),
            over_ipv4=talk.conversation.version == IPV4,
            guide=self._guide,
            token_length=len(token.value),
        )
        return Broken(diagnose(talk.outcome, known))


def is_spent(token: Token, protocol: MailProtocol, outcome: Opened | Evidence) -> bool:
    """Whether a token is not to be used again: it lacks the role, or a server that read it refused."""
    return _is_refusal(outcome) or (protocol is not MailProtocol.SMTP and protocol.role not in token.claims.roles)


def says_no(outcome: Opened | Evidence) -> bool:
    """Whether this is a server's answer to who asks for which mailbox.

    A time-out is no answer, a throttled client has to wait, and so has one that SMTP answers with 4yz.
    """
    if not isinstance(outcome, Evidence) or outcome.signal in tuple(Fault):
        return False
    return _is_refusal(outcome) and not outcome.signal.startswith("4")


def canary_outcome(outcome: Opened | Evidence) -> CanaryOutcome:
    """What a conversation with the canary tells of it."""
    if not isinstance(outcome, Evidence):
        return CanaryOutcome.OPENED
    # What the catalogue puts down to the server, such as that it is busy, is no refusal of the canary.
    return CanaryOutcome.REFUSED if says_no(outcome) and weighs_canary(outcome) else CanaryOutcome.UNKNOWN


def _is_refusal(outcome: Opened | Evidence) -> bool:
    """Whether the server had the token and said no, there or when the mailbox was to be opened."""
    return isinstance(outcome, Evidence) and outcome.stage in {Stage.AUTH, Stage.LIST}


def _by(canary: Canary | None, wanted: CanaryOutcome) -> frozenset[MailProtocol]:
    outcomes = canary.outcomes if canary else {}
    return frozenset(protocol for protocol, outcome in outcomes.items() if outcome is wanted)
