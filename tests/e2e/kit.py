"""The product as its users meet it: an app behind a URL, a command in a terminal."""

import asyncio
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import azure.functions as func
import pytest
from aiohttp import web

from lab.app_process import AppProcess
from lab.world import World
from mailcheck.compose import Application, build_use_cases
from mailcheck.model.report import Report
from mailcheck.model.request import CheckRequest, Mailbox
from mailcheck.settings import CheckSettings, Settings

ROOT = Path(__file__).parents[2]
_COMMAND_LIMIT = 60.0  # seconds
_CHECK_LIMIT = 20.0  # seconds: twice what a check has


@dataclass(frozen=True)
class Answer:
    """An HTTP answer, read whole."""

    status: int
    media_type: str
    body: bytes
    document: Any


@dataclass(frozen=True)
class App:
    """A Functions app over HTTP, and its log."""

    url: str
    http: aiohttp.ClientSession
    log: Path

    async def send(self, method: str, path: str, **options: Any) -> Answer:  # noqa: ANN401 - aiohttp's options
        """One request; the document is the parsed JSON, or none where there is no JSON."""
        async with self.http.request(method, f"{self.url}{path}", **options) as response:
            body = await response.read()
            is_json = response.content_type.endswith("json")
            return Answer(
                response.status,
                response.content_type,
                body,
                await response.json(content_type=None) if is_json else None,
            )

    async def check(self, mailbox: str, *protocols: str) -> Any:  # noqa: ANN401 - JSON
        """The report of a check by these protocols."""
        asked = {"mailbox": mailbox, **({"protocols": list(protocols)} if protocols else {})}
        answer = await self.send("POST", "/api/checks", json=asked)
        assert answer.status == 200, answer
        return answer.document


@dataclass(frozen=True)
class Ended:
    """A command that has ended."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Terminal:
    """Runs `python -m mailcheck` with an environment."""

    environment: Mapping[str, str]

    async def run(self, *arguments: str, **settings: str) -> Ended:
        """Runs the command to its end; further settings override those of the environment."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "mailcheck", *arguments,
            env={**self.environment, **settings}, cwd=ROOT,
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, err = await asyncio.wait_for(process.communicate(), _COMMAND_LIMIT)
        assert process.returncode is not None
        return Ended(process.returncode, out.decode(), err.decode())


@asynccontextmanager
async def another_app(world: World, folder: Path, **changes: str) -> AsyncIterator[Path]:
    """Teams talks to another app, with these settings besides the world's, until that ends; gives the app's log."""
    usual, log = world.teams.bot_url, folder / "host.log"
    with log.open("wb") as sink:
        async with AppProcess(ROOT, {**world.settings(), **changes}, log=sink) as process:
            world.teams.bot_url = f"{process.url}/api/messages"
            try:
                yield log
            finally:
                world.teams.bot_url = usual


async def turn_of(app: Application, request: web.Request) -> web.Response:
    """What the Functions host does with an activity, by an app that is composed in this process."""
    asked = func.HttpRequest(method="POST", url="/", headers=dict(request.headers), body=await request.read())
    answer = await app.messages(asked)
    return web.Response(status=answer.status_code, body=answer.get_body())


class Checker:
    """Checks as the app does, in this process, with the settings of a world; what Azure's libraries read is set.

    Further settings override those of the world.
    """

    def __init__(self, world: World, monkeypatch: pytest.MonkeyPatch, **changes: str) -> None:
        read = {**world.settings(), **changes}
        for name in ("IDENTITY_ENDPOINT", "IDENTITY_HEADER", "AZURE_CLIENT_ID"):
            monkeypatch.delenv(name, raising=False)
        for name, value in read.items():
            monkeypatch.setenv(name, value)
        settings = Settings.read(read).check
        assert isinstance(settings, CheckSettings), settings
        self._protocols = settings.protocols
        self._check = build_use_cases(settings).check

    async def __call__(self, mailbox: str) -> Report:
        """The report of one check."""
        report = await asyncio.wait_for(self._check(CheckRequest(Mailbox(mailbox), self._protocols)), _CHECK_LIMIT)
        assert isinstance(report, Report)
        return report
