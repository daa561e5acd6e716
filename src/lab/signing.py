"""Signed tokens: the keys that Entra and the Bot Framework issuer sign with, and their JWKS documents."""

import base64
import datetime as dt
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from jwt.types import Options

# PyJWT knows no clock but the machine's: times are compared below.
_NO_TIMES: Final[Options] = {"verify_exp": False, "verify_nbf": False, "verify_iat": False}


def base64url(data: bytes) -> str:
    """Base64url without padding (RFC 7515 section 2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def compact(header: bytes, claims: bytes, sign: Callable[[bytes], bytes]) -> str:
    """The parts of a token and their signature in RFC 7515's compact form, whatever they hold."""
    signed = f"{base64url(header)}.{base64url(claims)}"
    return f"{signed}.{base64url(sign(signed.encode()))}"


class Rejected(Exception):  # noqa: N818 - it is an answer, not an error of ours
    """A token that does not verify; the text is the reason, for the lab's log and its tests.

    Its `__cause__` is PyJWT's exception, where PyJWT or a clock refused the token.
    """


@dataclass(frozen=True)
class SigningKey:
    """One RS256 key of an issuer."""

    key: rsa.RSAPrivateKey

    @classmethod
    def generate(cls) -> "SigningKey":
        """A new RSA-2048 key."""
        return cls(rsa.generate_private_key(public_exponent=65537, key_size=2048))

    @property
    def kid(self) -> str:
        """The key id: the first bytes of the SHA-256 of the public key."""
        der = self.key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return base64url(hashlib.sha256(der).digest()[:20])

    def jwk(self, **more: object) -> dict[str, Any]:
        """The public key as a JWK (RFC 7517), with members such as `endorsements` added."""
        document: dict[str, Any] = jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        return {**document, "use": "sig", "kid": self.kid, "x5t": self.kid, **more}

    def rs256(self, data: bytes) -> bytes:
        """The signature of RS256 (RFC 7518 section 3.3), of whatever it is to be."""
        return self.key.sign(data, padding.PKCS1v15(), hashes.SHA256())

    def sign(self, claims: Mapping[str, object], **header: object) -> str:
        """A compact JWS of these claims; header members given here are added or override."""
        return jwt.encode(
            dict(claims), self.key, algorithm="RS256", headers={"kid": self.kid, "x5t": self.kid, **header}
        )

    def verify(
        self,
        token: str,
        *,
        audience: str | Sequence[str],
        issuer: str | None = None,
        require: Sequence[str] = (),
        now: dt.datetime,
    ) -> dict[str, Any]:
        """The claims of a token signed by this key for this audience.

        Args:
            token: The compact JWS.
            audience: What `aud` must be, or several of which it must be one.
            issuer: What `iss` must be; anything when absent.
            require: Claims that must be there besides `exp`, `aud` and `iss`.
            now: The time to compare with, UTC.

        Raises:
            Rejected: the token is malformed, not ours, not valid now, or for somebody else.
        """
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                self.key.public_key(),
                algorithms=["RS256"],
                audience=audience,
                issuer=issuer,
                options={"require": ["exp", "aud", "iss", *require], **_NO_TIMES},
            )
            _check_times(claims, now.timestamp())
        except jwt.InvalidTokenError as error:
            raise Rejected(f"{type(error).__name__}: {error}") from error
        except UnicodeEncodeError as error:  # octets of a header that are no text
            raise Rejected("malformed: not ASCII") from error
        return claims


def app_only_fault(claims: Mapping[str, Any], tenant_id: str) -> str | None:
    """What keeps verified claims from being those of an application of this tenant, in its own name; or None."""
    if claims.get("tid") != tenant_id:
        return "another tenant"
    if claims.get("idtyp") != "app":
        return "not an app-only token"
    if not isinstance(claims.get("oid"), str):
        return "no oid"
    return None


def _check_times(claims: Mapping[str, Any], now: float) -> None:
    end, start = claims["exp"], claims.get("nbf", now)
    if any(isinstance(value, bool) or not isinstance(value, int | float) for value in (end, start)):
        raise jwt.DecodeError("its times are not numbers")
    if end <= now:
        raise jwt.ExpiredSignatureError("it has expired")
    if start > now:
        raise jwt.ImmatureSignatureError("it is not valid yet")
