"""Sign-ins by SMTP, and servers that answer them in clear and then under TLS."""

import asyncio
import ssl
from collections.abc import Sequence

from mailcheck.adapters.transport import MailTransport
from mailcheck.model.evidence import Evidence
from mailcheck.model.report import Submission
from mailcheck.model.request import Endpoint, Mailbox, MailProtocol
from mailcheck.model.secret import Secret
from mailcheck.protocol.effects import Conversation
from mailcheck.protocol.sasl import xoauth2
from mailcheck.protocol.smtp import sign_in
from tests.adapters.mail_kit import PATIENCE

MAILBOX = Mailbox("shared@fabrikam.example")
TOKEN = Secret("eyJhbGciOiJSUzI1NiJ9." + "planted-token-" * 40)
SASL = xoauth2(MAILBOX, TOKEN)

GREETING = b"220 mail.fabrikam.example ESMTP\r\n"
HELLO = b"250-mail.fabrikam.example\r\n250 STARTTLS\r\n"
GO_AHEAD = b"220 2.0.0 go ahead\r\n"
HELLO_AGAIN = b"250-mail.fabrikam.example\r\n250-SIZE 5000\r\n250 AUTH XOAUTH2\r\n"
INJECTED = b"250-mail.fabrikam.example\r\n250 AUTH XOAUTH2\r\n334 \r\n235 welcome\r\n"  # a sign-in, in clear
IN_CLEAR = b"EHLO [127.0.0.1]\r\nSTARTTLS\r\n"


async def submit(transport: MailTransport, endpoint: Endpoint, patience: float = PATIENCE) -> Conversation[Submission]:
    """One sign-in by SMTP that has so many seconds."""
    return await transport.converse(
        endpoint,
        MailProtocol.SMTP,
        sign_in(MAILBOX, TOKEN),
        deadline=asyncio.get_running_loop().time() + patience,
        starttls=True,
        secrets=(TOKEN,),
    )


def evidence(conversation: Conversation[Submission]) -> Evidence:
    """The evidence that this sign-in ended with."""
    assert isinstance(conversation.outcome, Evidence), conversation
    return conversation.outcome


async def under_tls(
    plain: asyncio.StreamReader, plain_writer: asyncio.StreamWriter, context: ssl.SSLContext
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """The server's side of the handshake: streams of their own for what comes after it."""
    loop, reader = asyncio.get_running_loop(), asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(reader)
    # StreamWriter.start_tls would be left without a transport by a client that leaves in the handshake.
    transport = await loop.start_tls(plain_writer.transport, protocol, context, server_side=True)
    if transport is None:
        raise ConnectionResetError
    protocol.connection_made(transport)
    plain.feed_eof()  # whoever reads there has read everything
    return reader, asyncio.StreamWriter(transport, protocol, reader, loop)


class Server:
    """A script that answers each line, in clear and then under TLS, until the client leaves.

    Args:
        tls: Its certificate.
        in_clear: The greeting, and what it answers before TLS.
        under_tls: What it answers after TLS.

    Attributes:
        heard_in_clear: What the client sent before TLS.
        heard_under_tls: What it sent after.
    """

    def __init__(self, tls: ssl.SSLContext, in_clear: Sequence[bytes], under_tls: Sequence[bytes]) -> None:
        self.heard_in_clear = bytearray()
        self.heard_under_tls = bytearray()
        self._tls = tls
        self._in_clear = in_clear
        self._under_tls = under_tls

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(self._in_clear[0])
        for reply in self._in_clear[1:]:
            self.heard_in_clear += await reader.readline()
            writer.write(reply)
        reader, writer = await under_tls(reader, writer, self._tls)
        try:
            for reply in self._under_tls:
                self.heard_under_tls += await reader.readline()
                writer.write(reply)
            self.heard_under_tls += await reader.read()
        finally:
            writer.transport.abort()
