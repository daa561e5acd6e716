"""The only mail socket: it opens a connection in visible steps and drives one dialogue over it.

The dialogue says what to send and to read (protocol/effects.py), OpenSSL works on memory buffers, and all waiting is
done in four calls: the resolver's in a thread (addresses.py), the loop's sock_connect and sock_sendall, and the one for
what arrives (arrivals.py). Each wait ends at once when cancelled, so closing the socket is all the tidying up there is.
asyncio's own TLS would allocate 256 KiB for each connection and wait for the peer's close_notify.
"""

import asyncio
import os
import socket
import ssl
from collections.abc import Callable
from contextlib import closing, suppress
from functools import partial
from typing import cast

from mailcheck.adapters.addresses import Address, Resolve, Resolver
from mailcheck.adapters.arrivals import Arrivals
from mailcheck.adapters.faults import fault_in
from mailcheck.adapters.record import Record
from mailcheck.model.evidence import Evidence, Fault, Stage
from mailcheck.model.request import Endpoint, MailProtocol
from mailcheck.model.secret import Secret
from mailcheck.protocol.effects import Conversation, Dialogue, Enter, ReadExactly, ReadLine, Send, StartTls

# A server may send what it likes for as long as it likes; past these bounds we stop listening.
LINE_LIMIT = 64 * 1024  # octets: eight times what IMAP asks of the longest command lines (RFC 7162 section 4)
LITERAL_LIMIT = 64 * 1024  # octets: the literals of a LIST are folder names
LINES_LIMIT = 20_000  # a line for each folder, of more folders than anyone can use
TOTAL_LIMIT = 8 * 1024 * 1024  # octets on the wire, TLS included: 20,000 lines of 400
_CHUNK = 16 * 1024  # octets in one read: a TLS record holds no more (RFC 8446 section 5.1)


