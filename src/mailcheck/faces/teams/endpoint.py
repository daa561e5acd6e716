"""`POST /api/messages`: what is not an activity, not from Teams or not new ends here; the rest becomes a turn."""

import datetime as dt
import json
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any, Final, Protocol

import azure.functions as func

from mailcheck.faces.problem import not_configured, problem
from mailcheck.model.problem import SettingProblem

BODY_LIMIT: Final = 256 * 1024  # bytes; Teams' messages are below 100 KB
SEEN_FOR: Final = dt.timedelta(minutes=10)  # Teams sends an activity again within a minute or two
SEEN_LIMIT: Final = 2000  # activities that are remembered; each is below 1 KB
# Seconds from the arrival of an activity to the end of its turn. Teams gives a bot up after 15, and sends it all again.
TURN_LIMIT: Final = 11.5
_ID_LIMIT: Final = 512  # characters; Teams' ids are below 200
_NO_ACTIVITY: Final = "The body is not an activity"

_log = logging.getLogger(__name__)

# The SDK's context of the turn, and when the turn has to have ended, on the running loop's clock.
type Turn = Callable[[Any, float], Awaitable[None]]


class Decision(Protocol):
    """What the guard says of a request."""

    @property
    def admitted(self) -> bool:
        """Whether it may go on."""

    @property
    def reason(self) -> str:
        """Why it may not; for the log, and without anything secret."""


class Guard(Protocol):
    """Tells Teams, speaking to us, from everybody else."""

    async def admit(self, authorization: str, activity: Mapping[str, Any]) -> Decision:
        """Judges a request by its Authorization header (empty: none) and its parsed body."""


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
    again is answered 200 and left alone.

    Args:
        guard: Stands before everything that reads more than the outline of the activity.
        channel: The SDK.
        turn: The bot.
        now: The time now, UTC.
    """

    def __init__(self, *, guard: Guard, channel: Channel, turn: Turn, now: Callable[[], dt.datetime]) -> None:
        self._guard = guard
        self._channel = channel
        self._turn = turn
        self._seen = _Seen(now)

    async def messages(self, request: func.HttpRequest, arrived: float) -> func.HttpResponse:
        """One activity: 200, 400, 401, 413, or 501 for an invoke that the bot has no answer to.

        `arrived` is when the request did, on the running loop's clock: building the bot may have taken its time.
        """
        activity = _parsed(request.get_body())
        if isinstance(activity, func.HttpResponse):
            return activity
        decision = await self._guard.admit(request.headers.get("authorization", ""), activity)
        if not decision.admitted:
            _log.warning("a request to the bot was refused: %s", decision.reason)
            return func.HttpResponse(status_code=HTTPStatus.UNAUTHORIZED.value)
        if not _is_whole(activity):
            return problem(HTTPStatus.BAD_REQUEST, _NO_ACTIVITY)
        if self._seen.again(activity):
            _log.info("an activity came again and was left alone")
            return func.HttpResponse(status_code=HTTPStatus.OK.value)
        return await self._run(activity, arrived + TURN_LIMIT)

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

    def __init__(self, problems: tuple[SettingProblem, ...]) -> None:
        self._problems = problems

    async def messages(self, _request: func.HttpRequest, _arrived: float) -> func.HttpResponse:
        """503, with each setting that is missing or cannot be used by its name."""
        return not_configured(self._problems)


def _parsed(body: bytes) -> dict[str, Any] | func.HttpResponse:
    if len(body) > BODY_LIMIT:
        return problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"The body may have {BODY_LIMIT} bytes")
    try:
        activity = json.loads(body)
    except (ValueError, RecursionError):
        return problem(HTTPStatus.BAD_REQUEST, "The body is not JSON")
    return activity if isinstance(activity, dict) else problem(HTTPStatus.BAD_REQUEST, _NO_ACTIVITY)


def _is_whole(activity: Mapping[str, Any]) -> bool:
    """Whether it has what every turn reads: a conversation that can be answered, and entities that are objects."""
    conversation, entities = activity.get("conversation"), activity.get("entities")
    where = conversation.get("id") if isinstance(conversation, Mapping) else None
    listed = entities is None or (isinstance(entities, list) and all(isinstance(one, Mapping) for one in entities))
    return listed and all(
        isinstance(name, str) and 0 < len(name) <= _ID_LIMIT and name.isprintable()
        for name in (where, activity.get("id"))
    )


class _Seen:
    """The activities of the last minutes. Ids of Teams are milliseconds, and unique in their conversation only."""

    def __init__(self, now: Callable[[], dt.datetime]) -> None:
        self._now = now
        self._times: OrderedDict[tuple[str, str], dt.datetime] = OrderedDict()

    def again(self, activity: Mapping[str, Any]) -> bool:
        """Whether this one was asked about before; from now on it was."""
        key = _key(activity)
        now = self._now()
        while self._times and (len(self._times) >= SEEN_LIMIT or now - next(iter(self._times.values())) > SEEN_FOR):
            self._times.popitem(last=False)
        if key in self._times:
            return True
        self._times[key] = now
        return False

    def forget(self, activity: Mapping[str, Any]) -> None:
        """It was not dealt with."""
        self._times.pop(_key(activity), None)


def _key(activity: Mapping[str, Any]) -> tuple[str, str]:
    return activity["conversation"]["id"], activity["id"]
