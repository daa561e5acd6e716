"""The places of calls in a chat, without anything that is said: when each is, and how long it is known."""

import asyncio
from collections.abc import Sequence

from mailcheck.faces.teams.rate_limit import RateLimit, RateLimits
from tests.instant import instantly


async def _waited(turns: Sequence[float]) -> list[float]:
    """Seconds that each of these turns, which have so many, waits for a place; all begin at once, in this order."""
    limit, now = RateLimit(), asyncio.get_running_loop().time
    began = now()

    async def wait(seconds: float) -> float:
        with limit.share(began + seconds) as share:
            await share.wait_for_place()
            return round(now() - began, 3)

    return await asyncio.gather(*map(wait, turns))


@instantly
async def test_a_place_is_waited_for_in_turn() -> None:
    """Eight in two seconds and no more, a little later than Teams counts; who came first does not wait for longer."""
    assert await _waited([60.0] * 16) == [0.0] * 7 + [1.1] + [2.1] * 6 + [2.2, 3.2]


@instantly
async def test_who_cannot_wait_puts_nobody_behind_who_comes_later() -> None:
    """Three turns that end in a second speak in time, and count; the others have their places in turn as before."""
    waited = await _waited([60.0] * 14 + [1.0] * 3 + [60.0] * 8)
    assert waited == [0.0] * 7 + [1.1] + [2.1] * 6 + [0.5] * 3 + [2.6, 3.2] + [4.2] * 6


@instantly
async def test_a_chat_is_forgotten_when_all_is_said() -> None:
    """Half a minute after the last word, when the next one is said anywhere; never while somebody waits in it."""
    limits = RateLimits()
    now = asyncio.get_running_loop().time
    with limits.share("a:1", now() + 60) as share:
        await share.wait_for_place()
        await asyncio.sleep(40)
        with limits.share("a:2", now() + 60):
            assert len(limits) == 2
    with limits.share("a:3", now() + 60):
        assert len(limits) == 1
