"""STARTTLS that does not come about: certificates that do not fit, servers that leave or fall silent."""

import asyncio
import datetime as dt
from contextlib import suppress

import pytest

from lab.pki import Authority
from mailcheck.adapters.transport import LINES_LIMIT, TOTAL_LIMIT, MailTransport
from mailcheck.model.evidence import Evidence, Fault, Stage
from mailcheck.model.request import MailProtocol
from tests.adapters.mail_kit import PATIENCE, Script, answering, saying, serving
from tests.adapters.submission_kit import GO_AHEAD, GREETING, HELLO, HELLO_AGAIN, IN_CLEAR, Server, evidence, submit
from tests.stalls import undisturbed

NOW = dt.datetime.now(dt.UTC)
DAY = dt.timedelta(days=1)

# --- a handshake that fails


@pytest.mark.parametrize(
    "hosts, begins, ends, fault",
    [
        (("localhost",), -9, 9, Fault.HOST_MISMATCH),
        (("127.0.0.1",), -9, -1, Fault.EXPIRED),
        (("127.0.0.1",), 1, 9, Fault.NOT_YET_VALID),
    ],
)
async def test_a_certificate_that_does_not_fit(
    transport: MailTransport, authority: Authority, hosts: tuple[str, ...], begins: int, ends: int, fault: Fault
) -> None:
    """The certificate is held to the same rules as where TLS comes first, and the token stays here."""
    pair = authority.issue(hosts, not_before=NOW + begins * DAY, not_after=NOW + ends * DAY)
    server = Server(authority.server_context(pair), (GREETING, HELLO, GO_AHEAD), (HELLO_AGAIN,))
    async with serving(server) as peer:
        conversation = await submit(transport, peer.endpoint)
        async with asyncio.timeout(PATIENCE):
            await peer.left.wait()
    assert (evidence(conversation).stage, evidence(conversation).signal) == (Stage.TLS, fault)
    assert server.heard_in_clear == IN_CLEAR
    assert server.heard_under_tls == b""
    assert [(step.name, step.ok) for step in conversation.steps[-2:]] == [("starttls", True), ("tls", False)]


async def test_a_certificate_of_nobody_we_trust(transport: MailTransport) -> None:
    """A certificate from another authority is not trusted, though it fits in everything else."""
    server = Server(Authority(NOW).server_context(), (GREETING, HELLO, GO_AHEAD), (HELLO_AGAIN,))
    async with serving(server) as peer:
        conversation = await submit(transport, peer.endpoint)
    assert (evidence(conversation).stage, evidence(conversation).signal) == (Stage.TLS, Fault.UNTRUSTED)
    assert server.heard_under_tls == b""


def leaving(*replies: bytes, after_the_next_word: bool = False) -> Script:
    """A script that answers so many lines and closes the connection, at once or when the client has gone on."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(replies[0])
        for reply in replies[1:]:
            await reader.readline()
            writer.write(reply)
        with suppress(OSError):
            await writer.drain()
        if after_the_next_word:
            await reader.read(1)
        writer.close()

    return script


@pytest.mark.parametrize(
    "script, stage, awaited",
    [
        pytest.param(leaving(b""), Stage.GREETING, "a line", id="instead-of-the-greeting"),
        pytest.param(leaving(b"220-mail.fabrikam.example\r\n"), Stage.GREETING, "a line", id="in-the-greeting"),
        pytest.param(leaving(GREETING, after_the_next_word=True), Stage.CAPABILITY, "a line", id="at-ehlo"),
        pytest.param(leaving(GREETING, HELLO[:-10]), Stage.CAPABILITY, "a line", id="in-the-extensions"),
        pytest.param(leaving(GREETING, HELLO, after_the_next_word=True), Stage.STARTTLS, "a line", id="before-220"),
        pytest.param(leaving(GREETING, HELLO, b"22"), Stage.STARTTLS, "a line", id="in-220"),
        pytest.param(leaving(GREETING, HELLO, GO_AHEAD), Stage.TLS, "the TLS handshake", id="after-220"),
        pytest.param(
            leaving(GREETING, HELLO, GO_AHEAD, after_the_next_word=True),
            Stage.TLS,
            "the TLS handshake",
            id="in-the-handshake",
        ),
    ],
)
async def test_a_server_that_leaves(transport: MailTransport, script: Script, stage: Stage, awaited: str) -> None:
    """Where the connection ends is the stage of the evidence; leave to begin TLS that nothing follows is no TLS."""
    async with serving(script) as peer:
        conversation = await submit(transport, peer.endpoint)
    found = evidence(conversation)
    assert (found.stage, found.signal, found.protocol) == (stage, Fault.CLOSED, MailProtocol.SMTP)
    assert found.details["awaited"] == awaited
    assert (conversation.steps[-1].name, conversation.steps[-1].ok) == (stage, False)


@pytest.mark.parametrize(
    "script, stage, awaited",
    [
        pytest.param(saying(), Stage.GREETING, "a line", id="at-once"),
        pytest.param(saying(GREETING), Stage.CAPABILITY, "a line", id="after-the-greeting"),
        pytest.param(saying(GREETING, HELLO), Stage.STARTTLS, "a line", id="before-220"),
        pytest.param(saying(GREETING, HELLO, GO_AHEAD), Stage.TLS, "the TLS handshake", id="after-220"),
    ],
)
async def test_a_server_that_falls_silent(transport: MailTransport, script: Script, stage: Stage, awaited: str) -> None:
    """The deadline holds before TLS, in the handshake, and says what was waited for."""

    async def submitted() -> tuple[Evidence, float]:
        async with serving(script) as peer:
            began = asyncio.get_running_loop().time()
            conversation = await submit(transport, peer.endpoint, patience=0.3)
            return evidence(conversation), asyncio.get_running_loop().time() - began

    found, took = await undisturbed(submitted)
    assert (found.stage, found.signal, found.details["awaited"]) == (stage, Fault.TIMEOUT, awaited)
    assert took < 0.3 + 0.5


@pytest.mark.parametrize(
    "line, lines, limit",
    [
        pytest.param(b"250-x\r\n", LINES_LIMIT, "20,000 lines", id="lines"),
        pytest.param(b"250-" + b"x" * 1000 + b"\r\n", TOTAL_LIMIT // 1000, "8,388,608 bytes in all", id="bytes"),
    ],
)
async def test_a_reply_without_end(transport: MailTransport, line: bytes, lines: int, limit: str) -> None:
    """A reply may have any number of lines; the bounds of the conversation are the bounds of a reply."""
    async with serving(saying(GREETING, *[line * 100] * (lines // 100 + 1))) as peer:
        conversation = await submit(transport, peer.endpoint)
    found = evidence(conversation)
    assert (found.stage, found.signal, found.details["limit"]) == (Stage.CAPABILITY, Fault.TOO_MUCH, limit)


async def test_a_caller_cancelled_in_the_handshake_leaves_nothing_behind(transport: MailTransport) -> None:
    """Cancelling closes the socket at once, though the server never answers the handshake; no task is left."""
    begun = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await answering(GREETING, HELLO, GO_AHEAD)(reader, writer)
        await reader.read(1)  # the client's first word of TLS
        begun.set()

    async with serving(silent) as peer, asyncio.timeout(PATIENCE):
        before = asyncio.all_tasks()
        task = asyncio.create_task(submit(transport, peer.endpoint))
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await peer.left.wait()
        await asyncio.sleep(0)  # the server's own task ends
        assert asyncio.all_tasks() == before
