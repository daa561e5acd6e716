"""Microsoft's side, once for all proofs that leave it as it is."""

from collections.abc import AsyncIterator

import pytest_asyncio

from lab.world import World


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def world() -> AsyncIterator[World]:
    """A world in which nothing is wrong."""
    async with World() as started:
        yield started
