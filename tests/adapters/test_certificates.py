"""PFX and PEM, as Key Vault gives them and as people put them there by hand."""

import base64
import datetime as dt
from collections.abc import Callable
from typing import Literal

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID

from lab.pki import Authority, KeyPair, self_signed
from lab.vault_contents import unexportable
from mailcheck.adapters.certificates import read
from mailcheck.model.credential import Certificate
from mailcheck.model.evidence import Evidence, Fault, Stage
from mailcheck.model.secret import Secret

NOW = dt.datetime.now(dt.UTC).replace(microsecond=0)
BEGIN, END = NOW - dt.timedelta(days=1), NOW + dt.timedelta(days=30)
PFX, PEM = "application/x-pkcs12", "application/x-pem-file"

PAIR = self_signed("mailcheck", not_before=BEGIN, not_after=END)
OTHER = self_signed("somebody else", not_before=BEGIN, not_after=END)


def text_of(pfx: bytes) -> str:
    """A PFX as a secret's value holds it."""
    return base64.b64encode(pfx).decode()


def pem_of(*pairs: KeyPair) -> str:
    """The certificates of these pairs as PEM."""
    return "".join(pair.certificate_pem.decode() for pair in pairs)


def key_pem(form: serialization.PrivateFormat, password: bytes | None = None) -> str:
    """The private key as PEM in this form."""
    encryption: serialization.KeySerializationEncryption = (
        serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    )
    return PAIR.key.private_bytes(serialization.Encoding.PEM, form, encryption).decode()


def pfx_of(*, password: bytes | None = None, others: tuple[KeyPair, ...] = (), leaf: KeyPair | None = PAIR) -> str:
    """A PFX of our key, this certificate as its own, and others beside it."""
    encryption: serialization.KeySerializationEncryption = (
        serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    )
    certificate = leaf.certificate if leaf else None
    chain = [pair.certificate for pair in others]
    return text_of(pkcs12.serialize_key_and_certificates(None, PAIR.key, certificate, chain, encryption))


def elliptic() -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    """A key that is not RSA, and its certificate."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "elliptic")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    certificate = builder.serial_number(1).not_valid_before(BEGIN).not_valid_after(END).sign(key, hashes.SHA256())
    return key, certificate


def elliptic_pem() -> str:
    """A key that is not RSA and its certificate, as PEM."""
    key, certificate = elliptic()
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return (private + certificate.public_bytes(serialization.Encoding.PEM)).decode()


def edwards_pem() -> str:
    """A key that is neither RSA nor EC (RFC 8410) and its certificate, as PEM."""
    key = ed25519.Ed25519PrivateKey.generate()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "edwards")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    certificate = builder.serial_number(1).not_valid_before(BEGIN).not_valid_after(END).sign(key, None)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return (private + certificate.public_bytes(serialization.Encoding.PEM)).decode()


def elliptic_pfx() -> str:
    """A key that is not RSA and its certificate, as PFX."""
    key, certificate = elliptic()
    return text_of(pkcs12.serialize_key_and_certificates(None, key, certificate, None, serialization.NoEncryption()))


def certificate_of(value: str, content_type: str | None = None) -> Certificate:
    """What `read` finds in a value that is in order."""
    found = read(Secret(value), content_type, version="7")
    assert isinstance(found, Certificate), found
    return found


PKCS1, PKCS8 = serialization.PrivateFormat.TraditionalOpenSSL, serialization.PrivateFormat.PKCS8


@pytest.mark.parametrize("content_type", [PFX, PEM, "text/plain", "", None])
@pytest.mark.parametrize(
    "value",
    [
        pytest.param(text_of(PAIR.pfx), id="pfx"),
        pytest.param("\n".join([text_of(PAIR.pfx)[:64], text_of(PAIR.pfx)[64:], ""]), id="pfx-wrapped"),
        pytest.param(key_pem(PKCS8) + pem_of(PAIR), id="pkcs8-first"),
        pytest.param(pem_of(PAIR) + key_pem(PKCS1), id="pkcs1-last"),
        pytest.param((key_pem(PKCS8) + pem_of(PAIR)).replace("\n", "\r\n"), id="crlf"),
        pytest.param("Bag Attributes\n" + key_pem(PKCS8) + "subject=CN\n" + pem_of(PAIR), id="bag-attributes"),
    ],
)
def test_every_form_gives_the_same_certificate(value: str, content_type: str | None) -> None:
    """The content decides, whatever the content type says."""
    certificate = certificate_of(value, content_type)
    assert certificate.private_key.reveal() == key_pem(PKCS8)
    assert certificate.public == pem_of(PAIR)
    assert certificate.thumbprint == PAIR.thumbprint
    assert (certificate.not_before, certificate.not_after) == (BEGIN, END)
    assert certificate.version == "7"


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(pem_of(OTHER, PAIR) + key_pem(PKCS8), id="pem"),
        pytest.param(pfx_of(others=(OTHER,)), id="pfx"),
        pytest.param(pfx_of(others=(OTHER, PAIR), leaf=None), id="pfx-without-mark"),
    ],
)
def test_the_certificate_is_the_one_of_the_key(value: str) -> None:
    """Whatever the order, the certificate that goes with the private key comes first, and the chain follows."""
    certificate = certificate_of(value)
    assert certificate.thumbprint == PAIR.thumbprint
    assert certificate.public == pem_of(PAIR, OTHER)


def test_a_certificate_that_an_authority_issued() -> None:
    """A certificate out of force is read like any other: judging it is not the reader's business."""
    pair = self_signed("old", not_before=BEGIN - dt.timedelta(days=400), not_after=BEGIN)
    assert certificate_of(text_of(pair.pfx)).not_after == BEGIN


