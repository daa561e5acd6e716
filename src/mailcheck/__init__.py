"""Can this app open this mailbox by IMAP, POP or SMTP, and if not, which setting is wrong?

Rooms, from the ground up: model, protocol and diagnosis, usecases, adapters and faces and settings, compose.
ARCHITECTURE.md has the map; tests/architecture holds the arrows.
"""

import time
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mailcheck.compose import Application

__version__ = "0.1.0"


@cache
def application() -> "Application":
    """The application of this process, built on first use.

    Azure indexes an app on each cold start before anything is asked of it: until then nothing else is imported.
    """
    began = time.monotonic()
    from mailcheck.compose import compose  # noqa: PLC0415 - see above

    return compose(began)
