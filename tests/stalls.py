"""How long an event loop stands still: what a heartbeat on the same loop misses while something else runs."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from pathlib import Path

_BEAT = 0.005  # seconds
_ATTEMPTS = 5


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


async def longest_stall(work: Awaitable[object]) -> float:
    """Seconds by which a heartbeat was late at most while this ran, not counting those without a core."""
    loop = asyncio.get_running_loop()
    worst = 0.0

    async def beat() -> None:
        nonlocal worst
        while True:
            due, before = loop.time() + _BEAT, waits_for_a_core()
            await asyncio.sleep(_BEAT)
            late = loop.time() - due
            waited = sum(seconds - before.get(thread, 0.0) for thread, seconds in waits_for_a_core().items())
            worst = max(worst, late - waited)

    heart = asyncio.create_task(beat())
    await asyncio.sleep(4 * _BEAT)
    try:
        await work
    finally:
        heart.cancel()
        with suppress(asyncio.CancelledError):
            await heart
    return worst


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
