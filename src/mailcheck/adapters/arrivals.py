"""What arrives on a connected socket, for the one who waits for it.

`loop.sock_recv` sets a socket up for waiting and down again each time: with fifty checks in flight, a twelfth of a
check's CPU. Here it is set up once. Nothing is read while nobody waits: what comes then stays with the kernel, which
holds the peer back.
"""

import asyncio
import socket


class Arrivals:
    """The bytes from one connected, non-blocking socket; one waits at a time, and `close` comes before the socket's."""

    def __init__(self, sock: socket.socket) -> None:
        self._loop = asyncio.get_running_loop()
        self._socket = sock
        self._watched = False
        self._waiting: asyncio.Future[bytes] | None = None
        self._limit = 0

    async def receive(self, limit: int) -> bytes:
        """The next bytes, at most so many; none at the end of the stream. Ends at once when cancelled.

        Raises:
            OSError: the connection is broken.
        """
        if not self._watched:
            try:
                self._loop.add_reader(self._socket, self._readable)
            except NotImplementedError:  # asyncio's loop for Windows, which has other means
                return await self._loop.sock_recv(self._socket, limit)
            self._watched = True
        self._limit = limit
        self._waiting = self._loop.create_future()
        try:
            return await self._waiting
        finally:
            self._waiting = None

    def close(self) -> None:
        """Leave the socket alone."""
        if self._watched:
            self._watched = not self._loop.remove_reader(self._socket)

    def _readable(self) -> None:
        if self._waiting is None or self._waiting.done():
            self.close()
            return
        try:
            data = self._socket.recv(self._limit)
        except BlockingIOError:  # it only seemed so
            return
        except OSError as error:
            self._waiting.set_exception(error)
        else:
            self._waiting.set_result(data)
