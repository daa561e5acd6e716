"""A look at the app itself."""

import asyncio
from dataclasses import replace

import pytest

from mailcheck.model.credential import Certificate
from mailcheck.model.evidence import Evidence, Stage
from mailcheck.model.inspection import Inspection
from mailcheck.usecases.inspect import InspectApp
from tests.instant import instantly
from tests.usecases.kit import BOTH_ROLES, DAY, NOW, TARGET, Issuer, Silent, Vault, certificate, ids


async def _looked(vault: object = None, *, limit: float = 5, seconds: float = 5) -> Inspection:
    inspect = InspectApp(
        replace(TARGET, timeout=limit),
        vault or Vault(certificate()),  # type: ignore[arg-type]
        Issuer(BOTH_ROLES),
        now=lambda: NOW,
        new_id=ids(),
    )
    return await inspect(asyncio.get_running_loop().time() + seconds)


async def test_certificate_and_token_are_read() -> None:
    """What the app is, how long its certificate lasts, and which roles its token carries."""
    seen = await _looked()
    assert seen.app == TARGET.app
    assert seen.certificate is not None
    assert seen.certificate.days_left == 83
    assert seen.token is not None
    assert seen.token.roles == ("IMAP.AccessAsApp", "POP.AccessAsApp")
    assert seen.diagnosis is None
    assert [step.name for step in seen.steps] == [Stage.VAULT, Stage.CERTIFICATE, Stage.TOKEN]
    assert (seen.checked_at, seen.cloud) == (NOW, "public")


async def test_a_vault_that_says_no_is_diagnosed() -> None:
    """The same diagnosis as a check would give."""
    seen = await _looked(Vault(Evidence(Stage.VAULT, "SecretNotFound")))
    assert seen.diagnosis is not None
    assert seen.diagnosis.id == "certificate-not-in-vault"
    assert (seen.certificate, seen.token) == (None, None)


async def test_an_expired_certificate_is_told_with_its_date() -> None:
    """The certificate is there to be seen, and the diagnosis says what is wrong with it."""
    expired: Certificate = certificate(NOW - 9 * DAY, NOW - 2 * DAY)
    seen = await _looked(Vault(expired))
    assert seen.certificate is not None
    assert seen.certificate.days_left == -2
    assert seen.diagnosis is not None


async def test_a_certificate_that_ends_soon_is_a_notice() -> None:
    """Three weeks ahead it is said."""
    seen = await _looked(Vault(certificate(NOW - DAY, NOW + 20 * DAY)))
    assert [notice.id for notice in seen.notices] == ["certificate-expires-soon"]


@pytest.mark.parametrize("limit, seconds", [(0.05, 60), (60, 0.05)])
@instantly
async def test_a_silent_vault_ends_with_the_timeout(limit: float, seconds: float) -> None:
    """Nobody waits for longer than a check would, nor than whoever asks can."""
    seen = await asyncio.wait_for(_looked(Silent(), limit=limit, seconds=seconds), 10)
    assert seen.diagnosis is not None
    assert "vault" in seen.diagnosis.title
