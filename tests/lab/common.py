"""What this folder's tests share beside fixtures: the clock, the bot's secret, and the type of `ask`."""

import datetime as dt
from collections.abc import Awaitable, Callable
from typing import Any

from lab.tenant import EXCHANGE_RESOURCE

BOT_SECRET = "correct horse battery staple"
MAIL_SCOPE = f"{EXCHANGE_RESOURCE}/.default"

# Sends one token request, built from keywords; the answer's status and document come back.
type Ask = Callable[..., Awaitable[tuple[int, dict[str, Any]]]]


def utc_now() -> dt.datetime:
    """The clock of the lab in these tests: the real one, since MSAL reads that too."""
    return dt.datetime.now(dt.UTC)
