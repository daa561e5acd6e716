"""How often Teams' connector is called for one message: again where that may do better, and there is time for it.

Exponential backoff with jitter, or what the connector asks for by Retry-After.
https://learn.microsoft.com/microsoftteams/platform/bots/how-to/rate-limit
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from itertools import count
from typing import Final

from mailcheck.adapters.bot_answers import OUT_OF_TIME, NotTakenError, Setback
from mailcheck.adapters.https import one_line
from mailcheck.model.delivery import CLOSING, PASSING_TIME, QUIET, Undelivered

TRIES: Final = 4
TOLD_TRIES: Final = 10  # where the connector says when to come back: many may be waiting in one chat
FIRST_PAUSE: Final = 1.0  # seconds; doubled with each try. A chat takes seven messages in a second
LEAST_TIME: Final = 0.5  # seconds before the deadline: no try but the first begins later

_log = logging.getLogger(__name__)

type Pause = Callable[[float], Awaitable[None]]


class Tries:
    """Makes the calls of one turn, each until it is taken, or that is no use.

    Args:
        pause: Waits so many seconds before another try.
        chance: From 0 to 1, anew each time: spreads the tries of many turns.
    """

    def __init__(self, pause: Pause, chance: Callable[[], float]) -> None:
        self._pause = pause
        self._chance = chance
        self._free = float("-inf")  # until then the connector has asked to be left alone, on the running loop's clock

    async def deliver[T](
        self, what: str, call: Callable[[], Awaitable[T]], *, deadline: float, update: bool, followed: bool
    ) -> T | Undelivered:
        """What came of a call that was made at most `TRIES` times, or `TOLD_TRIES`.

        Args:
            what: Is delivered; for the log.
            call: One try; raises `NotTakenError`.
            deadline: When the turn has to have ended, on the running loop's clock: this has by then, at the latest.
            update: It takes the place of a message.
            followed: Another message makes up for it, and needs its time. So an update is tried once, and not waited
                for long. A new message is tried again, as those that follow take its place, but not late: if it got
                there in the last moment, it would be what stays.
        """
        now = asyncio.get_running_loop().time
        once = update and followed
        first_by, next_by = deadline, deadline - LEAST_TIME
        if followed:
            first_by = next_by = deadline - QUIET
            deadline -= CLOSING
        if now() < self._free <= next_by:
            await self._pause(min(self._free + self._chance() * FIRST_PAUSE, next_by) - now())
        if once:
            deadline = now() + PASSING_TIME  # earlier: it begins before `QUIET`, or not
        for number in count(1):
            try:
                return await _by(deadline, call, begin=first_by)
            except NotTakenError as error:
                setback = error.setback
            told, left = setback.told.wait, next_by - now()
            pause = self._before_next(number, setback)
            if told is not None:
                self._free = now() + told
                pause = min(pause, max(told, left))
            most = TRIES if told is None else TOLD_TRIES
            if once or not setback.again or number == most or pause > left:
                break
            await self._pause(pause)
        advice = f"; {setback.advice}" if setback.advice else ""
        _log.warning("Teams' connector did not take the %s: %s%s", what, one_line(setback.told.reason), advice)
        return setback.told

    def _before_next(self, number: int, setback: Setback) -> float:
        """Seconds: what the connector asks for, and up to one more by chance; or what doubles, half of it by chance."""
        if setback.told.wait is not None:
            return setback.told.wait + self._chance() * FIRST_PAUSE
        if setback.at_once and number == 1:
            return 0.0
        return FIRST_PAUSE * 2.0 ** (number - 1) * (1 + self._chance()) / 2


async def _by[T](deadline: float, call: Callable[[], Awaitable[T]], *, begin: float) -> T:
    """One try, which has ended by the deadline; from the time on at which to begin at the latest, it is not begun.

    Raises:
        NotTakenError: it came to nothing.
    """
    if asyncio.get_running_loop().time() >= begin:
        raise NotTakenError(OUT_OF_TIME)
    try:
        async with asyncio.timeout_at(deadline):
            return await call()
    except TimeoutError:
        raise NotTakenError(OUT_OF_TIME) from None
