"""The first check of a process: what it loads that indexing did not, and how much slower it is than the second."""

import json
import sys
import tempfile
import time
from collections.abc import Mapping

import aiohttp

from lab.app_process import AppProcess
from lab.world import World
from tests.bench.processes import ROOT, import_costs, run
from tests.bench.table import goal, ms, table

RUNS = 5
GOAL = 0.300  # seconds for the imports
_SHOWN = 10  # packages in the second table
_MICROSOFT = "azure"  # its packages share this first name
_STANDARD = "standard library"


async def measure(runs: int) -> str:
    """Two tables: the first check beside the second, and the packages that the first one loads."""
    async with World() as world:
        settings = world.settings()
        probe = json.loads(await run("first_post.py", settings=settings))
        assert probe["status"] == "healthy", probe
        assert not probe["botbuilder"], probe["botbuilder"]
        pairs = [await _first_and_second(settings) for _ in range(runs)]
    modules = "\n".join(probe["modules"])
    loading = ms([float(await run("load.py", given=modules)) for _ in range(runs)])
    first, second = (ms(side) for side in zip(*pairs, strict=True))
    rows = [
        ("imports of the first check", f"{loading:.0f}", f"<= {GOAL * 1000:.0f}: {goal(loading <= GOAL * 1000)}"),
        ("first `POST /api/checks`", f"{first:.0f}", ""),
        ("second `POST /api/checks`", f"{second:.0f}", ""),
    ]
    found = f"Modules loaded by the first check: {len(probe['modules'])}; of botbuilder and botframework: none."
    return f"{table(('in a fresh process', 'ms', 'goal'), rows)}\n\n{found}\n\n{await _packages(modules, runs)}"


async def _first_and_second(settings: Mapping[str, str]) -> tuple[float, float]:
    """Seconds of the first and of the second check of a process under the local host."""
    with tempfile.TemporaryFile() as log:
        async with (
            AppProcess(ROOT, {**settings, "PYTHONDONTWRITEBYTECODE": ""}, log=log) as app,
            aiohttp.ClientSession() as http,
        ):
            return await _check(http, app.url), await _check(http, app.url)


async def _check(http: aiohttp.ClientSession, url: str) -> float:
    began = time.perf_counter()
    async with http.post(f"{url}/api/checks", json={"mailbox": "shared@contoso.com"}) as answer:
        report = await answer.json()
    assert report["status"] == "healthy", report
    return time.perf_counter() - began


async def _packages(modules: str, runs: int) -> str:
    """The costliest packages, each without what it imports from others."""
    costs = await import_costs("load.py", _package, runs, given=modules)
    return table(("package", "modules", "ms of its own"), [cost.row for cost in costs[:_SHOWN]])


def _package(module: str) -> str:
    names = module.split(".")
    if names[0] in sys.stdlib_module_names:
        return _STANDARD
    return ".".join(names[:2]) if names[0] == _MICROSOFT else names[0]
