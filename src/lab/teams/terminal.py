"""A terminal, or a pipe in its place: where lines come from and where text goes."""

import asyncio
import codecs
import os
import shutil
import sys
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Self

_MAX_WIDTH = 100  # lines longer than this are hard to read, however wide the window is


@dataclass(frozen=True)
class Terminal:
    """What a chat needs of a terminal.

    Attributes:
        read_line: The next line without its newline; None at the end of the input.
        write: Writes text at once.
        width: Cells per line.
        height: Lines on the screen: the cursor cannot go up further.
        colour: Whether colours may be used.
        live: Whether a person sits there: the input is echoed as it is typed, and the cursor can be moved.
    """

    read_line: Callable[[], Awaitable[str | None]]
    write: Callable[[str], object]
    width: int = 80
    height: int = 24
    colour: bool = False
    live: bool = False

    @classmethod
    def of_process(cls) -> Self:
        """Standard input and output; plain where they are pipes, without colour where NO_COLOR is set."""
        live = sys.stdin.isatty() and sys.stdout.isatty()
        size = shutil.get_terminal_size()
        return cls(
            read_line=LineReader(sys.stdin.fileno()).read_line,
            write=_write_at_once,
            width=min(size.columns, _MAX_WIDTH),
            height=size.lines,
            colour=sys.stdout.isatty() and not os.environ.get("NO_COLOR"),
            live=live,
        )


class LineReader:
    """Lines of a file descriptor (terminal, pipe or file) without blocking the event loop.

    A thread reads, because asyncio cannot wait for a file on every system. It is a daemon on the bare descriptor: the
    process can end while it waits, and no lock of sys.stdin is held then.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._lines: asyncio.Queue[str | None] = asyncio.Queue()
        self._thread: threading.Thread | None = None
        self._ended = False

    async def read_line(self) -> str | None:
        """The next line without its newline, a last line without one included; None at the end."""
        if self._ended:
            return None
        if self._thread is None:
            loop = asyncio.get_running_loop()
            self._thread = threading.Thread(target=self._read, args=(loop,), name="lines", daemon=True)
            self._thread.start()
        line = await self._lines.get()
        self._ended = line is None
        return line

    def _read(self, loop: asyncio.AbstractEventLoop) -> None:
        decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        pending = ""
        with suppress(RuntimeError):  # the loop was closed while this thread waited: nobody asks any more
            while chunk := os.read(self._descriptor, 4096):
                *lines, pending = (pending + decoder.decode(chunk)).split("\n")
                for line in lines:
                    loop.call_soon_threadsafe(self._lines.put_nowait, line.removesuffix("\r"))
            if pending:
                loop.call_soon_threadsafe(self._lines.put_nowait, pending)
            loop.call_soon_threadsafe(self._lines.put_nowait, None)


def _write_at_once(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