class MailTransport:
    """Drives dialogues with mail servers, each over a connection of its own.

    Args:
        context: Whom TLS trusts; shared by all connections.
        resolve: Finds the addresses of a host; the operating system's resolver unless told otherwise.
    """

    def __init__(self, context: ssl.SSLContext, *, resolve: Resolve | None = None) -> None:
        self._context = context
        self._resolve = resolve or Resolver()

    async def converse[T](
        self,
        endpoint: Endpoint,
        protocol: MailProtocol,
        dialogue: Dialogue[T | Evidence],
        *,
        deadline: float,
        starttls: bool = False,
        version: int | None = None,
        secrets: tuple[Secret[str], ...] = (),
        entered: Callable[[Stage], None] = lambda _: None,
    ) -> Conversation[T]:
        """Connect, and drive the dialogue until it returns, the connection ends, or a bound or the deadline is met.

        Args:
            endpoint: Where to connect.
            protocol: Named in the evidence.
            dialogue: A fresh dialogue; it is closed in the end.
            deadline: When to have answered, on the clock of the running loop (`loop.time()`).
            starttls: The talk begins in clear and the dialogue asks for TLS. No secret is sent before that.
            version: Only addresses of this version of IP, 4 or 6; none: of both.
            secrets: Withheld from the transcript and the evidence, besides the secrets that the dialogue sends.
            entered: Is told each stage as it begins.
        """
        record = Record(asyncio.get_running_loop().time, secrets, entered)
        try:
            async with asyncio.timeout_at(deadline):
                with closing(dialogue), closing(await self._connect(endpoint, version, record, deadline)) as wire:
                    if not starttls:
                        await self._secure(wire, endpoint, record)
                    outcome = await self._drive(dialogue, wire, endpoint, record)
        except (_Failed, TimeoutError) as exc:
            failed = exc if isinstance(exc, _Failed) else _Failed(Fault.TIMEOUT)
            details = {"awaited": record.awaited} | failed.details
            outcome = Evidence(record.stage, failed.fault, failed.said, protocol, details)
        return record.conversation(outcome)

    async def _connect(self, endpoint: Endpoint, version: int | None, record: Record, deadline: float) -> "_Wire":
        """A connection to the first address that accepts one, in the resolver's order."""
        record.awaited = "the addresses of the host"
        with _translated:
            found = await self._resolve(endpoint)
        record.versions = frozenset(address.version for address in found)
        addresses = [address for address in found if version in {None, address.version}]
        record.detail = ", ".join(str(address.sockaddr[0]) for address in addresses)
        record.enter(Stage.CONNECT)
        record.awaited = "a connection"
        refusals: dict[str, _Failed] = {}
        for left, address in zip(range(len(addresses), 0, -1), addresses, strict=True):
            record.detail = str(address.sockaddr[0])
            # A fair share each, and one for the talk: an address in a black hole leaves time for what comes after it.
            now = asyncio.get_running_loop().time()
            try:
                wire = await _Wire.connect(address, now + (deadline - now) / (left + 1))
            except _Failed as failed:
                refusals[record.detail] = failed
            else:
                record.version = address.version
                return wire
        # The first speaks for all: the resolver puts the likeliest first.
        fault = next((failed.fault for failed in refusals.values()), Fault.NAME_NOT_FOUND)
        raise _Failed(fault, "; ".join(f"{at}: {failed.said or failed.fault}" for at, failed in refusals.items()))

    async def _secure(self, wire: "_Wire", endpoint: Endpoint, record: Record) -> None:
        record.enter(Stage.TLS)
        record.awaited = "the TLS handshake"
        if wire.unread:
            record.received(b"", f"<{len(wire.unread):,} bytes in clear, thrown away>")
        record.detail = await wire.start_tls(self._context, endpoint.host)

    async def _drive[T](self, dialogue: Dialogue[T], wire: "_Wire", endpoint: Endpoint, record: Record) -> T:
        try:
            effect = next(dialogue)
            while True:
                answer = b""
                match effect:
                    case Enter(stage):
                        record.enter(stage)
                    case Send(data):
                        record.sent(effect)
                        wire.send(data)
                    case ReadLine():
                        record.awaited = "a line"
                        answer = await wire.read_line()
                        record.received(answer)
                    case ReadExactly(count):
                        record.awaited = f"a literal of {count:,} bytes"
                        answer = await wire.read_exactly(count)
                        record.received(answer, f"<literal of {count:,} bytes> ")
                    case StartTls():
                        await self._secure(wire, endpoint, record)
                effect = dialogue.send(answer)
        except StopIteration as end:
            return cast(T, end.value)
        except (_Failed, asyncio.CancelledError):
            if wire.unread:
                record.received(bytes(wire.unread), "<incomplete> ")
            raise


