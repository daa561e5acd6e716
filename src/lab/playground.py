"""The Microsoft 365 Agents Playground, Microsoft's Teams emulator for the browser, in front of the app in the world.

scripts/setup-node installs it. It is held on loopback and is given no secret: the signing proxy stands in between.
"""

import asyncio
import json
import os
import shutil
import tempfile
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, BinaryIO, Self

import aiohttp

from lab.app_process import AppProcess
from lab.exchange.standard import scenarios
from lab.ports import reserve_port
from lab.scenario import Scenario
from lab.teams.activities import BOT_NAME, bot_account, member
from lab.teams.bearer import BotBearer
from lab.teams.conversation import ANNA, BEN, CHLOE, Person
from lab.teams.delivery import MESSAGES_PATH
from lab.teams.directory import CHANNEL_ID, TEAM_NAME, Directory
from lab.teams.signing_proxy import SigningProxy
from lab.tenant import BOT_CLIENT_ID, BOT_RESOURCE, TENANT_DOMAIN, TENANT_ID
from lab.world import World

PORT = 56150  # where the Playground is unless told otherwise
START_LIMIT = 30.0  # seconds until it answers
_STOP_LIMIT = 5.0
_HOST = "127.0.0.1"
_FOLDER = Path(__file__).parents[2] / "tests" / "interop" / "playground"
_CLI = _FOLDER / "node_modules" / "@microsoft" / "m365agentsplayground" / "cli.js"
_CONFINE = _FOLDER / "confine.cjs"
_CONNECTOR = "/_connector"  # its own service URL
_LISTENING = "Listening on "
# Beside the current user it wants exactly five people.
_COLLEAGUES = (
    BEN,
    CHLOE,
    Person("Dora Nagy", "55555555-aaaa-4bbb-8ccc-0000000000d4", "dora@contoso.com"),
    Person("Emil Holm", "55555555-aaaa-4bbb-8ccc-0000000000e5", "emil@contoso.com"),
    Person("Farah Aziz", "55555555-aaaa-4bbb-8ccc-0000000000f6", "farah@contoso.com"),
)
_GROUP_ID_OF_TEAM = "55555555-aaaa-4bbb-8ccc-0000000000ff"


class PlaygroundFailed(Exception):  # noqa: N818 - what happened to it, said to the person who started it
    """The Playground ended, or did not come up in time; the text says which."""


