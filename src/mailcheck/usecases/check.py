"""Check one mailbox: certificate, token, then one conversation per protocol, all at the same time, one deadline.

Whatever happens, a report comes of it. A failure that is expected in the field arrives here as `Evidence`; an
exception is a fault of ours and becomes the evidence of one, in `_or_bug` and nowhere else.
"""

import asyncio
import datetime as dt
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

from mailcheck.diagnosis.entry import Circumstances
from mailcheck.diagnosis.match import diagnose
from mailcheck.model.cloud import PUBLIC, Cloud
from mailcheck.model.credential import Certificate, Credential, Token
from mailcheck.model.evidence import Evidence, Fault, Stage
from mailcheck.model.report import (
    Broken,
    Healthy,
    NotAllowed,
    Opened,
    ProtocolReport,
    Report,
    Step,
    TokenFacts,
)
from mailcheck.model.request import App, CheckRequest, Endpoint, MailProtocol
from mailcheck.model.secret import Secret
from mailcheck.protocol import DIALOGUES
from mailcheck.protocol.effects import Conversation, Dialogue
from mailcheck.usecases.credential import certificate_facts, out_of_force, stage_of, validity

_log = logging.getLogger(__name__)

# Past the deadline a conversation is only being closed; this much later it is given up whatever it does.
_GRACE = 0.25


class CredentialSource(Protocol):
    """Where the app's certificate or client secret comes from: Key Vault."""

    async def credential(self) -> Credential | Evidence:
        """The current version."""


class TokenIssuer(Protocol):
    """Who gives an access token for a credential: Entra."""

    async def token(self, credential: Credential) -> Token | Evidence:
        """A token for Exchange, bought now or kept from before."""

    def forget(self) -> None:
        """The kept token did not do: the next one is to be bought."""


class Mail(Protocol):
    """How a dialogue reaches a mail server."""

    async def converse[T](
        self,
        endpoint: Endpoint,
        protocol: MailProtocol,
        dialogue: Dialogue[T | Evidence],
        *,
        deadline: float,
        starttls: bool,
        secrets: tuple[Secret[str], ...],
    ) -> Conversation[T]:
        """Drives the dialogue to its end; `deadline` is on the running loop's clock.

        With `starttls` the talk begins in clear, and the dialogue asks for TLS.
        """


@dataclass(frozen=True, slots=True)
class Target:
    """What is checked against, from the settings.

    Attributes:
        app: The app registration under test.
        cloud: The Microsoft cloud of the tenant.
        endpoints: The server of each protocol.
        timeout: Seconds for one whole check.
        domains: The only domains that may be checked; empty: any.
    """

    app: App
    endpoints: Mapping[MailProtocol, Endpoint]
    timeout: float
    domains: frozenset[str] = frozenset()
    cloud: Cloud = PUBLIC


