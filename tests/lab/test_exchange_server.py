"""The server as a whole: its TLS, its bounds on lines and on silence, and how it stops."""

import asyncio
import errno
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from lab.exchange.protocols import Protocol
from lab.exchange.server import Exchange
from lab.exchange.session import MAX_LINE
from tests.lab.exchange_kit import DEADLINE, SMTP_GREETING, SMTP_STARTTLS, Peer, new_exchange

IMAP_BYE = "S: * BYE Connection closed. 14\nS: <closed>"
SMTP_LINE = "S: 500 5.5.2 Line too long [...]\nS: <closed>"
SMTP_SILENCE = "S: 451 4.7.0 Timeout waiting for client input [...]\nS: <closed>"
UP_TO_TLS = SMTP_STARTTLS.removesuffix("TLS\n")
POP_BYE = "S: -ERR Protocol error. Connection is closed. 10\nS: <closed>"


def port_of(exchange: Exchange, protocol: Protocol) -> int:
    """The port where a running server speaks this protocol."""
    return {
        Protocol.IMAP: exchange.imap_port,
        Protocol.POP: exchange.pop_port,
        Protocol.SMTP: exchange.smtp_port,
    }[protocol]


@asynccontextmanager
async def connected(exchange: Exchange, protocol: Protocol, trust: ssl.SSLContext | None = None) -> AsyncIterator[Peer]:
    """A client that is connected as the protocol begins: SMTP in clear."""
    async with Peer.connected(port_of(exchange, protocol), tls=protocol is not Protocol.SMTP, trust=trust) as peer:
        yield peer


@pytest.mark.parametrize(
    "protocol, bye", [(Protocol.IMAP, IMAP_BYE), (Protocol.POP, POP_BYE), (Protocol.SMTP, SMTP_LINE)]
)
async def test_a_line_without_end(protocol: Protocol, bye: str) -> None:
    """A line longer than the bound ends the session with the protocol's last word."""
    async with new_exchange() as exchange, connected(exchange, protocol) as peer:
        await peer.line()
        await peer.send(b"a" * (MAX_LINE + 2))
        await peer.play(bye)


@pytest.mark.parametrize("literal", ["{65537}", "{65537+}", "{9999999999}", "{40000+}"])
async def test_a_huge_literal(literal: str) -> None:
    """A command whose literals pass the bound ends the session before they are read."""
    async with new_exchange() as exchange, Peer.connected(exchange.imap_port) as peer:
        await peer.line()
        if literal == "{40000+}":  # two of them are too many
            await peer.send(b"a ID {40000+}\r\n" + b"x" * 40000)
        else:
            await peer.send(b"a ID")
        await peer.send(f" {literal}\r\n".encode())
        await peer.play(IMAP_BYE)


@pytest.mark.parametrize(
    "protocol, bye", [(Protocol.IMAP, IMAP_BYE), (Protocol.POP, POP_BYE), (Protocol.SMTP, SMTP_SILENCE)]
)
async def test_silence(protocol: Protocol, bye: str) -> None:
    """Who says nothing for too long is sent away."""
    async with new_exchange(idle=0.05) as exchange, connected(exchange, protocol) as peer:
        await peer.line()
        await peer.play(bye)


async def test_silence_inside_a_literal() -> None:
    """The bound on silence holds for the body of a literal too."""
    async with new_exchange(idle=0.5) as exchange, Peer.connected(exchange.imap_port) as peer:
        await peer.line()
        await peer.send(b"a ID {9}\r\n123")
        await peer.play("S: + Ready for additional command text.\n" + IMAP_BYE)


@pytest.mark.parametrize("protocol", Protocol)
@pytest.mark.parametrize("said", [b"", b"a", b"a ID {9}\r\n123"])
async def test_a_client_that_vanishes(protocol: Protocol, said: bytes) -> None:
    """A client that leaves in the middle of anything does no harm to the next one."""
    async with new_exchange() as exchange:
        async with connected(exchange, protocol) as peer:
            await peer.line()
            await peer.send(said)
        async with connected(exchange, protocol) as peer:
            assert "ready" in await peer.line()


@pytest.mark.parametrize("protocol", Protocol)
async def test_stop_ends_open_sessions(protocol: Protocol) -> None:
    """Stopping ends sessions and half-made connections at once, leaves no task behind and frees the ports."""
    before = asyncio.all_tasks()
    exchange = new_exchange()
    await exchange.start()
    port = port_of(exchange, protocol)
    _, half_made = await asyncio.open_connection("127.0.0.1", port)
    async with connected(exchange, protocol) as peer:
        await peer.line()
        async with asyncio.timeout(5):
            await exchange.stop()
        assert await peer.line() == "<closed>"
    half_made.transport.abort()
    assert asyncio.all_tasks() == before
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", port)


