"""The audit: one line of the log for each request, of a person in Teams or of who calls the API."""

import logging
from typing import Final

from mailcheck.model.report import NotAllowed, Outcome

NOTHING: Final = "-"  # in the place of mailboxes, where none was asked for
NOT_CONFIGURED: Final = "not configured"

_log = logging.getLogger("mailcheck.audit")


def record(*, who: str, where: str, mailboxes: str, verdict: str, answered: str, seconds: float) -> None:
    """Writes the line: who asked where for which mailboxes, what came of it, whether the answer arrived, how long."""
    # %r: no name from outside can end the line and begin another.
    _log.info(
        "who=%r where=%r mailbox=%r verdict=%r answered=%r ms=%d",
        who[:64], where[:256], mailboxes, verdict, answered, round(seconds * 1000),
    )  # fmt: skip


def verdict_of(outcome: Outcome) -> str:
    """What came of one check, in a word or a few."""
    if isinstance(outcome, NotAllowed):
        return "domain not allowed"
    waiting = any(one.waiting for one in outcome.protocols.values())
    return "still waiting" if waiting else outcome.status.value
