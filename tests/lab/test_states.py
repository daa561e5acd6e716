"""What scenarios do, as foreign clients see it: MSAL at Entra, the Azure SDKs at vault and identity endpoint."""

import asyncio
import base64
from collections.abc import Callable
from typing import Any

import jwt
import msal
import pytest
import requests
from azure.core.exceptions import AzureError, ClientAuthenticationError, HttpResponseError
from azure.identity import ManagedIdentityCredential
from azure.keyvault.secrets import KeyVaultSecret, SecretClient
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key, pkcs12
from cryptography.x509 import load_pem_x509_certificates

from lab.tenant import EXCHANGE_RESOURCE
from lab.world import SECRET, World
from tests.lab.common import utc_now

SCOPE = f"{EXCHANGE_RESOURCE}/.default"


def signed_in(world: World, credential: str | dict[str, str]) -> dict[str, Any]:
    """MSAL's answer for the mail app; blocking."""
    settings = world.settings()
    with requests.Session() as http:
        http.trust_env = False
        http.verify = settings["MAILCHECK_CA_FILE"]
        app = msal.ConfidentialClientApplication(
            world.mail_app.client_id,
            client_credential=credential,
            authority=f"{settings['MAILCHECK_AUTHORITY']}/{world.tenant.id}",
            http_client=http,
            instance_discovery=False,
        )
        answer: dict[str, Any] = app.acquire_token_for_client([settings.get("MAILCHECK_SCOPE", SCOPE)])
    return answer


def certificate_of(world: World) -> dict[str, str]:
    """The app's certificate as MSAL takes it."""
    pair = world.app_certificate
    return {"private_key": pair.key_pem.decode(), "public_certificate": pair.certificate_pem.decode()}


@pytest.mark.parametrize(
    "scenario, number, error",
    [
        ("app-not-found", 700016, "unauthorized_client"),
        ("app-disabled", 7000112, "unauthorized_client"),
        ("app-not-in-tenant", 7000229, "unauthorized_client"),
        ("app-public-client", 700025, "invalid_client"),
        ("certificate-not-registered", 700027, "invalid_client"),
        ("certificate-revoked", 7000277, "invalid_client"),
        ("clock-slow", 700024, "invalid_client"),
        ("certificate-expired-for-entra", 1000502, "invalid_client"),
        ("tenant-other-cloud", 900382, "invalid_client"),
        ("exchange-disabled", 500014, "invalid_resource"),
        ("exchange-missing", 500011, "invalid_resource"),
        ("conditional-access", 53003, "invalid_grant"),
        ("scope-unknown", 500011, "invalid_resource"),
        ("entra-answers=700030", 700030, "invalid_client"),
        ("entra-answers=123456", 123456, "invalid_request"),
    ],
)
async def test_entra_refuses(scenario: str, number: int, error: str) -> None:
    """MSAL is told the number, the OAuth error, and a description that begins with the number."""
    async with World(scenario=scenario) as world:
        answer = await asyncio.to_thread(signed_in, world, certificate_of(world))
    assert (answer["error_codes"], answer["error"]) == ([number], error)
    assert answer["error_description"].startswith(f"AADSTS{number}: ")


@pytest.mark.parametrize(
    "scenario, number",
    [("secret-good", None), ("secret-wrong", 7000215), ("secret-expired-in-entra", 7000222), ("secret-id", None)],
)
async def test_entra_judges_the_client_secret(scenario: str, number: int | None) -> None:
    """The app's own secret is taken, by its value; another and an expired one are told apart."""
    async with World(scenario=scenario) as world:
        answer = await asyncio.to_thread(signed_in, world, world.app_secret)
    assert answer.get("error_codes") == (None if number is None else [number])
    assert ("access_token" in answer) == (number is None)


