"""Runs one case of the matrix: the whole check with the genuine adapters, against servers of which one has a fault."""

import asyncio
import base64
import datetime as dt
import gc
import json
import ssl
import time
import uuid
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from itertools import chain, repeat
from typing import Self

import pytest
import requests

from mailcheck.adapters.entra import EntraTokens
from mailcheck.adapters.https import silence_sdks
from mailcheck.adapters.keyvault import READ_TIMEOUT, Identity, KeyVaultCredentials
from mailcheck.adapters.transport import MailTransport
from mailcheck.adapters.trust import http_session
from mailcheck.faces.report_json import report_json
from mailcheck.model.credential import Certificate, Token
from mailcheck.model.report import Broken, Report
from mailcheck.model.request import App, CheckRequest, Endpoint, Mailbox, MailProtocol
from mailcheck.usecases.check import CheckMailbox
from mailcheck.usecases.judging import Target
from tests.adapters.azure_kit import new_pair
from tests.faults import services
from tests.faults.expected import EXPECTED, HEALTHY, ONCE, Case
from tests.faults.http_faults import HTTP_FAULTS
from tests.faults.leaks import Before, logged
from tests.faults.mail_faults import TALK_FAULTS, healthy
from tests.faults.mail_talks import Talk, serve
from tests.faults.places import Place, unconnected
from tests.faults.services import Service
from tests.faults.tls_faults import TLS_FAULTS, Contexts, good
from tests.faults.wire import Line, Server
from tests.stalls import undisturbed

MAILBOX = Mailbox("shared@contoso.com")
RESOURCE = "https://outlook.office365.com"
APP = App(services.TENANT, "22222222-3333-4444-8555-666666666666", "https://vault.example", services.NAME)
SLOW = 1.0  # seconds for a check that is to run into its deadline
PATIENT = 4.5  # the same where an adapter's own time-out for connecting, three seconds, comes first
QUICK = 8.0  # seconds for a check that ends by itself, on a machine that has other things to do
OVER = 0.5  # seconds past the deadline, at most
_READ_TIMEOUT = 0.4  # seconds, for a service's answer where it has a fault
_PIECE = 24  # characters of a secret that may not be seen
_SIBLING = {"imap": "pop", "pop": "imap", "smtp": "imap"}
_HTTP = ("identity", "vault", "token")


@dataclass
class Outcome:
    """What came of one case."""

    case: Case
    report: Report
    seconds: float
    deadline: float
    log: list[str]
    left: list[str]
    seen: list[str]

    def verify(self) -> None:
        """All that holds for every case."""
        found = {protocol.value: _diagnosis(self.report, protocol) for protocol in self.report.protocols}
        expected = EXPECTED[str(self.case)]
        if self.case.area in _HTTP:
            assert set(found.values()) == {expected}, _shown(self.report)
        else:
            assert found == {self.case.area: expected, _SIBLING[self.case.area]: HEALTHY}, _shown(self.report)
        assert self.seconds < self.deadline + OVER, f"{self.seconds:.2f} s"
        assert not self.log, self.log
        assert not self.left, self.left
        assert not self.seen, self.seen


def _diagnosis(report: Report, protocol: MailProtocol) -> str:
    verdict = report.protocols[protocol].verdict
    return verdict.diagnosis.id if isinstance(verdict, Broken) else HEALTHY


def _shown(report: Report) -> str:
    return "\n".join(
        f"{protocol}: {one.verdict}\n{'\n'.join(one.transcript)}" for protocol, one in report.protocols.items()
    )


