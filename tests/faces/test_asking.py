"""A check's JSON body: what is accepted, and how each bad field is named."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailcheck.faces.asking import BadField, check_request
from mailcheck.model.request import CheckRequest, Mailbox, MailProtocol

IMAP, POP = MailProtocol.IMAP, MailProtocol.POP
ANNA = Mailbox("anna@contoso.com")


@pytest.mark.parametrize(
    "body, asked",
    [
        ({"mailbox": "anna@contoso.com"}, CheckRequest(ANNA, (IMAP, POP))),
        ({"mailbox": "anna@contoso.com", "protocols": ["pop"]}, CheckRequest(ANNA, (POP,))),
        ({"mailbox": "anna@contoso.com", "protocols": ["pop", "imap", "pop"]}, CheckRequest(ANNA, (IMAP, POP))),
    ],
)
def test_a_request_is_read(body: object, asked: CheckRequest) -> None:
    """Protocols are optional; the order and repetitions do not matter."""
    assert check_request(body, (IMAP, POP)) == asked


@pytest.mark.parametrize(
    "body, fields",
    [
        (None, [""]),
        ({}, ["mailbox"]),
        ({"mailbox": None}, ["mailbox"]),
        ({"mailbox": "x", "protocols": "imap"}, ["mailbox", "protocols"]),
        ({"mailbox": "anna@contoso.com", "protocols": [None, {}, 7]}, ["protocols"]),
        ({"mailbox": "anna@contoso.com", "protocol": ["imap"]}, ["protocol"]),
        ({"mailbox": "x", "protocols": [], "a": 1, "b": 2}, ["mailbox", "protocols", "a", "b"]),
    ],
)
def test_every_bad_field_is_named(body: object, fields: list[str]) -> None:
    """All that is wrong is told at once."""
    asked = check_request(body, (IMAP,))
    assert isinstance(asked, tuple)
    assert [bad.field for bad in asked] == fields


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(), lambda j: st.lists(j) | st.dictionaries(st.text(), j)
    )
)
def test_any_json_is_answered(body: object) -> None:
    """Whatever JSON comes, the answer is a request, or problems that are short and can be written as JSON."""
    asked = check_request(body, (IMAP,))
    if isinstance(asked, tuple):
        assert asked
        assert all(isinstance(bad, BadField) and len(bad.problem) < 300 for bad in asked)
        json.dumps([bad.problem for bad in asked])