class CheckMailbox:
    """The use case. One instance serves any number of checks at the same time.

    A token that opened every mailbox asked for is kept, so a healthy answer may rest on what Entra said up to an hour
    ago. One that a server refused, or that lacks a role, is not: who mends that and checks again gets a new one.

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
        self._mail = mail
        self._now = now
        self._new_id = new_id

    async def __call__(self, request: CheckRequest) -> Report | NotAllowed:
        """Runs one check; ends within the timeout whatever a server, the vault or the network does."""
        if self._target.domains and request.mailbox.domain not in self._target.domains:
            return NotAllowed(request.mailbox)
        started = asyncio.get_running_loop().time()
        deadline = started + self._target.timeout
        checked_at = self._now()
        steps: list[Step] = []

        credential = await self._credential(deadline, checked_at, steps)
        token: Token | Evidence = (
            credential if isinstance(credential, Evidence) else await self._token(credential, deadline, steps)
        )
        if isinstance(token, Evidence):
            protocols = {protocol: self._stopped(request, token) for protocol in request.protocols}
        else:
            protocols = await self._conversations(request, token, deadline)
        return Report(
            id=self._new_id(),
            mailbox=request.mailbox,
            checked_at=checked_at,
            duration_ms=_ms(started),
            protocols=MappingProxyType(protocols),
            preparation=tuple(steps),
            certificate=certificate_facts(credential, checked_at) if isinstance(credential, Certificate) else None,
            token=None if isinstance(token, Evidence) else _token_facts(token),
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
        try:
            async with asyncio.timeout_at(deadline):
                outcome = await self._or_bug(stage, None, work)
        except TimeoutError:
            outcome = Evidence(stage, Fault.TIMEOUT)
        failed = isinstance(outcome, Evidence)
        steps.append(Step(outcome.stage if isinstance(outcome, Evidence) else stage, not failed, _ms(started)))
        return outcome

    async def _conversations(
        self, request: CheckRequest, token: Token, deadline: float
    ) -> dict[MailProtocol, ProtocolReport]:
        outcomes = await asyncio.gather(
            *(self._conversation(request, protocol, token, deadline) for protocol in request.protocols)
        )
        talks = dict(zip(request.protocols, outcomes, strict=True))
        if any(_is_spent(token, protocol, talk.outcome) for protocol, talk in talks.items()):
            self._tokens.forget()
        opened = frozenset(protocol for protocol, talk in talks.items() if not isinstance(talk.outcome, Evidence))
        return {protocol: self._judged(request, protocol, talk, token, opened) for protocol, talk in talks.items()}

    async def _conversation(
        self, request: CheckRequest, protocol: MailProtocol, token: Token, deadline: float
    ) -> Conversation[Opened]:
        started = asyncio.get_running_loop().time()
        dialogue: Dialogue[Opened | Evidence] = DIALOGUES[protocol](request.mailbox, token.value)
        talk: Awaitable[Conversation[Opened] | Evidence] = self._mail.converse(
            self._target.endpoints[protocol],
            protocol,
            dialogue,
            deadline=deadline,
            starttls=protocol.starttls,
            secrets=(token.value,),
        )
        try:
            async with asyncio.timeout_at(deadline + _GRACE):
                outcome = await self._or_bug(Stage.CONNECT, protocol, talk)
        except TimeoutError:
            outcome = Evidence(Stage.LOGOUT, Fault.TIMEOUT, protocol=protocol)
        return Conversation(outcome, (), (), _ms(started)) if isinstance(outcome, Evidence) else outcome

    def _judged(
        self,
        request: CheckRequest,
        protocol: MailProtocol,
        talk: Conversation[Opened],
        token: Token,
        opened: frozenset[MailProtocol],
    ) -> ProtocolReport:
        if isinstance(talk.outcome, Evidence):
            known = Circumstances(
                app=self._target.app,
                mailbox=request.mailbox.address,
                cloud=self._target.cloud,
                endpoint=self._target.endpoints[protocol],
                claims=token.claims,
                opened=opened,
                token_length=len(token.value),
            )
            verdict: Healthy | Broken = Broken(diagnose(talk.outcome, known))
        else:
            verdict = Healthy(talk.outcome)
        return ProtocolReport(verdict, talk.duration_ms, talk.steps, talk.transcript)

    def _stopped(self, request: CheckRequest, evidence: Evidence) -> ProtocolReport:
        """The verdict on a protocol that was never tried, because certificate or token failed."""
        known = Circumstances(self._target.app, request.mailbox.address, self._target.cloud)
        return ProtocolReport(Broken(diagnose(evidence, known)))

    async def _or_bug[T](
        self, stage: Stage, protocol: MailProtocol | None, work: Awaitable[T | Evidence]
    ) -> T | Evidence:
        """The one place where an exception of ours becomes an answer: a reference to find it in the log by."""
        try:
            return await work
        except Exception:  # noqa: BLE001 - the one blind except: whatever it is, it is ours
            reference = self._new_id()
            _log.exception("our bug, reference %s, at stage %s", reference, stage)
            return Evidence(stage, Fault.BUG, protocol=protocol, details=MappingProxyType({"reference": reference}))


def _is_spent(token: Token, protocol: MailProtocol, outcome: Opened | Evidence) -> bool:
    """Whether a token is not to be used again: it lacks the role, or a server that read it refused."""
    refused = isinstance(outcome, Evidence) and outcome.stage in {Stage.AUTH, Stage.LIST}
    return refused or protocol.role not in token.claims.roles


def _token_facts(token: Token) -> TokenFacts:
    return TokenFacts(token.claims.audience, token.claims.roles, token.claims.expires_at)


def _ms(started: float) -> int:
    return round((asyncio.get_running_loop().time() - started) * 1000)
