"""The Functions app under test, in a process of its own under the local host, as Azure runs it apart from the rest."""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO, Self

START_LIMIT = 30.0  # seconds until the app is indexed; Azure gives an app as many
_STOP_LIMIT = 10.0
_READY = "ready "
# What a program needs of the surrounding shell. The rest may be another configuration: of Azure, of a proxy, of Python.
_KEPT = frozenset({"PATH", "HOME", "LANG", "TMPDIR", "VIRTUAL_ENV", "PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX"})
_KEPT_PREFIXES = ("LC_", "LAB_")


class AppFailed(Exception):  # noqa: N818 - what happened to the app, said to the person who started it
    """The host ended, or did not come up in time; the text says which."""


class AppProcess:
    """`python -m lab.host` with an app and its settings; an async context manager.

    Args:
        app: Folder with function_app.py.
        settings: The app settings. Of this process's environment the app gets only what a program needs to run, and
            LAB_*: the host's keys.
        port: TCP port on loopback; 0 for any.
        auth: Whether function keys are asked for.
        log: Where the host's and the app's log goes; this process's stderr when absent.

    Attributes:
        url: `http://127.0.0.1:<port>`, once started.
    """

    def __init__(
        self, app: Path, settings: Mapping[str, str], *, port: int = 0, auth: bool = False, log: BinaryIO | None = None
    ) -> None:
        self._app = app
        self._settings = settings
        self._port = port
        self._auth = auth
        self._log = log
        self._process: Process | None = None
        self._draining: asyncio.Task[None] | None = None
        self.url = ""

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Starts the host and waits until the app is indexed.

        Raises:
            AppFailed: it is not.
        """
        options = ["--app", str(self._app), "--port", str(self._port), "--exit-with-stdin"]
        self._process = process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "lab.host", *options, *(["--auth"] if self._auth else []),
            env=self._environment(), stdin=PIPE, stdout=PIPE, stderr=self._log,
        )  # fmt: skip
        assert process.stdout is not None  # noqa: S101 - asked for above
        try:
            self.url = await _ready_url(process, process.stdout)
        except BaseException:  # cancelled, too
            await self.stop()
            raise
        self._draining = asyncio.create_task(_drain(process.stdout))

    async def stop(self) -> None:
        """Ends the host: politely, then by force."""
        process, self._process = self._process, None
        if process is None:
            return
        await self._end(process)
        if self._draining is not None:
            await self._draining

    async def _end(self, process: Process) -> None:
        assert process.stdin is not None  # noqa: S101 - asked for in start
        process.stdin.close()
        try:
            async with asyncio.timeout(_STOP_LIMIT):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()

    async def wait(self) -> int:
        """Waits until the host ends by itself; its exit code."""
        assert self._process is not None  # noqa: S101 - a mistake of the caller
        return await self._process.wait()

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name in _KEPT or name.startswith(_KEPT_PREFIXES)}
        source = str(Path(__file__).parents[1])
        return {**kept, "PYTHONPATH": source, **self._settings}


async def _ready_url(process: Process, stdout: asyncio.StreamReader) -> str:
    try:
        async with asyncio.timeout(START_LIMIT):
            url = await _ready(stdout)
    except TimeoutError:
        raise AppFailed(f"the Functions host was not ready after {START_LIMIT:.0f} s") from None
    if url is None:
        raise AppFailed(f"the Functions host ended with code {await process.wait()}")
    return url


async def _ready(stdout: asyncio.StreamReader) -> str | None:
    """The URL in the host's ready line, whatever the app prints before it; none when the host ends first."""
    while line := (await stdout.readline()).decode(errors="replace"):
        if line.startswith(_READY):
            return line.removeprefix(_READY).strip()
    return None


async def _drain(stdout: asyncio.StreamReader) -> None:
    """Reads on, so that an app that prints much does not fill the pipe and stand still."""
    while await stdout.read(4096):
        pass
