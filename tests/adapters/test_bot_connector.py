"""Turns against a connector: the genuine adapter and ConnectorClient, over real HTTP."""

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator, Callable
from typing import Any, NamedTuple

import pytest
from aiohttp import web
from botbuilder.core import InvokeResponse, TurnContext
from botbuilder.schema import Activity, ActivityTypes, ResourceResponse

from mailcheck.adapters.bot_credentials import NoToken
from mailcheck.adapters.bot_tries import TOLD_TRIES
from mailcheck.model.chat_id import is_chat_id
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


@pytest.mark.parametrize("name", ["a b", "a?b=c", "a#b", "%2e%2e", "a%zz", "{conversation_id}", "..;", "~", "'\"<>"])
async def test_an_odd_id_leads_to_its_own_conversation(world: World, name: str) -> None:
    """Whatever can be taken for the id of a conversation, the call is made, and to just that."""
    assert is_chat_id(name)
    assert await world.run(Bot(), conversation={"id": name}) == (200, None)
    assert [call[1] for call in world.connector.calls] == [f"/teams/v3/conversations/{name}/activities/1700000000001"]


async def test_the_token_stays_out_of_the_shared_session(world: World) -> None:
    """The session, which Entra's and the vault's clients use too, does not learn the bot's token."""
    await world.run(Bot())
    assert "Authorization" not in world.session.headers


async def test_an_update_is_put(world: World) -> None:
    """A message is replaced by its id."""
    bot = Update()
    assert await world.run(bot) == (200, None)
    assert world.connector.calls[0][:2] == ("PUT", "/teams/v3/conversations/a:1/activities/post-9")
    assert getattr(bot.sent[0], "id", None) == "post-9"


async def test_what_goes_out_says_that_it_is_json(world: World) -> None:
    """A new message and an update: a service that is not told what it is given need not read it."""
    for bot in (Bot(), Update()):
        await world.run(bot)
    assert world.connector.kinds == ["application/json"] * 2


class Row(NamedTuple):
    """One refusal, what the bot is told, and what else is seen of it."""

    bot: type[Bot] | type[Update]
    status: int
    code: str
    trouble: Trouble
    headers: dict[str, str] = {}  # noqa: RUF012 - read only
    wait: float | None = None
    pauses: tuple[float, ...] = ()
    advice: str = ""


_BACK_OFF = (0.75, 1.5, 3.0)


def _told(pause: float) -> tuple[float, ...]:
    return (pause,) * (TOLD_TRIES - 1)


_IN_3_S = {"Retry_After": "Wed, 21 Oct 2026 07:28:03 GMT", "Date": "Wed, 21 Oct 2026 07:28:00 GMT"}


