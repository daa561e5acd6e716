"""How often Teams' connector is called for one message: again where that may do better, and there is time for it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from itertools import count
from typing import Final

from mailcheck.adapters.bot_answers import OUT_OF_TIME, NotTakenError, Setback
from mailcheck.adapters.https import one_line
from mailcheck.model.delivery import Undelivered

TRIES: Final = 4
FIRST_PAUSE: Final = 1.0  # seconds; doubled with each try. A chat takes seven messages in a second
LEAST_TIME: Final = 0.5  # seconds before the deadline: no try but the first begins later
PASSING_TIME: Final = 2.0  # seconds for what is tried once: it leaves the rest to what follows it

_log = logging.getLogger(__name__)

type Pause = Callable[[float], Awaitable[None]]


class Tries:
    """Makes a call until it is taken, or that is no use.

    Args:
        pause: Waits so many seconds before another try.
        chance: From 0 to 1, anew each time: spreads the tries of many turns.
    """

    def __init__(self, pause: Pause, chance: Callable[[], float]) -> None:
        self._pause = pause
        self._chance = chance

    async def deliver[T](
        self, what: str, call: Callable[[], Awaitable[T]], *, once: bool, deadline: float
    ) -> T | Undelivered:
        """What came of a call that was made at most `TRIES` times, or `once`.

        Args:
            what: Is delivered; for the log.
            call: One try; raises `NotTakenError`.
            once: There is to be no other, and no long wait for this one.
            deadline: When this has ended at the latest, on the running loop's clock.
        """
        if once:
            deadline = min(deadline, asyncio.get_running_loop().time() + PASSING_TIME)
        for number in count(1):
            try:
                return await _by(deadline, call)
            except NotTakenError as error:
                setback = error.setback
            pause = self._before_next(number, setback)
            late = asyncio.get_running_loop().time() + pause + LEAST_TIME > deadline
            if once or not setback.again or number == TRIES or late:
                break
            await self._pause(pause)
        advice = f"; {setback.advice}" if setback.advice else ""
        _log.warning("Teams' connector did not take the %s: %s%s", what, one_line(setback.told.reason), advice)
        return setback.told

    def _before_next(self, number: int, setback: Setback) -> float:
        """Seconds: what the connector asks for, or a time that doubles, half of it by chance."""
        if setback.told.wait is not None:
            return setback.told.wait
        if setback.at_once and number == 1:
            return 0.0
        return FIRST_PAUSE * 2.0 ** (number - 1) * (1 + self._chance()) / 2


async def _by[T](deadline: float, call: Callable[[], Awaitable[T]]) -> T:
    """One try, which has ended by then; it is not begun any more when it is too late.

    Raises:
        NotTakenError: it came to nothing.
    """
    if asyncio.get_running_loop().time() >= deadline:
        raise NotTakenError(OUT_OF_TIME)
    try:
        async with asyncio.timeout_at(deadline):
            return await call()
    except TimeoutError:
        raise NotTakenError(OUT_OF_TIME) from None
