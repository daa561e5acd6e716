"""Conversations that the bot begins: Create Conversation, by the genuine ConnectorClient and by hand."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
from botbuilder.schema import ChannelAccount, ConversationParameters

from lab.teams.conversation import ANNA, BEN
from lab.teams.directory import CHANNEL_ID, Directory
from lab.tenant import TENANT_ID
from tests.lab.teams_bot import activity
from tests.lab.teams_place import Place, placed

HELLO = {"type": "message", "text": "hello"}
IN_CHANNEL = {"isGroup": True, "channelData": {"channel": {"id": CHANNEL_ID}}, "activity": HELLO}
WITH_ANNA = {"members": [{"id": ANNA.id}], "tenantId": TENANT_ID, "activity": HELLO}


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    """The connector of a bot that is installed for Anna, for Ben and in the team."""
    async with placed() as made:
        made.directory.install(made.directory.personal(BEN).id)
        made.directory.install(made.directory.channel().id)
        yield made


async def test_a_personal_chat_can_be_opened_by_the_bot(place: Place) -> None:
    """Creating a conversation with a person who has the app gives their personal chat."""
    wanted = ConversationParameters(members=[ChannelAccount(id=BEN.id)], tenant_id=TENANT_ID)

    async with place.client() as client:
        made = await client.conversations.create_conversation(wanted)

    assert made.id == place.directory.personal(BEN).id


async def test_a_channel_thread_can_be_opened_by_the_bot(place: Place) -> None:
    """Creating a conversation in a channel starts a thread named by its first message, where the bot may write on."""
    wanted = ConversationParameters(
        is_group=True, channel_data={"channel": {"id": CHANNEL_ID}}, activity=activity(text="daily digest")
    )

    async with place.client() as client:
        made = await client.conversations.create_conversation(wanted)
        await client.conversations.send_to_conversation(made.id, activity(text="and more"))

    assert made.id == f"{CHANNEL_ID};messageid={made.activity_id}"
    thread = place.directory.find(made.id)
    assert thread is not None
    assert [post.text for post in thread.posts.values()] == ["daily digest", "and more"]


@pytest.mark.parametrize(
    "body, status, code",
    [
        pytest.param({**WITH_ANNA, "tenantId": None}, 400, "BadSyntax", id="no tenant"),
        pytest.param({**WITH_ANNA, "tenantId": "another"}, 400, "BadSyntax", id="another tenant"),
        pytest.param({**IN_CHANNEL, "tenantId": "another"}, 400, "BadSyntax", id="a channel of another tenant"),
        pytest.param(
            {**IN_CHANNEL, "channelData": {**IN_CHANNEL["channelData"], "tenant": {"id": "another"}}},  # type: ignore[dict-item]
            400,
            "BadSyntax",
            id="another tenant in the channel data",
        ),
        pytest.param(
            {**IN_CHANNEL, "channelData": {"channel": {"id": "19:nowhere@thread.tacv2"}}},
            404,
            "ConversationNotFound",
            id="no such channel",
        ),
        pytest.param({**WITH_ANNA, "members": 5}, 400, "Bad Argument", id="members that are no list"),
        pytest.param({**WITH_ANNA, "members": []}, 400, "Bad Argument", id="no members"),
        pytest.param({**WITH_ANNA, "members": [5]}, 400, "Bad Argument", id="a member that is no object"),
        pytest.param({**WITH_ANNA, "members": [{"id": "29:nobody"}]}, 400, "Bad Argument", id="nobody"),
        pytest.param({**WITH_ANNA, "activity": {}}, 400, "BadSyntax", id="an activity without type"),
        pytest.param({**WITH_ANNA, "activity": {"type": "message"}}, 400, "BadSyntax", id="an empty message"),
    ],
)
async def test_what_cannot_be_created_is_refused(place: Place, body: Mapping[str, Any], status: int, code: str) -> None:
    """Tenant, channel, member and first activity are checked, and nothing is begun."""
    before = dict(place.directory.conversations)
    assert await place.post("", body) == (status, code)
    assert place.directory.conversations == before
    assert list(place.chat.posts) == ["1"]


@pytest.mark.parametrize("body", [WITH_ANNA, IN_CHANNEL], ids=["personal", "channel"])
async def test_the_app_must_be_installed(place: Place, body: Mapping[str, Any]) -> None:
    """Where the app was never installed, or was removed, the bot begins nothing."""
    for conversation in (place.chat, place.directory.channel()):
        place.directory.uninstall(conversation.id)
    before = dict(place.directory.conversations)
    assert await place.post("", body) == (403, "BotNotInConversationRoster")
    assert place.directory.conversations == before


async def test_nobody_creates_without_a_token(place: Place) -> None:
    """Create Conversation asks for the bot's token as every other call does."""
    assert (await place.post("", WITH_ANNA, scheme=None))[0] == 401
    assert place.connector.refused == ["no bearer token"]
    assert list(place.chat.posts) == ["1"]


def test_nothing_is_installed_at_first() -> None:
    """A bot is in no conversation until the app is installed there; a team's threads share one installation."""
    directory = Directory(TENANT_ID)
    first, second = directory.channel("1").id, directory.channel("2").id
    assert not any(map(directory.has_bot, (directory.personal(ANNA).id, directory.group().id, first)))
    directory.install(first)
    assert directory.has_bot(second)
    directory.uninstall(second)
    assert not directory.has_bot(first)
