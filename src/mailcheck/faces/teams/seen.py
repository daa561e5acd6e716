"""The activities that were dealt with, against replay: each for longer than what brought it would be admitted again.

The memory is that of one process: another instance of the app, or this one after a restart, does not share it.
"""

import datetime as dt
import hashlib
import heapq
from collections.abc import Callable, Mapping
from enum import Enum, auto
from typing import Any, Final

# What comes at the last moment is admitted before that moment and looked up after it; and a clock may be set back.
SPARE: Final = dt.timedelta(minutes=1)
SEEN_LIMIT: Final = 50_000  # activities of 300 bytes each: thirteen a second for an hour, in one process


class Seen(Enum):
    """Whether an activity was here before."""

    NEW = auto()
    AGAIN = auto()
    NO_ROOM = auto()
    """It cannot be remembered, so it must not run: the memory is full of activities that could still come again."""


class SeenActivities:
    """What the endpoint asks before a turn.

    Where there is no room for another activity, none that is held is given up for it: who could fill the memory could
    have any earlier request run again.

    Args:
        now: The time now, UTC.
        limit: How many are held at most.
    """

    def __init__(self, now: Callable[[], dt.datetime], *, limit: int = SEEN_LIMIT) -> None:
        self._now = now
        self._limit = limit
        self._ends: dict[bytes, dt.datetime] = {}
        self._next: list[tuple[dt.datetime, bytes]] = []  # a heap; its times may be earlier than the true ends

    def note(self, activity: Mapping[str, Any], until: dt.datetime) -> Seen:
        """Whether this activity is new; if so, it is not from now on.

        Args:
            activity: Its id is unique in its conversation only: Teams numbers messages by milliseconds.
            until: Until when the request would be admitted again, UTC.
        """
        self._drop_what_ended()
        until += SPARE
        key = _key(activity)
        held = self._ends.get(key)
        if held is not None:
            self._ends[key] = max(held, until)  # it came with a newer token, which can be used again for longer
            return Seen.AGAIN
        if len(self._next) >= self._limit:
            return Seen.NO_ROOM
        self._ends[key] = until
        heapq.heappush(self._next, (until, key))
        return Seen.NEW

    def forget(self, activity: Mapping[str, Any]) -> None:
        """It was not dealt with: when it comes again, it is new."""
        self._ends.pop(_key(activity), None)

    def _drop_what_ended(self) -> None:
        now = self._now()
        while self._next and self._next[0][0] <= now:
            _, key = heapq.heappop(self._next)
            end = self._ends.get(key)
            if end is not None and end > now:
                heapq.heappush(self._next, (end, key))
            else:
                self._ends.pop(key, None)


def _key(activity: Mapping[str, Any]) -> bytes:
    """A digest of conversation and id, which are printable: ids of any length take the same room."""
    conversation, name = activity["conversation"]["id"], activity["id"]
    return hashlib.sha256(f"{conversation}\n{name}".encode()).digest()
