"""The lab's certificates: one authority, server certificates for loopback, and the certificates of app registrations.

Everything is made afresh in memory at each start; nothing here is a secret of anyone's.
"""

import datetime as dt
import ipaddress
import ssl
import tempfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_KEY_BITS = 2048
_LOOPBACK = ("localhost", "127.0.0.1")


@dataclass(frozen=True)
class KeyPair:
    """An RSA private key and the certificate that goes with it."""

    key: rsa.RSAPrivateKey
    certificate: x509.Certificate

    @property
    def certificate_pem(self) -> bytes:
        """The certificate as PEM."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        """The private key as unencrypted PKCS #8 PEM, as Key Vault exports it."""
        return self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    @property
    def pfx(self) -> bytes:
        """Key and certificate as PKCS #12 with an empty password, as Key Vault exports it."""
        return pkcs12.serialize_key_and_certificates(
            b"mailcheck", self.key, self.certificate, None, serialization.NoEncryption()
        )

    @property
    def thumbprint(self) -> str:
        """SHA-1 of the DER certificate, upper-case hex, as the portals show it."""
        return self.certificate.fingerprint(hashes.SHA1()).hex().upper()  # noqa: S303 - the portals name certificates so


def self_signed(common_name: str, *, not_before: dt.datetime, not_after: dt.datetime) -> KeyPair:
    """A self-signed certificate, as Key Vault's "Self" issuer makes it for an app registration.

    Args:
        common_name: The subject's CN.
        not_before: Start of validity, UTC.
        not_after: End of validity, UTC.
    """
    key = rsa.generate_private_key(public_exponent=65537, key_size=_KEY_BITS)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    builder = _builder(name, name, key.public_key(), not_before, not_after)
    return KeyPair(key, builder.sign(key, hashes.SHA256()))


class Authority:
    """A certificate authority that signs the lab's server certificates; its PEM is what MAILCHECK_CA_FILE points at."""

    def __init__(self, now: dt.datetime, *, names: tuple[str, ...] = ()) -> None:
        """Makes its key and certificate.

        Args:
            now: The time, UTC.
            names: What the servers' common certificate is for besides loopback; a `*` may stand for the first label.
        """
        self._now = now
        self._names = names
        key = rsa.generate_private_key(public_exponent=65537, key_size=_KEY_BITS)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mailcheck lab authority")])
        usage = x509.KeyUsage(
            digital_signature=True,
            key_cert_sign=True,
            crl_sign=True,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            encipher_only=False,
            decipher_only=False,
        )
        builder = (
            _builder(name, name, key.public_key(), now - dt.timedelta(days=1), now + dt.timedelta(days=30))
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        )
        self.pair = KeyPair(key, builder.sign(key, hashes.SHA256()))

    @property
    def pem(self) -> bytes:
        """The authority's own certificate."""
        return self.pair.certificate_pem

    def issue(
        self,
        hosts: tuple[str, ...] = _LOOPBACK,
        *,
        not_before: dt.datetime | None = None,
        not_after: dt.datetime | None = None,
    ) -> KeyPair:
        """A server certificate for these host names and addresses, valid for two weeks unless told otherwise."""
        key = rsa.generate_private_key(public_exponent=65537, key_size=_KEY_BITS)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, hosts[0])])
        issuer_key = self.pair.certificate.public_key()
        assert isinstance(issuer_key, rsa.RSAPublicKey)  # noqa: S101 - made so above
        builder = (
            _builder(
                subject,
                self.pair.certificate.subject,
                key.public_key(),
                not_before or self._now - dt.timedelta(hours=1),
                not_after or self._now + dt.timedelta(days=14),
            )
            .add_extension(x509.SubjectAlternativeName([_general_name(host) for host in hosts]), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key), critical=False)
        )
        return KeyPair(key, builder.sign(self.pair.key, hashes.SHA256()))

    @cached_property
    def _loopback(self) -> KeyPair:
        """What servers show that ask for no certificate of their own: one for all, since a key takes time to make."""
        return self.issue((*_LOOPBACK, *self._names))

    def server_context(self, pair: KeyPair | None = None) -> ssl.SSLContext:
        """A TLS server context with a certificate of this authority (the common one for loopback when absent)."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        use(context, pair or self._loopback)
        return context


def use(context: ssl.SSLContext, pair: KeyPair) -> None:
    """Makes a server context show this certificate, in place of the one that it had."""
    # ssl loads chains from files only.
    with tempfile.TemporaryDirectory(prefix="mailcheck-lab-") as folder:
        path = Path(folder) / "server.pem"
        path.write_bytes(pair.key_pem + pair.certificate_pem)
        context.load_cert_chain(path)


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    public_key: rsa.RSAPublicKey,
    not_before: dt.datetime,
    not_after: dt.datetime,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(not_before)
        .not_valid_after(not_after)
    )


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)
