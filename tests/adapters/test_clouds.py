"""National clouds by their genuine names: the vault, the identity and Entra, by genuine SDKs through a proxy."""

import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import requests

from lab.tenant import BOT_CLIENT_ID, BOT_PRINCIPAL_ID, IDENTITY_CLIENT_ID, NATIONAL_CLOUDS
from lab.world import World
from mailcheck.adapters.entra import EntraTokens
from mailcheck.adapters.keyvault import Identity, KeyVaultCredentials
from mailcheck.adapters.trust import http_session, tls_context
from mailcheck.model.cloud import CLOUDS
from mailcheck.model.credential import Certificate, Credential, Token
from mailcheck.model.evidence import Evidence, Fault, Stage
from mailcheck.model.request import CredentialKind

NAMES = sorted(NATIONAL_CLOUDS)


@asynccontextmanager
async def world_in(name: str, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[tuple[World, requests.Session]]:
    """A world in this cloud, and the product's HTTP session, in a process that has the world's settings."""
    async with World(scenario=f"cloud-{name}") as world:
        for setting, value in world.settings().items():
            monkeypatch.setenv(setting, value)
        with http_session(tls_context(Path(world.settings()["MAILCHECK_CA_FILE"]))) as session:
            yield world, session


def credentials_of(world: World, session: requests.Session, identity: Identity) -> KeyVaultCredentials:
    """The adapter, for the world's vault."""
    settings = world.settings()
    return KeyVaultCredentials(
        vault_url=settings["MAILCHECK_VAULT_URL"],
        kind=CredentialKind.CERTIFICATE,
        name=settings["MAILCHECK_CERTIFICATE"],
        session=session,
        identity=identity,
        max_age=300,
        clock=time.monotonic,
    )


def certificate(answer: Credential | Evidence) -> Certificate:
    """The certificate that was read."""
    assert isinstance(answer, Certificate), answer
    return answer


def test_the_lab_knows_the_clouds_by_the_same_names() -> None:
    """Each table has the same clouds, and the facts that the two share are the same."""
    for name, national in NATIONAL_CLOUDS.items():
        cloud = CLOUDS[name]
        assert cloud.authority == f"https://{national.login}"
        assert (cloud.resource, cloud.vault_suffix) == (national.exchange, f".{national.vaults}")
    assert CLOUDS.keys() - NATIONAL_CLOUDS.keys() == {"public"}


@pytest.mark.parametrize("name", NAMES)
async def test_from_the_vault_to_the_token(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The identity's token is for the cloud's vaults, the app's for the cloud's Exchange, from the cloud's Entra."""
    cloud = CLOUDS[name]
    async with world_in(name, monkeypatch) as (world, session):
        found = certificate(await credentials_of(world, session, Identity(managed=True)).credential())
        assert found.thumbprint == world.app_certificate.thumbprint
        assert world.vault.resource == f"https://{cloud.vault_suffix.removeprefix('.')}"
        tokens = EntraTokens(
            authority=f"{cloud.authority}/{world.tenant.id}",
            client_id=world.mail_app.client_id,
            scope=cloud.scope,
            session=session,
        )
        token = await tokens.token(found)
        assert isinstance(token, Token)
        assert (token.claims.audience, len(token.claims.roles)) == (cloud.resource, len(_roles(world)))
        assert [seen.client_id for seen in world.identity.sightings] == [IDENTITY_CLIENT_ID]
        assert set(world.names.asked) == {
            f"mailcheck-lab{cloud.vault_suffix}",
            cloud.authority.removeprefix("https://"),
        }


def _roles(world: World) -> set[str]:
    (roles,) = world.mail_app.roles.values()
    return roles


@pytest.mark.parametrize("name", NAMES)
async def test_outside_azure_the_vaults_cloud_is_asked(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer's credentials get their token from the Entra of the vault's own cloud; nobody has to name it."""
    async with world_in(name, monkeypatch) as (world, session):
        world.vault.grant(BOT_PRINCIPAL_ID)
        for setting in ("IDENTITY_ENDPOINT", "IDENTITY_HEADER"):
            monkeypatch.delenv(setting)
        monkeypatch.setenv("AZURE_CLIENT_ID", BOT_CLIENT_ID)
        monkeypatch.setenv("AZURE_TENANT_ID", world.tenant.id)
        monkeypatch.setenv("AZURE_CLIENT_SECRET", world.settings()["MicrosoftAppPassword"])
        certificate(await credentials_of(world, session, Identity(managed=False)).credential())
        assert [(seen.client_id, seen.credential, seen.outcome) for seen in world.entra.sightings] == [
            (BOT_CLIENT_ID, "secret", "issued")
        ]
        assert NATIONAL_CLOUDS[name].login in world.names.asked


async def test_a_vault_of_another_cloud(monkeypatch: pytest.MonkeyPatch) -> None:
    """A vault's name with the public cloud's ending is not found from a network that knows the other cloud only."""
    async with world_in("usgov", monkeypatch) as (world, session):
        world.configured["MAILCHECK_VAULT_URL"] = "https://mailcheck-lab.vault.azure.net"
        seen = await credentials_of(world, session, Identity(managed=True)).credential()
    assert isinstance(seen, Evidence)
    assert (seen.stage, seen.signal) == (Stage.VAULT, Fault.UNREACHABLE)
    assert world.identity.sightings == []
