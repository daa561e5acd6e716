"""`python -m lab`: the world and the app, for people and for scripts.

python -m lab              serve, until Ctrl-C
python -m lab chat         talk to the bot in this terminal
python -m lab playground   talk to it in Microsoft's Agents Playground (needs Node; see `make chat`)

Each of them takes --scenario NAME; --scenarios lists the names.
"""

import argparse
import asyncio
import dataclasses
import os
import signal
import sys
import textwrap
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, suppress
from pathlib import Path

from lab.app_process import AppFailed, AppProcess
from lab.exchange.standard import scenarios
from lab.playground import PORT as PLAYGROUND_PORT
from lab.playground import PlaygroundFailed
from lab.playground import serve as serve_playground
from lab.scenario import Scenario, UnknownScenario
from lab.scenarios import find, listing
from lab.teams.chat import chat
from lab.teams.delivery import MESSAGES_PATH
from lab.teams.terminal import Terminal
from lab.tenant import TENANT_DOMAIN
from lab.world import World

_APP = Path(__file__).parents[2]
_LOGS = _APP / ".lab"
_PORT = 7071  # where `func start` serves, too
_TO_TRY = tuple(f"{name}@{TENANT_DOMAIN}" for name in ("shared", "not-granted", "no-imap", "no-smtp", "throttled"))
_DEMONSTRATION = f"/mailcheck shared@{TENANT_DOMAIN}"


def main(arguments: Sequence[str]) -> int:
    """Runs the command line; the exit code."""
    options = _parser().parse_args(arguments)
    if options.scenarios:
        sys.stdout.write(_everything())
        return 0
    run = {"serve": _serve, "chat": _chat, "playground": _playground}[options.command]
    with suppress(KeyboardInterrupt):
        try:
            return asyncio.run(_until_terminated(run, options))
        except (AppFailed, PlaygroundFailed) as failed:
            sys.stderr.write(f"lab: {failed}\n")
            return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m lab",
        description="Microsoft's side of mailcheck on loopback (Entra, Key Vault, Exchange, Teams), and the app in it.",
    )
    parser.add_argument(
        "command", nargs="?", choices=("serve", "chat", "playground"), default="serve",
        help="serve until Ctrl-C (default), or talk to the bot in this terminal or in the Agents Playground",
    )  # fmt: skip
    parser.add_argument(
        "--port", type=int,
        help=f"port of the Functions host (default {_PORT}; chat: any), or of the playground ({PLAYGROUND_PORT})",
    )  # fmt: skip
    parser.add_argument("--logs", type=Path, default=_LOGS, help="folder for logs (default .lab in the project)")
    parser.add_argument("--auth", action="store_true", help="ask for function keys, as Azure does")
    parser.add_argument("--export", action="store_true", help="print the app's settings as NAME=value lines")
    parser.add_argument(
        "--scenario", type=_scenario, metavar="NAME", help="what is the matter with the vault, the tenant or Exchange"
    )
    parser.add_argument("--scenarios", action="store_true", help="list the mailboxes and scenarios to try, and end")
    return parser


def _scenario(name: str) -> Scenario:
    try:
        return find(name)
    except UnknownScenario as unknown:
        raise argparse.ArgumentTypeError(str(unknown)) from unknown


def _everything() -> str:
    """The mailboxes, and the scenarios by whose state they are."""
    groups = (("Mailboxes, in each of the states below and in none", scenarios(TENANT_DOMAIN)), *listing())
    return "\n".join(f"{heading}\n{_rows(rows)}" for heading, rows in groups)


def _rows(rows: Sequence[tuple[str, str]]) -> str:
    width = max(len(name) for name, _ in rows)
    return "".join(f"  {name:<{width}}  {purpose}\n" for name, purpose in rows)


async def _until_terminated(run: Callable[[argparse.Namespace], Awaitable[int]], options: argparse.Namespace) -> int:
    """SIGTERM ends as Ctrl-C does: everything that was started is stopped."""
    task = asyncio.ensure_future(run(options))
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    try:
        return await task
    except asyncio.CancelledError:
        return 0


async def _serve(options: argparse.Namespace) -> int:
    async with World(scenario=options.scenario) as world:
        port = _PORT if options.port is None else options.port
        async with AppProcess(_APP, world.settings(), port=port, auth=options.auth) as app:
            world.teams.bot_url = app.url + MESSAGES_PATH
            if options.export:
                sys.stdout.writelines(f"{name}={value}\n" for name, value in world.settings().items())
            sys.stdout.write(f"ready {app.url}\n")
            sys.stdout.flush()
            return await app.wait()


async def _chat(options: argparse.Namespace) -> int:
    terminal = Terminal.of_process()
    if not terminal.live:
        terminal = dataclasses.replace(terminal, read_line=_or_demonstration(terminal.read_line))
    options.logs.mkdir(parents=True, exist_ok=True)
    path: Path = options.logs / "host.log"
    async with AsyncExitStack() as stack:
        log = stack.enter_context(path.open("wb"))
        world = await stack.enter_async_context(World(scenario=options.scenario))
        try:
            app = await stack.enter_async_context(
                AppProcess(_APP, world.settings(), port=options.port or 0, auth=options.auth, log=log)
            )
        except AppFailed as failed:
            raise AppFailed(f"{failed}; its log is {path}") from failed
        world.teams.bot_url = app.url + MESSAGES_PATH
        welcome = _welcome(app.url, path, options.scenario)
        terminal.write(_fitted(welcome, terminal.width) if terminal.live else welcome)
        await chat(world.teams, terminal)
    return 0


def _welcome(url: str, log: Path, scenario: Scenario | None) -> str:
    matter = f"Scenario {scenario.name}: {scenario.purpose}\n" if scenario else ""
    return (
        f"mailcheck runs at {url}; Microsoft's side is simulated on this machine, nothing leaves it.\n{matter}"
        f"Mailboxes to try (python -m lab --scenarios lists them all):\n"
        f"{_rows([row for row in scenarios(TENANT_DOMAIN) if row[0] in _TO_TRY])}"
        f"Type  {_DEMONSTRATION}  (the app's log: {os.path.relpath(log)})\n"
        f"You are Anna, who may use the bot, as Ben may; Chloe may not: see with  :as chloe\n\n"
    )


def _fitted(text: str, width: int) -> str:
    """The lines of a text, broken between words where they are longer than the terminal is wide."""
    return "\n".join(textwrap.fill(line, width, subsequent_indent="    ") for line in text.split("\n"))


def _or_demonstration(read_line: Callable[[], Awaitable[str | None]]) -> Callable[[], Awaitable[str | None]]:
    """Without a keyboard and without a line on the pipe, one check is shown all the same."""
    said = False

    async def read() -> str | None:
        nonlocal said
        line = await read_line()
        if line is None and not said:
            line = _DEMONSTRATION
        said = True
        return line

    return read


async def _playground(options: argparse.Namespace) -> int:
    port = PLAYGROUND_PORT if options.port is None else options.port
    await serve_playground(_APP, port=port, logs=options.logs, tell=_tell, scenario=options.scenario)
    return 0


def _tell(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
