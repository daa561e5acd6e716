"""The command behind `make chat`, run as a person runs it, and headless Chromium as the person in front of it."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from tests.needs import need

FOLDER = Path(__file__).parent / "playground"
INSTALL = "apt-get install nodejs npm chromium && scripts/setup-node"
START_LIMIT = 60.0  # seconds; it needs about three
STOP_LIMIT = 40.0
_STEP_LIMIT = 200.0  # more than all waits of a step together
_LOG_SHOWN = 6000  # characters
_URL = re.compile(r"http://127\.0\.0\.1:(\d+)")

# A step of drive.mjs, which describes it.
type Step = Mapping[str, str | Sequence[str]]


class Browser:
    """A person in front of the page.

    Args:
        process: The running drive.mjs.
        command: The command whose page it is.
    """

    def __init__(self, process: "subprocess.Popen[str]", command: "PlaygroundCommand") -> None:
        self._process = process
        self._command = command

    def do(self, step: Step) -> str:
        """Does one step; the visible text of the bot's last message after it.

        Raises:
            AssertionError: The step failed; the text says how, what the chat shows, and the logs.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        self._process.stdin.write(f"{json.dumps(step)}\n")
        self._process.stdin.flush()
        watchdog = threading.Timer(_STEP_LIMIT, self._process.kill)
        watchdog.start()
        line = self._process.stdout.readline()
        watchdog.cancel()
        answer: dict[str, str] = json.loads(line) if line else {"error": self._process.stderr.read()}
        assert "seen" in answer, f"{step}: {answer['error']}\n{self._command.logs}"
        return answer["seen"]


class PlaygroundCommand:
    """`python -m lab playground` in a session of its own; a context manager that ends it as Ctrl-C does.

    Attributes:
        folder: Where its logs and temporary files are.
        process: The running command.
        url: The page that it told to open.
        port: The port in this URL.
        exit_code: How it ended; None before.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = ""
        self.port = 0
        self.exit_code: int | None = None

    def __enter__(self) -> Self:
        """Starts it and returns when it has told its URL.

        Raises:
            RuntimeError: It ended, or told none in time; the text has its logs.
        """
        self.chromium = _need_everything()
        with (self.folder / "stderr.log").open("wb") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "lab", "playground", "--port", "0", "--logs", str(self.folder)],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, text=True,
                env={**os.environ, "TMPDIR": str(self.folder)}, start_new_session=True,
            )  # fmt: skip
        assert self.process.stdout is not None
        watchdog = threading.Timer(START_LIMIT, self.process.kill)
        watchdog.start()
        found = next((found for line in self.process.stdout if (found := _URL.search(line))), None)
        watchdog.cancel()
        if found is None:
            self.stop()
            raise RuntimeError(f"the Playground did not start:\n{self.logs}")
        self.url, self.port = found[0], int(found[1])
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Ctrl-C in a terminal: SIGINT to every process of the foreground group."""
        if self.process.returncode is None:
            os.killpg(self.process.pid, signal.SIGINT)
            try:
                self.exit_code = self.process.wait(STOP_LIMIT)
            finally:
                if self.process.returncode is None:
                    os.killpg(self.process.pid, signal.SIGKILL)
        if self.process.stdout is not None:
            self.process.stdout.close()

    def nobody_left(self) -> bool:
        """Whether every process that the command started is gone; those that are ending are waited for."""
        deadline = time.monotonic() + STOP_LIMIT
        while time.monotonic() < deadline:
            try:
                os.killpg(self.process.pid, 0)
            except ProcessLookupError:
                return True
            time.sleep(0.05)
        return False

    @contextmanager
    def browser(self, theme: str = "light") -> Iterator["Browser"]:
        """A browser of its own at the page, in a theme, `light` or `dark`, for as long as the context lasts."""
        arguments = [self.url, self.chromium, tempfile.mkdtemp(dir=self.folder), theme]
        with subprocess.Popen(
            ["node", str(FOLDER / "drive.mjs"), *arguments],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        ) as process:  # fmt: skip
            yield Browser(process, self)
            assert process.stdin is not None
            process.stdin.close()

    def drive(self, steps: Sequence[Step], theme: str = "light") -> list[str]:
        """Does these steps in a new browser; the visible text of the bot's last message after each.

        Raises:
            AssertionError: A step failed; the text says which, what the chat shows, and the logs.
        """
        with self.browser(theme) as browser:
            return [browser.do(step) for step in steps]

    @property
    def logs(self) -> str:
        """The ends of the logs of the command, the Functions host and the Playground."""
        files = [self.folder / name for name in ("stderr.log", "host.log", "playground.log")]
        return "\n".join(
            f"{file.name}:\n{file.read_text(errors='replace')[-_LOG_SHOWN:]}" for file in files if file.exists()
        )


def artifact(name: str) -> Path:
    """The file for a picture that is to be looked at."""
    folder = Path(__file__).parents[2] / "artifacts"
    folder.mkdir(exist_ok=True)
    return folder / f"playground-{name}.png"


def confined(script: str) -> str:
    """The first line that a script prints in Node under confine.cjs, which then ends because its input closes."""
    need(shutil.which("node") is not None, "Node", INSTALL)
    command = ["node", "--require", str(FOLDER / "confine.cjs"), "--eval", script]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        watchdog = threading.Timer(STOP_LIMIT, process.kill)
        watchdog.start()
        assert process.stdin is not None
        assert process.stdout is not None
        line = process.stdout.readline().strip()
        process.stdin.close()
        code = process.wait()
        watchdog.cancel()
    assert code == 0
    return line


def _need_everything() -> str:
    """The Chromium to use; skips where something is missing."""
    need(shutil.which("node") is not None, "Node", INSTALL)
    need((FOLDER / "node_modules" / "playwright-core").is_dir(), "the Agents Playground", INSTALL)
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    need(chromium is not None, "Chromium", INSTALL)
    return str(chromium)
