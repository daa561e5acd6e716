"""What the bot's answer to a pressed Action.Execute does in the client of the person who pressed; pure functions.

https://learn.microsoft.com/adaptive-cards/authoring-cards/universal-action-model (response format)
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from lab.teams.card_limits import MAX_CARD_BYTES, card_bytes, is_card
from lab.teams.conversation import CARD_TYPE

SOMETHING_WRONG = "Something went wrong. Please try again."
_OK = 200
_ERRORS = range(400, 600)


@dataclass(frozen=True)
class Replaced:
    """The card takes the place of the one with the button: for the person who pressed it, and for nobody else."""

    card: Mapping[str, Any]


@dataclass(frozen=True)
class Told:
    """Words under the card, for the person who pressed."""

    text: str


@dataclass(frozen=True)
class Failed:
    """The button did not do what it says.

    Attributes:
        text: What the person reads.
        why: What the bot's author should know: the error's status and code, or what is wrong with the answer.
    """

    text: str
    why: str


type Outcome = Replaced | Told | Failed
type _Reader = Callable[[object, object], Outcome | None]  # of statusCode and value; None: they do not fit the type


def outcome(status: int, body: object) -> Outcome:
    """What comes of an answer to an `adaptiveCard/action` invoke.

    Args:
        status: The HTTP status; any but 200 says that the bot was not reached, was too slow, or broke.
        body: The JSON of the HTTP answer.
    """
    if status != _OK:
        return _wrong(f"HTTP {status}")
    if not isinstance(body, Mapping):
        return _wrong("the answer is no JSON object")
    code, kind, value = body.get("statusCode", _OK), body.get("type"), body.get("value")
    fitting = _READERS[kind](code, value) if isinstance(kind, str) and kind in _READERS else None
    return fitting or _wrong(f"no answer: statusCode {code!r}, type {kind!r}, value {type(value).__name__}")


def _wrong(why: str) -> Failed:
    return Failed(SOMETHING_WRONG, why)


def _card(code: object, value: object) -> Outcome | None:
    if code != _OK or not isinstance(value, Mapping) or not is_card(value):
        return None
    size = card_bytes(value)
    return (
        _wrong(f"the card has {size} bytes, more than {MAX_CARD_BYTES}") if size > MAX_CARD_BYTES else Replaced(value)
    )


def _message(code: object, value: object) -> Outcome | None:
    return Told(value) if code == _OK and isinstance(value, str) and value else None


def _error(code: object, value: object) -> Outcome | None:
    if code not in _ERRORS or not isinstance(value, Mapping):
        return None
    return Failed(str(value.get("message") or SOMETHING_WRONG), f"{code} {value.get('code')}")


def _silent(expected: int) -> _Reader:
    """A type that asks this client to sign somebody in or to ask again later, which it does not do: it fails."""
    return lambda code, _value: _wrong(f"{code} as the answer") if code == expected else None


_READERS: dict[str, _Reader] = {
    CARD_TYPE: _card,
    "application/vnd.microsoft.activity.message": _message,
    "application/vnd.microsoft.error": _error,
    "application/vnd.microsoft.activity.loginRequest": _silent(401),
    "application/vnd.microsoft.error.incorrectAuthCode": _silent(401),
    "application/vnd.microsoft.error.preconditionFailed": _silent(412),
    "application/vnd.microsoft.activity.retryAfter": _silent(429),
}
