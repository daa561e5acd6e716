"""The host's log: one line per record on stderr; what an app logs carries its function and invocation."""

import logging
import time
from collections.abc import Mapping
from typing import TextIO

from azure_functions_runtime import invocation_id_cv

HOST = logging.getLogger("lab.host")
# The runtime's own logger: its records repeat what this host says itself.
_RUNTIME = "azure.functions"


class _Named(logging.Filter):
    """Adds `category` and `invocation` to each record."""

    def __init__(self, running: Mapping[str, str]) -> None:
        super().__init__()
        self._running = running

    def filter(self, record: logging.LogRecord) -> bool:
        """Never refuses a record."""
        invocation = invocation_id_cv.get()
        name = self._running.get(invocation) if invocation else None
        if name is None:
            category = record.name
        else:
            category = f"Function.{name}" if record.name == HOST.name else f"Function.{name}.User"
        record.__dict__.update(category=category, invocation=invocation if name is not None else "-")
        return True


def handler(stream: TextIO, running: Mapping[str, str]) -> logging.Handler:
    """A handler that writes `time level [category] (invocation) message`, times in UTC.

    Args:
        stream: Where to.
        running: Function names by invocation id: `Runtime.running`.
    """
    made = logging.StreamHandler(stream)
    made.addFilter(_Named(running))
    formatter = logging.Formatter(
        "%(asctime)s.%(msecs)03dZ %(levelname)s [%(category)s] (%(invocation)s) %(message)s", "%Y-%m-%dT%H:%M:%S"
    )
    formatter.converter = time.gmtime
    made.setFormatter(formatter)
    return made


def configure(stream: TextIO, running: Mapping[str, str]) -> None:
    """Sends the whole process's log to a stream, from level INFO."""
    root = logging.getLogger()
    root.addHandler(handler(stream, running))
    root.setLevel(logging.INFO)
    logging.getLogger(_RUNTIME).setLevel(logging.WARNING)
