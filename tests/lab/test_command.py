"""`python -m lab`: the scenarios, the settings it exports, and its end."""

import asyncio
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

_ROOT = Path(__file__).parents[2]
_LIMIT = 60.0  # seconds


@asynccontextmanager
async def lab(*arguments: str) -> AsyncIterator[Process]:
    """The command as a process, ended with the test."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "lab", *arguments, cwd=_ROOT, stdin=PIPE, stdout=PIPE, stderr=PIPE
    )
    try:
        async with asyncio.timeout(_LIMIT):
            yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def _lines_until_ready(process: Process) -> list[str]:
    assert process.stdout is not None
    lines: list[str] = []
    while not (lines and lines[-1].startswith("ready ")):
        line = await process.stdout.readline()
        assert line, "the lab ended"
        lines.append(line.decode().rstrip("\n"))
    return lines


async def test_scenarios_are_listed() -> None:
    """--scenarios names each mailbox with what is the matter with it, and ends."""
    async with lab("--scenarios") as process:
        out, _ = await process.communicate()
    assert process.returncode == 0
    rows = dict(line.split("  ", 1) for line in out.decode().splitlines())
    wanted = {"shared", "info", "no-imap", "no-pop", "not-granted", "unknown"}
    assert {f"{name}@contoso.com" for name in wanted} <= {address.strip() for address in rows}
    assert all(rows.values())


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
async def test_it_serves_until_it_is_told_to_end(ending: signal.Signals) -> None:
    """`--export` prints NAME=value lines, then `ready URL` when the app answers there; a signal ends it cleanly."""
    async with lab("--port", "0", "--export") as process:
        *settings, ready = await _lines_until_ready(process)
        exported = dict(line.split("=", 1) for line in settings)
        assert {"MAILCHECK_TENANT_ID", "MAILCHECK_CA_FILE", "IDENTITY_ENDPOINT", "MicrosoftAppId"} <= set(exported)
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"{ready.removeprefix('ready ')}/api/health") as answer,
        ):
            assert (await answer.json())["configured"] is True
        process.send_signal(ending)
        _, err = await process.communicate()
        assert process.returncode == 0, err.decode()
        assert "Traceback" not in err.decode()


async def test_a_taken_port_is_told() -> None:
    """When the port is in use, the command says so and ends with code 1."""
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        async with lab("--port", str(port)) as process:
            _, err = await process.communicate()
    assert process.returncode == 1
    assert str(port) in err.decode()
    assert "Traceback" not in err.decode()