class World:
    """Healthy servers of every kind, and adapters that have been there: who has a fault is a server beside them."""

    def __init__(self, contexts: Contexts, context: ssl.SSLContext) -> None:
        self._contexts = contexts
        self._context = context
        self._pair = new_pair()
        self._token = services.access_token(RESOURCE, *(protocol.role for protocol in MailProtocol))
        self._vault_token = services.access_token("https://vault.example", "identity")
        self._header = "the identity header, which is a secret of this process"
        self._secrets = _pieces(
            self._token,
            self._vault_token,
            self._header,
            self._pair.key_pem.decode(),
            self._pfx,
            *(base64.b64encode(f"{'x' * shift}{self._token}".encode()).decode()[4:-4] for shift in range(3)),
        )
        self._ports: dict[str, int] = {}

    @property
    def _pfx(self) -> str:
        return base64.b64encode(self._pair.pfx).decode()

    @asynccontextmanager
    async def open(self, environment: pytest.MonkeyPatch) -> AsyncGenerator[Self]:
        """The servers run, the process is told of its identity, and the shared adapters have been used once."""
        silence_sdks()  # as compose does
        async with AsyncExitStack() as stack:
            for area in (*_SIBLING, *_HTTP):
                server = await stack.enter_async_context(Server(self._script(area)))
                self._ports[area] = server.port
            self._environment = environment
            environment.setenv("IDENTITY_HEADER", self._header)
            self._identity_at(self._ports["identity"])
            session = stack.enter_context(http_session(self._context))
            self._adapters = self._adapters_of(session, self._ports, READ_TIMEOUT)
            certificates, tokens = self._adapters
            certificate = await certificates.credential()
            assert isinstance(certificate, Certificate), certificate
            assert isinstance(await tokens.token(certificate), Token)
            yield self

    async def run(self, cases: Sequence[Case]) -> list[Outcome]:
        """All of these at the same time; what is left behind is told of each, that of disturbed attempts too."""
        attempts: list[list[Outcome]] = []

        async def attempt() -> None:
            attempts.append(await self._attempt(cases))

        await undisturbed(attempt, OVER / 2)
        *disturbed, outcomes = attempts
        for others in disturbed:
            for outcome, other in zip(outcomes, others, strict=True):
                outcome.log, outcome.left = other.log + outcome.log, other.left + outcome.left
                outcome.seen += other.seen
        return outcomes

    async def _attempt(self, cases: Sequence[Case]) -> list[Outcome]:
        before = Before()
        with logged() as log:
            outcomes = await asyncio.gather(*map(self._run, cases))
            # A thread that waits for a silent server is given the time-outs that end it.
            left = await before.left(PATIENT)
        gc.freeze()  # what lives on is not looked at again by the next case's collection
        logged_secrets = self._seen("\n".join(log.texts))
        for outcome in outcomes:
            outcome.log, outcome.left = log.errors, left
            outcome.seen += logged_secrets
        return outcomes

    async def _run(self, case: Case) -> Outcome:
        async with AsyncExitStack() as stack:
            place = await stack.enter_async_context(self._place(case))
            if case.area in _HTTP:
                session = stack.enter_context(http_session(self._context))
                patience = _READ_TIMEOUT if is_slow(case) and case.fault != "silent-for-long" else READ_TIMEOUT
                adapters = self._adapters_of(session, {**self._ports, case.area: place.port}, patience)
                if case.area == "token":  # the vault, which comes before, is in order
                    adapters = (self._adapters[0], adapters[1])
                protocols = (MailProtocol.IMAP, MailProtocol.POP)
                if case.area == "identity":
                    self._identity_at(place.port)
                    stack.callback(self._identity_at, self._ports["identity"])
            else:
                adapters = self._adapters
                protocols = (MailProtocol(case.area), MailProtocol(_SIBLING[case.area]))
            deadline = _deadline(case)
            target = Target(APP, self._endpoints({case.area: place.port}), deadline)
            mail = MailTransport(self._context, resolve=place.resolve)
            check = CheckMailbox(target, *adapters, mail, now=_now, new_id=_new_id)
            started = asyncio.get_running_loop().time()
            report = await check(CheckRequest(MAILBOX, protocols))
            seconds = asyncio.get_running_loop().time() - started
        assert isinstance(report, Report)
        shown = self._seen(json.dumps(report_json(report)) + repr(report))
        return Outcome(case, report, seconds, deadline, [], [], shown)

    def _seen(self, text: str) -> list[str]:
        """The pieces of secrets in this text."""
        return [piece for piece in self._secrets if piece in text]

    @asynccontextmanager
    async def _place(self, case: Case) -> AsyncGenerator[Place]:
        if case.stage == "connect":
            async with unconnected(case.fault, self._ports[case.area]) as place:
                yield place
            return
        async with Server(self._script(case.area, case)) as server:
            if case.stage == "dns":
                yield Place(server.port, case.fault)
            else:
                yield Place(server.port, behind=(server.port,))

    def _script(self, area: str, case: Case | None = None) -> Callable[[Line], Awaitable[None]]:
        """What the server of an area does; what it does wrong, in a case."""
        once = case is not None and case.fault.endswith(ONCE)
        stage, fault = (case.stage, case.fault.removesuffix(ONCE)) if case else ("", "")
        handshake = TLS_FAULTS[fault] if stage == "tls" else good
        if area in _HTTP:
            answers = {
                "identity": services.identity(self._vault_token),
                "vault": services.vault(self._pfx, "application/x-pkcs12", uuid.uuid4().hex),
                "token": services.entra(self._token),
            }[area]
            secured = None if area == "identity" else handshake  # App Service's endpoint speaks HTTP in clear
            service = Service(answers, stage, HTTP_FAULTS.get(fault), secured, self._contexts)
            if once:
                service.fault = services.first_time(HTTP_FAULTS[fault])
            return service

        async def talk(line: Line) -> None:
            await serve(Talk(line, area, stage, TALK_FAULTS.get(fault, healthy), handshake, self._contexts))

        return _first_time(talk, then=self._script(area)) if once else talk

    def _adapters_of(
        self, session: requests.Session, ports: Mapping[str, int], read_timeout: float
    ) -> tuple[KeyVaultCredentials, EntraTokens]:
        certificates = KeyVaultCredentials(
            vault_url=f"https://127.0.0.1:{ports['vault']}",
            kind=APP.credential,
            name=services.NAME,
            session=session,
            identity=Identity(managed=True),
            max_age=3600,
            clock=time.monotonic,
            read_timeout=read_timeout,
        )
        tokens = EntraTokens(
            authority=f"https://localhost:{ports['token']}/{services.TENANT}",
            client_id=APP.client_id,
            scope=f"{RESOURCE}/.default",
            session=session,
            read_timeout=read_timeout,
        )
        return certificates, tokens

    def _endpoints(self, others: Mapping[str, int]) -> Mapping[MailProtocol, Endpoint]:
        ports = {**self._ports, **others}
        return {protocol: Endpoint("localhost", ports[protocol]) for protocol in MailProtocol if protocol in ports}

    def _identity_at(self, port: int) -> None:
        self._environment.setenv("IDENTITY_ENDPOINT", f"http://127.0.0.1:{port}{services.IDENTITY_PATH}")


def _first_time(
    script: Callable[[Line], Awaitable[None]], *, then: Callable[[Line], Awaitable[None]]
) -> Callable[[Line], Awaitable[None]]:
    """One script for the first client, and another for those who come later."""
    scripts = chain([script], repeat(then))

    async def serve_next(line: Line) -> None:
        await next(scripts)(line)

    return serve_next


def is_slow(case: Case) -> bool:
    """Whether the case is one of waiting: run together with others, not one after the other."""
    return any(word in case.fault.split("-") for word in ("silent", "drip", "unfinished"))


def _deadline(case: Case) -> float:
    if not is_slow(case):
        return QUICK
    if case.area in _HTTP and case.fault != "silent-for-long":
        return PATIENT
    return SLOW


def _pieces(*secrets: str) -> frozenset[str]:
    """Pieces of these that no report may show."""
    return frozenset(
        secret[at : at + _PIECE] for secret in secrets for at in range(0, len(secret) - _PIECE + 1, _PIECE)
    )


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _new_id() -> str:
    return str(uuid.uuid4())
