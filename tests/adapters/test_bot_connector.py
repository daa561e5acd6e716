"""Turns against a connector: the genuine adapter and ConnectorClient, over real HTTP."""

import asyncio
import logging
import ssl
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
import requests
from aiohttp import web
from botbuilder.core import TurnContext
from botbuilder.schema import Activity, ActivityTypes

from lab.serving import WebServer
from lab.tenant import BOT_CLIENT_ID
from mailcheck.adapters.bot_connector import READ_TIMEOUT, TeamsChannel
from mailcheck.adapters.bot_credentials import BotCredentials, BotToken, NoToken
from mailcheck.adapters.trust import http_session
from mailcheck.model.secret import Secret
from tests.adapters.bot_kit import Clock, activity

_TOKEN = "planted-bot-token"


@dataclass
class Connector:
    """Keeps the bot's calls; answers from `answers` first, then 201 with an id."""

    calls: list[tuple[str, str, str]] = field(default_factory=list)
    bodies: list[dict[str, Any]] = field(default_factory=list)
    answers: deque[web.Response] = field(default_factory=deque)
    pauses: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.server = WebServer([web.route("*", "/{path:.*}", self._answer)])

    @property
    def url(self) -> str:
        return f"{self.server.url}/teams/"

    async def _answer(self, request: web.Request) -> web.Response:
        self.calls.append((request.method, request.path, request.headers.get("Authorization", "")))
        self.bodies.append(await request.json())
        if self.answers:
            return self.answers.popleft()
        return web.json_response({"id": f"post-{len(self.calls)}"}, status=201)

    async def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)


class Source:
    """A token source that gives what it is told to."""

    def __init__(self) -> None:
        self.answer: BotToken | NoToken = BotToken(Secret(_TOKEN), 3600.0)

    def fetch(self) -> BotToken | NoToken:
        return self.answer


@dataclass
class World:
    """A connector, and the channel that calls it."""

    connector: Connector
    source: Source
    session: requests.Session
    channel: TeamsChannel

    async def run(self, turn: Callable[[TurnContext], Any], **changes: Any) -> tuple[int, object]:  # noqa: ANN401 - JSON
        async def by(context: TurnContext, _deadline: float) -> None:
            await turn(context)

        deadline = asyncio.get_running_loop().time() + 10
        return await self.channel.process(activity(serviceUrl=self.connector.url, **changes), by, deadline)


@pytest.fixture
async def world(trust: ssl.SSLContext) -> AsyncIterator[World]:
    """A connector on loopback and a channel that has a token for it."""
    connector, source, session = Connector(), Source(), http_session(trust)
    await connector.server.start()
    credentials = BotCredentials(source, clock=Clock().monotonic)
    channel = TeamsChannel(
        app_id=BOT_CLIENT_ID, credentials=credentials, session=session, pause=connector.pause
    )  # fmt: skip
    yield World(connector, source, session, channel)
    session.close()
    await connector.server.stop()


def _refusal(status: int, code: str = "Code", **headers: str) -> web.Response:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return web.json_response({"error": {"code": code, "message": "m"}}, status=status, headers=names)


class Bot:
    """Sends one message, and keeps what came of it."""

    def __init__(self) -> None:
        self.sent: list[object] = []

    async def __call__(self, turn: TurnContext) -> None:
        self.sent.append(await turn.send_activity("hello"))


async def test_a_reply_reaches_the_conversation(world: World) -> None:
    """A reply is posted below the service URL with the bot's token, and its id comes back."""
    bot = Bot()
    assert await world.run(bot) == (200, None)
    assert world.connector.calls == [
        ("POST", "/teams/v3/conversations/a:1/activities/1700000000001", f"Bearer {_TOKEN}")
    ]
    assert world.connector.bodies[0]["text"] == "hello"
    assert getattr(bot.sent[0], "id", None) == "post-1"


async def test_the_token_stays_out_of_the_shared_session(world: World) -> None:
    """The session, which Entra's and the vault's clients use too, does not learn the bot's token."""
    await world.run(Bot())
    assert "Authorization" not in world.session.headers


async def test_an_update_is_put(world: World) -> None:
    """A message is replaced by its id."""
    answers: list[object] = []

    async def bot(turn: TurnContext) -> None:
        answers.append(await turn.update_activity(Activity(id="post-9", type=ActivityTypes.message, text="new")))

    assert await world.run(bot) == (200, None)
    assert world.connector.calls[0][:2] == ("PUT", "/teams/v3/conversations/a:1/activities/post-9")
    assert getattr(answers[0], "id", None) == "post-9"