DER = PAIR.certificate.public_bytes(serialization.Encoding.DER)
SEALED = b"a password"


@pytest.mark.parametrize(
    "value, signal",
    [
        pytest.param(lambda: pem_of(PAIR), Fault.NO_PRIVATE_KEY, id="public-pem"),
        pytest.param(lambda: text_of(DER), Fault.NO_PRIVATE_KEY, id="public-der"),
        pytest.param(
            lambda: text_of(
                pkcs12.serialize_java_truststore(
                    [pkcs12.PKCS12Certificate(PAIR.certificate, b"a")], serialization.NoEncryption()
                )
            ),
            Fault.NO_PRIVATE_KEY,
            id="pfx-without-key",
        ),
        pytest.param(elliptic_pem, Fault.NOT_RSA, id="elliptic-pem"),
        pytest.param(elliptic_pfx, Fault.NOT_RSA, id="elliptic-pfx"),
        pytest.param(lambda: key_pem(PKCS8, SEALED) + pem_of(PAIR), Fault.UNREADABLE, id="encrypted-pkcs8"),
        pytest.param(lambda: key_pem(PKCS1, SEALED) + pem_of(PAIR), Fault.UNREADABLE, id="encrypted-pkcs1"),
        pytest.param(lambda: pfx_of(password=SEALED), Fault.UNREADABLE, id="encrypted-pfx"),
        pytest.param(lambda: key_pem(PKCS8) + pem_of(OTHER), Fault.UNREADABLE, id="another-keys-certificate"),
        pytest.param(lambda: key_pem(PKCS8), Fault.UNREADABLE, id="key-alone"),
        pytest.param(lambda: pfx_of(leaf=None), Fault.UNREADABLE, id="pfx-key-alone"),
        pytest.param(lambda: key_pem(PKCS8).replace("MII", "AAA", 1) + pem_of(PAIR), Fault.UNREADABLE, id="bad-key"),
        pytest.param(lambda: "correct horse battery staple", Fault.UNREADABLE, id="a-password"),
        pytest.param(lambda: text_of(b"neither"), Fault.UNREADABLE, id="other-base64"),
        pytest.param(lambda: text_of(PAIR.pfx[:-40]), Fault.UNREADABLE, id="truncated"),
        pytest.param(lambda: "", Fault.UNREADABLE, id="empty"),
    ],
)
def test_what_cannot_be_used_is_evidence(value: Callable[[], str], signal: Fault) -> None:
    """A secret without a usable RSA key and its certificate is a failure of the stage "certificate"."""
    seen = read(Secret(value()), "text/plain", version="7")
    assert isinstance(seen, Evidence)
    assert (seen.stage, seen.signal) == (Stage.CERTIFICATE, signal)
    assert seen.details == {"content_type": "text/plain", "version": "7"}


@pytest.mark.parametrize("value", ["hunter2 is the password", text_of(b"hunter2"), key_pem(PKCS8, SEALED)])
def test_the_value_is_never_quoted(value: str) -> None:
    """Evidence says what is wrong, and nothing of the secret's value."""
    shown = repr(read(Secret(value), None, version="7"))
    assert "hunter2" not in shown
    assert value[40:60] not in shown or not value[40:60]


def test_a_chain_of_a_real_authority_is_kept_in_its_order() -> None:
    """Root, intermediate or leaf first: the leaf moves to the front, the others stay as they were."""
    root = Authority(NOW)
    leaf = root.issue(("mailcheck",))
    pem = root.pem.decode() + leaf.certificate_pem.decode() + leaf.key_pem.decode()
    assert certificate_of(pem).public == leaf.certificate_pem.decode() + root.pem.decode()


@pytest.mark.parametrize(
    "value, said",
    [
        pytest.param(elliptic_pfx, "the key is EC on secp256r1", id="elliptic"),
        pytest.param(edwards_pem, "the key is neither RSA nor EC", id="edwards"),
        pytest.param(lambda: pfx_of(password=SEALED), "a PFX, but with a password, or damaged", id="password"),
        pytest.param(lambda: text_of(PAIR.pfx[:-40]), "a PFX, but with a password, or damaged", id="truncated"),
        pytest.param(lambda: text_of(b"neither"), "base64, but of no PFX", id="other-base64"),
        pytest.param(
            lambda: text_of(b"\x30\x82\x01\x00\x02\x01\x00" + bytes(250)), "base64, but of no PFX", id="a-key"
        ),
        pytest.param(lambda: key_pem(PKCS8, SEALED) + pem_of(PAIR), "the private key is encrypted", id="encrypted"),
        pytest.param(lambda: "hunter2 hunter2", "neither PEM nor base64", id="a-password"),
        pytest.param(lambda: " \n", "it is empty", id="blank"),
    ],
)
def test_what_is_wrong_is_said(value: Callable[[], str], said: str) -> None:
    """The kind of a key that is not RSA, and a PFX that cannot be opened, are told apart from the rest."""
    seen = read(Secret(value()), "", version="7")
    assert isinstance(seen, Evidence)
    assert seen.said == said


@pytest.mark.parametrize("form", ["pfx", "pem"])
@pytest.mark.parametrize("managed", [True, False])
def test_who_left_the_key_out_is_noted(form: Literal["pfx", "pem"], managed: bool) -> None:
    """What the vault writes for a key that it does not give out is known as the vault's own work."""
    seen = read(Secret(unexportable(PAIR, form).value), PFX, version="7", managed=managed)
    assert isinstance(seen, Evidence)
    assert seen.signal == Fault.NO_PRIVATE_KEY
    assert ("managed" in seen.details) == managed
