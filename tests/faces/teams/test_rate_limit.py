"""Many turns in one chat: what Teams takes of them there, by the limits that the lab's Teams has, and what is shown."""

import asyncio
import datetime as dt
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from lab.teams.rates import Call, Rates
from mailcheck.adapters.bot_tries import LEAST_TIME
from mailcheck.faces.teams.answering import Asker, Done
from mailcheck.faces.teams.endpoint import TURN_LIMIT
from mailcheck.faces.teams.intent import Check, Explain, Help
from mailcheck.faces.teams.rate_limit import LAST_CALL, LEAST_TURN, RateLimits
from mailcheck.model.delivery import CLOSING, Trouble, Undelivered
from mailcheck.model.evidence import Stage
from mailcheck.model.progress import Entered, Watch
from mailcheck.model.report import Report
from mailcheck.model.request import CheckRequest, Mailbox
from tests.faces.teams.card_kit import HEALTHY
from tests.faces.teams.chat_kit import Wall, answers, trouble
from tests.instant import instantly

_ASKER = Asker("Anna", "55555555-aaaa-4bbb-8ccc-0000000000a1", "tenant")
_BOX = Check((Mailbox("shared@contoso.com"),))
_HEALTHY = "shared_box@contoso.com: Healthy, opens by IMAP and POP"
_CALL = 0.05  # seconds until a call is with Teams
_START = dt.datetime(2026, 11, 23, 18, 41, 22, tzinfo=dt.UTC)


@dataclass
class Limited(Wall):
    """A chat as one turn has it, which takes as much as Teams does of all that share its rates."""

    rates: Rates = field(default_factory=lambda: Rates(_clock()))

    async def _call(self, call: tuple[str, str, str, bool]) -> Undelivered | None:
        await asyncio.sleep(_CALL)
        wait = self.rates.wait(Call.SEND if call[0] == "post" else Call.UPDATE, self.conversation_id)
        return Undelivered(Trouble.BUSY, "429 Throttled", wait) if wait else await super()._call(call)


class Desk:
    """The bot's answers; a check takes so many seconds, or ends at its deadline, and enters stages at this pace."""

    def __init__(self, seconds: float, *, pace: float = 0.5) -> None:
        self._seconds = seconds
        self._pace = pace
        self.left: list[float] = []  # seconds that each check has been given
        self.rates = Rates(_clock())
        self.answers = answers(self._check)

    async def _check(self, request: CheckRequest, *, watch: Watch, deadline: float) -> Report:
        assert request.mailbox in _BOX.mailboxes
        now = asyncio.get_running_loop().time
        self.left.append(deadline - now())
        ends = min(now() + self._seconds, deadline)
        while now() < ends:
            watch(Entered(Stage.AUTH))
            await asyncio.sleep(min(self._pace, ends - now()))
        return HEALTHY

    async def asked(self, people: int, *, within: float = 0.0, chat: str = "19:group") -> list[Limited]:
        """So many ask, one after the other in these seconds; what each has seen of their answer."""
        walls = [Limited(conversation_id=chat, rates=self.rates) for _ in range(people)]
        await asyncio.gather(*(self._ask(wall, number * within / people) for number, wall in enumerate(walls)))
        return walls

    async def _ask(self, wall: Limited, after: float) -> None:
        await asyncio.sleep(after)
        began = asyncio.get_running_loop().time()
        await self.answers.message(_BOX, _ASKER, wall, began + TURN_LIMIT)
        assert asyncio.get_running_loop().time() - began < TURN_LIMIT


def _clock() -> Callable[[], dt.datetime]:
    return lambda: _START + dt.timedelta(seconds=asyncio.get_running_loop().time())


def _last_words(walls: list[Limited]) -> set[str]:
    return {wall.calls[-1][2] if wall.calls else "nothing" for wall in walls}


@pytest.mark.parametrize("seconds", [0.6, 3.0, 60.0])
@pytest.mark.parametrize("within", [0.0, 2.0, 10.0])
@instantly
async def test_thirty_people_who_ask_in_one_chat_have_their_verdicts(seconds: float, within: float) -> None:
    """However long their checks take; no card stays at Checking, and Teams has no call to refuse."""
    desk = Desk(seconds)
    walls = await desk.asked(30, within=within)
    assert _last_words(walls) == {_HEALTHY}
    assert desk.rates.exceeded == []


