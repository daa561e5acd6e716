"""`POST /api/messages`: what is not from Teams, not an activity or not new ends here; the rest becomes a turn."""

import datetime as dt
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any, Final, Literal, Protocol

import azure.functions as func

from mailcheck.faces.problem import not_configured, problem
from mailcheck.faces.teams.seen import Seen, SeenActivities
from mailcheck.model.chat_id import is_chat_id
from mailcheck.model.problem import Problems

BODY_LIMIT: Final = 256 * 1024  # bytes; Teams' messages are below 100 KB
# Seconds from the arrival of an activity to the end of its turn. Teams gives a bot up after 15, and sends it all again;
# the client of who has pressed a button is reported to give up after some ten. The half second below twelve is for the
# way through the Functions host; building the app counts as the first turn's.
TURN_LIMIT: Final = 11.5
PRESSED_LIMIT: Final = 9.0
_NO_ACTIVITY: Final = "The body is not an activity"

_log = logging.getLogger(__name__)

# The SDK's context of the turn, and when the turn has to have ended, on the running loop's clock.
type Turn = Callable[[Any, float], Awaitable[None]]


class Admission(Protocol):
    """The guard lets a request in."""

    @property
    def admitted(self) -> Literal[True]:
        """It may go on."""

    @property
    def activity(self) -> Mapping[str, Any]:
        """What it brings."""

    @property
    def until(self) -> dt.datetime:
        """Until when the guard would let the same request in again, UTC."""


class Refusal(Protocol):
    """The guard does not let a request in."""

    @property
    def admitted(self) -> Literal[False]:
        """It may not go on."""

    @property
    def reason(self) -> str:
        """Why; for the log, and without anything secret."""


class Guard(Protocol):
    """Tells Teams, speaking to us, from everybody else."""

    async def admit(self, authorization: str, body: bytes) -> Admission | Refusal:
        """Judges a request by its Authorization header (empty: none) and its body, which it reads."""


class Channel(Protocol):
    """Runs turns."""

    async def process(self, activity: Mapping[str, Any], turn: Turn, deadline: float) -> tuple[int, object]:
        """One turn for an admitted activity: the HTTP status and the JSON (or none) to answer with.

        `deadline` is when it has to have ended, on the running loop's clock.
        """


class TeamsEndpoint:
    """The messaging endpoint.

    Teams hears 200 whenever the activity has been dealt with, also where an answer could not be delivered: on any
    other status it would send the same activity again, and give it up after 15 seconds likewise. What it does send
    again, or anybody else in its place, is answered 200 and left alone for as long as the token is good.

    Args:
        guard: Stands before everything that reads the body.
        channel: The SDK.
        turn: The bot.
        seen: Remembers what has been dealt with.
    """

    def __init__(self, *, guard: Guard, channel: Channel, turn: Turn, seen: SeenActivities) -> None:
        self._guard = guard
        self._channel = channel
        self._turn = turn
        self._seen = seen

    async def messages(self, request: func.HttpRequest, arrived: float) -> func.HttpResponse:
        """One activity: 200, 400, 401, 501 for an invoke that the bot has no answer to, 503 for one too many.

        `arrived` is when the request did, on the running loop's clock: building the bot may have taken its time.
        """
        body = request.get_body()
        if len(body) > BODY_LIMIT:
            return _refused(f"the body has more than {BODY_LIMIT:,} bytes")
        decision = await self._guard.admit(request.headers.get("authorization", ""), body)
        if not decision.admitted:
            return _refused(decision.reason)
        activity = decision.activity
        if not _is_whole(activity):
            return problem(HTTPStatus.BAD_REQUEST, _NO_ACTIVITY)
        match self._seen.note(activity, decision.until):
            case Seen.AGAIN:
                _log.info("an activity came again and was left alone")
                return func.HttpResponse(status_code=HTTPStatus.OK.value)
            case Seen.NO_ROOM:
                _log.error("an activity was turned away: no more can be remembered, and none may run twice")
                return func.HttpResponse(status_code=HTTPStatus.SERVICE_UNAVAILABLE.value)
            case Seen.NEW:
                limit = PRESSED_LIMIT if activity.get("type") == "invoke" else TURN_LIMIT
                return await self._run(activity, arrived + limit)

    async def _run(self, activity: Mapping[str, Any], deadline: float) -> func.HttpResponse:
        """The bot's turn, and the answer to it."""
        try:
            status, answer = await self._channel.process(activity, self._turn, deadline)
        except BaseException:  # Teams will send it again, and then it is new
            self._seen.forget(activity)
            raise
        if status == HTTPStatus.BAD_REQUEST:
            return problem(HTTPStatus.BAD_REQUEST, _NO_ACTIVITY)
        if answer is None:
            return func.HttpResponse(status_code=int(status))
        return func.HttpResponse(json.dumps(answer), status_code=int(status), mimetype="application/json")


class UnconfiguredEndpoint:
    """The messaging endpoint of an app whose bot has no identity yet."""

    def __init__(self, problems: Problems) -> None:
        self._problems = problems

    async def messages(self, _request: func.HttpRequest, _arrived: float) -> func.HttpResponse:
        """503, with each setting that is missing or cannot be used by its name."""
        return not_configured(self._problems)


def _refused(reason: str) -> func.HttpResponse:
    """401 without a word: a stranger learns nothing of what was wrong; the reason is for the log."""
    _log.warning("a request to the bot was refused: %s", reason)
    # RFC 9110 section 15.5.2 wants the scheme, and RFC 6750 section 3 no more than that.
    return func.HttpResponse(status_code=HTTPStatus.UNAUTHORIZED.value, headers={"WWW-Authenticate": "Bearer"})


def _is_whole(activity: Mapping[str, Any]) -> bool:
    """Whether it has what turns read: ids by which it can be answered, and entities that are objects."""
    conversation, entities = activity.get("conversation"), activity.get("entities")
    where = conversation.get("id") if isinstance(conversation, Mapping) else None
    listed = entities is None or (isinstance(entities, list) and all(isinstance(one, Mapping) for one in entities))
    answered = activity.get("replyToId") or None
    return listed and all(map(is_chat_id, (where, activity.get("id")))) and (answered is None or is_chat_id(answered))
