"""Blocking calls from asyncio: each in a thread that nothing waits for, and one at a time however many want it."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import ExitStack, suppress
from contextvars import copy_context
from typing import Final, NamedTuple

# Seconds. An exchange has some ten at most, to connect, for TLS, and for the answer; the longest call, the vault's,
# makes eight: challenge, identity twice, and secret, and all again. The rest is for look-ups of names, which have none.
FLIGHT_LIMIT: Final = 90.0


class OneFlight[T]:
    """Joins callers that want the same answer at the same time into one call, known as single flight.

    The call runs in a thread, which cannot be stopped. When a caller gives up (its deadline passes), the call goes on
    to its own end, bounded by its own time-outs, and serves whoever still waits or comes next; so a slow server sees
    one request, not one from each impatient caller. A call that is under way for longer than `limit` is stuck: who
    comes next starts another.

    Args:
        limit: Seconds; above the sum of the call's own time-outs.
    """

    def __init__(self, *, limit: float = FLIGHT_LIMIT) -> None:
        self._limit = limit
        self._flights: dict[str, _Flight[T]] = {}

    async def join(self, key: str, call: Callable[[], T]) -> T:
        """The answer of the call under way for this key, or of this call, begun now.

        Args:
            key: Callers with the same key share an answer.
            call: A blocking function; what it raises, each waiting caller gets.
        """
        now = asyncio.get_running_loop().time()
        flight = self._flights.get(key)
        if flight is None or now - flight.began > self._limit:
            flight = self._flights[key] = _Flight(now, in_thread(call))
            flight.answer.add_done_callback(lambda answer: self._landed(key, answer))
        return await asyncio.shield(flight.answer)

    def _landed(self, key: str, answer: asyncio.Future[T]) -> None:
        flight = self._flights.get(key)
        if flight is not None and flight.answer is answer:  # not another that took its place
            del self._flights[key]
        if not answer.cancelled():
            answer.exception()  # looked at, so that asyncio does not complain when the last caller has left


class _Flight[T](NamedTuple):
    began: float  # seconds of the loop's clock
    answer: asyncio.Future[T]


def in_thread[T](call: Callable[[], T]) -> asyncio.Future[T]:
    """What this blocking call will return or raise, from a thread of its own.

    `asyncio.to_thread` has a pool for it, whose threads the end of `asyncio.run` and of the process wait for: a
    command that has printed its report would stay until a silent server has had its time. These are daemons.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[T] = loop.create_future()
    context = copy_context()

    def settle[S](by: Callable[[S], None], outcome: S) -> None:
        if not answer.done():  # cancelled meanwhile
            by(outcome)

    def raised(_kind: object, error: BaseException | None, _traceback: object) -> bool:
        if error is not None:
            loop.call_soon_threadsafe(settle, answer.set_exception, error)
        return True

    def run() -> None:
        with suppress(RuntimeError), ExitStack() as landing:  # RuntimeError: the loop has closed, nobody waits
            landing.push(raised)
            value = context.run(call)
            loop.call_soon_threadsafe(settle, answer.set_result, value)

    threading.Thread(target=run, daemon=True).start()
    return answer
