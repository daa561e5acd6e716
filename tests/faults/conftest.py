"""The world of the fault matrix: one for all cases."""

import datetime as dt
import gc
from collections.abc import AsyncGenerator

import pytest
import pytest_asyncio

from lab.pki import Authority
from mailcheck.adapters.trust import tls_context
from tests.faults.tls_faults import contexts_of
from tests.faults.world import World


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[World]:
    """Healthy servers, and adapters that have been there."""
    authority = Authority(dt.datetime.now(dt.UTC))
    file = tmp_path_factory.mktemp("trust") / "ca.pem"
    file.write_bytes(authority.pem)
    with pytest.MonkeyPatch.context() as environment:
        async with World(contexts_of(authority), tls_context(file)).open(environment) as world:
            gc.freeze()  # each case collects its own garbage, and not that of everything imported
            yield world
            gc.unfreeze()  # and what each case has frozen
