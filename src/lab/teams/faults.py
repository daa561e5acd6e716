"""What the connector does when it does not do what it was asked: Teams' own codes and words, silence, and worse.

https://learn.microsoft.com/microsoftteams/platform/bots/build-conversational-capability (status codes)
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from aiohttp import web

from lab.teams.conversation import CARD_TYPE

_LOOK_SECONDS = 0.05  # how often it is looked whether a caller has gone


class Trouble(Protocol):
    """What can be planned for a call."""

    async def meet(self, request: web.Request, act: Callable[[], Awaitable[web.Response]]) -> web.Response | None:
        """The answer to a call, of which `act` does what is asked; None lets the call through as if nothing were."""


@dataclass(frozen=True)
class Fault:
    """One error answer; nothing is done.

    Attributes:
        status: HTTP status.
        code: `error.code`.
        message: `error.message`.
        retry_after: Seconds in a Retry-After header, if there is one.
    """

    status: int
    code: str
    message: str
    retry_after: int | None = None

    def response(self) -> web.Response:
        """This answer as HTTP."""
        headers = {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}
        body = {"error": {"code": self.code, "message": self.message}}
        return web.json_response(body, status=self.status, headers=headers)

    async def meet(self, _request: web.Request, _act: Callable[[], Awaitable[web.Response]]) -> web.Response:
        """This answer."""
        return self.response()


@dataclass(frozen=True)
class Late:
    """What is asked is done, and answered only after so many seconds."""

    seconds: float

    async def meet(self, _request: web.Request, act: Callable[[], Awaitable[web.Response]]) -> web.Response:
        """The usual answer, late."""
        answer = await act()
        await asyncio.sleep(self.seconds)
        return answer


class Silent:
    """Nothing is done and nothing answered, for as long as the caller waits."""

    async def meet(self, request: web.Request, _act: Callable[[], Awaitable[web.Response]]) -> web.Response:
        """Returns when the caller has gone; nobody reads what."""
        while request.transport is not None and not request.transport.is_closing():  # noqa: ASYNC110 - no event tells
            await asyncio.sleep(_LOOK_SECONDS)
        return web.Response()


class HungUp:
    """Nothing is done, and the connection is reset."""

    async def meet(self, request: web.Request, _act: Callable[[], Awaitable[web.Response]]) -> web.Response:
        """Ends the connection; nobody reads the answer."""
        if request.transport is not None:
            request.transport.abort()
        return web.Response()


class NoCards:
    """A client that takes no cards: messages with one are refused, all others pass."""

    async def meet(self, request: web.Request, _act: Callable[[], Awaitable[web.Response]]) -> web.Response | None:
        """400 for a card."""
        return CARD_REFUSED.response() if CARD_TYPE in await request.text() else None


BAD_ARGUMENT = Fault(400, "Bad Argument", "The request body is not a valid activity.")
NO_TENANT = Fault(400, "BadSyntax", "Conversation tenant ID is missing.")
NO_TYPE = Fault(400, "BadSyntax", "The activity has no type.")
EMPTY_MESSAGE = Fault(400, "BadSyntax", "A message needs a text or an attachment.")
BAD_ATTACHMENT = Fault(
    400, "BadSyntax", "An attachment needs a contentType, and content or a contentUrl; a card is an AdaptiveCard."
)
CARD_REFUSED = Fault(400, "BadSyntax", "Unknown attachment type.")
BOT_NOT_REGISTERED = Fault(401, "BotNotRegistered", "No registration found for this bot.")
BOT_NOT_IN_ROSTER = Fault(403, "BotNotInConversationRoster", "The bot is not part of the conversation roster.")
BLOCKED_BY_USER = Fault(403, "ConversationBlockedByUser", "User blocked the conversation with the bot.")
DISABLED_BY_ADMIN = Fault(403, "BotDisabledByAdmin", "The tenant admin disabled this bot.")
NOT_ENOUGH_PERMISSIONS = Fault(403, "NotEnoughPermissions", "The bot may change its own messages only.")
CONVERSATION_NOT_FOUND = Fault(404, "ConversationNotFound", "Conversation not found.")
ACTIVITY_NOT_FOUND = Fault(404, "ActivityNotFoundInConversation", "Conversation not found.")
MEMBER_NOT_FOUND = Fault(404, "MemberNotFoundInConversation", "The member was not found in the conversation.")
PRECONDITION_FAILED = Fault(412, "PreconditionFailed", "Precondition failed, please try again.")
TOO_BIG = Fault(413, "MessageSizeTooBig", "Message size too large.")
SERVICE_ERROR = Fault(500, "ServiceError", "An internal error occurred.")
BAD_GATEWAY = Fault(502, "ServiceError", "A dependency did not answer.")
UNAVAILABLE = Fault(503, "ServiceUnavailable", "The service is unavailable.")
GATEWAY_TIMEOUT = Fault(504, "GatewayTimeout", "A dependency did not answer in time.")


def throttled(retry_after: int | None = None) -> Fault:
    """429, to be tried again after so many seconds, or nobody says when."""
    return Fault(429, "Throttled", "Too many requests.", retry_after)
