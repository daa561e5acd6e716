"""The connector, called by botframework's genuine ConnectorClient."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from botbuilder.schema import ErrorResponseException
from botframework.connector.aio import ConnectorClient

from lab.signing import SigningKey
from lab.teams.bearer import BotBearer
from lab.teams.card_limits import MAX_CARD_BYTES, card_bytes
from lab.teams.connector import MAX_MESSAGE_BYTES
from lab.teams.conversation import ANNA, BEN, CARD_TYPE, CHLOE, Change, Happening
from lab.teams.faults import SERVICE_ERROR, throttled
from lab.tenant import BOT_CLIENT_ID, TENANT_ID
from tests.lab.common import raw_status
from tests.lab.teams_bot import activity, bot_token
from tests.lab.teams_place import Place, code_of, placed


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    """The connector and Anna's chat."""
    async with placed() as made:
        yield made


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


async def test_an_update_must_show_something(place: Place) -> None:
    """An update to an empty message is refused, and the post stays as it was."""
    async with place.client() as client:
        made = await client.conversations.send_to_conversation(place.chat.id, activity(text="done"))
        with pytest.raises(ErrorResponseException) as refused:
            await client.conversations.update_activity(place.chat.id, made.id, activity())

    assert code_of(refused) == (400, "BadSyntax")
    assert len(place.chat.posts[made.id].versions) == 1


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
    place.directory.install(chat.id)

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
            lambda c, chat: c.conversations.delete_activity(chat, "1"),
            (403, "NotEnoughPermissions"),
            id="delete a person's message",
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


CARD = {"contentType": CARD_TYPE, "content": {"type": "AdaptiveCard"}}


@pytest.mark.parametrize(
    "body, code",
    [
        (b"", "Bad Argument"),
        (b"{", "Bad Argument"),
        (b"[]", "Bad Argument"),
        (b"\xff", "Bad Argument"),
        ({}, "BadSyntax"),
        ({"text": "hello"}, "BadSyntax"),
        ({"type": 7, "text": "hello"}, "BadSyntax"),
        ({"type": "message"}, "BadSyntax"),
        ({"type": "message", "text": "", "attachments": []}, "BadSyntax"),
        ({"type": "message", "text": 7}, "BadSyntax"),
        ({"type": "message", "text": "hello", "attachments": 7}, "BadSyntax"),
        ({"type": "message", "attachments": [7]}, "BadSyntax"),
        ({"type": "message", "attachments": [{"contentType": CARD_TYPE}]}, "BadSyntax"),
        ({"type": "message", "attachments": [{"contentType": CARD_TYPE, "content": "{}"}]}, "BadSyntax"),
        ({"type": "message", "attachments": [{"contentType": CARD_TYPE, "content": {"type": "Card"}}]}, "BadSyntax"),
        ({"type": "message", "attachments": [{"content": {}}]}, "BadSyntax"),
        ({"type": "message", "attachments": [CARD, {"contentType": "image/png"}]}, "BadSyntax"),
    ],
)
async def test_a_body_that_is_no_activity_is_refused(place: Place, body: object, code: str) -> None:
    """What is no JSON object, has no type, or is a message that shows nothing, is answered 400 and not posted."""
    assert await place.post(f"/{place.chat.id}/activities", body) == (400, code)
    assert list(place.chat.posts) == ["1"]


@pytest.mark.parametrize("spare, expected", [(0, (201, "")), (-1, (413, "MessageSizeTooBig"))])
async def test_a_card_has_its_own_limit(place: Place, spare: int, expected: tuple[int, str]) -> None:
    """A card of exactly the largest size in UTF-8 is posted, one byte more is refused."""
    empty = {"type": "AdaptiveCard", "version": "1.5", "speak": "ü"}
    card = {**empty, "speak": "ü" + "x" * (MAX_CARD_BYTES - card_bytes(empty) - spare)}
    attachment = {"contentType": CARD_TYPE, "content": card}
    assert (
        await place.post(f"/{place.chat.id}/activities", {"type": "message", "attachments": [attachment]}) == expected
    )


@pytest.mark.parametrize(
    "body",
    [
        {"type": "typing"},
        {"type": "message", "attachments": [CARD]},
        {"type": "message", "attachments": [{"contentType": "image/png", "contentUrl": "https://a.example/x.png"}]},
    ],
)
async def test_a_message_may_do_without_text(place: Place, body: object) -> None:
    """An attachment by value or by address is enough, and what is no message needs neither."""
    assert await place.post(f"/{place.chat.id}/activities", body) == (201, "")


async def test_a_good_token_counts_as_a_bearer_token_only(place: Place) -> None:
    """The bot's own token under another scheme is refused."""
    assert (await place.post(f"/{place.chat.id}/activities", {"type": "typing"}, scheme="Basic"))[0] == 401


async def test_a_token_that_is_no_text_is_refused(place: Place) -> None:
    """Octets that are no UTF-8 are a bad token like any other."""
    line = b"GET /teams/v3/conversations/x/members HTTP/1.1"
    assert await raw_status(place.service_url, line, b"Authorization: Bearer \xff.\xff.\xff") == 401


async def test_a_removed_bot_may_not_write(place: Place) -> None:
    """Where the bot is not in the roster, every call is 403."""
    place.directory.uninstall(place.chat.id)

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
    place.directory.install(group.id)
    async with place.client() as client:
        everybody = await client.conversations.get_conversation_members(group.id)
        page = await client.conversations.get_conversation_paged_members(group.id)
        one = await client.conversations.get_conversation_member(group.id, BEN.object_id)

    assert [m.id for m in everybody] == [m.id for m in page.members] == [ANNA.id, BEN.id, CHLOE.id]
    assert page.continuation_token is None
    assert (one.id, one.aad_object_id) == (BEN.id, BEN.object_id)
    assert (one.additional_properties["email"], one.additional_properties["tenantId"]) == (BEN.email, TENANT_ID)
