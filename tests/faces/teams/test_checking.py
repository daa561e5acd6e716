"""The checks of one request beside the card that shows them: order, pace, deadline, and nothing lost."""

import asyncio

import pytest

from mailcheck.adapters.bot_tries import LEAST_TIME
from mailcheck.faces.teams.card_plain import plain_text
from mailcheck.faces.teams.chat import Message
from mailcheck.faces.teams.checking import Checked, Checking
from mailcheck.faces.teams.endpoint import TURN_LIMIT
from mailcheck.faces.teams.intent import Refused
from mailcheck.model.delivery import CLOSING, QUIET, Trouble, Undelivered
from mailcheck.model.evidence import Stage
from mailcheck.model.progress import Entered, Watch
from mailcheck.model.report import NotAllowed, Report
from mailcheck.model.request import CheckRequest, Mailbox, MailProtocol
from tests.faces.teams.card_kit import HEALTHY
from tests.faces.teams.chat_kit import Said, Wall, trouble
from tests.instant import InstantLoop, instantly

_PACE = 0.05
_ANNA, _BEN = Mailbox("anna@contoso.com"), Mailbox("ben@contoso.com")


class Check:
    """A use case that goes through some stages, each for as long as it is told to, and keeps its deadlines."""

    def __init__(self, *stages: Stage, each: float = 0.0) -> None:
        self.stages = stages
        self.each = each
        self.asked: list[str] = []
        self.deadlines: list[float] = []
        self.most = 0  # at the same time
        self._running = 0

    async def __call__(self, request: CheckRequest, *, watch: Watch, deadline: float) -> Report | NotAllowed:
        self.asked.append(request.mailbox.address)
        self.deadlines.append(deadline)
        self._running += 1
        self.most = max(self.most, self._running)
        for stage in self.stages:
            watch(Entered(stage))
            await asyncio.sleep(self.each)
        self._running -= 1
        return HEALTHY if request.mailbox != _BEN else NotAllowed(_BEN)


