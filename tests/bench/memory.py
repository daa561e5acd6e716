"""Memory: of each check that is in flight, beside other clients, and after many checks."""

import statistics

from tests.bench.clients import CLIENTS, OURS
from tests.bench.stub import Stub, stub, worker
from tests.bench.table import goal, table

RUNS = 3
CHECKS = 10_000  # one after the other for the second table
GOAL = 128  # KiB of a check in flight
FLAT = 1.02  # times the memory after the first tenth of the checks
_HELD = 200  # checks in flight
_IN_FLIGHT = 50
_KIB = 1024
_MIB = 1024 * 1024


async def measure(runs: int, checks: int) -> str:
    """Two tables: what a check in flight holds, and what a process holds as checks go by."""
    async with stub() as server:
        held = {name: [await _held(server, name) for _ in range(runs)] for name in CLIENTS}
        after = await _after(server, checks)
    rows = [(name, f"{statistics.median(each):.0f}") for name, each in held.items()]
    each = statistics.median(held[OURS])
    first, last = after[checks // 10], after[checks]
    growth = [(f"{done:,}", f"{resident / _MIB:.1f}") for done, resident in after.items()]
    return (
        f"{table(('client', 'KiB for each check in flight'), rows)}\n\n"
        f"mailcheck: goal <= {GOAL} KiB: {goal(each <= GOAL)}.\n\n"
        f"{table(('checks made', 'resident, MiB'), growth)}\n\n"
        f"From {checks // 10:,} to {checks:,}: {last / first:.2f} times, goal <= {FLAT}: {goal(last / first <= FLAT)}."
    )


async def _held(server: Stub, name: str) -> float:
    """KiB that one check holds which waits for the answer to LIST."""
    async with worker(server, name) as one:
        await one(port=server.port, checks=3, in_flight=1)  # loads what is loaded on the first
        memory = await one(port=server.silent, gate=server.gate, count=_HELD)
        return (memory["after"] - memory["before"]) / _HELD / _KIB


async def _after(server: Stub, checks: int) -> dict[int, float]:
    """Octets that mailcheck's process holds after so many checks."""
    after: dict[int, float] = {}
    done = 0
    async with worker(server, OURS) as one:
        for until in (checks // 100, checks // 10, checks // 5, checks // 2, checks):
            spent = await one(port=server.port, checks=until - done, in_flight=_IN_FLIGHT)
            done = until
            after[done] = spent["resident"]
    return after
