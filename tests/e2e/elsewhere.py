"""The lab's world in a process of its own: what Microsoft's side does there is no stall of the app's loop.

Run as a program, it writes the app settings of its world as a line of JSON, and then answers each line that it reads:
`{"bot_url": ..., "delay": seconds that tokens and keys take, "say": [texts]}` by `[[status, posts], ...]` of the turns,
which are at the same time and each in the chat of another person.
"""

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from lab.teams.conversation import ANNA, BEN
from lab.world import World
from tests.e2e.kit import ROOT

_PEOPLE = (ANNA, BEN)
_LIMIT = 60.0  # seconds for any answer of the process


class Elsewhere:
    """The process.

    Attributes:
        settings: The app settings of its world.
    """

    def __init__(self, process: Process, settings: Mapping[str, str]) -> None:
        self._process = process
        self.settings = settings

    async def say(self, bot_url: str, *texts: str, delay: float = 0.0) -> list[tuple[int, int]]:
        """Has a person for each of these texts write it to the bot; the status of each turn, and the posts of it."""
        assert self._process.stdin is not None
        asked = {"bot_url": bot_url, "delay": delay, "say": texts}
        self._process.stdin.write(f"{json.dumps(asked)}\n".encode())
        return [(status, posts) for status, posts in await _line(self._process)]


@asynccontextmanager
async def elsewhere() -> AsyncIterator[Elsewhere]:
    """The process, from its start to its end."""
    environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.e2e.elsewhere", cwd=ROOT, env=environment, stdin=PIPE, stdout=PIPE
    )
    try:
        yield Elsewhere(process, await _line(process))
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await asyncio.wait_for(process.wait(), _LIMIT)


async def _line(process: Process) -> Any:  # noqa: ANN401 - JSON
    assert process.stdout is not None
    return json.loads(await asyncio.wait_for(process.stdout.readline(), _LIMIT))


async def _answer(world: World, bot_url: str, delay: float, said: Sequence[str]) -> list[tuple[int, int]]:
    world.teams.bot_url = bot_url
    world.entra.delay = world.teams.issuer.delay = delay
    turns = (world.teams.say(text, user=user) for text, user in zip(said, _PEOPLE, strict=False))
    return [(reply.status, len(reply.posts)) for reply in await asyncio.gather(*turns)]


async def _live() -> None:
    async with World() as world:
        answer: object = world.settings()
        while True:
            sys.stdout.write(f"{json.dumps(answer)}\n")
            sys.stdout.flush()
            line = await asyncio.to_thread(sys.stdin.readline)
            if not line:
                return
            asked = json.loads(line)
            answer = await _answer(world, asked["bot_url"], asked["delay"], asked["say"])


if __name__ == "__main__":
    asyncio.run(_live())
