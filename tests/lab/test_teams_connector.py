"""The connector, called by botframework's genuine ConnectorClient."""

import datetime as dt
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from itertools import count
from typing import Any

import aiohttp
import pytest
from botbuilder.schema import ChannelAccount, ConversationParameters, ErrorResponseException
from botframework.connector.aio import ConnectorClient

from lab.signing import SigningKey
from lab.teams.activities import Envelope, message
from lab.teams.bearer import BotBearer
from lab.teams.connector import MAX_MESSAGE_BYTES, PREFIX, Connector
from lab.teams.conversation import ANNA, BEN, CHLOE, Change, Conversation, Happening
from lab.teams.directory import CHANNEL_ID, Directory
from lab.teams.faults import SERVICE_ERROR, throttled
from lab.teams.loopback import Loopback
from lab.tenant import BOT_CLIENT_ID, TENANT_ID
from tests.lab.teams_bot import activity, bot_token, connector_client, entra_verify

NOW = dt.datetime(2026, 11, 23, 18, 41, 22, tzinfo=dt.UTC)


@dataclass
class Place:
    """A served connector and one personal chat in which Anna wrote message "1"."""

    connector: Connector
    directory: Directory
    chat: Conversation
    service_url: str

    def client(self, token: str | None = None) -> ConnectorClient:
        """The SDK's client, with the bot's token or another."""
        return connector_client(self.service_url, bot_token() if token is None else token)


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    """The connector of a tenant where the next message is numbered 100."""
    directory = Directory(TENANT_ID)
    numbers = count(100)
    connector = Connector(
        directory,
        bearer=BotBearer(entra_verify, BOT_CLIENT_ID),
        clock=lambda: NOW,
        new_id=lambda: str(next(numbers)),
    )
    server = Loopback(connector.routes())
    await server.start()
    service_url = f"{server.url}{PREFIX}/"
    chat = directory.personal(ANNA)
    await chat.add(message(Envelope("1", NOW, service_url, chat, ANNA, BOT_CLIENT_ID), "hello"))
    yield Place(connector, directory, chat, service_url)
    await server.stop()


def code_of(refused: pytest.ExceptionInfo[ErrorResponseException]) -> tuple[int, str]:
    """HTTP status and error code, as the SDK read them."""
    return refused.value.response.status_code, refused.value.error.error.code


async def test_a_message_is_posted(place: Place) -> None:
    """A sent activity becomes a post of the bot's, with the id that the answer gives."""
    async with place.client() as client:
        made = await client.conversations.send_to_conversation(place.chat.id, activity(text="working on it"))

    post = place.chat.posts[made.id]
    assert (made.id, post.text, post.sender) == ("100", "working on it", f"28:{BOT_CLIENT_ID}")
    assert post.activity["conversation"]["id"] == place.chat.id
    assert post.activity["conversation"]["tenantId"] == TENANT_ID


async def test_a_reply_names_what_it_answers(place: Place) -> None:
    """A reply to a known activity is posted with its `replyToId`."""
    async with place.client() as client:
        made = await client.conversations.reply_to_activity(place.chat.id, "1", activity(text="hello Anna"))

    assert place.chat.posts[made.id].activity["replyToId"] == "1"


async def test_an_update_replaces_and_remembers(place: Place) -> None:
    """An updated post keeps its id and its place, shows the new version and keeps the old one."""
    async with place.client() as client:
        made = await client.conversations.send_to_conversation(place.chat.id, activity(text="working on it"))
        await client.conversations.send_to_conversation(place.chat.id, activity(text="something else"))
        updated = await client.conversations.update_activity(place.chat.id, made.id, activity(text="done"))

    post = place.chat.posts[made.id]
    assert updated.id == made.id
    assert [version["text"] for version in post.versions] == ["working on it", "done"]
    assert list(place.chat.posts) == ["1", "100", "101"]
    assert place.chat.changes[-1] == Change(Happening.UPDATED, post)


