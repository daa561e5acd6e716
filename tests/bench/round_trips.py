"""One IMAP check over a link of 40 ms: sign in with XOAUTH2, list all folders, leave; beside other people's clients."""

import asyncio
import datetime as dt
import imaplib
import shutil
import ssl
import statistics
import tempfile
import time
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aioimaplib
import imapclient
import pytest

from lab.exchange.server import Exchange
from lab.pki import Authority
from lab.signing import SigningKey
from lab.tenant import Tenant
from mailcheck.adapters.transport import MailTransport
from mailcheck.model.report import Listing
from mailcheck.model.request import Endpoint, Mailbox, MailProtocol
from mailcheck.model.secret import Secret
from mailcheck.protocol import DIALOGUES
from tests.bench.table import ms, table
from tests.interop.dovecot import Dovecot
from tests.interop.foreign import sasl
from tests.interop.link import DelayedLink
from tests.interop.tokens import ISSUER, AppToken

RUNS = 9
_DELAY = 0.020  # seconds one way
_TIMEOUT = 10.0  # seconds
_MAILBOX = "shared@contoso.com"
_HOST = "localhost"


@dataclass(frozen=True)
class Server:
    """What a client needs to know.

    Attributes:
        name: For the reader of the table.
        port: Of IMAP over TLS, without delay.
        token: A good one.
        trust: One TLS context for all, because making one costs each client the same.
        ca_file: The same trust for a program.
    """

    name: str
    port: int
    token: str
    trust: ssl.SSLContext
    ca_file: Path


# Opens the mailbox by way of a port; answers the seconds it took and the number of folders it saw.
type Open = Callable[[Server, int], Awaitable[tuple[float, int]]]


@dataclass(frozen=True)
class Client:
    """Who is measured; `ends_listening` when it waits for the answer to LOGOUT and sends nothing after it."""

    open: Open
    ends_listening: bool = False


@dataclass(frozen=True)
class Seen:
    """One conversation: its seconds, and how often the client waited for the server.

    The link counts what is sent after something was heard; a last answer that nothing follows comes on top.
    """

    seconds: float
    round_trips: int


async def measure(runs: int) -> str:
    """One table: milliseconds, round trips and the ratio to IMAPClient; the clients take turns."""
    with tempfile.TemporaryDirectory() as folder:
        authority = Authority(dt.datetime.now(dt.UTC))
        async with _server(authority, _anchors(authority, Path(folder))) as server:
            return await _compared(server, runs)


async def _compared(server: Server, runs: int) -> str:
    seen: dict[str, list[Seen]] = {name: [] for name in _CLIENTS}
    for run in range(runs + 1):
        for name, client in _CLIENTS.items():
            one = await _over_the_link(client, server)
            if run:  # the first fills caches
                seen[name].append(one)
    peer = seen["IMAPClient"]
    rows = []
    for name, each in seen.items():
        ratio = statistics.median(one.seconds / other.seconds for one, other in zip(each, peer, strict=True))
        trips = statistics.median_low(one.round_trips for one in each)
        rows.append((name, f"{ms(one.seconds for one in each):.0f}", trips, f"{ratio:.2f}"))
    return f"Server: {server.name}.\n\n{table(('client', 'ms', 'round trips', 'ratio to IMAPClient'), rows)}"


def _anchors(authority: Authority, folder: Path) -> Path:
    file = folder / "ca.pem"
    file.write_bytes(authority.pem)
    return file


async def _over_the_link(client: Client, server: Server) -> Seen:
    async with DelayedLink(server.port, _DELAY) as link:
        seconds, folders = await client.open(server, link.port)
        assert folders > 1
        await asyncio.sleep(_DELAY)  # the link reads what a client that has gone left behind
        return Seen(seconds, link.round_trips + client.ends_listening)


