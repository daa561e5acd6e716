"""What can go wrong between a bot and the connector, planned for the call that it is to meet."""

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Callable

import aiohttp
import pytest
from botbuilder.schema import ErrorResponseException

from lab.teams import faults
from lab.teams.conversation import CARD_TYPE
from lab.teams.faults import Fault, HungUp, Late, NoCards, Silent
from lab.teams.plan import Plan
from lab.teams.rates import Call, Rates
from lab.teams.service import Teams
from lab.tenant import BOT_CLIENT_ID, TENANT_ID
from tests.lab.common import utc_now
from tests.lab.teams_bot import activity, bot_token, entra_verify
from tests.lab.teams_place import Place, code_of, placed

CARD = {"contentType": CARD_TYPE, "content": {"type": "AdaptiveCard"}}
HELLO = {"type": "message", "text": "hello"}
START = dt.datetime(2026, 11, 23, 18, 41, 22, tzinfo=dt.UTC)
CHAT = "a:1"


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    """The connector and Anna's chat."""
    async with placed() as made:
        yield made


async def _sent(place: Place) -> int:
    """The HTTP status of one more message."""
    return (await place.post(f"/{place.chat.id}/activities", HELLO))[0]


@pytest.mark.parametrize(
    "fault, status, code",
    [
        (faults.BOT_NOT_REGISTERED, 401, "BotNotRegistered"),
        (faults.BOT_NOT_IN_ROSTER, 403, "BotNotInConversationRoster"),
        (faults.BLOCKED_BY_USER, 403, "ConversationBlockedByUser"),
        (faults.DISABLED_BY_ADMIN, 403, "BotDisabledByAdmin"),
        (faults.CONVERSATION_NOT_FOUND, 404, "ConversationNotFound"),
        (faults.PRECONDITION_FAILED, 412, "PreconditionFailed"),
        (faults.TOO_BIG, 413, "MessageSizeTooBig"),
        (faults.throttled(), 429, "Throttled"),
        (faults.UNAVAILABLE, 503, "ServiceUnavailable"),
        (faults.GATEWAY_TIMEOUT, 504, "GatewayTimeout"),
    ],
    ids=lambda value: value.code if isinstance(value, Fault) else "",
)
async def test_a_planned_answer_is_read_by_the_sdk(place: Place, fault: Fault, status: int, code: str) -> None:
    """The SDK's client raises with the status and the code, and nothing is posted."""
    place.connector.faults.extend([fault])
    async with place.client() as client:
        with pytest.raises(ErrorResponseException) as refused:
            await client.conversations.send_to_conversation(place.chat.id, activity(text="x"))

    assert code_of(refused) == (status, code)
    assert refused.value.response.headers.get("Retry-After") is None
    assert list(place.chat.posts) == ["1"]


async def test_the_nth_call_of_a_kind(place: Place) -> None:
    """Trouble for the second update lets everything else pass."""
    place.connector.faults.at(2, faults.TOO_BIG, Call.UPDATE)
    async with place.client() as client:
        conversations = client.conversations
        made = await conversations.send_to_conversation(place.chat.id, activity(text="one"))
        await conversations.update_activity(place.chat.id, made.id, activity(text="two"))
        with pytest.raises(ErrorResponseException) as refused:
            await conversations.update_activity(place.chat.id, made.id, activity(text="three"))
        await conversations.update_activity(place.chat.id, made.id, activity(text="four"))

    assert code_of(refused) == (413, "MessageSizeTooBig")
    assert [version["text"] for version in place.chat.posts[made.id].versions] == ["one", "two", "four"]


def _met(plan: Plan, *calls: Call) -> list[object]:
    return [plan.take(call) for call in calls]


def test_plans_of_every_kind_together() -> None:
    """The next calls, a later one, one of a kind, and every one until it is cleared; one call goes before all."""
    plan = Plan()
    plan.extend([faults.TOO_BIG])
    plan.extend([faults.BAD_GATEWAY])
    plan.at(4, faults.UNAVAILABLE)
    plan.at(1, faults.BAD_ARGUMENT, Call.UPDATE)
    send, update = Call.SEND, Call.UPDATE
    assert _met(plan, send, send, send, send, send) == [
        faults.TOO_BIG, faults.BAD_GATEWAY, None, faults.UNAVAILABLE, None,
    ]  # fmt: skip
    plan.always(faults.SERVICE_ERROR, Call.UPDATE)
    assert not plan.all_met
    assert _met(plan, update, update, send, update) == [
        faults.BAD_ARGUMENT, faults.SERVICE_ERROR, None, faults.SERVICE_ERROR,
    ]  # fmt: skip
    assert plan.all_met, "what is for every call is never over"
    plan.clear()
    assert _met(plan, update, send) == [None, None]


async def test_a_late_answer_is_that_of_a_done_thing(place: Place) -> None:
    """What is asked is done at once, and known to be done only later."""
    place.connector.faults.extend([Late(0.2)])
    clock = asyncio.get_running_loop().time
    began = clock()
    sending = asyncio.create_task(_sent(place))
    await place.chat.wait_until(lambda chat: len(chat.posts) == 2, timeout=10)
    assert not sending.done()
    assert await sending == 201
    assert clock() - began >= 0.2


