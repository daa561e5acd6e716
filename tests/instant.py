"""Time that passes only where nobody has anything to do: waiting takes none, and no machine is too slow for a test."""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any


class InstantLoop(asyncio.SelectorEventLoop):
    """An event loop whose clock stands still while something runs, and jumps to what comes next where nothing does.

    For tests without sockets, threads and processes: what comes from those takes real time, of which it knows nothing.
    """

    def __init__(self) -> None:
        super().__init__(_Selector(self.stand_still))
        self._now = 1000.0

    def time(self) -> float:
        """Its own clock, for whatever waits on it."""
        return self._now

    def stand_still(self, seconds: float) -> None:
        """So much time passes, and nothing runs: as where a machine is busy."""
        self._now += seconds


class _Selector(selectors.DefaultSelector):
    def __init__(self, wait: Callable[[float], None]) -> None:
        super().__init__()
        self._wait = wait

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise AssertionError("nobody has anything to do, for ever")
        self._wait(timeout)
        return super().select(0)


def instantly[**P](test: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, None]:
    """Runs a test in such a loop."""

    @wraps(test)
    def run(*arguments: P.args, **named: P.kwargs) -> None:
        with asyncio.Runner(loop_factory=InstantLoop) as runner:
            runner.run(test(*arguments, **named))

    return run
