"""Modified UTF-7, decoded."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailcheck.protocol.imap_utf7 import decode
from tests.protocol.utf7_writer import shifted, written

_NAMES = st.text(st.characters(exclude_categories=["Cs"]))


@pytest.mark.parametrize(
    "encoded, name",
    [
        ("", ""),
        ("Sent Items", "Sent Items"),
        ("&-", "&"),
        ("Q&-A", "Q&A"),
        ("&-&-", "&&"),
        ("&AOk-t&AOk-", "été"),
        ("&AOkA4A-", "éà"),
        ("&U,BTFw-", "台北"),
        ("~peter/mail/&U,BTFw-/&ZeVnLIqe-", "~peter/mail/台北/日本語"),  # the example of RFC 3501
        ("&2D3eAA-", "\N{GRINNING FACE}"),
        ("&AGE-", "a"),  # needlessly encoded, and clear all the same
    ],
)
def test_decode(encoded: str, name: str) -> None:
    """Runs between "&" and "-" are UTF-16BE in base64; "&-" is an ampersand; the rest is itself."""
    assert decode(encoded) == name


@pytest.mark.parametrize(
    "name",
    [
        "&",
        "A & B",
        "A&B-C",  # one base64 character is no byte
        "&AP-",  # one byte is half a character
        "&AOk",  # not closed
        "&2D0-",  # half a surrogate pair
        "&3gDYPQ-",  # the pair the wrong way round
        "&AO/p-",  # "/" is not in this alphabet
        "&AOk=-",  # nor is padding
        "caf\u00e9",  # a server that sends UTF-8
    ],
)
def test_what_is_no_utf7_stays(name: str) -> None:
    """An invalid run is left as it is, for the reader to see."""
    assert decode(name) == name


@given(_NAMES)
def test_names_round_trip(name: str) -> None:
    """What an encoder of its own writes is read back, whatever the name."""
    assert decode(written(name)) == name


@given(st.lists(_NAMES.filter(bool), min_size=1), st.booleans())
def test_needless_and_divided_runs_are_read(parts: list[str], every: bool) -> None:
    """A server may shift what needs no shift, and one run after the other, though RFC 3501 forbids both."""
    assert decode("".join(shifted(part) if every or at % 2 else written(part) for at, part in enumerate(parts))) == (
        "".join(parts)
    )


@given(st.text(st.sampled_from("&-+,/=AZaz09é") | st.characters(exclude_categories=["Cs"])))
def test_decode_is_total(name: str) -> None:
    """Every text decodes, and the result can be encoded again in UTF-8."""
    assert decode(name).encode() is not None
