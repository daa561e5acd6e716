"""Client assertions (RFC 7521, RFC 7523): whether a JWT proves that the sender holds a registered certificate's key.

The form is Entra's: learn.microsoft.com/entra/identity-platform/certificate-credentials.
"""

import base64
import binascii
import datetime as dt
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeGuard

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.types import Options

from lab.aadsts import Refusal
from lab.tenant import Application

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

CLOCK_SKEW = 300  # seconds that a client's clock may be off
_LATEST = 253_402_300_799  # 9999-12-31, the last second that a datetime can say
_ALGORITHMS = ("RS256", "PS256")
# MSAL sends x5t with RS256 and x5t#S256 with PS256; either member is taken with either algorithm.
_THUMBPRINTS: Final[Mapping[str, hashes.HashAlgorithm]] = {
    "x5t": hashes.SHA1(),  # noqa: S303 - the header member is defined so (RFC 7515 section 4.1.7)
    "x5t#S256": hashes.SHA256(),
}
# Times are compared with the server's clock, and the audience with a set, below: PyJWT checks the signature only.
_SIGNATURE_ONLY: Final[Options] = {
    "verify_exp": False,
    "verify_nbf": False,
    "verify_iat": False,
    "verify_aud": False,
    "verify_iss": False,
    "verify_sub": False,
    "verify_jti": False,
}


@dataclass
class Assertions:
    """Checks client assertions, and remembers the ids (`jti`) of those it took.

    An id belongs to one assertion. The same assertion may come again: MSAL for Python sends each for nine minutes
    (`AutoRefresher`), for other resources and for tokens asked afresh, and Entra lives with that. That another
    assertion under an id that was used is refused is the lab's own reading of RFC 7523 section 3, which leaves it to
    the server; what Entra does is not documented.
    """

    _taken: dict[str, tuple[bytes, float]] = field(default_factory=dict)

    def check(
        self, assertion: str, application: Application, *, audiences: frozenset[str], now: dt.datetime
    ) -> Refusal | None:
        """Why the assertion does not authenticate the application, or None when it does.

        Args:
            assertion: The compact JWS from `client_assertion`.
            application: The application named by `client_id`.
            audiences: Values of `aud` that mean this server.
            now: The server's clock, UTC.
        """
        certificate = _certificate(assertion, application)
        if isinstance(certificate, Refusal):
            return certificate
        claims = _signed_claims(assertion, certificate, now)
        if isinstance(claims, Refusal):
            return claims
        return (
            _check_parties(claims, application.client_id, audiences)
            or _check_times(claims, now.timestamp())
            or self._check_id(claims, assertion, now.timestamp())
        )

    def _check_id(self, claims: Mapping[str, Any], assertion: str, now: float) -> Refusal | None:
        jti = claims.get("jti")
        if not isinstance(jti, str) or not jti:
            return _malformed("it has no jti")
        self._taken = {key: value for key, value in self._taken.items() if value[1] >= now}
        digest = hashlib.sha256(assertion.encode()).digest()
        known, _ = self._taken.setdefault(jti, (digest, claims["exp"] + CLOCK_SKEW))
        # No code is documented for this; InvalidJwtToken is the nearest.
        return None if known == digest else _malformed("its jti was used by another assertion")


def _certificate(assertion: str, application: Application) -> x509.Certificate | Refusal:
    """The registered certificate that the header's thumbprints name."""
    try:
        header = jwt.get_unverified_header(assertion)
    except jwt.InvalidTokenError:
        return _malformed("its header cannot be read")
    named = {member: header[member] for member in _THUMBPRINTS if member in header}
    if header.get("alg") not in _ALGORITHMS:
        return _malformed("its alg is neither RS256 nor PS256")
    if not named:
        return _malformed("its header has neither x5t nor x5t#S256")
    thumbprints = {member: _decoded(value) for member, value in named.items()}
    for certificate in application.certificates:
        if all(certificate.fingerprint(_THUMBPRINTS[member]) == value for member, value in thumbprints.items()):
            break
    else:
        return _not_registered(thumbprints, application)
    if certificate in application.revoked:
        return Refusal(7000277, "The certificate that signed the client assertion was revoked.")
    return certificate


def _not_registered(thumbprints: Mapping[str, bytes], application: Application) -> Refusal:
    used = " ".join(value.hex().upper() for value in thumbprints.values())
    return Refusal(
        700027,
        "The certificate that signed the client assertion is not registered on the application. "
        f"[Reason - The key was not found., Thumbprint of key used by client: '{used}', "
        f"app Id '{application.client_id}']",
    )


def _decoded(value: object) -> bytes:
    """The bytes of a base64url header member; empty, which no certificate matches, when it is not one."""
    try:
        text = str(value)
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return b""


def _signed_claims(assertion: str, certificate: x509.Certificate, now: dt.datetime) -> dict[str, Any] | Refusal:
    """The claims, once the certificate is within its validity and its key made the signature."""
    if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
        return Refusal(
            1000502,
            "The certificate that signed the client assertion is outside its validity: "
            f"from {certificate.not_valid_before_utc:%m/%d/%Y %H:%M:%S} "
            f"to {certificate.not_valid_after_utc:%m/%d/%Y %H:%M:%S}.",
        )
    key = certificate.public_key()
    if not isinstance(key, rsa.RSAPublicKey):
        return _malformed("its certificate has no RSA key")
    try:
        claims: dict[str, Any] = jwt.decode(assertion, key, algorithms=list(_ALGORITHMS), options=_SIGNATURE_ONLY)
    except jwt.InvalidSignatureError:
        return Refusal(7000274, "The signature of the client assertion was not made by the certificate's key.")
    except jwt.InvalidTokenError:
        return _malformed("its claims cannot be read")
    return claims


def _check_parties(claims: Mapping[str, Any], client_id: str, audiences: frozenset[str]) -> Refusal | None:
    issuer, subject, audience = (claims.get(name) for name in ("iss", "sub", "aud"))
    if not isinstance(issuer, str) or not isinstance(subject, str):
        return _malformed("it lacks iss or sub")
    if issuer.lower() != subject.lower():
        return Refusal(50048, "The subject of the client assertion is not its issuer.")
    if issuer.lower() != client_id.lower():
        return Refusal(50012, "The client assertion is not that of the application in 'client_id'.")
    if audience is not None and not isinstance(audience, str):
        return _malformed("its audience is not one text")
    if audience not in audiences:
        return Refusal(50012, "The audience of the client assertion is not this tenant's token endpoint.")
    return None


def _check_times(claims: Mapping[str, Any], now: float) -> Refusal | None:
    """Expiry is required; the start is `nbf`, or else `iat`, or else now (RFC 7523 section 3)."""
    end: object = claims.get("exp")
    start: object = claims.get("nbf", claims.get("iat", now))
    if not _is_time(end) or not _is_time(start):
        return _malformed("its times are missing or are not numbers")
    if start - CLOCK_SKEW <= now < end + CLOCK_SKEW:
        return None
    return Refusal(
        700024,
        f"The client assertion is outside its time range. Current time: {_iso(now)}, "
        f"assertion valid from {_iso(start)}, expiry time of assertion {_iso(end)}.",
    )


def _is_time(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= _LATEST


def _iso(seconds: float) -> str:
    return f"{dt.datetime.fromtimestamp(seconds, dt.UTC):%Y-%m-%dT%H:%M:%SZ}"


def _malformed(why: str) -> Refusal:
    return Refusal(50027, f"The client assertion is invalid or malformed: {why}.")
