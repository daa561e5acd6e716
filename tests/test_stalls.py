"""How stalls are told from the noise of a machine: the measure itself, with stalls that are planted."""

import asyncio
import time
from collections.abc import Iterator

import pytest

from tests.stalls import undisturbed

_MOST = 0.05  # seconds


class Work:
    """Holds the loop up for so many seconds in each attempt, and counts them."""

    def __init__(self, stalls: Iterator[float]) -> None:
        self._stalls = stalls
        self.attempts = 0

    async def __call__(self) -> int:
        await asyncio.sleep(0)
        time.sleep(next(self._stalls, 0.0))  # noqa: ASYNC251 - the fault that is planted
        await asyncio.sleep(0.01)
        self.attempts += 1
        return self.attempts


async def test_an_attempt_in_which_the_machine_stood_still_is_made_again() -> None:
    """What is given is what came of one that was not disturbed."""
    work = Work(iter([3 * _MOST, 2 * _MOST]))
    assert await undisturbed(work, _MOST) == work.attempts >= 3


async def test_what_holds_the_loop_up_each_time_is_judged() -> None:
    """Attempts come to an end, and the last one counts: code that blocks does not go on for ever, nor unseen."""
    work = Work(iter(lambda: 1.5 * _MOST, None))
    assert await undisturbed(work, _MOST) == work.attempts
    assert 3 < work.attempts < 50


async def test_an_exception_is_not_tried_again() -> None:
    """It is no matter of time."""
    attempts = []

    async def fail() -> None:
        attempts.append(1)
        time.sleep(2 * _MOST)  # noqa: ASYNC251 - as above
        raise LookupError("ours")

    with pytest.raises(LookupError):
        await undisturbed(fail, _MOST)
    assert len(attempts) == 1
