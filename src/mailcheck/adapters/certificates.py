"""A Key Vault certificate's secret, read: PFX or PEM, to a private key and the certificate that goes with it."""

import base64
import re
from typing import TYPE_CHECKING, Final

from mailcheck.adapters.https import one_line
from mailcheck.model.credential import Certificate
from mailcheck.model.evidence import Evidence, Fault, Stage
from mailcheck.model.secret import Secret

# cryptography costs some 70 ms to import, and a cold start pays for every import: it is loaded where it is used.
if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
    from cryptography.x509 import Certificate as PublicCertificate

type _Contents = tuple[PrivateKeyTypes | None, list[PublicCertificate]]

# RFC 7468 section 10, and the older labels of PKCS #1 and SEC 1 ("RSA PRIVATE KEY", "EC PRIVATE KEY").
_PEM_KEY: Final = re.compile(r"-----BEGIN ([A-Z ]{0,20}PRIVATE KEY)-----.*?-----END \1-----", re.DOTALL)
_PEM_BEGIN: Final = "-----BEGIN"
# RFC 7292 section 4: PFX ::= SEQUENCE { version INTEGER {v3(3)}, ... }, its length in up to four octets.
_PFX_BEGIN: Final = re.compile(rb"\x30(?:[\x00-\x80]|\x81.|\x82..|\x83.{3}|\x84.{4})\x02\x01\x03", re.DOTALL)


def read(
    value: Secret[str], content_type: str | None, *, version: str, managed: bool = False
) -> Certificate | Evidence:
    """The certificate in the value of a Key Vault secret; whether it is in force is not judged here.

    The content decides between PEM and base64 of a PFX with an empty password (`application/x-pem-file` and
    `application/x-pkcs12`, as the page "About Azure Key Vault certificates" names them): the content type can be
    missing or wrong on a secret that was set by hand, and is only reported.

    Args:
        value: The secret's value.
        content_type: What the vault says it is.
        version: The secret's version, noted in the result.
        managed: Whether it is the secret behind a certificate, which the vault writes itself; noted in evidence: where
            the vault itself left the private key out, the key is one that it does not give out.

    Returns:
        Evidence of stage `CERTIFICATE` when there is no private key in it, when the key is not RSA (Entra takes no
        other), when it is neither PFX nor PEM, or is encrypted, or has no certificate of its key.
    """
    details = {"content_type": one_line(content_type or ""), "version": one_line(version)}
    if managed:
        details["managed"] = "true"
    try:
        key, certificates = _contents(value.reveal())
        if key is None:
            return Evidence(Stage.CERTIFICATE, Fault.NO_PRIVATE_KEY, details=details)
        said = f"the key is {_kind(key)}"
        return _paired(key, certificates, version) or Evidence(Stage.CERTIFICATE, Fault.NOT_RSA, said, details=details)
    except _Unreadable as reason:
        return Evidence(Stage.CERTIFICATE, Fault.UNREADABLE, said=str(reason), details=details)


class _Unreadable(Exception):  # noqa: N818 - it carries a reason from the parsers to `read`, and goes no further
    """Why the value cannot be read; the text is ours, and never quotes the value."""


def _contents(text: str) -> _Contents:
    if not text.strip():
        raise _Unreadable("it is empty")
    return _pem(text) if _PEM_BEGIN in text else _pfx(text)


def _pem(text: str) -> _Contents:
    from cryptography import x509  # noqa: PLC0415 - see the top of the file
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415

    block = _PEM_KEY.search(text)
    if block is None:
        return None, []
    try:
        key = load_pem_private_key(block[0].encode(), password=None)
    except TypeError:
        raise _Unreadable("the private key is encrypted") from None
    except (ValueError, UnsupportedAlgorithm):
        raise _Unreadable("the private key is damaged") from None
    try:
        return key, x509.load_pem_x509_certificates(text.encode())
    except ValueError:
        raise _Unreadable("there is a private key, and no certificate that can be read") from None


def _pfx(text: str) -> _Contents:
    from cryptography import x509  # noqa: PLC0415 - see the top of the file
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import pkcs12  # noqa: PLC0415

    try:
        der = base64.b64decode("".join(text.split()), validate=True)
    except ValueError:
        raise _Unreadable("neither PEM nor base64") from None
    try:
        key, certificate, others = pkcs12.load_key_and_certificates(der, password=None)
    except (ValueError, UnsupportedAlgorithm):
        try:
            return None, [x509.load_der_x509_certificate(der)]  # the public part alone
        except ValueError:
            raise _Unreadable(_why_no_pfx(der)) from None
    return key, [*([certificate] if certificate else []), *others]


def _why_no_pfx(der: bytes) -> str:
    if _PFX_BEGIN.match(der):
        return "a PFX, but with a password, or damaged"
    return "base64, but of no PFX"


def _kind(key: "PrivateKeyTypes") -> str:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey  # noqa: PLC0415 - see the top

    return f"EC on {key.curve.name}" if isinstance(key, EllipticCurvePrivateKey) else "neither RSA nor EC"


def _paired(key: "PrivateKeyTypes", certificates: "list[PublicCertificate]", version: str) -> Certificate | None:
    """The certificate of this key, its chain after it, whatever the order they came in; none when it is not RSA."""
    from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415 - see the top of the file
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey  # noqa: PLC0415

    if not isinstance(key, RSAPrivateKey):
        return None
    public = key.public_key()
    leaf = next((each for each in certificates if each.public_key() == public), None)
    if leaf is None:
        raise _Unreadable("no certificate in it belongs to the private key")
    chain = [leaf, *(each for each in certificates if each != leaf)]
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return Certificate(
        private_key=Secret(private.decode()),
        public="".join(each.public_bytes(serialization.Encoding.PEM).decode() for each in chain),
        thumbprint=leaf.fingerprint(hashes.SHA1()).hex().upper(),  # noqa: S303 - the portals name certificates so
        not_before=leaf.not_valid_before_utc,
        not_after=leaf.not_valid_after_utc,
        version=version,
    )
