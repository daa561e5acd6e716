"""Blocking SDK calls from asyncio: in a thread, and one at a time however many wait for the answer."""

import asyncio
from collections.abc import Callable


class OneFlight[T]:
    """Joins callers that want the same answer at the same time into one call.

    The call runs in a thread, which cannot be stopped. When a caller gives up (its deadline passes), the call goes on
    to its own end, bounded by its own time-outs, and serves whoever still waits or comes next; so a slow server sees
    one request, not one from each impatient caller.
    """

    def __init__(self) -> None:
        self._flights: dict[str, asyncio.Task[T]] = {}

    async def join(self, key: str, call: Callable[[], T]) -> T:
        """The answer of the call under way for this key, or of this call, begun now.

        Args:
            key: Callers with the same key share an answer.
            call: A blocking function; what it raises, each waiting caller gets.
        """
        flight = self._flights.get(key)
        if flight is None:
            flight = asyncio.create_task(asyncio.to_thread(call))
            self._flights[key] = flight
            flight.add_done_callback(lambda task: self._landed(key, task))
        return await asyncio.shield(flight)

    def _landed(self, key: str, flight: asyncio.Task[T]) -> None:
        del self._flights[key]
        if not flight.cancelled():
            flight.exception()  # looked at, so that asyncio does not complain when the last caller has left