@pytest.mark.parametrize(
    "row",
    [
        Row(Bot, 400, "BadArgument", Trouble.UNFIT),
        Row(Update, 400, "BadSyntax", Trouble.UNFIT),
        Row(Bot, 401, "BotNotRegistered", Trouble.UNREACHED, advice="has to be the app id of an Azure Bot"),
        Row(Update, 401, "Unauthorized", Trouble.UNREACHED, advice="MicrosoftAppType, MicrosoftAppId and Micr"),
        Row(Bot, 403, "BotDisabledByAdmin", Trouble.SHUT_OUT, advice="allow the app in the Teams admin center"),
        Row(Bot, 403, "BotNotInConversationRoster", Trouble.SHUT_OUT, advice="install the app in this chat"),
        Row(Update, 403, "BotNotInConversationRoster", Trouble.SHUT_OUT, advice="install the app in this chat"),
        Row(Bot, 403, "ConversationBlockedByUser", Trouble.SHUT_OUT),
        Row(Update, 403, "ServiceError", Trouble.LOST),
        Row(Bot, 404, "ConversationNotFound", Trouble.SHUT_OUT),
        Row(Update, 404, "ConversationNotFound", Trouble.SHUT_OUT),
        Row(Update, 404, "ActivityNotFoundInConversation", Trouble.LOST),
        Row(Bot, 412, "PreconditionFailed", Trouble.BUSY, pauses=_BACK_OFF),
        Row(Update, 412, "PreconditionFailed", Trouble.BUSY, pauses=_BACK_OFF),
        Row(Bot, 413, "MessageSizeTooBig", Trouble.UNFIT),
        Row(Bot, 429, "Throttled", Trouble.BUSY, pauses=_BACK_OFF),
        Row(Bot, 429, "Throttled", Trouble.BUSY, {"Retry_After": "2"}, 2.0, _told(2.5)),
        Row(Update, 429, "Throttled", Trouble.BUSY, {"Retry_After": "2"}, 2.0, _told(2.5)),
        Row(Bot, 429, "Throttled", Trouble.BUSY, _IN_3_S, 3.0, _told(3.5)),
        Row(Bot, 429, "Throttled", Trouble.BUSY, {"Retry_After": "60"}, 60.0),
        Row(Bot, 500, "ServiceError", Trouble.BUSY),
        Row(Update, 500, "ServiceError", Trouble.BUSY),
        Row(Bot, 502, "ServiceError", Trouble.BUSY, pauses=_BACK_OFF),
        Row(Bot, 503, "ServiceUnavailable", Trouble.BUSY, {"Retry_After": "1"}, 1.0, _told(1.5)),
        Row(Bot, 504, "BotError", Trouble.BUSY, pauses=_BACK_OFF),
    ],
    ids=lambda row: "-".join([row.bot.__name__, str(row.status), row.code, *row.headers.values()]),
)
async def test_what_comes_of_a_refusal(world: World, caplog: pytest.LogCaptureFixture, row: Row) -> None:
    """The bot is told the kind of trouble and the time to wait; Teams hears 200; the log has one line, with advice."""
    world.connector.answers.extend([refusal(row.status, row.code, **row.headers)] * 2 * TOLD_TRIES)
    bot = row.bot()
    with caplog.at_level(logging.WARNING):
        assert await world.run(bot) == (200, None)
    assert bot.sent == [Undelivered(row.trouble, f"{row.status} {row.code}", row.wait)]
    assert world.connector.pauses == list(row.pauses)
    renewed = 1 if row.status == 401 else 0
    assert len(world.connector.calls) == 1 + len(row.pauses) + renewed
    (record,) = caplog.records
    what = "message" if row.bot is Bot else "update"
    line, _, hint = record.getMessage().partition("; ")
    assert line == f"Teams' connector did not take the {what}: {row.status} {row.code}"
    assert row.advice in hint if row.advice else not hint


@pytest.mark.parametrize(
    "odd, trouble, logged",
    [
        (
            lambda: web.Response(status=302, headers={"Location": "https://evil.example/"}),
            Trouble.UNREACHED,
            "302 without a code",
        ),
        (
            lambda: web.Response(status=400, text="<html>", content_type="text/html"),
            Trouble.UNFIT,
            "400 without a code",
        ),
        (lambda: web.Response(status=404, text="[" * 100_000), Trouble.SHUT_OUT, "404 without a code"),
        (lambda: web.json_response({"error": {"code": ["x"]}}, status=404), Trouble.SHUT_OUT, "404 without a code"),
        (lambda: web.json_response({"error": "x"}, status=404), Trouble.SHUT_OUT, "404 without a code"),
        (refusal(403, "x\r\n2026-01-01 forged line"), Trouble.SHUT_OUT, "403 x 2026-01-01 forged line"),
        (refusal(403, "eyJhbGciOiJub25lIn0.e30." + "A" * 2000), Trouble.SHUT_OUT, "403 <token withheld>"),
    ],
)
async def test_an_odd_refusal_is_one_line_too(
    world: World,
    caplog: pytest.LogCaptureFixture,
    odd: Callable[[], web.Response],
    trouble: Trouble,
    logged: str,
) -> None:
    """Whatever stands where the code should be, the log has one line, without secrets, and no redirect is followed."""
    world.connector.answers.append(odd)
    one = Bot()
    with caplog.at_level(logging.WARNING):
        assert await world.run(one) == (200, None)
    assert one.sent == [Undelivered(trouble, logged)]
    assert len(world.connector.calls) == 1
    (record,) = caplog.records
    assert record.getMessage() == f"Teams' connector did not take the message: {logged}"
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
        lambda: web.json_response({"id": ".."}, status=201),  # an update of it would go to another path
        lambda: web.json_response({"id": "a\r\nb"}, status=201),
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


