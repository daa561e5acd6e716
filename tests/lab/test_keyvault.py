"""Key Vault in the lab, asked by genuine azure-keyvault-secrets with a genuine managed identity credential."""

import asyncio
import base64
import datetime as dt
import ssl
from collections.abc import AsyncIterator, Callable

import aiohttp
import jwt
import pytest
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError, ResourceNotFoundError
from azure.core.rest import HttpResponse
from azure.identity import ManagedIdentityCredential
from azure.keyvault.secrets import SecretClient
from cryptography.hazmat.primitives.serialization import load_pem_private_key, pkcs12
from cryptography.x509 import load_pem_x509_certificate

from lab.entra import Entra
from lab.identity import ManagedIdentity
from lab.keyvault import Denial, KeyVault
from lab.pki import Authority, KeyPair
from lab.signing import SigningKey
from lab.tenant import IDENTITY_CLIENT_ID, IDENTITY_PRINCIPAL_ID, MAIL_CLIENT_ID, VAULT_RESOURCE, Application, Tenant
from tests.lab.common import raw_status, utc_now

NAME = "mailcheck-cert"
API_VERSION = {"api-version": "2025-07-01"}


@pytest.fixture
async def vault(entra: Entra, authority: Authority) -> AsyncIterator[KeyVault]:
    """A running vault that lets the function's managed identity read."""
    async with KeyVault(entra, authority, now=utc_now) as server:
        server.grant(IDENTITY_PRINCIPAL_ID)
        yield server


type Read[T] = Callable[[SecretClient], T]


class Reader:
    """Runs calls of the genuine SDK in a thread, signed in by the managed identity."""

    def __init__(self, vault: KeyVault, ca_file: str) -> None:
        self._vault = vault
        self._ca_file = ca_file

    async def __call__[T](self, read: Read[T]) -> T:
        """What `read` returns for a new client."""
        return await asyncio.to_thread(self._read, read)

    def _read[T](self, read: Read[T]) -> T:
        with (
            ManagedIdentityCredential() as credential,
            SecretClient(self._vault.url, credential, connection_verify=self._ca_file, retry_total=0) as client,
        ):
            return read(client)


@pytest.fixture
async def reader(vault: KeyVault, entra: Entra, ca_file: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Reader]:
    """The SDK, with the managed identity endpoint running."""
    async with ManagedIdentity(entra, header="header") as identity:
        for name, value in identity.environment().items():
            monkeypatch.setenv(name, value)
        yield Reader(vault, ca_file)


async def test_the_sdk_reads_a_pfx(vault: KeyVault, reader: Reader, mail_certificate: KeyPair) -> None:
    """A certificate's secret is a PFX in base64 with an empty password, with the certificate's validity."""
    version = vault.store(NAME, mail_certificate)
    secret = await reader(lambda client: client.get_secret(NAME))
    properties = secret.properties
    key, certificate, _ = pkcs12.load_key_and_certificates(base64.b64decode(secret.value or ""), None)
    assert certificate == mail_certificate.certificate
    assert key is not None
    assert properties.content_type == "application/x-pkcs12"
    assert (properties.name, properties.version, properties.enabled) == (NAME, version, True)
    assert properties.expires_on == mail_certificate.certificate.not_valid_after_utc
    assert properties.not_before == mail_certificate.certificate.not_valid_before_utc
    assert properties.key_id == f"{vault.url}/keys/{NAME}/{version}"
    assert secret.id == f"{vault.url}/secrets/{NAME}/{version}"


async def test_the_sdk_is_challenged_first(vault: KeyVault, reader: Reader) -> None:
    """The first request carries no token and is challenged; the second is the managed identity's."""
    vault.store(NAME, "value", form="text")
    await reader(lambda client: client.get_secret(NAME))
    assert [(request.status, request.principal_id) for request in vault.requests] == [
        (401, None),
        (200, IDENTITY_PRINCIPAL_ID),
    ]


async def test_the_sdk_reads_pem(vault: KeyVault, reader: Reader, mail_certificate: KeyPair) -> None:
    """In PEM form the private key comes first, then the certificate."""
    vault.store(NAME, mail_certificate, form="pem")
    secret = await reader(lambda client: client.get_secret(NAME))
    text = (secret.value or "").encode()
    assert secret.properties.content_type == "application/x-pem-file"
    assert text.startswith(b"-----BEGIN PRIVATE KEY-----")
    assert load_pem_private_key(text, None).public_key() == mail_certificate.key.public_key()
    assert load_pem_x509_certificate(text[text.index(b"-----BEGIN CERT") :]) == mail_certificate.certificate


