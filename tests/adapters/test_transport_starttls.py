"""STARTTLS on real sockets, with the dialogue of SMTP: the token leaves under TLS or not at all."""

import asyncio
import itertools
import ssl

import pytest

from mailcheck.adapters.transport import MailTransport
from mailcheck.model.evidence import Evidence, Fault, Stage
from mailcheck.model.report import Step, Submission
from tests.adapters.mail_kit import PATIENCE, serving
from tests.adapters.submission_kit import (
    GO_AHEAD,
    GREETING,
    HELLO,
    HELLO_AGAIN,
    IN_CLEAR,
    INJECTED,
    SASL,
    TOKEN,
    Server,
    evidence,
    submit,
)

# --- a sign-in that goes well


async def test_the_token_leaves_under_tls(transport: MailTransport, tls: ssl.SSLContext) -> None:
    """The server hears EHLO and STARTTLS in clear, and the rest under TLS; every stage has its step."""
    server = Server(tls, (GREETING, HELLO, GO_AHEAD), (HELLO_AGAIN, b"334 \r\n", b"235 2.7.0 welcome\r\n"))
    async with serving(server) as peer:
        conversation = await submit(transport, peer.endpoint)
        async with asyncio.timeout(PATIENCE):
            await peer.left.wait()

    assert conversation.outcome == Submission(size_limit=5000)
    assert server.heard_in_clear == IN_CLEAR
    assert server.heard_under_tls == b"EHLO [127.0.0.1]\r\nAUTH XOAUTH2\r\n" + SASL.reveal() + b"\r\nQUIT\r\n"
    assert [(step.name, step.ok) for step in conversation.steps] == [
        ("dns", True),
        ("connect", True),
        ("greeting", True),
        ("capability", True),
        ("starttls", True),
        ("tls", True),
        ("capability", True),
        ("auth", True),
        ("logout", True),
    ]
    assert conversation.steps[5].detail.startswith("TLSv1.3 ")
    assert conversation.transcript == (
        "S: 220 mail.fabrikam.example ESMTP",
        "C: EHLO [127.0.0.1]",
        "S: 250-mail.fabrikam.example",
        "S: 250 STARTTLS",
        "C: STARTTLS",
        "S: 220 2.0.0 go ahead",
        "C: EHLO [127.0.0.1]",
        "S: 250-mail.fabrikam.example",
        "S: 250-SIZE 5000",
        "S: 250 AUTH XOAUTH2",
        "C: AUTH XOAUTH2",
        "S: 334 ",
        f"C: {SASL}",
        "S: 235 2.7.0 welcome",
        "C: QUIT",
    )


async def test_many_sign_ins_at_once(transport: MailTransport, tls: ssl.SSLContext) -> None:
    """Fifty sign-ins at the same time do not disturb each other."""

    async def one_of_many(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answers = (HELLO_AGAIN, b"334 \r\n", b"235\r\n")
        await Server(tls, (GREETING, HELLO, GO_AHEAD), answers)(reader, writer)

    async with serving(one_of_many) as peer:
        conversations = await asyncio.gather(*(submit(transport, peer.endpoint) for _ in range(50)))
    assert [one.outcome for one in conversations] == [Submission(size_limit=5000)] * 50


# --- nothing from before TLS is believed


async def test_what_was_injected_is_thrown_away(transport: MailTransport, tls: ssl.SSLContext) -> None:
    """A whole sign-in that stands in clear behind the 220 is not read: the server itself is asked, and has no AUTH."""
    server = Server(tls, (GREETING, HELLO, GO_AHEAD + INJECTED), (b"250-mail.fabrikam.example\r\n250 SIZE 5000\r\n",))
    async with serving(server) as peer:
        conversation = await submit(transport, peer.endpoint)
        async with asyncio.timeout(PATIENCE):
            await peer.left.wait()

    found = evidence(conversation)
    assert (found.stage, found.signal, found.said) == (Stage.CAPABILITY, Fault.NO_MECHANISM, "SIZE")
    assert server.heard_under_tls == b"EHLO [127.0.0.1]\r\nQUIT\r\n"
    assert f"S: <{len(INJECTED)} bytes in clear, thrown away>" in conversation.transcript
    assert not any("welcome" in line for line in conversation.transcript)


async def test_what_is_injected_later_breaks_the_handshake(transport: MailTransport) -> None:
    """Clear text that arrives after TLS was begun is no TLS, and is not read as anything else."""

    async def injecting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for reply in (GREETING, HELLO, GO_AHEAD):
            writer.write(reply)
            await reader.read(1)  # the third read is the beginning of the handshake
            while reply is not GO_AHEAD and await reader.read(1) != b"\n":
                pass
        writer.write(INJECTED)

    async with serving(injecting) as peer:
        conversation = await submit(transport, peer.endpoint)
    found = evidence(conversation)
    assert (found.stage, found.signal, found.said) == (Stage.TLS, Fault.TLS_FAILED, "WRONG_VERSION_NUMBER")
    assert not any("welcome" in line for line in conversation.transcript)


async def test_only_the_capability_that_failed_is_marked(transport: MailTransport, tls: ssl.SSLContext) -> None:
    """EHLO is asked twice: where the second is refused, the step of the first stays as it was."""
    server = Server(tls, (GREETING, HELLO, GO_AHEAD), (b"451 4.7.0 later\r\n",))
    async with serving(server) as peer:
        conversation = await submit(transport, peer.endpoint)
    assert [(step.name, step.ok) for step in conversation.steps[2:]] == [
        ("greeting", True),
        ("capability", True),
        ("starttls", True),
        ("tls", True),
        ("capability", False),
    ]
    assert conversation.steps[-1] == Step(Stage.CAPABILITY, False, conversation.steps[-1].ms, "451")


# --- a server that would like the token in clear

TO_EHLO = (
    HELLO,
    b"250-x\r\n250-AUTH XOAUTH2\r\n250 STARTTLS\r\n",
    HELLO_AGAIN,
    INJECTED,
    b"334 \r\n",
    b"235 welcome\r\n",
)
TO_STARTTLS = (GO_AHEAD, GO_AHEAD + INJECTED, INJECTED, b"454 4.7.0 later\r\n", b"334 \r\n", b"235 welcome\r\n")
TO_THE_HANDSHAKE = (HELLO_AGAIN, INJECTED, b"334 \r\n", b"\x15\x03\x03\x00\x02\x02\x28")  # a fatal alert


@pytest.mark.parametrize(
    "to_ehlo, to_starttls, to_the_handshake", tuple(itertools.product(TO_EHLO, TO_STARTTLS, TO_THE_HANDSHAKE))
)
async def test_no_token_for_a_server_without_tls(
    transport: MailTransport, to_ehlo: bytes, to_starttls: bytes, to_the_handshake: bytes
) -> None:
    """Whatever a server answers in clear, no piece of the token comes to it, and no sign-in is reported."""
    heard = bytearray()

    async def luring(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for reply in (GREETING, to_ehlo, to_starttls, to_the_handshake, INJECTED):
            writer.write(reply)
            said = await reader.read(64 * 1024)
            heard.extend(said)
            if not said:
                return

    async with serving(luring) as peer:
        conversation = await submit(transport, peer.endpoint)
        async with asyncio.timeout(PATIENCE):
            await peer.left.wait()

    assert isinstance(conversation.outcome, Evidence)
    assert heard.startswith(b"EHLO ")
    for secret in (TOKEN.reveal().encode(), SASL.reveal()):
        assert not [start for start in range(len(secret) - 15) if secret[start : start + 16] in heard + peer.arrived]
