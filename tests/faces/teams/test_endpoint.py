"""The messaging endpoint: what it takes, what it turns away, and what it has seen before."""

import asyncio
import datetime as dt
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import azure.functions as func
import pytest

from lab.teams.conversation import ANNA
from mailcheck.faces.teams.endpoint import (
    BODY_LIMIT,
    PRESSED_LIMIT,
    TURN_LIMIT,
    TeamsEndpoint,
    Turn,
    UnconfiguredEndpoint,
)
from mailcheck.faces.teams.seen import SEEN_LIMIT, SPARE, SeenActivities
from mailcheck.model.problem import SettingProblem
from tests.faces.teams.conftest import World

_HOUR = dt.timedelta(hours=1)
_COMMAND = "mailcheck shared@contoso.com"


@dataclass(frozen=True)
class Welcome:
    """A guard's answer to a friend."""

    activity: Mapping[str, Any]
    until: dt.datetime
    admitted: Literal[True] = True


@dataclass(frozen=True)
class Farewell:
    """A guard's answer to anybody else."""

    reason: str = "no friend"
    admitted: Literal[False] = False


class Doorkeeper:
    """A guard that lets in whoever says the password, for an hour."""

    def __init__(self, desk: "Desk") -> None:
        self._desk = desk

    async def admit(self, authorization: str, body: bytes) -> Welcome | Farewell:
        if authorization != "friend":
            return Farewell()
        return Welcome(json.loads(body), self._desk.now + _HOUR)


class Turns:
    """A channel that keeps the activities it is given, and answers as it is told to."""

    def __init__(self) -> None:
        self.ran: list[Mapping[str, Any]] = []
        self.deadlines: list[float] = []
        self.answer: tuple[int, object] = (200, None)
        self.failure: Exception | None = None

    async def process(self, activity: Mapping[str, Any], turn: Turn, deadline: float) -> tuple[int, object]:
        assert callable(turn)
        self.ran.append(activity)
        self.deadlines.append(deadline)
        await asyncio.sleep(0)  # as any turn does
        if self.failure is not None:
            raise self.failure
        return self.answer


class Desk:
    """An endpoint with its clock and what it has let through."""

    def __init__(self, *, room: int = SEEN_LIMIT) -> None:
        self.now = dt.datetime(2026, 11, 23, tzinfo=dt.UTC)
        self.turns = Turns()
        seen = SeenActivities(lambda: self.now, limit=room)
        self.endpoint = TeamsEndpoint(guard=Doorkeeper(self), channel=self.turns, turn=_turn, seen=seen)

    async def post(self, body: object, authorization: str = "friend") -> func.HttpResponse:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"authorization": authorization} if authorization else {}
        return await self.endpoint.messages(func.HttpRequest(method="POST", url="/", headers=headers, body=data), 0.0)


async def _turn(_context: object, _deadline: float) -> None:
    raise AssertionError("the channel runs it, not the endpoint")


def _activity(number: int, conversation: str = "a") -> dict[str, Any]:
    return {"type": "message", "id": str(number), "conversation": {"id": conversation}}


async def test_a_large_body_goes_no_further(caplog: pytest.LogCaptureFixture) -> None:
    """More than Teams ever sends is turned away before anybody looks at it, and without a word, as any forgery is."""
    desk = Desk()
    with caplog.at_level(logging.WARNING):
        answer = await desk.post(b"{" * (BODY_LIMIT + 1))
    assert (answer.status_code, answer.get_body()) == (401, b"")
    assert "more than 262,144 bytes" in caplog.text
    assert desk.turns.ran == []


async def test_a_body_of_the_largest_size_is_read() -> None:
    """The bound is the last size that is taken."""
    body = json.dumps(_activity(1)).encode()
    assert (await Desk().post(body.ljust(BODY_LIMIT))).status_code == 200


@pytest.mark.parametrize("authorization", ["", "enemy"])
async def test_a_refusal_says_nothing(authorization: str, caplog: pytest.LogCaptureFixture) -> None:
    """Whom the guard refuses gets an empty 401 that names the scheme (RFC 9110 section 15.5.2); the log the reason."""
    desk = Desk()
    with caplog.at_level(logging.WARNING):
        answer = await desk.post(_activity(1), authorization)
    assert (answer.status_code, answer.get_body()) == (401, b"")
    assert answer.headers.get_all("WWW-Authenticate") == ["Bearer"]
    assert "no friend" in caplog.text
    assert desk.turns.ran == []


