"""Each scenario of the lab, by its name, through a whole check: the diagnosis that an administrator gets."""

import logging
from collections.abc import Callable
from typing import Final

import pytest

from lab.scenario import Kind
from lab.scenarios import SCENARIOS
from lab.world import World
from mailcheck.model.report import Broken, Status
from tests.e2e.kit import Checker

HEALTHY: Final = "healthy"

# Scenario: what IMAP and POP get, or each of them where they differ.
EXPECTED: Final[dict[str, str | tuple[str, str]]] = {
    "identity-none": "no-managed-identity",
    "identity-not-assigned": "managed-identity-refused",
    "identity-user-assigned-only": "managed-identity-refused",
    "identity-not-granted": "vault-role-missing",
    "identity-starting": HEALTHY,
    "identity-down": "managed-identity-refused",
    "vault-role-missing": "vault-role-missing",
    "vault-policy-missing": "vault-policy-missing",
    "vault-firewall": "vault-firewall",
    "vault-private": "vault-private",
    "vault-throttled": "vault-throttled",
    "vault-error-once": HEALTHY,
    "vault-error": "vault-busy",
    "vault-busy-once": HEALTHY,
    "vault-busy": "vault-busy",
    "vault-other-tenant": "vault-of-another-tenant",
    "vault-wrong-audience": "vault-of-another-cloud",
    "vault-no-token": "vault-token-lost",
    "vault-challenge": "vault-address-wrong",
    "vault-page": "vault-unreachable",
    "vault-unknown": "vault-not-found",
    "certificate-not-found": "certificate-not-in-vault",
    "certificate-deleted": "certificate-not-in-vault",
    "certificate-disabled": "certificate-disabled",
    "certificate-pending": "certificate-disabled",
    "certificate-not-exportable": "certificate-without-key",
    "certificate-public-only": "certificate-without-key",
    "certificate-elliptic": "certificate-not-rsa",
    "certificate-encrypted": "certificate-unreadable",
    "certificate-wrong-type": HEALTHY,
    "certificate-shuffled": HEALTHY,
    "certificate-plain-text": "certificate-unreadable",
    "certificate-expired": "certificate-expired",
    "certificate-not-yet-valid": "certificate-not-yet-valid",
    "certificate-expires-within-30": HEALTHY,
    "certificate-expires-within-14": HEALTHY,
    "certificate-expires-within-7": HEALTHY,
    "secret-good": HEALTHY,
    "secret-wrong": "client-secret-wrong",
    "secret-id": "client-secret-unreadable",
    "secret-expired-in-entra": "client-secret-expired-in-entra",
    "secret-expired-in-vault": "client-secret-expired",
    "secret-not-yet-valid": "client-secret-not-yet-valid",
    "secret-expires-within-7": HEALTHY,
    "secret-empty": "client-secret-unreadable",
    "secret-with-line-end": "client-secret-unreadable",
    "secret-is-certificate": "client-secret-unreadable",
    "secret-disabled": "certificate-disabled",
    "secret-not-found": "certificate-not-in-vault",
    "app-not-found": "app-not-found",
    "app-disabled": "app-disabled",
    "app-not-in-tenant": "app-not-in-tenant",
    "app-public-client": "app-is-public-client",
    "certificate-not-registered": "certificate-not-registered",
    "certificate-revoked": "certificate-revoked",
    "clock-slow": "assertion-out-of-time",
    "certificate-expired-for-entra": "certificate-refused-by-entra",
    "tenant-malformed": "tenant-malformed",
    "tenant-not-found": "tenant-not-found",
    "tenant-other-cloud": "wrong-cloud",
    "exchange-disabled": "exchange-disabled",
    "exchange-missing": "exchange-not-in-tenant",
    "conditional-access": "conditional-access",
    "role-missing-imap": ("imap-sign-in-refused", HEALTHY),
    "role-missing-pop": (HEALTHY, "pop-sign-in-refused"),
    "role-missing-smtp": HEALTHY,
    "roles-missing": ("imap-sign-in-refused", "pop-sign-in-refused"),
    "token-delegated": ("imap-sign-in-refused", "pop-sign-in-refused"),
    "audience-graph": ("imap-sign-in-refused", "pop-sign-in-refused"),
    "audience-delegated": ("imap-sign-in-refused", "pop-sign-in-refused"),
    "audience-consent-url": HEALTHY,
    "scope-unknown": "exchange-not-in-tenant",
    "entra-unknown": "entra-unreachable",
    "entra-throttled": "entra-throttled",
    "entra-busy-once": HEALTHY,
    "entra-busy": "entra-busy",
    "entra-error-once": HEALTHY,
    "entra-error": "entra-busy",
    "entra-page": "entra-unreachable",
    "cloud-usgov": HEALTHY,
    "cloud-usdod": HEALTHY,
    "cloud-china": HEALTHY,
    "entra-answers=65001": "consent-missing",
    "entra-answers=50012": "assertion-malformed",
    "entra-answers=700021": "entra-refused",
}
NOTICES: Final = {
    "certificate-expires-within-30": "certificate-expires-soon",
    "certificate-expires-within-14": "certificate-expires-soon",
    "certificate-expires-within-7": "certificate-expires-soon",
    "certificate-expired-for-entra": "certificate-expires-soon",
    "secret-expires-within-7": "client-secret-expires-soon",
    "cloud-usgov": "cloud-unproven",
    "cloud-usdod": "cloud-unproven",
    "cloud-china": "cloud-unproven",
}


def test_no_scenario_is_left_out() -> None:
    """Every scenario about vault, identity and tenant has its row."""
    names = {row.name for row in SCENARIOS if row.kind is not Kind.EXCHANGE}
    assert {name.partition("=")[0] for name in EXPECTED} == names
    assert NOTICES.keys() <= EXPECTED.keys()


@pytest.mark.parametrize("scenario, expected", EXPECTED.items())
async def test_a_scenario_has_its_diagnosis(
    scenario: str,
    expected: str | tuple[str, str],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """What is wrong is told under its own name, in time, for each protocol that was asked; and no library complains."""
    async with World(scenario=scenario) as world:
        report = await Checker(world, monkeypatch)("shared@contoso.com")
    verdicts = [each.verdict for each in report.protocols.values()]
    found = tuple(verdict.diagnosis.id if isinstance(verdict, Broken) else HEALTHY for verdict in verdicts)
    assert found == (expected if isinstance(expected, tuple) else (expected, expected))
    assert [notice.id for notice in report.notices] == ([NOTICES[scenario]] if scenario in NOTICES else [])
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


def _new_certificate(world: World) -> None:
    world.renew(world.certificate())


def _new_secret(world: World) -> None:
    world.use_secret(world.app_secret)


@pytest.mark.parametrize(
    "scenario, mend",
    [
        ("certificate-expired", _new_certificate),
        ("certificate-not-registered", _new_certificate),
        ("certificate-revoked", _new_certificate),
        ("secret-wrong", _new_secret),
        ("secret-expired-in-vault", _new_secret),
        ("secret-with-line-end", _new_secret),
    ],
)
async def test_what_is_mended_in_the_vault_is_seen_at_once(
    scenario: str, mend: Callable[[World], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A credential that is out of force, or that Entra refused, is not held: the next check reads the new one."""
    async with World(scenario=scenario) as world:
        check = Checker(world, monkeypatch)
        assert (await check("shared@contoso.com")).status is Status.BROKEN
        mend(world)
        assert (await check("shared@contoso.com")).status is Status.HEALTHY