@asynccontextmanager
async def _server(authority: Authority, ca_file: Path) -> AsyncIterator[Server]:
    """Dovecot where it is installed, the lab's Exchange elsewhere."""
    token = AppToken(SigningKey.generate())
    trust = ssl.create_default_context(cafile=ca_file)
    try:
        with Dovecot(authority, token.key) as dovecot:
            dovecot.add_mailbox(_MAILBOX)
            dovecot.grant(_MAILBOX)
            yield Server("Dovecot", dovecot.imap_port, token(), trust, ca_file)
    except pytest.skip.Exception:  # it is not installed
        async with Exchange(authority, Tenant(), token.key, ISSUER) as exchange:
            yield Server("the lab's Exchange", exchange.imap_port, token(), trust, ca_file)


async def _mailcheck(server: Server, port: int) -> tuple[float, int]:
    address, token = Mailbox.parse(_MAILBOX), Secret(server.token)
    assert isinstance(address, Mailbox)
    transport = MailTransport(server.trust)
    began = time.perf_counter()
    dialogue = DIALOGUES[MailProtocol.IMAP](address, token)
    deadline = asyncio.get_running_loop().time() + _TIMEOUT
    conversation = await transport.converse(
        Endpoint(_HOST, port), MailProtocol.IMAP, dialogue, deadline=deadline, secrets=(token,)
    )
    seconds = time.perf_counter() - began
    assert isinstance(conversation.outcome, Listing), conversation
    return seconds, len(conversation.outcome.folders)


def _with_imapclient(server: Server, port: int) -> tuple[float, int]:
    began = time.perf_counter()
    client = imapclient.IMAPClient(_HOST, port, ssl_context=server.trust, timeout=_TIMEOUT)
    client.oauth2_login(_MAILBOX, server.token)
    folders = client.list_folders()
    client.logout()
    return time.perf_counter() - began, len(folders)


def _with_imaplib(server: Server, port: int) -> tuple[float, int]:
    began = time.perf_counter()
    client = imaplib.IMAP4_SSL(_HOST, port, ssl_context=server.trust, timeout=_TIMEOUT)
    client.authenticate("XOAUTH2", lambda _: sasl(_MAILBOX, server.token))
    folders = client.list()[1]
    client.logout()
    return time.perf_counter() - began, len(folders)


async def _with_aioimaplib(server: Server, port: int) -> tuple[float, int]:
    began = time.perf_counter()
    client = aioimaplib.IMAP4_SSL(_HOST, port, timeout=_TIMEOUT, ssl_context=server.trust)
    await client.wait_hello_from_server()
    await client.xoauth2(_MAILBOX, server.token)
    answer = await client.list('""', '"*"')
    await client.logout()
    return time.perf_counter() - began, len(answer.lines) - 1  # the last is the status


async def _with_curl(server: Server, port: int) -> tuple[float, int]:
    # By its standard input: a command line is everybody's to read. curl reports its own time, without its start.
    config = "\n".join(
        (
            f'url = "imaps://{_HOST}:{port}/"',
            f'user = "{_MAILBOX}"',
            f'oauth2-bearer = "{server.token}"',
            f'cacert = "{server.ca_file}"',
            'login-options = "AUTH=XOAUTH2"',
            'write-out = "%{stderr}%{time_total}"',
        )
    )
    process = await asyncio.create_subprocess_exec(
        "curl", "--config", "-", "-s", "--max-time", str(_TIMEOUT), stdin=PIPE, stdout=PIPE, stderr=PIPE
    )
    out, told = await process.communicate(config.encode())
    assert process.returncode == 0, told.decode()
    return float(told), len(out.splitlines())


def _in_a_thread(client: Callable[[Server, int], tuple[float, int]]) -> Open:
    async def run(server: Server, port: int) -> tuple[float, int]:
        return await asyncio.to_thread(client, server, port)

    return run


_CLIENTS: dict[str, Client] = {
    "mailcheck": Client(_mailcheck),
    "IMAPClient": Client(_in_a_thread(_with_imapclient), ends_listening=True),
    "imaplib": Client(_in_a_thread(_with_imaplib), ends_listening=True),
    "aioimaplib": Client(_with_aioimaplib),
    **({"curl": Client(_with_curl)} if shutil.which("curl") else {}),
}
