"""Pressed buttons: what the bot's answer shows to the person who pressed, and what everybody sees."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from lab.teams.answered import SOMETHING_WRONG, Failed, Outcome, Replaced, Told, outcome
from lab.teams.card_limits import MAX_CARD_BYTES
from lab.teams.conversation import ANNA, BEN, CARD_TYPE, Change, Happening
from lab.teams.service import Reply, Teams
from lab.tenant import BOT_CLIENT_ID, TENANT_ID
from tests.lab.common import utc_now
from tests.lab.teams_bot import TinyBot, Turn, entra_verify

MESSAGE = "application/vnd.microsoft.activity.message"
ERROR = "application/vnd.microsoft.error"
CHECK = {"type": "Action.Execute", "title": "Check again", "verb": "check", "data": {"mailbox": "a@b.c"}}
REFUSAL = {"code": "NotAnOperator", "message": "You may not."}


def card(words: str) -> dict[str, Any]:
    """A card that says this."""
    return {"type": "AdaptiveCard", "version": "1.5", "body": [{"type": "TextBlock", "text": words}]}


def answer(kind: object, value: object, code: object = 200) -> dict[str, object]:
    """The body of an answer to an invoke."""
    return {"statusCode": code, "type": kind, "value": value}


@pytest.mark.parametrize(
    "status, body, expected",
    [
        (200, answer(CARD_TYPE, card("new")), Replaced(card("new"))),
        (200, {"type": CARD_TYPE, "value": card("new")}, Replaced(card("new"))),
        (200, answer(MESSAGE, "The check runs."), Told("The check runs.")),
        (200, answer(ERROR, REFUSAL, 400), Failed("You may not.", "400 NotAnOperator")),
        (200, answer(ERROR, REFUSAL, 500), Failed("You may not.", "500 NotAnOperator")),
        (200, answer(ERROR, {"code": "Busy"}, 429), Failed(SOMETHING_WRONG, "429 Busy")),
    ],
)
def test_answers_of_the_universal_action_model(status: int, body: object, expected: Outcome) -> None:
    """A card replaces, a message is told, an error is told in its own words where it has any."""
    assert outcome(status, body) == expected


@pytest.mark.parametrize(
    "status, body, why",
    [
        (504, {"error": {}}, "HTTP 504"),
        (500, None, "HTTP 500"),
        (202, answer(MESSAGE, "later"), "HTTP 202"),
        (200, None, "the answer is no JSON object"),
        (200, "done", "the answer is no JSON object"),
        (200, {}, "no answer: statusCode 200, type None, value NoneType"),
        (200, answer(CARD_TYPE, card("x"), 400), "no answer: statusCode 400, type 'application/vnd.microsoft.card"),
        (200, answer(CARD_TYPE, {"type": "Card"}), "no answer: statusCode 200"),
        (200, answer(CARD_TYPE, "{}"), "no answer: statusCode 200"),
        (200, answer(CARD_TYPE, card("x" * MAX_CARD_BYTES)), "bytes, more than 28672"),
        (200, answer(MESSAGE, ""), "no answer: statusCode 200"),
        (200, answer(MESSAGE, {"text": "x"}), "no answer: statusCode 200"),
        (200, answer(ERROR, REFUSAL), "no answer: statusCode 200"),
        (200, answer(ERROR, "no", 400), "no answer: statusCode 400"),
        (200, answer("application/vnd.microsoft.activity.loginRequest", {}, 401), "401 as the answer"),
        (200, answer("application/vnd.microsoft.error.incorrectAuthCode", None, 401), "401 as the answer"),
        (200, answer("application/vnd.microsoft.error.preconditionFailed", {}, 412), "412 as the answer"),
        (200, answer("application/vnd.microsoft.activity.retryAfter", 3, 429), "429 as the answer"),
        (200, answer("application/vnd.microsoft.activity.retryAfter", 3), "no answer: statusCode 200"),
        (200, answer(7, 7), "no answer: statusCode 200, type 7"),
    ],
)
def test_any_other_answer_is_a_failure_to_the_person(status: int, body: object, why: str) -> None:
    """What is no answer, does not fit its status, or came too late or not at all: the client says one sentence."""
    failed = outcome(status, body)
    assert isinstance(failed, Failed)
    assert failed.text == SOMETHING_WRONG
    assert why in failed.why


@asynccontextmanager
async def pressing(turn: Turn) -> AsyncIterator[tuple[Teams, TinyBot, Reply]]:
    """A group in which Anna asked, and the bot posted a card that says "first"; `turn` is what a press does."""

    async def asked_or_pressed(bot: TinyBot, incoming: Mapping[str, Any]) -> web.Response:
        if incoming["type"] == "invoke":
            return await turn(bot, incoming)
        await bot.reply(incoming, attachments=[{"contentType": CARD_TYPE, "content": card("first")}])
        return web.Response()

    async with TinyBot(asked_or_pressed) as bot:
        teams = Teams(bot_url=bot.url, bot_id=BOT_CLIENT_ID, tenant_id=TENANT_ID, verify=entra_verify, clock=utc_now)
        async with teams:
            bot.metadata_url = teams.metadata_url
            yield teams, bot, await teams.say("check a@b.c", conversation=teams.directory.group(), mention=True)


async def replaces(_bot: TinyBot, _incoming: Mapping[str, Any]) -> web.Response:
    """Answers with a card."""
    return web.json_response(answer(CARD_TYPE, card("second")))


async def updates(bot: TinyBot, incoming: Mapping[str, Any]) -> web.Response:
    """Puts a card in the place of the pressed one, and answers with a message."""
    await bot.update(incoming, incoming["replyToId"], attachments=[{"contentType": CARD_TYPE, "content": card("new")}])
    return web.json_response(answer(MESSAGE, "Checked."))


async def test_a_press_is_an_invoke() -> None:
    """Action.Execute sends `adaptiveCard/action` with the action as the card defines it, and the message it is in."""
    async with pressing(replaces) as (teams, bot, shown):
        await teams.press(CHECK, shown.posts[0], conversation=shown.conversation)

        invoke = bot.received[-1]
        assert (invoke["type"], invoke["name"]) == ("invoke", "adaptiveCard/action")
        assert invoke["replyToId"] == shown.posts[0].id
        assert invoke["channelData"] == {"tenant": {"id": TENANT_ID}, "source": {"name": "message"}}
        assert invoke["value"] == {"action": CHECK, "trigger": "manual"}


async def test_an_answered_card_is_seen_by_who_pressed_only() -> None:
    """The card in the answer takes the old one's place for Ben, who pressed; Anna sees the card that was posted."""
    async with pressing(replaces) as (teams, _, shown):
        (post,) = shown.posts
        reply = await teams.press(CHECK, post, conversation=shown.conversation, user=BEN)

        assert reply.outcome == Replaced(card("second"))
        assert "second" in reply.text
        assert post.cards_for(BEN) == [card("second")]
        assert post.cards_for(ANNA) == post.cards == [card("first")]
        assert len(post.versions) == 1
        assert shown.conversation.changes[-1] == Change(Happening.ANSWERED, post, BEN.id)


async def test_an_updated_card_is_seen_by_everybody() -> None:
    """What the bot puts there itself is everybody's, also of those who had been shown another; words are Ben's."""
    async with pressing(updates) as (teams, _, shown):
        (post,) = shown.posts
        await shown.conversation.answer(post, ANNA, card("only hers"))
        reply = await teams.press(CHECK, post, conversation=shown.conversation, user=BEN)

        assert reply.outcome == Told("Checked.")
        assert reply.text.endswith("Checked.")
        assert post.cards_for(ANNA) == post.cards_for(BEN) == post.cards == [card("new")]


async def test_a_slow_answer_is_a_failed_press() -> None:
    """A bot that answers later than Teams waits has failed for who pressed; the card stays as it was."""
    never = asyncio.Event()

    async def slow(_bot: TinyBot, _incoming: Mapping[str, Any]) -> web.Response:
        await never.wait()
        return web.Response()

    async with pressing(slow) as (teams, _, shown):
        (post,) = shown.posts
        reply = await teams.press(CHECK, post, conversation=shown.conversation, patience=0.2)

        assert reply.outcome == Failed(SOMETHING_WRONG, "HTTP 504")
        assert reply.text == SOMETHING_WRONG
        assert post.cards_for(ANNA) == [card("first")]