async def test_a_deleted_message_is_gone(place: Place) -> None:
    """After a delete the post cannot be updated any more."""
    async with place.client() as client:
        made = await client.conversations.send_to_conversation(place.chat.id, activity(text="oops"))
        await client.conversations.delete_activity(place.chat.id, made.id)
        with pytest.raises(ErrorResponseException) as refused:
            await client.conversations.update_activity(place.chat.id, made.id, activity(text="again"))

    assert code_of(refused) == (404, "ActivityNotFoundInConversation")
    assert place.chat.find(made.id) is None


async def test_typing_is_recorded(place: Place) -> None:
    """A typing activity is a change like another, but no message."""
    async with place.client() as client:
        await client.conversations.send_to_conversation(place.chat.id, activity(type="typing"))

    assert place.chat.changes[-1].post.type == "typing"
    assert place.chat.since(0, sender=f"28:{BOT_CLIENT_ID}") == []


@pytest.mark.parametrize("kind", ["group", "channel"])
async def test_ids_with_reserved_characters_arrive(place: Place, kind: str) -> None:
    """Conversation ids with colons, at-signs and semicolons survive the SDK's quoting."""
    chat = place.directory.group() if kind == "group" else place.directory.channel()

    async with place.client() as client:
        made = await client.conversations.send_to_conversation(chat.id, activity(text="hello all"))

    assert chat.posts[made.id].text == "hello all"


@pytest.mark.parametrize(
    "token",
    [
        pytest.param("", id="empty"),
        pytest.param("garbage", id="garbage"),
        pytest.param(bot_token(key=SigningKey.generate()), id="another key"),
        pytest.param(bot_token(aud="https://graph.microsoft.com"), id="another audience"),
        pytest.param(bot_token(exp=1), id="expired"),
        pytest.param(bot_token(appid="somebody-else"), id="another app"),
        pytest.param(bot_token(appid=None), id="no app"),
    ],
)
async def test_a_wrong_token_is_refused(place: Place, token: str) -> None:
    """A token that is not the bot's own for the Bot Framework is answered 401, and nothing is posted."""
    async with place.client(token) as client:
        with pytest.raises(ErrorResponseException) as refused:
            await client.conversations.send_to_conversation(place.chat.id, activity(text="let me in"))

    assert refused.value.response.status_code == 401
    assert len(place.connector.refused) == 1
    assert list(place.chat.posts) == ["1"]


async def test_a_missing_token_is_refused_in_aspnets_words(place: Place) -> None:
    """Without an Authorization header the answer is the connector's 401, also where nothing exists."""
    url = f"{place.service_url}v3/conversations/nowhere/activities"
    async with aiohttp.ClientSession() as session, session.post(url, json={"type": "message"}) as response:
        assert response.status == 401
        assert await response.json() == {"message": "Authorization has been denied for this request."}
    assert place.connector.refused == ["no bearer token"]


def test_a_version_2_token_names_the_bot_in_azp() -> None:
    """A token of Entra's version 2 endpoint, which has `azp` instead of `appid`, is accepted."""
    bearer = BotBearer(lambda _token: {"azp": BOT_CLIENT_ID}, BOT_CLIENT_ID)

    assert bearer.refusal("Bearer abc") is None


type Call = Callable[[ConnectorClient, str], Awaitable[Any]]


