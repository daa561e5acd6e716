"""The lab's Entra, vault and managed identity, running together around the adapter under test."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
import requests

from lab.entra import Entra
from lab.identity import ManagedIdentity
from lab.keyvault import KeyVault
from lab.pki import Authority
from lab.tenant import IDENTITY_PRINCIPAL_ID
from mailcheck.adapters.keyvault import READ_TIMEOUT, Identity, KeyVaultCredentials
from mailcheck.model.credential import Certificate, ClientSecret, Credential
from mailcheck.model.evidence import Evidence, Stage
from mailcheck.model.request import CredentialKind
from tests.adapters.azure_kit import new_pair, now, served, tenant_of

NAME = "mailcheck"
HEADER = "the identity header, a secret"
MAX_AGE = 300.0
PAIR = new_pair()
SYSTEM = Identity(managed=True)


@dataclass
class World:
    """An Entra, a vault with our certificate as PFX, and the identity of the process, which may read it.

    Attributes:
        time: What the adapter's clock says.
    """

    entra: Entra
    vault: KeyVault
    identity: ManagedIdentity
    session: requests.Session
    time: float = 1000.0

    def certificates(
        self,
        name: str = NAME,
        *,
        kind: CredentialKind = CredentialKind.CERTIFICATE,
        url: str | None = None,
        identity: Identity = SYSTEM,
        read_timeout: float = READ_TIMEOUT,
    ) -> KeyVaultCredentials:
        """The adapter, for this vault unless told of another."""
        return KeyVaultCredentials(
            vault_url=url or self.vault.url,
            kind=kind,
            name=name,
            session=self.session,
            identity=identity,
            max_age=MAX_AGE,
            clock=lambda: self.time,
            read_timeout=read_timeout,
        )

    def reads(self) -> int:
        """How often the vault was asked with a token."""
        return sum(request.principal_id is not None for request in self.vault.requests)


@asynccontextmanager
async def world_of(
    authority: Authority, session: requests.Session, monkeypatch: pytest.MonkeyPatch
) -> AsyncGenerator[World]:
    """The world, running; the process is told of its identity as App Service tells it."""
    entra = Entra(tenant_of(PAIR), authority, now=now)
    vault, identity = KeyVault(entra, authority, now=now), ManagedIdentity(entra, header=HEADER)
    async with served(entra, session), served(vault, session), served(identity, session):
        vault.grant(IDENTITY_PRINCIPAL_ID)
        vault.store(NAME, PAIR)
        for name, value in identity.environment().items():
            monkeypatch.setenv(name, value)
        yield World(entra, vault, identity, session)


def certificate(answer: Credential | Evidence) -> Certificate:
    """The certificate that was read."""
    assert isinstance(answer, Certificate), answer
    return answer


def client_secret(answer: Credential | Evidence) -> ClientSecret:
    """The client secret that was read."""
    assert isinstance(answer, ClientSecret), answer
    return answer


def evidence(answer: Credential | Evidence, stage: Stage = Stage.VAULT) -> Evidence:
    """The evidence that there is none, from this stage."""
    assert isinstance(answer, Evidence), answer
    assert answer.stage is stage, answer
    return answer
