"""A turn ends before Teams gives it up, from the first activity that a new process ever sees."""

import asyncio
import time
from pathlib import Path

import pytest

from lab.app_process import AppProcess
from lab.world import World
from tests.e2e.kit import ROOT

pytestmark = [pytest.mark.asyncio(loop_scope="session")]

_LIMIT = 12.0  # seconds; Teams gives up after 15, and sends the activity again


async def test_a_silent_server_is_told_as_waited_for(world: World, tmp_path: Path) -> None:
    """A new process, a server that never answers a sign-in, and an app that may wait for a minute.

    The turn ends below 12 seconds in a card that says who is waited for, at what, and not that the mailbox is broken.
    """
    settings = {**world.settings(), "MAILCHECK_TIMEOUT": "60"}
    with (tmp_path / "host.log").open("wb") as log:
        async with AppProcess(ROOT, settings, log=log) as process:
            world.teams.bot_url, usual = f"{process.url}/api/messages", world.teams.bot_url
            try:
                started = time.monotonic()
                reply = await world.teams.say("/mailcheck silent@contoso.com imap")
                took = time.monotonic() - started
            finally:
                world.teams.bot_url = usual
    assert reply.status == 200
    assert took < _LIMIT
    assert "till waiting" in reply.text
    assert "AUTHENTICATE" in reply.text
    assert "Broken" not in reply.text


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
