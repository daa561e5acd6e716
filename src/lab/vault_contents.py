"""What a secret of the lab's Key Vault can hold: certificates as the vault exports them, and what people store by hand.

learn.microsoft.com/azure/key-vault/certificates/about-certificates: a certificate is read as the secret of its name,
PFX in base64 with an empty password or PEM with the key first; without an exportable key the secret has no key in it.
"""

import base64
import datetime as dt
from dataclasses import dataclass, field
from typing import Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID

from lab.pki import KeyPair

PFX, PEM = "application/x-pkcs12", "application/x-pem-file"
_PEM, _PKCS8, _NAKED = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()


@dataclass(frozen=True)
class Content:
    """One version of a secret.

    Attributes:
        value: The text.
        content_type: What the vault says it is.
        not_before, not_after: Its attributes `nbf` and `exp`, UTC.
        managed: Whether it is the secret behind a certificate, which only the vault itself can change.
    """

    value: str = field(repr=False)
    content_type: str | None = None
    not_before: dt.datetime | None = None
    not_after: dt.datetime | None = None
    managed: bool = False


def exported(pair: KeyPair, form: Literal["pfx", "pem"] = "pfx") -> Content:
    """The secret behind a certificate whose key can be exported."""
    pem = (pair.key_pem + pair.certificate_pem).decode()
    return _managed(_text(pair.pfx), PFX, pair.certificate) if form == "pfx" else _managed(pem, PEM, pair.certificate)


def unexportable(pair: KeyPair, form: Literal["pfx", "pem"] = "pfx") -> Content:
    """The secret behind a certificate whose key cannot be exported: the public part, in the same wrapping."""
    if form == "pem":
        return _managed(pair.certificate_pem.decode(), PEM, pair.certificate)
    alone = pkcs12.serialize_java_truststore([pkcs12.PKCS12Certificate(pair.certificate, None)], _NAKED)
    return _managed(_text(alone), PFX, pair.certificate)


def elliptic(not_before: dt.datetime, not_after: dt.datetime) -> Content:
    """The secret behind a certificate with a key on the curve P-256."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mailcheck")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(not_before)
    certificate = builder.not_valid_after(not_after).sign(key, hashes.SHA256())
    pfx = pkcs12.serialize_key_and_certificates(None, key, certificate, None, _NAKED)
    return _managed(_text(pfx), PFX, certificate)


def sealed(pair: KeyPair, password: bytes) -> Content:
    """A PFX with a password, stored as a secret by hand: an import as a certificate would have taken it off."""
    protection = serialization.BestAvailableEncryption(password)
    pfx = pkcs12.serialize_key_and_certificates(None, pair.key, pair.certificate, None, protection)
    return Content(_text(pfx), PFX)


def shuffled(pair: KeyPair, issuer: x509.Certificate) -> Content:
    """PEM with the chain in front, the key last, and the remarks that openssl writes between, stored by hand."""
    chain = issuer.public_bytes(_PEM).decode() + pair.certificate_pem.decode()
    key = pair.key.private_bytes(_PEM, _PKCS8, _NAKED).decode()
    return Content(f"Bag Attributes\n{chain}Key Attributes: <No Attributes>\n{key}", PEM)


def _managed(value: str, content_type: str, certificate: x509.Certificate) -> Content:
    begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    return Content(value, content_type, begins, ends, managed=True)


def _text(pfx: bytes) -> str:
    return base64.b64encode(pfx).decode()
