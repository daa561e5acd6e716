"""The lab's world for this folder's tests: a tenant of three applications, its Entra, and clients that trust it."""

import datetime as dt
import ssl
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import requests
from requests.adapters import HTTPAdapter

from lab.entra import Entra
from lab.pki import Authority, KeyPair, self_signed
from lab.tenant import (
    BOT_CLIENT_ID,
    BOT_PRINCIPAL_ID,
    BOT_RESOURCE,
    EXCHANGE_RESOURCE,
    IDENTITY_CLIENT_ID,
    IDENTITY_PRINCIPAL_ID,
    MAIL_CLIENT_ID,
    MAIL_PRINCIPAL_ID,
    TENANT_ID,
    Application,
    Tenant,
)
from tests.lab.common import BOT_SECRET, Ask, utc_now


@pytest.fixture(scope="session")
def authority() -> Authority:
    """The authority that signs the certificates of the lab's servers."""
    return Authority(utc_now())


@pytest.fixture(scope="session")
def ca_file(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The path of the authority's PEM, for clients that take a path."""
    path: Path = tmp_path_factory.mktemp("trust") / "ca.pem"
    path.write_bytes(authority.pem)
    return str(path)


@pytest.fixture(scope="session")
def mail_certificate() -> KeyPair:
    """The certificate that is registered on the mail application."""
    return self_signed(
        "mailcheck", not_before=utc_now() - dt.timedelta(days=1), not_after=utc_now() + dt.timedelta(days=365)
    )


@pytest.fixture
def tenant(mail_certificate: KeyPair) -> Tenant:
    """A tenant with the mail application (certificate), the bot (secret) and the function's managed identity."""
    tenant = Tenant()
    tenant.add(
        Application(
            MAIL_CLIENT_ID,
            MAIL_PRINCIPAL_ID,
            "mailcheck",
            roles={EXCHANGE_RESOURCE: {"POP.AccessAsApp", "IMAP.AccessAsApp"}},
            certificates=[mail_certificate.certificate],
        )
    )
    tenant.add(Application(BOT_CLIENT_ID, BOT_PRINCIPAL_ID, "mailcheck bot", secret=BOT_SECRET))
    tenant.add(Application(IDENTITY_CLIENT_ID, IDENTITY_PRINCIPAL_ID, "mailcheck function"))
    return tenant


@pytest.fixture
async def entra(tenant: Tenant, authority: Authority) -> AsyncIterator[Entra]:
    """The tenant's Entra, running."""
    async with Entra(tenant, authority, now=utc_now) as server:
        yield server


@pytest.fixture(scope="session")
def trust(ca_file: str) -> ssl.SSLContext:
    """A client's TLS context that trusts the lab's authority and nobody else."""
    return ssl.create_default_context(cafile=ca_file)


@pytest.fixture
async def web_client(trust: ssl.SSLContext) -> AsyncIterator[aiohttp.ClientSession]:
    """An HTTP client for requests that no SDK would send."""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trust)) as session:
        yield session


@pytest.fixture
def ask(entra: Entra, web_client: aiohttp.ClientSession) -> Ask:
    """Posts a token request; keywords are its parameters (None leaves one out); returns status and document."""

    async def send(tenant: str = TENANT_ID, **form: str | None) -> tuple[int, dict[str, Any]]:
        usual = {"grant_type": "client_credentials", "client_id": BOT_CLIENT_ID, "scope": f"{BOT_RESOURCE}/.default"}
        fields = {name: value for name, value in {**usual, **form}.items() if value is not None}
        async with web_client.post(f"{entra.url}/{tenant}/oauth2/v2.0/token", data=fields) as response:
            return response.status, await response.json()

    return send


class _Trusting(HTTPAdapter):
    """Takes trust from an SSL context: requests lets REQUESTS_CA_BUNDLE override `session.verify`."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        super().__init__()

    def init_poolmanager(self, *args: object, **kwargs: object) -> None:
        super().init_poolmanager(*args, **kwargs, ssl_context=self._context)  # type: ignore[arg-type]


@pytest.fixture
def msal_http(trust: ssl.SSLContext) -> Iterator[requests.Session]:
    """MSAL's `http_client`, trusting the lab."""
    with requests.Session() as session:
        session.trust_env = False
        session.mount("https://", _Trusting(trust))
        yield session
