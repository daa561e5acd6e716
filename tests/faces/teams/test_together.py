"""A button that several people press at the same time: one check, and an answer to each of them."""

import asyncio

import pytest

from mailcheck.faces.teams.answering import Asker, Done, NoButton, Pressed
from mailcheck.faces.teams.intent import Check
from mailcheck.model.progress import Watch
from mailcheck.model.report import NotAllowed, Report
from mailcheck.model.request import CheckRequest, Mailbox, MailProtocol
from tests.faces.teams.card_kit import HEALTHY
from tests.faces.teams.chat_kit import Wall, answers

_ASKER = Asker("Anna", "55555555-aaaa-4bbb-8ccc-0000000000a1", "tenant")
_AGAIN = Check((Mailbox("anna@contoso.com"),))
_CARD = "m1"


class Desk:
    """Answers, whose checks end when they are told to, and how often they were begun."""

    def __init__(self) -> None:
        self.checks = 0
        self.end = asyncio.Event()
        self.failure: Exception | None = None
        self.answers = answers(self._check, pace=0.05)

    async def _check(self, request: CheckRequest, *, watch: Watch, deadline: float) -> Report | NotAllowed:
        assert callable(watch)
        assert request.mailbox in _AGAIN.mailboxes
        assert deadline
        self.checks += 1
        await self.end.wait()
        if self.failure:
            raise self.failure
        return HEALTHY

    def press(
        self, wall: Wall, message: str | None = _CARD, *, asked: Check = _AGAIN, seconds: float = 60.0
    ) -> asyncio.Task[tuple[Done, Pressed]]:
        deadline = asyncio.get_running_loop().time() + seconds
        return asyncio.create_task(self.answers.press(asked, _ASKER, wall, message, deadline))

    async def all_ask(self) -> None:
        """Returns when whoever has pressed has got to the check, or joined another."""
        for _ in range(10):
            await asyncio.sleep(0)


async def test_who_presses_while_it_is_checked_has_the_same_answer() -> None:
    """One check, one card that follows it, and the verdict for everybody who has pressed."""
    desk, wall = Desk(), Wall()
    presses = [desk.press(wall) for _ in range(10)]
    await desk.all_ask()
    desk.end.set()
    answers = await asyncio.gather(*presses)
    assert desk.checks == 1
    assert [how for how, *_ in wall.calls] == ["replace", "replace"]
    assert all(answer == answers[0] for answer in answers)
    assert isinstance(answers[0][1], dict)


async def test_after_the_verdict_a_button_checks_again() -> None:
    """What was found is given to those who waited for it, and to nobody later."""
    desk, wall = Desk(), Wall()
    desk.end.set()
    await desk.press(wall)
    await desk.press(wall)
    assert desk.checks == 2


@pytest.mark.parametrize(
    "chat, message, asked",
    [
        ("a:2", _CARD, _AGAIN),  # ids are those of a conversation
        ("a:1", "m2", _AGAIN),
        ("a:1", None, _AGAIN),  # it stands on no message: its answer is a new one
        ("a:1", _CARD, Check(_AGAIN.mailboxes, (MailProtocol.POP,))),
    ],
)
async def test_another_button_is_another_check(chat: str, message: str | None, asked: Check) -> None:
    """Only what is the same button of the same card is checked together."""
    desk = Desk()
    first = desk.press(Wall(), None if message is None else _CARD)
    second = desk.press(Wall(conversation_id=chat), message, asked=asked)
    await desk.all_ask()
    desk.end.set()
    await asyncio.gather(first, second)
    assert desk.checks == 2


async def test_nobody_waits_for_another_past_their_own_time() -> None:
    """Who has less time than the one who pressed first is told that it is being checked, and the check goes on."""
    desk, wall = Desk(), Wall()
    first = desk.press(wall)
    done, told = await desk.press(wall, seconds=0.05)
    assert isinstance(told, str)
    assert "being checked" in told
    assert done == Done("under way", "anna@contoso.com")
    assert not first.done()
    desk.end.set()
    _, card = await first
    assert not isinstance(card, str | NoButton)


async def test_a_fault_of_ours_is_one_for_everybody() -> None:
    """An exception is a bug: nobody is told a verdict, and the button works again."""
    desk, wall = Desk(), Wall()
    desk.failure = LookupError("ours")
    presses = [desk.press(wall) for _ in range(2)]
    await desk.all_ask()
    desk.end.set()
    for press in presses:
        with pytest.raises(ExceptionGroup):
            await press
    desk.failure = None
    await desk.press(wall)
    assert desk.checks == 2


async def test_who_leaves_first_takes_the_check_along() -> None:
    """The turn that made it is cancelled, as when the app is stopped: whoever joined it is told, and not cancelled."""
    desk, wall = Desk(), Wall()
    presses = [desk.press(wall) for _ in range(2)]
    await desk.all_ask()
    presses[0].cancel()
    _, told = await presses[1]
    assert isinstance(told, str)
    assert presses[0].cancelled()
