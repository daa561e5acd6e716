"""Calls of Teams' connector that do not go well on the wire: how long they last, and whether they are made again."""

import asyncio
import json
import socket
import ssl
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import ExitStack, suppress
from functools import partial

import pytest
from botbuilder.core import TurnContext
from botbuilder.schema import Activity, ActivityImportance, ActivityTypes, Attachment, ResourceResponse
from hypothesis import given
from hypothesis import strategies as st

from mailcheck.adapters.bot_tries import TRIES
from mailcheck.adapters.bounded import BODY_LIMIT
from mailcheck.adapters.one_flight import in_thread
from mailcheck.model.delivery import CLOSING, PASSING_TIME, QUIET, Trouble, Undelivered
from tests.adapters.connector_kit import Bot, Update, World, world_of
from tests.adapters.mail_kit import Script, serving
from tests.stalls import lasting_stall

SHORT = (5.0, 0.3)  # seconds to connect, and for an answer
STALL_LIMIT = 0.05  # seconds
LATEST = 3.0  # seconds: well above the deadlines of these tests, well below the time-outs of the product
_TAKEN = b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\n"


@pytest.fixture
async def world(trust: ssl.SSLContext) -> AsyncIterator[World]:
    """A channel of little patience."""
    async with world_of(trust, SHORT) as world:
        yield world


@pytest.fixture
async def usual(trust: ssl.SSLContext) -> AsyncIterator[World]:
    """A channel with the time-outs of the product."""
    async with world_of(trust) as world:
        yield world


