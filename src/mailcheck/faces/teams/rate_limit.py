"""How much a chat takes of what the bot says in it: what is to stay has its place there, progress has what is left.

Teams refuses a call that is one too many for its chat, and a verdict that is refused leaves a card at *Checking*. So
the turns that are under way in a chat share what it takes, and none asks for more. What other processes of the app say
there is not known here: what Teams refuses all the same is tried again by `bot_tries.py`.
"""

import asyncio
from bisect import bisect, insort
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Final, NamedTuple

from mailcheck.model.delivery import CLOSING


class _Window(NamedTuple):
    """So many calls in so many seconds."""

    seconds: float
    most: int


# What Teams takes of all that a bot says in a conversation; a tenth of a second longer than Teams has it, since not
# every call takes the same time to get there. Its 1,800 in an hour are not reckoned with: more than two long checks in
# each minute of it.
# https://learn.microsoft.com/microsoftteams/platform/bots/how-to/rate-limit
_SECOND: Final = _Window(1.1, 7)
_MOMENT: Final = _Window(2.1, 8)
_WHILE: Final = _Window(30.1, 60)
_APART: Final = _MOMENT.seconds / _MOMENT.most  # between two calls, where they come one after the other
# From so many calls in them on, a card that is there already stays as it is. Whoever is alone in a chat gets nowhere
# near: a card changes once in a second.
_BUSY: Final = {_MOMENT: 4, _WHILE: 40}
LEAST_TURN: Final = CLOSING + 3.0  # seconds: however many ask, a check has three, and its verdict the rest
LAST_CALL: Final = 0.5  # seconds before the end of a turn: what has no place by then is tried all the same


class RateLimit:
    """Teams' limit on calls, in one chat."""

    def __init__(self) -> None:
        self._calls: list[float] = []  # when each is made, in this order; some are still to come
        self._ends: list[float] = []  # of the turns that are under way

    @property
    def is_empty(self) -> bool:
        """Whether no turn is under way, and nothing was said of which the next one has to know."""
        return not self._ends and self._within(_WHILE) == 0

    @contextmanager
    def share(self, deadline: float) -> Iterator["Share"]:
        """The share of a turn in this chat, that has to have ended by this time of the running loop's clock."""
        own = self._own(deadline)
        self._ends.append(own)
        try:
            yield Share(self, own, deadline)
        finally:
            self._ends.remove(own)

    def _own(self, deadline: float) -> float:
        """The last moment before the deadline at which no other turn has to tell its verdict."""
        own = deadline
        for other in sorted(self._ends, reverse=True):
            if abs(other - own) < _APART:
                own = other - _APART
        return max(own, min(deadline, _now() + LEAST_TURN))

    def next_call(self) -> float:
        """When the next call has its place; where half a minute is full, what is to stay is tried all the same."""
        calls = self._calls
        freed = [calls[-most] + seconds for seconds, most in (_SECOND, _MOMENT) if len(calls) >= most]
        return max([_now(), *freed])

    def has_place(self, *, first: bool, until: float) -> bool:
        """Whether a card that another will follow can be said now.

        It is not, where the verdicts of all turns that are under way would not have their places by this time.
        """
        verdicts = len(self._ends)
        if self.next_call() > _now() or _now() + (1 + verdicts) * _APART > until:
            return False
        soon = self._within(_WHILE) + verdicts
        if first:
            return soon < _WHILE.most
        return soon < _BUSY[_WHILE] and self._within(_MOMENT) < _BUSY[_MOMENT]

    def take(self, at: float) -> None:
        """A call is made then."""
        insort(self._calls, at)
        del self._calls[: -_WHILE.most]

    def _within(self, window: _Window) -> int:
        return len(self._calls) - bisect(self._calls, _now() - window.seconds)


class Share:
    """One turn's part of what its chat takes.

    Args:
        limit: The chat's.
        deadline: As below.
        latest: When the turn has to have ended whatever the others do.

    Attributes:
        deadline: When it has to have ended, on the running loop's clock: earlier than it might, where others end then.
    """

    def __init__(self, limit: RateLimit, deadline: float, latest: float) -> None:
        self.deadline = deadline
        self._limit = limit
        self._latest = latest

    def take_place(self, *, first: bool) -> bool:
        """Whether there is a place now for a card that another will follow, which has it then.

        `first`: of a message that is not there yet.
        """
        if not self._limit.has_place(first=first, until=self._latest - LAST_CALL):
            return False
        self._limit.take(_now())
        return True

    async def wait_for_place(self) -> None:
        """Returns when there is one for what is to stay, or when there is no more time."""
        at = min(self._limit.next_call(), self._latest - LAST_CALL)  # not later: nobody is to wait for what is past
        self._limit.take(at)
        await asyncio.sleep(at - _now())


class RateLimits:
    """The limits of all chats in which something is said."""

    def __init__(self) -> None:
        self._limits: dict[str, RateLimit] = {}

    def __len__(self) -> int:
        return len(self._limits)

    def share(self, conversation_id: str, deadline: float) -> AbstractContextManager[Share]:
        """The share of a turn in this chat; all threads of a channel (`19:...;messageid=...`) are one."""
        for idle in [chat for chat, limit in self._limits.items() if limit.is_empty]:
            del self._limits[idle]
        return self._limits.setdefault(conversation_id.partition(";")[0], RateLimit()).share(deadline)


def _now() -> float:
    return asyncio.get_running_loop().time()