@pytest.mark.parametrize(
    "scenario, expected",
    [
        ("role-missing-imap", {"roles": ["POP.AccessAsApp"]}),
        ("role-missing-pop", {"roles": ["IMAP.AccessAsApp"]}),
        ("roles-missing", {"roles": None}),
        ("token-delegated", {"roles": None, "idtyp": "user", "scp": "IMAP.AccessAsUser.All POP.AccessAsUser.All"}),
        ("audience-graph", {"aud": "https://graph.microsoft.com", "roles": None}),
        ("audience-delegated", {"aud": "https://outlook.office.com"}),
        ("audience-consent-url", {"aud": "https://ps.outlook.com"}),
    ],
)
async def test_entra_gives_a_token_that_does_not_do(scenario: str, expected: dict[str, object]) -> None:
    """Missing consent, a user's token and other resources are no refusals: they are in the token."""
    async with World(scenario=scenario) as world:
        world.mail_app.roles[EXCHANGE_RESOURCE].discard("SMTP.SendAsApp")
        answer = await asyncio.to_thread(signed_in, world, certificate_of(world))
    claims = jwt.decode(answer["access_token"], options={"verify_signature": False})
    assert {name: claims.get(name) for name in expected} == expected


@pytest.mark.parametrize(
    "scenario, statuses, after",
    [
        ("entra-throttled", [429, 429], "17"),
        ("entra-busy", [503, 503], None),
        ("entra-busy-once", [503, 200], None),
        ("entra-error", [502, 502], None),
        ("entra-error-once", [502, 200], None),
        ("entra-page", [200, 200], None),
    ],
)
async def test_entra_is_not_well(scenario: str, statuses: list[int], after: str | None) -> None:
    """Once is once; throttling names the time to wait; a page is a page, whatever its status."""

    def ask(world: World) -> list[tuple[int, str | None]]:
        form = {
            "grant_type": "client_credentials", "client_id": world.mail_app.client_id,
            "scope": SCOPE, "client_secret": world.app_secret,
        }  # fmt: skip
        url, ca_file = f"{world.entra.authority_url}/oauth2/v2.0/token", world.settings()["MAILCHECK_CA_FILE"]
        answers = [requests.post(url, data=form, verify=ca_file, timeout=10) for _ in statuses]
        return [(answer.status_code, answer.headers.get("Retry-After")) for answer in answers]

    async with World(scenario=scenario) as world:
        world.mail_app.secret = world.app_secret
        assert await asyncio.to_thread(ask, world) == [(status, after) for status in statuses]


def read(world: World, name: str | None = None) -> KeyVaultSecret:
    """The secret by the SDK, as the managed identity; blocking."""
    settings = world.settings()
    ca_file = settings["MAILCHECK_CA_FILE"]
    name = name or settings.get("MAILCHECK_CERTIFICATE", SECRET)
    with (
        ManagedIdentityCredential(client_id=settings.get("AZURE_CLIENT_ID"), retry_total=0) as credential,
        SecretClient(settings["MAILCHECK_VAULT_URL"], credential, connection_verify=ca_file, retry_total=0) as client,
    ):
        return client.get_secret(name)


async def read_in(world: World, monkeypatch: pytest.MonkeyPatch) -> KeyVaultSecret:
    """The secret, in a process that has the world's identity."""
    for name, value in world.identity.environment().items():
        monkeypatch.setenv(name, value)
    return await asyncio.to_thread(read, world)