def _asked(script: Callable[[asyncio.StreamWriter], Awaitable[None]]) -> Script:
    """A connector that has heard the request before it does something."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(int(line.split(b":")[1]) for line in head.splitlines() if line.lower().startswith(b"content-len"))
        await reader.readexactly(length)
        await script(writer)

    return serve


async def _silent(_writer: asyncio.StreamWriter) -> None:
    return


async def _drip(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 201 Created\r\nDate: ")
    while not writer.is_closing():
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(SHORT[1] / 10)


async def _hang_up(writer: asyncio.StreamWriter) -> None:
    writer.close()


async def _reset(writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


async def _take(writer: asyncio.StreamWriter) -> None:
    writer.write(_TAKEN + b'Connection: close\r\nContent-Length: 10\r\n\r\n{"id":"a"}')
    await writer.drain()


async def _break_off(writer: asyncio.StreamWriter) -> None:
    writer.write(_TAKEN + b'Content-Length: 100\r\n\r\n{"id"')
    writer.close()


async def _stop_half(writer: asyncio.StreamWriter) -> None:
    writer.write(_TAKEN + b'Content-Length: 100\r\n\r\n{"id"')


async def _babble(writer: asyncio.StreamWriter) -> None:
    writer.write(b"* OK IMAP ready\r\n" * 2)


async def _flood(writer: asyncio.StreamWriter) -> None:
    writer.write(_TAKEN + b"\r\n")
    while not writer.is_closing():
        writer.write(b" " * BODY_LIMIT)
        await writer.drain()


async def _many_headers(writer: asyncio.StreamWriter) -> None:
    writer.write(_TAKEN + b"X: y\r\n" * 1000 + b"\r\n")


@pytest.mark.parametrize(
    "does, messages, updates, words",
    [
        (_silent, 1, TRIES, "timeout"),  # it has the message, and may yet show it
        (_drip, 1, TRIES, "timeout"),
        (_stop_half, 1, TRIES, "timeout"),  # 201: it did show it, under an id that never came
        (_break_off, 1, TRIES, "closed"),
        (_hang_up, TRIES, TRIES, "closed"),  # as a connection does that was kept for too long
        (_reset, TRIES, TRIES, "closed"),
        (_babble, 1, 1, "malformed"),
        (_flood, 1, 1, "malformed: the answer is longer than"),
        (_many_headers, 1, 1, "malformed"),
    ],
)
async def test_a_message_that_may_be_in_the_chat_is_not_sent_again(
    world: World,
    does: Callable[[asyncio.StreamWriter], Awaitable[None]],
    messages: int,
    updates: int,
    words: str,
) -> None:
    """No answer: an update is made again; a message only where it cannot have been taken, or hardly."""
    for bot, tries in ((Bot(), messages), (Update(), updates)):
        async with serving(_asked(does)) as peer:
            assert await world.run(bot, serviceUrl=f"http://{peer.endpoint}/") == (200, None)
            assert peer.connections == tries
        (undelivered,) = bot.sent
        assert isinstance(undelivered, Undelivered)
        assert undelivered.trouble is Trouble.UNREACHED
        assert undelivered.reason.startswith(words)


async def test_a_connection_that_was_kept_for_too_long_costs_no_pause(world: World) -> None:
    """The second try after a connection that was closed without a word is made at once; only a third would wait."""
    heard: list[int] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _asked(_silent)(reader, writer)
        heard.append(1)
        if len(heard) != 2:
            await _take(writer)
        writer.close()

    async with serving(serve) as peer:
        for _ in range(2):
            bot = Bot()
            await world.run(bot, serviceUrl=f"http://{peer.endpoint}/")
            assert getattr(bot.sent[0], "id", None) == "a"
    assert len(heard) == 3
    assert world.connector.pauses == [0.0]


async def test_only_the_second_try_is_made_at_once(world: World) -> None:
    """A connector that goes on hanging up is left some time."""
    async with serving(_asked(_hang_up)) as peer:
        await world.run(Bot(), serviceUrl=f"http://{peer.endpoint}/")
    assert world.connector.pauses == [0.0, 1.5, 3.0]


@pytest.mark.parametrize("does", [_silent, _drip, _stop_half, _flood])
@pytest.mark.parametrize("bot", [Bot, Update])
async def test_the_deadline_is_kept(
    usual: World, does: Callable[[asyncio.StreamWriter], Awaitable[None]], bot: type[Bot] | type[Update]
) -> None:
    """A turn of half a second ends then, whatever the connector does; its thread ends soon after."""
    threads = set(threading.enumerate())
    async with serving(_asked(does)) as peer:
        one = bot()
        began = time.monotonic()
        assert await usual.run(one, seconds=0.5, serviceUrl=f"http://{peer.endpoint}/") == (200, None)
        assert time.monotonic() - began < LATEST
        assert isinstance(one.sent[0], Undelivered)
        for thread in set(threading.enumerate()) - threads:
            await in_thread(partial(thread.join, LATEST))
            assert not thread.is_alive()


async def test_the_deadline_is_kept_without_a_connection(usual: World) -> None:
    """A listener whose queue is full lets nobody in, and does not say so."""
    with ExitStack() as open_:
        listener = open_.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(4):  # the first is queued
            one = open_.enter_context(socket.socket())
            one.setblocking(False)
            one.connect_ex(listener.getsockname())
        bot = Bot()
        began = time.monotonic()
        await usual.run(bot, seconds=0.5, serviceUrl=f"http://127.0.0.1:{listener.getsockname()[1]}/")
        assert time.monotonic() - began < LATEST
        assert isinstance(bot.sent[0], Undelivered)


async def test_the_deadline_is_kept_without_a_token(usual: World) -> None:
    """A token that does not come is waited for no longer than the turn lasts."""
    usual.source.go_on.clear()
    bot = Bot()
    began = time.monotonic()
    await usual.run(bot, seconds=0.5)
    assert time.monotonic() - began < LATEST
    assert bot.sent == [Undelivered(Trouble.UNREACHED, "no answer in time")]
    assert usual.connector.calls == []
    usual.source.go_on.set()


async def test_what_is_tried_once_is_not_waited_for_long(trust: ssl.SSLContext) -> None:
    """Progress leaves the time to what follows it, though the connector be silent and the turn long."""
    async with world_of(trust, (20.0, 20.0)) as world, serving(_asked(_silent)) as peer:
        progress = Update(importance=ActivityImportance.low)
        began = time.monotonic()
        await world.run(progress, serviceUrl=f"http://{peer.endpoint}/")
        assert time.monotonic() - began < 10.0
        assert progress.sent == [Undelivered(Trouble.UNREACHED, "no answer in time")]
        assert peer.connections == 1


@pytest.mark.parametrize("bot", [Bot(), Bot(importance=ActivityImportance.low), Update()])
async def test_what_is_to_stay_is_waited_for(usual: World, bot: Bot | Update) -> None:
    """Longer than an update that the next one makes up for: a connector that is slow has it all the same."""

    async def slow(writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(PASSING_TIME + 0.3)
        writer.write(_TAKEN + b'Content-Length: 10\r\n\r\n{"id":"a"}')
        await writer.drain()

    async with serving(_asked(slow)) as peer:
        await usual.run(bot, serviceUrl=f"http://{peer.endpoint}/")
        assert isinstance(bot.sent[0], ResourceResponse)
        assert peer.connections == 1


async def test_a_message_that_another_follows_leaves_it_the_time(usual: World) -> None:
    """A connector that is silent from the first has only that long: the verdict can still be sent, and is."""
    async with serving(_asked(_silent)) as peer:
        first = Bot(importance=ActivityImportance.low)
        began = time.monotonic()
        await usual.run(first, seconds=QUIET + 0.5, serviceUrl=f"http://{peer.endpoint}/")
        assert time.monotonic() - began < QUIET + 0.5 - CLOSING / 2
        assert first.sent == [Undelivered(Trouble.UNREACHED, "no answer in time")]
        assert peer.connections == 1


async def test_a_message_that_another_follows_does_not_wait_for_a_token_for_long(usual: World) -> None:
    """Where that is late, the message would be: it is not sent any more."""
    usual.source.go_on.clear()
    first, last = Bot(importance=ActivityImportance.low), Bot()

    async def turn(context: TurnContext) -> None:
        asyncio.get_running_loop().call_later(1.2, usual.source.go_on.set)  # while the call could still be made
        await first(context)
        await last(context)

    await usual.run(turn, seconds=QUIET + 0.2)
    assert first.sent == [Undelivered(Trouble.UNREACHED, "no answer in time")]
    assert isinstance(last.sent[0], ResourceResponse)
    assert len(usual.connector.calls) == 1


async def test_a_message_that_another_follows_waits_for_a_token_while_there_is_time(usual: World) -> None:
    """The first card after a quiet time is shown, though its token has to be bought."""
    usual.source.go_on.clear()
    first = Bot(importance=ActivityImportance.low)

    async def turn(context: TurnContext) -> None:
        buying = asyncio.create_task(first(context))
        for _ in range(20):  # it has come as far as the token
            await asyncio.sleep(0)
        assert not usual.connector.calls
        usual.source.go_on.set()
        await buying

    await usual.run(turn)
    assert isinstance(first.sent[0], ResourceResponse)


async def test_a_call_that_was_given_up_does_not_cost_the_verdict(usual: World) -> None:
    """It may not end before the turn: what is to stay is put there once more while there is time, and is delivered."""
    progress, last = Update(importance=ActivityImportance.low), Update()
    heard = 0

    async def first_is_silent(writer: asyncio.StreamWriter) -> None:
        nonlocal heard
        heard += 1
        if heard > 1:
            await _take(writer)

    async def turn(context: TurnContext) -> None:
        await progress(context)
        await last(context)

    async with serving(_asked(first_is_silent)) as peer:
        await usual.run(turn, seconds=4.0, serviceUrl=f"http://{peer.endpoint}/")
    assert isinstance(progress.sent[0], Undelivered)
    assert isinstance(last.sent[0], ResourceResponse)
    assert heard == 3


async def test_what_was_given_up_has_ended_when_the_verdict_is_put_again(usual: World) -> None:
    """Put there earlier, it could still be overtaken."""
    progress, last = Update(importance=ActivityImportance.low), Update()
    order: list[str] = []
    second, third = asyncio.Event(), asyncio.Event()

    async def first_is_late(writer: asyncio.StreamWriter) -> None:
        order.append("heard")
        if len(order) == 1:
            await second.wait()
            with suppress(TimeoutError):
                await asyncio.wait_for(third.wait(), 0.5)
            order.append("the first has ended")
        else:
            (third if second.is_set() else second).set()
        await _take(writer)

    async def turn(context: TurnContext) -> None:
        await progress(context)
        await last(context)

    async with serving(_asked(first_is_late)) as peer:
        await usual.run(turn, seconds=20.0, serviceUrl=f"http://{peer.endpoint}/")
    assert order == ["heard", "heard", "the first has ended", "heard"]


async def test_a_progress_that_is_delivered_waits_for_none_that_was_given_up(usual: World) -> None:
    """What overtakes it is made up for by the verdict, which is told at once, and again when that has ended."""
    given_up, progress = (Update(importance=ActivityImportance.low) for _ in range(2))
    last = Update()
    heard = 0
    order: list[str] = []
    told = asyncio.Event()

    async def first_is_late(writer: asyncio.StreamWriter) -> None:
        nonlocal heard
        heard += 1
        order.append(f"call {heard}")
        if heard == 1:
            with suppress(TimeoutError):
                await asyncio.wait_for(told.wait(), 10)
            order.append("the first has ended")
        if heard == 3:
            told.set()
        await _take(writer)

    async def turn(context: TurnContext) -> None:
        await given_up(context)
        await progress(context)
        order.append("the verdict is known")
        await last(context)

    async with serving(_asked(first_is_late)) as peer:
        await usual.run(turn, seconds=20.0, serviceUrl=f"http://{peer.endpoint}/")
    assert order == ["call 1", "call 2", "the verdict is known", "call 3", "the first has ended", "call 4"]


async def test_after_the_deadline_nothing_is_sent(usual: World) -> None:
    """What a turn wants to say after its end does not reach the chat."""
    early, late, next_ = Bot(), Bot(), Update()
    await usual.run(early)
    await usual.run(late, seconds=-1)
    await usual.run(next_)
    assert late.sent == [Undelivered(Trouble.UNREACHED, "no answer in time")]
    assert [method for method, _, _ in usual.connector.calls] == ["POST", "PUT"]


def _card_of(size: int) -> dict[str, object]:
    """A card of so many bytes, made of small things as cards are."""
    line = {"type": "TextBlock", "text": "Inbox", "wrap": True, "size": "small", "spacing": "none"}
    body = [{"type": "ColumnSet", "columns": [{"type": "Column", "width": "auto", "items": [line]}]}]
    card: dict[str, object] = {"type": "AdaptiveCard", "version": "1.5", "body": body}
    while len(json.dumps(card)) < size:
        body.append(body[0])
    return card


async def test_the_largest_card_holds_nobody_up(usual: World) -> None:
    """24 KiB, sent and updated by the SDK, which takes it apart on the event loop: never 50 ms at a time."""
    content = _card_of(24 * 1024)

    async def say(turn: TurnContext) -> None:
        message = Activity(type=ActivityTypes.message, attachments=[Attachment(content=content)])
        message.id = (await turn.send_activity(message)).id
        for _ in range(3):
            assert isinstance(await turn.update_activity(message), ResourceResponse)

    await usual.run(say)  # warm
    assert await lasting_stall(lambda: usual.run(say), STALL_LIMIT) < STALL_LIMIT
    assert max(len(json.dumps(body)) for body in usual.connector.bodies) > 24 * 1024


_HEADERS = st.sampled_from(
    [b"Content-Encoding: gzip", b"Content-Type: text/html; charset=x", b"Retry-After: 0", b"Location: ://", b"\xff: \0"]
)
_ANSWERS = st.one_of(
    st.binary(max_size=80),
    st.builds(
        lambda status, headers, body: b"HTTP/1.1 %d Said\r\n" % status + b"\r\n".join([*headers, b"", body]),
        st.integers(100, 999),
        st.lists(_HEADERS, max_size=2),
        st.binary(max_size=40) | st.sampled_from([b'{"id":"a"}', b'{"error":{"code":"x"}}', b'{"error":5}']),
    ),
)


@given(said=_ANSWERS, bot=st.sampled_from([Bot, Update]))
def test_whatever_is_answered_is_a_value(trust: ssl.SSLContext, said: bytes, bot: type[Bot] | type[Update]) -> None:
    """No bytes of the connector's are an exception in the turn."""

    async def say(writer: asyncio.StreamWriter) -> None:
        writer.write(said)
        await writer.drain()
        writer.close()

    async def turn() -> None:
        async with world_of(trust, SHORT) as world, serving(_asked(say)) as peer:
            one = bot()
            assert await world.run(one, serviceUrl=f"http://{peer.endpoint}/") == (200, None)
            assert isinstance(one.sent[0], Undelivered | ResourceResponse)

    asyncio.run(turn())
