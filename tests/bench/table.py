"""Markdown tables of measured figures."""

import statistics
from collections.abc import Iterable, Sequence


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table; the first column holds names, the others figures."""
    lines = [header, ["---", *["---:"] * (len(header) - 1)], *rows]
    return "\n".join(f"| {' | '.join(str(cell) for cell in line)} |" for line in lines)


def ms(seconds: Iterable[float]) -> float:
    """The median of these durations, in milliseconds."""
    return statistics.median(seconds) * 1000


def goal(met: bool) -> str:
    """How a table says whether a goal is met."""
    return "met" if met else "missed"
