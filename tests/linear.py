"""Whether work is done in time that grows with its input, and not with the square of it."""

import time
from collections.abc import Callable

_ATTEMPTS = 3


def cpu_seconds(work: Callable[[], object], limit: float) -> float:
    """Seconds of this thread's CPU that the work takes: in the first attempt that is below the limit, or in the best.

    A whole run's garbage may be collected in any one attempt; what grows with the square is over the limit in each.
    """
    best = float("inf")
    for _ in range(_ATTEMPTS):
        began = time.thread_time()
        work()
        best = min(best, time.thread_time() - began)
        if best < limit:
            break
    return best
