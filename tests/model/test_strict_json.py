"""JSON that decides who is let in has one meaning, or none."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailcheck.model.strict_json import strict_object


@pytest.mark.parametrize(
    "data",
    [
        b"", b"{", b"[]", b"null", b"1", b'"x"', b"{} {}", b"{}\x00", b"{'a': 1}", b"{a: 1}", b'{"a": 1,}',
        b'{"a": 1, "a": 2}', b'{"a": 1, "a": 1}', b'{"x": {"a": 1, "\\u0061": 2}}', b'{"x": [{"a": 1, "a": 1}]}',
        b'{"a": NaN}', b'{"a": Infinity}', b'{"a": -Infinity}', b'{"a": 1e400}', b'{"a": [-1e309]}',
        b'{"a": ' + b"9" * 5000 + b"}",
        b'{"a": "\xff"}', b'\xef\xbb\xbf{"a": 1}', '{"a": 1}'.encode("utf-16"), '{"a": 1}'.encode("utf-32-le"),
        b'{"a":' * 100_000, b'{"a":' + b"[" * 100_000,
    ],
    ids=lambda data: repr(data[:24]),
)  # fmt: skip
def test_what_can_be_read_in_two_ways_is_not_read(data: bytes) -> None:
    """A member named twice, however it is spelled; numbers, encodings and nesting beyond JSON's or ours."""
    assert strict_object(data) is None


@given(st.dictionaries(st.text(), st.recursive(st.none() | st.integers() | st.text(), st.lists, max_leaves=5)))
def test_any_plain_object_is_read(document: dict[str, object]) -> None:
    """What a JSON writer writes is read as it was."""
    assert strict_object(json.dumps(document).encode()) == document


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_not(data: bytes) -> None:
    """No input raises."""
    assert isinstance(strict_object(data), dict | None)
