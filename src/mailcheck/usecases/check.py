"""Check one mailbox: credential, token, then one conversation per protocol, all at the same time, one deadline.

Whatever happens, a report comes of it. A failure that is expected in the field arrives here as `Evidence`; an
exception is a fault of ours and becomes the evidence of one (guarded.py).
"""

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

from mailcheck.diagnosis import notices
from mailcheck.diagnosis.entry import GUIDE, Circumstances
from mailcheck.diagnosis.match import diagnose, weighs_canary
from mailcheck.model.cloud import PUBLIC, Cloud
from mailcheck.model.credential import Certificate, Credential, Token
from mailcheck.model.evidence import Evidence, Fault, Stage
from mailcheck.model.report import (
    Broken,
    Canary,
    CanaryOutcome,
    Healthy,
    NotAllowed,
    Notice,
    Opened,
    ProtocolReport,
    Report,
    Step,
    TokenFacts,
)
from mailcheck.model.request import App, CheckRequest, Endpoint, Mailbox, MailProtocol
from mailcheck.usecases.conversing import IPV4, Conversations, Mail, Talk
from mailcheck.usecases.credential import certificate_facts, out_of_force, stage_of, validity
from mailcheck.usecases.guarded import Guard, milliseconds_since

# Each part of a check keeps the deadline, or ends shortly after it; this much later what is left is given up.
_GRACE = 0.4


class CredentialSource(Protocol):
    """Where the app's certificate or client secret comes from: Key Vault."""

    async def credential(self) -> Credential | Evidence:
        """The current version, read now or kept from before."""

    def forget(self) -> None:
        """The kept credential did not do: the next one is to be read."""


class TokenIssuer(Protocol):
    """Who gives an access token for a credential: Entra."""

    async def token(self, credential: Credential) -> Token | Evidence:
        """A token for Exchange, bought now or kept from before."""

    def forget(self) -> None:
        """The kept token did not do: the next one is to be bought."""


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


class CheckMailbox:
    """The use case. One instance serves any number of checks at the same time.

    A token that opened every mailbox asked for is kept, so a healthy answer may rest on what Entra said up to an hour
    ago. One that a server refused, or that lacks a role, is not: who mends that and checks again gets a new one. So it
    is with a credential that is out of force, or that Entra refused.

    `now` gives the current time in UTC, `new_id` a fresh id for a report or a bug's reference.
    """

    def __init__(
        self,
        target: Target,
        credentials: CredentialSource,
        tokens: TokenIssuer,
        mail: Mail,
        *,
        now: Callable[[], dt.datetime],
        new_id: Callable[[], str],
    ) -> None:
        self._target = target
        self._credentials = credentials
        self._tokens = tokens
        self._guard = Guard(new_id)
        self._conversations = Conversations(mail, target.endpoints, target.timeout, self._guard)
        self._now = now
        self._new_id = new_id

    async def __call__(self, request: CheckRequest) -> Report | NotAllowed:
        """Runs one check; ends within the timeout whatever a server, the vault or the network does."""
        if self._target.domains and request.mailbox.domain not in self._target.domains:
            return NotAllowed(request.mailbox)
        started = asyncio.get_running_loop().time()
        checked_at = self._now()
        report = await self._guard.until(
            started + self._target.timeout + _GRACE, Stage.LOGOUT, self._report(request, started, checked_at)
        )
        if isinstance(report, Report):
            return report
        return Report(
            id=self._new_id(),
            mailbox=request.mailbox,
            checked_at=checked_at,
            duration_ms=milliseconds_since(started),
            protocols=MappingProxyType({protocol: self._stopped(request, report) for protocol in request.protocols}),
        )

    async def _report(self, request: CheckRequest, started: float, checked_at: dt.datetime) -> Report | Evidence:
        """The whole check; evidence never comes of it, but of who guards it."""
        deadline = started + self._target.timeout
        steps: list[Step] = []

        credential = await self._credential(deadline, checked_at, steps)
        token: Token | Evidence = (
            credential if isinstance(credential, Evidence) else await self._token(credential, deadline, steps)
        )
        talks: Mapping[MailProtocol, Talk] = {}
        canary: Canary | None = None
        if isinstance(token, Evidence):
            if _is_of_credential(token):
                self._credentials.forget()
            protocols = {protocol: self._stopped(request, token) for protocol in request.protocols}
        else:
            talks = await self._conversations.hold(request.mailbox, request.protocols, token, deadline)
            canary = await self._canary(request, talks, token, deadline)
            if any(_is_spent(token, protocol, talk.outcome) for protocol, talk in talks.items()):
                self._tokens.forget()
            protocols = self._judged(request, talks, token, canary)
        return Report(
            id=self._new_id(),
            mailbox=request.mailbox,
            checked_at=checked_at,
            duration_ms=milliseconds_since(started),
            protocols=MappingProxyType(protocols),
            preparation=tuple(steps),
            certificate=certificate_facts(credential, checked_at) if isinstance(credential, Certificate) else None,
            token=None if isinstance(token, Evidence) else _token_facts(token),
            canary=canary,
            notices=self._notices(credential, checked_at, talks),
        )

    async def _credential(self, deadline: float, now: dt.datetime, steps: list[Step]) -> Credential | Evidence:
        got: Credential | Evidence = await self._stage(Stage.VAULT, self._credentials.credential(), deadline, steps)
        if isinstance(got, Evidence):
            return got
        fault = out_of_force(got, now)
        steps.append(Step(stage_of(got), fault is None, 0, validity(got, now)))
        return fault or got

    async def _token(self, credential: Credential, deadline: float, steps: list[Step]) -> Token | Evidence:
        return await self._stage(Stage.TOKEN, self._tokens.token(credential), deadline, steps)

    async def _stage[T](
        self, stage: Stage, work: Awaitable[T | Evidence], deadline: float, steps: list[Step]
    ) -> T | Evidence:
        started = asyncio.get_running_loop().time()
        outcome = await self._guard.until(deadline, stage, work)
        failed = isinstance(outcome, Evidence)
        entered = outcome.stage if isinstance(outcome, Evidence) else stage
        steps.append(Step(entered, not failed, milliseconds_since(started)))
        return outcome

    async def _canary(
        self, request: CheckRequest, talks: Mapping[MailProtocol, Talk], token: Token, deadline: float
    ) -> Canary | None:
        """The canary by each protocol that refused the mailbox; none when there is nothing that it could tell."""
        mailbox = self._target.canary
        refused = [protocol for protocol, talk in talks.items() if _says_no(talk.outcome)]
        if mailbox is None or mailbox == request.mailbox or not refused:
            return None
        tried = await self._conversations.hold(mailbox, refused, token, deadline)
        outcomes = {protocol: _canary_outcome(talk.outcome) for protocol, talk in tried.items()}
        return Canary(mailbox, MappingProxyType(outcomes))

    def _judged(
        self, request: CheckRequest, talks: Mapping[MailProtocol, Talk], token: Token, canary: Canary | None
    ) -> dict[MailProtocol, ProtocolReport]:
        opened = frozenset(protocol for protocol, talk in talks.items() if not isinstance(talk.outcome, Evidence))
        return {
            protocol: ProtocolReport(
                self._verdict(request, protocol, talk, token, opened, canary),
                talk.conversation.duration_ms,
                talk.conversation.steps,
                talk.conversation.transcript,
            )
            for protocol, talk in talks.items()
        }

    def _verdict(
        self,
        request: CheckRequest,
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
            mailbox=request.mailbox.address,
            cloud=self._target.cloud,
            endpoint=self._target.endpoints[protocol],
            claims=token.claims,
            opened=opened,
            canary_opened=_by(canary, CanaryOutcome.OPENED),
            canary_refused=_by(canary, CanaryOutcome.REFUSED),
            over_ipv4=talk.conversation.version == IPV4,
            guide=self._target.guide or GUIDE,
            token_length=len(token.value),
        )
        return Broken(diagnose(talk.outcome, known))

    def _stopped(self, request: CheckRequest, evidence: Evidence) -> ProtocolReport:
        """The verdict on a protocol that was never tried, because credential or token failed."""
        known = Circumstances(
            self._target.app, request.mailbox.address, self._target.cloud, guide=self._target.guide or GUIDE
        )
        return ProtocolReport(Broken(diagnose(evidence, known)))

    def _notices(
        self, credential: Credential | Evidence, now: dt.datetime, talks: Mapping[MailProtocol, Talk]
    ) -> tuple[Notice, ...]:
        target = self._target
        found = [notices.unproven(target.cloud)]
        if not isinstance(credential, Evidence):
            found.append(notices.expiring(credential, now, target.app, target.cloud))
        for protocol, talk in talks.items():
            if talk.first is not None and not isinstance(talk.outcome, Evidence):
                found.append(notices.second_try(protocol, talk.first, talk.again))
        return notices.in_order(found)


