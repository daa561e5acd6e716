"""The server's end of a connection in full command: every packet, the TLS below the words, and how it ends.

asyncio's streams hide what these tests are about: which bytes share a packet, a reset, one direction that ends while
the other goes on, bytes in clear in the middle of TLS.
"""

import asyncio
import socket
import ssl
import struct
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import NoReturn, Self

_CHUNK = 16 * 1024
_LINGER = struct.pack("ii", 1, 0)  # on, for 0 s: closing is a reset


class Over(Exception):  # noqa: N818 - no error: it ends a server's script
    """There is nothing left to say on this connection."""


class Line:
    """One accepted connection, in clear until `start_tls`.

    Attributes:
        piece: Bytes in one packet, and in one TLS record; 0: as they come.
        pause: Seconds between two pieces.
    """

    def __init__(self, sock: socket.socket) -> None:
        self.piece = 0
        self.pause = 0.0
        self._socket = sock
        self._loop = asyncio.get_running_loop()
        self._tls: ssl.SSLObject | None = None
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._unread = bytearray()

    async def start_tls(self, context: ssl.SSLContext) -> None:
        """Shake hands as the server; a handshake that fails is told to the client, and ends the script."""
        tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        try:
            await self._feeding(tls.do_handshake)
        except ssl.SSLError:
            await self.send_raw(self._outgoing.read())  # the alert
            raise
        await self.send_raw(self._outgoing.read())
        self._tls = tls

    async def send(self, data: bytes) -> None:
        """Send these bytes, protected once there is TLS."""
        if self._tls is None:
            await self.send_raw(data)
            return
        for piece in self._pieces(data):
            self._tls.write(piece)
            await self.send_raw(self._outgoing.read())

    async def send_raw(self, data: bytes) -> None:
        """Send these bytes as they are, below TLS."""
        for piece in self._pieces(data):
            await self._loop.sock_sendall(self._socket, piece)
            if self.piece:
                await asyncio.sleep(self.pause)

    async def read_line(self) -> bytes:
        """The client's next line, without its end."""
        while (end := self._unread.find(b"\n")) < 0:
            await self._read_more()
        line = await self.read_exactly(end + 1)
        return line.rstrip(b"\r\n")

    async def read_exactly(self, count: int) -> bytes:
        """Exactly so many bytes."""
        while len(self._unread) < count:
            await self._read_more()
        taken = bytes(self._unread[:count])
        del self._unread[:count]
        return taken

    async def read_some(self) -> None:
        """Wait until the client has sent something, below TLS."""
        await self._receive()

    async def hold(self) -> NoReturn:
        """Say nothing more, until the client leaves."""
        while True:
            await self._receive()

    def reset(self) -> NoReturn:
        """End both directions at once (RST)."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER)
        self._socket.close()
        raise Over

    async def half_close(self) -> NoReturn:
        """End our direction (FIN, without TLS's close_notify), and go on to listen."""
        with suppress(OSError):  # the client has reset the connection meanwhile
            self._socket.shutdown(socket.SHUT_WR)
        await self.hold()

    async def close(self) -> NoReturn:
        """Say goodbye as TLS wants it, and end our direction; go on to listen, so that no RST overtakes the words."""
        if self._tls is not None:
            with suppress(ssl.SSLError):  # it would like to read the client's close_notify
                self._tls.unwrap()
            await self.send_raw(self._outgoing.read())
        await self.half_close()

    def _pieces(self, data: bytes) -> Iterator[bytes]:
        size = self.piece or len(data) or 1
        return (data[at : at + size] for at in range(0, len(data), size))

    async def _read_more(self) -> None:
        if self._tls is None:
            self._unread += await self._receive()
            return
        tls = self._tls
        data = await self._feeding(lambda: tls.read(_CHUNK))
        if not data:  # close_notify
            raise Over
        self._unread += data

    async def _feeding[T](self, operation: Callable[[], T]) -> T:
        while True:
            with suppress(ssl.SSLWantReadError):
                return operation()
            await self.send_raw(self._outgoing.read())
            self._incoming.write(await self._receive())

    async def _receive(self) -> bytes:
        data = await self._loop.sock_recv(self._socket, _CHUNK)
        if not data:
            raise Over
        return data


class Server:
    """Plays a script to each client on a port of 127.0.0.1, any number of times and at the same time.

    A client that leaves in the middle is what these tests are about; any other exception of the script is raised where
    the server is left.

    Attributes:
        port: Where it listens.
        connections: How many clients have come.
    """

    def __init__(self, script: Callable[[Line], Awaitable[None]]) -> None:
        self.port = 0
        self.connections = 0
        self._script = script
        self._talks: set[asyncio.Task[None]] = set()
        self._errors: list[Exception] = []

    async def __aenter__(self) -> Self:
        self._listener = _fresh()
        self._listener.setblocking(False)
        self.port = self._listener.getsockname()[1]
        self._accepting = asyncio.create_task(self._accept())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        tasks = [self._accepting, *self._talks]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._listener.close()
        if self._errors:
            raise ExceptionGroup("the server's own script failed", self._errors)

    async def _accept(self) -> None:
        while True:
            sock, _ = await asyncio.get_running_loop().sock_accept(self._listener)
            self.connections += 1
            talk = asyncio.create_task(self._serve(sock))
            self._talks.add(talk)
            talk.add_done_callback(self._talks.discard)

    async def _serve(self, sock: socket.socket) -> None:
        with sock:
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            try:
                await self._script(Line(sock))
            except (Over, ConnectionError, ssl.SSLError):
                pass
            except Exception as error:  # noqa: BLE001 - raised again where the server is left
                self._errors.append(error)


# Below the ports that Linux gives to who asks for any (ip_local_port_range), as every other server of these tests does.
_PORTS = iter(range(15_000, 32_000))


def _fresh() -> socket.socket:
    """Listens on a port that no server of this process had before.

    Key Vault's SDK remembers for the life of the process which challenge it met at an address, and skips it later.
    """
    for port in _PORTS:
        with suppress(OSError):  # somebody else's
            return socket.create_server(("127.0.0.1", port), backlog=64)
    raise AssertionError("every port has been used")


@contextmanager
def nobody() -> Iterator[int]:
    """A port of 127.0.0.1 that refuses connections."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]


@contextmanager
def black_hole() -> Iterator[int]:
    """A port of 127.0.0.1 whose connections come to nothing: the queue of the one who listens is full."""
    with socket.socket() as listener, socket.socket() as first:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        first.connect(listener.getsockname())
        yield listener.getsockname()[1]
