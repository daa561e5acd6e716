"""The terminal of a process: lines in, and what it can do; on a pseudo-terminal and on pipes."""

import asyncio
import os
import subprocess
import sys
import termios
from pathlib import Path
from typing import Any

import pytest

from lab.teams.terminal import LineReader

SOON = 10.0  # seconds: a deadline for what happens at once


async def test_lines_are_read_from_a_pipe() -> None:
    """Lines come one by one, whole whatever the chunks, a last one without newline included; then the end, for good."""
    readable, writable = os.pipe()
    reader = LineReader(readable)

    os.write(writable, b"gr")
    first = asyncio.create_task(reader.read_line())
    await asyncio.sleep(0)
    os.write(writable, "üße\r\nzwei\ndrei".encode())
    os.close(writable)

    assert [await first, *[await reader.read_line() for _ in range(4)]] == ["grüße", "zwei", "drei", None, None]
    os.close(readable)


PROGRAM = """
import asyncio
from lab.teams.terminal import Terminal

async def main():
    terminal = Terminal.of_process()
    line = await terminal.read_line()
    terminal.write(f"{line} {terminal.width}x{terminal.height} {terminal.colour} {terminal.live}\\n")

asyncio.run(main())
"""
SOURCES = Path(__file__).parents[2] / "src"


def program(**environ: str) -> dict[str, Any]:
    """How to start the program above."""
    return {"args": [sys.executable, "-c", PROGRAM], "env": {"PYTHONPATH": str(SOURCES), **environ}, "timeout": SOON}


@pytest.mark.parametrize("environ, colour", [({}, True), ({"NO_COLOR": "1"}, False)], ids=["colour", "NO_COLOR"])
def test_a_process_on_a_terminal_is_live(environ: dict[str, str], colour: bool) -> None:
    """Its size is the window's, its lines at most 100 cells, and NO_COLOR is heeded."""
    controller, terminal = os.openpty()
    termios.tcsetwinsize(terminal, (30, 172))
    os.write(controller, b"hello\n")

    subprocess.run(**program(**environ), stdin=terminal, stdout=terminal, check=True)
    os.close(terminal)

    assert os.read(controller, 1000).decode() == f"hello\r\nhello 100x30 {colour} True\r\n"
    os.close(controller)


def test_a_process_on_pipes_is_plain() -> None:
    """Without a terminal there is no colour and nothing is redrawn."""
    done = subprocess.run(**program(COLUMNS="80", LINES="24"), input=b"hello\n", capture_output=True, check=True)

    assert done.stdout == b"hello 80x24 False False\n"
