"""The whole thing, once for all tests here: the lab's world, and function_app.py under the genuine runtime."""

import os
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from lab.app_process import AppProcess
from lab.world import World
from tests.e2e.kit import ROOT, App, Terminal


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def world() -> AsyncIterator[World]:
    """Microsoft's side, on loopback."""
    async with World() as started:
        started.teams.connector.rates.enforced = False  # the tests ask faster than people do
        yield started


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    """An HTTP client."""
    async with aiohttp.ClientSession() as session:
        yield session


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def app(
    world: World, http: aiohttp.ClientSession, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[App]:
    """The configured app."""
    log = tmp_path_factory.mktemp("app") / "host.log"
    with log.open("wb") as sink:
        async with AppProcess(ROOT, world.settings(), log=sink) as process:
            world.teams.bot_url = f"{process.url}/api/messages"
            yield App(process.url, http, log)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def bare_app(http: aiohttp.ClientSession, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[App]:
    """The app as a deployment without any settings has it, asking for keys."""
    log = tmp_path_factory.mktemp("bare") / "host.log"
    keys = {"LAB_FUNCTION_KEY": "planted-function-key", "LAB_MASTER_KEY": "planted-master-key"}
    with log.open("wb") as sink:
        async with AppProcess(ROOT, keys, auth=True, log=sink) as process:
            yield App(process.url, http, log)


@pytest.fixture
def terminal(world: World) -> Terminal:
    """`python -m mailcheck` with the world's settings."""
    return Terminal(clean_environment(world.settings()))


@pytest.fixture
def bare_terminal() -> Terminal:
    """`python -m mailcheck` without any settings."""
    return Terminal(clean_environment({}))


def clean_environment(settings: Mapping[str, str]) -> dict[str, str]:
    """The environment of a command: what Python needs, and these settings."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {**kept, "PYTHONPATH": str(Path(ROOT, "src")), "PYTHONUTF8": "1", **settings, "PYTHON": sys.executable}
