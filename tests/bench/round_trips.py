"""One check over a link of 40 ms: sign in with XOAUTH2, list all folders, leave; beside other people's clients."""

import asyncio
import datetime as dt
import ssl
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from lab.exchange.server import Exchange
from lab.pki import Authority
from lab.signing import SigningKey
from lab.tenant import Tenant
from mailcheck.model.request import MailProtocol
from tests.bench.clients import CLIENTS, MAILBOX, OURS, PEER, Client, Server, mailcheck
from tests.bench.table import goal, ms, table
from tests.interop.dovecot import Dovecot
from tests.interop.link import DelayedLink
from tests.interop.tokens import ISSUER, AppToken

RUNS = 9
TRIPS_GOAL = 4
TIME_GOAL = 0.60  # times IMAPClient's
_DELAY = 0.020  # seconds one way
_IMAP = MailProtocol.IMAP
# By other protocols, for comparison with nobody.
_OTHERS = {
    f"{OURS}, {protocol.name}": (protocol, Client(asyncio=partial(mailcheck, protocol)))
    for protocol in MailProtocol
    if protocol is not _IMAP
}
_EVERYBODY = {name: (_IMAP, client) for name, client in CLIENTS.items()} | _OTHERS


@dataclass(frozen=True)
class Measured:
    """The server of all conversations: its name, the port of each protocol, a good token, whom to trust."""

    name: str
    ports: Mapping[MailProtocol, int]
    token: str
    trust: ssl.SSLContext
    ca_file: Path


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


async def _compared(server: Measured, runs: int) -> str:
    seen: dict[str, list[Seen]] = {name: [] for name in _EVERYBODY}
    for run in range(runs + 1):
        for name, each in seen.items():
            protocol, client = _EVERYBODY[name]
            one = await _over_the_link(client, server, protocol)
            if run:  # the first fills caches
                each.append(one)
    ratios = {
        name: statistics.median(one.seconds / other.seconds for one, other in zip(each, seen[PEER], strict=True))
        for name, each in seen.items()
    }
    trips = {name: statistics.median_low(one.round_trips for one in each) for name, each in seen.items()}
    rows = [
        (name, f"{ms(one.seconds for one in each):.0f}", trips[name], "" if name in _OTHERS else f"{ratios[name]:.2f}")
        for name, each in seen.items()
    ]
    met = trips[OURS] <= TRIPS_GOAL and ratios[OURS] <= TIME_GOAL
    return (
        f"Server: {server.name}.\n\n{table(('client', 'ms', 'round trips', 'ratio to IMAPClient'), rows)}\n\n"
        f"mailcheck: goal {TRIPS_GOAL} round trips, {TIME_GOAL:.2f} times IMAPClient: {goal(met)}."
    )


def _anchors(authority: Authority, folder: Path) -> Path:
    file = folder / "ca.pem"
    file.write_bytes(authority.pem)
    return file


async def _over_the_link(client: Client, server: Measured, protocol: MailProtocol) -> Seen:
    async with DelayedLink(server.ports[protocol], _DELAY) as link:
        one = Server(link.port, server.token, server.trust, server.ca_file)
        began = time.perf_counter()
        if client.asyncio is not None:
            check = await client.asyncio(one)()
        else:
            assert client.blocking is not None
            check = await asyncio.to_thread(client.blocking(one))
        seconds = time.perf_counter() - began
        assert check.seen > 1 or protocol is not _IMAP
        await asyncio.sleep(_DELAY)  # the link reads what a client that has gone left behind
        return Seen(check.seconds or seconds, link.round_trips + client.ends_listening)


@asynccontextmanager
async def _server(authority: Authority, ca_file: Path) -> AsyncIterator[Measured]:
    """Dovecot where it is installed, the lab's Exchange elsewhere."""
    token = AppToken(SigningKey.generate())
    trust = ssl.create_default_context(cafile=ca_file)
    try:
        with Dovecot(authority, token.key) as dovecot:
            dovecot.add_mailbox(MAILBOX)
            dovecot.grant(MAILBOX)
            ports = {
                _IMAP: dovecot.imap_port,
                MailProtocol.POP: dovecot.pop_port,
                MailProtocol.SMTP: dovecot.submission_port,
            }
            yield Measured("Dovecot", ports, token(), trust, ca_file)
    except pytest.skip.Exception:  # it is not installed
        async with Exchange(authority, Tenant(), token.key, ISSUER) as exchange:
            ports = {
                _IMAP: exchange.imap_port,
                MailProtocol.POP: exchange.pop_port,
                MailProtocol.SMTP: exchange.smtp_port,
            }
            yield Measured("the lab's Exchange", ports, token(), trust, ca_file)
