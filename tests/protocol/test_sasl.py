"""The XOAUTH2 message and its error challenge."""

import base64
import json
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailcheck.model.request import Mailbox
from mailcheck.model.secret import Secret
from mailcheck.protocol.sasl import CHALLENGE_LIMIT, explanation, xoauth2
from mailcheck.protocol.server_text import SENTENCE_LIMIT


def test_the_message() -> None:
    """The address and the token, divided by control-A, in base64."""
    message = xoauth2(Mailbox("info@fabrikam.example"), Secret("abc.def.ghi"))

    assert base64.b64decode(message.reveal()) == b"user=info@fabrikam.example\x01auth=Bearer abc.def.ghi\x01\x01"


def test_the_message_is_one_line() -> None:
    """A token of any length makes one line: mail protocols end a command at a line end."""
    message = xoauth2(Mailbox("info@fabrikam.example"), Secret("x" * 5000))

    assert b"\n" not in message.reveal()


def test_the_message_masks_itself() -> None:
    """It shows its length, and nothing else."""
    message = xoauth2(Mailbox("a@b.example"), Secret("planted"))

    assert f"{message}" == repr(message) == "<52 bytes withheld>"


@pytest.mark.parametrize(
    "document, details",
    [
        (
            '{"status":"400","schemes":"Bearer","scope":"https://mail.example/"}',
            {"status": "400", "schemes": "Bearer", "scope": "https://mail.example/"},
        ),
        ('{"status":401}', {"status": "401"}),
        ('{"status":"401","openid-configuration":"https://x.example"}', {"status": "401"}),
        ('{"status":["401"],"scope":null}', {}),
        ('{"status":"4\\n01\\ud800"}', {"status": "4\ufffd01\ufffd"}),
        ("[]", {}),
        ("401", {}),
        ("", {}),
        ("{", {}),
        ("[" * (CHALLENGE_LIMIT * 3 // 4), {}),
        (" " * CHALLENGE_LIMIT + '{"status":"401"}', {}),
    ],
)
def test_explanation(document: str, details: Mapping[str, str]) -> None:
    """Status, schemes and scope are taken from a JSON object; all else explains nothing."""
    assert explanation(base64.b64encode(document.encode()).decode()) == details


@pytest.mark.parametrize("challenge", ["", "x", "=", "====", "é", "not base64 at all", "e30"])
def test_what_is_no_challenge_explains_nothing(challenge: str) -> None:
    """Text that is not base64 of JSON is passed over."""
    assert explanation(challenge) == {}


def test_missing_padding_is_forgiven() -> None:
    """Some servers leave out the padding of base64."""
    assert explanation(base64.b64encode(b'{"status":"401"} ').decode().rstrip("=")) == {"status": "401"}


@given(
    st.dictionaries(st.sampled_from(["status", "schemes", "scope", "x"]), st.text() | st.integers() | st.none())
    .map(json.dumps)
    .map(lambda document: base64.b64encode(document.encode()).decode())
    | st.text()
)
def test_explanation_is_total(challenge: str) -> None:
    """Whatever the challenge, the explanation is short and can be encoded in UTF-8."""
    for text in explanation(challenge).values():
        assert len(text) <= SENTENCE_LIMIT
        assert text.encode() is not None
