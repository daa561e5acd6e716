"""An Entra, a vault and an identity of the lab, and a server that answers whatever a test wants."""

import asyncio
import datetime as dt
import json
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager

import requests
from aiohttp import web

from lab.pki import KeyPair, self_signed
from lab.serving import WebServer
from lab.tenant import (
    EXCHANGE_RESOURCE,
    IDENTITY_CLIENT_ID,
    IDENTITY_PRINCIPAL_ID,
    MAIL_CLIENT_ID,
    MAIL_PRINCIPAL_ID,
    Application,
    Tenant,
)
from mailcheck.model.credential import Certificate
from mailcheck.model.secret import Secret

type Answer = Callable[[], Awaitable[web.Response]]

SCOPE = f"{EXCHANGE_RESOURCE}/.default"


def now() -> dt.datetime:
    """The clock of the lab: MSAL signs with the system's, so there is no other."""
    return dt.datetime.now(dt.UTC)


def new_pair() -> KeyPair:
    """A certificate of the app, in force for ninety days."""
    return self_signed("mailcheck", not_before=now() - dt.timedelta(days=1), not_after=now() + dt.timedelta(days=90))


def certificate_of(pair: KeyPair, *, key: KeyPair | None = None) -> Certificate:
    """The certificate as the product holds it; with another pair's key, where a test wants a wrong one."""
    return Certificate(
        private_key=Secret((key or pair).key_pem.decode()),
        public=pair.certificate_pem.decode(),
        thumbprint=pair.thumbprint,
        not_before=pair.certificate.not_valid_before_utc,
        not_after=pair.certificate.not_valid_after_utc,
        version="1",
    )


def tenant_of(*pairs: KeyPair) -> Tenant:
    """A tenant with the mail app, which has these certificates, and the identity of the process."""
    tenant = Tenant()
    roles = {EXCHANGE_RESOURCE: {"IMAP.AccessAsApp", "POP.AccessAsApp"}}
    certificates = [pair.certificate for pair in pairs]
    tenant.add(Application(MAIL_CLIENT_ID, MAIL_PRINCIPAL_ID, "mail app", roles=roles, certificates=certificates))
    tenant.add(Application(IDENTITY_CLIENT_ID, IDENTITY_PRINCIPAL_ID, "function app"))
    return tenant


@asynccontextmanager
async def served[S: WebServer](server: S, session: requests.Session) -> AsyncGenerator[S]:
    """The server, running; the client hangs up first, so that no connection is left half closed."""
    async with server:
        try:
            yield server
        finally:
            session.close()


class Peer(WebServer):
    """A server at https://localhost that answers each path as it is told, and notes what it was asked.

    Attributes:
        answers: Path to answer; a path without one gets 404.
        asked: The method and path of each request, in order.
        forms: Path to the form of the last request for it.
        waits: Somebody is answered by `silence`.
        let_go: Ends the silence of those who are.
    """

    def __init__(self, tls: ssl.SSLContext) -> None:
        super().__init__(host="localhost", tls=tls, port=0)
        self.answers: dict[str, Answer] = {}
        self.asked: list[str] = []
        self.forms: dict[str, dict[str, str]] = {}
        self.waits = asyncio.Event()
        self.let_go = asyncio.Event()

    def routes(self) -> Iterable[web.RouteDef]:
        """Every path."""
        return (web.route("*", "/{path:.*}", self._answer),)

    async def silence(self) -> web.Response:
        """An answer that does not come."""
        self.waits.set()
        await self.let_go.wait()
        return web.Response(status=504)

    async def _answer(self, request: web.Request) -> web.Response:
        self.asked.append(f"{request.method} {request.path}")
        self.forms[request.path] = {name: str(value) for name, value in (await request.post()).items()}
        answer = self.answers.get(request.path)
        return await answer() if answer else web.Response(status=404)


def page(status: int, text: str = "<html><title>Sorry</title></html>", content_type: str = "text/html") -> Answer:
    """An answer that is a page for people, or says that it is something else."""
    return _always(status, text, content_type, {})


def document(status: int, content: object, **headers: str) -> Answer:
    """An answer in JSON; an underscore in a header's name stands for a hyphen."""
    return _always(status, json.dumps(content), "application/json", headers)


def in_turn(answers: Iterable[Answer]) -> Answer:
    """Each answer once, the last one for ever."""
    left = list(answers)

    async def answer() -> web.Response:
        return await (left.pop(0) if len(left) > 1 else left[0])()

    return answer


def _always(status: int, text: str, content_type: str, headers: Mapping[str, str]) -> Answer:
    async def answer() -> web.Response:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.Response(status=status, text=text, content_type=content_type, headers=names)

    return answer
