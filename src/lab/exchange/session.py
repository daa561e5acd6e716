"""Lines in and out of one connection, bounded in length and in time; the words that IMAP and POP sessions share."""

import asyncio
import base64
import ssl
from contextlib import suppress

MAX_LINE = 64 * 1024  # octets; the longest honest line carries a token, and those have a few thousand
MAX_ERRORS = 10  # Exchange hangs up on a client that made ten
# Exchange puts the name of the server behind the proxy into its greeting, as base64 of UTF-16LE. This one is invented.
SERVER_TAG = base64.b64encode("LB0P000CA0001.LABP000.PROD.MAILCHECK.EXAMPLE".encode("utf-16-le")).decode()

# What asyncio raises on a connection whose other side is gone.
_GONE = (ConnectionError, ssl.SSLError, asyncio.IncompleteReadError)


class PeerGoneError(Exception):
    """The client left: there is nobody to answer."""


class UnreadableError(Exception):
    """The client is still there, but sent too much at once or nothing for too long."""


class Lines:
    """The lines of one connection. What is written waits for `flush`, so that one answer is one TLS record."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, idle: float) -> None:
        """Takes both halves of a connection.

        Args:
            reader: Made with a limit of MAX_LINE.
            writer: The other half.
            idle: Seconds that the client may be silent.
        """
        self._reader = reader
        self._writer = writer
        self._idle = idle
        self._pending: list[bytes] = []

    async def read_line(self) -> bytes:
        """The next line without its CRLF (or bare LF).

        Raises:
            PeerGoneError: The connection has ended.
            UnreadableError: The line is too long, or did not come in time.
        """
        await self.flush()
        try:
            async with asyncio.timeout(self._idle):
                line = await self._reader.readuntil(b"\n")
        except _GONE as error:
            raise PeerGoneError from error
        except (asyncio.LimitOverrunError, TimeoutError) as error:
            raise UnreadableError from error
        return line.removesuffix(b"\n").removesuffix(b"\r")

    async def read_octets(self, count: int) -> bytes:
        """Exactly this many octets: the body of a literal.

        Raises:
            PeerGoneError: The connection has ended.
            UnreadableError: They did not come in time.
        """
        await self.flush()
        try:
            async with asyncio.timeout(self._idle):
                return await self._reader.readexactly(count)
        except _GONE as error:
            raise PeerGoneError from error
        except TimeoutError as error:
            raise UnreadableError from error

    def write(self, *lines: str | bytes) -> None:
        """Queues lines; CRLF is added to each."""
        for line in lines:
            self._pending += (line.encode("ascii") if isinstance(line, str) else line, b"\r\n")

    async def flush(self) -> None:
        """Sends what was written.

        Raises:
            PeerGoneError: The connection has ended.
        """
        data = b"".join(self._pending)
        self._pending.clear()
        if not data:
            return
        try:
            self._writer.write(data)
            async with asyncio.timeout(self._idle):
                await self._writer.drain()
        except (*_GONE, TimeoutError) as error:
            raise PeerGoneError from error

    async def close(self) -> None:
        """Ends the connection; that it had ended before is no fault."""
        self._writer.close()
        with suppress(*_GONE, TimeoutError):  # the client need not answer the TLS closure alert
            await self._writer.wait_closed()
