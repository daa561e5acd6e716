"""What happens while a check runs, for whoever watches it: moments, without judgement."""

from collections.abc import Callable
from dataclasses import dataclass

from mailcheck.model.evidence import Stage
from mailcheck.model.request import MailProtocol


@dataclass(frozen=True, slots=True)
class Entered:
    """The check has come to this stage; no protocol: before any mail server is met."""

    stage: Stage
    protocol: MailProtocol | None = None


@dataclass(frozen=True, slots=True)
class Ended:
    """The conversation by this protocol is over; `opened`: whether it came to what was asked for."""

    protocol: MailProtocol
    opened: bool


type Moment = Entered | Ended
# Is told each moment as it happens. It runs within the check: it only takes note, and never raises.
type Watch = Callable[[Moment], None]


def unwatched(_moment: Moment) -> None:
    """Nobody watches."""
