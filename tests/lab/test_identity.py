"""The managed identity endpoint in the lab, asked by genuine azure-identity."""

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import msal
import pytest
import requests
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import ManagedIdentityCredential

from lab.entra import Entra, Sighting
from lab.identity import ManagedIdentity
from lab.tenant import (
    BOT_CLIENT_ID,
    BOT_PRINCIPAL_ID,
    BOT_RESOURCE,
    IDENTITY_CLIENT_ID,
    IDENTITY_PRINCIPAL_ID,
    MAIL_CLIENT_ID,
    VAULT_RESOURCE,
    Tenant,
)

HEADER = "the function's own header"
GOOD = {"api-version": "2019-08-01", "resource": VAULT_RESOURCE}


@pytest.fixture
async def identity(entra: Entra, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ManagedIdentity]:
    """The endpoint, running, and made known as App Service does it."""
    async with ManagedIdentity(entra, header=HEADER) as server:
        for name, value in server.environment().items():
            monkeypatch.setenv(name, value)
        yield server


def token_by_sdk(client_id: str | None, scope: str) -> tuple[str, int]:
    """A token and its expiry by azure-identity; blocking."""
    with ManagedIdentityCredential(client_id=client_id, retry_total=0) as credential:
        token = credential.get_token(scope)
    return token.token, token.expires_on


@pytest.mark.parametrize(
    "client_id, resource, principal_id",
    [(None, VAULT_RESOURCE, IDENTITY_PRINCIPAL_ID), (BOT_CLIENT_ID, BOT_RESOURCE, BOT_PRINCIPAL_ID)],
)
async def test_azure_identity_gets_a_token(
    identity: ManagedIdentity, entra: Entra, client_id: str | None, resource: str, principal_id: str
) -> None:
    """Without a client id it is the system-assigned identity's token, with one the user-assigned identity's."""
    token, expires_on = await asyncio.to_thread(token_by_sdk, client_id, f"{resource}/.default")
    claims = entra.verify(token, resource)
    assert claims["oid"] == principal_id
    assert expires_on == pytest.approx(claims["exp"], abs=5)
    assert identity.sightings == [Sighting(client_id or IDENTITY_CLIENT_ID, "managed identity", "issued")]


async def test_msal_gets_the_bots_token(identity: ManagedIdentity, entra: Entra) -> None:
    """MSAL's own client, which the bot's credentials use, reads the answer too."""

    def acquire() -> dict[str, str]:
        with requests.Session() as http:
            client = msal.ManagedIdentityClient(
                msal.UserAssignedManagedIdentity(client_id=BOT_CLIENT_ID), http_client=http
            )
            answer: dict[str, str] = client.acquire_token_for_client(resource=BOT_RESOURCE)
            return answer

    answer = await asyncio.to_thread(acquire)
    assert entra.verify(answer["access_token"], BOT_RESOURCE)["appid"] == BOT_CLIENT_ID
    assert len(identity.sightings) == 1


async def test_azure_identity_shows_a_refusal(identity: ManagedIdentity) -> None:
    """An identity that is not assigned to the app is refused, and the SDK shows the endpoint's status."""
    with pytest.raises(ClientAuthenticationError, match="400"):
        await asyncio.to_thread(token_by_sdk, MAIL_CLIENT_ID, f"{VAULT_RESOURCE}/.default")
    assert identity.sightings == [Sighting(MAIL_CLIENT_ID, "managed identity", "400")]


@pytest.mark.parametrize(
    "header, query, status",
    [
        (HEADER, GOOD, 200),
        (HEADER, {**GOOD, "client_id": BOT_CLIENT_ID.upper()}, 200),
        (None, GOOD, 401),
        ("guessed", GOOD, 401),
        (HEADER, {"resource": VAULT_RESOURCE}, 400),
        (HEADER, {**GOOD, "api-version": "2017-09-01"}, 400),
        (HEADER, {"api-version": "2019-08-01"}, 400),
        (HEADER, {**GOOD, "resource": "https://unknown.example"}, 400),
        (HEADER, {**GOOD, "client_id": MAIL_CLIENT_ID}, 400),
        (HEADER, {**GOOD, "client_id": ""}, 400),
        (HEADER, {**GOOD, "mi_res_id": "/subscriptions/none"}, 400),
    ],
)
async def test_requests_are_checked(
    identity: ManagedIdentity,
    web_client: aiohttp.ClientSession,
    header: str | None,
    query: dict[str, str],
    status: int,
) -> None:
    """A wrong header is 401, a wrong parameter 400, and a refusal names its status in the body."""
    headers = {"X-IDENTITY-HEADER": header} if header else {}
    endpoint = identity.environment()["IDENTITY_ENDPOINT"]
    async with web_client.get(endpoint, params=query, headers=headers) as response:
        document = await response.json()
    assert (response.status, document.get("statusCode", 200)) == (status, status)


async def test_a_disabled_principal_gets_no_token(
    identity: ManagedIdentity, web_client: aiohttp.ClientSession, tenant: Tenant
) -> None:
    """An identity whose enterprise application is switched off is refused, in Entra's words."""
    tenant.applications[IDENTITY_CLIENT_ID].enabled = False
    endpoint = identity.environment()["IDENTITY_ENDPOINT"]
    async with web_client.get(endpoint, params=GOOD, headers={"X-IDENTITY-HEADER": HEADER}) as response:
        assert response.status == 400
        assert (await response.json())["message"].startswith("AADSTS7000112: ")


async def test_the_answer_has_the_documented_members(
    identity: ManagedIdentity, web_client: aiohttp.ClientSession
) -> None:
    """Times are Unix seconds written as strings."""
    endpoint = identity.environment()["IDENTITY_ENDPOINT"]
    async with web_client.get(endpoint, params=GOOD, headers={"X-IDENTITY-HEADER": HEADER}) as response:
        document = await response.json()
    assert document.keys() == {"access_token", "client_id", "expires_on", "not_before", "resource", "token_type"}
    assert int(document["not_before"]) < int(document["expires_on"])
    assert (document["resource"], document["token_type"]) == (VAULT_RESOURCE, "Bearer")


async def test_an_app_without_a_system_assigned_identity(
    entra: Entra, web_client: aiohttp.ClientSession, tenant: Tenant
) -> None:
    """Where only a user-assigned identity exists, a request that selects none is refused."""
    async with ManagedIdentity(entra, header=HEADER, system_assigned=None) as server:
        endpoint = server.environment()["IDENTITY_ENDPOINT"]
        async with web_client.get(endpoint, params=GOOD, headers={"X-IDENTITY-HEADER": HEADER}) as response:
            assert response.status == 400
    assert IDENTITY_CLIENT_ID in tenant.applications
