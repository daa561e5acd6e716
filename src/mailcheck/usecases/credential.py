"""What a credential and its token say of themselves, and whether the credential is in force."""

import datetime as dt
from types import MappingProxyType

from mailcheck.model.credential import Certificate, Credential, Token
from mailcheck.model.evidence import Evidence, Fault, Stage
from mailcheck.model.report import CertificateFacts, TokenFacts


def out_of_force(credential: Credential, now: dt.datetime) -> Evidence | None:
    """Evidence when the credential is not valid at this time, of the stage that the credential is judged at."""
    if credential.not_after is not None and now > credential.not_after:
        return _evidence(credential, Fault.EXPIRED, f"until {credential.not_after:%Y-%m-%d %H:%M} UTC")
    if credential.not_before is not None and now < credential.not_before:
        return _evidence(credential, Fault.NOT_YET_VALID, f"from {credential.not_before:%Y-%m-%d %H:%M} UTC")
    return None


def stage_of(credential: Credential) -> Stage:
    """Where this kind of credential is judged."""
    return Stage.CERTIFICATE if isinstance(credential, Certificate) else Stage.SECRET


def validity(credential: Credential, now: dt.datetime) -> str:
    """What a step says of it, such as `AB12..., 83 days left`."""
    end = credential.not_after
    if end is None:
        left = "no end of validity noted"
    else:
        left = f"expired on {end:%Y-%m-%d}" if now > end else f"{(end - now).days} days left"
    return f"{credential.thumbprint}, {left}" if isinstance(credential, Certificate) else left


def certificate_facts(certificate: Certificate, now: dt.datetime) -> CertificateFacts:
    """What a report says of the certificate; whole days, negative once it has expired."""
    return CertificateFacts(certificate.thumbprint, certificate.not_after, (certificate.not_after - now).days)


def token_facts(token: Token) -> TokenFacts:
    """What a report says of a token."""
    return TokenFacts(token.claims.audience, token.claims.roles, token.claims.expires_at)


def _evidence(credential: Credential, fault: Fault, dates: str) -> Evidence:
    bounds = {"not_before": credential.not_before, "not_after": credential.not_after}
    details = {name: f"{moment:%Y-%m-%d}" for name, moment in bounds.items() if moment is not None}
    name = "the client secret"
    if isinstance(credential, Certificate):
        name = details["thumbprint"] = credential.thumbprint
    return Evidence(stage_of(credential), fault, f"{name} is valid {dates}", details=MappingProxyType(details))
