"""The bot: what the guard costs beside the SDK's own validation, and how soon a chat shows something."""

import asyncio
import json
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable

import aiohttp
from botbuilder.schema import Activity
from botframework.connector.auth import (
    AuthenticationConfiguration,
    ChannelValidation,
    JwtTokenExtractor,
    JwtTokenValidation,
    SimpleCredentialProvider,
)

from lab.app_process import AppProcess
from lab.tenant import BOT_CLIENT_ID
from lab.world import World
from tests.adapters.bot_kit import SERVICE_URL, activity, issued
from tests.bench.processes import ROOT
from tests.bench.table import goal, ms, table

RUNS = 9
GOAL = 1.0  # seconds from a message to the first card, in a process that has just started
_REQUESTS = 100  # in a row, of one side
_TALK = "/mailcheck shared@contoso.com"
_PAUSE = 1.1  # seconds: more messages in one would meet Teams' limits


async def measure(runs: int) -> str:
    """Two tables: a request judged, and a message answered."""
    return f"{await _judged(runs)}\n\n{await _answered(runs)}"


async def _judged(runs: int) -> str:
    """Both sides know the keys and take turns; the SDK is pointed at the same issuer."""
    async with issued() as world:
        ChannelValidation.open_id_metadata_endpoint = world.metadata_url
        JwtTokenExtractor.metadataCache = {}
        header = f"Bearer {world.issuer.token(SERVICE_URL)}"
        body = json.dumps(activity()).encode()
        parsed = Activity().deserialize(activity())
        credentials, configuration = SimpleCredentialProvider(BOT_CLIENT_ID, "unused"), AuthenticationConfiguration()

        async def guard() -> bool:
            return (await world.guard.admit(header, body)).admitted

        async def sdk() -> bool:
            identity = await JwtTokenValidation.authenticate_request(
                parsed, header, credentials, auth_configuration=configuration
            )
            return bool(identity.is_authenticated)

        # The SDK fetches its keys on the event loop, where the issuer answers: a thread with a loop of its own does.
        await asyncio.to_thread(asyncio.run, _many(sdk, 1))
        await _many(guard, 1)
        pairs = [(await _many(sdk, _REQUESTS), await _many(guard, _REQUESTS)) for _ in range(runs)]
    theirs, ours = (ms(side) * 1000 for side in zip(*pairs, strict=True))
    ratio = statistics.median(our / their for their, our in pairs)
    return table(("one request judged", "SDK, µs", "guard, µs", "ratio"), [("warm", *_figures(theirs, ours, ratio))])


def _figures(theirs: float, ours: float, ratio: float) -> tuple[str, str, str]:
    return f"{theirs:.0f}", f"{ours:.0f}", f"{ratio:.2f}"


async def _many(judge: Callable[[], Awaitable[bool]], times: int) -> float:
    """Seconds of one, on the average of so many."""
    began = time.perf_counter()
    for _ in range(times):
        assert await judge()
    return (time.perf_counter() - began) / times


async def _answered(runs: int) -> str:
    """Messages to function_app.py under the lab's host; beside them its simplest answer, the floor of any."""
    cold: list[tuple[float, float]] = []
    warm: list[tuple[float, float]] = []
    floor: list[float] = []
    async with World() as world, aiohttp.ClientSession() as http:
        for _ in range(runs):
            with tempfile.TemporaryFile() as log:
                async with AppProcess(ROOT, world.settings(), log=log) as process:
                    world.teams.bot_url = f"{process.url}/api/messages"
                    for times in (cold, warm):
                        await asyncio.sleep(_PAUSE)
                        times.append(await _said(world))
                    floor.append(await _health(http, process.url))
    rows = [
        ("health, warm", "", f"{ms(floor):.0f}", ""),
        ("the first message of a process", *_shown(cold), goal(ms(first for first, _ in cold) <= GOAL * 1000)),
        ("the second", *_shown(warm), ""),
    ]
    return table(
        ("from a message to ...", "the first card, ms", "the end of the turn, ms", f"goal: {GOAL:.0f} s"), rows
    )


def _shown(times: list[tuple[float, float]]) -> tuple[str, str]:
    return f"{ms(first for first, _ in times):.0f}", f"{ms(end for _, end in times):.0f}"


async def _said(world: World) -> tuple[float, float]:
    """Seconds until the chat has the first card, and until the turn has ended."""
    chat = world.teams.directory.personal(world.teams.directory.people[0])
    seen = len(chat.posts) + 1  # what is said, then the card
    began = time.perf_counter()
    turn = asyncio.create_task(world.teams.say(_TALK))
    await chat.wait_until(lambda now: len(now.posts) > seen, timeout=20)
    first = time.perf_counter() - began
    reply = await turn
    assert reply.status == 200
    return first, time.perf_counter() - began


async def _health(http: aiohttp.ClientSession, url: str) -> float:
    began = time.perf_counter()
    async with http.get(f"{url}/api/health") as answer:
        assert answer.status == 200
    return time.perf_counter() - began
