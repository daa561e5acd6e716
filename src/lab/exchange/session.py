"""Lines in and out of one connection, bounded in length and in time; the words that sessions share."""

import asyncio
import base64
import ssl
from contextlib import suppress
from typing import cast

MAX_LINE = 64 * 1024  # octets; the longest honest line carries a token, and those have a few thousand
MAX_ERRORS = 10  # Exchange hangs up on a client that made ten
# The server behind the proxy, an invented name. IMAP and POP greet with it, as base64 of UTF-16LE.
SERVER = "LB0P000CA0001.LABP000.PROD.MAILCHECK.EXAMPLE"
SERVER_TAG = base64.b64encode(SERVER.encode("utf-16-le")).decode()

# What asyncio raises on a connection whose other side is gone.
_GONE = (ConnectionError, ssl.SSLError, asyncio.IncompleteReadError)


def throttled(backoff: int | None) -> str:
    """What Exchange says to a client that must wait so many milliseconds, or some time that it does not name."""
    return "Request is throttled." + (f" Suggested Backoff Time: {backoff} milliseconds" if backoff else "")


class PeerGoneError(Exception):
    """The client left: there is nobody to answer."""


class UnreadableError(Exception):
    """The client is still there, but sent too much at once or nothing for too long."""


class SilenceError(UnreadableError):
    """Of the two, nothing for too long."""


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
        self._plain: asyncio.StreamWriter | None = None  # the one that TLS, if begun by command, goes through
        self._handshake = False

    @property
    def peer(self) -> str:
        """The client's address."""
        address: str = self._writer.get_extra_info("peername")[0]
        return address

    async def read_line(self, end: bytes = b"\n") -> bytes:
        """The next line without its CRLF (or bare LF, where the end is one).

        Args:
            end: What ends a line: LF with or without a CR before it, or nothing but CRLF.

        Raises:
            PeerGoneError: The connection has ended.
            UnreadableError: The line is too long, or did not come in time.
        """
        await self.flush()
        try:
            async with asyncio.timeout(self._idle):
                line = await self._reader.readuntil(end)
        except _GONE as error:
            raise PeerGoneError from error
        except asyncio.LimitOverrunError as error:
            raise UnreadableError from error
        except TimeoutError as error:
            raise SilenceError from error
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
            raise SilenceError from error

    async def wait(self, seconds: float) -> None:
        """Does nothing for a while; a client that leaves is noticed all the same.

        Raises:
            PeerGoneError: The connection has ended.
            UnreadableError: The client sent too much meanwhile.
        """
        if not seconds:
            return
        await self.flush()
        try:
            async with asyncio.timeout(seconds):
                await self._reader.readexactly(MAX_LINE)  # takes nothing away unless it is all there
        except TimeoutError:
            return
        except _GONE as error:
            raise PeerGoneError from error
        raise UnreadableError

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

    async def start_tls(self, context: ssl.SSLContext) -> None:
        """Sends what was written, then makes TLS of the connection; what came in clear and was not read is forgotten.

        Raises:
            PeerGoneError: The connection has ended, or the handshake failed or did not come to its end in time.
        """
        plain = cast(asyncio.Transport, self._writer.transport)
        plain.pause_reading()  # what comes from here on belongs to the handshake
        await self.flush()
        # A reader of its own: what the client had sent too early stays behind in the other (RFC 3207 section 6).
        reader = asyncio.StreamReader(limit=MAX_LINE)
        protocol = asyncio.StreamReaderProtocol(reader)
        loop = asyncio.get_running_loop()
        self._handshake = True
        try:
            transport = await loop.start_tls(
                plain, protocol, context, server_side=True, ssl_handshake_timeout=self._idle
            )
        except _GONE as error:
            raise PeerGoneError from error
        if transport is None:  # asyncio: the connection ended during the handshake
            raise PeerGoneError
        self._handshake = False
        protocol.connection_made(transport)
        self._plain = self._writer  # a writer that nobody holds closes its connection
        self._reader, self._writer = reader, asyncio.StreamWriter(transport, protocol, reader, loop)

    async def close(self) -> None:
        """Ends the connection; that it had ended before is no fault."""
        if self._handshake:  # that did not come to its end: the end of the connection is told to nobody who waits
            self._writer.transport.abort()
            return
        self._writer.close()
        with suppress(*_GONE, TimeoutError):  # the client need not answer the TLS closure alert
            await self._writer.wait_closed()
