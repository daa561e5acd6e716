"""Secrets on the wire: nothing in clear, nothing from before TLS believed, no echo shown."""

import asyncio
import ssl

import pytest

from mailcheck.adapters.transport import MailTransport
from mailcheck.model.evidence import Evidence, Stage
from mailcheck.model.report import Step
from mailcheck.model.secret import Secret
from mailcheck.protocol.effects import Dialogue, Enter, ReadLine, Send, StartTls
from tests.adapters.mail_kit import PATIENCE, answering, evidence, saying, serving, talk


def submission() -> Dialogue[bytes | Evidence]:
    """Asks for TLS, then reads a line over it."""
    yield Enter(Stage.GREETING)
    yield Send(b"STARTTLS\r\n")
    yield ReadLine()
    yield StartTls()
    yield Enter(Stage.CAPABILITY)
    yield Send(b"EHLO client\r\n")
    return (yield ReadLine())


@pytest.mark.parametrize("injected", [b"", b"250 AUTH PLAIN of an attacker\r\n"], ids=["honest", "injected"])
async def test_what_was_read_ahead_of_tls_is_not_believed(
    transport: MailTransport, tls: ssl.SSLContext, injected: bytes
) -> None:
    """TLS begins on the same connection, and what came in clear behind the go-ahead is thrown away."""

    async def upgrading(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(b"220 go ahead\r\n" + injected)
        await writer.start_tls(tls)
        await answering(b"", b"250 AUTH XOAUTH2\r\n")(reader, writer)

    async with serving(upgrading) as peer:
        conversation = await talk(transport, peer.endpoint, submission(), starttls=True)
    assert conversation.outcome == b"250 AUTH XOAUTH2"
    assert [step.name for step in conversation.steps] == ["dns", "connect", "greeting", "tls", "capability"]
    assert conversation.steps[3].detail.startswith("TLSv1.3 ")
    assert not any("attacker" in line for line in conversation.transcript)
    assert ("S: <31 bytes in clear, thrown away>" in conversation.transcript) == bool(injected)


async def test_no_secret_leaves_in_clear(transport: MailTransport) -> None:
    """A dialogue that sends a secret before TLS has a bug, and the secret stays here."""

    def hasty() -> Dialogue[bytes | Evidence]:
        yield Send(Secret(b"AUTH XOAUTH2 c2VjcmV0\r\n"), "AUTH XOAUTH2 <withheld>")
        return b""

    async with serving(saying()) as peer:
        with pytest.raises(RuntimeError, match="in clear"):
            await talk(transport, peer.endpoint, hasty(), starttls=True)
        async with asyncio.timeout(PATIENCE):
            await peer.left.wait()
    assert peer.arrived == b""


async def test_a_secret_arrives_and_its_echo_is_withheld(transport: MailTransport, tls: ssl.SSLContext) -> None:
    """The server gets the secret; transcript and evidence get neither it nor what the server makes of it."""
    token, sasl = "eyJ0eXAi" * 40 + ".payload.signature", "dXNlcj1zaGFyZWRAY29udG9zby5jb20B" * 20

    def signing_in() -> Dialogue[bytes | Evidence]:
        yield Enter(Stage.AUTH)
        yield Send(Secret(f"A1 AUTHENTICATE XOAUTH2 {sasl}\r\n".encode()), "A1 AUTHENTICATE XOAUTH2 <withheld>")
        yield ReadLine()
        said = yield ReadLine()
        return Evidence(Stage.AUTH, "NO", said.decode(), details={"challenge": f"token {token}"})

    async def echoing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = await reader.readline()
        assert sasl.encode() in line
        writer.write(b"* you said: " + line)
        writer.write(f"A1 NO AUTHENTICATE failed for {token}\r\n".encode())

    async with serving(echoing, tls) as peer:
        conversation = await talk(transport, peer.endpoint, signing_in(), secrets=(Secret(token),))
    assert conversation.transcript == (
        "C: A1 AUTHENTICATE XOAUTH2 <withheld>",
        "S: * you said: A1 AUTHENTICATE XOAUTH2 <withheld> ...",
        "S: A1 NO AUTHENTICATE failed for <withheld> ...",
    )
    assert evidence(conversation).said == "A1 NO AUTHENTICATE failed for <withheld> ..."
    assert evidence(conversation).details == {"challenge": "token <withheld>"}
    assert conversation.steps[-1] == Step(Stage.AUTH, False, conversation.steps[-1].ms, "NO")
