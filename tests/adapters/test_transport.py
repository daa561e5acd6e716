"""The mail socket, met by real peers: honest ones, silent ones and hostile ones."""

import asyncio
import ssl

import pytest

from mailcheck.adapters.transport import LINE_LIMIT, LINES_LIMIT, LITERAL_LIMIT, TOTAL_LIMIT, MailTransport
from mailcheck.model.evidence import Evidence, Fault, Stage
from mailcheck.model.report import Step
from mailcheck.model.request import MailProtocol
from mailcheck.protocol.effects import Dialogue, Enter, ReadExactly, ReadLine, Send
from tests.adapters.mail_kit import (
    PATIENCE,
    Script,
    answering,
    closing,
    evidence,
    half_closing,
    read,
    resetting,
    saying,
    serving,
    talk,
)
from tests.stalls import undisturbed

GREETING = b"* OK ready\r\n"


# --- a talk that goes well


def sign_in() -> Dialogue[bytes | Evidence]:
    """Greeting, a command with a literal in its answer, and a goodbye that is not waited for."""
    yield Enter(Stage.GREETING)
    yield ReadLine()
    yield Enter(Stage.LIST)
    yield Send(b'A1 LIST "" "*"\r\n')
    yield ReadLine()
    name = yield ReadExactly(5)
    yield ReadLine()
    yield Enter(Stage.LOGOUT)
    yield Send(b"A2 LOG")
    yield Send(b"OUT\r\n")
    return name


async def test_a_talk_is_returned_with_its_steps_and_its_words(transport: MailTransport, tls: ssl.SSLContext) -> None:
    """A dialogue is driven to its return value; steps and transcript tell what happened, in order."""
    script = answering(GREETING, b'* LIST () "/" {5}\r\nIn\r\nx tail\n')
    async with serving(script, tls) as peer:
        conversation = await talk(transport, peer.endpoint, sign_in())
    assert conversation.outcome == b"In\r\nx"
    assert [step.name for step in conversation.steps] == ["dns", "connect", "tls", "greeting", "list", "logout"]
    assert all(step.ok for step in conversation.steps)
    assert [step.detail for step in conversation.steps[:3]] == [
        "127.0.0.1",
        "127.0.0.1",
        "TLSv1.3 TLS_AES_256_GCM_SHA384",
    ]
    assert conversation.transcript == (
        "S: * OK ready",
        'C: A1 LIST "" "*"',
        'S: * LIST () "/" {5}',
        "S: <literal of 5 bytes> In\\r\\nx",
        "S:  tail",
        "C: A2 LOG",
        "C: OUT",
    )
    assert 0 <= conversation.duration_ms < PATIENCE * 1000


async def test_a_goodbye_reaches_the_server_though_nobody_waits_for_the_answer(
    transport: MailTransport, tls: ssl.SSLContext
) -> None:
    """What was sent last arrives, and a server that answers neither it nor close_notify holds nothing up."""
    script = answering(GREETING, b"* LIST {5}\r\nInboxtail\r\n")
    async with serving(script, tls) as peer:
        conversation = await talk(transport, peer.endpoint, sign_in())
        async with asyncio.timeout(PATIENCE):
            await peer.left.wait()
    assert conversation.outcome == b"Inbox"
    assert peer.arrived == b"A2 LOGOUT\r\n"


