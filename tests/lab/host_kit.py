"""Functions apps in processes of their own: the host holds one app per process, so each test module starts its own."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

APPS = Path(__file__).parent / "apps"
SOURCES = Path(__file__).parents[2] / "src"
DEADLINE = 30.0


class Output:
    """The lines of one stream, as they come."""

    def __init__(self, stream: IO[str]) -> None:
        self.lines: list[str] = []
        self._stream = stream
        self._changed = threading.Condition()
        self._ended = False
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def _read(self) -> None:
        for line in self._stream:
            with self._changed:
                self.lines.append(line.rstrip("\n"))
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def wait_for(self, text: str) -> str:
        """The first line that has this text in it; waits until it comes, at most DEADLINE seconds."""
        with self._changed:
            self._changed.wait_for(lambda: self._ended or any(text in line for line in self.lines), DEADLINE)
            found = next((line for line in self.lines if text in line), None)
        assert found is not None, f"no {text!r} in:\n" + "\n".join(self.lines)
        return found

    def close(self) -> None:
        """Reads to the end. The process must have ended."""
        self._thread.join(DEADLINE)
        self._stream.close()


class HostProcess:
    """`python -m lab.host`, started. `url` waits until it serves."""

    def __init__(self, app: Path, *options: str, settings: Mapping[str, str] | None = None) -> None:
        command = [sys.executable, "-m", "lab.host", "--app", str(app), "--port", "0", *options]
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("LAB_", "PYTHON"))}
        self.process = subprocess.Popen(
            command,
            env={**inherited, "PYTHONPATH": str(SOURCES), "PYTHONDONTWRITEBYTECODE": "1", **(settings or {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        self.stdout = Output(self.process.stdout)
        self.stderr = Output(self.process.stderr)

    @property
    def url(self) -> str:
        """Where it serves."""
        return self.stdout.wait_for("ready ").removeprefix("ready ")

    def wait(self) -> int:
        """The exit code, once the process has ended and everything it wrote is read."""
        try:
            code = self.process.wait(DEADLINE)
        finally:
            self.process.kill()
            self.process.wait()
            self.stdout.close()
            self.stderr.close()
            if self.process.stdin is not None:
                self.process.stdin.close()
        return code


@contextmanager
def hosted(app: Path, *options: str, settings: Mapping[str, str] | None = None) -> Iterator[HostProcess]:
    """A host that serves an app; it is terminated at the end, and must then say that all was well."""
    host = HostProcess(app, *options, settings=settings)
    try:
        assert host.url
        yield host
    finally:
        host.process.terminate()
        code = host.wait()
    assert code == 0, "\n".join(host.stderr.lines)
