"""A client secret in place of the certificate: from the vault by the genuine SDK, to a token by genuine MSAL."""

import datetime as dt
import logging
import ssl
from collections.abc import AsyncGenerator

import pytest

from lab.denial import Denial
from lab.pki import Authority
from lab.tenant import EXCHANGE_RESOURCE, MAIL_CLIENT_ID
from lab.vault_contents import Content
from mailcheck.adapters.keyvault import KeyVaultCredentials
from mailcheck.adapters.trust import http_session
from mailcheck.model.credential import Token
from mailcheck.model.evidence import Fault, Stage
from mailcheck.model.request import CredentialKind
from tests.adapters import entra_kit
from tests.adapters.azure_kit import now
from tests.adapters.azure_world import MAX_AGE, NAME, World, client_secret, evidence, world_of
from tests.adapters.entra_kit import tokens_of

SECRET = "mail-secret"
VALUE = "Zq18Q~planted.Secret_Value-of_forty-char"
RENEWED = "Zq18Q~another.Secret_Value-of_forty-char"


@pytest.fixture
async def world(authority: Authority, trust: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[World]:
    """The world, and the HTTP session of the product in it; the app has a client secret, and the vault holds it."""
    with http_session(trust) as session:
        async with world_of(authority, session, monkeypatch) as world:
            world.vault.store(SECRET, VALUE, form="text")
            world.entra.tenant.applications[MAIL_CLIENT_ID].secret = VALUE
            yield world


def credentials_of(world: World, name: str = SECRET) -> KeyVaultCredentials:
    """The adapter, for a client secret."""
    return world.certificates(name, kind=CredentialKind.SECRET)


async def test_a_client_secret_buys_a_token(world: World) -> None:
    """The secret is read, Entra takes it, and the token has the app's roles; it is kept as with a certificate."""
    found = client_secret(await credentials_of(world).credential())
    assert (found.value.reveal(), found.not_before, found.not_after) == (VALUE, None, None)
    tokens = tokens_of(world.entra.authority_url, world.session)
    for _ in range(2):
        token = await tokens.token(found)
        assert isinstance(token, Token)
        assert token.claims.audience == EXCHANGE_RESOURCE
        assert token.claims.roles == ("IMAP.AccessAsApp", "POP.AccessAsApp")
    assert [(seen.credential, seen.outcome) for seen in world.entra.sightings] == [("secret", "issued")]


async def test_a_renewed_client_secret_buys_a_token_of_its_own(world: World) -> None:
    """After the age the newest version is read, and MSAL's client for the old one is dropped with its token."""
    credentials, tokens = credentials_of(world), tokens_of(world.entra.authority_url, world.session)
    assert isinstance(await tokens.token(client_secret(await credentials.credential())), Token)
    world.vault.store(SECRET, RENEWED, form="text")
    world.entra.tenant.applications[MAIL_CLIENT_ID].secret = RENEWED
    world.time += MAX_AGE
    renewed = client_secret(await credentials.credential())
    assert renewed.value.reveal() == RENEWED
    assert isinstance(await tokens.token(renewed), Token)
    assert [seen.outcome for seen in world.entra.sightings] == ["issued", "issued"]


async def test_the_vaults_dates_are_read(world: World) -> None:
    """`nbf` and `exp` of the secret come with it, past ones too: the vault gives it out all the same."""
    begins, ends = (now().replace(microsecond=0) - dt.timedelta(days=days) for days in (30, 1))
    world.vault.store(SECRET, Content(VALUE, not_before=begins, not_after=ends))
    found = client_secret(await credentials_of(world).credential())
    assert (found.not_before, found.not_after) == (begins, ends)


@pytest.mark.parametrize(
    "number, secret, expires",
    [(7000215, RENEWED, dt.timedelta(days=1)), (7000222, VALUE, -dt.timedelta(days=1))],
)
async def test_entras_refusals(world: World, number: int, secret: str, expires: dt.timedelta) -> None:
    """A secret that is not the app's, and one that has expired there, are told by number; neither is asked twice."""
    application = world.entra.tenant.applications[MAIL_CLIENT_ID]
    application.secret, application.secret_expires = secret, now() + expires
    found = client_secret(await credentials_of(world).credential())
    seen = entra_kit.evidence(await tokens_of(world.entra.authority_url, world.session).token(found))
    assert (seen.stage, seen.signal) == (Stage.TOKEN, f"AADSTS{number}")
    assert "thumbprint" not in seen.details
    assert len(world.entra.sightings) == 1


async def test_a_certificate_in_its_place(world: World) -> None:
    """MAILCHECK_SECRET that names a certificate is a failure of the stage "secret", not of Entra."""
    seen = evidence(await credentials_of(world, NAME).credential(), Stage.SECRET)
    assert (seen.signal, seen.details["found"]) == (Fault.UNREADABLE, "certificate")
    assert world.entra.sightings == []


async def test_the_vaults_refusals_are_those_of_a_certificate(world: World) -> None:
    """Not there, disabled and forbidden are told by the vault's codes."""
    assert evidence(await credentials_of(world, "nowhere").credential()).signal == "SecretNotFound"
    world.vault.store(SECRET, RENEWED, form="text", enabled=False)
    assert evidence(await credentials_of(world).credential()).signal == "SecretDisabled"
    world.vault.deny(Denial.FIREWALL)
    assert evidence(await credentials_of(world).credential()).signal == "ForbiddenByFirewall"


async def test_the_secret_is_not_shown(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """Neither logs at DEBUG nor what is returned hold the client secret, good or refused."""
    caplog.set_level(logging.DEBUG)
    for name in ("azure", "msal", "urllib3", "asyncio"):
        caplog.set_level(logging.DEBUG, logger=name)
    credentials, tokens = credentials_of(world), tokens_of(world.entra.authority_url, world.session)
    found = client_secret(await credentials.credential())
    good = await tokens.token(found)
    tokens.forget()
    world.entra.tenant.applications[MAIL_CLIENT_ID].secret = RENEWED
    refused = await tokens.token(found)
    world.vault.store(SECRET, f"{VALUE}\n", form="text")
    unreadable = await credentials_of(world).credential()
    assert caplog.text
    shown = "\n".join((caplog.text, *map(repr, (found, good, refused, unreadable, credentials, tokens)), str(found)))
    assert VALUE not in shown
    assert "eyJ" not in shown