@instantly
async def test_who_asks_first_has_a_card_at_once() -> None:
    """As many as Teams takes in a second; the others see theirs when there is a place, or the verdict in its place."""
    desk = Desk(seconds=2.0)
    began = asyncio.get_running_loop().time()
    walls = await desk.asked(30)
    first = sorted(wall.times[0] - began for wall in walls)
    assert [time < 1.0 for time in first] == [True] * 7 + [False] * 23
    assert len([wall for wall in walls if len(wall.calls) == 1]) > 10


@pytest.mark.parametrize("pace", [0.5, 60.0])
@instantly
async def test_a_first_card_that_had_no_place_is_shown_when_there_is_one(pace: float) -> None:
    """Of a check that goes on, or stays where it is: nobody looks at an empty chat for all of it."""
    began = asyncio.get_running_loop().time()
    (*_, last) = await Desk(seconds=6.0, pace=pace).asked(8)
    _, _, words, passing = last.calls[0]
    assert "Checking" in words
    assert passing
    assert 1.0 < last.times[0] - began < 3.0


@instantly
async def test_progress_makes_room_for_others() -> None:
    """Alone, a card changes each second; beside three others not so often, and there is a place at once for a fifth."""
    alone = (await Desk(seconds=5.0).asked(1))[0]
    assert len(alone.calls) == 6
    desk = Desk(seconds=5.0)
    walls = await desk.asked(4)
    assert all(2 <= len(wall.calls) <= 5 for wall in walls)
    assert desk.rates.exceeded == []


@instantly
async def test_another_chat_is_not_kept_waiting() -> None:
    """What a chat takes is its own; all threads of a channel are one."""
    desk = Desk(seconds=0.5)
    began = asyncio.get_running_loop().time()
    crowd, thread, (other,) = await asyncio.gather(
        desk.asked(20, chat="19:c@thread.tacv2;messageid=1"),
        desk.asked(1, chat="19:c@thread.tacv2;messageid=2"),
        desk.asked(1, chat="19:group"),
    )
    assert other.times[-1] - began < 1.0
    assert thread[0].times[-1] - began > 2.0
    assert _last_words([*crowd, *thread]) == {_HEALTHY}


@instantly
async def test_a_check_that_is_alone_has_all_its_time() -> None:
    """Beside others that end at the same time it has a little less, but never too little to find anything."""
    alone, crowd = Desk(seconds=60.0), Desk(seconds=60.0)
    await alone.asked(1)
    await crowd.asked(50)
    assert alone.left == [pytest.approx(TURN_LIMIT - CLOSING)]
    assert sorted(crowd.left, reverse=True)[:3] == pytest.approx([10.2, 9.9375, 9.675])
    assert min(crowd.left) == pytest.approx(LEAST_TURN - CLOSING)
    assert LEAST_TURN - CLOSING >= 3


@instantly
async def test_half_a_minute_has_room_for_the_verdicts() -> None:
    """Teams takes sixty calls in it: where 33 people ask, somebody sees the verdict alone."""
    desk = Desk(seconds=3.0)
    walls = await desk.asked(33, within=15.0)
    assert _last_words(walls) == {_HEALTHY}
    assert any(len(wall.calls) == 1 for wall in walls)
    assert desk.rates.exceeded == []


@instantly
async def test_a_busy_half_minute_leaves_first_cards_their_places() -> None:
    """Checks that go on and on are followed less closely, so that whoever comes last has a first card too."""
    desk = Desk(seconds=60.0)
    walls = await desk.asked(20, within=25.0)
    assert all(len(wall.calls) >= 2 for wall in walls)
    assert _last_words(walls) == {_HEALTHY}
    assert desk.rates.exceeded == []


@instantly
async def test_a_turn_that_has_little_time_is_given_no_more() -> None:
    """As one in which the app was built: what is left of it is what it has."""
    end = asyncio.get_running_loop().time() + 2.0
    with RateLimits().share("a:1", end) as share:
        assert share.deadline == end