@pytest.mark.parametrize(
    "scenario, status, code",
    [
        ("identity-not-granted", 403, "ForbiddenByRbac"),
        ("vault-role-missing", 403, "ForbiddenByRbac"),
        ("vault-policy-missing", 403, "AccessDenied"),
        ("vault-firewall", 403, "ForbiddenByFirewall"),
        ("vault-private", 403, "ForbiddenByConnection"),
        ("vault-throttled", 429, "Throttled"),
        ("vault-other-tenant", 401, "AKV10032"),
        ("vault-wrong-audience", 401, "AKV10022"),
        ("vault-no-token", 401, "AKV10000"),
        ("vault-error", 500, "Internal Server Error"),
        ("vault-busy-once", 503, "Service Unavailable"),
        ("certificate-not-found", 404, "SecretNotFound"),
        ("certificate-deleted", 404, "SecretNotFound"),
        ("certificate-disabled", 403, "SecretDisabled"),
        ("certificate-pending", 403, "SecretDisabled"),
        ("secret-not-found", 404, "SecretNotFound"),
        ("secret-disabled", 403, "SecretDisabled"),
    ],
)
async def test_the_vault_refuses(scenario: str, status: int, code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK is told by status and code; a challenge is answered first, as always."""
    async with World(scenario=scenario) as world:
        with pytest.raises(HttpResponseError) as caught:
            await read_in(world, monkeypatch)
    response: Any = caught.value.response
    assert (caught.value.status_code, code in response.text()) == (status, True)


@pytest.mark.parametrize("scenario", ["identity-not-assigned", "identity-user-assigned-only", "identity-down"])
async def test_the_identity_gives_no_token(scenario: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """azure-identity fails before the vault has seen a token."""
    async with World(scenario=scenario) as world:
        with pytest.raises((ClientAuthenticationError, AzureError, ValueError)):
            await read_in(world, monkeypatch)
        assert {request.principal_id for request in world.vault.requests} == {None}


def _pfx(value: str) -> tuple[Any, Any, list[Any]]:
    return pkcs12.load_key_and_certificates(base64.b64decode(value), None)


@pytest.mark.parametrize(
    "scenario, managed, holds",
    [
        ("certificate-not-exportable", True, lambda value: _pfx(value)[0] is None and len(_pfx(value)[2]) == 1),
        ("certificate-elliptic", True, lambda value: isinstance(_pfx(value)[0], ec.EllipticCurvePrivateKey)),
        ("certificate-public-only", None, lambda value: "PRIVATE" not in value and "BEGIN CERT" in value),
        ("certificate-wrong-type", None, lambda value: isinstance(_pfx(value)[0], rsa.RSAPrivateKey)),
        ("certificate-expired", True, lambda value: _pfx(value)[1].not_valid_after_utc < utc_now()),
        ("certificate-not-yet-valid", True, lambda value: _pfx(value)[1].not_valid_before_utc > utc_now()),
        (
            "certificate-shuffled",
            None,
            lambda value: (
                load_pem_private_key(value[value.index("-----BEGIN PRIVATE") :].encode(), None).public_key()
                == load_pem_x509_certificates(value.encode())[1].public_key()
            ),
        ),
        ("secret-empty", None, lambda value: value == ""),
        ("secret-with-line-end", None, lambda value: value.endswith("\n") and value.strip()),
        ("secret-is-certificate", True, lambda value: isinstance(_pfx(value)[0], rsa.RSAPrivateKey)),
    ],
)
async def test_what_the_vault_holds(
    scenario: str, managed: bool | None, holds: Callable[[str], bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The values are what their scenario says, read by cryptography; those behind certificates are managed."""
    async with World(scenario=scenario) as world:
        secret = await read_in(world, monkeypatch)
    assert holds(secret.value or "")
    assert secret.properties.managed is managed


@pytest.mark.parametrize("days", [30, 14, 7])
async def test_a_certificate_expires_within_days(days: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The secret's own `exp` is the end of the certificate, within the days that the name says, and no day less."""
    async with World(scenario=f"certificate-expires-within-{days}") as world:
        secret = await read_in(world, monkeypatch)
    assert secret.properties.expires_on is not None
    assert (secret.properties.expires_on - utc_now()).days == days - 1


@pytest.mark.parametrize("asked", ["vault-firewall", "entra-busy", "secret-good"])
async def test_a_world_can_be_changed_while_it_runs(asked: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """`enter` takes a name; what was well before is not afterwards, and the settings follow."""
    async with World() as world:
        before = world.settings()
        await read_in(world, monkeypatch)
        world.enter(asked)
        assert (world.settings() == before) == (asked != "secret-good")
        if asked == "vault-firewall":
            with pytest.raises(HttpResponseError, match="ForbiddenByFirewall"):
                await read_in(world, monkeypatch)
