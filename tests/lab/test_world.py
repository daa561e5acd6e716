"""The world wired together: whose tokens its servers take, by whose clock, and what is left when it cannot start."""

import asyncio
import base64
import datetime as dt
import os
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from lab.keyvault import KeyVault
from lab.pki import Authority
from lab.serving import WebServer
from lab.teams.conversation import ANNA, BEN
from lab.tenant import (
    BOT_CLIENT_ID,
    BOT_RESOURCE,
    EXCHANGE_RESOURCE,
    IDENTITY_CLIENT_ID,
    MAIL_CLIENT_ID,
    VAULT_RESOURCE,
)
from lab.world import World
from tests.lab.common import utc_now

ONE_HOUR = dt.timedelta(hours=1)
ONE_SECOND = dt.timedelta(seconds=1)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """Everything, running; the bot is in Anna's chat."""
    async with World() as started:
        started.teams.directory.install(started.teams.directory.personal(ANNA).id)
        yield started


async def test_two_people_are_operators(world: World) -> None:
    """The settings let Anna and Ben use the bot; Chloe is a stranger to it."""
    assert world.settings()["MAILCHECK_OPERATORS"] == f"{ANNA.object_id},{BEN.object_id}"


async def members(world: World, authorization: str) -> int:
    """The status of a connector call."""
    url = f"{world.teams.service_url}v3/conversations/{world.teams.directory.personal(ANNA).id}/members"
    async with (
        aiohttp.ClientSession() as session,
        session.get(url, headers={"Authorization": authorization}) as response,
    ):
        return response.status


@pytest.mark.parametrize(
    "scheme, client_id, claims, status",
    [
        ("Bearer", BOT_CLIENT_ID, {}, 200),
        ("Basic", BOT_CLIENT_ID, {}, 401),
        ("Bearer", IDENTITY_CLIENT_ID, {}, 401),
        ("Bearer", BOT_CLIENT_ID, {"iss": "https://sts.windows.net/another/", "tid": "another"}, 401),
        ("Bearer", BOT_CLIENT_ID, {"iss": "https://sts.windows.net/another/"}, 401),
        ("Bearer", BOT_CLIENT_ID, {"tid": "another"}, 401),
        ("Bearer", BOT_CLIENT_ID, {"idtyp": "user", "scp": "x"}, 401),
        ("Bearer", BOT_CLIENT_ID, {"aud": EXCHANGE_RESOURCE}, 401),
        ("Bearer", BOT_CLIENT_ID, {"aud": VAULT_RESOURCE}, 401),
        ("Bearer", BOT_CLIENT_ID, {"aud": f"{BOT_RESOURCE}/"}, 401),
        ("Bearer", BOT_CLIENT_ID, {"exp": 1}, 401),
    ],
)
async def test_the_connector_takes_the_bots_own_token_only(
    world: World, scheme: str, client_id: str, claims: dict[str, Any], status: int
) -> None:
    """A token of this tenant, for the Bot Framework, that the bot got in its own name; no other."""
    token = world.entra.mint(world.tenant.applications[client_id], BOT_RESOURCE, **claims)
    assert await members(world, f"{scheme} {token}") == status


async def imap_sign_in(world: World, token: str) -> str:
    """The tagged answer to a sign-in with this token."""
    trust = ssl.create_default_context(cafile=world.settings()["MAILCHECK_CA_FILE"])
    reader, writer = await asyncio.open_connection("localhost", world.exchange.imap_port, ssl=trust)
    response = base64.b64encode(f"user=shared@contoso.com\x01auth=Bearer {token}\x01\x01".encode())
    writer.write(b"a AUTHENTICATE XOAUTH2 %b\r\n" % response)
    await reader.readline()
    answer = (await reader.readline()).decode().strip()
    writer.transport.abort()
    return answer


async def vault_status(world: World, token: str) -> int:
    """The status of a list of secrets."""
    trust = ssl.create_default_context(cafile=world.settings()["MAILCHECK_CA_FILE"])
    async with (
        aiohttp.ClientSession(headers={"Authorization": f"Bearer {token}"}) as session,
        session.get(f"{world.vault.url}/secrets?api-version=7.6", ssl=trust) as response,
    ):
        return response.status


@pytest.mark.parametrize("minutes", [-120, 30])
async def test_all_servers_have_the_clock_of_the_world(minutes: int) -> None:
    """In a world away from the machine's time, tokens that its Entra makes are good, and those of before are not."""
    offset = dt.timedelta(minutes=minutes)
    async with World(now=lambda: utc_now() + offset) as world:
        world.teams.directory.install(world.teams.directory.personal(ANNA).id)

        def token(client_id: str, resource: str, life: dt.timedelta) -> str:
            return world.entra.mint(world.tenant.applications[client_id], resource, lifetime=life)

        for life, status, answer in ((ONE_HOUR, 200, "a OK"), (-ONE_SECOND, 401, "a NO")):
            assert await members(world, f"Bearer {token(BOT_CLIENT_ID, BOT_RESOURCE, life)}") == status
            assert await vault_status(world, token(IDENTITY_CLIENT_ID, world.vault.resource, life)) == status
            assert (await imap_sign_in(world, token(MAIL_CLIENT_ID, EXCHANGE_RESOURCE, life))).startswith(answer)


async def test_a_start_that_fails_leaves_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """When one server cannot start, those before it are stopped and the folder of the trust anchor is gone."""
    monkeypatch.setattr("tempfile.tempdir", os.fspath(tmp_path))
    world = World()
    async with WebServer() as occupant:
        port = int(occupant.url.rpartition(":")[2])
        world.vault = KeyVault(world.entra, Authority(utc_now()), now=utc_now, port=port)
        with pytest.raises(OSError, match="address already in use"):
            await world.start()
    for server in (world.entra, world.identity):
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", int(server.url.rpartition(":")[2]))
    assert os.listdir(tmp_path) == []  # noqa: PTH208 - blocking either way
    async with world:
        assert world.settings()["MAILCHECK_VAULT_URL"] == world.vault.url
