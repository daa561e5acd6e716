"""As whom the vault is asked: the managed identity, the developer's credentials; and what is never shown."""

import asyncio
import logging
import ssl
from collections.abc import AsyncGenerator

import pytest

from lab.denial import Denial
from lab.pki import Authority
from lab.planned import Page
from lab.tenant import BOT_CLIENT_ID, BOT_PRINCIPAL_ID, Application
from mailcheck.adapters.keyvault import Identity
from mailcheck.adapters.trust import http_session
from mailcheck.model.evidence import Fault, Stage
from tests.adapters.azure_kit import Answer, Peer, document, new_pair, page, served
from tests.adapters.azure_world import HEADER, MAX_AGE, NAME, PAIR, World, certificate, evidence, world_of
from tests.adapters.mail_kit import serving

SECRET = f"/secrets/{NAME}/"
RENEWED = new_pair()


@pytest.fixture
async def world(authority: Authority, trust: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[World]:
    """The world, and the HTTP session of the product in it."""
    with http_session(trust) as session:
        async with world_of(authority, session, monkeypatch) as world:
            yield world


async def test_an_identity_that_is_not_assigned(world: World) -> None:
    """The endpoint's refusal is told in its own words, with the identity that was asked for."""
    identity = Identity(managed=True, client_id="99999999-aaaa-4bbb-8ccc-000000000009")
    seen = evidence(await world.certificates(identity=identity).credential(), Stage.IDENTITY)
    assert seen.signal == Fault.IDENTITY_FAILED
    assert seen.said.startswith("400, No managed identity that is assigned")
    assert "not found in environment" not in seen.said
    assert seen.details == {"identity_client_id": "99999999-aaaa-4bbb-8ccc-000000000009", "status": "400"}


async def test_an_identity_that_is_assigned_meanwhile(world: World) -> None:
    """A refusal of the endpoint is not kept: once the identity is there, it gets the certificate."""
    certificates = world.certificates(identity=Identity(managed=True, client_id=BOT_CLIENT_ID))
    evidence(await certificates.credential(), Stage.IDENTITY)
    world.entra.tenant.add(Application(BOT_CLIENT_ID, BOT_PRINCIPAL_ID, "user-assigned identity"))
    world.vault.grant(BOT_PRINCIPAL_ID)
    certificate(await certificates.credential())


async def test_an_identity_endpoint_that_is_down(world: World) -> None:
    """An endpoint that does not listen is a failure of the identity, not of the vault."""
    world.session.close()
    await world.identity.stop()
    seen = evidence(await world.certificates().credential(), Stage.IDENTITY)
    assert seen.signal == Fault.IDENTITY_FAILED
    assert seen.said.endswith("Connection refused")


@pytest.mark.parametrize(
    "answer, status, asked",
    [
        (page(502), "502", 2),
        (document(503, {"statusCode": 503, "message": "not yet"}), "503", 2),
        (page(504), "504", 2),
        (document(503, {"statusCode": 503, "message": "not yet"}, Retry_After="5"), "503", 1),
        (document(200, {}), "200", 1),
        (page(200, "[" * 200_000, "application/json"), "200", 1),
        (document(200, {"access_token": "x", "expires_on": "soon"}), "200", 1),
        (document(500, {}), "500", 1),
        (document(429, {"statusCode": 429, "message": "slower"}), "429", 1),
        (document(200, ["odd"]), "200", 1),
        (document(200, "odd"), "200", 1),
        (document(200, None), "200", 1),
        (document(200, {"access_token": ["odd"], "expires_on": ["odd"], "token_type": ["odd"]}), "200", 1),
    ],
)
async def test_odd_answers_of_the_identity_endpoint(
    answer: Answer, status: str, asked: int, world: World, tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever comes instead of a token is a failure of the identity; an endpoint that starts is asked twice."""
    async with served(Peer(tls), world.session) as peer:
        peer.answers["/msi/token"] = answer
        monkeypatch.setenv("IDENTITY_ENDPOINT", f"{peer.url}/msi/token")
        seen = evidence(await world.certificates().credential(), Stage.IDENTITY)
        assert len(peer.asked) == asked
    assert (seen.signal, seen.details) == (Fault.IDENTITY_FAILED, {"status": status})


async def test_an_identity_endpoint_that_starts(world: World) -> None:
    """An endpoint that answers 502 once is asked again at once, and nobody is told."""
    world.identity.planned.once(Page(502, "Bad Gateway"))
    certificate(await world.certificates().credential())
    assert [sighting.outcome for sighting in world.identity.sightings] == ["502", "issued"]


async def test_an_identity_endpoint_that_hangs_up(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """An endpoint that closes the connection in place of an answer is asked twice, and no more."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.close()

    async with serving(script) as peer:
        monkeypatch.setenv("IDENTITY_ENDPOINT", f"http://{peer.endpoint}/msi/token")
        seen = evidence(await world.certificates().credential(), Stage.IDENTITY)
        assert peer.connections == 2
    assert (seen.signal, seen.details) == (Fault.IDENTITY_FAILED, {"closed": "true"})


async def test_a_failure_is_not_kept(world: World) -> None:
    """MSAL would answer from memory for a minute after a 5xx: the next check asks the endpoint, and is well."""
    certificates = world.certificates()
    world.identity.planned.always(Page(504, "Gateway Timeout"))
    evidence(await certificates.credential(), Stage.IDENTITY)
    world.identity.planned.always(None)
    certificate(await certificates.credential())
    assert [sighting.outcome for sighting in world.identity.sightings] == ["504", "504", "issued"]


async def test_a_machine_without_any_identity(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a managed identity the developer's credentials are tried; that none works is its own signal.

    Of those that the SDK tries, the ones that the remedies speak of are told first: a card has no room for all.
    """
    for name in ("IDENTITY_ENDPOINT", "IDENTITY_HEADER"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("PATH", "")  # no az, no azd
    monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", "http://127.0.0.1:9")  # in place of the metadata service
    seen = evidence(await world.certificates(identity=Identity(managed=False)).credential(), Stage.IDENTITY)
    assert seen.signal == Fault.NO_ENDPOINT
    assert seen.said.startswith("ManagedIdentityCredential: ")
    assert "; AzureCliCredential: Azure CLI not found on path; EnvironmentCredential: " in seen.said[:250]


async def test_no_secret_is_shown(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """Neither logs at DEBUG nor what is returned hold the key, the PFX, a token or the identity's header."""
    caplog.set_level(logging.DEBUG)
    certificates = world.certificates()
    found = certificate(await certificates.credential())
    world.time += MAX_AGE
    world.vault.deny(Denial.RBAC)
    refused = await certificates.credential()
    shown = "\n".join((caplog.text, repr(found), str(found), repr(refused), repr(certificates)))
    assert "PRIVATE KEY" not in shown
    assert not [line for line in PAIR.key_pem.decode().splitlines() if line in shown]
    assert "eyJ" not in shown
    assert HEADER not in shown