@pytest.mark.parametrize(
    "given, status, body",
    [
        ((200, None), 200, b""),
        ((501, None), 501, b""),
        ((200, {"a": 1}), 200, b'{"a": 1}'),
        ((500, {"a": 1}), 500, b'{"a": 1}'),
    ],
)
async def test_the_turns_answer_is_passed_on(given: tuple[int, object], status: int, body: bytes) -> None:
    """What the turn came to is what Teams hears; a body says that it is JSON."""
    desk = Desk()
    desk.turns.answer = given
    answer = await desk.post(_activity(1))
    assert (answer.status_code, answer.get_body()) == (status, body)
    assert not body or answer.mimetype == "application/json"


async def test_a_malformed_activity_is_a_400() -> None:
    """JSON that the SDK cannot take for an activity is the sender's fault."""
    desk = Desk()
    desk.turns.answer = (400, None)
    assert (await desk.post(_activity(1))).status_code == 400


async def test_an_activity_runs_once() -> None:
    """What comes again while its token is good is answered 200 and left alone; after that, it would be new."""
    desk = Desk()
    assert [(await desk.post(_activity(1))).status_code for _ in range(3)] == [200, 200, 200]
    assert len(desk.turns.ran) == 1
    desk.now += _HOUR + SPARE
    await desk.post(_activity(1))
    assert len(desk.turns.ran) == 2


_WHERE = {"conversation": {"id": "c"}}


@pytest.mark.parametrize(
    "activity",
    [
        {"type": "x", **_WHERE},
        {"id": "", **_WHERE},
        {"id": 7, **_WHERE},
        {"id": "i" * 1000, **_WHERE},
        {"id": "\ud800", **_WHERE},
        {"id": "1"},
        {"id": "1", "conversation": None},
        {"id": "1", "conversation": {}},
        {"id": "1", "conversation": {"id": "a\nb"}},
        {"id": "1", "entities": [None], **_WHERE},
        {"id": "1", "entities": {}, **_WHERE},
        {"id": "1", "replyToId": "\ud800", **_WHERE},
        {"id": "1", "replyToId": 7, **_WHERE},
        {"id": "1", "replyToId": "i" * 1000, **_WHERE},
        # A part of a path that leads elsewhere (RFC 3986 section 5.2.4): the bot's token would go along.
        {"id": "1", "replyToId": "..", **_WHERE},
        {"id": ".", **_WHERE},
        {"id": "1", "conversation": {"id": ".."}},
        # The SDK puts the conversation's id into a header: in Latin-1 (RFC 9110 section 5.5), without blanks around it.
        {"id": "1", "conversation": {"id": "19:\u65e5@thread.v2"}},
        {"id": "1", "conversation": {"id": "19:\U0001f600@thread.v2"}},
        {"id": "1", "conversation": {"id": " c"}},
        {"id": "1", "conversation": {"id": "c "}},
        {"id": "\u00e9", **_WHERE},
    ],
    ids=lambda activity: ascii(activity)[:60],
)
async def test_what_cannot_be_answered_is_no_activity(activity: dict[str, Any]) -> None:
    """Every activity of Teams has an id and a conversation; one that lacks them is 400 and no turn."""
    desk = Desk()
    assert (await desk.post(activity)).status_code == 400
    assert desk.turns.ran == []


@pytest.mark.parametrize("reply_to", [{}, {"replyToId": None}, {"replyToId": ""}, {"replyToId": "1700000000000"}])
async def test_an_activity_may_answer_a_message(reply_to: dict[str, Any]) -> None:
    """Or none: then the member is left out, null or empty."""
    desk = Desk()
    assert (await desk.post(_activity(1) | reply_to)).status_code == 200


async def test_a_strangers_id_is_not_remembered() -> None:
    """Who is refused cannot make a genuine activity look like one that was seen."""
    desk = Desk()
    await desk.post(_activity(1), authorization="enemy")
    await desk.post(_activity(1))
    assert len(desk.turns.ran) == 1


async def test_when_no_more_can_be_remembered_nothing_runs(caplog: pytest.LogCaptureFixture) -> None:
    """503, and a line in the log, for an activity that could run twice; what was seen is still answered 200."""
    desk = Desk(room=2)
    assert [(await desk.post(_activity(number))).status_code for number in (1, 2, 3, 1)] == [200, 200, 503, 200]
    assert len(desk.turns.ran) == 2
    assert "no more can be remembered" in caplog.text


