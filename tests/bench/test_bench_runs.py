"""The benchmarks work: each section measures once and prints its tables. No test judges a time."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bench.table import table

_ROOT = Path(__file__).parents[2]
_README = Path(__file__).with_name("README.md")
_SECTIONS = ["cold_start", "first_check", "round_trips", "load", "memory", "whole_check", "bot"]
_LIMIT = 60.0  # seconds; one run of a section takes a few


def _bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.bench", *arguments]
    return subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, timeout=_LIMIT, check=False)


@pytest.mark.parametrize("name", _SECTIONS)
def test_a_section_prints_its_tables(name: str) -> None:
    """One run ends well, and prints the tables that the README shows: the same headers over as many columns."""
    done = _bench("--only", name, "--runs", "1", "--checks", "100")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"## {name}\n")
    shown = _README.read_text().partition(f"<!-- {name} -->")[2].partition(f"<!-- end of {name} -->")[0]
    assert _headers(done.stdout) == _headers(shown) != []


def test_another_section_is_refused() -> None:
    """A name that is no section is wrong usage, and the answer lists the sections."""
    done = _bench("--only", "nothing")
    assert done.returncode == 2
    assert all(name in done.stderr for name in _SECTIONS)


def test_a_table_has_a_row_for_each_row() -> None:
    """Names to the left, figures to the right."""
    assert table(("what", "ms"), [("a", 1), ("b", 2)]) == "| what | ms |\n| --- | ---: |\n| a | 1 |\n| b | 2 |"


def _headers(text: str) -> list[str]:
    return re.findall(r"(?m)^(.+)\n\| --- \|", text)
