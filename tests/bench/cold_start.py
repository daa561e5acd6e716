"""From the start of a process until the app is indexed: mailcheck without settings, against the smallest app."""

import re
import statistics
import sys
import tempfile
from pathlib import Path

from lab.app_process import AppProcess
from tests.bench.processes import ROOT, Cost, import_costs
from tests.bench.table import goal, ms, table

RUNS = 9
GOAL = 1.05  # times the smallest app's
_TRIVIAL = Path(__file__).parent / "apps" / "trivial"
_INDEXED = re.compile(rb"indexed \d+ functions in (\d+) ms")


async def measure(runs: int) -> str:
    """Two tables: the starts, and which of mailcheck's own imports they pay for."""
    with tempfile.TemporaryDirectory() as empty:
        modes = {
            "compiled": {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": ""},
            "not compiled": {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPYCACHEPREFIX": empty},
        }
        for app in (_TRIVIAL, ROOT):  # fills the caches, of compiled files and of the disk
            await _start(app, modes["compiled"])
        rows = [_row(mode, await _starts(settings, runs)) for mode, settings in modes.items()]
    header = ("Python files", "smallest app, ms", "mailcheck, ms", "more, ms", "ratio", f"goal: {GOAL}")
    return f"{table(header, rows)}\n\n{await _own_imports(runs)}"


async def _starts(settings: dict[str, str], runs: int) -> list[tuple[float, float]]:
    """Pairs of seconds, the smallest app's and mailcheck's."""
    return [(await _start(_TRIVIAL, settings), await _start(ROOT, settings)) for _ in range(runs)]


async def _start(app: Path, settings: dict[str, str]) -> float:
    """Seconds, by the host's own account, which starts with the process."""
    with tempfile.TemporaryFile() as log:
        async with AppProcess(app, settings, log=log):
            pass
        log.seek(0)
        told = _INDEXED.search(log.read())
    assert told is not None, "the host logs how long indexing took"
    return int(told[1]) / 1000


def _row(mode: str, pairs: list[tuple[float, float]]) -> tuple[str, ...]:
    trivial, ours = (ms(side) for side in zip(*pairs, strict=True))
    # Of neighbours, and then the median: a machine that is busy for a while slows both down.
    ratio = statistics.median(ours / trivial for trivial, ours in pairs)
    return mode, f"{trivial:.0f}", f"{ours:.0f}", f"{ours - trivial:.0f}", f"{ratio:.2f}", goal(ratio <= GOAL)


async def _own_imports(runs: int) -> str:
    """What `import function_app` loads beyond Microsoft's packages, by rooms, the costliest first."""
    costs = await import_costs("index.py", _room, runs)
    everything = Cost("all", sum(cost.modules for cost in costs), sum(cost.ms for cost in costs))
    return table(
        ("imported by function_app.py", "modules", "ms of its own"), [cost.row for cost in [*costs, everything]]
    )


def _room(module: str) -> str:
    names = module.split(".")
    return "standard library" if names[0] in sys.stdlib_module_names else ".".join(names[:2])