async def test_versions(vault: KeyVault, reader: Reader) -> None:
    """The newest version is the current one; older ones are read by id; both lists name them without values."""
    first = vault.store(NAME, "first", form="text")
    second = vault.store(NAME, "second", form="text")
    vault.store("another", "third", form="text")
    assert (await reader(lambda client: client.get_secret(NAME))).value == "second"
    assert (await reader(lambda client: client.get_secret(NAME, first))).value == "first"
    versions = await reader(lambda client: list(client.list_properties_of_secret_versions(NAME)))
    assert [version.version for version in versions] == [first, second]
    secrets = await reader(lambda client: list(client.list_properties_of_secrets()))
    assert [secret.name for secret in secrets] == ["another", NAME]


async def test_a_disabled_version_hides_those_before_it(vault: KeyVault, reader: Reader) -> None:
    """A disabled newest version is refused rather than passed over; an older one can still be read by id."""
    first = vault.store(NAME, "first", form="text")
    vault.store(NAME, "second", form="text", enabled=False)
    with pytest.raises(HttpResponseError) as caught:
        await reader(lambda client: client.get_secret(NAME))
    assert caught.value.status_code == 403
    assert inner_code(caught.value) == "SecretDisabled"
    assert (await reader(lambda client: client.get_secret(NAME, first))).value == "first"


@pytest.mark.parametrize("name, version", [("absent", None), (NAME, "0" * 32)])
async def test_what_is_not_there_is_not_found(vault: KeyVault, reader: Reader, name: str, version: str | None) -> None:
    """An unknown name and an unknown version are both SecretNotFound."""
    vault.store(NAME, "value", form="text")
    with pytest.raises(ResourceNotFoundError) as caught:
        await reader(lambda client: client.get_secret(name, version))
    assert caught.value.error is not None
    assert caught.value.error.code == "SecretNotFound"


def inner_code(error: HttpResponseError) -> object:
    """`error.innererror.code`, where Key Vault says why it forbids."""
    assert error.error is not None
    assert error.error.code == "Forbidden"
    return (error.error.innererror or {}).get("code")


@pytest.mark.parametrize("denial", [Denial.RBAC, Denial.ACCESS_POLICY, Denial.FIREWALL, Denial.CONNECTION])
async def test_a_vault_that_refuses(vault: KeyVault, reader: Reader, denial: Denial) -> None:
    """Each refusal is 403 with its inner code, names the caller, and ends when the vault is told so."""
    vault.store(NAME, "value", form="text")
    vault.deny(denial)
    with pytest.raises(HttpResponseError, match=f"appid={IDENTITY_CLIENT_ID};oid={IDENTITY_PRINCIPAL_ID}") as caught:
        await reader(lambda client: client.get_secret(NAME))
    assert caught.value.status_code == 403
    assert inner_code(caught.value) == denial.value
    vault.deny(None)
    assert (await reader(lambda client: client.get_secret(NAME))).value == "value"


async def test_the_firewall_names_the_clients_address(vault: KeyVault, reader: Reader) -> None:
    """The address to allow stands in the message."""
    vault.deny(Denial.FIREWALL)
    with pytest.raises(HttpResponseError, match=r"Client address: 127\.0\.0\.1"):
        await reader(lambda client: client.get_secret(NAME))


async def test_a_throttling_vault(vault: KeyVault, reader: Reader) -> None:
    """A throttled request is 429, with the time to wait."""
    vault.deny(Denial.THROTTLED)
    with pytest.raises(HttpResponseError) as caught:
        await reader(lambda client: client.get_secret(NAME))
    assert caught.value.status_code == 429
    assert isinstance(caught.value.response, HttpResponse)
    assert caught.value.response.headers["Retry-After"] == "1"


async def test_who_holds_no_role_reads_nothing(
    vault: KeyVault, entra: Entra, tenant: Tenant, web_client: aiohttp.ClientSession
) -> None:
    """A good token of a principal without a role is ForbiddenByRbac, for values and for lists."""
    vault.store(NAME, "value", form="text")
    token = entra.mint(tenant.applications[MAIL_CLIENT_ID], vault.resource)
    headers = {"Authorization": f"Bearer {token}"}
    for path, action in (
        (f"/secrets/{NAME}", "getSecret"),
        (f"/secrets/{NAME}/versions", "readMetadata"),
        ("/secrets", "readMetadata"),
    ):
        async with web_client.get(vault.url + path, params=API_VERSION, headers=headers) as response:
            error = (await response.json())["error"]
        assert (response.status, error["innererror"]["code"]) == (403, "ForbiddenByRbac")
        assert f"Action: 'Microsoft.KeyVault/vaults/secrets/{action}/action'" in error["message"]


def changed(entra: Entra, application: Application, resource: str, change: dict[str, object]) -> str:
    """A token for the vault with a change: a claim, or `lifetime` in seconds, or another `key` that signs it."""
    claims = dict(change)
    lifetime = dt.timedelta(seconds=int(str(claims.pop("lifetime", 600))))
    another_key = claims.pop("key", None)
    token = entra.mint(application, resource, lifetime=lifetime, **claims)
    if another_key:
        return SigningKey.generate().sign(jwt.decode(token, options={"verify_signature": False}), kid=entra.signing.kid)
    return token


