"""Entra in the lab, asked by genuine MSAL and by requests that no honest client sends."""

import asyncio
import re
import uuid
from typing import Any

import aiohttp
import msal
import pytest
import requests
from msal.authority import Authority as MsalAuthority

from lab.assertion import ASSERTION_TYPE
from lab.entra import Entra, Sighting
from lab.pki import KeyPair
from lab.tenant import (
    BOT_CLIENT_ID,
    BOT_RESOURCE,
    EXCHANGE_RESOURCE,
    MAIL_CLIENT_ID,
    MAIL_PRINCIPAL_ID,
    TENANT_DOMAIN,
    TENANT_ID,
    Tenant,
)
from tests.lab.common import BOT_SECRET, MAIL_SCOPE, Ask, utc_now


def msal_app(
    entra: Entra, http: requests.Session, credential: dict[str, str] | str, client_id: str = MAIL_CLIENT_ID
) -> msal.ConfidentialClientApplication:
    """A genuine MSAL application; makes HTTPS requests, so it belongs into a thread."""
    return msal.ConfidentialClientApplication(
        client_id,
        client_credential=credential,
        authority=entra.authority_url,
        instance_discovery=False,
        http_client=http,
    )


def credential_forms(pair: KeyPair) -> dict[str, dict[str, str]]:
    """The two forms in which MSAL takes a certificate, by the algorithm that it then signs with."""
    key = pair.key_pem.decode()
    return {
        "RS256": {"private_key": key, "thumbprint": pair.thumbprint},
        "PS256": {"private_key": key, "public_certificate": pair.certificate_pem.decode()},
    }


async def acquire(app: msal.ConfidentialClientApplication, *scopes: str) -> dict[str, Any]:
    """A token for a scope, Exchange's by default, with the loop free meanwhile."""
    answer: dict[str, Any] = await asyncio.to_thread(app.acquire_token_for_client, list(scopes or [MAIL_SCOPE]))
    return answer


@pytest.mark.parametrize("algorithm", ["RS256", "PS256"])
async def test_msal_gets_a_token_with_a_certificate(
    entra: Entra, msal_http: requests.Session, mail_certificate: KeyPair, algorithm: str
) -> None:
    """MSAL's assertion by either thumbprint buys a v1 token with exactly the consented roles."""
    form = credential_forms(mail_certificate)[algorithm]
    answer = await acquire(await asyncio.to_thread(msal_app, entra, msal_http, form))
    claims = entra.verify(answer["access_token"], EXCHANGE_RESOURCE)
    expected = {
        "appid": MAIL_CLIENT_ID,
        "appidacr": "2",
        "idtyp": "app",
        "oid": MAIL_PRINCIPAL_ID,
        "sub": MAIL_PRINCIPAL_ID,
        "tid": TENANT_ID,
        "ver": "1.0",
        "roles": ["IMAP.AccessAsApp", "POP.AccessAsApp"],
    }
    assert claims.items() >= expected.items()
    assert claims["exp"] - utc_now().timestamp() == pytest.approx(answer["expires_in"], abs=5)
    assert len(claims["uti"]) == 22
    assert entra.sightings == [Sighting(MAIL_CLIENT_ID, "certificate", "issued")]


async def test_msal_gets_a_token_with_a_secret(entra: Entra, msal_http: requests.Session) -> None:
    """A client secret buys the bot's token, marked as such; without consent there is no claim of roles."""
    app = await asyncio.to_thread(msal_app, entra, msal_http, BOT_SECRET, BOT_CLIENT_ID)
    answer = await acquire(app, f"{BOT_RESOURCE}/.default")
    claims = entra.verify(answer["access_token"], BOT_RESOURCE)
    assert claims["appidacr"] == "1"
    assert "roles" not in claims
    assert entra.sightings == [Sighting(BOT_CLIENT_ID, "secret", "issued")]


async def test_msal_sends_one_assertion_for_several_tokens(
    entra: Entra, msal_http: requests.Session, mail_certificate: KeyPair
) -> None:
    """MSAL sends the same assertion again for another resource, and gets both tokens, as from Entra."""
    form = credential_forms(mail_certificate)["PS256"]
    app = await asyncio.to_thread(msal_app, entra, msal_http, form)
    await acquire(app)
    answer = await acquire(app, "https://graph.microsoft.com/.default")
    assert "access_token" in answer
    assert [sighting.outcome for sighting in entra.sightings] == ["issued", "issued"]