class Reader(Wall):
    """A chat whose cards are kept as they are read."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: list[str] = []

    async def post(self, said: Said, *, passing: bool = False) -> str | Undelivered:
        self._read(said)
        return await super().post(said, passing=passing)

    async def replace(self, message_id: str, said: Said, *, passing: bool = False) -> Undelivered | None:
        self._read(said)
        return await super().replace(message_id, said, passing=passing)

    def _read(self, said: Said) -> None:
        assert not isinstance(said, str)
        self.shown.append(plain_text(said))


def _requests(*mailboxes: Mailbox) -> list[CheckRequest]:
    return [CheckRequest(mailbox, (MailProtocol.IMAP,)) for mailbox in mailboxes]


async def _run(
    check: Check, wall: Wall, *mailboxes: Mailbox, refused: tuple[Refused, ...] = (), message_id: str | None = None
) -> Checked:
    checking = Checking(check, pace=_PACE)
    deadline = asyncio.get_running_loop().time() + 10
    return await checking.run(_requests(*(mailboxes or (_ANNA,))), refused, Message(wall, message_id), deadline)


@instantly
async def test_the_card_follows_the_check() -> None:
    """One message: it says that the check runs, changes with the stages, and ends in what was found."""
    wall = Wall()
    checked = await _run(Check(Stage.VAULT, Stage.TOKEN, each=2 * _PACE), wall)
    assert next(call[:2] for call in wall.calls) == ("post", "m1")
    assert {call[:2] for call in wall.calls[1:]} == {("replace", "m1")}
    assert wall.calls[-1][2] == checked.card["speak"]
    assert all("Checking" in words for _, _, words, _ in wall.calls[:-1])


@instantly
async def test_the_card_tells_the_stage_that_the_check_is_in() -> None:
    """Each stage that it enters is the one that goes on, in the next state of the card."""
    reader = Reader()
    await _run(Check(Stage.VAULT, Stage.TOKEN, each=2 * _PACE), reader)
    now = [line for text in reader.shown[1:-1] for line in text.splitlines() if line.endswith(" · now")]
    assert now == ["▸ Credential from Key Vault · now", "▸ Token from Entra · now"]


@instantly
async def test_nothing_is_said_twice() -> None:
    """While nothing happens, nothing is updated, for however long."""
    wall = Wall()
    await _run(Check(Stage.VAULT, each=5.5 * _PACE), wall)
    assert len(wall.calls) == 3, "the first card, one with the first stage, and the report"


@instantly
async def test_the_last_end_is_told_by_the_verdict_alone() -> None:
    """No card of a check that goes on is sent once all have ended, though its moment comes at the same time."""

    class Stalled(Check):
        async def __call__(self, request: CheckRequest, *, watch: Watch, deadline: float) -> Report | NotAllowed:
            # The loop stands still while this check's time comes, and after that the card's.
            loop = asyncio.get_running_loop()
            assert isinstance(loop, InstantLoop)
            loop.call_later(1.5 * _PACE, loop.stand_still, 2 * _PACE)
            return await super().__call__(request, watch=watch, deadline=deadline)

    wall = Wall()
    await _run(Stalled(Stage.VAULT, each=1.75 * _PACE), wall)
    assert len(wall.calls) == 3, "the first card, one with the stage, and the report"


@instantly
async def test_the_card_changes_at_its_pace() -> None:
    """However fast the stages are, two states of the card are as far apart as the pace says; then comes the report."""
    wall = Wall()
    await _run(Check(*[Stage.DNS] * 39, each=_PACE / 4), wall)
    apart = [after - before for before, after in zip(wall.times, wall.times[1:-1], strict=False)]
    assert apart == pytest.approx([_PACE] * 9)


@instantly
async def test_the_usual_pace_is_a_second() -> None:
    """Teams takes seven calls in a second, of all that is said in a conversation: the card changes once in it."""
    wall = Wall()
    deadline = asyncio.get_running_loop().time() + 30
    await Checking(Check(*[Stage.DNS] * 25, each=0.1)).run(_requests(_ANNA), (), Message(wall), deadline)
    first, second, third, *_ = wall.times
    assert (second - first, third - second) == pytest.approx((1.0, 1.0))


@instantly
async def test_the_card_tells_how_long_it_has_been() -> None:
    """Since the question, in seconds."""
    reader = Reader()
    await _run(Check(Stage.VAULT, each=_PACE), reader)
    assert "\n0 s" in reader.shown[0]


def test_the_verdict_has_the_time_that_the_connector_leaves_it() -> None:
    """Half a second besides that in which no other try of it begins, and the check has its usual time all the same."""
    assert CLOSING >= LEAST_TIME + 0.5
    assert TURN_LIMIT - CLOSING >= 10


@instantly
async def test_a_slow_chat_does_not_keep_the_check_waiting() -> None:
    """The check begins while the first card is still on its way, and calls never overlap."""
    wall = Wall(slow=4 * _PACE)
    check = Check(Stage.VAULT, each=_PACE)
    started = asyncio.get_running_loop().time()
    await _run(check, wall)
    assert [how for how, *_ in wall.calls] == ["post", "replace"]
    assert asyncio.get_running_loop().time() - started == pytest.approx(8 * _PACE), "one after the other"


@instantly
async def test_checks_run_at_the_same_time() -> None:
    """Several mailboxes take as long as the slowest."""
    check = Check(Stage.VAULT, each=_PACE)
    checked = await _run(check, Wall(), _ANNA, _BEN, Mailbox("c@contoso.com"))
    assert check.most == 3
    assert checked.outcomes == (HEALTHY, NotAllowed(_BEN), HEALTHY), "in the order asked"


@instantly
async def test_a_check_that_has_ended_is_told_while_another_runs() -> None:
    """Though nothing else happens: a mailbox that may not be checked enters no stage."""

    class Uneven(Check):
        async def __call__(self, request: CheckRequest, *, watch: Watch, deadline: float) -> Report | NotAllowed:
            await asyncio.sleep((1.5 if request.mailbox == _BEN else 6) * _PACE)
            return await super().__call__(request, watch=watch, deadline=deadline)

    wall = Wall()
    await _run(Uneven(), wall, _ANNA, _BEN)
    assert [words for *_, words, _ in wall.calls[:-1]] == [
        "Checking 2 mailboxes, 0 of 2 done",
        "Checking 2 mailboxes, 1 of 2 done",
    ]


@instantly
async def test_a_check_ends_before_the_turn() -> None:
    """The card that tells the outcome needs its time too."""
    check = Check(Stage.VAULT)
    now = asyncio.get_running_loop().time()
    await Checking(check, pace=_PACE).run(_requests(_ANNA), (), Message(Wall()), now + 9)
    assert check.deadlines == [now + 9 - CLOSING]


@instantly
async def test_no_progress_is_in_the_verdicts_way() -> None:
    """Shortly before the check has to end the card stays as it is, whatever happens: the verdict finds the way free."""
    wall = Wall()
    now = asyncio.get_running_loop().time()
    check = Check(*[Stage.DNS] * 12, each=_PACE)
    await Checking(check, pace=_PACE).run(_requests(_ANNA), (), Message(wall), now + QUIET + 3.5 * _PACE)
    assert [time - now for time in wall.times] == pytest.approx([0, _PACE, 2 * _PACE, 3 * _PACE, 12 * _PACE], abs=1e-6)


@instantly
async def test_a_first_card_that_would_be_late_is_not_shown() -> None:
    """Where a turn has begun so late, the chat hears the verdict alone: a card before it might be what stays."""
    wall = Wall()
    now = asyncio.get_running_loop().time()
    checking = Checking(Check(Stage.VAULT, each=2 * _PACE), pace=_PACE)
    checked = await checking.run(_requests(_ANNA), (), Message(wall), now + QUIET)
    assert wall.said == [f"post m1: {checked.card['speak']}"]


@instantly
async def test_a_buttons_card_is_changed_in_its_place() -> None:
    """No new message where there is one already."""
    wall = Wall()
    await _run(Check(Stage.VAULT), wall, message_id="card-7")
    assert {call[:2] for call in wall.calls} == {("replace", "card-7")}


@pytest.mark.parametrize(
    "mailboxes, refused, words",
    [
        ((_ANNA,), (), "opens by IMAP"),
        ((_BEN,), (), "may not be checked"),
        ((_ANNA, _BEN), (), "1 of 2"),
        ((_ANNA,), (Refused("x@y", "the domain is not a host name"),), "x@y: the domain is not a host name"),
        ((_BEN,), (Refused("x@y", "the domain is not a host name"),), "x@y: the domain is not a host name"),
    ],
)
@instantly
async def test_one_is_a_report_and_several_are_a_table(
    mailboxes: tuple[Mailbox, ...], refused: tuple[Refused, ...], words: str
) -> None:
    """What was refused is told in either: nothing that was asked for goes without an answer."""
    checked = await _run(Check(Stage.VAULT), Wall(), *mailboxes, refused=refused)
    assert words in checked.card["speak"] + plain_text(checked.card)


@pytest.mark.parametrize("kind", list(Trouble))
@instantly
async def test_whatever_the_chat_does_the_checks_run(kind: Trouble) -> None:
    """A chat that takes nothing keeps no check from its end, and raises nothing."""
    wall = Wall()
    wall.answers.extend(trouble(kind) for _ in range(20))
    checked = await _run(Check(Stage.VAULT, each=3 * _PACE), wall)
    assert checked.outcomes == (HEALTHY,)


@instantly
async def test_a_fault_of_ours_ends_every_check() -> None:
    """An exception is a bug: it is raised, and no task stays behind."""

    class Broken(Check):
        async def __call__(self, request: CheckRequest, *, watch: Watch, deadline: float) -> Report | NotAllowed:
            if request.mailbox == _BEN:
                raise LookupError("ours")
            return await super().__call__(request, watch=watch, deadline=deadline)

    before = asyncio.all_tasks()
    with pytest.raises(ExceptionGroup, match="TaskGroup"):
        await _run(Broken(Stage.VAULT, each=60), Wall(), _ANNA, _BEN)
    assert asyncio.all_tasks() == before
