"""Work that may take too long or raise: either way evidence comes of it, and nothing else."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from types import MappingProxyType

from mailcheck.model.evidence import Evidence, Fault, Stage
from mailcheck.model.progress import Watch, unwatched
from mailcheck.model.request import MailProtocol

_EARLY = 0.02  # seconds by which a timer may come before its time

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Within:
    """The bounds of one check.

    Attributes:
        deadline: When to have answered, on the running loop's clock.
        watch: Is told how far the check has come.
    """

    deadline: float
    watch: Watch = unwatched

    def is_over(self) -> bool:
        """Whether the deadline has come."""
        return asyncio.get_running_loop().time() > self.deadline - _EARLY


class Guard:
    """Awaits work that belongs to a stage, until a deadline.

    A failure that is expected in the field is a value; an exception is a fault of ours, and here, at one place, it
    becomes the evidence of one.

    Args:
        new_id: Makes the reference under which the log has what was raised.
    """

    def __init__(self, new_id: Callable[[], str]) -> None:
        self._new_id = new_id

    async def until[T](
        self, deadline: float, stage: Stage, work: Awaitable[T | Evidence], protocol: MailProtocol | None = None
    ) -> T | Evidence:
        """What the work returns, or evidence of this stage: it raised, or the deadline (the loop's clock) passed."""
        try:
            async with asyncio.timeout_at(deadline):
                return await self._or_bug(stage, work, protocol)
        except TimeoutError:
            return Evidence(stage, Fault.TIMEOUT, protocol=protocol)

    async def _or_bug[T](
        self, stage: Stage, work: Awaitable[T | Evidence], protocol: MailProtocol | None
    ) -> T | Evidence:
        try:
            return await work
        except Exception:  # noqa: BLE001 - the one blind except: whatever it is, it is ours
            reference = self._new_id()
            _log.exception("our bug, reference %s, at stage %s", reference, stage)
            return Evidence(stage, Fault.BUG, protocol=protocol, details=MappingProxyType({"reference": reference}))


def milliseconds_since(started: float) -> int:
    """Milliseconds from this time of the loop's clock until now, rounded."""
    return round((asyncio.get_running_loop().time() - started) * 1000)