async def test_a_token_that_is_refused_is_bought_anew(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """It may have been revoked: the same message goes out again, at once, with the next one."""
    world.source.next = "next-token"
    world.connector.answers.append(refusal(401, "Unauthorized"))
    bot = Bot()
    await world.run(bot)
    assert isinstance(bot.sent[0], ResourceResponse)
    assert [token for _, _, token in world.connector.calls] == [f"Bearer {TOKEN}", "Bearer next-token"]
    assert world.connector.pauses == []
    assert caplog.records == []


async def test_one_token_is_bought_for_all_that_are_refused(world: World) -> None:
    """A connector that refuses every token is not called twice for each message of a turn."""
    world.connector.answers.extend([refusal(401, "Unauthorized")] * 9)
    bot = Bot()
    for _ in range(3):
        await world.run(bot)
    assert bot.sent == [Undelivered(Trouble.UNREACHED, "401 Unauthorized")] * 3
    assert len(world.connector.calls) == 1 + 1 + 2


async def test_a_refused_token_that_cannot_be_replaced(world: World) -> None:
    """Why there is no other token says more than the refusal."""
    world.source.next = NoToken("Entra refused: AADSTS7000215")
    world.connector.answers.append(refusal(401, "Unauthorized"))
    bot = Bot()
    await world.run(bot)
    assert bot.sent == [Undelivered(Trouble.UNREACHED, "Entra refused: AADSTS7000215")]
    assert len(world.connector.calls) == 1


@pytest.mark.parametrize("token", ["two\r\nlines", " planted-bot-token", "ü", ""])
async def test_what_is_no_token_is_not_sent(world: World, caplog: pytest.LogCaptureFixture, token: str) -> None:
    """What would not be one header stays here, and out of the log."""
    world.source.answer = token
    bot = Bot()
    assert await world.run(bot) == (200, None)
    assert bot.sent == [Undelivered(Trouble.UNREACHED, "the bot's token is none by RFC 6750")]
    assert world.connector.calls == []
    assert TOKEN not in caplog.text


async def test_without_a_token_nothing_is_sent(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """When Entra gives no token the connector is not called, and the log has Entra's words."""
    world.source.answer = NoToken("Entra refused: AADSTS7000215")
    bot = Bot()
    with caplog.at_level(logging.WARNING):
        assert await world.run(bot) == (200, None)
    assert bot.sent == [Undelivered(Trouble.UNREACHED, "Entra refused: AADSTS7000215")]
    assert world.connector.calls == []
    assert world.connector.pauses == [], "who buys tokens knows when to ask again"
    (record,) = caplog.records
    assert record.getMessage().endswith(" the message: Entra refused: AADSTS7000215")


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


@pytest.mark.parametrize("mode", ["expectReplies", "normal", "notification", "x", None])
async def test_what_is_said_goes_to_the_chat(world: World, mode: str | None) -> None:
    """Whatever mode of delivery an activity asks for: who brings it is not given what the chat is to be told."""
    bot = Bot()
    assert await world.run(bot, deliveryMode=mode) == (200, None)
    assert [body["text"] for body in world.connector.bodies] == ["hello"]
    assert getattr(bot.sent[0], "id", None) == "post-1"


async def _ignore(_turn: TurnContext) -> None:
    return


async def test_an_invoke_without_an_answer_is_501(world: World) -> None:
    """An invoke that the bot does not know is answered as the protocol wants: not implemented."""
    assert await world.run(_ignore, type="invoke", name="composeExtension/query") == (501, None)


async def test_a_large_activity_does_not_keep_others_waiting(world: World) -> None:
    """The loop goes on while the SDK reads 150 KiB, for which it takes a tenth of a second."""
    turn = asyncio.create_task(world.run(_ignore, entities=[{}] * 40_000))
    rounds = 0
    while not turn.done():
        await asyncio.sleep(0)
        rounds += 1
    assert rounds > 50  # a turn that says nothing has a few


async def test_a_bug_in_the_turn_is_not_hidden(world: World) -> None:
    """An exception of the bot's own goes to the host, which logs it and answers 500."""

    async def broken(_turn: TurnContext) -> None:
        raise LookupError("ours")

    with pytest.raises(LookupError):
        await world.run(broken)


@pytest.mark.parametrize("body", [{"statusCode": 200, "type": "x", "value": {"a": [1, None, "ü"]}}, {}, None])
@pytest.mark.parametrize("seconds", [30.0, -1.0])
async def test_an_invoke_is_answered_by_http(world: World, body: object, seconds: float) -> None:
    """What the bot answers an invoke with is the answer to Teams' request, as it is, and however late it is."""

    async def bot(turn: TurnContext) -> None:
        answer = InvokeResponse(status=200, body=body)
        await turn.send_activity(Activity(type=ActivityTypes.invoke_response, value=answer))

    assert await world.run(bot, seconds, type="invoke", name="adaptiveCard/action") == (200, body)
    assert world.connector.calls == []
