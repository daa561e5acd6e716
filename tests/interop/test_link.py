"""The slow link that benchmarks measure over: its delay, its counters, and that it changes nothing else."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import pytest

from tests.interop.link import DelayedLink, reset
from tests.stalls import undisturbed

type Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

_DELAY = 0.050  # seconds one way: far above what a busy machine adds to a loopback exchange
_DEADLINE = 10


@asynccontextmanager
async def _server(talk: Talk) -> AsyncIterator[int]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await talk(reader, writer)
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


@asynccontextmanager
async def _client(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    async with asyncio.timeout(_DEADLINE):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            yield reader, writer
        finally:
            writer.close()


async def _echo_lines(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while line := await reader.readline():
        writer.write(line)


async def _greet_then_echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"* OK\r\n")
    await _echo_lines(reader, writer)


async def _count_until_end(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"%d" % len(await reader.read(-1)))


async def _reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readline()
    writer.write(b"* BYE\r\n")
    # A close with SO_LINGER 0 is a reset, and it would overtake bytes that are still in the send buffer.
    await writer.drain()
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


async def test_an_answer_takes_one_delay_each_way() -> None:
    """A line and its echo cross the link in two delays, the first as well as the second."""
    async with _server(_echo_lines) as port, DelayedLink(port, _DELAY) as link:
        first, second = await undisturbed(lambda: _echoes(link.port), _DELAY / 2)
    assert 2 * _DELAY - 0.001 <= first < 3 * _DELAY
    assert 2 * _DELAY - 0.001 <= second < 3 * _DELAY


async def _echoes(port: int) -> tuple[float, float]:
    """Seconds that a line and its echo take, twice on one connection."""
    loop, took = asyncio.get_running_loop(), list[float]()
    async with _client(port) as (reader, writer):
        for _ in range(2):
            start = loop.time()
            writer.write(b"a1 NOOP\r\n")
            await reader.readline()
            took.append(loop.time() - start)
    return took[0], took[1]


async def test_a_greeting_takes_a_whole_round_trip() -> None:
    """A server that speaks first is heard two delays after the connection, as on a real link."""
    loop = asyncio.get_running_loop()
    async with _server(_greet_then_echo) as port, DelayedLink(port, _DELAY) as link:
        start = loop.time()
        async with _client(link.port) as (reader, _):
            await reader.readline()
        assert loop.time() - start >= 2 * _DELAY - 0.001


@pytest.mark.parametrize(
    "flights, round_trips",
    [
        pytest.param([1], 1, id="one command after the greeting"),
        pytest.param([1, 1, 1], 3, id="each command waits for the answer before"),
        pytest.param([3], 1, id="three commands in one flight"),
    ],
)
async def test_round_trips_are_how_often_the_client_waited(flights: list[int], round_trips: int) -> None:
    """Waiting for the greeting is one round trip, and each answer that is waited for before sending on is another."""
    async with (
        _server(_greet_then_echo) as port,
        DelayedLink(port, 0.001) as link,
        _client(link.port) as (reader, writer),
    ):
        await reader.readline()
        for commands in flights:
            writer.write(b"a1 NOOP\r\n" * commands)
            for _ in range(commands):
                await reader.readline()
        assert link.round_trips == round_trips


async def test_bytes_arrive_complete_and_in_order() -> None:
    """A megabyte in uneven pieces comes back as it was sent, and both counters say how much it was."""
    pieces = [bytes([number % 256]) * (number * 37 % 4096) + b"\n" for number in range(512)]
    sent = b"".join(pieces)
    async with _server(_echo_lines) as port, DelayedLink(port, 0.002) as link, _client(link.port) as (reader, writer):

        async def send() -> None:
            for piece in pieces:
                writer.write(piece)
                await writer.drain()

        _, received = await asyncio.gather(send(), reader.readexactly(len(sent)))
        assert received == sent
        assert (link.bytes_sent, link.bytes_received) == (len(sent), len(sent))


async def test_a_half_close_crosses_the_link() -> None:
    """A client that has ended its own direction still gets the answer, and then the end of the server's."""
    async with (
        _server(_count_until_end) as port,
        DelayedLink(port, 0.001) as link,
        _client(link.port) as (reader, writer),
    ):
        writer.write(b"x" * 10_000)
        writer.write_eof()
        assert await reader.read(-1) == b"10000"


async def test_a_reset_reaches_the_client() -> None:
    """A server that resets the connection resets it for the client too."""
    async with _server(_reset) as port, DelayedLink(port, 0.001) as link, _client(link.port) as (reader, writer):
        writer.write(b"a1 NOOP\r\n")
        with pytest.raises(ConnectionResetError):
            await reader.read(-1)


async def test_nobody_at_the_target_resets_the_client() -> None:
    """A port where nothing listens shows as a reset: the relay had to accept before it could know."""
    async with _server(_echo_lines) as port:
        pass
    async with DelayedLink(port, 0.001) as link, _client(link.port) as (reader, _):
        with pytest.raises(ConnectionResetError):
            await reader.read(1)


async def test_leaving_the_link_resets_open_connections() -> None:
    """Leaving resets what is still connected instead of waiting for it."""
    async with _server(_greet_then_echo) as port, asyncio.timeout(_DEADLINE):
        async with DelayedLink(port, 0.001) as link:
            reader, writer = await asyncio.open_connection("127.0.0.1", link.port)
            await reader.readline()
        with pytest.raises(ConnectionResetError):
            await reader.read(1)
        writer.close()


async def test_a_connection_that_is_gone_can_be_reset() -> None:
    """When the other side's reset has closed the socket already, there is nothing to do and nothing to complain of."""
    async with await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0) as server:
        _, writer = await asyncio.open_connection("127.0.0.1", server.sockets[0].getsockname()[1])
        writer.transport.abort()
        with suppress(ConnectionError):
            await writer.wait_closed()
        reset(writer)
