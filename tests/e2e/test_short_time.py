"""A check that has little time still names who was silent."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from lab.world import World
from tests.e2e.kit import Checker
from tests.e2e.test_mailboxes import told

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.fixture
async def silent() -> AsyncIterator[str]:
    """The URL of a server that takes connections and never says a word."""
    connections: list[asyncio.StreamWriter] = []

    async def met(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(writer)

    server = await asyncio.start_server(met, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    yield f"http://{host}:{port}/msi/token"
    for writer in connections:
        writer.close()
    server.close()
    await server.wait_closed()


@pytest.mark.parametrize("seconds", ["2", "4"])
async def test_a_silent_identity_is_not_told_as_the_vaults_silence(
    world: World, silent: str, monkeypatch: pytest.MonkeyPatch, seconds: str
) -> None:
    """The vault is not asked before there is a token, and the check knows that in less than its time."""
    check = Checker(world, monkeypatch, IDENTITY_ENDPOINT=silent, MAILCHECK_TIMEOUT=seconds)
    report = await check("shared@contoso.com")
    assert set(told(report)) == {"managed-identity-refused"}
    assert report.duration_ms < 1000 * float(seconds)
