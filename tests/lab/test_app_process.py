"""The app in a process of its own: what it is given, how it is stopped, and where it listens."""

import asyncio
import os

import pytest

from lab.app_process import AppFailed, AppProcess
from lab.world import World
from tests.lab import processes
from tests.lab.host_kit import APPS

_DEADLINE = 30.0  # seconds

# What another project's shell may hold, and what would reach the app by it.
PLANTED = {
    "AzureWebJobsStorage": "DefaultEndpointsProtocol=https;AccountName=prod;AccountKey=planted",
    "APPLICATIONINSIGHTS_CONNECTION_STRING": "InstrumentationKey=planted",
    "AZURE_CLIENT_SECRET": "planted",
    "HTTPS_PROXY": "http://proxy.example:3128",
    "IDENTITY_ENDPOINT": "http://169.254.0.1/",
    "MAILCHECK_TENANT_ID": "planted",
    "MicrosoftAppPassword": "planted",
    "PYTHON_SCRIPT_FILE_NAME": "evil.py",
    "PYTHONPATH": "/planted",
    "PYTHONSTARTUP": "/planted",
    "REQUESTS_CA_BUNDLE": "/planted",
    "WEBSITE_SITE_NAME": "planted",
}
KEPT = {"LAB_MASTER_KEY": "kept", "LC_TIME": "C", "TMPDIR": "/tmp", "PYTHONDONTWRITEBYTECODE": "1"}  # noqa: S108 - a name


async def new_child(before: set[int]) -> int:
    """The process that this one has started since then; waited for."""
    async with asyncio.timeout(_DEADLINE):
        while not (new := processes.children(os.getpid()) - before):  # noqa: ASYNC110 - the kernel tells no event
            await asyncio.sleep(0.01)
    return new.pop()


@processes.needs_proc
async def test_the_app_gets_its_settings_and_nothing_of_the_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the shell's environment the app has what a program needs to run; other configuration does not reach it."""
    for name, value in {**PLANTED, **KEPT}.items():
        monkeypatch.setenv(name, value)
    before = processes.children(os.getpid())
    async with AppProcess(APPS / "trivial", {"MAILCHECK_IMAP": "given"}):
        given = processes.environment(await new_child(before))
    assert given.items() >= {**KEPT, "MAILCHECK_IMAP": "given", "PATH": os.environ["PATH"]}.items()
    assert {name for name in PLANTED if given.get(name) == PLANTED[name]} == set()
    assert set(given) & set(PLANTED) == {"PYTHONPATH"}


@processes.needs_proc
async def test_a_cancelled_start_leaves_no_process() -> None:
    """Cancelled while it waits for the app, start ends the process that it had begun."""
    before = processes.children(os.getpid())
    start = asyncio.create_task(AppProcess(APPS / "trivial", {}).start())
    await new_child(before)
    start.cancel()
    with pytest.raises(asyncio.CancelledError):
        await start
    assert processes.children(os.getpid()) <= before


@processes.needs_proc
async def test_a_start_that_fails_leaves_no_process() -> None:
    """An app that the host refuses is told of by its exit code."""
    before = processes.children(os.getpid())
    with pytest.raises(AppFailed, match="ended with code 1"):
        await AppProcess(APPS, {}).start()
    assert processes.children(os.getpid()) <= before


@processes.needs_proc
async def test_everything_listens_on_loopback_only() -> None:
    """Every listening socket of the world and of the app is on 127.0.0.1 or ::1: nobody else can reach one."""
    before = processes.children(os.getpid())
    async with World() as world, AppProcess(APPS / "trivial", world.settings()) as app:
        found = processes.listening(os.getpid()) | processes.listening(await new_child(before))
        urls = (world.entra.url, world.identity.url, world.vault.url, world.teams.url, app.url)
        known = {int(url.rpartition(":")[2]) for url in urls} | {world.exchange.imap_port, world.exchange.pop_port}
        assert known <= {port for _, port in found}
        assert [(address, port) for address, port in found if not address.is_loopback] == []
