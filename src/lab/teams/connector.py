"""The Bot Connector REST API, version 3, as far as a Teams bot uses it: the bot's calls become posts in conversations.

https://learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-connector-api-reference
"""

import datetime as dt
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from aiohttp import web

from lab.teams import faults
from lab.teams.activities import bot_account, conversation_account, member
from lab.teams.bearer import BotBearer, denied
from lab.teams.card_limits import MAX_CARD_BYTES, card_bytes, is_card
from lab.teams.conversation import CARD_TYPE, Conversation, Person, Post
from lab.teams.directory import CHANNEL_ID, Directory, place_of
from lab.teams.faults import Fault
from lab.teams.plan import Plan
from lab.teams.rates import Call, Rates

PREFIX = "/teams"
# "Approximately 100 KB" of UTF-16, attachments by URL not counted:
# https://learn.microsoft.com/microsoftteams/platform/bots/how-to/format-your-bot-messages
MAX_MESSAGE_BYTES = 100 * 1024
MAX_BODY_BYTES = 4 * 1024 * 1024  # so far above it that a message too large gets Teams' answer and not aiohttp's

type _Handler = Callable[[web.Request], Awaitable[web.Response]]
type _Action = Callable[[web.Request, Conversation], Awaitable[web.Response]]


class _RefusedError(Exception):
    """Carries a fault from where it is found to the HTTP answer."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.code)
        self.fault = fault


class Connector:
    """Takes the calls of one bot.

    Args:
        directory: The conversations there are.
        bearer: Who may call.
        clock: The time now, UTC.
        new_id: A new activity id.

    Attributes:
        faults: What is planned for calls in place of what they ask, the next ones or later ones.
        rates: How often the bot called, by Teams' limits.
        refused: Why calls were answered 401, oldest first.
    """

    def __init__(
        self,
        directory: Directory,
        *,
        bearer: BotBearer,
        clock: Callable[[], dt.datetime],
        new_id: Callable[[], str],
    ) -> None:
        self._directory = directory
        self._bearer = bearer
        self._clock = clock
        self._new_id = new_id
        self.faults = Plan()
        self.rates = Rates(clock)
        self.refused: list[str] = []

    def routes(self) -> list[web.RouteDef]:
        """The paths under `serviceUrl` + `v3/conversations`."""
        root = f"{PREFIX}/v3/conversations"
        one = root + "/{conversation}"
        activity = one + "/activities/{activity}"
        return [
            web.post(root, self._asked(Call.CREATE, self._create)),
            web.post(f"{one}/activities", self._in_conversation(Call.SEND, self._send)),
            web.post(activity, self._in_conversation(Call.SEND, self._reply)),
            web.put(activity, self._in_conversation(Call.UPDATE, self._update)),
            web.delete(activity, self._in_conversation(Call.DELETE, self._delete)),
            web.get(f"{activity}/members", self._in_conversation(Call.MEMBERS, self._members)),
            web.get(f"{one}/members", self._in_conversation(Call.MEMBERS, self._members)),
            web.get(f"{one}/pagedmembers", self._in_conversation(Call.MEMBERS, self._paged_members)),
            web.get(one + "/members/{member}", self._in_conversation(Call.MEMBERS, self._member)),
        ]

    def _in_conversation(self, call: Call, action: _Action) -> _Handler:
        """The handler of a call about one conversation: does it exist, is the bot in it."""

        async def handler(request: web.Request) -> web.Response:
            conversation = self._directory.find(request.match_info["conversation"])
            if conversation is None:
                raise _RefusedError(faults.CONVERSATION_NOT_FOUND)
            self._check_roster(conversation.id)
            return await action(request, conversation)

        return self._asked(call, handler)

    def _asked(self, call: Call, handler: _Handler) -> _Handler:
        """The handler of any call: who asks, how often, what is planned."""

        async def asked(request: web.Request) -> web.Response:
            if (reason := self._bearer.refusal(request.headers.get("Authorization"))) is not None:
                self.refused.append(reason)
                return denied()

            async def act() -> web.Response:
                try:
                    return await handler(request)
                except _RefusedError as refused:
                    return refused.fault.response()

            wait = self.rates.wait(call, place_of(request.match_info.get("conversation", "")))
            if wait is not None:
                return faults.throttled(wait).response()
            trouble = self.faults.take(call)
            met = None if trouble is None else await trouble.meet(request, act)
            return await act() if met is None else met

        return asked

    def _check_roster(self, conversation_id: str) -> None:
        if not self._directory.has_bot(conversation_id):
            raise _RefusedError(faults.BOT_NOT_IN_ROSTER)

    async def _send(self, request: web.Request, conversation: Conversation) -> web.Response:
        return await self._post(conversation, await _body(request))

    async def _reply(self, request: web.Request, conversation: Conversation) -> web.Response:
        replied_to = request.match_info["activity"]
        if not conversation.knows(replied_to):
            raise _RefusedError(faults.ACTIVITY_NOT_FOUND)
        return await self._post(conversation, {**await _body(request), "replyToId": replied_to})

    async def _post(self, conversation: Conversation, body: Mapping[str, Any]) -> web.Response:
        _check_activity(body)
        post = await conversation.add(self._stamped(conversation, body, self._new_id()))
        return web.json_response({"id": post.id}, status=201)

    async def _update(self, request: web.Request, conversation: Conversation) -> web.Response:
        post = self._own_post(request, conversation)
        body = await _body(request)
        _check_activity(body)
        await conversation.update(post, self._stamped(conversation, body, post.id))
        return web.json_response({"id": post.id})

    async def _delete(self, request: web.Request, conversation: Conversation) -> web.Response:
        await conversation.delete(self._own_post(request, conversation))
        return web.Response()

    def _own_post(self, request: web.Request, conversation: Conversation) -> Post:
        post = conversation.find(request.match_info["activity"])
        if post is None:
            raise _RefusedError(faults.ACTIVITY_NOT_FOUND)
        if post.sender != self._account["id"]:
            raise _RefusedError(faults.NOT_ENOUGH_PERMISSIONS)
        return post

    async def _members(self, _request: web.Request, conversation: Conversation) -> web.Response:
        return web.json_response([member(person, conversation.tenant_id) for person in conversation.people])

    async def _paged_members(self, _request: web.Request, conversation: Conversation) -> web.Response:
        # One page holds everybody: no continuationToken.
        return web.json_response({"members": [member(p, conversation.tenant_id) for p in conversation.people]})

    async def _member(self, request: web.Request, conversation: Conversation) -> web.Response:
        person = conversation.member(request.match_info["member"])
        if person is None:
            raise _RefusedError(faults.MEMBER_NOT_FOUND)
        return web.json_response(member(person, conversation.tenant_id))

    async def _create(self, request: web.Request) -> web.Response:
        """A personal chat with `members[0]`, or a new thread in the channel `channelData.channel.id`."""
        body = await _body(request)
        first = body.get("activity")
        if first is not None:
            _check_activity(first)
        conversation = self._wanted(body)
        if first is None:
            return web.json_response({"id": conversation.id}, status=201)
        post = await conversation.add(self._stamped(conversation, first, self._thread(conversation)))
        return web.json_response({"id": conversation.id, "activityId": post.id}, status=201)

    def _wanted(self, body: Mapping[str, Any]) -> Conversation:
        data = _mapping(body.get("channelData"))
        channel = _mapping(data.get("channel")).get("id")
        # The SDK writes `tenantID`, the documentation `tenantId`; the real service reads JSON names in any case.
        named = (body.get("tenantId"), body.get("tenantID"), _mapping(data.get("tenant")).get("id"))
        tenants = [tenant for tenant in named if tenant]
        # A channel's id implies its tenant, and the SDK names none with it.
        if any(tenant != self._directory.tenant_id for tenant in tenants) or not (tenants or channel):
            raise _RefusedError(faults.NO_TENANT)
        if not channel:
            chat = self._directory.personal(self._first_member(body.get("members")))
            self._check_roster(chat.id)
            return chat
        if channel != CHANNEL_ID:
            raise _RefusedError(faults.CONVERSATION_NOT_FOUND)
        self._check_roster(CHANNEL_ID)
        return self._directory.channel(self._new_id())

    def _first_member(self, members: object) -> Person:
        wanted = _mapping(members[0]).get("id") if isinstance(members, list) and members else None
        person = next((person for person in self._directory.people if wanted in (person.id, person.object_id)), None)
        if person is None:
            raise _RefusedError(faults.BAD_ARGUMENT)
        return person

    def _thread(self, conversation: Conversation) -> str:
        """The id of a conversation's first activity: a channel thread is named by it."""
        _, _, thread = conversation.id.partition(";messageid=")
        return thread or self._new_id()

    @property
    def _account(self) -> dict[str, str]:
        return bot_account(self._bearer.bot_id)

    def _stamped(self, conversation: Conversation, body: Mapping[str, Any], post_id: str) -> dict[str, Any]:
        """The activity as Teams keeps it: whatever the body says of itself, it is the bot's, here and now."""
        return {
            **body,
            "id": post_id,
            "timestamp": self._clock().isoformat(timespec="milliseconds"),
            "from": self._account,
            "conversation": conversation_account(conversation),
        }