async def test_the_same_activity_at_the_same_moment_runs_once() -> None:
    """Of twenty requests with one activity, nineteen are answered while the first has its turn."""
    desk = Desk()
    answers = await asyncio.gather(*(desk.post(_activity(1)) for _ in range(20)))
    assert {answer.status_code for answer in answers} == {200}
    assert len(desk.turns.ran) == 1


async def test_a_bot_without_settings_names_them() -> None:
    """503, with each setting by its name and no value."""
    endpoint = UnconfiguredEndpoint((SettingProblem("MicrosoftAppId", "is missing: put the id there"),))
    answer = await endpoint.messages(func.HttpRequest(method="POST", url="/", body=b"{}"), 0.0)
    assert answer.status_code == 503
    assert json.loads(answer.get_body())["settings"] == [
        {"name": "MicrosoftAppId", "problem": "is missing: put the id there"}
    ]


async def test_teams_repeats_itself_while_a_check_runs(world: World) -> None:
    """A slow turn makes Teams send the activity again: one check, one card."""
    world.checks.go_on.clear()
    conversation = world.teams.directory.personal(ANNA)
    first = asyncio.create_task(world.teams.say(_COMMAND))
    seen = await conversation.wait_until(
        lambda now: next((post.activity for post in now.posts.values() if post.type == "message"), None), timeout=10
    )
    await conversation.wait_until(lambda now: len(now.changes) > 2, timeout=10)
    again = await world.teams.deliver(seen, conversation)
    assert again.status == 200
    world.checks.go_on.set()
    reply = await first
    assert len(world.checks.asked) == 1
    assert len(reply.posts) == 1


@pytest.mark.parametrize("signed, token", [(False, None), (True, "forged.token.here")])
async def test_a_forged_activity_is_refused_without_a_word(world: World, signed: bool, token: str | None) -> None:
    """No token, or one that nobody signed: 401, no body, no turn."""
    conversation = world.teams.directory.personal(ANNA)
    activity = (await world.teams.say("help")).activity
    forged = {**activity, "id": "2", "text": _COMMAND}
    reply = await world.teams.deliver(forged, conversation, token=token, signed=signed)
    assert (reply.status, reply.body, reply.posts) == (401, None, [])
    assert world.checks.asked == []


async def test_an_activity_that_the_sdk_cannot_read(world: World) -> None:
    """A signed activity with a member of the wrong kind is a 400, and no exception."""
    conversation = world.teams.directory.personal(ANNA)
    activity = (await world.teams.say("help")).activity
    reply = await world.teams.deliver({**activity, "id": "2", "attachments": 5}, conversation)
    assert reply.status == 400
    assert isinstance(reply.body, dict)
    assert reply.body["detail"] == "The body is not an activity"


async def test_a_turn_that_failed_is_run_again() -> None:
    """An activity whose turn raised was not dealt with: when Teams sends it again, it is new."""
    desk = Desk()
    desk.turns.failure = ZeroDivisionError()
    activity = {"type": "message", "id": "1", "conversation": {"id": "c"}}
    with pytest.raises(ZeroDivisionError):
        await desk.post(activity)
    desk.turns.failure = None
    assert (await desk.post(activity)).status_code == 200
    assert len(desk.turns.ran) == 2


async def test_a_turn_that_was_cancelled_is_run_again() -> None:
    """So it is where the app is stopped in the middle of a turn: Teams has no answer, and sends the activity again."""
    desk = Desk()
    stopped = asyncio.create_task(desk.post(_activity(1)))
    await asyncio.sleep(0)
    assert len(desk.turns.ran) == 1
    stopped.cancel()
    with pytest.raises(asyncio.CancelledError):
        await stopped
    assert (await desk.post(_activity(1))).status_code == 200
    assert len(desk.turns.ran) == 2


@pytest.mark.parametrize(
    "kind, limit", [("message", TURN_LIMIT), ("installationUpdate", TURN_LIMIT), ("invoke", PRESSED_LIMIT)]
)
async def test_a_turn_ends_before_teams_gives_up(kind: str, limit: float) -> None:
    """Its deadline counts from the arrival of the request; who has pressed a button waits for less."""
    desk = Desk()
    await desk.post({**_activity(1), "type": kind})
    assert desk.turns.deadlines == [limit]
