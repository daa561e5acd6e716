"""What the tests of the bot's way out share: a connector on loopback, and a channel that calls it."""

import asyncio
import ssl
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import requests
from aiohttp import web
from botbuilder.core import TurnContext
from botbuilder.schema import Activity, ActivityTypes

from lab.serving import WebServer
from mailcheck.adapters.bot_connector import TeamsChannel
from mailcheck.adapters.bot_credentials import BotCredentials, BotToken, NoToken
from mailcheck.adapters.bot_sender import TIMEOUTS
from mailcheck.adapters.bot_tries import Pause
from mailcheck.adapters.trust import http_session
from mailcheck.model.secret import Secret
from tests.adapters.bot_kit import Clock, activity

TOKEN = "planted-bot-token"


@dataclass
class Connector:
    """Keeps the bot's calls; answers from `answers` first, then 201 with an id."""

    calls: list[tuple[str, str, str]] = field(default_factory=list)
    bodies: list[dict[str, Any]] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)  # of the bodies, by their Content-Type
    answers: deque[Callable[[], web.Response]] = field(default_factory=deque)
    pauses: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.server = WebServer([web.route("*", "/{path:.*}", self._answer)])

    @property
    def url(self) -> str:
        return f"{self.server.url}/teams/"

    async def _answer(self, request: web.Request) -> web.Response:
        self.calls.append((request.method, request.path, request.headers.get("Authorization", "")))
        self.bodies.append(await request.json())
        self.kinds.append(request.content_type)
        if self.answers:
            return self.answers.popleft()()
        return web.json_response({"id": f"post-{len(self.calls)}"}, status=201)

    async def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)


class Source:
    """A token source that gives what it is told to, when it is told to."""

    def __init__(self) -> None:
        self.answer: str | NoToken = TOKEN
        self.go_on = asyncio.Event()
        self.go_on.set()
        self.next: str | NoToken = TOKEN

    async def fetch(self) -> BotToken | NoToken:
        await self.go_on.wait()
        return self.answer if isinstance(self.answer, NoToken) else BotToken(Secret(self.answer), 3600.0)

    def forget(self) -> None:
        self.answer = self.next


@dataclass
class World:
    """A connector, and the channel that calls it."""

    connector: Connector
    source: Source
    session: requests.Session
    timeouts: tuple[float, float] = TIMEOUTS
    pause: Pause | None = None
    chance: float = 0.5  # pauses are three quarters of a time that doubles

    def __post_init__(self) -> None:
        self.channel = TeamsChannel(
            credentials=BotCredentials(self.source, clock=Clock().monotonic),
            session=self.session,
            pause=self.pause or self.connector.pause,
            chance=lambda: self.chance,
            timeouts=self.timeouts,
        )

    async def run(
        self,
        turn: Callable[[TurnContext], Awaitable[None]],
        seconds: float = 30.0,
        **changes: Any,  # noqa: ANN401 - JSON
    ) -> tuple[int, object]:
        """One turn that has so many seconds."""

        async def by(context: TurnContext, _deadline: float) -> None:
            await turn(context)

        deadline = asyncio.get_running_loop().time() + seconds
        return await self.channel.process(activity(**{"serviceUrl": self.connector.url, **changes}), by, deadline)


@asynccontextmanager
async def world_of(trust: ssl.SSLContext, timeouts: tuple[float, float] = TIMEOUTS) -> AsyncGenerator[World]:
    """A connector on loopback and a channel that has a token for it."""
    connector = Connector()
    with http_session(trust) as session:
        await connector.server.start()
        yield World(connector, Source(), session, timeouts)
    await connector.server.stop()


def answer(name: str) -> Callable[[], web.Response]:
    """The connector has taken the message, under this id."""
    return lambda: web.json_response({"id": name}, status=201)


def refusal(status: int, code: str = "Code", **headers: str) -> Callable[[], web.Response]:
    """The connector's error object, as often as it is asked for; `Retry_After="1"` is a header."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda: web.json_response({"error": {"code": code, "message": "m"}}, status=status, headers=names)


class Bot:
    """Sends one message, and keeps what came of it."""

    def __init__(self, **members: object) -> None:
        self.sent: list[object] = []
        self._members = members

    async def __call__(self, turn: TurnContext) -> None:
        self.sent.append(await turn.send_activity(Activity(type=ActivityTypes.message, text="hello", **self._members)))


class Update:
    """Replaces one message, and keeps what came of it."""

    def __init__(self, **members: object) -> None:
        self.sent: list[object] = []
        self._members = members

    async def __call__(self, turn: TurnContext) -> None:
        new = Activity(id="post-9", type=ActivityTypes.message, text="new", **self._members)
        self.sent.append(await turn.update_activity(new))
