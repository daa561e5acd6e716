"""A slow link: a TCP relay on loopback that delays each direction by a fixed time and counts round trips."""

import asyncio
import socket
import struct
from collections.abc import Callable
from contextlib import suppress

from tests.interop.relay import Relay

_CHUNK = 65_536
# Chunks under way in one direction before the sender is held back: far more than a mail conversation has.
_IN_FLIGHT = 4_096

# The loop time at which bytes reach the other side, and the bytes: empty for a half-close, None for a reset.
type _Lane = asyncio.Queue[tuple[float, bytes | None]]
type _Count = Callable[[bytes], None]


class DelayedLink(Relay):
    """Relays connections to a port on 127.0.0.1; what enters on one side leaves on the other `delay` seconds later.

    `async with DelayedLink(port, delay=0.020) as link:` is a link of 40 ms round trip at `link.port`. Order,
    half-closes and resets are kept; the event loop's timer makes bytes up to 1 ms late. Bandwidth is not limited. The
    client's TCP handshake ends at the relay and costs nothing; the server sees the connection one delay later, and a
    server that speaks first is therefore heard after a whole round trip.

    Attributes:
        round_trips: How often a client sent bytes after bytes from the server had reached it: how often it waited.
            Summed over connections. A client that sends while an answer is still arriving is counted too often.
        bytes_sent: Bytes from clients to the server.
        bytes_received: Bytes from the server to clients.
    """

    def __init__(self, target_port: int, delay: float) -> None:
        """Opens nothing yet; `delay` is one way, in seconds."""
        super().__init__(target_port)
        self.delay = delay
        self.round_trips = 0
        self.bytes_sent = 0
        self.bytes_received = 0

    async def _relay(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        await _Connection(self).run(client, to_client)


class _Connection:
    def __init__(self, link: DelayedLink) -> None:
        self._link = link
        self._heard = False  # bytes of the server have reached the client since it last sent some

    async def run(self, client_reader: asyncio.StreamReader, client_writer: asyncio.StreamWriter) -> None:
        """Relays until both directions have ended, or one side resets."""
        up: _Lane = asyncio.Queue(_IN_FLIGHT)
        down: _Lane = asyncio.Queue(_IN_FLIGHT)
        writers = [client_writer]
        orderly = False
        try:
            async with asyncio.TaskGroup() as directions:
                # Before the server is reached: the time at which bytes enter the link counts.
                directions.create_task(self._enter(client_reader, up, self._count_sent))
                await asyncio.sleep(self._link.delay)
                server_reader, server_writer = await asyncio.open_connection("127.0.0.1", self._link.target_port)
                writers.append(server_writer)
                directions.create_task(self._leave(up, server_writer))
                directions.create_task(self._enter(server_reader, down))
                directions.create_task(self._leave(down, client_writer, self._count_received))
            orderly = True
        except* ConnectionError:  # a reset of one side, or nobody at the target port, resets both sides
            pass
        finally:
            for writer in writers:
                if orderly:
                    writer.close()
                else:
                    reset(writer)

    async def _enter(self, reader: asyncio.StreamReader, lane: _Lane, count: _Count = lambda _: None) -> None:
        loop = asyncio.get_running_loop()
        end: bytes | None = b""
        try:
            while data := await reader.read(_CHUNK):
                count(data)
                await lane.put((loop.time() + self._link.delay, data))
        except ConnectionError:  # travels behind what was sent before it
            end = None
        await lane.put((loop.time() + self._link.delay, end))

    async def _leave(self, lane: _Lane, writer: asyncio.StreamWriter, count: _Count = lambda _: None) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due, data = await lane.get()
            await asyncio.sleep(due - loop.time())
            if data is None:
                raise ConnectionResetError
            if not data:
                with suppress(OSError):  # the other side has reset the connection and needs no end of it
                    writer.write_eof()
                return
            count(data)
            writer.write(data)
            await writer.drain()

    def _count_sent(self, data: bytes) -> None:
        self._link.bytes_sent += len(data)
        self._link.round_trips += self._heard
        self._heard = False

    def _count_received(self, data: bytes) -> None:
        self._link.bytes_received += len(data)
        self._heard = True


def reset(writer: asyncio.StreamWriter) -> None:
    """Resets a connection; one that the other side's reset has closed already stays closed."""
    # Without SO_LINGER 0 the other side would see an orderly end.
    with suppress(OSError):
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