def client_hello(version: bytes) -> bytes:
    """A ClientHello of this version (RFC 5246 section 7.4.1): OpenSSL makes none older than TLS 1.2 any more."""

    def vector(data: bytes, octets: int = 2) -> bytes:
        return len(data).to_bytes(octets) + data

    ciphers = bytes.fromhex("c02f c013 002f")  # ECDHE with AES-GCM for TLS 1.2, and AES-CBC for what is older
    extensions = b"".join(
        bytes.fromhex(number) + vector(vector(bytes.fromhex(value)))
        for number, value in (("000a", "0017 0018"), ("000d", "0804 0401 0201"))  # groups, signature algorithms
    )
    body = version + bytes(32) + vector(b"", 1) + vector(ciphers) + vector(b"\x00", 1) + vector(extensions)
    return b"\x16\x03\x01" + vector(b"\x01" + vector(body, 3))


@pytest.mark.parametrize("protocol", Protocol)
@pytest.mark.parametrize("version, answered", [(b"\x03\x03", True), (b"\x03\x02", False), (b"\x03\x01", False)])
async def test_tls_is_1_2_or_newer(protocol: Protocol, version: bytes, answered: bool) -> None:
    """A client that speaks TLS 1.2 gets a handshake; one that speaks 1.1 or 1.0 is hung up on."""
    async with new_exchange() as exchange:
        reader, writer = await asyncio.open_connection("127.0.0.1", port_of(exchange, protocol))
        if protocol is Protocol.SMTP:
            writer.write(b"EHLO client.example\r\nSTARTTLS\r\n")
            async with asyncio.timeout(DEADLINE):
                await reader.readuntil(b"SMTP server ready\r\n")
        writer.write(client_hello(version))
        async with asyncio.timeout(DEADLINE):
            record = await reader.read(1)
        writer.transport.abort()
    assert record == (b"\x16" if answered else b"")  # asyncio drops the alert that says why


async def test_a_start_that_fails_opens_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """When the second port cannot be had, the first is given back."""
    opened: list[asyncio.Server] = []
    real = asyncio.start_server

    async def one_only(*arguments: Any, **options: Any) -> asyncio.Server:  # noqa: ANN401 - asyncio's own
        if opened:
            raise OSError(errno.EMFILE, "Too many open files")
        opened.append(await real(*arguments, **options))
        return opened[0]

    monkeypatch.setattr(asyncio, "start_server", one_only)
    with pytest.raises(OSError, match="Too many open files"):
        await new_exchange().start()
    assert not opened[0].is_serving()


@pytest.mark.parametrize("protocol", Protocol)
async def test_strangers_to_the_authority_are_not_served(protocol: Protocol) -> None:
    """A client that does not trust the lab's authority cannot connect, and the server goes on."""

    async def connect(exchange: Exchange, trust: ssl.SSLContext) -> None:
        async with connected(exchange, protocol, trust) as peer:
            await peer.play(SMTP_GREETING + SMTP_STARTTLS)

    async with new_exchange() as exchange:
        with pytest.raises(ssl.SSLCertVerificationError):
            await connect(exchange, ssl.create_default_context())
        async with connected(exchange, protocol) as peer:
            assert "ready" in await peer.line()


async def test_stop_ends_a_handshake() -> None:
    """Stopping does not wait for a client that was told to begin TLS and has not."""
    async with new_exchange() as exchange, connected(exchange, Protocol.SMTP) as peer:
        await peer.play(SMTP_GREETING + UP_TO_TLS)
        async with asyncio.timeout(5):
            await exchange.stop()
        await peer.play("S: <closed>")


async def test_half_a_handshake() -> None:
    """A client that falls silent behind STARTTLS is let go, and so is one that leaves there."""
    async with new_exchange(idle=0.2) as exchange:
        for leaves in (False, True):
            async with connected(exchange, Protocol.SMTP) as peer:
                await peer.play(SMTP_GREETING + UP_TO_TLS)
                if not leaves:
                    await peer.play("S: <closed>")
        async with connected(exchange, Protocol.SMTP) as peer:
            await peer.play(SMTP_GREETING + SMTP_STARTTLS)


async def test_no_handshake_but_words() -> None:
    """A client that goes on in clear behind the answer to STARTTLS is hung up on."""
    async with new_exchange() as exchange, connected(exchange, Protocol.SMTP) as peer:
        await peer.play(SMTP_GREETING + UP_TO_TLS)
        await peer.send(b"EHLO client.example\r\n")
        await peer.play("S: <closed>")
