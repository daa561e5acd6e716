"""The product as its users meet it: an app behind a URL, a command in a terminal."""

import asyncio
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

ROOT = Path(__file__).parents[2]
_COMMAND_LIMIT = 60.0  # seconds


@dataclass(frozen=True)
class Answer:
    """An HTTP answer, read whole."""

    status: int
    media_type: str
    body: bytes
    document: Any


@dataclass(frozen=True)
class App:
    """A Functions app over HTTP, and its log."""

    url: str
    http: aiohttp.ClientSession
    log: Path

    async def send(self, method: str, path: str, **options: Any) -> Answer:  # noqa: ANN401 - aiohttp's options
        """One request; the document is the parsed JSON, or none where there is no JSON."""
        async with self.http.request(method, f"{self.url}{path}", **options) as response:
            body = await response.read()
            is_json = response.content_type.endswith("json")
            return Answer(
                response.status,
                response.content_type,
                body,
                await response.json(content_type=None) if is_json else None,
            )

    async def check(self, mailbox: str, *protocols: str) -> Any:  # noqa: ANN401 - JSON
        """The report of a check by these protocols."""
        asked = {"mailbox": mailbox, **({"protocols": list(protocols)} if protocols else {})}
        answer = await self.send("POST", "/api/checks", json=asked)
        assert answer.status == 200, answer
        return answer.document


@dataclass(frozen=True)
class Ended:
    """A command that has ended."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Terminal:
    """Runs `python -m mailcheck` with an environment."""

    environment: Mapping[str, str]

    async def run(self, *arguments: str, **settings: str) -> Ended:
        """Runs the command to its end; further settings override those of the environment."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "mailcheck", *arguments,
            env={**self.environment, **settings}, cwd=ROOT,
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, err = await asyncio.wait_for(process.communicate(), _COMMAND_LIMIT)
        assert process.returncode is not None
        return Ended(process.returncode, out.decode(), err.decode())
