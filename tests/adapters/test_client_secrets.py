"""What a client secret may look like, and what people store in its place."""

import base64
import datetime as dt
import hashlib

import pytest
from cryptography.hazmat.primitives import serialization

from lab.vault_contents import sealed
from mailcheck.adapters.client_secrets import read
from mailcheck.model.credential import ClientSecret
from mailcheck.model.evidence import Evidence, Fault, Stage
from mailcheck.model.secret import Secret
from tests.adapters.azure_kit import new_pair

PAIR = new_pair()
PFX = base64.b64encode(PAIR.pfx).decode()
DER = base64.b64encode(PAIR.certificate.public_bytes(serialization.Encoding.DER)).decode()
VALUE = "Zq18Q~planted.Secret_Value-of_forty-char"
BEGIN = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
END = dt.datetime(2027, 1, 1, tzinfo=dt.UTC)


def read_it(value: str) -> ClientSecret | Evidence:
    """What is made of a value."""
    return read(Secret(value), "text/plain", version="7", not_before=BEGIN, not_after=END)


@pytest.mark.parametrize(
    "value",
    [
        VALUE,
        "pass=word+/with.every~sign!#$%&'()*,:;<>?@[]^_`{|}",
        "A" * 44,
        base64.b64encode(hashlib.sha256(b"any").digest()).decode(),
        base64.b64encode(b"\x30\x82" + hashlib.sha256(b"any").digest()).decode(),  # begins as a PFX does, and is none
        "00000000-0000-0000-0000-00000000000g",
    ],
)
def test_a_client_secret_is_taken_as_it_is(value: str) -> None:
    """One line of printable ASCII without spaces, as RFC 6749 has it; with the vault's version and dates."""
    found = read_it(value)
    assert isinstance(found, ClientSecret), found
    assert (found.value.reveal(), found.version) == (value, "7")
    assert (found.not_before, found.not_after) == (BEGIN, END)


@pytest.mark.parametrize(
    "value, found",
    [
        pytest.param("", "empty", id="empty"),
        pytest.param(" \r\n", "empty", id="blank"),
        pytest.param("6c5a9a5e-0f0e-4d5c-8a51-7c1a3a0a7f21", "id", id="id"),
        pytest.param("{6C5A9A5E-0F0E-4D5C-8A51-7C1A3A0A7F21}\n", "id", id="id-in-braces"),
        pytest.param(PAIR.key_pem.decode() + PAIR.certificate_pem.decode(), "certificate", id="pem"),
        pytest.param(PAIR.certificate_pem.decode(), "certificate", id="public-pem"),
        pytest.param(PFX, "certificate", id="pfx"),
        pytest.param(f"{PFX[:64]}\n{PFX[64:]}\n", "certificate", id="pfx-wrapped"),
        pytest.param(sealed(PAIR, b"a password").value, "certificate", id="pfx-with-password"),
        pytest.param(DER, "certificate", id="public-der"),
        pytest.param(f"{VALUE}\n", "line-end", id="line-end"),
        pytest.param(f" {VALUE}", "line-end", id="space-before"),
        pytest.param(f"{VALUE[:20]}\r\n{VALUE[20:]}", "line-end", id="two-lines"),
        pytest.param(f"{VALUE}\u00a0", "line-end", id="no-break-space"),
        pytest.param(f"{VALUE}\u00fc", "characters", id="umlaut"),
        pytest.param(f"\ufeff{VALUE}", "characters", id="byte-order-mark"),
        pytest.param(f"{VALUE}\x00", "characters", id="nul"),
    ],
)
def test_what_can_be_no_client_secret_is_evidence(value: str, found: str) -> None:
    """What it is instead is said, and nothing of it is quoted."""
    seen = read_it(value)
    assert isinstance(seen, Evidence), seen
    assert (seen.stage, seen.signal) == (Stage.SECRET, Fault.UNREADABLE)
    assert seen.details == {"content_type": "text/plain", "version": "7", "found": found}
    assert seen.said
    assert VALUE not in repr(seen)
    assert not value[:30].strip() or value[:30] not in repr(seen)
