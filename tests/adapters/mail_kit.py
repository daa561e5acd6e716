"""Tiny mail servers on loopback, and short dialogues to have with them."""

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from mailcheck.adapters.transport import MailTransport
from mailcheck.model.evidence import Evidence, Stage
from mailcheck.model.request import Endpoint, MailProtocol
from mailcheck.model.secret import Secret
from mailcheck.protocol.effects import Conversation, Dialogue, Enter, ReadExactly, ReadLine

PATIENCE = 5.0  # seconds, for talks that end by themselves

type Script = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Peer:
    """A server as a test sees it: where it is, what its last client sent after the script, whether that one left."""

    endpoint: Endpoint
    arrived: bytearray = field(default_factory=bytearray)
    left: asyncio.Event = field(default_factory=asyncio.Event)
    connections: int = 0


@asynccontextmanager
async def serving(script: Script, context: ssl.SSLContext | None = None) -> AsyncGenerator[Peer]:
    """A server that plays the script to each client, then takes in what comes until the client leaves."""
    peer = Peer(Endpoint("127.0.0.1", 0))

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer.connections += 1
        try:
            await script(reader, writer)
            peer.arrived += await reader.read()
        except (OSError, asyncio.IncompleteReadError):
            pass  # the client left in the middle, as some of these tests want it
        finally:
            writer.transport.abort()
            peer.left.set()

    server = await asyncio.start_server(serve, peer.endpoint.host, 0, ssl=context)
    peer.endpoint = Endpoint(*server.sockets[0].getsockname())
    try:
        yield peer
    finally:
        server.close()
        server.abort_clients()
        await server.wait_closed()


def saying(*chunks: bytes) -> Script:
    """A script that sends these chunks, whatever the client does."""

    async def script(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for chunk in chunks:
            writer.write(chunk)
            await writer.drain()

    return script


def answering(*lines: bytes) -> Script:
    """A script that sends the first line, and one more for each line from the client."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(lines[0])
        for line in lines[1:]:
            await reader.readline()
            writer.write(line)

    return script


async def resetting(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A script that says half a line and resets the connection."""
    writer.write(b"* OK hal")
    linger = struct.pack("ii", 1, 0)  # on, for 0 s: closing is a reset
    writer.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    writer.transport.abort()


async def closing(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A script that says half a line and closes, as TLS wants it: with close_notify."""
    writer.write(b"* OK hal")
    writer.close()


async def half_closing(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A script that says half a line and ends its side of the TCP connection, while it goes on to listen."""
    writer.write(b"* OK hal")
    writer.transport.get_extra_info("socket").shutdown(socket.SHUT_WR)


def read(lines: int = 1, literal: int = 0) -> Dialogue[bytes | Evidence]:
    """A dialogue that reads so many lines, then a literal of so many bytes, and returns what it read last."""
    yield Enter(Stage.GREETING)
    last = b""
    for _ in range(lines):
        last = yield ReadLine()
    if literal:
        last = yield ReadExactly(literal)
    return last


async def talk(
    transport: MailTransport,
    endpoint: Endpoint,
    dialogue: Dialogue[bytes | Evidence],
    *,
    patience: float = PATIENCE,
    starttls: bool = False,
    version: int | None = None,
    secrets: tuple[Secret[str], ...] = (),
) -> Conversation[bytes]:
    """One conversation by IMAP that has so many seconds."""
    deadline = asyncio.get_running_loop().time() + patience
    return await transport.converse(
        endpoint, MailProtocol.IMAP, dialogue, deadline=deadline, starttls=starttls, version=version, secrets=secrets
    )


def evidence(conversation: Conversation[bytes]) -> Evidence:
    """The evidence that this conversation ended with."""
    assert isinstance(conversation.outcome, Evidence), conversation
    return conversation.outcome
