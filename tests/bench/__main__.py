"""`python -m tests.bench`: measures, and prints Markdown tables; how to read them is in README.md beside this file."""

import argparse
import asyncio
import re
import sys
import time
from pathlib import Path
from types import ModuleType

sys.path.insert(0, str(Path(__file__).parents[2] / "src"))

from tests.bench import bot, cold_start, first_check, load, memory, round_trips, whole_check

# Each has `RUNS`, how often it measures unless told otherwise, and `measure(runs)`, which answers Markdown. One that
# makes many checks has `CHECKS` too, their number unless told otherwise, and `measure(runs, checks)`.
SECTIONS: dict[str, ModuleType] = {
    "cold_start": cold_start,
    "first_check": first_check,
    "round_trips": round_trips,
    "load": load,
    "memory": memory,
    "whole_check": whole_check,
    "bot": bot,
}
_README = Path(__file__).with_name("README.md")


def main(arguments: list[str]) -> int:
    """Runs the command line; returns the exit code, which is 0 whatever was measured."""
    options = _parser().parse_args(arguments)
    names: list[str] = options.only or list(SECTIONS)
    for name in names:
        print(f"{name} ...", file=sys.stderr, flush=True)
        began = time.monotonic()
        section = SECTIONS[name]
        effort = [options.runs or section.RUNS]
        if hasattr(section, "CHECKS"):
            effort.append(options.checks or section.CHECKS)
        measured = asyncio.run(section.measure(*effort))
        print(f"{name}: {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
        print(f"## {name}\n\n{measured}\n", flush=True)
        if options.write:
            _README.write_text(_replaced(_README.read_text(), name, measured))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--only", action="append", choices=list(SECTIONS), help="one section; may be repeated")
    parser.add_argument("--runs", type=_positive, help="how often to measure; each section has its own default")
    parser.add_argument("--checks", type=_positive, help="how many checks in a run, where a section makes many")
    parser.add_argument("--write", action="store_true", help="also put the tables into tests/bench/README.md")
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number


def _replaced(document: str, name: str, measured: str) -> str:
    """The document with this between the section's two markers."""
    start, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    return re.sub(
        f"{re.escape(start)}.*?{re.escape(end)}",
        lambda _: f"{start}\n{measured}\n{end}",
        document,
        count=1,
        flags=re.DOTALL,
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