class Playground:
    """The Playground in a process of its own; an async context manager.

    Args:
        messages_url: The bot's messaging endpoint.
        service_url: What it names as its connector in activities; trailing slash included.
        port: Its TCP port on loopback.
        log: The file for its log.
    """

    def __init__(self, *, messages_url: str, service_url: str, port: int, log: Path) -> None:
        self._messages_url = messages_url
        self._service_url = service_url
        self._port = port
        self._log = log
        self._stack = AsyncExitStack()
        self._process: Process | None = None

    @property
    def url(self) -> str:
        """The page to open in a browser."""
        return f"http://{_HOST}:{self._port}"

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Starts it and waits until it answers, which it does once it has reached the bot.

        Raises:
            PlaygroundFailed: it does not.
        """
        node = shutil.which("node")
        if node is None or not _CLI.exists():
            raise PlaygroundFailed("Node or the Playground is not installed: run make chat")
        # It writes into its current folder and its home.
        folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="mailcheck-playground-")))
        configuration = folder / "playground.yml"
        configuration.write_text(json.dumps(_configuration()))  # JSON is YAML
        self._process = await asyncio.create_subprocess_exec(
            node, "--require", str(_CONFINE), str(_CLI), "start", *self._options(),
            cwd=folder, env=self._environment(folder, configuration), stdin=PIPE, stdout=PIPE,
        )  # fmt: skip
        try:
            async with asyncio.timeout(START_LIMIT):
                await self._until_ready(self._process)
        except TimeoutError:
            await self.stop()
            raise PlaygroundFailed(f"the Playground did not reach the bot in {START_LIMIT:.0f} s") from None
        except BaseException:
            await self.stop()
            raise

    def _options(self) -> list[str]:
        return [
            *("--app-endpoint", self._messages_url),
            *("--service-url", self._service_url),
            *("--channel-id", "msteams"),
            *("--port", str(self._port)),
            "--disable-telemetry",
        ]

    def _environment(self, folder: Path, configuration: Path) -> dict[str, str]:
        """Nothing of the surrounding shell but where programs are: no proxy, no setting of another bot."""
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(folder),
            "M365_AGENTS_PLAYGROUND_CONFIG_PATH": str(configuration),
            "M365_AGENTS_PLAYGROUND_LOGFILE": str(self._log.absolute()),
            "TEAMSAPPTESTER_BROWSER": "none",
        }

    async def _until_ready(self, process: Process) -> None:
        assert process.stdout is not None  # noqa: S101 - asked for in start
        line = (await process.stdout.readline()).decode().strip()
        if not line.startswith(_LISTENING):
            raise PlaygroundFailed(f"the Playground ended with code {await process.wait()}")
        if line != f"{_LISTENING}{self._port}":
            raise PlaygroundFailed(f"port {self._port} is taken; choose another with --port")
        async with aiohttp.ClientSession() as session, session.get(f"{self.url}/_internal/v1/config") as response:
            response.raise_for_status()

    async def stop(self) -> None:
        """Ends it: it goes when its standard input closes, and else by force."""
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            assert process.stdin is not None  # noqa: S101 - asked for in start
            process.stdin.close()
            try:
                async with asyncio.timeout(_STOP_LIMIT):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()
        await self._stack.aclose()

    async def wait(self) -> int:
        """Waits until it ends by itself; its exit code."""
        assert self._process is not None  # noqa: S101 - a mistake of the caller
        return await self._process.wait()


async def serve(
    app: Path, *, port: int, logs: Path, tell: Callable[[str], object], scenario: Scenario | None = None
) -> None:
    """Runs the world, the app, the signing proxy and the Playground until cancelled.

    Args:
        app: Folder with function_app.py.
        port: The Playground's port; 0 for any free one.
        logs: Folder for host.log and playground.log; made if it is missing.
        tell: Takes the text that says where to look and what to type, once all is ready.
        scenario: What is the matter with the world, if anything.

    Raises:
        AppFailed: the app did not start.
        PlaygroundFailed: the Playground did not start, or it or the app ended.
    """
    # The Playground can choose a port itself, but the proxy must know it before the Playground starts.
    port = port or reserve_port(_HOST)
    async with AsyncExitStack() as stack:
        host_log = stack.enter_context(_new_file(logs / "host.log"))
        world = await stack.enter_async_context(World(scenario=scenario))
        host = await stack.enter_async_context(AppProcess(app, world.settings(), log=host_log))
        proxy = await stack.enter_async_context(
            SigningProxy(
                issuer=world.teams.issuer,
                bearer=BotBearer(lambda token: world.entra.verify(token, BOT_RESOURCE), BOT_CLIENT_ID),
                bot_url=host.url + MESSAGES_PATH,
                playground_url=f"http://{_HOST}:{port}{_CONNECTOR}",
                tenant_id=TENANT_ID,
            )
        )
        playground = await stack.enter_async_context(
            Playground(
                messages_url=proxy.messages_url,
                service_url=proxy.service_url,
                port=port,
                log=logs / "playground.log",
            )
        )
        tell(_welcome(playground.url, logs))
        await _until_one_ends(host, playground)


async def _until_one_ends(host: AppProcess, playground: Playground) -> None:
    waits = {
        asyncio.ensure_future(host.wait()): "Functions host",
        asyncio.ensure_future(playground.wait()): "Playground",
    }
    try:
        ended, _ = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for waiting in waits:
            waiting.cancel()
    first = ended.pop()
    raise PlaygroundFailed(f"the {waits[first]} ended with code {first.result()}")


def _welcome(url: str, logs: Path) -> str:
    rows = scenarios(TENANT_DOMAIN)
    width = max(len(address) for address, _ in rows)
    lines = "".join(f"  {address:<{width}}  {purpose}\n" for address, purpose in rows)
    return (
        f"Open  {url}  in a browser and type  /mailcheck {rows[0][0]}\n"
        f"Other mailboxes to try:\n{lines}"
        f"Microsoft's side is simulated on this machine. Logs are in {logs}. Ctrl-C ends it.\n"
    )


def _new_file(path: Path) -> BinaryIO:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.open("wb")


def _configuration() -> dict[str, Any]:
    """The Playground's configuration file, version 0.1.1: the lab's tenant, people and conversations."""
    directory = Directory(TENANT_ID)
    return {
        "version": "0.1.1",
        "tenantId": TENANT_ID,
        "bot": {"id": bot_account(BOT_CLIENT_ID)["id"], "name": BOT_NAME},
        "currentUser": _user(ANNA),
        "users": [_user(person) for person in _COLLEAGUES],
        "personalChat": {"id": directory.personal(ANNA).id},
        "groupChat": {"id": directory.group().id, "name": directory.group().name},
        # Its General channel has the id of the team.
        "team": {"id": CHANNEL_ID, "name": TEAM_NAME, "aadGroupId": _GROUP_ID_OF_TEAM, "channels": []},
    }


def _user(person: Person) -> dict[str, str]:
    of_teams = member(person, TENANT_ID)
    shared = ("id", "name", "aadObjectId", "givenName", "surname", "email")
    return {**{name: of_teams[name] for name in shared}, "userPrincipleName": person.email}  # spelt as it spells it