@pytest.mark.parametrize(
    "call, expected",
    [
        pytest.param(
            lambda c, _: c.conversations.send_to_conversation("nowhere", activity(text="x")),
            (404, "ConversationNotFound"),
            id="unknown conversation",
        ),
        pytest.param(
            lambda c, chat: c.conversations.reply_to_activity(chat, "77", activity(text="x")),
            (404, "ActivityNotFoundInConversation"),
            id="reply to an unknown activity",
        ),
        pytest.param(
            lambda c, chat: c.conversations.delete_activity(chat, "77"),
            (404, "ActivityNotFoundInConversation"),
            id="delete an unknown activity",
        ),
        pytest.param(
            lambda c, chat: c.conversations.update_activity(chat, "1", activity(text="Anna never said that")),
            (403, "NotEnoughPermissions"),
            id="update a person's message",
        ),
        pytest.param(
            lambda c, chat: c.conversations.send_to_conversation(chat, activity(text="x" * (MAX_MESSAGE_BYTES // 2))),
            (413, "MessageSizeTooBig"),
            id="too big in UTF-16",
        ),
        pytest.param(
            lambda c, chat: c.conversations.get_conversation_member(chat, "29:nobody"),
            (404, "MemberNotFoundInConversation"),
            id="unknown member",
        ),
        pytest.param(
            lambda c, _: c.conversations.create_conversation(
                ConversationParameters(members=[ChannelAccount(id=BEN.id)])
            ),
            (400, "BadSyntax"),
            id="create without tenant",
        ),
    ],
)
async def test_what_cannot_be_done_is_answered_as_teams_does(
    place: Place, call: Call, expected: tuple[int, str]
) -> None:
    """The error object has the status and the code that Teams documents for the case."""
    async with place.client() as client:
        with pytest.raises(ErrorResponseException) as refused:
            await call(client, place.chat.id)

    assert code_of(refused) == expected


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff"])
async def test_a_body_that_is_no_activity_is_a_bad_argument(place: Place, body: bytes) -> None:
    """Malformed JSON, or JSON that is no object, is answered 400."""
    url = f"{place.service_url}v3/conversations/{place.chat.id}/activities"
    headers = {"Authorization": f"Bearer {bot_token()}", "Content-Type": "application/json"}
    async with aiohttp.ClientSession() as session, session.post(url, data=body, headers=headers) as response:
        assert response.status == 400


async def test_a_removed_bot_may_not_write(place: Place) -> None:
    """Where the bot is not in the roster, every call is 403."""
    place.chat.bot_present = False

    async with place.client() as client:
        with pytest.raises(ErrorResponseException) as refused:
            await client.conversations.send_to_conversation(place.chat.id, activity(text="hello?"))

    assert code_of(refused) == (403, "BotNotInConversationRoster")


async def test_planned_faults_come_first_and_once(place: Place) -> None:
    """Each planned fault answers one call, in order; after them calls work again."""
    place.connector.faults.extend([throttled(7), SERVICE_ERROR])

    async with place.client() as client:
        for expected in ((429, "Throttled"), (500, "ServiceError")):
            with pytest.raises(ErrorResponseException) as refused:
                await client.conversations.send_to_conversation(place.chat.id, activity(text="x"))
            assert code_of(refused) == expected
            assert refused.value.response.headers.get("Retry-After") == ("7" if expected[0] == 429 else None)
        await client.conversations.send_to_conversation(place.chat.id, activity(text="y"))

    assert [post.text for post in place.chat.posts.values()] == ["hello", "y"]


async def test_members_are_the_people(place: Place) -> None:
    """All three members calls give the people with their Entra object ids and addresses."""
    group = place.directory.group()
    async with place.client() as client:
        everybody = await client.conversations.get_conversation_members(group.id)
        page = await client.conversations.get_conversation_paged_members(group.id)
        one = await client.conversations.get_conversation_member(group.id, BEN.object_id)

    assert [m.id for m in everybody] == [m.id for m in page.members] == [ANNA.id, BEN.id, CHLOE.id]
    assert page.continuation_token is None
    assert (one.id, one.aad_object_id) == (BEN.id, BEN.object_id)
    assert (one.additional_properties["email"], one.additional_properties["tenantId"]) == (BEN.email, TENANT_ID)


async def test_a_personal_chat_can_be_opened_by_the_bot(place: Place) -> None:
    """Creating a conversation with a person gives their personal chat."""
    wanted = ConversationParameters(members=[ChannelAccount(id=BEN.id)], tenant_id=TENANT_ID)

    async with place.client() as client:
        made = await client.conversations.create_conversation(wanted)

    assert made.id == place.directory.personal(BEN).id


async def test_a_channel_thread_can_be_opened_by_the_bot(place: Place) -> None:
    """Creating a conversation in a channel starts a thread named by its first message."""
    wanted = ConversationParameters(
        is_group=True, channel_data={"channel": {"id": CHANNEL_ID}}, activity=activity(text="daily digest")
    )

    async with place.client() as client:
        made = await client.conversations.create_conversation(wanted)

    assert made.id == f"{CHANNEL_ID};messageid={made.activity_id}"
    thread = place.directory.find(made.id)
    assert thread is not None
    assert thread.posts[made.activity_id].text == "daily digest"
