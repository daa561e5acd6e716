"""What the tests of the lab's Exchange share: a server, tokens for it, and a client that plays written dialogues."""

import asyncio
import base64
import datetime as dt
import functools
import re
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Self

from lab.exchange.server import Exchange
from lab.pki import Authority
from lab.signing import SigningKey
from lab.tenant import Tenant
from tests.interop.tokens import ISSUER, AppToken
from tests.lab.common import utc_now

DEADLINE = 10.0  # seconds for one line; none should take a tenth of one
SHARED = "shared@contoso.com"


@functools.cache
def authority() -> Authority:
    """The authority that every client here trusts."""
    return Authority(dt.datetime.now(dt.UTC))


@functools.cache
def app_token() -> AppToken:
    """The factory of app-only tokens; its key is the one that every server here trusts."""
    return AppToken(SigningKey.generate())


@functools.cache
def stranger() -> SigningKey:
    """A key that no server here trusts."""
    return SigningKey.generate()


def client_context() -> ssl.SSLContext:
    """A TLS client context that trusts the servers here."""
    return ssl.create_default_context(cadata=authority().pem.decode())


def new_exchange(*, idle: float = DEADLINE, now: Callable[[], dt.datetime] = utc_now) -> Exchange:
    """A server that is not started yet."""
    return Exchange(authority(), Tenant(), app_token().key, ISSUER, idle=idle, now=now)


def xoauth2(mailbox: str, token: str | None = None) -> str:
    """The base64 of an XOAUTH2 client response; a good token when none is given."""
    return encoded(f"user={mailbox}\x01auth=Bearer {token or app_token()()}\x01\x01")


def encoded(text: str) -> str:
    """The text as base64."""
    return base64.b64encode(text.encode()).decode()


class Peer:
    """A client that sends and expects exact lines."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, trust: ssl.SSLContext) -> None:
        self._reader = reader
        self._writer = writer
        self._trust = trust

    @classmethod
    @asynccontextmanager
    async def connected(
        cls, port: int, *, tls: bool = True, trust: ssl.SSLContext | None = None
    ) -> AsyncIterator[Self]:
        """A client that is connected, over TLS or in clear, and has read nothing; it trusts the servers here or so."""
        trust = trust or client_context()
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=trust if tls else None)
        try:
            yield cls(reader, writer, trust)
        finally:
            writer.transport.abort()

    async def start_tls(self) -> None:
        """The client's side of a TLS handshake on a connection in clear."""
        async with asyncio.timeout(DEADLINE):
            await self._writer.start_tls(self._trust, server_hostname="127.0.0.1")

    async def send(self, data: bytes) -> None:
        """Sends these octets at once."""
        self._writer.write(data)
        await self._writer.drain()

    async def line(self) -> str:
        """The next line without CRLF; `<closed>` at the end of the connection."""
        async with asyncio.timeout(DEADLINE):
            data = await self._reader.readline()
        if not data:
            return "<closed>"
        assert data.endswith(b"\r\n"), data
        return data[:-2].decode("ascii")

    async def play(self, dialogue: str, **values: str) -> None:
        """Plays a dialogue of `C: ` and `S: ` lines.

        Args:
            dialogue: One line of the talk per line. `...` in a server's line stands for anything, `<closed>` for the
                end of the connection, and the line `TLS` for a handshake.
            values: What stands for `{name}` in a line.
        """
        for step in filter(str.strip, dialogue.splitlines()):
            side, _, rest = step.lstrip().partition(":")
            text = rest.removeprefix(" ")
            for name, value in values.items():
                text = text.replace(f"{{{name}}}", value)
            if side == "TLS":
                await self.start_tls()
                continue
            if side == "C":
                await self.send(text.encode() + b"\r\n")
                continue
            assert side == "S", step
            heard = await self.line()
            pattern = re.escape(text).replace(re.escape("..."), ".*")
            assert re.fullmatch(pattern, heard), f"expected {text!r}, heard {heard!r}"


async def play_imap(exchange: Exchange, dialogue: str, **values: str) -> None:
    """Plays a dialogue on a new IMAP connection, after the greeting."""
    async with Peer.connected(exchange.imap_port) as peer:
        await peer.play("S: * OK The Microsoft Exchange IMAP4 service is ready. [...]\n" + dialogue.lstrip(), **values)


async def play_pop(exchange: Exchange, dialogue: str, **values: str) -> None:
    """Plays a dialogue on a new POP connection, after the greeting."""
    async with Peer.connected(exchange.pop_port) as peer:
        await peer.play("S: +OK The Microsoft Exchange POP3 service is ready. [...]\n" + dialogue.lstrip(), **values)


SMTP_GREETING = "S: 220 LB0P000CA0001.outlook.mailcheck.example Microsoft ESMTP MAIL Service ready at ... +0000 [...]\n"
SMTP_STARTTLS = """
C: EHLO client.example
S: 250-LB0P000CA0001.outlook.mailcheck.example Hello [127.0.0.1]
S: 250-SIZE 157286400
S: 250-PIPELINING
S: 250-DSN
S: 250-ENHANCEDSTATUSCODES
S: 250-STARTTLS
S: 250-8BITMIME
S: 250-BINARYMIME
S: 250-CHUNKING
S: 250 SMTPUTF8
C: STARTTLS
S: 220 2.0.0 SMTP server ready
TLS
"""
SMTP_HELLO = """
C: EHLO client.example
S: 250-LB0P000CA0001.outlook.mailcheck.example Hello [127.0.0.1]
S: 250-SIZE 157286400
S: 250-PIPELINING
S: 250-DSN
S: 250-ENHANCEDSTATUSCODES
S: 250-AUTH LOGIN XOAUTH2
S: 250-8BITMIME
S: 250-BINARYMIME
S: 250-CHUNKING
S: 250 SMTPUTF8
"""


async def play_smtp_in_clear(exchange: Exchange, dialogue: str, **values: str) -> None:
    """Plays a dialogue on a new SMTP connection, after the greeting."""
    async with Peer.connected(exchange.smtp_port, tls=False) as peer:
        await peer.play(SMTP_GREETING + dialogue, **values)


async def play_smtp(exchange: Exchange, dialogue: str, **values: str) -> None:
    """Plays a dialogue on a new SMTP connection that has come as far as AUTH: under TLS, after EHLO."""
    await play_smtp_in_clear(exchange, SMTP_STARTTLS + SMTP_HELLO + dialogue, **values)
