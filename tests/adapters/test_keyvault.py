"""The certificate from Key Vault, by the genuine SDK over real TLS: what is read, what is refused, what is held."""

import asyncio
import ssl
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from lab.denial import Denial
from lab.pki import Authority
from lab.tenant import IDENTITY_CLIENT_ID, IDENTITY_PRINCIPAL_ID
from mailcheck.adapters.trust import http_session
from mailcheck.model.evidence import Fault, Stage
from tests.adapters.azure_kit import Peer, document, new_pair, now, served
from tests.adapters.azure_world import MAX_AGE, NAME, World, certificate, evidence, world_of

SECRET = f"/secrets/{NAME}/"
RENEWED = new_pair()


@pytest.fixture
async def world(authority: Authority, trust: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[World]:
    """The world, and the HTTP session of the product in it."""
    with http_session(trust) as session:
        async with world_of(authority, session, monkeypatch) as world:
            yield world


# --- what is read, and for how long it is held


@pytest.mark.parametrize("form", ["pfx", "pem"])
async def test_both_forms_are_read(form: str, world: World) -> None:
    """A certificate is read with its key, whether the vault keeps PFX or PEM."""
    version = world.vault.store(NAME, RENEWED, form="pem" if form == "pem" else "pfx")
    found = certificate(await world.certificates().credential())
    assert (found.thumbprint, found.version) == (RENEWED.thumbprint, version)
    assert found.private_key.reveal().encode() == RENEWED.key_pem


async def test_concurrent_checks_make_one_request(world: World) -> None:
    """Ten callers at once and one later within the age share one reading."""
    certificates = world.certificates()
    found = await asyncio.gather(*(certificates.credential() for _ in range(10)))
    world.time += MAX_AGE - 1
    assert await certificates.credential() is found[0]
    assert {id(each) for each in found} == {id(found[0])}
    assert world.reads() == 1


async def test_a_renewed_certificate_is_picked_up(world: World) -> None:
    """After the age the vault is asked again: the same version stays, a new one takes its place."""
    certificates = world.certificates()
    first = certificate(await certificates.credential())
    world.time += MAX_AGE
    assert await certificates.credential() is first
    world.vault.store(NAME, RENEWED)
    assert await certificates.credential() is first
    world.time += MAX_AGE
    assert certificate(await certificates.credential()).thumbprint == RENEWED.thumbprint
    assert world.reads() == 3


async def test_an_old_certificate_does_not_hide_a_failure(world: World) -> None:
    """After the age a refusal is the answer, and the next caller asks anew."""
    certificates = world.certificates()
    certificate(await certificates.credential())
    world.time += MAX_AGE
    world.vault.deny(Denial.FIREWALL)
    assert evidence(await certificates.credential()).signal == "ForbiddenByFirewall"
    world.vault.deny(None)
    certificate(await certificates.credential())


# --- what the vault refuses


@pytest.mark.parametrize(
    "denial, signal, status, facts",
    [
        (Denial.RBAC, "ForbiddenByRbac", "403", {"object_id", "app_id", "action"}),
        (Denial.ACCESS_POLICY, "AccessDenied", "403", {"object_id", "app_id", "action"}),
        (Denial.FIREWALL, "ForbiddenByFirewall", "403", {"object_id", "app_id", "client_address"}),
        (Denial.CONNECTION, "ForbiddenByConnection", "403", {"object_id", "app_id"}),
        (Denial.THROTTLED, "429", "429", {"retry_after"}),
    ],
)
async def test_each_denial_is_told_by_its_code(
    denial: Denial, signal: str, status: str, facts: set[str], world: World
) -> None:
    """The signal is the inner code; ids, address and waiting time are taken out of the answer, which is not retried."""
    world.vault.deny(denial)
    seen = evidence(await world.certificates().credential())
    assert (seen.signal, seen.details["status"]) == (signal, status)
    assert seen.said
    assert "\n" not in seen.said
    assert seen.details.keys() == facts | {"host", "status"}
    known = {
        "host": "127.0.0.1",
        "object_id": IDENTITY_PRINCIPAL_ID,
        "app_id": IDENTITY_CLIENT_ID,
        "client_address": "127.0.0.1",
        "action": "Microsoft.KeyVault/vaults/secrets/getSecret/action",
        "retry_after": "1",
        "status": status,
    }
    assert seen.details == {name: known[name] for name in seen.details}
    assert world.reads() == 1


@pytest.mark.parametrize(
    "resource, claims, signal",
    [
        ("https://management.azure.com", {}, "AKV10022"),
        (None, {"iss": "https://sts.windows.net/another-tenant/"}, "AKV10032"),
        (None, {"exp": 1}, "AKV10001"),
    ],
)
async def test_a_token_that_the_vault_does_not_take(
    resource: str | None,
    claims: dict[str, Any],
    signal: str,
    world: World,
    tls: ssl.SSLContext,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A 401 after the challenge was answered is told by the vault's own number."""
    application = world.entra.tenant.applications[IDENTITY_CLIENT_ID]
    token = world.entra.mint(application, resource or world.vault.resource, **claims)
    expires_on = str(int(now().timestamp()) + 3600)
    async with served(Peer(tls), world.session) as peer:
        peer.answers["/msi/token"] = document(200, {"access_token": token, "expires_on": expires_on})
        monkeypatch.setenv("IDENTITY_ENDPOINT", f"{peer.url}/msi/token")
        seen = evidence(await world.certificates().credential())
    assert (seen.signal, seen.details["status"]) == (signal, "401")
    assert token not in repr(seen)


async def test_a_secret_that_is_not_there(world: World) -> None:
    """A name that the vault does not know is SecretNotFound."""
    assert evidence(await world.certificates("nowhere").credential()).signal == "SecretNotFound"


async def test_a_disabled_version(world: World) -> None:
    """A disabled current version is SecretDisabled, though older ones are enabled."""
    world.vault.store(NAME, RENEWED, enabled=False)
    assert evidence(await world.certificates().credential()).signal == "SecretDisabled"


async def test_a_secret_that_is_no_certificate(world: World) -> None:
    """A password under the certificate's name is a failure of the stage "certificate"."""
    world.vault.store(NAME, "hunter2 hunter2", form="text")
    seen = evidence(await world.certificates().credential(), Stage.CERTIFICATE)
    assert seen.signal == Fault.UNREADABLE
    assert "hunter2" not in repr(seen)


async def test_a_vault_of_another_service(world: World) -> None:
    """A server whose challenge names another resource than its own address gets no token."""
    url = world.vault.url.replace("127.0.0.1", "localhost")
    seen = evidence(await world.certificates(url=url).credential())
    assert seen.signal == Fault.CHALLENGE_MISMATCH
    assert seen.details["host"] == "localhost"
    assert seen.details["challenge_resource"].startswith("0.0.1:")
    assert "verify_challenge_resource" not in seen.said
    assert world.identity.sightings == []
