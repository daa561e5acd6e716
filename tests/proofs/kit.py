"""What a proof is played with: the whole check as it is composed, the lab's world, and servers that follow a script."""

import asyncio
import json
import re
import ssl
from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from lab.serving import WebServer
from lab.world import World
from mailcheck.compose import build_use_cases
from mailcheck.model.report import Broken, Diagnosis, NotAllowed, Report
from mailcheck.model.request import CheckRequest, Mailbox, MailProtocol
from mailcheck.protocol.sasl import xoauth2
from mailcheck.settings import CheckSettings, Settings
from tests.protocol.replay import MAILBOX, TOKEN, Line, Transcript

RESPONSES = Path(__file__).parent / "responses"
_PATIENCE = 20.0  # seconds for one proof; none comes near
_SASL = re.escape(xoauth2(MAILBOX, TOKEN).reveal())
_GONE = (OSError, asyncio.IncompleteReadError)


async def checked(settings: Mapping[str, str], mailbox: str, *protocols: MailProtocol) -> Report:
    """The report of a whole check with these settings, by the application's own composition."""
    read = Settings.read(settings).check
    assert isinstance(read, CheckSettings), read
    report = await asyncio.wait_for(build_use_cases(read).check(CheckRequest(Mailbox(mailbox), protocols)), _PATIENCE)
    assert isinstance(report, Report)
    return report


async def diagnosed(settings: Mapping[str, str], mailbox: str, protocol: MailProtocol) -> Diagnosis:
    """The diagnosis of such a check by one protocol."""
    return diagnosis_in(await checked(settings, mailbox, protocol), protocol)


def diagnosis_in(report: Report | NotAllowed, protocol: MailProtocol) -> Diagnosis:
    """What the report says of this protocol, which did not open."""
    assert isinstance(report, Report)
    verdict = report.protocols[protocol].verdict
    assert isinstance(verdict, Broken), "the mailbox opened"
    return verdict.diagnosis


def export(settings: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Tells this process of its managed identity, as App Service tells it: the SDK reads the environment itself."""
    for name in ("IDENTITY_ENDPOINT", "IDENTITY_HEADER"):
        monkeypatch.delenv(name, raising=False)
    for name, value in settings.items():
        if name.startswith(("IDENTITY_", "AZURE_")):
            monkeypatch.setenv(name, value)


# --- a mail server that follows a transcript


@asynccontextmanager
async def playing(transcript: Transcript, tls: ssl.SSLContext) -> AsyncGenerator[int]:
    """The port of a server that plays the transcript to one client; who strays from it fails the test."""
    strayed: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await _play(transcript.talk, tls, reader, writer, strayed)
            await reader.read()
        except _GONE:
            pass  # the client has seen enough: what it makes of it is asserted elsewhere
        finally:
            writer.transport.abort()

    context = None if transcript.protocol.starttls else tls
    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        server.abort_clients()
        await server.wait_closed()
    assert strayed == []


async def _play(
    talk: Iterable[Line],
    tls: ssl.SSLContext,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    strayed: list[str],
) -> None:
    for line in talk:
        match line.speaker:
            case "S":
                writer.write(line.data)
                await writer.drain()
            case "TLS":
                await writer.start_tls(tls)
            case _:
                said = await reader.readline()
                # The transcript has a planted token where the check has one from the lab's Entra.
                expected = re.escape(line.data).replace(_SASL, rb"[A-Za-z0-9+/=]{200,}")
                if not re.fullmatch(expected, said):
                    strayed.append(f"expected {line.data!r}, got {said!r}")


# --- an HTTP service that gives one prepared answer


@dataclass(frozen=True)
class Response:
    """A fixture: what a service answers, in the form that it was recorded in; the sentences are our own.

    Attributes:
        about: The fact that it shows.
        at: `token`, `vault` or `identity`.
        status, headers, body: The answer; a body that is no text is JSON.
    """

    about: str
    at: str
    status: int
    headers: Mapping[str, str]
    body: Any


def responses(name: str) -> list[Response]:
    """The answers in a fixture; each of them is to lead to the same diagnosis."""
    document = json.loads((RESPONSES / f"{name}.json").read_text(encoding="utf-8"))
    return [
        Response(document["about"], document["at"], one["status"], one.get("headers", {}), one["body"])
        for one in document["answers"]
    ]


class Service(WebServer):
    """Key Vault, Entra or the identity endpoint, up to the point where it gives the prepared answer."""

    def __init__(self, response: Response, world: World) -> None:
        tls = None if response.at == "identity" else world.authority.server_context()
        super().__init__(host="127.0.0.1", tls=tls, port=0)
        self._response = response
        self._entra = world.entra

    @property
    def resource(self) -> str:
        """What a vault's tokens are for: its address less the first label, as the SDK wants it."""
        return self.url.replace("127.0.0.1", "0.0.1")

    async def start(self) -> None:
        """Begins to serve; Entra then gives out tokens for it."""
        await super().start()
        self._entra.known_resources.add(self.resource)

    def settings(self, base: Mapping[str, str]) -> dict[str, str]:
        """These settings, with this service in the place of the lab's."""
        name, value = {
            "token": ("MAILCHECK_AUTHORITY", self.url),
            "vault": ("MAILCHECK_VAULT_URL", self.url),
            "identity": ("IDENTITY_ENDPOINT", f"{self.url}/msi/token"),
        }[self._response.at]
        return {**base, name: value}

    def routes(self) -> Iterable[web.RouteDef]:
        """Every path."""
        return (web.route("*", "/{path:.*}", self._answer),)

    async def _answer(self, request: web.Request) -> web.Response:
        if self._response.at == "token" and request.path.endswith("/openid-configuration"):
            tenant = f"{self.url}/{request.path.split('/')[1]}/oauth2/v2.0"
            return web.json_response(
                {"authorization_endpoint": f"{tenant}/authorize", "token_endpoint": f"{tenant}/token"}
            )
        if self._response.at == "vault" and "Authorization" not in request.headers:
            challenge = f'Bearer authorization="{self._entra.authority_url}", resource="{self.resource}"'
            return web.json_response({}, status=401, headers={"WWW-Authenticate": challenge})
        response = self._response
        if isinstance(response.body, str):
            return web.Response(
                status=response.status, text=response.body, headers=response.headers, content_type="text/html"
            )
        return web.json_response(response.body, status=response.status, headers=response.headers)
