"""What the connector answers when it does not do what it was asked: Teams' own codes and words.

https://learn.microsoft.com/microsoftteams/platform/bots/build-conversational-capability (status codes)
"""

from dataclasses import dataclass

from aiohttp import web


@dataclass(frozen=True)
class Fault:
    """One error answer.

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


BAD_ARGUMENT = Fault(400, "Bad Argument", "The request body is not a valid activity.")
NO_TENANT = Fault(400, "BadSyntax", "Conversation tenant ID is missing.")
NO_TYPE = Fault(400, "BadSyntax", "The activity has no type.")
EMPTY_MESSAGE = Fault(400, "BadSyntax", "A message needs a text or an attachment.")
BAD_ATTACHMENT = Fault(
    400, "BadSyntax", "An attachment needs a contentType, and content or a contentUrl; a card is an AdaptiveCard."
)
BOT_NOT_IN_ROSTER = Fault(403, "BotNotInConversationRoster", "The bot is not part of the conversation roster.")
NOT_ENOUGH_PERMISSIONS = Fault(403, "NotEnoughPermissions", "The bot may change its own messages only.")
CONVERSATION_NOT_FOUND = Fault(404, "ConversationNotFound", "Conversation not found.")
ACTIVITY_NOT_FOUND = Fault(404, "ActivityNotFoundInConversation", "Conversation not found.")
MEMBER_NOT_FOUND = Fault(404, "MemberNotFoundInConversation", "The member was not found in the conversation.")
TOO_BIG = Fault(413, "MessageSizeTooBig", "Message size too large.")
SERVICE_ERROR = Fault(500, "ServiceError", "An internal error occurred.")
BAD_GATEWAY = Fault(502, "ServiceError", "A dependency did not answer.")


def throttled(retry_after: int) -> Fault:
    """429, to be tried again after so many seconds."""
    return Fault(429, "Throttled", "Too many requests.", retry_after)
