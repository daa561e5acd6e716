"""Many checks at a time against one server that is faster than they are: CPU and throughput, beside other clients."""

import statistics
from collections import defaultdict
from contextlib import AsyncExitStack
from typing import NamedTuple

from tests.bench.clients import BARE, CLIENTS, FLOOR, OURS, PEER
from tests.bench.stub import Stub, Worker, stub, worker
from tests.bench.table import goal, table

RUNS = 7
CHECKS = 2_000  # in each run, by each client; by one that is a process, a tenth of it
CPU_GOAL = 1.4  # times the bare connection's
SPEED_GOAL = 1.6  # times IMAPClient's
_IN_FLIGHT = 50
_EVERYBODY = {**FLOOR, **CLIENTS}


class Sample(NamedTuple):
    """One run of one client: milliseconds of CPU for each check, and checks in a second."""

    cpu: float
    speed: float


async def measure(runs: int, checks: int) -> str:
    """One table, the goals under it; the clients take turns."""
    samples: dict[str, list[Sample]] = defaultdict(list)
    async with stub() as server, AsyncExitStack() as workers:
        everybody = {name: await workers.enter_async_context(worker(server, name)) for name in _EVERYBODY}
        for run in range(runs + 1):
            for name, one in everybody.items():
                sample = await _sample(server, name, one, checks)
                if run:  # the first fills caches
                    samples[name].append(sample)
    rows = [_row(name, samples) for name in samples]
    header = ("client", "CPU, ms", "best", "ratio to TLS alone", "checks/s", "best", "ratio to IMAPClient")
    cpu = statistics.median(_cpu_ratios(samples, OURS))
    speed = statistics.median(_speed_ratios(samples, OURS))
    return (
        f"{table(header, rows)}\n\n"
        f"CPU of mailcheck: {cpu:.2f} times TLS alone, goal <= {CPU_GOAL}: {goal(cpu <= CPU_GOAL)}. "
        f"Throughput: {speed:.2f} times IMAPClient's, goal >= {SPEED_GOAL}: {goal(speed >= SPEED_GOAL)}."
    )


async def _sample(server: Stub, name: str, one: Worker, checks: int) -> Sample:
    if _EVERYBODY[name].processes:
        checks = max(1, checks // 10)
    port = server.mute if name in FLOOR else server.port
    spent = await one(port=port, checks=checks, in_flight=_IN_FLIGHT)
    return Sample(spent["cpu"] / checks * 1000, checks / spent["seconds"])


def _row(name: str, samples: dict[str, list[Sample]]) -> tuple[str, ...]:
    cpu, speed = zip(*samples[name], strict=True)
    return (
        name,
        f"{statistics.median(cpu):.2f}",
        f"{min(cpu):.2f}",
        f"{statistics.median(_cpu_ratios(samples, name)):.2f}",
        f"{statistics.median(speed):.0f}",
        f"{max(speed):.0f}",
        f"{statistics.median(_speed_ratios(samples, name)):.2f}",
    )


# Of neighbours, and then the median: a machine that is busy for a while slows both down.
def _cpu_ratios(samples: dict[str, list[Sample]], name: str) -> list[float]:
    return [one.cpu / bare.cpu for one, bare in zip(samples[name], samples[BARE], strict=True)]


def _speed_ratios(samples: dict[str, list[Sample]], name: str) -> list[float]:
    return [one.speed / peer.speed for one, peer in zip(samples[name], samples[PEER], strict=True)]
