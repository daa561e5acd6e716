"""The lab's Exchange as a running server: one listener for each protocol, on loopback."""

import asyncio
import datetime as dt
import ssl
from collections.abc import Callable
from types import TracebackType
from typing import Self

from lab.exchange.access import Access, Sighting
from lab.exchange.imap import ImapSession
from lab.exchange.mailboxes import Mailboxes
from lab.exchange.organization import Organization
from lab.exchange.pop import PopSession
from lab.exchange.protocols import Protocol
from lab.exchange.session import MAX_LINE, Lines, PeerGoneError
from lab.exchange.smtp import SmtpSession
from lab.exchange.smtp_reply import HOST
from lab.exchange.standard import standard_mailboxes
from lab.pki import Authority, KeyPair, use
from lab.signing import SigningKey
from lab.tenant import MAIL_PRINCIPAL_ID, Tenant

_HOST = "127.0.0.1"
_IDLE = 60.0  # seconds
# Greetings that refuse. IMAP's was seen; POP's is its word for a server that cannot, SMTP's is of RFC 5321 section 3.8.
_TURNED_AWAY = {
    Protocol.IMAP: "* BYE Connection closed. 14",
    Protocol.POP: "-ERR Server Unavailable. 21",
    Protocol.SMTP: f"421 4.3.2 {HOST} Service not available, closing transmission channel",
}


class Exchange:
    """Exchange Online's IMAP, POP and SMTP. An async context manager: it serves from enter to exit.

    Attributes:
        imap_port: TCP port of IMAP over TLS, from start to stop.
        pop_port: TCP port of POP over TLS, from start to stop.
        smtp_port: TCP port of SMTP submission, where TLS begins with STARTTLS, from start to stop.
        mailboxes: What it serves; a change holds from the next sign-in on.
        organization: What holds for all of them, and for the servers.
    """

    imap_port: int
    pop_port: int
    smtp_port: int

    def __init__(
        self,
        authority: Authority,
        tenant: Tenant,
        signing: SigningKey,
        issuer: str,
        mailboxes: Mailboxes | None = None,
        *,
        idle: float = _IDLE,
        now: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
    ) -> None:
        """Opens no port yet.

        Args:
            authority: Signs the server certificate for localhost and 127.0.0.1.
            tenant: The directory that tokens must be for.
            signing: The key that tokens must be signed with.
            issuer: The `iss` that tokens must have.
            mailboxes: The standard scenarios of the tenant's domain when absent.
            idle: Seconds of silence after which a connection is closed.
            now: The clock, UTC.
        """
        if mailboxes is None:
            mailboxes = standard_mailboxes(tenant.domain, MAIL_PRINCIPAL_ID)
        self.mailboxes = mailboxes
        self.organization = Organization()
        self._tls = authority.server_context()
        self._access = Access(tenant, signing, issuer, mailboxes, self.organization, now=now)
        self._now = now
        self._idle = idle
        self._servers: list[asyncio.Server] = []
        self._sessions: set[asyncio.Task[None]] = set()

    @property
    def sightings(self) -> list[Sighting]:
        """Every attempt to sign in so far, as (protocol, mailbox, outcome), in order."""
        return self._access.sightings

    def show(self, pair: KeyPair) -> None:
        """Changes the server certificate of all protocols, from the next handshake on."""
        use(self._tls, pair)

    async def start(self) -> None:
        """Opens all ports, or none.

        Raises:
            OSError: No port is free.
        """
        try:
            self.imap_port = await self._listen(Protocol.IMAP, self._tls)
            self.pop_port = await self._listen(Protocol.POP, self._tls)
            self.smtp_port = await self._listen(Protocol.SMTP, None)
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Closes the ports, ends every session and waits until they have ended."""
        sessions = tuple(self._sessions)
        for session in sessions:
            session.cancel()
        for server in self._servers:
            server.close()
            server.abort_clients()  # no waiting for a closure alert, or for a handshake that has no session yet
        await asyncio.gather(*sessions, return_exceptions=True)
        for server in self._servers:
            await server.wait_closed()
        self._servers.clear()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def _listen(self, protocol: Protocol, context: ssl.SSLContext | None) -> int:
        def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            session = asyncio.create_task(self._serve(protocol, Lines(reader, writer, self._idle)))
            self._sessions.add(session)
            session.add_done_callback(self._sessions.discard)

        server = await asyncio.start_server(connected, _HOST, 0, ssl=context, limit=MAX_LINE)
        self._servers.append(server)
        port: int = server.sockets[0].getsockname()[1]
        return port

    def _session(self, protocol: Protocol, lines: Lines) -> ImapSession | PopSession | SmtpSession:
        match protocol:
            case Protocol.IMAP:
                return ImapSession(lines, self._access)
            case Protocol.POP:
                return PopSession(lines, self._access)
            case Protocol.SMTP:
                return SmtpSession(lines, self._access, self._tls, self._now)

    async def _serve(self, protocol: Protocol, lines: Lines) -> None:
        try:
            if self.organization.turns_away(protocol):
                lines.write(_TURNED_AWAY[protocol])
                await lines.flush()
            else:
                await self._session(protocol, lines).run()
        except PeerGoneError:
            pass  # clients may leave without a word
        finally:
            await lines.close()
