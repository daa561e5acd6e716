"""What came of a message to a chat that did not get there, and what a turn's messages leave each other of its time."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

CLOSING: Final = 1.3  # seconds before the end of a turn: left to the message that is to stay, whatever came of others
PASSING_TIME: Final = 2.0  # seconds at most for a message that another one follows: it leaves the rest to that
QUIET: Final = CLOSING + PASSING_TIME  # seconds before the end of a turn: nothing that another follows begins later


class Trouble(StrEnum):
    """Why a message was not delivered, as far as it decides what to do next."""

    SHUT_OUT = "shut-out"  # the bot is not, or no longer, in this conversation: nothing can be said here
    LOST = "lost"  # the message that was to be replaced is gone: a new one can be sent
    UNFIT = "unfit"  # this message is not taken, for its size or its form: another one may be
    BUSY = "busy"  # too many messages, or a fault that passes: later, or not in this turn
    UNREACHED = "unreached"  # no token for the bot, no answer, or a refusal that no other message would change


@dataclass(frozen=True, slots=True)
class Undelivered:
    """One message that was not delivered.

    Attributes:
        trouble: What kind of trouble.
        reason: Status and code of the connector, or what kept it from being asked; one line, no secrets.
        wait: Seconds for which the connector asks to be left alone; none where it does not.
    """

    trouble: Trouble
    reason: str
    wait: float | None = None
