"""Signed tokens: the keys that Entra and the Bot Framework issuer sign with, and their JWKS documents."""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa


class Rejected(Exception):  # noqa: N818 - it is an answer, not an error of ours
    """A token that does not verify; the text is the reason, for the lab's log and its tests."""


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
        return base64.urlsafe_b64encode(hashlib.sha256(der).digest()[:20]).rstrip(b"=").decode()

    def jwk(self, **more: object) -> dict[str, Any]:
        """The public key as a JWK (RFC 7517), with members such as `endorsements` added."""
        document: dict[str, Any] = jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        return {**document, "use": "sig", "kid": self.kid, "x5t": self.kid, **more}

    def sign(self, claims: Mapping[str, object], **header: object) -> str:
        """A compact JWS of these claims; header members given here are added or override."""
        return jwt.encode(
            dict(claims), self.key, algorithm="RS256", headers={"kid": self.kid, "x5t": self.kid, **header}
        )

    def verify(self, token: str, *, audience: str, issuer: str | None = None) -> dict[str, Any]:
        """The claims of a token signed by this key for this audience.

        Raises:
            Rejected: the token is malformed, not ours, expired, or for somebody else.
        """
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                self.key.public_key(),
                algorithms=["RS256"],
                audience=audience,
                issuer=issuer,
                options={"require": ["exp", "aud", "iss"]},
            )
        except jwt.InvalidTokenError as error:
            raise Rejected(f"{type(error).__name__}: {error}") from error
        return claims
