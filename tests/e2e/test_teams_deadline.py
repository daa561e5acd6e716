"""A turn ends before Teams gives it up, from the first activity that a new process ever sees."""

import asyncio
import time
from pathlib import Path

import pytest

from lab.app_process import AppProcess
from lab.teams.faults import Late
from lab.teams.service import Reply
from lab.world import World
from mailcheck.adapters.bot_keys import WAIT
from tests.e2e.kit import ROOT

pytestmark = [pytest.mark.asyncio(loop_scope="session")]

_LIMIT = 12.0  # seconds; Teams gives up after 15, and sends the activity again


async def test_a_silent_server_is_told_as_waited_for(world: World, tmp_path: Path) -> None:
    """A new process, a server that never answers a sign-in, and an app that may wait for a minute.

    The turn ends below 12 seconds in a card that says who is waited for, at what, and not that the mailbox is broken.
    """
    reply, took = await _first_turn(world, tmp_path)
    assert reply.status == 200
    assert took < _LIMIT
    assert "till waiting" in reply.text
    assert "AUTHENTICATE" in reply.text
    assert "Broken" not in reply.text


async def test_a_turn_ends_in_time_though_everybody_is_slow(world: World, tmp_path: Path) -> None:
    """The same, with signing keys that take all the time they are given, and a connector that is late each time."""
    world.teams.issuer.delay = WAIT - 0.1
    world.teams.connector.faults.always(Late(1.9))
    try:
        reply, took = await _first_turn(world, tmp_path)
    finally:
        world.teams.issuer.delay = 0.0
        world.teams.connector.faults.clear()
    assert reply.status == 200
    assert took < _LIMIT


async def _first_turn(world: World, folder: Path) -> tuple[Reply, float]:
    """The first turn of a new process, for a silent server, and the seconds that it took."""
    settings = {**world.settings(), "MAILCHECK_TIMEOUT": "60"}
    with (folder / "host.log").open("wb") as log:
        async with AppProcess(ROOT, settings, log=log) as process:
            world.teams.bot_url, usual = f"{process.url}/api/messages", world.teams.bot_url
            try:
                started = time.monotonic()
                reply = await world.teams.say("/mailcheck silent@contoso.com imap")
                return reply, time.monotonic() - started
            finally:
                world.teams.bot_url = usual


async def test_the_first_card_is_there_within_a_second(world: World, app: object) -> None:
    """While a check runs, the chat already says so."""
    assert app
    chat = world.teams.directory.personal(world.teams.directory.people[0])
    before = len(chat.posts)
    started = time.monotonic()
    turn = asyncio.create_task(world.teams.say("/mailcheck slow@contoso.com imap"))
    await chat.wait_until(lambda seen: True if len(seen.posts) >= before + 2 else None, timeout=10)
    took = time.monotonic() - started
    assert not turn.done()
    await turn
    assert took < 1.0