async def test_a_goodbye_that_cannot_be_delivered_changes_nothing(
    transport: MailTransport, tls: ssl.SSLContext
) -> None:
    """A server that closes right after its last answer does not make a failure of what was found."""

    async def leaving(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await answering(GREETING, b"* LIST {5}\r\nInboxtail\r\n")(reader, writer)
        writer.close()

    async with serving(leaving, tls) as peer:
        conversation = await talk(transport, peer.endpoint, sign_in())
    assert conversation.outcome == b"Inbox"


async def test_a_server_may_drip(transport: MailTransport, tls: ssl.SSLContext) -> None:
    """A line that comes byte by byte is a line."""
    async with serving(saying(*(bytes([octet]) for octet in GREETING)), tls) as peer:
        conversation = await talk(transport, peer.endpoint, read())
    assert conversation.outcome == b"* OK ready"


async def test_last_words_are_heard_though_the_server_has_stopped_listening(
    transport: MailTransport, tls: ssl.SSLContext
) -> None:
    """When sending fails because the server has gone, what it said before it went is still read."""

    async def bye(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(GREETING)
        await reader.read(1)
        writer.write(b"* BYE too much for me\r\n")
        await writer.drain()
        writer.transport.abort()

    def shout() -> Dialogue[bytes | Evidence]:
        yield ReadLine()
        yield Send(b"x" * 16 * 1024 * 1024)
        return (yield ReadLine())

    async with serving(bye, tls) as peer:
        conversation = await talk(transport, peer.endpoint, shout())
    assert conversation.outcome == b"* BYE too much for me"


async def test_many_talks_at_once(transport: MailTransport, tls: ssl.SSLContext) -> None:
    """Fifty conversations at the same time do not disturb each other."""
    async with serving(answering(GREETING, b"* LIST {5}\r\nInboxtail\r\n"), tls) as peer:
        all_of_them = await asyncio.gather(*(talk(transport, peer.endpoint, sign_in()) for _ in range(50)))
    assert [one.outcome for one in all_of_them] == [b"Inbox"] * 50
    assert peer.connections == 50


# --- what peers do wrong


def flood(line: bytes, size: int) -> Script:
    """A script that repeats the line until it has sent more than so many bytes."""
    times = 64 * 1024 // len(line)
    return saying(*[line * times] * (size // (times * len(line)) + 1))


@pytest.mark.parametrize(
    "script, dialogue, fault, awaited",
    [
        pytest.param(resetting, read(), Fault.CLOSED, "a line", id="reset"),
        pytest.param(half_closing, read(), Fault.CLOSED, "a line", id="half-close"),
        pytest.param(closing, read(), Fault.CLOSED, "a line", id="truncated-line"),
        pytest.param(closing, read(0, literal=99), Fault.CLOSED, "a literal of 99 bytes", id="truncated-literal"),
        pytest.param(flood(b"x", LINE_LIMIT + 1), read(), Fault.TOO_MUCH, "a line", id="endless-line"),
        pytest.param(flood(b"\n", LINES_LIMIT), read(LINES_LIMIT + 1), Fault.TOO_MUCH, "a line", id="too-many-lines"),
        pytest.param(
            flood(b"x" * 1023 + b"\n", TOTAL_LIMIT), read(LINES_LIMIT), Fault.TOO_MUCH, "a line", id="too-much-in-all"
        ),
        pytest.param(
            saying(GREETING),
            read(1, literal=LITERAL_LIMIT + 1),
            Fault.TOO_MUCH,
            "a literal of 65,537 bytes",
            id="giant-literal",
        ),
    ],
)
async def test_a_peer_that_breaks_off_or_never_ends(
    transport: MailTransport,
    tls: ssl.SSLContext,
    script: Script,
    dialogue: Dialogue[bytes | Evidence],
    fault: Fault,
    awaited: str,
) -> None:
    """The end of the stream and each bound are evidence in the stage that the dialogue was in."""
    async with serving(script, tls) as peer:
        conversation = await talk(transport, peer.endpoint, dialogue)
    found = evidence(conversation)
    assert (found.stage, found.signal, found.protocol) == (Stage.GREETING, fault, MailProtocol.IMAP)
    assert found.details["awaited"] == awaited
    assert conversation.steps[-1] == Step(Stage.GREETING, False, conversation.steps[-1].ms, fault)


async def test_the_beginning_of_a_line_is_shown(transport: MailTransport, tls: ssl.SSLContext) -> None:
    """What arrived before the end of the stream is in the transcript, though it is no line."""
    async with serving(closing, tls) as peer:
        conversation = await talk(transport, peer.endpoint, read())
    assert conversation.transcript == ("S: <incomplete> * OK hal",)


async def dripping(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A script that keeps the client waiting for the end of a line, byte by byte."""
    while not writer.transport.is_closing():
        writer.write(b"x")
        await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    "script, in_clear, stage",
    [
        pytest.param(saying(), False, Stage.GREETING, id="silent"),
        pytest.param(saying(), True, Stage.TLS, id="silent-before-tls"),
        pytest.param(dripping, False, Stage.GREETING, id="dripping"),
    ],
)
async def test_the_deadline_holds(
    transport: MailTransport, tls: ssl.SSLContext, script: Script, in_clear: bool, stage: Stage
) -> None:
    """Whatever the peer does, there is an answer by the deadline, and it says what was waited for."""

    def insatiable() -> Dialogue[bytes | Evidence]:
        yield Enter(Stage.GREETING)
        while True:
            yield ReadLine()

    async def talked() -> tuple[Evidence, float]:
        async with serving(script, None if in_clear else tls) as peer:
            began = asyncio.get_running_loop().time()
            conversation = await talk(transport, peer.endpoint, insatiable(), patience=0.3)
            return evidence(conversation), asyncio.get_running_loop().time() - began

    found, took = await undisturbed(talked)
    assert took < 0.5
    assert (found.stage, found.signal) == (stage, Fault.TIMEOUT)
    assert found.details["awaited"] == ("the TLS handshake" if in_clear else "a line")


# --- nothing is left behind


async def test_a_cancelled_caller_leaves_nothing_behind(transport: MailTransport, tls: ssl.SSLContext) -> None:
    """Cancelling closes the dialogue and the socket at once, and no task is left."""
    waiting, closed = asyncio.Event(), asyncio.Event()

    def patient() -> Dialogue[bytes | Evidence]:
        try:
            yield ReadLine()
            waiting.set()
            yield ReadLine()
        finally:
            closed.set()
        return b""

    async with serving(saying(GREETING), tls) as peer, asyncio.timeout(PATIENCE):
        before = asyncio.all_tasks()
        task = asyncio.create_task(talk(transport, peer.endpoint, patient()))
        await waiting.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert closed.is_set()
        await peer.left.wait()
        await asyncio.sleep(0)  # the server's own task ends
        assert asyncio.all_tasks() == before


async def test_a_bug_in_a_dialogue_is_not_hidden(transport: MailTransport, tls: ssl.SSLContext) -> None:
    """An exception of a dialogue reaches the caller as it is, and the connection is closed."""

    def broken() -> Dialogue[bytes | Evidence]:
        yield ReadLine()
        raise LookupError("a bug")

    async with serving(saying(GREETING), tls) as peer:
        with pytest.raises(LookupError, match="a bug"):
            await talk(transport, peer.endpoint, broken())
        async with asyncio.timeout(PATIENCE):
            await peer.left.wait()
