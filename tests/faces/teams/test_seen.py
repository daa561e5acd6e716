"""The memory of activities: each is held for as long as its request can be repeated, and none longer."""

import datetime as dt
import random
import tracemalloc
from collections.abc import Mapping
from typing import Any

from mailcheck.faces.teams.seen import SEEN_LIMIT, SPARE, Seen, SeenActivities

_MINUTE = dt.timedelta(minutes=1)
_MOMENT = dt.timedelta(microseconds=1)


class Clock:
    """A wall clock that a test sets."""

    def __init__(self) -> None:
        self.time = dt.datetime(2026, 11, 23, tzinfo=dt.UTC)

    def now(self) -> dt.datetime:
        return self.time


def _activity(name: str, conversation: str = "a") -> Mapping[str, Any]:
    return {"id": name, "conversation": {"id": conversation}}


def test_an_activity_is_held_until_its_token_is_over() -> None:
    """Past the last moment at which the guard would admit it: it is looked up a little later. From then on not."""
    clock = Clock()
    seen = SeenActivities(clock.now)
    until = clock.time + 65 * _MINUTE
    assert seen.note(_activity("1"), until) is Seen.NEW
    for moment in (until - _MOMENT, until, until + _MOMENT, until + SPARE - _MOMENT):
        clock.time = moment
        assert seen.note(_activity("1"), until) is Seen.AGAIN
    clock.time = until + SPARE
    assert seen.note(_activity("1"), until + _MINUTE) is Seen.NEW


def test_each_activity_has_an_end_of_its_own() -> None:
    """Whatever the order in which tokens end, none is forgotten before its own end or held past it."""
    clock, chance = Clock(), random.Random(7)  # noqa: S311 - an order, no secret
    seen = SeenActivities(clock.now)
    ends = {str(number): clock.time + chance.randint(1, 60) * _MINUTE for number in range(200)}
    assert all(seen.note(_activity(name), end) is Seen.NEW for name, end in ends.items())
    for _ in range(60):
        assert all(seen.note(_activity(name), end) is Seen.AGAIN for name, end in ends.items() if clock.time < end)
        clock.time += _MINUTE
    assert seen.note(_activity("1"), clock.time + _MINUTE) is Seen.NEW


def test_a_newer_token_for_the_same_activity_counts() -> None:
    """Sent again by Teams with a newer token, it is held until that one is over: it is what can be repeated now."""
    clock = Clock()
    seen = SeenActivities(clock.now)
    first, second = clock.time + 10 * _MINUTE, clock.time + 60 * _MINUTE
    seen.note(_activity("1"), first)
    assert seen.note(_activity("1"), second) is Seen.AGAIN
    assert seen.note(_activity("1"), first) is Seen.AGAIN  # an older one does not shorten it
    clock.time = first + SPARE
    assert seen.note(_activity("2"), second) is Seen.NEW
    clock.time = second - _MINUTE
    assert seen.note(_activity("1"), second) is Seen.AGAIN
    clock.time = second + SPARE
    assert seen.note(_activity("1"), second) is Seen.NEW  # and not longer


def test_ids_are_of_their_conversation() -> None:
    """Two conversations may have activities of one id, and no two pairs are taken for one."""
    clock = Clock()
    seen = SeenActivities(clock.now)
    until = clock.time + _MINUTE
    for conversation, name in (("a", "1"), ("b", "1"), ("a1", ""), ("", "a1"), ("a\\n1", "x"), ("a", "\\n1x")):
        assert seen.note(_activity(name, conversation), until) is Seen.NEW


def test_nothing_is_given_up_for_want_of_room() -> None:
    """When the memory is full a new activity is turned away, and what was seen is still known; room comes with time."""
    clock = Clock()
    seen = SeenActivities(clock.now, limit=3)
    until = clock.time + _MINUTE
    assert [seen.note(_activity(name), until) for name in "123"] == [Seen.NEW] * 3
    assert seen.note(_activity("4"), until) is Seen.NO_ROOM
    assert [seen.note(_activity(name), until) for name in "123"] == [Seen.AGAIN] * 3
    clock.time = until + SPARE
    assert seen.note(_activity("4"), until + _MINUTE) is Seen.NEW


def test_what_was_not_dealt_with_is_new_again() -> None:
    """A turn that failed is forgotten, as often as it fails, and that too has its bound."""
    clock = Clock()
    seen = SeenActivities(clock.now, limit=3)
    until = clock.time + _MINUTE
    for _ in range(3):
        assert seen.note(_activity("1"), until) is Seen.NEW
        seen.forget(_activity("1"))
    assert seen.note(_activity("1"), until) is Seen.NO_ROOM
    clock.time = until + SPARE
    assert seen.note(_activity("1"), until + _MINUTE) is Seen.NEW
    assert seen.note(_activity("1"), until + _MINUTE) is Seen.AGAIN


def test_a_full_memory_is_small() -> None:
    """As many activities as are held at most, with the longest ids, take less than 25 MB."""
    clock = Clock()
    seen = SeenActivities(clock.now)
    until = clock.time + _MINUTE
    tracemalloc.start()
    try:
        for number in range(SEEN_LIMIT):
            seen.note(_activity(f"{number:0512}", "c" * 512), until)
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < 25_000_000
