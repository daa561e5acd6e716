"""How often a bot may call: Teams' limits per conversation and for the whole tenant, counted by the lab's clock.

https://learn.microsoft.com/microsoftteams/platform/bots/how-to/rate-limit
"""

import datetime as dt
import math
from collections import defaultdict, deque
from collections.abc import Callable
from enum import StrEnum


class Call(StrEnum):
    """What a bot asks of the connector."""

    CREATE = "create"
    SEND = "send"
    UPDATE = "update"
    DELETE = "delete"
    MEMBERS = "members"


type Window = tuple[int, int]  # so many seconds, so many calls within them

_WRITING: tuple[Window, ...] = ((1, 7), (2, 8), (30, 60), (3600, 1800))
_READING: tuple[Window, ...] = ((1, 14), (2, 16), (30, 120), (3600, 3600))
# The page names sending, creating and reading; "all requests are subject to the same policy".
_KINDS = {call: call for call in Call} | {Call.UPDATE: Call.SEND, Call.DELETE: Call.SEND}
_TENANT: tuple[Window, ...] = ((1, 30),)


class Rates:
    """Counts the calls of one bot in one tenant.

    Args:
        clock: The time now.

    Attributes:
        enforced: Whether calls beyond the limits are refused, as they are at first; if not, they are noted only.
        exceeded: The calls that were beyond a limit, oldest first: what was asked, and where.
    """

    def __init__(self, clock: Callable[[], dt.datetime]) -> None:
        self._clock = clock
        self._calls: defaultdict[tuple[str, str], deque[float]] = defaultdict(deque)
        self.enforced = True
        self.exceeded: list[tuple[Call, str]] = []

    def wait(self, call: Call, place: str) -> int | None:
        """Counts a call, unless it is refused.

        Args:
            call: What is asked.
            place: The chat or channel; all threads of a channel are one.

        Returns:
            After how many whole seconds it would be let through, if it is refused now; None if it is not.
        """
        now = self._clock().timestamp()
        kind = _KINDS[call]
        limited = (
            (self._calls[kind, place], _READING if kind is Call.MEMBERS else _WRITING),
            (self._calls["", ""], _TENANT),
        )
        waits = [_excess(times, window, now) for times, windows in limited for window in windows]
        if longest := max(waits):
            self.exceeded.append((call, place))
            if self.enforced:
                return math.ceil(round(longest, 3))  # a float of today's date is exact to some microseconds
        for times, windows in limited:
            times.append(now)
            while times[0] <= now - windows[-1][0]:
                times.popleft()
        return None


def _excess(times: deque[float], window: Window, now: float) -> float:
    """Seconds until the window has room for one more call; 0 if it has."""
    seconds, most = window
    if len(times) < most:
        return 0.0
    return max(0.0, times[-most] + seconds - now)