async def _body(request: web.Request) -> dict[str, Any]:
    try:
        text = await request.text()
        body = json.loads(text)
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise _RefusedError(faults.BAD_ARGUMENT) from error
    except web.HTTPRequestEntityTooLarge as error:
        raise _RefusedError(faults.TOO_BIG) from error
    if not isinstance(body, dict):
        raise _RefusedError(faults.BAD_ARGUMENT)
    if len(text.encode("utf-16-le", "surrogatepass")) > MAX_MESSAGE_BYTES:
        raise _RefusedError(faults.TOO_BIG)
    return body


def _check_activity(body: object) -> None:
    """Refuses what Teams could not show: no type, a message without text and attachments, an attachment of nothing."""
    activity = _mapping(body)
    kind, text, attachments = activity.get("type"), activity.get("text") or "", activity.get("attachments") or []
    if not isinstance(kind, str) or not kind:
        raise _RefusedError(faults.NO_TYPE)
    if not isinstance(text, str) or (kind == "message" and not (text or attachments)):
        raise _RefusedError(faults.EMPTY_MESSAGE)
    if not isinstance(attachments, list) or not all(_is_attachment(_mapping(item)) for item in attachments):
        raise _RefusedError(faults.BAD_ATTACHMENT)
    cards = [item["content"] for item in attachments if item.get("contentType") == CARD_TYPE]
    if any(card_bytes(card) > MAX_CARD_BYTES for card in cards):
        raise _RefusedError(faults.TOO_BIG)


def _is_attachment(attachment: Mapping[str, Any]) -> bool:
    if attachment.get("contentType") == CARD_TYPE:
        return is_card(attachment.get("content"))
    return bool(attachment.get("contentType")) and ("content" in attachment or "contentUrl" in attachment)


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