@instantly
async def test_what_has_no_place_in_its_turn_is_tried_all_the_same() -> None:
    """The connector decides, and the turn still ends in time: nothing that is to stay is kept back."""
    assert LAST_CALL >= LEAST_TIME
    desk = Desk(seconds=0.1)
    walls = await desk.asked(60)
    assert {wall.calls != [] for wall in walls} == {True, False}
    assert 0 < len(desk.rates.exceeded) < 25


@instantly
async def test_a_crowd_that_was_too_large_keeps_nobody_waiting_afterwards() -> None:
    """Who asks when their turns have ended waits for what they said, and not for places that they did not come to."""
    desk = Desk(seconds=0.5)
    await desk.asked(200)
    began = asyncio.get_running_loop().time()
    (later,) = await desk.asked(1)
    assert _last_words([later]) == {_HEALTHY}
    assert later.times[-1] - began < 3.0


@pytest.mark.parametrize("kind", [Trouble.LOST, Trouble.UNFIT])
@instantly
async def test_what_is_said_a_second_time_has_a_place_of_its_own(kind: Trouble) -> None:
    """As a new message where the old one is gone, or in text: ten at once, and none is refused."""
    desk = Desk(seconds=0.0)
    walls = [Limited(answers=deque([trouble(kind)]), rates=desk.rates) for _ in range(10)]
    end = asyncio.get_running_loop().time() + 9.0
    presses = (desk.answers.press(_BOX, _ASKER, wall, f"m{number}", end) for number, wall in enumerate(walls))
    done = [done for done, _ in await asyncio.gather(*presses)]
    assert done == [Done("healthy", "shared@contoso.com")] * 10
    assert {len(wall.calls) for wall in walls} == {2}
    assert desk.rates.exceeded == []


@instantly
async def test_other_answers_have_their_places_too() -> None:
    """Ten who ask for help at once are answered within two seconds or a little more, and none is refused."""
    desk = Desk(seconds=0.0)
    walls = [Limited(conversation_id="19:group", rates=desk.rates) for _ in range(10)]
    now = asyncio.get_running_loop().time()
    done = await asyncio.gather(*(desk.answers.message(Help(), _ASKER, wall, now + TURN_LIMIT) for wall in walls))
    assert done == [Done("help")] * 10
    assert desk.rates.exceeded == []


@instantly
async def test_what_was_said_counts_when_nobody_is_left() -> None:
    """Ten who ask one after the other, each when the last has an answer: none of them is refused either."""
    desk = Desk(seconds=0.0)
    wall, now = Limited(rates=desk.rates), asyncio.get_running_loop().time
    for _ in range(10):
        assert await desk.answers.message(Help(), _ASKER, wall, now() + TURN_LIMIT) == Done("help")
    assert desk.rates.exceeded == []


@instantly
async def test_a_button_has_its_place_too() -> None:
    """Ten buttons of ten cards, pressed at once: each card is changed, and none is refused."""
    desk = Desk(seconds=0.5)
    walls = [Limited(conversation_id="19:group", rates=desk.rates) for _ in range(10)]
    end = asyncio.get_running_loop().time() + 9.0
    presses = (desk.answers.press(_BOX, _ASKER, wall, f"m{number}", end) for number, wall in enumerate(walls))
    await asyncio.gather(*presses)
    assert _last_words(walls) == {_HEALTHY}
    assert desk.rates.exceeded == []


@instantly
async def test_an_explanation_has_its_place_too() -> None:
    """Ten who press for one at once: each is in the chat, and none is refused."""
    desk = Desk(seconds=0.0)
    walls = [Limited(conversation_id="19:group", rates=desk.rates) for _ in range(10)]
    asked, end = Explain("imap-sign-in-refused"), asyncio.get_running_loop().time() + 9.0
    presses = (desk.answers.press(asked, _ASKER, wall, "m1", end) for wall in walls)
    done = [done for done, _ in await asyncio.gather(*presses)]
    assert done == [Done("explain")] * 10
    assert desk.rates.exceeded == []
