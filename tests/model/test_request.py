"""Parsing a mailbox address: what gets past the edge, and what is said of what does not."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailcheck.model.request import ADDRESS_LIMIT, InvalidAddress, Mailbox

GOOD = [
    ("shared@contoso.com", "shared@contoso.com"),
    ("  Shared@Contoso.COM \n", "Shared@contoso.com"),
    ("o'brien+x@mail.contoso.co.uk", "o'brien+x@mail.contoso.co.uk"),
    ("a.b-c_d@xn--bcher-kva.example", "a.b-c_d@xn--bcher-kva.example"),
    ("x" * 64 + "@contoso.com", "x" * 64 + "@contoso.com"),
]
ODD = 'the part before the "@" has a character that a mailbox name cannot have'
ODD_HOST = "the domain has a character that a host name cannot have"
DOTS = 'the part before the "@" begins or ends with a dot, or has two of them in a row'
BAD = [
    ("", "it is empty"),
    ("shared", 'it has no "@"'),
    ("@contoso.com", 'there is nothing before the "@"'),
    ("shared@", 'there is nothing after the "@"'),
    ("shared@contoso", "the domain is not a host name with at least one dot"),
    ("shared@-contoso.com", "the domain is not a host name with at least one dot"),
    ("shared@contoso..com", "the domain is not a host name with at least one dot"),
    ("sha red@contoso.com", f"{ODD}: space (U+0020)"),
    ("shared\r\nA1 LOGOUT@contoso.com", f"{ODD}: a control character (U+000D)"),
    ('"shared box"@contoso.com', f"{ODD}: quotation mark (U+0022)"),
    ("x';Remove-Mailbox y;'@contoso.com", f"{ODD}: semicolon (U+003B)"),
    (".shared@contoso.com", DOTS),
    ("shared.@contoso.com", DOTS),
    ("sha..red@contoso.com", DOTS),
    ("sh\u0430red@contoso.com", f"{ODD}: cyrillic small letter a (U+0430)"),
    ("o\u2019brien@contoso.com", f"{ODD}: right single quotation mark (U+2019)"),
    ("shared@größe.example", f"{ODD_HOST}: latin small letter o with diaeresis (U+00F6)"),
    ("shared@con_toso.com", f"{ODD_HOST}: low line (U+005F)"),
    ("a@b@contoso.com", 'it has more than one "@"'),
    ("größe@contoso.com", f"{ODD}: latin small letter o with diaeresis (U+00F6)"),
    ("x" * 65 + "@contoso.com", 'the part before the "@" is longer than 64 characters'),
    ("x" * 400 + "@contoso.com", f"it is longer than {ADDRESS_LIMIT} characters"),
]


@pytest.mark.parametrize("text, address", GOOD)
def test_an_address_is_parsed_once(text: str, address: str) -> None:
    """White space around it goes, the domain is lower-cased, the rest stays."""
    parsed = Mailbox.parse(text)
    assert isinstance(parsed, Mailbox)
    assert parsed.address == address


@pytest.mark.parametrize("text, reason", BAD)
def test_what_is_wrong_is_said(text: str, reason: str) -> None:
    """The person who typed it is told what is wrong with it."""
    assert Mailbox.parse(text) == InvalidAddress(reason)


@given(st.text(max_size=400))
def test_nothing_that_parses_can_break_a_line(text: str) -> None:
    """Whatever is accepted is short, has no control character, no space, no double quote and no bracket."""
    parsed = Mailbox.parse(text)
    if isinstance(parsed, Mailbox):
        assert len(parsed.address) <= ADDRESS_LIMIT
        assert re.fullmatch(r"[!#-'*+\-./0-9=?@A-Z^_`a-z{|}~]+", parsed.address)


_ATEXT = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]{1,10}"
_LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]{0,8}[A-Za-z0-9])?"


@given(st.from_regex(rf"{_ATEXT}(\.{_ATEXT}){{0,4}}@{_LABEL}(\.{_LABEL}){{1,5}}", fullmatch=True))
def test_every_address_of_the_grammar_is_one(address: str) -> None:
    """A Dot-string, an "@" and a Domain of RFC 5321 within its limits is an address, and is one when parsed again."""
    parsed = Mailbox.parse(address)
    assert isinstance(parsed, Mailbox)
    assert parsed.address.lower() == address.lower()
    assert Mailbox.parse(parsed.address) == parsed
