"""Python in fresh processes: scripts, and what their imports cost."""

import asyncio
import os
import re
import statistics
import sys
from asyncio.subprocess import PIPE
from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
PROBES = Path(__file__).parent / "probes"
MARK = "from here on"  # a probe writes this line to stderr where the imports begin that count
# What the surrounding shell may hold: another configuration, another cache of compiled files.
_FOREIGN = ("MAILCHECK_", "MicrosoftApp", "IDENTITY_", "AZURE_", "MSI_", "PYTHON")
# -X importtime: `import time: self [us] | cumulative | imported package`
_IMPORT = re.compile(r"import time:\s+(\d+) \|\s+\d+ \|\s+(\S+)")


class Cost(NamedTuple):
    """What importing a group of modules takes: their number, and milliseconds without what they import from others."""

    group: str
    modules: int
    ms: float

    @property
    def row(self) -> tuple[str, int, str]:
        """As a table shows it."""
        return self.group, self.modules, f"{self.ms:.1f}"


async def run(probe: str, *, settings: Mapping[str, str] | None = None, given: str = "") -> str:
    """The output of a script in `probes/` that gets this input; app and sources are importable for it."""
    out, _ = await _run([str(PROBES / probe)], settings or {}, given)
    return out


async def import_costs(probe: str, group: Callable[[str], str], runs: int, *, given: str = "") -> list[Cost]:
    """The imports after a script's MARK, the costliest group first.

    CPython's own account (`-X importtime`), which makes each of them a little slower; medians of the runs.
    """
    modules: dict[str, set[str]] = defaultdict(set)
    spent: dict[str, list[float]] = defaultdict(list)
    for turn in range(runs + 1):
        _, told = await _run(["-X", "importtime", str(PROBES / probe)], {}, given)
        once: dict[str, float] = defaultdict(float)
        for found in _IMPORT.finditer(told.partition(MARK)[2]):
            modules[group(found[2])].add(found[2])
            once[group(found[2])] += int(found[1]) / 1000
        if turn:  # the first leaves compiled files behind
            for name, cost in once.items():
                spent[name].append(cost)
    costs = [Cost(name, len(modules[name]), statistics.median(each)) for name, each in spent.items()]
    return sorted(costs, key=lambda cost: -cost.ms)


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    """What a probe finds around it: app and sources importable, these settings, and nothing of another's."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
    return {**kept, "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "src"))), **settings}


async def _run(arguments: list[str], settings: Mapping[str, str], given: str) -> tuple[str, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, *arguments, env=environment(settings), stdin=PIPE, stdout=PIPE, stderr=PIPE
    )
    out, told = await process.communicate(given.encode())
    if process.returncode:
        raise RuntimeError(f"{arguments[-1]} ended with code {process.returncode}:\n{told.decode()}")
    return out.decode(), told.decode()
