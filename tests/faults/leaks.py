"""What a check leaves behind: sockets and other descriptors, tasks, threads, and exceptions in the log."""

import asyncio
import gc
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_POLL = 0.005  # seconds


class Before:
    """What was there before; `left` tells what has come since and has not gone."""

    def __init__(self) -> None:
        self._descriptors = _descriptors()
        self._tasks = asyncio.all_tasks()
        self._threads = set(threading.enumerate())

    async def left(self, patience: float) -> list[str]:
        """What is left once it has had `patience` seconds to go; empty as soon as nothing is.

        What only waits for the garbage collector, as the pool of a closed HTTP session may, is not left.
        """
        if not self._left():
            return []
        gc.collect()
        loop = asyncio.get_running_loop()
        ends = loop.time() + patience
        while (left := self._left()) and loop.time() < ends:  # noqa: ASYNC110 - no event tells of a descriptor
            await asyncio.sleep(_POLL)
        return left

    def _left(self) -> list[str]:
        opened = _descriptors()
        descriptors = [name for number, name in opened.items() if self._descriptors.get(number) != name]
        tasks = [repr(task) for task in asyncio.all_tasks() - self._tasks]
        threads = [repr(thread) for thread in set(threading.enumerate()) - self._threads]
        return [*descriptors, *tasks, *threads]


def _descriptors() -> dict[str, str]:
    """Number and name of each open descriptor; a socket's name is unique."""
    found = {}
    for descriptor in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):  # the listing's own, which is closed by now
            found[descriptor.name] = str(descriptor.readlink())
    return found


class Log(logging.Handler):
    """What was logged as an error or with an exception, and every text that was logged."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.errors: list[str] = []
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        text = self.format(record)
        self.texts.append(text)
        if record.levelno >= logging.ERROR or record.exc_info:
            self.errors.append(text)


@contextmanager
def logged() -> Iterator[Log]:
    """What is logged meanwhile; asyncio's complaints about what nobody awaited come out before it ends."""
    log = Log()
    root = logging.getLogger()
    root.addHandler(log)
    try:
        yield log
        gc.collect()
    finally:
        root.removeHandler(log)
