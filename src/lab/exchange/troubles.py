"""What may go wrong at a sign-in though token and permission are good: faults of the service, limits, policies.

Each protocol has its own words for each; `imap.py`, `pop.py` and `smtp.py` have them.
"""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Throttled:
    """The client must wait. SMTP calls it too many connections and names no time.

    Attributes:
        backoff: Milliseconds; None when Exchange does not name a time.
        closing: Whether IMAP says BAD and hangs up, or NO and stays.
        listing: Whether IMAP lets the client sign in and throttles what comes next.
    """

    backoff: int | None
    closing: bool = True
    listing: bool = False


@dataclass(frozen=True)
class Unavailable:
    """The server that has the mailbox does not answer: IMAP says so after sign-in, POP and SMTP instead of it."""


@dataclass(frozen=True)
class NotConnected:
    """IMAP signs in and then opens nothing; a fault of the service, not of a setting.

    Attributes:
        patience: How many commands are refused before IMAP hangs up.
    """

    patience: int


@dataclass(frozen=True)
class HungUp:
    """The connection is closed right behind a sign-in that went well."""


@dataclass(frozen=True)
class Blocked:
    """A policy of the organisation blocks the sign-in; only SMTP says so."""


type Trouble = Throttled | Unavailable | NotConnected | HungUp | Blocked


def name(trouble: Trouble) -> str:
    """The kind of trouble in words, for the lab's record."""
    return re.sub(r"(?<!^)(?=[A-Z])", " ", type(trouble).__name__).lower()