@pytest.mark.parametrize(
    "change, number",
    [
        ({"aud": VAULT_RESOURCE}, "AKV10022"),
        ({"aud": "https://0.0.1/"}, "AKV10022"),
        ({"iss": "https://sts.windows.net/another/"}, "AKV10032"),
        ({"key": "another"}, "AKV10046"),
        ({"lifetime": -1}, "AKV10001"),
        ({"nbf": int(utc_now().timestamp()) + 3600}, "AKV10001"),
        ({"tid": "another"}, "AKV10001"),
        ({"oid": None}, "AKV10001"),
    ],
)
async def test_wrong_tokens_are_refused(
    vault: KeyVault,
    entra: Entra,
    tenant: Tenant,
    web_client: aiohttp.ClientSession,
    change: dict[str, object],
    number: str,
) -> None:
    """A token of another audience, issuer, key or time is 401, with the number that says which."""
    application = tenant.applications[IDENTITY_CLIENT_ID]
    headers = {"Authorization": f"Bearer {changed(entra, application, vault.resource, change)}"}
    async with web_client.get(f"{vault.url}/secrets/{NAME}", params=API_VERSION, headers=headers) as response:
        error = (await response.json())["error"]
    assert (response.status, error["code"]) == (401, "Unauthorized")
    assert error["message"].startswith(f"{number}: ")
    assert vault.requests[-1].principal_id is None


@pytest.mark.parametrize(
    "authorization, number", [(None, "AKV10000"), ("Basic eDp5", "AKV10000"), ("Bearer garbage", "AKV10001")]
)
async def test_the_challenge_says_where_to_sign_in(
    vault: KeyVault, entra: Entra, web_client: aiohttp.ClientSession, authorization: str | None, number: str
) -> None:
    """Without a token the answer names the tenant's authority, and a resource above the vault's own host."""
    headers = {"Authorization": authorization} if authorization else {}
    async with web_client.get(f"{vault.url}/secrets", params=API_VERSION, headers=headers) as response:
        message = (await response.json())["error"]["message"]
    assert response.status == 401
    assert message.startswith(f"{number}: ")
    expected = f'Bearer authorization="{entra.authority_url}", resource="{vault.resource}"'
    assert response.headers["WWW-Authenticate"] == expected
    assert vault.url.removeprefix("https://").endswith("." + vault.resource.removeprefix("https://"))


@pytest.mark.usefixtures("reader")  # the managed identity of this tenant
async def test_a_vault_of_another_tenant(entra: Entra, authority: Authority, ca_file: str) -> None:
    """The SDK gives up after a second challenge when the vault trusts another tenant."""
    foreign = Entra(Tenant(id="99999999-aaaa-4bbb-8ccc-000000000009"), authority, now=utc_now)
    async with KeyVault(foreign, authority, now=utc_now) as vault:
        entra.known_resources.add(vault.resource)
        with pytest.raises(ClientAuthenticationError, match="AKV10046"):
            await Reader(vault, ca_file)(lambda client: client.get_secret(NAME))
        assert [request.status for request in vault.requests] == [401, 401]


@pytest.mark.parametrize(
    "version, status", [("7.0", 200), ("7.6", 200), ("2025-07-01", 200), ("2026-04-01", 200),
                        (None, 400), ("", 400), ("7.7", 400), ("1999-01-01", 400), ("banana", 400)]
)  # fmt: skip
async def test_the_api_version_is_one_of_those_there_are(
    vault: KeyVault, entra: Entra, web_client: aiohttp.ClientSession, version: str | None, status: int
) -> None:
    """A request with no api-version, or with one that there never was, is a bad request."""
    token = entra.mint(entra.tenant.applications[IDENTITY_CLIENT_ID], vault.resource)
    params = {} if version is None else {"api-version": version}
    headers = {"Authorization": f"Bearer {token}"}
    async with web_client.get(f"{vault.url}/secrets", params=params, headers=headers) as response:
        assert response.status == status
        assert (await response.json()).get("error", {}).get("code") == ("BadParameter" if status == 400 else None)


async def test_a_token_that_is_no_text_is_challenged(vault: KeyVault, trust: ssl.SSLContext) -> None:
    """Octets that are no UTF-8 are a bad token like any other."""
    line = b"GET /secrets?api-version=7.6 HTTP/1.1"
    assert await raw_status(vault.url, line, b"Authorization: Bearer \xff.\xff.\xff", tls=trust) == 401


async def test_a_certificate_is_not_text(vault: KeyVault, mail_certificate: KeyPair) -> None:
    """Storing content in a form that it does not have is a mistake of the caller."""
    with pytest.raises(ValueError, match="KeyPair cannot be stored as text"):
        vault.store(NAME, mail_certificate, form="text")


async def test_values_stay_out_of_representations(vault: KeyVault) -> None:
    """A stored value is in no repr."""
    vault.store(NAME, "planted", form="text")
    assert "planted" not in repr(vars(vault))
