"""JSON that has one meaning only: for documents that decide who is let in."""

import json
from collections.abc import Sequence
from typing import Any, Final, NoReturn

_ENDLESS: Final = float("inf")


def strict_object(data: bytes) -> dict[str, Any] | None:
    """The JSON object in these bytes; none where two readers could read them differently, or cannot at all.

    That is: what is not UTF-8 (RFC 8259 section 8.1), an object that names a member twice (section 4), a number that
    JSON does not have (`NaN`, `Infinity`), nesting or a number of a size that Python does not read (`1e400` is
    endless to it), another value than an object.
    """
    try:
        document = json.loads(data.decode(), object_pairs_hook=_object, parse_constant=_no_number, parse_float=_float)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _object(members: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    named = dict(members)
    if len(named) != len(members):
        raise ValueError("a member is named twice")
    return named


def _float(text: str) -> float:
    number = float(text)
    return _no_number(text) if abs(number) == _ENDLESS else number


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON")