class _Wire:
    """One TCP connection, in clear until `start_tls`. What is sent in a row leaves in one write, at the next wait."""

    def __init__(self, sock: socket.socket) -> None:
        self._loop = asyncio.get_running_loop()
        self._socket = sock
        self._arrivals = Arrivals(sock)
        self._tls: ssl.SSLObject | None = None
        self._incoming = ssl.MemoryBIO()  # from the socket, still encrypted
        self._outgoing = ssl.MemoryBIO()  # for the socket, encrypted where there is TLS
        self.unread = bytearray()  # decrypted, not yet asked for
        self._lines = 0
        self._total = 0

    @classmethod
    async def connect(cls, address: Address, deadline: float) -> "_Wire":
        """Connect to this address; a failure leaves nothing open."""
        with _translated:
            sock = socket.socket(address.family, socket.SOCK_STREAM)
            try:
                sock.setblocking(False)
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                async with asyncio.timeout_at(deadline):
                    await asyncio.get_running_loop().sock_connect(sock, address.sockaddr)
            except BaseException:
                sock.close()
                raise
        return cls(sock)

    async def start_tls(self, context: ssl.SSLContext, host: str) -> str:
        """Shake hands and verify the server for this name. Returns version and cipher suite."""
        self.unread.clear()  # anyone on the way could have put it there (RFC 3207 section 6)
        with _translated:
            tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=host)
        await self._feeding(tls.do_handshake)
        self._tls = tls
        cipher = tls.cipher()
        return f"{tls.version()} {cipher[0] if cipher else ''}".rstrip()

    def send(self, data: bytes | Secret[bytes]) -> None:
        """Put these bytes in the buffer; they leave before the next wait, or on closing."""
        if isinstance(data, Secret):
            if self._tls is None:
                raise RuntimeError("a secret was to be sent in clear")
            data = data.reveal()
        with _translated:
            (self._tls or self._outgoing).write(data)

    async def read_line(self) -> bytes:
        """The next line without its CRLF or bare LF."""
        searched = 0
        while (end := self.unread.find(b"\n", searched)) < 0 and len(self.unread) <= LINE_LIMIT:
            searched = len(self.unread)
            await self._read_more()
        if not 0 <= end <= LINE_LIMIT:
            raise _Failed(Fault.TOO_MUCH, limit=f"{LINE_LIMIT:,} bytes in a line")
        self._lines += 1
        if self._lines > LINES_LIMIT:
            raise _Failed(Fault.TOO_MUCH, limit=f"{LINES_LIMIT:,} lines")
        return self._take(end + 1).removesuffix(b"\n").removesuffix(b"\r")

    async def read_exactly(self, count: int) -> bytes:
        """Exactly so many bytes."""
        if count > LITERAL_LIMIT:
            raise _Failed(Fault.TOO_MUCH, limit=f"{LITERAL_LIMIT:,} bytes in a literal")
        while len(self.unread) < count:
            await self._read_more()
        return self._take(count)

    def close(self) -> None:
        """Hand what is left to the kernel (a goodbye, close_notify, an alert) and close; wait for nobody."""
        with closing(self._socket), closing(self._arrivals):
            if self._tls is not None:
                with suppress(ssl.SSLError):  # it would like to read the peer's close_notify
                    self._tls.unwrap()
            with suppress(OSError):  # the peer has gone, or does not read
                self._socket.send(self._outgoing.read())

    def _take(self, count: int) -> bytes:
        taken = bytes(self.unread[:count])
        del self.unread[:count]
        return taken

    async def _read_more(self) -> None:
        if self._tls is None:
            data = await self._receive()
        else:
            # A read takes a whole record. With none begun, OpenSSL could only say so, by an exception.
            if not self._incoming.pending:
                self._incoming.write(await self._receive())
            data = await self._feeding(partial(self._tls.read, _CHUNK))
        if not data:
            raise _Failed(Fault.CLOSED)  # by close_notify
        self.unread += data

    async def _feeding[T](self, operation: Callable[[], T]) -> T:
        """Repeat an operation of OpenSSL, and feed it from the socket, until it has enough."""
        while True:
            with _translated, suppress(ssl.SSLWantReadError):
                return operation()
            self._incoming.write(await self._receive())

    async def _receive(self) -> bytes:
        """The next bytes from the socket, once everything has left that is to be sent."""
        with _translated:
            if self._outgoing.pending:
                with suppress(ConnectionError):  # the peer has gone: its last words are still there to be read
                    await self._loop.sock_sendall(self._socket, self._outgoing.read())
            data = await self._arrivals.receive(_CHUNK)
        if not data:
            raise _Failed(Fault.CLOSED)
        self._total += len(data)
        if self._total > TOTAL_LIMIT:
            raise _Failed(Fault.TOO_MUCH, limit=f"{TOTAL_LIMIT:,} bytes in all")
        return data


class _Failed(Exception):  # noqa: N818 - no error: it carries a fault from the wire to `converse`, and no further
    def __init__(self, fault: Fault, said: str = "", **details: str) -> None:
        super().__init__(fault, said)
        self.fault, self.said, self.details = fault, said, details


class _Translated:
    """Foreign errors as `_Failed`, by the table in faults.py."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: object) -> None:
        if isinstance(error, UnicodeError):
            raise _Failed(Fault.NAME_NOT_FOUND, str(error)) from error
        if isinstance(error, OSError):
            raise _Failed(fault_in(error), _words(error)) from error


_translated = _Translated()


def _words(error: OSError) -> str:
    match error:
        case ssl.SSLCertVerificationError():
            return error.verify_message
        case ssl.SSLError():
            return error.reason or str(error)
        case socket.gaierror():
            return error.strerror or ""
        case _:
            return os.strerror(error.errno) if error.errno else ""  # asyncio words strerror anew
