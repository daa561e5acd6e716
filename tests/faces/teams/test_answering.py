"""What is answered to whom, without an SDK: the look at the app itself, which may take its time, and a stranger."""

import asyncio

from mailcheck.faces.teams.answering import Asker
from mailcheck.faces.teams.intent import Status
from mailcheck.model.delivery import Undelivered
from mailcheck.model.inspection import Inspection
from tests.faces.teams.chat_kit import Said, Wall, answers
from tests.faces.teams.real_kit import inspection

_ANNA = Asker("Anna", "55555555-aaaa-4bbb-8ccc-0000000000a1", "tenant")
_LOOKING = "Looking at mailcheck itself"


class Look:
    """A look at an app that is in order, which ends when it is told to."""

    def __init__(self) -> None:
        self.end = asyncio.Event()

    async def __call__(self, deadline: float) -> Inspection:
        assert deadline > asyncio.get_running_loop().time()
        await self.end.wait()
        return inspection()


class Patient(Wall):
    """A chat in which something is said before the look ends."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.look = look

    async def post(self, said: Said, *, passing: bool = False) -> str | Undelivered:
        self.look.end.set()
        return await super().post(said, passing=passing)


async def _asked(look: Look, wall: Wall) -> None:
    desk = answers(inspect=look, pace=0.05)
    done = await desk.message(Status(), _ANNA, wall, asyncio.get_running_loop().time() + 10)
    assert (done.verdict, done.trouble) == ("status", None)


async def test_a_slow_look_is_said_to_go_on() -> None:
    """Where Key Vault or Entra takes its time, the chat soon hears what is waited for; the status takes its place."""
    look = Look()
    wall = Patient(look)
    await _asked(look, wall)
    first, last = wall.said
    assert first == f"post m1: {_LOOKING}"
    assert last.startswith("replace m1: ")
    assert _LOOKING not in last


async def test_a_quick_look_is_one_card() -> None:
    """What is known at once needs no card before it."""
    look, wall = Look(), Wall()
    look.end.set()
    await _asked(look, wall)
    assert len(wall.said) == 1
    assert wall.said[0].startswith("post m1: ")


async def test_an_object_id_is_repeated_in_short() -> None:
    """Whatever stands in its place, the line for whoever pressed a button is one that a client can show."""
    desk = answers(inspect=Look(), operators="x", pace=0.05)
    asker = Asker("Anna", "9\n" * 100_000, "t")
    done, told = await desk.press(Status(), asker, Wall(), None, asyncio.get_running_loop().time() + 10)
    assert done.verdict == "not an operator"
    assert isinstance(told, str)
    assert len(told) < 200
    assert "\n" not in told
