"""The server as a whole: its TLS, its bounds on lines and on silence, and how it stops."""

import asyncio
import ssl
from typing import cast

import pytest
from tests.lab.exchange_kit import Peer, new_exchange

from lab.exchange.access import Protocol
from lab.exchange.server import Exchange
from lab.exchange.session import MAX_LINE

IMAP_BYE = "S: * BYE Connection closed. 14\nS: <closed>"
POP_BYE = "S: -ERR Protocol error. Connection is closed. 10\nS: <closed>"


def port_of(exchange: Exchange, protocol: Protocol) -> int:
    """The port where a running server speaks this protocol."""
    return exchange.imap_port if protocol is Protocol.IMAP else exchange.pop_port


@pytest.mark.parametrize("protocol, bye", [(Protocol.IMAP, IMAP_BYE), (Protocol.POP, POP_BYE)])
async def test_a_line_without_end(protocol: Protocol, bye: str) -> None:
    """A line longer than the bound ends the session with the protocol's last word."""
    async with new_exchange() as exchange, Peer.connected(port_of(exchange, protocol)) as peer:
        await peer.line()
        await peer.send(b"a" * (MAX_LINE + 1))
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


@pytest.mark.parametrize("protocol, bye", [(Protocol.IMAP, IMAP_BYE), (Protocol.POP, POP_BYE)])
async def test_silence(protocol: Protocol, bye: str) -> None:
    """Who says nothing for too long is sent away."""
    async with new_exchange(idle=0.05) as exchange, Peer.connected(port_of(exchange, protocol)) as peer:
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
        async with Peer.connected(port_of(exchange, protocol)) as peer:
            await peer.line()
            await peer.send(said)
        async with Peer.connected(port_of(exchange, protocol)) as peer:
            assert "is ready" in await peer.line()


@pytest.mark.parametrize("protocol", Protocol)
async def test_stop_ends_open_sessions(protocol: Protocol) -> None:
    """Stopping ends sessions and half-made connections at once, leaves no task behind and frees the ports."""
    before = asyncio.all_tasks()
    exchange = new_exchange()
    await exchange.start()
    port = port_of(exchange, protocol)
    _, half_made = await asyncio.open_connection("127.0.0.1", port)
    async with Peer.connected(port) as peer:
        await peer.line()
        async with asyncio.timeout(5):
            await exchange.stop()
        assert await peer.line() == "<closed>"
    half_made.transport.abort()
    assert asyncio.all_tasks() == before
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", port)


@pytest.mark.parametrize("protocol", Protocol)
async def test_tls_from_the_first_octet(protocol: Protocol) -> None:
    """The certificate is good for the address, and the version is TLS 1.2 or newer."""
    async with new_exchange() as exchange, Peer.connected(port_of(exchange, protocol)) as peer:
        tls = cast("ssl.SSLObject", peer.extra_info("ssl_object"))
        assert tls.version() in {"TLSv1.2", "TLSv1.3"}


@pytest.mark.parametrize("protocol", Protocol)
async def test_strangers_to_the_authority_are_not_served(protocol: Protocol) -> None:
    """A client that does not trust the lab's authority cannot connect, and the server goes on."""
    async with new_exchange() as exchange:
        port = port_of(exchange, protocol)
        with pytest.raises(ssl.SSLCertVerificationError):
            await asyncio.open_connection("127.0.0.1", port, ssl=ssl.create_default_context())
        async with Peer.connected(port) as peer:
            assert "is ready" in await peer.line()
