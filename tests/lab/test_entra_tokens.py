"""The tokens of the lab's Entra: what is in them, and who can verify them."""

import datetime as dt
from typing import Any

import aiohttp
import jwt
import pytest

from lab.entra import Entra
from lab.signing import Rejected
from lab.tenant import BOT_CLIENT_ID, BOT_RESOURCE, EXCHANGE_RESOURCE, MAIL_CLIENT_ID, TENANT_DOMAIN, TENANT_ID, Tenant
from tests.lab.common import BOT_SECRET, Ask


async def test_published_keys_verify_tokens(entra: Entra, web_client: aiohttp.ClientSession, tenant: Tenant) -> None:
    """The key set that the configuration points to verifies a minted token."""
    configuration = f"{entra.url}/{TENANT_DOMAIN}/v2.0/.well-known/openid-configuration"
    async with web_client.get(configuration) as response:
        document = await response.json()
    assert document["issuer"] == f"{entra.authority_url}/v2.0"
    async with web_client.get(document["jwks_uri"]) as response:
        keys = jwt.PyJWKSet.from_dict(await response.json())
    token = entra.mint(tenant.applications[MAIL_CLIENT_ID], EXCHANGE_RESOURCE)
    kid = jwt.get_unverified_header(token)["kid"]
    assert jwt.decode(token, keys[kid], audience=EXCHANGE_RESOURCE)["tid"] == TENANT_ID


@pytest.mark.parametrize(
    "resource, roles",
    [
        (EXCHANGE_RESOURCE, ["IMAP.AccessAsApp", "POP.AccessAsApp"]),
        ("https://ps.outlook.com", ["IMAP.AccessAsApp", "POP.AccessAsApp"]),
        ("https://outlook.office.com/", ["IMAP.AccessAsApp", "POP.AccessAsApp"]),
        ("https://graph.microsoft.com", None),
    ],
)
async def test_roles_belong_to_the_principal_behind_a_name(
    entra: Entra, tenant: Tenant, resource: str, roles: list[str] | None
) -> None:
    """Exchange's consented roles are in the tokens for all of its names, and the audience is the name asked for."""
    claims = entra.verify(entra.mint(tenant.applications[MAIL_CLIENT_ID], resource), resource)
    assert claims.get("roles") == roles


@pytest.mark.parametrize(
    "claims, reason",
    [
        ({"aud": EXCHANGE_RESOURCE}, "InvalidAudienceError"),
        ({"iss": "https://sts.windows.net/another/"}, "InvalidIssuerError"),
        ({"tid": "another"}, "another tenant"),
        ({"idtyp": "user"}, "not an app-only token"),
        ({"idtyp": None}, "not an app-only token"),
        ({"oid": None}, "MissingRequiredClaimError"),
        ({"appid": None}, "MissingRequiredClaimError"),
    ],
)
async def test_only_app_only_tokens_of_the_tenant_verify(
    entra: Entra, tenant: Tenant, claims: dict[str, Any], reason: str
) -> None:
    """`verify` takes what `mint` made for this audience, and refuses it with any of these changed."""
    application = tenant.applications[BOT_CLIENT_ID]
    assert entra.verify(entra.mint(application, BOT_RESOURCE), BOT_RESOURCE)["appid"] == BOT_CLIENT_ID
    with pytest.raises(Rejected, match=reason):
        entra.verify(entra.mint(application, BOT_RESOURCE, **claims), BOT_RESOURCE)


async def test_a_slash_more_becomes_part_of_the_audience(ask: Ask, entra: Entra) -> None:
    """The audience is the resource as it was asked for, with its slash."""
    status, document = await ask(client_secret=BOT_SECRET, scope=f"{BOT_RESOURCE}//.default")
    assert status == 200
    assert entra.verify(document["access_token"], f"{BOT_RESOURCE}/")


async def test_minted_tokens_take_changed_claims_and_lifetime(entra: Entra, tenant: Tenant) -> None:
    """`mint` replaces claims, leaves out those that are None, and can make a token that has expired."""
    application = tenant.applications[MAIL_CLIENT_ID]
    token = entra.mint(application, EXCHANGE_RESOURCE, roles=["SMTP.SendAsApp"], ver=None)
    claims = entra.verify(token, EXCHANGE_RESOURCE)
    assert claims["roles"] == ["SMTP.SendAsApp"]
    assert "ver" not in claims
    expired = entra.mint(application, EXCHANGE_RESOURCE, lifetime=dt.timedelta(seconds=-1))
    with pytest.raises(Rejected, match="ExpiredSignatureError"):
        entra.verify(expired, EXCHANGE_RESOURCE)