def _is_of_credential(seen: Evidence) -> bool:
    """Whether it may be the credential that is to blame: it is out of force, or Entra judged it."""
    return seen.stage in {Stage.CERTIFICATE, Stage.SECRET} or seen.signal.startswith("AADSTS")


def _is_spent(token: Token, protocol: MailProtocol, outcome: Opened | Evidence) -> bool:
    """Whether a token is not to be used again: it lacks the role, or a server that read it refused."""
    return _is_refusal(outcome) or (protocol is not MailProtocol.SMTP and protocol.role not in token.claims.roles)


def _is_refusal(outcome: Opened | Evidence) -> bool:
    """Whether the server had the token and said no, there or when the mailbox was to be opened."""
    return isinstance(outcome, Evidence) and outcome.stage in {Stage.AUTH, Stage.LIST}


def _says_no(outcome: Opened | Evidence) -> bool:
    """Whether this is a server's answer to who asks for which mailbox.

    A time-out is no answer, a throttled client has to wait, and so has one that SMTP answers with 4yz.
    """
    if not isinstance(outcome, Evidence) or outcome.signal in tuple(Fault):
        return False
    return _is_refusal(outcome) and not outcome.signal.startswith("4")


def _canary_outcome(outcome: Opened | Evidence) -> CanaryOutcome:
    if not isinstance(outcome, Evidence):
        return CanaryOutcome.OPENED
    # What the catalogue puts down to the server, such as that it is busy, is no refusal of the canary.
    return CanaryOutcome.REFUSED if _says_no(outcome) and weighs_canary(outcome) else CanaryOutcome.UNKNOWN


def _by(canary: Canary | None, wanted: CanaryOutcome) -> frozenset[MailProtocol]:
    outcomes = canary.outcomes if canary else {}
    return frozenset(protocol for protocol, outcome in outcomes.items() if outcome is wanted)


def _token_facts(token: Token) -> TokenFacts:
    return TokenFacts(token.claims.audience, token.claims.roles, token.claims.expires_at)
