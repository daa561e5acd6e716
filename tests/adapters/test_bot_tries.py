"""When Teams' connector is called again, by the genuine adapter and ConnectorClient: how often, after which pauses."""

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator, Callable

import pytest
from aiohttp import web
from botbuilder.core import TurnContext
from botbuilder.schema import Activity, ActivityImportance, ActivityTypes, ResourceResponse

from mailcheck.adapters.bot_tries import TRIES
from mailcheck.model.delivery import Trouble, Undelivered
from tests.adapters.connector_kit import Bot, Update, World, refusal, world_of


@pytest.fixture
async def world(trust: ssl.SSLContext) -> AsyncIterator[World]:
    """A connector on loopback and a channel that has a token for it."""
    async with world_of(trust) as world:
        yield world


@pytest.mark.parametrize("bot", [Bot, Update])
@pytest.mark.parametrize(
    "answer, paused",
    [
        (refusal(429, Retry_After="0"), [0.0, 0.0, 0.0]),
        (refusal(429, Retry_After="2"), [2.0, 2.0, 2.0]),
        (refusal(429), [0.75, 1.5, 3.0]),
        (
            refusal(429, Retry_After="Wed, 21 Oct 2026 07:28:03 GMT", Date="Wed, 21 Oct 2026 07:28:00 GMT"),
            [3.0, 3.0, 3.0],
        ),
        (refusal(412), [0.75, 1.5, 3.0]),
        (refusal(502), [0.75, 1.5, 3.0]),
        (refusal(503, Retry_After="1"), [1.0, 1.0, 1.0]),
        (refusal(504), [0.75, 1.5, 3.0]),
    ],
)
async def test_what_passes_is_tried_again(
    world: World, bot: type[Bot] | type[Update], answer: Callable[[], web.Response], paused: list[float]
) -> None:
    """After the time that the connector asks for, or one that doubles; four times in all."""
    for refusals in range(TRIES):
        one = bot()
        world.connector.answers.extend([answer] * refusals)
        await world.run(one)
        assert world.connector.pauses == paused[:refusals]
        assert len(world.connector.calls) == refusals + 1
        assert isinstance(one.sent[0], ResourceResponse)
        world.connector.pauses.clear()
        world.connector.calls.clear()


async def test_there_is_no_fifth_try(world: World) -> None:
    """Four refusals are final, and the bot hears for how long to leave Teams alone."""
    world.connector.answers.extend([refusal(429, "Throttled", Retry_After="3")] * (TRIES + 1))
    bot = Bot()
    await world.run(bot)
    assert bot.sent == [Undelivered(Trouble.BUSY, "429 Throttled", 3.0)]
    assert len(world.connector.calls) == TRIES


@pytest.mark.parametrize(
    "answer, seconds, calls",
    [
        (refusal(503), 1.2, 1),
        (refusal(503), 1.9, 2),
        (refusal(503), 3.4, 3),
        (refusal(429, Retry_After="9"), 9.4, 1),
        (refusal(429, Retry_After="9"), 12.0, TRIES),  # these pauses take no time
    ],
)
async def test_no_try_begins_too_late(
    world: World, answer: Callable[[], web.Response], seconds: float, calls: int
) -> None:
    """A pause that would leave too little of the turn is not begun."""
    world.connector.answers.extend([answer] * TRIES)
    bot = Bot()
    await world.run(bot, seconds)
    assert len(world.connector.calls) == calls


async def test_what_the_next_message_makes_up_for_is_tried_once(world: World) -> None:
    """Progress is marked by a low importance, and a typing indicator by its kind; Teams does not see the mark."""
    world.connector.answers.extend([refusal(503)] * 3)
    update = Update(importance=ActivityImportance.low)
    await world.run(update)
    sent: list[object] = []

    async def bot(turn: TurnContext) -> None:
        sent.append(await turn.send_activity(Activity(type=ActivityTypes.typing)))
        sent.append(await turn.send_activity(Activity(text="x", importance=ActivityImportance.low)))

    await world.run(bot)
    assert [*update.sent, *sent] == [Undelivered(Trouble.BUSY, "503 Code")] * 3
    assert len(world.connector.calls) == 3
    assert not any("importance" in body for body in world.connector.bodies)


async def test_a_connector_that_is_down_is_a_value(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """A refused connection is tried again, as nothing has been sent; then the turn goes on."""
    bot = Bot()
    url = world.connector.url
    await world.connector.server.stop()
    with caplog.at_level(logging.WARNING, logger="mailcheck"):
        assert await world.run(bot, serviceUrl=url) == (200, None)
    (undelivered,) = bot.sent
    assert isinstance(undelivered, Undelivered)
    assert undelivered.trouble is Trouble.UNREACHED
    assert "refused" in undelivered.reason
    assert "refused" in caplog.text
    assert len(caplog.records) == 1
    assert world.connector.pauses == [0.75, 1.5, 3.0]


async def test_a_pause_ends_with_its_turn(world: World) -> None:
    """Who is cancelled while waiting for another try is so at once."""
    paused = asyncio.Event()

    async def pause(seconds: float) -> None:
        paused.set()
        await asyncio.sleep(seconds)

    world.connector.answers.append(refusal(429, "Throttled", Retry_After="25"))
    patient = World(world.connector, world.source, world.session, pause=pause)
    turn = asyncio.create_task(patient.run(Bot()))
    async with asyncio.timeout(5):
        await paused.wait()
        turn.cancel()
        with pytest.raises(asyncio.CancelledError):
            await turn
    assert len(world.connector.calls) == 1
