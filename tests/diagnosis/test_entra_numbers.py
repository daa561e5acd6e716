"""Entra's refusals by their numbers."""

import pytest

from mailcheck.diagnosis.match import diagnose
from mailcheck.model.evidence import Stage
from mailcheck.model.report import Likelihood
from tests.diagnosis.kit import CERTAIN, at, fixes, known

# Entra's numbers: the first cause's key word and its likelihood
ENTRA = [
    (700027, "certificate-not-registered", "not uploaded", Likelihood.LIKELY),
    (1000502, "certificate-refused-by-entra", "expired", Likelihood.LIKELY),
    (7000214, "certificate-revoked", "revoked", CERTAIN),
    (7000277, "certificate-revoked", "revoked", CERTAIN),
    (7000274, "assertion-signature-wrong", "private key", Likelihood.LIKELY),
    (700024, "assertion-out-of-time", "clock", Likelihood.LIKELY),
    (50012, "assertion-malformed", "MAILCHECK_AUTHORITY", Likelihood.LIKELY),
    (7000216, "request-altered", "proxy", Likelihood.LIKELY),
    (7000218, "request-altered", "proxy", Likelihood.LIKELY),
    (900144, "request-altered", "proxy", Likelihood.LIKELY),
    (7000215, "client-secret-wrong", "proxy", Likelihood.LIKELY),
    (7000222, "client-secret-expired-in-entra", "proxy", Likelihood.LIKELY),
    (700025, "app-is-public-client", "public client flows", Likelihood.LIKELY),
    (700016, "app-not-found", "MAILCHECK_CLIENT_ID", Likelihood.LIKELY),
    (7000229, "app-not-in-tenant", "service principal", CERTAIN),
    (7000112, "app-disabled", "Enabled for users to sign-in", CERTAIN),
    (90002, "tenant-not-found", "MAILCHECK_TENANT_ID", Likelihood.LIKELY),
    (900023, "tenant-malformed", "MAILCHECK_TENANT_ID", CERTAIN),
    (50194, "tenant-not-named", "common", Likelihood.LIKELY),
    (90038, "wrong-cloud", "MAILCHECK_CLOUD", Likelihood.LIKELY),
    (900382, "wrong-cloud", "MAILCHECK_CLOUD", Likelihood.LIKELY),
    (900432, "wrong-cloud", "MAILCHECK_CLOUD", Likelihood.LIKELY),
    (100007, "authority-regional", "MAILCHECK_AUTHORITY", Likelihood.LIKELY),
    (500011, "exchange-not-in-tenant", "MAILCHECK_SCOPE", Likelihood.LIKELY),
    (500014, "exchange-disabled", "disabled", Likelihood.LIKELY),
    (650052, "exchange-not-subscribed", "disabled", Likelihood.LIKELY),
    (1002012, "scope-wrong", "MAILCHECK_SCOPE", CERTAIN),
    (70011, "scope-wrong", "MAILCHECK_SCOPE", CERTAIN),
    (700022, "scope-not-single", "MAILCHECK_SCOPE", Likelihood.LIKELY),
    (65001, "consent-missing", "consent", Likelihood.LIKELY),
    (650056, "permissions-wrong", "API permissions", Likelihood.LIKELY),
    (650057, "permissions-wrong", "API permissions", Likelihood.LIKELY),
    (65005, "permissions-wrong", "API permissions", Likelihood.LIKELY),
    (53003, "conditional-access", "policy", Likelihood.LIKELY),
    (530032, "security-policy", "Security defaults", Likelihood.LIKELY),
    (530035, "security-policy", "Security defaults", Likelihood.LIKELY),
    (500021, "tenant-restrictions", "proxy", Likelihood.LIKELY),
    (500022, "tenant-restrictions", "proxy", Likelihood.LIKELY),
    (90055, "entra-throttled", "too many", Likelihood.LIKELY),
    (90033, "entra-busy", "Microsoft", Likelihood.LIKELY),
    (700021, "entra-refused", "Not known", Likelihood.POSSIBLE),  # nobody has documented it
]


@pytest.mark.parametrize("number, entry, first, likelihood", ENTRA)
def test_entra_is_told_apart_by_number(number: int, entry: str, first: str, likelihood: Likelihood) -> None:
    """Each AADSTS number leads to its own cause, whatever Entra's sentence says."""
    diagnosis = diagnose(at(Stage.TOKEN, f"AADSTS{number}", "some sentence", thumbprint="AB12"), known())
    assert diagnosis.id == entry
    assert first in diagnosis.causes[0].cause
    assert diagnosis.causes[0].likelihood is likelihood


def test_no_remedy_prints_a_secret() -> None:
    """The app signs in with a certificate: a code about secrets leads to no command that shows or makes one."""
    for number in (7000215, 7000222):
        lines = fixes(at(Stage.TOKEN, f"AADSTS{number}", "Invalid client secret"))
        assert not [line for line in lines if line.startswith("az ") or "password" in line]


def test_the_number_of_an_unknown_refusal_is_looked_up() -> None:
    """Entra explains each of its numbers on a page of its own."""
    assert "https://login.microsoftonline.com/error?code=999999" in fixes(at(Stage.TOKEN, "AADSTS999999"))[0]
    assert "error?code" not in " ".join(fixes(at(Stage.TOKEN, "invalid_client")))
