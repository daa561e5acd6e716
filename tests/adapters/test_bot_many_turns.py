"""Many turns at the same moment, as after an announcement in a channel: each costs the event loop next to nothing."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from typing import Final

import pytest
from botbuilder.schema import ResourceResponse

from tests.adapters.connector_kit import Bot, World, world_of
from tests.adapters.mail_kit import serving
from tests.stalls import lasting_stall

_LIMIT: Final = 0.05  # seconds
_TURNS: Final = 20
_SILENT: Final = 30


@pytest.fixture
async def world(trust: ssl.SSLContext) -> AsyncIterator[World]:
    """A connector on loopback and a channel that has a token for it."""
    async with world_of(trust) as world:
        yield world


async def test_many_turns_at_once_do_not_hold_the_loop_up(world: World) -> None:
    """Twenty turns begin together in a warm process, and the loop is never held up for 50 ms."""
    await _turns(world, 1)
    stall = await lasting_stall(lambda: _turns(world, _TURNS), _LIMIT)
    assert stall < _LIMIT, f"{stall * 1000:.0f} ms"


async def test_silent_connectors_keep_no_other_chat_waiting(world: World) -> None:
    """While thirty calls hang, another chat has its answer: there is no pool that they could fill."""
    heard = 0
    all_heard = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        nonlocal heard
        await reader.readuntil(b"\r\n\r\n")
        heard += 1
        if heard == _SILENT:
            all_heard.set()
        await reader.read(-1)  # until the caller has given up

    async with serving(silent) as peer:
        url = f"http://{peer.endpoint}/"
        hanging = [asyncio.create_task(world.run(Bot(), seconds=4.0, serviceUrl=url)) for _ in range(_SILENT)]
        await asyncio.wait_for(all_heard.wait(), 4)
        bot = Bot()
        await world.run(bot)
        assert isinstance(bot.sent[0], ResourceResponse)
        assert not any(turn.done() for turn in hanging)
        await asyncio.gather(*hanging)


async def _turns(world: World, number: int) -> None:
    bots = [Bot() for _ in range(number)]
    assert await asyncio.gather(*map(world.run, bots)) == [(200, None)] * number
    assert all(bot.sent for bot in bots)
