"""People and a bot through the whole of the lab's Teams, over real sockets both ways."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from lab.signing import SigningKey
from lab.teams.conversation import ANNA, BEN, CARD_TYPE, Kind
from lab.teams.service import Teams
from lab.tenant import BOT_CLIENT_ID, TENANT_ID
from tests.lab.common import utc_now
from tests.lab.teams_bot import TinyBot, Turn, entra_verify


@asynccontextmanager
async def talking_to(turn: Turn) -> AsyncIterator[tuple[Teams, TinyBot]]:
    """Teams with a tiny bot that does this in each turn."""
    async with TinyBot(turn) as bot:
        teams = Teams(bot_url=bot.url, bot_id=BOT_CLIENT_ID, tenant_id=TENANT_ID, verify=entra_verify, clock=utc_now)
        async with teams:
            bot.metadata_url = teams.metadata_url
            yield teams, bot


async def echo(bot: TinyBot, incoming: Mapping[str, Any]) -> web.Response:
    """Types, answers, and corrects itself."""
    await bot.reply(incoming, type="typing")
    made = await bot.reply(incoming, text="one moment")
    await bot.update(incoming, made, text=f"you said {incoming.get('text', incoming['type'])}")
    return web.Response()


async def quiet(_bot: TinyBot, _incoming: Mapping[str, Any]) -> web.Response:
    """Says nothing."""
    return web.Response()


async def test_what_is_said_is_answered() -> None:
    """A message reaches the bot signed; the reply carries its HTTP status and its messages in their last state."""
    async with talking_to(echo) as (teams, bot):
        reply = await teams.say("hello")

        assert (reply.status, reply.body) == (200, None)
        assert [post.text for post in reply.posts] == ["you said hello"]
        assert reply.text == "you said hello"
        assert [str(v["text"]) for v in reply.posts[0].versions] == ["one moment", "you said hello"]
        assert teams.issuer.key_fetches == len(bot.received) == 1


async def test_a_personal_message_has_the_shape_of_teams() -> None:
    """A message has every member that a bot reads: channel, service URL, tenant twice, ids, times and client."""
    async with talking_to(quiet) as (teams, bot):
        await teams.say("check a&b", user=BEN)
        (message,) = bot.received

        assert message["type"] == "message"
        assert message["channelId"] == "msteams"
        assert message["serviceUrl"] == teams.service_url
        assert message["id"].isdecimal()
        assert message["timestamp"].endswith("Z")
        assert message["from"] == {"id": BEN.id, "name": BEN.name, "aadObjectId": BEN.object_id}
        assert message["recipient"] == {"id": f"28:{BOT_CLIENT_ID}", "name": "mailcheck"}
        assert message["conversation"]["conversationType"] == "personal"
        assert message["conversation"]["tenantId"] == message["channelData"]["tenant"]["id"] == TENANT_ID
        assert (message["text"], message["textFormat"]) == ("check a&b", "plain")
        assert message["attachments"] == [{"contentType": "text/html", "content": "<p>check a&amp;b</p>"}]
        assert [entity["type"] for entity in message["entities"]] == ["clientInfo"]


@pytest.mark.parametrize("kind", [Kind.GROUP, Kind.CHANNEL])
async def test_a_mention_is_marked_up(kind: Kind) -> None:
    """In a group or channel the mention is both in the text and among the entities; a channel names its team."""
    async with talking_to(quiet) as (teams, bot):
        chat = teams.directory.group() if kind is Kind.GROUP else teams.directory.channel()
        await teams.say("help", conversation=chat, mention=True)
        (message,) = bot.received

        assert message["text"] == "<at>mailcheck</at> help"
        assert message["entities"][0] == {
            "type": "mention",
            "mentioned": {"id": f"28:{BOT_CLIENT_ID}", "name": "mailcheck"},
            "text": "<at>mailcheck</at>",
        }
        assert message["conversation"]["isGroup"] is True
        assert message["conversation"]["conversationType"] == kind.value
        assert ("team" in message["channelData"]) == (kind is Kind.CHANNEL)


async def test_installing_sends_both_updates() -> None:
    """Installing in a personal chat sends a conversationUpdate and an installationUpdate, which can be replied to."""
    async with talking_to(echo) as (teams, bot):
        replies = await teams.install()

        assert [activity["type"] for activity in bot.received] == ["conversationUpdate", "installationUpdate"]
        assert bot.received[0]["membersAdded"][-1]["id"] == f"28:{BOT_CLIENT_ID}"
        assert bot.received[1]["action"] == "add"
        assert [reply.text for reply in replies] == ["you said conversationUpdate", "you said installationUpdate"]


async def test_a_removed_bot_is_told() -> None:
    """Removing the app sends an installationUpdate, after which the bot is not in the conversation."""
    async with talking_to(quiet) as (teams, bot):
        await teams.say("hello")
        await teams.uninstall()

        assert (bot.received[1]["type"], bot.received[1]["action"]) == ("installationUpdate", "remove")
        assert not teams.directory.has_bot(teams.directory.personal(ANNA).id)


async def test_who_writes_to_the_bot_has_the_app() -> None:
    """The first message installs the app where it was missing, without the activities of an installation."""
    async with talking_to(quiet) as (teams, bot):
        chat = teams.directory.personal(BEN)
        assert not teams.directory.has_bot(chat.id)
        await teams.say("hello", user=BEN)

        assert teams.directory.has_bot(chat.id)
        assert [activity["type"] for activity in bot.received] == ["message"]


CARD = {"type": "AdaptiveCard", "version": "1.5", "body": [{"type": "TextBlock", "text": "first"}]}
CANCEL = {"type": "Action.Submit", "title": "Cancel", "data": {"cancel": True}}


async def answer_with_card(bot: TinyBot, incoming: Mapping[str, Any]) -> web.Response:
    """Sends a card."""
    if "text" in incoming:
        await bot.reply(incoming, attachments=[{"contentType": CARD_TYPE, "content": CARD}])
    return web.Response()


async def test_a_submitted_card_is_a_message_with_a_value() -> None:
    """Action.Submit sends a message without text whose value is the action's data."""
    async with talking_to(answer_with_card) as (teams, bot):
        shown = await teams.say("check a@b.c")
        await teams.press(CANCEL, shown.posts[0], conversation=shown.conversation)

        message = bot.received[-1]
        assert (message["type"], message["value"]) == ("message", {"cancel": True})
        assert "text" not in message