async def test_msal_shows_the_code_of_a_refusal(
    entra: Entra, msal_http: requests.Session, tenant: Tenant, mail_certificate: KeyPair
) -> None:
    """A certificate that is not registered is refused with 700027, and its thumbprint is quoted."""
    tenant.applications[MAIL_CLIENT_ID].certificates.clear()
    form = credential_forms(mail_certificate)["RS256"]
    answer = await acquire(await asyncio.to_thread(msal_app, entra, msal_http, form))
    assert answer["error"] == "invalid_client"
    assert answer["error_codes"] == [700027]
    assert mail_certificate.thumbprint in answer["error_description"]
    assert entra.sightings == [Sighting(MAIL_CLIENT_ID, "certificate", "AADSTS700027")]


async def test_msal_discovers_the_instance_and_the_tenant(entra: Entra, msal_http: requests.Session) -> None:
    """MSAL's instance discovery accepts the lab and leads from the tenant's domain to its id."""
    found = await asyncio.to_thread(
        MsalAuthority,
        f"{entra.url}/{TENANT_DOMAIN}",
        msal_http,
        instance_discovery=f"{entra.url}/common/discovery/instance",
    )
    assert found.token_endpoint == f"{entra.authority_url}/oauth2/v2.0/token"
    assert found.tenant == TENANT_ID


@pytest.mark.parametrize("endpoint", ["https://login.example/contoso.com/oauth2/v2.0/authorize", "localhost", ""])
async def test_unknown_instances_are_refused(entra: Entra, web_client: aiohttp.ClientSession, endpoint: str) -> None:
    """Instance discovery answers `invalid_instance` for a host that is not its own."""
    parameters = {"api-version": "1.1", "authorization_endpoint": endpoint}
    async with web_client.get(f"{entra.url}/common/discovery/instance", params=parameters) as response:
        assert response.status == 400
        assert (await response.json())["error"] == "invalid_instance"


async def test_instance_metadata_has_the_aliases(entra: Entra, web_client: aiohttp.ClientSession) -> None:
    """The metadata list has the members that MSAL groups its cache by."""
    parameters = {"api-version": "1.1", "authorization_endpoint": f"{entra.url}/common/oauth2/authorize"}
    async with web_client.get(f"{entra.url}/common/discovery/instance", params=parameters) as response:
        document = await response.json()
    names = {"preferred_network": "localhost", "preferred_cache": "localhost", "aliases": ["localhost"]}
    assert document["metadata"] == [names]


@pytest.mark.parametrize("path", ["v2.0/.well-known/openid-configuration", "discovery/v2.0/keys"])
async def test_unknown_tenants_have_no_documents(entra: Entra, web_client: aiohttp.ClientSession, path: str) -> None:
    """Discovery for a tenant that does not exist is refused with 90002."""
    async with web_client.get(f"{entra.url}/fabrikam.com/{path}") as response:
        assert response.status == 400
        assert (await response.json())["error_codes"] == [90002]


async def test_a_refusal_has_entras_shape(ask: Ask, entra: Entra) -> None:
    """The document repeats number, ids and time in its members and in its description."""
    _, document = await ask(tenant="fabrikam.com")
    stamp = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ"
    assert document["error"] == "invalid_request"
    assert document["error_uri"] == f"{entra.url}/error?code=90002"
    assert re.fullmatch(stamp, document["timestamp"])
    assert re.fullmatch(
        rf"AADSTS90002: .+ Trace ID: {uuid.UUID(document['trace_id'])} "
        rf"Correlation ID: {uuid.UUID(document['correlation_id'])} Timestamp: {stamp}",
        document["error_description"],
    )


