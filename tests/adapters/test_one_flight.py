"""One blocking call at a time, however many wait."""

import asyncio
import gc
import threading

import pytest

from mailcheck.adapters.one_flight import OneFlight

DEADLINE = 5.0


class Gate:
    """A blocking call that counts itself and waits until it is let go."""

    def __init__(self) -> None:
        self.calls = 0
        self.entered = threading.Event()
        self.open = threading.Event()

    def __call__(self) -> int:
        self.calls += 1
        self.entered.set()
        assert self.open.wait(DEADLINE)
        return self.calls


class Broken(Exception):  # noqa: N818 - a name for the test
    """What a broken call raises."""


async def test_concurrent_callers_share_one_call() -> None:
    """Callers with one key that come while a call is under way get its answer."""
    flight, gate = OneFlight[int](), Gate()
    callers = [asyncio.create_task(flight.join("a", gate)) for _ in range(5)]
    await asyncio.to_thread(gate.entered.wait, DEADLINE)
    gate.open.set()
    assert await asyncio.gather(*callers) == [1] * 5


async def test_each_key_has_a_call_of_its_own() -> None:
    """Callers with different keys do not share."""
    flight, gates = OneFlight[int](), {"a": Gate(), "b": Gate()}
    for gate in gates.values():
        gate.open.set()
    await asyncio.gather(*(flight.join(key, gate) for key, gate in gates.items()))
    assert [gate.calls for gate in gates.values()] == [1, 1]


async def test_a_finished_call_is_not_shared() -> None:
    """A caller that comes after the answer starts a call of its own."""
    flight, gate = OneFlight[int](), Gate()
    gate.open.set()
    assert [await flight.join("a", gate), await flight.join("a", gate)] == [1, 2]


async def test_a_call_outlives_the_caller_that_gives_up() -> None:
    """After a deadline the call goes on, and who comes next waits for it instead of starting another."""
    flight, gate = OneFlight[int](), Gate()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await flight.join("a", gate)
    second = asyncio.create_task(flight.join("a", gate))
    await asyncio.sleep(0)
    gate.open.set()
    assert await second == 1


async def test_a_call_that_is_stuck_is_given_up() -> None:
    """A call that is under way for longer than the limit is left to itself, and the next caller starts another."""
    flight, stuck, gate = OneFlight[int](limit=0.0), Gate(), Gate()
    first = asyncio.create_task(flight.join("a", stuck))
    await asyncio.sleep(0.001)
    gate.open.set()
    assert await flight.join("a", gate) == 1
    second = asyncio.create_task(flight.join("a", gate))
    await asyncio.sleep(0)
    stuck.open.set()
    assert (await first, await second) == (1, 2)
    assert await flight.join("a", gate) == 3


async def test_a_call_that_was_given_up_may_end_last(caplog: pytest.LogCaptureFixture) -> None:
    """Its caller gets its answer, and it asks nothing of the call that took its place and has ended."""
    flight, stuck, gate = OneFlight[int](limit=0.0), Gate(), Gate()
    first = asyncio.create_task(flight.join("a", stuck))
    await asyncio.sleep(0.001)
    gate.open.set()
    assert await flight.join("a", gate) == 1
    stuck.open.set()
    assert await first == 1
    assert caplog.records == []


def test_a_call_that_is_stuck_does_not_keep_the_process() -> None:
    """When the loop ends it waits for no call, nor does the process; an answer that comes too late is dropped."""
    gate = Gate()

    async def give_up() -> None:
        async with asyncio.timeout(0.01):
            await OneFlight[int]().join("a", gate)

    before = set(threading.enumerate())
    with pytest.raises(TimeoutError):
        asyncio.run(give_up())
    (thread,) = set(threading.enumerate()) - before
    assert thread.daemon
    gate.open.set()
    thread.join(DEADLINE)
    assert not thread.is_alive()


async def test_every_waiting_caller_gets_the_exception() -> None:
    """A bug in the call is raised to all that wait, and the next caller starts afresh."""

    def broken() -> int:
        raise Broken

    flight = OneFlight[int]()
    answers = await asyncio.gather(*(flight.join("a", broken) for _ in range(2)), return_exceptions=True)
    assert [type(answer) for answer in answers] == [Broken, Broken]
    assert await flight.join("a", lambda: 7) == 7


async def test_an_exception_that_nobody_waits_for_is_no_complaint(caplog: pytest.LogCaptureFixture) -> None:
    """When the last caller has left, asyncio does not report the exception as never retrieved."""
    gc.collect()  # what others left behind is not this test's
    caplog.clear()
    gate = Gate()

    def broken() -> int:
        gate()
        raise Broken

    flight = OneFlight[int]()
    before = set(threading.enumerate())
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await flight.join("a", broken)
    (thread,) = set(threading.enumerate()) - before
    gate.open.set()
    thread.join(DEADLINE)
    await asyncio.sleep(0)  # the exception lands
    await asyncio.sleep(0)  # and is looked at
    gc.collect()
    assert not caplog.records
