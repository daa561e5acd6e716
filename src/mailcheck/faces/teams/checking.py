"""The checks that one request asks for, at the same time, and the one card that shows how far they are."""

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from mailcheck.faces.teams.card_parts import Element
from mailcheck.faces.teams.cards import not_allowed_card
from mailcheck.faces.teams.chat import Message
from mailcheck.faces.teams.intent import Refused
from mailcheck.faces.teams.progress import Progress
from mailcheck.faces.teams.progress_card import progress_card
from mailcheck.faces.teams.report_card import report_card
from mailcheck.faces.teams.table_card import table_card
from mailcheck.model.delivery import CLOSING, QUIET
from mailcheck.model.progress import Moment, Watch
from mailcheck.model.report import NotAllowed, Outcome
from mailcheck.model.request import CheckRequest

PACE: Final = 1.0  # seconds between two states of the card: Teams takes seven calls a second for a whole conversation


class Checker(Protocol):
    """The use case."""

    def __call__(self, request: CheckRequest, *, watch: Watch, deadline: float) -> Coroutine[Any, Any, Outcome]:
        """Runs one check, by this time of the running loop's clock; never raises for what happens in the field."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of one request: the outcome of each mailbox, in the order asked, and the card that tells it."""

    outcomes: tuple[Outcome, ...]
    card: Element


class Checking:
    """Runs checks beside a message that shows them.

    Args:
        check: The use case.
        pace: Seconds between two states of the card.
    """

    def __init__(self, check: Checker, *, pace: float = PACE) -> None:
        self._check = check
        self._pace = pace

    async def run(
        self,
        requests: Sequence[CheckRequest],
        refused: Sequence[Refused],
        message: Message,
        deadline: float,
        object_id: str | None = None,
    ) -> Checked:
        """Checks them all, and leaves the card of what was found in the message.

        Args:
            requests: At least one.
            refused: What was asked for beside them and cannot be checked.
            message: Where it is shown.
            deadline: The end of the turn, on the running loop's clock.
            object_id: Of whoever asks, for the administrator who may let it be checked.
        """
        under_way = _UnderWay(requests)
        # A slow connector does not keep the checks waiting, and what it is told is told in order: one call at a time.
        async with asyncio.TaskGroup() as group:
            work = group.create_task(under_way.run(self._check, deadline - CLOSING))
            await self._follow(under_way, work, message, deadline - QUIET)
        outcomes = work.result()
        card = _verdict(outcomes, refused, object_id)
        await message.show(card)
        return Checked(outcomes, card)

    async def _follow(
        self, under_way: "_UnderWay", work: asyncio.Task[Any], message: Message, until: float
    ) -> None:  # fmt: skip
        """Keeps the card up to date until this time, and waits for the work."""
        now, shown = asyncio.get_running_loop().time, -1
        while not work.done():
            if under_way.moments != shown and now() < until:
                moments = under_way.moments
                if await message.pass_by(under_way.card()):
                    shown = moments
            await asyncio.wait({work}, timeout=self._pace)


class _UnderWay:
    """Some checks, and what is known of them so far; `moments` grows with each thing that happens."""

    def __init__(self, requests: Sequence[CheckRequest]) -> None:
        self._checks = [Progress(request) for request in requests]
        self._began = asyncio.get_running_loop().time()
        self.moments = 0

    def card(self) -> Element:
        return progress_card(self._checks, asyncio.get_running_loop().time() - self._began)

    async def run(self, check: Checker, deadline: float) -> tuple[Outcome, ...]:
        async with asyncio.TaskGroup() as group:  # should one raise, none stays behind
            tasks = [group.create_task(self._one(check, progress, deadline)) for progress in self._checks]
        return tuple(task.result() for task in tasks)

    async def _one(self, check: Checker, progress: Progress, deadline: float) -> Outcome:
        def watch(moment: Moment) -> None:
            progress(moment)
            self.moments += 1

        progress.outcome = outcome = await check(progress.request, watch=watch, deadline=deadline)
        if any(one.outcome is None for one in self._checks):  # the last end is told by the verdict
            self.moments += 1
        return outcome


def _verdict(outcomes: Sequence[Outcome], refused: Sequence[Refused], object_id: str | None) -> Element:
    if len(outcomes) > 1:
        return table_card(outcomes, refused)
    (outcome,) = outcomes
    if isinstance(outcome, NotAllowed):
        return not_allowed_card(outcome, object_id, refused)
    return report_card(outcome, refused)
