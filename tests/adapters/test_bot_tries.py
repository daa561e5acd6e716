"""When Teams' connector is called again, by the genuine adapter and ConnectorClient: how often, after which pauses."""

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from botbuilder.core import TurnContext
from botbuilder.schema import ActivityImportance, ResourceResponse

from mailcheck.adapters.bot_answers import NotTakenError, Setback
from mailcheck.adapters.bot_tries import FIRST_PAUSE, LEAST_TIME, TOLD_TRIES, TRIES, Tries
from mailcheck.model.delivery import Trouble, Undelivered
from tests.adapters.connector_kit import Bot, Update, World, refusal, world_of
from tests.instant import instantly


@pytest.fixture
async def world(trust: ssl.SSLContext) -> AsyncIterator[World]:
    """A connector on loopback and a channel that has a token for it."""
    async with world_of(trust) as world:
        yield world


@pytest.mark.parametrize("bot", [Bot, Update])
async def test_what_passes_is_tried_again(world: World, bot: type[Bot] | type[Update]) -> None:
    """The message is delivered when the connector takes it, at the fourth try at the latest."""
    for refusals in range(TRIES):
        one = bot()
        world.connector.answers.extend([refusal(503)] * refusals)
        await world.run(one)
        assert world.connector.pauses == [0.75, 1.5, 3.0][:refusals]
        assert len(world.connector.calls) == refusals + 1
        assert isinstance(one.sent[0], ResourceResponse)
        world.connector.pauses.clear()
        world.connector.calls.clear()


@pytest.mark.parametrize("chance, pauses", [(0.0, [0.5, 1.0, 2.0]), (1.0, [1.0, 2.0, 4.0])])
async def test_pauses_are_spread(world: World, chance: float, pauses: list[float]) -> None:
    """Half of each pause is chance: turns that were refused together do not come back together."""
    world.connector.answers.extend([refusal(412)] * TRIES)
    await replace(world, chance=chance).run(Bot())
    assert world.connector.pauses == pauses


@pytest.mark.parametrize("chance, pause", [(0.0, 3.0), (0.5, 3.5), (1.0, 4.0)])
async def test_a_time_that_was_told_is_spread_too(world: World, chance: float, pause: float) -> None:
    """Nobody comes back earlier, and those that were told the same time do not come back together."""
    world.connector.answers.append(refusal(429, Retry_After="3"))
    await replace(world, chance=chance).run(Bot())
    assert world.connector.pauses == [pause]


async def test_chance_does_not_make_a_try_too_late(world: World) -> None:
    """Where only the time that was told is left, that is what is waited, and not more."""
    world.connector.answers.append(refusal(429, Retry_After="29"))
    bot = Bot()
    await replace(world, chance=1.0).run(bot)
    assert isinstance(bot.sent[0], ResourceResponse)
    (pause,) = world.connector.pauses
    assert 29 <= pause <= 30 - LEAST_TIME < 29 + FIRST_PAUSE


@pytest.mark.parametrize(
    "asked, tries",
    [(["25"], 1), (["1", "25"], 2), (["1", "1", "25"], 3), (["1"] * TOLD_TRIES, TOLD_TRIES)],
)
async def test_no_try_begins_too_late(world: World, asked: list[str], tries: int) -> None:
    """Of twenty seconds, a pause that would not leave enough is not begun."""
    world.connector.answers.extend(refusal(429, Retry_After=seconds) for seconds in asked)
    bot = Bot()
    await world.run(bot, seconds=20.0)
    assert bot.sent == [Undelivered(Trouble.BUSY, "429 Code", float(asked[-1]))]
    assert len(world.connector.calls) == tries


async def test_what_the_next_update_makes_up_for_is_tried_once(world: World) -> None:
    """Progress is marked by a low importance; Teams does not see the mark."""
    world.connector.answers.append(refusal(503))
    update = Update(importance=ActivityImportance.low)
    await world.run(update)
    assert update.sent == [Undelivered(Trouble.BUSY, "503 Code")]
    assert len(world.connector.calls) == 1
    assert not any("importance" in body for body in world.connector.bodies)


@pytest.mark.parametrize("asked, tries", [("26", 2), ("27", 1)])
async def test_a_message_that_another_follows_is_not_sent_late(world: World, asked: str, tries: int) -> None:
    """It is worth another try, but of thirty seconds not in the last three: the one that stays has to come after it."""
    world.connector.answers.append(refusal(429, Retry_After=asked))
    first = Bot(importance=ActivityImportance.low)

    await world.run(first)
    assert len(world.connector.calls) == tries
    assert not any("importance" in body for body in world.connector.bodies)


@pytest.mark.parametrize("asked, left_alone", [("9", True), ("60", False)])
async def test_who_asks_to_be_left_alone_is(world: World, asked: str, left_alone: bool) -> None:
    """The time that a refused progress was told counts for what follows it, too; one beyond the turn is no use."""
    world.connector.answers.append(refusal(429, Retry_After=asked))
    progress, last = Update(importance=ActivityImportance.low), Update()

    async def turn(context: TurnContext) -> None:
        await progress(context)
        await last(context)

    await world.run(turn)
    assert isinstance(progress.sent[0], Undelivered)
    assert isinstance(last.sent[0], ResourceResponse)
    assert len(world.connector.calls) == 2
    assert [round(pause) for pause in world.connector.pauses] == ([9] if left_alone else [])


@pytest.mark.parametrize(
    "asked, chance, waited",
    [
        (9.0, 0.0, [9.0]),
        (9.0, 1.0, [9.0 + FIRST_PAUSE]),
        (29.0, 1.0, [30.0 - LEAST_TIME]),
        (30.0 - LEAST_TIME, 0.0, [30.0 - LEAST_TIME]),
        (29.6, 0.0, []),
    ],
)
@instantly
async def test_those_who_are_left_alone_do_not_come_back_together(
    asked: float, chance: float, waited: list[float]
) -> None:
    """Chance spreads what follows a refused progress, too; of thirty seconds, it begins in time or does not wait."""
    pauses: list[float] = []

    async def pause(seconds: float) -> None:
        pauses.append(seconds)

    async def refuse() -> str:
        raise NotTakenError(Setback(Undelivered(Trouble.BUSY, "429 Throttled", asked)))

    async def take() -> str:
        return "taken"

    tries = Tries(pause, lambda: chance)
    end = asyncio.get_running_loop().time() + 30.0
    await tries.deliver("update", refuse, deadline=end, update=True, followed=True)
    assert await tries.deliver("update", take, deadline=end, update=True, followed=False) == "taken"
    assert pauses == waited


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
    patient = replace(world, pause=pause)
    turn = asyncio.create_task(patient.run(Bot()))
    async with asyncio.timeout(5):
        await paused.wait()
        turn.cancel()
        with pytest.raises(asyncio.CancelledError):
            await turn
    assert len(world.connector.calls) == 1