async def test_teams_repeats_itself() -> None:
    """The same activity can be delivered again, with the same id, as Teams does when a bot was slow."""
    async with talking_to(quiet) as (teams, bot):
        first = await teams.say("hello")
        await teams.deliver(first.activity, first.conversation)

        assert bot.received[0]["id"] == bot.received[1]["id"]


async def test_a_forged_or_missing_token_can_be_delivered() -> None:
    """A bot that verifies answers 401 to a token of another key and to none."""
    async with talking_to(quiet) as (teams, bot):
        honest = await teams.say("hello")
        forged = teams.issuer.token(teams.service_url, key=SigningKey.generate())
        refused = [
            await teams.deliver(honest.activity, honest.conversation, token=forged),
            await teams.deliver(honest.activity, honest.conversation, signed=False),
        ]

        assert [reply.status for reply in refused] == [401, 401]
        assert len(bot.received) == 1


async def test_a_bot_that_is_too_slow_is_given_up() -> None:
    """A turn longer than Teams' patience is a 504 with Teams' error."""
    never = asyncio.Event()

    async def slow(_bot: TinyBot, _incoming: Mapping[str, Any]) -> web.Response:
        await never.wait()
        return web.Response()

    async with talking_to(slow) as (teams, _bot):
        hello = await teams.deliver({"id": "1", "serviceUrl": teams.service_url}, teams.directory.group(), patience=0.2)

        assert hello.status == 504
        assert hello.body == {"error": {"code": "BotError", "message": "Failed to send activity: bot timed out"}}


async def test_a_bot_that_is_not_there_is_a_bad_gateway() -> None:
    """A refused connection is a 502, not an exception."""
    async with TinyBot(quiet) as bot:
        gone = bot.url
    teams = Teams(bot_url=gone, bot_id=BOT_CLIENT_ID, tenant_id=TENANT_ID, verify=entra_verify, clock=utc_now)
    async with teams:
        assert (await teams.say("hello")).status == 502


async def test_ids_are_never_given_twice() -> None:
    """With a clock that stands still, activities still have different ids."""
    now = utc_now()
    async with TinyBot(quiet) as bot:
        teams = Teams(
            bot_url=bot.url, bot_id=BOT_CLIENT_ID, tenant_id=TENANT_ID, verify=entra_verify, clock=lambda: now
        )
        async with teams:
            bot.metadata_url = teams.metadata_url
            first, second = await teams.say("one"), await teams.say("two")

    assert first.activity["id"] != second.activity["id"]
