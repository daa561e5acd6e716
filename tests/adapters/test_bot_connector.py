"""Turns against a connector: the genuine adapter and ConnectorClient, over real HTTP."""

import logging
import ssl
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from aiohttp import web
from botbuilder.core import InvokeResponse, TurnContext
from botbuilder.schema import Activity, ActivityTypes, ResourceResponse

from mailcheck.adapters.bot_credentials import NoToken
from mailcheck.model.delivery import Trouble, Undelivered
from tests.adapters.connector_kit import TOKEN, Bot, Update, World, answer, refusal, world_of


@pytest.fixture
async def world(trust: ssl.SSLContext) -> AsyncIterator[World]:
    """A connector on loopback and a channel that has a token for it."""
    async with world_of(trust) as world:
        yield world


async def test_a_reply_reaches_the_conversation(world: World) -> None:
    """A reply is posted below the service URL with the bot's token, and its id comes back."""
    bot = Bot()
    assert await world.run(bot) == (200, None)
    assert world.connector.calls == [
        ("POST", "/teams/v3/conversations/a:1/activities/1700000000001", f"Bearer {TOKEN}")
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
    "bot, refused, trouble, logged",
    [
        (Bot, refusal(400, "BadArgument"), Trouble.UNFIT, "the message: 400 BadArgument"),
        (
            Bot,
            refusal(403, "BotDisabledByAdmin"),
            Trouble.SHUT_OUT,
            "the message: 403 BotDisabledByAdmin; allow the app in the Teams admin center",
        ),
        (
            Bot,
            refusal(403, "BotNotInConversationRoster"),
            Trouble.SHUT_OUT,
            "403 BotNotInConversationRoster; install the app in this chat or team again",
        ),
        (Bot, refusal(403, "ConversationBlockedByUser"), Trouble.SHUT_OUT, "403 ConversationBlockedByUser"),
        (Bot, refusal(404, "ConversationNotFound"), Trouble.SHUT_OUT, "404 ConversationNotFound"),
        (Update, refusal(404, "ConversationNotFound"), Trouble.SHUT_OUT, "the update: 404 ConversationNotFound"),
        (Update, refusal(404, "ActivityNotFoundInConversation"), Trouble.LOST, "404 ActivityNotFoundInConversation"),
        (Update, refusal(403, "ServiceError"), Trouble.LOST, "403 ServiceError"),
        (Bot, refusal(413, "MessageSizeTooBig"), Trouble.UNFIT, "413 MessageSizeTooBig"),
        (Bot, refusal(429, "Throttled", Retry_After="60"), Trouble.BUSY, "429 Throttled"),
        (Bot, refusal(500, "ServiceError"), Trouble.BUSY, "500 ServiceError"),
        (Update, refusal(500, "ServiceError"), Trouble.BUSY, "500 ServiceError"),
        (
            Bot,
            lambda: web.Response(status=302, headers={"Location": "https://evil.example/"}),
            Trouble.UNREACHED,
            "302 without a code",
        ),
        (
            Bot,
            lambda: web.Response(status=400, text="<html>", content_type="text/html"),
            Trouble.UNFIT,
            "400 without a code",
        ),
        (Bot, lambda: web.Response(status=404, text="[" * 100_000), Trouble.SHUT_OUT, "404 without a code"),
        (Bot, lambda: web.json_response({"error": {"code": ["x"]}}, status=404), Trouble.SHUT_OUT, "without a code"),
        (Bot, refusal(403, "x\r\n2026-01-01 forged line"), Trouble.SHUT_OUT, "403 x 2026-01-01 forged line"),
        (Bot, refusal(403, "eyJhbGciOiJub25lIn0.e30." + "A" * 2000), Trouble.SHUT_OUT, "403 <token withheld>"),
    ],
    ids=lambda value: value[:60] if isinstance(value, str) else "",
)
async def test_a_refusal_is_a_value_and_one_line_of_the_log(
    world: World,
    caplog: pytest.LogCaptureFixture,
    bot: type[Bot] | type[Update],
    refused: Callable[[], web.Response],
    trouble: Trouble,
    logged: str,
) -> None:
    """What another try would not change is asked once. The turn goes on; the log has one warning, without secrets."""
    world.connector.answers.append(refused)
    one = bot()
    with caplog.at_level(logging.WARNING):
        assert await world.run(one) == (200, None)
    (undelivered,) = one.sent
    assert isinstance(undelivered, Undelivered)
    assert undelivered.trouble is trouble
    assert len(world.connector.calls) == 1
    assert world.connector.pauses == []
    (record,) = caplog.records
    assert logged in record.getMessage()
    assert "\n" not in record.getMessage()
    assert record.exc_info is None
    assert TOKEN not in caplog.text


async def test_a_message_is_taken_whatever_is_said_about_it(world: World) -> None:
    """After 200, 201 or 202 it is in the chat; an answer that cannot be read only leaves it without an id."""
    garbage = [
        lambda: web.Response(status=201, text="{", content_type="application/json"),
        lambda: web.Response(status=200),
        lambda: web.Response(status=202, text="<a/>", content_type="application/xml"),
        lambda: web.Response(status=201, text="[" * 100_000, content_type="application/json"),
        lambda: web.Response(status=201, body=b"\xff\xfe", content_type="application/json"),
        lambda: web.json_response([1], status=201),
        lambda: web.json_response({"id": {"id": 5}}, status=201),
    ]
    world.connector.answers.extend(garbage)
    for _ in garbage:
        bot = Bot()
        assert await world.run(bot) == (200, None)
        assert isinstance(bot.sent[0], ResourceResponse)
        assert bot.sent[0].id is None
    assert len(world.connector.calls) == len(garbage)


async def test_each_message_has_its_own_outcome(world: World) -> None:
    """What was sent before a failure is known by its id, and what comes after it is sent."""
    outcomes: list[object] = []

    async def bot(turn: TurnContext) -> None:
        outcomes.extend(await turn.send_activities([Activity(text=text) for text in ("a", "b", "c")]))

    world.connector.answers.extend([answer("first"), refusal(413, "MessageSizeTooBig"), answer("third")])
    assert await world.run(bot) == (200, None)
    first, second, third = outcomes
    assert [getattr(first, "id", None), getattr(third, "id", None)] == ["first", "third"]
    assert second == Undelivered(Trouble.UNFIT, "413 MessageSizeTooBig")


async def test_without_a_token_nothing_is_sent(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """When Entra gives no token the connector is not called, and the log has Entra's words."""
    world.source.answer = NoToken("Entra refused: AADSTS7000215")
    bot = Bot()
    with caplog.at_level(logging.WARNING):
        assert await world.run(bot) == (200, None)
    assert bot.sent == [Undelivered(Trouble.UNREACHED, "Entra refused: AADSTS7000215")]
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


@pytest.mark.parametrize("body", [{"statusCode": 200, "type": "x", "value": {"a": [1, None, "ü"]}}, {}, None])
async def test_an_invoke_is_answered_by_http(world: World, body: object) -> None:
    """What the bot answers an invoke with is the answer to Teams' request, as it is."""

    async def bot(turn: TurnContext) -> None:
        answer = InvokeResponse(status=200, body=body)
        await turn.send_activity(Activity(type=ActivityTypes.invoke_response, value=answer))

    assert await world.run(bot, type="invoke", name="adaptiveCard/action") == (200, body)
    assert world.connector.calls == []