@pytest.mark.parametrize(
    "answer, logged",
    [
        (_refusal(403, "BotNotInConversationRoster"), "403 BotNotInConversationRoster"),
        (_refusal(404, "ConversationNotFound"), "404 ConversationNotFound"),
        (_refusal(413, "MessageSizeTooBig"), "413 MessageSizeTooBig"),
        (_refusal(429, "Throttled", Retry_After="60"), "429 Throttled"),
        (_refusal(429, "Throttled", Retry_After="Wed, 21 Oct 2026 07:28:00 GMT"), "429 Throttled"),
        (web.json_response({"message": "Authorization has been denied"}, status=401), "401 without a code"),
        (web.Response(status=302, headers={"Location": "https://evil.example/"}), "302 without a code"),
        (web.Response(status=400, text="<html>", content_type="text/html"), "400 without a code"),
        (web.Response(status=201, text="{", content_type="application/json"), "the message: "),
        (_refusal(403, "x\r\n2026-01-01 forged line"), "403 x 2026-01-01 forged line"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_a_refused_call_is_one_line_of_the_log(
    world: World, caplog: pytest.LogCaptureFixture, answer: web.Response, logged: str
) -> None:
    """Whatever the connector answers, the turn goes on, Teams hears 200, and the log has one warning, no secrets."""
    world.connector.answers.append(answer)
    bot = Bot()
    with caplog.at_level(logging.WARNING):
        assert await world.run(bot) == (200, None)
    assert bot.sent == [None]
    assert len(world.connector.calls) == 1
    (record,) = caplog.records
    assert logged in record.getMessage()
    assert "\n" not in record.getMessage()
    assert record.exc_info is None
    assert _TOKEN not in caplog.text


@pytest.mark.parametrize(
    "first, paused",
    [
        (lambda: _refusal(429, Retry_After="0"), 0.0),
        (lambda: _refusal(429, Retry_After="2"), 2.0),
        (lambda: _refusal(429), 1.0),
        (lambda: _refusal(412), 1.0),
        (lambda: _refusal(500), 1.0),
        (lambda: _refusal(502), 1.0),
        (lambda: _refusal(503, Retry_After="1"), 1.0),
        (lambda: _refusal(504), 1.0),
    ],
)
async def test_a_passing_refusal_is_tried_once_more(
    world: World, first: Callable[[], web.Response], paused: float
) -> None:
    """After 429, 412 and the passing 5xx, a second try is made when it can be made soon."""
    world.connector.answers.append(first())
    bot = Bot()
    await world.run(bot)
    assert world.connector.pauses == [paused]
    assert len(world.connector.calls) == 2
    assert bot.sent != [None]


async def test_there_is_no_third_try(world: World) -> None:
    """Two refusals are final."""
    world.connector.answers.extend([_refusal(503), _refusal(503), _refusal(503)])
    bot = Bot()
    await world.run(bot)
    assert bot.sent == [None]
    assert len(world.connector.calls) == 2


async def test_a_failed_update_is_a_value(world: World) -> None:
    """An update that is refused gives None, and is not repeated four times over some seconds."""
    answers: list[object] = []

    async def bot(turn: TurnContext) -> None:
        answers.append(await turn.update_activity(Activity(id="gone", type=ActivityTypes.message)))

    world.connector.answers.append(_refusal(404))
    assert await world.run(bot) == (200, None)
    assert answers == [None]
    assert len(world.connector.calls) == 1


async def test_a_connector_that_is_down_is_a_value(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """A refused connection ends the send at once; the turn goes on."""
    bot = Bot()
    await world.connector.server.stop()
    with caplog.at_level(logging.WARNING, logger="mailcheck"):
        assert await world.run(bot) == (200, None)
    assert bot.sent == [None]
    assert "refused" in caplog.text
    assert READ_TIMEOUT < 15


async def test_without_a_token_nothing_is_sent(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """When Entra gives no token the connector is not called, and the log has Entra's words."""
    world.source.answer = NoToken("Entra refused: AADSTS7000215")
    bot = Bot()
    with caplog.at_level(logging.WARNING):
        assert await world.run(bot) == (200, None)
    assert bot.sent == [None]
    assert world.connector.calls == []
    assert "AADSTS7000215" in caplog.text


@pytest.mark.parametrize(
    "changes",
    [
        {"entities": "x"}, {"entities": [5]}, {"from": "x"}, {"attachments": 5}, {"timestamp": "yesterday"},
        {"conversation": []}, {"membersAdded": 1}, {"expiration": "2026"},
    ],
    ids=str,
)  # fmt: skip
async def test_what_is_no_activity_is_a_400(world: World, changes: dict[str, Any]) -> None:
    """JSON that does not fit the Activity schema runs no turn."""
    bot = Bot()
    assert await world.run(bot, **changes) == (400, None)
    assert bot.sent == []


async def test_an_invoke_without_an_answer_is_501(world: World) -> None:
    """An invoke that the bot does not know is answered as the protocol wants: not implemented."""

    async def ignores(_turn: TurnContext) -> None:
        return

    assert await world.run(ignores, type="invoke", name="composeExtension/query") == (501, None)


async def test_a_bug_in_the_turn_is_not_hidden(world: World) -> None:
    """An exception of the bot's own goes to the host, which logs it and answers 500."""

    async def broken(_turn: TurnContext) -> None:
        raise LookupError("ours")

    with pytest.raises(LookupError):
        await world.run(broken)