async def test_a_silent_connector_answers_nobody(place: Place) -> None:
    """The caller gives up; nothing was done, and the server is free as soon as the caller has gone."""
    place.connector.faults.extend([Silent()])
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await _sent(place)
    assert list(place.chat.posts) == ["1"]


async def test_a_connection_is_reset(place: Place) -> None:
    """The caller sees a broken connection, and nothing was done."""
    place.connector.faults.extend([HungUp()])
    with pytest.raises(aiohttp.ClientConnectionError):
        await _sent(place)
    assert list(place.chat.posts) == ["1"]


async def test_a_client_that_takes_no_cards(place: Place) -> None:
    """Messages with a card are refused for as long as that is so; others, and their updates, pass."""
    place.connector.faults.always(NoCards())
    for _ in range(2):
        refused = await place.post(f"/{place.chat.id}/activities", {"type": "message", "attachments": [CARD]})
        assert refused == (400, "BadSyntax")
        assert await _sent(place) == 201


async def test_an_unplugged_connector_refuses_connections() -> None:
    """Where nobody listens, the connection is refused at once; plugged in, the connector is there again."""
    teams = Teams(bot_url="", bot_id=BOT_CLIENT_ID, tenant_id=TENANT_ID, verify=entra_verify, clock=utc_now)
    async with teams, aiohttp.ClientSession(headers={"Authorization": f"Bearer {bot_token()}"}) as session:
        teams.unplugged = True
        with pytest.raises(aiohttp.ClientConnectorError):
            await session.get(f"{teams.service_url}v3/conversations/x/members")
        teams.unplugged = False
        async with session.get(f"{teams.service_url}v3/conversations/x/members") as response:
            assert response.status == 404


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> dt.datetime:
        return START + dt.timedelta(seconds=self.seconds)


def _calls_until_refused(take: Callable[[], int | None]) -> tuple[int, int]:
    """How many calls pass, and how long the first that does not is to wait."""
    for passed in range(10_000):
        if (wait := take()) is not None:
            return passed, wait
    raise AssertionError


@pytest.mark.parametrize(
    "call, spacing, passed, wait",
    [
        (Call.SEND, 0.0, 7, 1),  # 7 in 1 s
        (Call.SEND, 0.2, 8, 1),  # 8 in 2 s
        (Call.SEND, 0.4, 60, 6),  # 60 in 30 s: 24 s have passed
        (Call.SEND, 0.6, 1800, 2520),  # 1800 in an hour: 1080 s have passed
        (Call.UPDATE, 0.0, 7, 1),
        (Call.DELETE, 0.0, 7, 1),
        (Call.CREATE, 0.0, 7, 1),
        (Call.MEMBERS, 0.0, 14, 1),
    ],
)
def test_the_limits_of_a_conversation(call: Call, spacing: float, passed: int, wait: int) -> None:
    """Calls at a pace pass until the first window is full, and are told after how many seconds there is room."""
    clock = Clock()
    rates = Rates(clock)

    def take() -> int | None:
        clock.seconds += spacing
        return rates.wait(call, CHAT)

    assert _calls_until_refused(take) == (passed, wait)


def test_who_waits_as_told_has_room() -> None:
    """A refused call is not counted; after the told seconds the next one passes, and one more does not."""
    clock = Clock()
    rates = Rates(clock)
    assert [rates.wait(Call.SEND, CHAT) for _ in range(9)] == [None] * 7 + [1] * 2
    clock.seconds += 1
    assert [rates.wait(Call.SEND, CHAT) for _ in range(2)] == [None, 1]
    assert rates.exceeded == [(Call.SEND, CHAT)] * 3


def test_conversations_are_counted_for_themselves_and_together() -> None:
    """Another chat has room where one has none, and reading does not count as writing; in all there are 30 a second."""
    rates = Rates(Clock())
    assert [rates.wait(Call.SEND, f"a:{number}") for number in range(4) for _ in range(7)] == [None] * 28
    assert [rates.wait(Call.MEMBERS, "a:0") for _ in range(3)] == [None, None, 1]


async def test_the_limits_over_http(place: Place) -> None:
    """The eighth call in a second is 429 with Retry-After; where limits are not enforced, it passes and is noted."""
    rates = place.connector.rates
    assert [await _sent(place) for _ in range(8)] == [201] * 7 + [429]
    async with place.client() as client:
        with pytest.raises(ErrorResponseException) as refused:
            await client.conversations.send_to_conversation(place.chat.id, activity(text="x"))
    assert refused.value.response.headers["Retry-After"] == "1"
    rates.enforced = False
    assert await _sent(place) == 201
    assert rates.exceeded == [(Call.SEND, place.chat.id)] * 3


async def test_threads_of_a_channel_share_its_limits(place: Place) -> None:
    """A channel is one conversation, whichever of its threads is written to."""
    channels = [place.directory.channel(str(thread)) for thread in range(8)]
    place.directory.install(channels[0].id)
    answers = [await place.post(f"/{channel.id}/activities", HELLO) for channel in channels]
    assert [status for status, _ in answers] == [201] * 7 + [429]
