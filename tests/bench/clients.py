"""Who opens a mailbox by IMAP in these benchmarks: mailcheck, other people's clients, and a bare TLS connection.

Each is made for a server and then called for each check: connect, TLS, sign in with XOAUTH2, list all folders, leave.
It answers the number of folders it saw. All share one ready-made TLS context, except curl, which loads a file.
"""

import asyncio
import datetime as dt
import imaplib
import json
import shutil
import ssl
import uuid
from asyncio.subprocess import PIPE
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import aioimaplib
import imapclient

from mailcheck.adapters.token_claims import read_claims
from mailcheck.adapters.transport import MailTransport
from mailcheck.faces.report_json import report_json
from mailcheck.model.credential import Certificate, Credential, Token
from mailcheck.model.report import Report
from mailcheck.model.request import App, CheckRequest, Endpoint, Mailbox, MailProtocol
from mailcheck.model.secret import Secret
from mailcheck.usecases.check import CheckMailbox
from mailcheck.usecases.judging import Target
from tests.interop.foreign import sasl

MAILBOX = "shared@contoso.com"
HOST = "localhost"
_TIMEOUT = 30.0  # seconds


@dataclass(frozen=True)
class Server:
    """What a client needs to know.

    Attributes:
        port: Of the protocol over TLS; SMTP starts without.
        token: A good one.
        trust: One TLS context for all, because making one costs each client the same.
        ca_file: The same trust for a program.
    """

    port: int
    token: str
    trust: ssl.SSLContext
    ca_file: Path


@dataclass(frozen=True)
class Check:
    """One check that has been made: how many folders were seen (or messages), and its own account of its seconds."""

    seen: int
    seconds: float | None = None


type Asyncio = Callable[[], Awaitable[Check]]
type Blocking = Callable[[], Check]


@dataclass(frozen=True)
class Client:
    """A way to make checks.

    Attributes:
        asyncio: Made for a server, one check a call; or none.
        blocking: The same for a client that blocks its thread.
        ends_listening: It waits for the answer to LOGOUT and sends nothing after it.
        processes: Each check is a process of its own.
    """

    asyncio: Callable[[Server], Asyncio] | None = None
    blocking: Callable[[Server], Blocking] | None = None
    ends_listening: bool = False
    processes: bool = False


class _Held:
    """A certificate and a token that are there already: what is measured begins with the mail server."""

    def __init__(self, token: str) -> None:
        now = dt.datetime.now(dt.UTC)
        self._certificate = Certificate(Secret(""), "", "AB12", now, now + dt.timedelta(days=83), "1")
        claims = read_claims(token)
        assert claims is not None
        self._token = Token(Secret(token), claims)

    async def credential(self) -> Credential:
        return self._certificate

    async def token(self, credential: Credential) -> Token:
        assert credential is self._certificate
        return self._token

    def forget(self) -> None:
        raise AssertionError("the token is good")


def mailcheck(protocol: MailProtocol, server: Server) -> Asyncio:
    """The whole use case, from the request to the report in JSON."""
    held = _Held(server.token)
    target = Target(
        app=App("contoso.com", "22222222-3333-4444-8555-666666666666", "https://v.example", "c"),
        endpoints={protocol: Endpoint(HOST, server.port)},
        timeout=_TIMEOUT,
    )
    check = CheckMailbox(
        target,
        held,
        held,
        MailTransport(server.trust),
        now=partial(dt.datetime.now, dt.UTC),
        new_id=lambda: str(uuid.uuid4()),
    )
    address = Mailbox.parse(MAILBOX)
    assert isinstance(address, Mailbox)

    async def run() -> Check:
        report = await check(CheckRequest(address, (protocol,)))
        assert isinstance(report, Report)
        document = report_json(report)
        assert json.dumps(document, ensure_ascii=False)
        part = document["protocols"][protocol]
        assert part["status"] == "healthy", part
        return Check(len(part.get("folders", ())))

    return run


def _bare(server: Server) -> Asyncio:
    async def run() -> Check:
        _, writer = await asyncio.open_connection(HOST, server.port, ssl=server.trust)
        writer.close()
        await writer.wait_closed()
        return Check(0)

    return run


def _imapclient(server: Server) -> Blocking:
    def run() -> Check:
        client = imapclient.IMAPClient(HOST, server.port, ssl_context=server.trust, timeout=_TIMEOUT)
        client.oauth2_login(MAILBOX, server.token)
        folders = client.list_folders()
        client.logout()
        return Check(len(folders))

    return run


def _imaplib(server: Server) -> Blocking:
    def run() -> Check:
        client = imaplib.IMAP4_SSL(HOST, server.port, ssl_context=server.trust, timeout=_TIMEOUT)
        client.authenticate("XOAUTH2", lambda _: sasl(MAILBOX, server.token))
        folders = client.list()[1]
        client.logout()
        return Check(len(folders))

    return run


def _aioimaplib(server: Server) -> Asyncio:
    async def run() -> Check:
        client = aioimaplib.IMAP4_SSL(HOST, server.port, timeout=_TIMEOUT, ssl_context=server.trust)
        await client.wait_hello_from_server()
        await client.xoauth2(MAILBOX, server.token)
        answer = await client.list('""', '"*"')
        await client.logout()
        return Check(len(answer.lines) - 1)  # the last is the status

    return run


def _curl(server: Server) -> Asyncio:
    # By its standard input: a command line is everybody's to read. curl reports its own time, without its start.
    config = "\n".join(
        (
            f'url = "imaps://{HOST}:{server.port}/"',
            f'user = "{MAILBOX}"',
            f'oauth2-bearer = "{server.token}"',
            f'cacert = "{server.ca_file}"',
            'login-options = "AUTH=XOAUTH2"',
            'write-out = "%{stderr}%{time_total}"',
        )
    )
    command = ("curl", "--config", "-", "-s", "--max-time", str(_TIMEOUT))

    async def run() -> Check:
        process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, stderr=PIPE)
        out, told = await process.communicate(config.encode())
        assert process.returncode == 0, told.decode()
        return Check(len(out.splitlines()), float(told))

    return run


OURS = "mailcheck"
PEER = "IMAPClient"
BARE = "TLS alone"
CLIENTS: dict[str, Client] = {
    OURS: Client(asyncio=partial(mailcheck, MailProtocol.IMAP)),
    PEER: Client(blocking=_imapclient, ends_listening=True),
    "imaplib": Client(blocking=_imaplib, ends_listening=True),
    "aioimaplib": Client(asyncio=_aioimaplib),
    **({"curl": Client(asyncio=_curl, processes=True)} if shutil.which("curl") else {}),
}
FLOOR: dict[str, Client] = {BARE: Client(asyncio=_bare)}