@pytest.mark.parametrize(
    "change, status, number",
    [
        ({"tenant": "fabrikam.com"}, 400, 90002),
        ({"tenant": "Contoso Ltd"}, 400, 900023),
        ({"tenant": "common"}, 400, 9001023),
        ({"tenant": "Organizations"}, 400, 9001023),
        ({"grant_type": None}, 400, 900144),
        ({"client_id": None}, 400, 900144),
        ({"scope": None}, 400, 900144),
        ({"grant_type": "password"}, 400, 70003),
        ({"resource": BOT_RESOURCE}, 400, 901002),
        ({"scope": f"{BOT_RESOURCE}/.default {MAIL_SCOPE}"}, 400, 70011),
        ({"scope": f"{EXCHANGE_RESOURCE}/IMAP.AccessAsUser.All"}, 400, 1002012),
        ({"scope": "https://unknown.example/.default"}, 400, 500011),
        ({"client_id": "00000000-0000-4000-8000-000000000000"}, 400, 700016),
        ({"client_secret": "wrong"}, 401, 7000215),
        ({"client_secret": "wrong", "client_id": MAIL_CLIENT_ID}, 401, 7000215),
        ({"client_secret": None}, 401, 7000216),
        ({"client_secret": None, "client_assertion": "a.b.c"}, 400, 900144),
        ({"client_secret": None, "client_assertion": "a.b.c", "client_assertion_type": ASSERTION_TYPE}, 400, 50027),
    ],
)
async def test_wrong_requests_are_refused(ask: Ask, change: dict[str, str | None], status: int, number: int) -> None:
    """Each mistake in the request has its AADSTS number and its HTTP status."""
    answer = await ask(**{"client_secret": BOT_SECRET, **change})
    assert (answer[0], answer[1]["error_codes"]) == (status, [number])


@pytest.mark.parametrize(
    "content_type, body",
    [
        ("application/x-www-form-urlencoded", b"grant_type=\xff"),
        ("application/x-www-form-urlencoded; charset=banana", b"grant_type=x"),
        ("multipart/form-data", b"grant_type=x"),
    ],
)
async def test_a_body_that_is_no_form_has_no_parameters(
    entra: Entra, web_client: aiohttp.ClientSession, content_type: str, body: bytes
) -> None:
    """What cannot be read as a form is answered as if it were empty."""
    url = f"{entra.authority_url}/oauth2/v2.0/token"
    async with web_client.post(url, data=body, headers={"Content-Type": content_type}) as response:
        assert response.status == 400
        assert (await response.json())["error_codes"] == [900144]


async def test_a_disabled_application_is_refused(ask: Ask, tenant: Tenant) -> None:
    """An enterprise application that is switched off gets no token, though its secret is right."""
    tenant.applications[BOT_CLIENT_ID].enabled = False
    status, document = await ask(client_secret=BOT_SECRET)
    assert (status, document["error_codes"]) == (400, [7000112])


async def test_a_client_id_has_no_case(ask: Ask) -> None:
    """An application is found by its id in capitals too."""
    assert (await ask(client_id=BOT_CLIENT_ID.upper(), client_secret=BOT_SECRET))[0] == 200


@pytest.mark.filterwarnings("ignore:Using /common:DeprecationWarning")  # MSAL's own
async def test_msal_hears_what_is_wrong_with_common(
    entra: Entra, msal_http: requests.Session, mail_certificate: KeyPair
) -> None:
    """Discovery knows `common`, so that the refusal of its token endpoint reaches the user of MSAL."""
    form = credential_forms(mail_certificate)["PS256"]

    def ask_common() -> dict[str, Any]:
        app = msal.ConfidentialClientApplication(
            MAIL_CLIENT_ID,
            client_credential=form,
            authority=f"{entra.url}/common",
            instance_discovery=False,
            http_client=msal_http,
        )
        answer: dict[str, Any] = app.acquire_token_for_client([MAIL_SCOPE])
        return answer

    assert (await asyncio.to_thread(ask_common))["error_codes"] == [9001023]


async def test_a_restarted_server_keeps_its_address(entra: Entra, ask: Ask) -> None:
    """Stopped and started again, Entra answers at the URL that clients were given."""
    before = entra.authority_url
    await entra.stop()
    await entra.start()
    assert entra.authority_url == before
    assert (await ask(client_secret=BOT_SECRET))[0] == 200
