"""How long an event loop stands still: what a heartbeat on the same loop misses while something else runs.

And what comes of work that has its time, where the machine gives it that.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Self

_BEAT = 0.005  # seconds
_ATTEMPTS = 5
_ROUNDS = 25


def waits_for_a_core() -> Mapping[str, float]:
    """Seconds for which each thread of this process could have run and had no core (Linux; elsewhere nobody knows).

    https://docs.kernel.org/scheduler/sched-stats.html, "/proc/<pid>/schedstat", the second figure. All threads count:
    the loop's waits for whichever has the interpreter's lock.
    """
    waits = {}
    for task in Path("/proc/self/task").glob("*"):
        with suppress(OSError, LookupError):  # it has ended; or the kernel does not count
            waits[task.name] = int((task / "schedstat").read_text().split()[1]) / 1e9
    return waits


class Heart:
    """Beats while the context lasts.

    Attributes:
        late: Seconds by which it was late at most.
        stalled: The same, not counting those without a core.
    """

    def __init__(self) -> None:
        self.late = self.stalled = 0.0

    async def __aenter__(self) -> Self:
        self._beats = asyncio.create_task(self._beat())
        await asyncio.sleep(4 * _BEAT)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._beats.cancel()
        with suppress(asyncio.CancelledError):
            await self._beats

    async def _beat(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due, before = loop.time() + _BEAT, waits_for_a_core()
            await asyncio.sleep(_BEAT)
            late = loop.time() - due
            waited = sum(seconds - before.get(thread, 0.0) for thread, seconds in waits_for_a_core().items())
            self.late, self.stalled = max(self.late, late), max(self.stalled, late - waited)


async def longest_stall(work: Awaitable[object]) -> float:
    """Seconds by which a heartbeat was late at most while this ran, not counting those without a core."""
    async with Heart() as heart:
        await work
    return heart.stalled


async def undisturbed[T](work: Callable[[], Awaitable[T]], most: float = 0.1) -> T:
    """What comes of the first attempt in which the loop never stood still for so many seconds, or of the last.

    For what has to happen by a time: a machine that stands still says nothing about the code. Code that holds the loop
    up itself does so in each attempt, and is judged.
    """
    for _ in range(_ROUNDS):
        async with Heart() as heart:
            outcome = await work()
        if heart.late < most:
            break
    return outcome


async def lasting_stall(work: Callable[[], Awaitable[object]], limit: float) -> float:
    """The stall of the best of some attempts: that of the first which is below the limit.

    What the code does it does in each attempt. What else happens on the machine is not the same five times in a row.
    """
    best = float("inf")
    for _ in range(_ATTEMPTS):
        best = min(best, await longest_stall(work()))
        if best < limit:
            break
    return best
