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
    """--scenarios names each mailbox and each scenario with what is the matter with it, by groups, and ends."""
    async with lab("--scenarios") as process:
        out, _ = await process.communicate()
    assert process.returncode == 0
    groups = [group.splitlines() for group in out.decode().split("\n\n")]
    assert [lines[0].split()[0] for lines in groups] == ["Mailboxes,", "Key", "Entra", "Exchange"]
    listed = [dict(line.strip().split("  ", 1) for line in lines) for _, *lines in groups]
    wanted = {"shared", "info", "no-imap", "no-pop", "not-granted", "unknown"}
    assert {f"{name}@contoso.com" for name in wanted} <= listed[0].keys()
    assert {"vault-firewall", "secret-good"} <= listed[1].keys()
    assert {"conditional-access", "entra-answers=NUMBER"} <= listed[2].keys()
    assert all(purpose.strip().endswith(".") for rows in listed for purpose in rows.values())


@pytest.mark.parametrize("command", [(), ("chat",), ("playground",)])
async def test_an_unknown_scenario_is_told(command: tuple[str, ...]) -> None:
    """A name that is not in the list ends every command with code 2, and the nearest name is told."""
    async with lab(*command, "--scenario", "vault-fierwall") as process:
        _, err = await process.communicate()
    assert process.returncode == 2
    assert "there is no scenario 'vault-fierwall'; the nearest is vault-firewall" in err.decode()


async def test_a_scenario_is_in_what_is_exported() -> None:
    """`--scenario NAME --export` prints the settings as the scenario has them."""
    async with lab("--port", "0", "--export", "--scenario", "secret-good") as process:
        *settings, _ = await _lines_until_ready(process)
    exported = dict(line.split("=", 1) for line in settings)
    assert exported["MAILCHECK_CREDENTIAL"] == "secret"
    assert exported["MAILCHECK_SECRET"]
    assert "MAILCHECK_CERTIFICATE" not in exported


async def test_the_chat_says_which_scenario_it_is_in() -> None:
    """`chat --scenario NAME` shows what is the matter, and the app meets it."""
    async with lab("chat", "--scenario", "vault-firewall") as process:
        out, _ = await process.communicate(b"/mailcheck shared@contoso.com\n")
    text = out.decode()
    assert "Scenario vault-firewall: The vault's firewall" in text
    assert "firewall" in text.partition("Mailboxes to try")[2]


async def test_the_chat_names_a_few_mailboxes_and_where_all_are() -> None:
    """Five that each show something else, and the way to the list; nobody scrolls for the first line to type."""
    async with lab("chat") as process:
        out, _ = await process.communicate(b":quit\n")
    heading, *lines = out.decode().partition("Mailboxes to try")[2].partition("Type ")[0].splitlines()
    assert "--scenarios" in heading
    assert [line.split("@")[0].strip() for line in lines] == [
        "shared",
        "no-imap",
        "no-smtp",
        "not-granted",
        "throttled",
    ]


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
