"""How far a check has come, for the card that shows it while it runs."""

from enum import Enum, auto

from mailcheck.model.evidence import Stage
from mailcheck.model.progress import Ended, Moment
from mailcheck.model.report import Outcome
from mailcheck.model.request import CheckRequest, MailProtocol


class Leg(Enum):
    """A part of a conversation that people wait for, in the order they come."""

    CONNECT = auto()
    TLS = auto()
    SIGN_IN = auto()
    CONTENTS = auto()


_LEGS = {
    Stage.DNS: Leg.CONNECT,
    Stage.CONNECT: Leg.CONNECT,
    Stage.STARTTLS: Leg.TLS,
    Stage.TLS: Leg.TLS,
    Stage.AUTH: Leg.SIGN_IN,
    Stage.LIST: Leg.CONTENTS,
}


class Progress:
    """Watches one check: called with each moment, it takes note of where the check is.

    Attributes:
        request: What is checked.
        outcome: What came of it; set by whoever awaits the check, none until then.
        stage: The last stage that was entered before any mail server was met; none: the check has not begun.
        legs: Where each conversation is that has begun.
        ended: The conversations that are over, and whether each of them came to what was asked for.
    """

    def __init__(self, request: CheckRequest) -> None:
        self.request = request
        self.outcome: Outcome | None = None
        self.stage: Stage | None = None
        self.legs: dict[MailProtocol, Leg] = {}
        self.ended: dict[MailProtocol, bool] = {}

    def __call__(self, moment: Moment) -> None:
        """Takes note of a moment; never raises."""
        if isinstance(moment, Ended):
            self.ended[moment.protocol] = moment.opened
        elif moment.protocol is None:
            self.stage = moment.stage
        else:
            # The greeting and the capabilities come before TLS or after it: they are no leg of their own.
            now = self.legs.get(moment.protocol, Leg.CONNECT)
            self.legs[moment.protocol] = _LEGS.get(moment.stage, now)
