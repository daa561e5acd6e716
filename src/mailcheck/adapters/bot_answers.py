"""What an answer of Teams' connector, or none, means to whoever has something to say in a chat. No I/O.

https://learn.microsoft.com/microsoftteams/platform/bots/how-to/conversations/conversation-messages, "Status codes from
bot conversational APIs" and "Status codes retry guidance".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final

from mailcheck.adapters.https import time_to_wait
from mailcheck.model.delivery import Trouble, Undelivered
from mailcheck.model.evidence import Fault

# The retry guidance has these and no others: a 500 is not to be tried again.
_PASSING: Final = frozenset({412, 429, 502, 503, 504})
# 403 of an update also says that the message has been deleted (code `ServiceError`), or is not the bot's own. So an
# update is shut out by these codes only; after any other a new message may still be taken, and if not, that will tell.
_SHUT_OUT: Final = frozenset(
    {
        "BotDisabledByAdmin",
        "BotNotInConversationRoster",
        "ConversationBlockedByUser",
        "ForbiddenOperationException",
        "InvalidBotApiHost",
        "MessageWritesBlocked",
    }
)
_ADVICE: Final[Mapping[str, str]] = {
    "BotDisabledByAdmin": "allow the app in the Teams admin center: in Manage apps, and in the permission policy",
    "BotNotInConversationRoster": "install the app in this chat or team again",
    "BotNotRegistered": "MicrosoftAppId has to be the app id of an Azure Bot that has the Teams channel",
    "ForbiddenOperationException": "install the app for this person",
}
_OF_ANOTHER_BOT: Final = "MicrosoftAppType, MicrosoftAppId and MicrosoftAppTenantId have to be those of the Azure Bot"


@dataclass(frozen=True, slots=True)
class Setback:
    """Why one try to deliver a message came to nothing.

    Attributes:
        told: What the bot is told if there is no other try.
        again: Whether another try may do better, and does less harm than none.
        at_once: Whether that other try need not wait, where it is the second.
        stale: Whether the token is what was refused: it may have been revoked.
        advice: What an administrator can do about it; empty where that is nothing.
    """

    told: Undelivered
    again: bool = False
    at_once: bool = False
    stale: bool = False
    advice: str = ""


class NotTakenError(Exception):
    """Carries why a try came to nothing through msrest to who made it.

    msrest's own HttpOperationError is not relied on: it is lost, and the status with it, where a gateway answers HTML.
    """

    def __init__(self, setback: Setback) -> None:
        self.setback = setback


OUT_OF_TIME: Final = Setback(Undelivered(Trouble.UNREACHED, "no answer in time"))


def refused(status: int, code: str, headers: Mapping[str, str], *, update: bool) -> Setback:
    """What a status other than 200, 201 and 202 means.

    Args:
        status: HTTP status.
        code: The code in the connector's error object, such as `BotNotInConversationRoster`; empty without one.
        headers: Of the answer, by names in whatever case.
        update: Whether a message was to be replaced (PUT), or a new one sent (POST).
    """
    trouble = _trouble(status, code, update=update)
    wait = _wait(headers) if trouble is Trouble.BUSY else None
    stale = status == HTTPStatus.UNAUTHORIZED
    return Setback(
        Undelivered(trouble, f"{status} {code or 'without a code'}", wait),
        again=status in _PASSING,
        stale=stale,
        advice=_ADVICE.get(code, _OF_ANOTHER_BOT if stale else ""),
    )


def unanswered(fault: Fault, words: str, *, may_be_taken: bool, update: bool) -> Setback:
    """What it means that there was no answer.

    Args:
        fault: What happened.
        words: The innermost words about it, one line.
        may_be_taken: Whether the connector may have the message all the same.
        update: As above. An update comes out the same however often it is made. A message does not: a second copy of a
            card stays in the chat for ever as it was, since the bot knows the id of one only. Where it may have been
            taken there is no second try, and the bot, which knows what it has shown, decides.
    """
    passing = fault in {Fault.REFUSED, Fault.CLOSED, Fault.UNREACHABLE, Fault.TIMEOUT}
    return Setback(
        Undelivered(Trouble.UNREACHED, f"{fault}: {words}"),
        again=passing and (update or not may_be_taken),
        at_once=fault is Fault.CLOSED,  # as a rule, the connection had been kept for too long
    )


def _trouble(status: int, code: str, *, update: bool) -> Trouble:
    match status:
        case HTTPStatus.FORBIDDEN:
            return Trouble.LOST if update and code not in _SHUT_OUT else Trouble.SHUT_OUT
        case HTTPStatus.NOT_FOUND:
            # Of a new message, the conversation is gone, or the message that it was to answer.
            return Trouble.LOST if update and code != "ConversationNotFound" else Trouble.SHUT_OUT
        case HTTPStatus.BAD_REQUEST | HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            return Trouble.UNFIT
        case HTTPStatus.PRECONDITION_FAILED | HTTPStatus.TOO_MANY_REQUESTS:
            return Trouble.BUSY
        case _:
            return Trouble.BUSY if status >= HTTPStatus.INTERNAL_SERVER_ERROR else Trouble.UNREACHED


def _wait(headers: Mapping[str, str]) -> float | None:
    """Seconds of a `Retry-After`. Its other form, a date, is read against the answer's own, whatever our clock says."""
    asked = time_to_wait(headers.get("Retry-After", ""))
    if "retry_after" in asked:
        return float(asked["retry_after"])
    try:
        until = parsedate_to_datetime(asked["retry_at"]) - parsedate_to_datetime(headers.get("Date", ""))
    except (KeyError, ValueError, TypeError, OverflowError):  # no header, no date, or one without a zone
        return None
    return max(0.0, until.total_seconds())
