"""A turn ends before Teams gives it up, from the first activity that a new process ever sees."""

import asyncio
import time
from functools import partial
from pathlib import Path

import pytest
from aiohttp import web

from lab.serving import WebServer
from lab.teams.faults import Late
from lab.teams.service import Reply
from lab.world import World
from mailcheck.adapters.bot_keys import WAIT
from mailcheck.compose import Application
from mailcheck.settings import Settings
from tests.e2e.kit import another_app, turn_of

pytestmark = [pytest.mark.asyncio(loop_scope="session")]

_LIMIT = 12.0  # seconds; Teams gives up after 15, and sends the activity again
_TRIES = 2  # what a busy machine adds is not the app's
_CARDS = 5  # the same, of what takes three seconds


async def test_a_silent_server_is_told_as_waited_for(world: World, tmp_path: Path) -> None:
    """A new process, a server that never answers a sign-in, and an app that may wait for a minute.

    The turn ends below 12 seconds in a card that says who is waited for, at what, and not that the mailbox is broken.
    """
    reply = await _turn_in_time(world, tmp_path)
    assert "till waiting" in reply.text
    assert "AUTHENTICATE" in reply.text
    assert "Broken" not in reply.text


async def test_a_turn_ends_in_time_though_everybody_is_slow(world: World, tmp_path: Path) -> None:
    """The same, with signing keys that take most of the time they are given, and a connector that is late each time."""
    world.teams.issuer.delay = WAIT - 1.0  # on a busy machine it is a little more
    world.teams.connector.faults.always(Late(1.9))
    try:
        await _turn_in_time(world, tmp_path)
    finally:
        world.teams.issuer.delay = 0.0
        world.teams.connector.faults.clear()


async def test_building_the_app_is_a_part_of_its_first_turn(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """An app that has taken eight seconds to build has three and a half for what it was built for, and then all."""
    settings = {**world.settings(), "MAILCHECK_TIMEOUT": "60"}
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    app = Application(Settings.read(settings), began=time.monotonic() - 8.0)
    async with WebServer([web.post("/api/messages", partial(turn_of, app))]) as server:
        monkeypatch.setattr(world.teams, "bot_url", f"{server.url}/api/messages")
        started = time.monotonic()
        first = await world.teams.say("/mailcheck silent@contoso.com imap")
        assert time.monotonic() - started < 8.0
        assert "till waiting" in first.text
        assert "Healthy" in (await world.teams.say("/mailcheck slow@contoso.com imap")).text


async def test_the_first_card_is_there_within_a_second(world: World, app: object) -> None:
    """While a check runs, the chat already says so."""
    assert app
    took: list[float] = []
    while len(took) < _CARDS and min(took, default=1.0) >= 1.0:
        took.append(await _first_card(world))
    assert min(took) < 1.0, took


async def _turn_in_time(world: World, folder: Path) -> Reply:
    """The first turn of a new process, for a silent server; it takes less than `_LIMIT`."""
    took: list[float] = []
    while len(took) < _TRIES:
        reply, seconds = await _first_turn(world, folder)
        assert reply.status == 200
        if seconds < _LIMIT:
            return reply
        took.append(seconds)
    raise AssertionError(f"the turns took {took} seconds")


async def _first_turn(world: World, folder: Path) -> tuple[Reply, float]:
    async with another_app(world, folder, MAILCHECK_TIMEOUT="60"):
        started = time.monotonic()
        reply = await world.teams.say("/mailcheck silent@contoso.com imap")
        return reply, time.monotonic() - started


async def _first_card(world: World) -> float:
    """Seconds from a message to the first card, of a check that is still going on then."""
    chat = world.teams.directory.new_group()
    started = time.monotonic()
    asked = world.teams.say("/mailcheck slow@contoso.com imap", conversation=chat, mention=True)
    turn = asyncio.create_task(asked)
    await chat.wait_until(lambda seen: len(seen.posts) >= 2, timeout=10)
    took = time.monotonic() - started
    assert not turn.done()
    await turn
    return took
