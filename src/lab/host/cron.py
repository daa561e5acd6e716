"""NCRONTAB: whether a timer's schedule is one that the real host accepts (Timer trigger documentation)."""

import re
from dataclasses import dataclass

_MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_DAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
_SHORTEST_NAME = 3
_TIME_SPAN = re.compile(r"(?:[0-9]+\.)?(?:[01]?[0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]")
_ITEM = re.compile(r"(?:(?P<all>\*)|(?P<first>\w+)(?:-(?P<last>\w+))?)(?:/(?P<step>[0-9]+))?")


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    low: int
    high: int
    names: tuple[str, ...] = ()

    def number(self, text: str) -> int | None:
        """The value of a number or of an English name, whole or its first letters; None if out of range."""
        if len(text) >= _SHORTEST_NAME:
            named = (at for at, name in enumerate(self.names, self.low) if name.startswith(text.lower()))
            return next(named, None)
        value = int(text) if text.isascii() and text.isdigit() else None
        return value if value is not None and self.low <= value <= self.high else None


_FIELDS = (
    _Field("second", 0, 59),
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day", 1, 31),
    _Field("month", 1, 12, _MONTHS),
    _Field("day of week", 0, 6, _DAYS),
)


def problem(schedule: str) -> str | None:
    """What is wrong with a schedule, or None: six fields (or five, without seconds), or a time span `hh:mm:ss`."""
    if _TIME_SPAN.fullmatch(schedule):
        return None
    texts = schedule.split()
    if len(texts) not in {len(_FIELDS), len(_FIELDS) - 1}:
        return f"{schedule!r} has {len(texts)} fields; NCRONTAB has six: second minute hour day month day-of-week"
    for field, text in zip(_FIELDS[-len(texts) :], texts, strict=True):
        if not all(_fits(field, item) for item in text.split(",")):
            return f"{schedule!r}: {text!r} is not a {field.name} ({field.low}-{field.high})"
    return None


def _fits(field: _Field, item: str) -> bool:
    found = _ITEM.fullmatch(item)
    if found is None or (found["step"] is not None and int(found["step"]) == 0):
        return False
    if found["all"]:
        return True
    first = field.number(found["first"])
    last = field.number(found["last"]) if found["last"] else first
    return first is not None and last is not None and first <= last
