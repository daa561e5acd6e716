"""A process that makes checks with one client of tests/bench/clients.py, as the lines of its standard input say.

The first line says who and where; each further one is a job, answered by one line. See tests/bench/stub.py.
"""

import asyncio
import gc
import itertools
import json
import os
import resource
import signal
import socket
import ssl
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests.bench.clients import CLIENTS, FLOOR, HOST, Asyncio, Blocking, Client, Server

_PAGE = resource.getpagesize()


def many(client: Client, server: Server, checks: int, in_flight: int) -> dict[str, float]:
    """Makes so many checks, so many at a time; answers the seconds, the CPU seconds, and the memory afterwards."""
    if client.asyncio is not None:
        make = client.asyncio(server)
        began, cpu = time.perf_counter(), _cpu(client)
        asyncio.run(_tasks(make, checks, in_flight))
    else:
        assert client.blocking is not None
        began, cpu = time.perf_counter(), _cpu(client)
        _threads(client.blocking(server), checks, in_flight)
    return {"seconds": time.perf_counter() - began, "cpu": _cpu(client) - cpu, "resident": _resident()}


async def _tasks(make: Asyncio, checks: int, in_flight: int) -> None:
    numbers = iter(range(checks))

    async def some() -> None:
        for _ in numbers:
            await make()

    async with asyncio.TaskGroup() as group:
        for _ in range(in_flight):
            group.create_task(some())


def _threads(make: Blocking, checks: int, in_flight: int) -> None:
    with ThreadPoolExecutor(in_flight) as pool:
        for _ in pool.map(lambda _: make(), range(checks)):
            pass


def _cpu(client: Client) -> float:
    """User and system seconds of this process, or of those it started."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN if client.processes else resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def held(client: Client, server: Server, count: int, gate: int) -> dict[str, float]:
    """Begins so many checks that the server does not answer; the memory before, and when all of them wait.

    They are never finished: this is the last job.
    """
    gc.collect()
    before = _resident()
    if client.asyncio is not None:
        asyncio_make = client.asyncio(server)

        async def run() -> None:
            async with asyncio.TaskGroup() as group:
                for _ in range(count):
                    group.create_task(_forever(asyncio_make))

        threading.Thread(target=asyncio.run, args=(run(),), daemon=True).start()
    else:
        assert client.blocking is not None
        make = client.blocking(server)
        for _ in range(count):
            threading.Thread(target=make, daemon=True).start()
    with socket.create_connection((HOST, gate)) as asking:
        asking.sendall(f"{count}\n".encode())
        assert asking.recv(1), "all of them wait"
    after = _resident() + _processes(client)
    if client.processes:  # they would outlive us, and their checks wait on
        for child in _started():
            os.kill(child, signal.SIGKILL)
    return {"before": before, "after": after}


async def _forever(make: Asyncio) -> None:
    await make()
    raise AssertionError("the server does not answer")


def _resident() -> int:
    """Octets of memory that this process holds."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE


def _processes(client: Client) -> int:
    """Octets that the processes it started hold for themselves alone."""
    if not client.processes:
        return 0
    rollups = (Path("/proc", str(child), "smaps_rollup").read_text().splitlines() for child in _started())
    private = (line.split() for line in itertools.chain(*rollups) if line.startswith("Private_"))
    return sum(int(kilobytes) * 1024 for _, kilobytes, _ in private)


def _started() -> list[int]:
    """The processes that this one started and that have not ended."""
    each = (task.read_text().split() for task in Path("/proc/self/task").glob("*/children"))
    return [int(child) for child in itertools.chain(*each)]


def main() -> None:
    """Works until standard input ends."""
    who: dict[str, Any] = json.loads(sys.stdin.readline())
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {who["core"]})
    client = {**CLIENTS, **FLOOR}[who["client"]]
    ca_file = Path(who["ca_file"])
    trust = ssl.create_default_context(cafile=ca_file)
    for line in sys.stdin:
        job: dict[str, int] = json.loads(line)
        server = Server(job["port"], who["token"], trust, ca_file)
        if "gate" in job:
            answer = held(client, server, job["count"], job["gate"])
        else:
            answer = many(client, server, job["checks"], job["in_flight"])
        print(json.dumps(answer), flush=True)
    os._exit(0)  # without waiting for what is held


main()
