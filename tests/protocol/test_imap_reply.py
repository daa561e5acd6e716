"""One response, from lines and literals."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailcheck.protocol.effects import Dialogue, ReadExactly, ReadLine
from mailcheck.protocol.imap_reply import Continuation, Data, Malformed, Response, Status, parse, read_response
from tests.linear import cpu_seconds


@pytest.mark.parametrize(
    "raw, tag, condition, text",
    [
        (b"* OK ready", "*", "OK", "ready"),
        (b"* ok ready", "*", "OK", "ready"),
        (b"* OK", "*", "OK", ""),
        (b"* BYE ", "*", "BYE", ""),
        (b"* PREAUTH hello", "*", "PREAUTH", "hello"),
        (b"A1 NO [UNAVAILABLE] later", "A1", "NO", "[UNAVAILABLE] later"),
        (b"A1 BAD what {5}", "A1", "BAD", "what {5}"),
        (b"x.y]z NO  two spaces", "x.y]z", "NO", " two spaces"),
        (b"*  OK ready", "*", "OK", "ready"),
        (b"*\tok\tready", "*", "OK", "ready"),
        (b"A1  NO", "A1", "NO", ""),
        (b"A1 NO caf\xe9", "A1", "NO", "caf\N{REPLACEMENT CHARACTER}"),
    ],
)
def test_status(raw: bytes, tag: str, condition: str, text: str) -> None:
    """A status has a tag or an asterisk, a condition in any case of letters, and words that may be missing."""
    assert parse(raw) == Status(tag, condition, text, raw)


@pytest.mark.parametrize(
    "raw, capabilities",
    [
        (b"* OK [CAPABILITY IMAP4rev1 sasl-ir] ready", ("IMAP4REV1", "SASL-IR")),
        (b"* OK [CAPABILITY ] ready", ()),
        (b"* OK [ALERT] ready", None),
        (b"* OK ready [CAPABILITY IMAP4rev1]", None),
        (b"* OK ready", None),
    ],
)
def test_capabilities_in_a_status(raw: bytes, capabilities: tuple[str, ...] | None) -> None:
    """Capabilities come in a response code, which stands at the beginning of the text."""
    status = parse(raw)

    assert isinstance(status, Status)
    assert status.capabilities == capabilities


@pytest.mark.parametrize("raw, text", [(b"+", ""), (b"+ ", ""), (b"+ e30=", "e30="), (b"+ {3}", "{3}")])
def test_continuation(raw: bytes, text: str) -> None:
    """A plus sign alone or with a space, and then a challenge."""
    assert parse(raw) == Continuation(text, raw)


@pytest.mark.parametrize(
    "raw, keyword, rest",
    [
        (b'* LIST () "/" x', "LIST", b'() "/" x'),
        (b"* list", "LIST", b""),
        (b"* 12 EXISTS", "12", b"EXISTS"),
        (b"* OKAY then", "OKAY", b"then"),
        (b"* ", "", b""),
        (b"*  LIST  () x", "LIST", b" () x"),
        (b"*\tLIST\t() x", "LIST", b"() x"),
        (b"* LIST() x", "LIST", b"() x"),
    ],
)
def test_data(raw: bytes, keyword: str, rest: bytes) -> None:
    """Any other untagged response is data, known by its first word."""
    assert parse(raw) == Data(keyword, rest, raw)


@pytest.mark.parametrize(
    "raw", [b"", b"*", b"*OK", b"+OK", b"A1", b"A1 BYE", b"A1 PREAUTH", b"A1 OKAY", b"A+1 OK", b"\xff OK", b" OK"]
)
def test_malformed(raw: bytes) -> None:
    """What no IMAP server may send is a value of its own."""
    assert parse(raw) == Malformed(raw)


@pytest.mark.parametrize(
    "lines, raw",
    [
        ([b"* LIST {3}", b"abc", b""], b"* LIST {3}\r\nabc"),
        ([b"* LIST {3+}", b"a\nb", b" {0}", b"", b" end"], b"* LIST {3+}\r\na\nb {0}\r\n end"),
        ([b"* 1 FETCH (BINARY ~{2}", b"\x00\x01", b")"], b"* 1 FETCH (BINARY ~{2}\r\n\x00\x01)"),
        ([b"* OK see {3}"], b"* OK see {3}"),
        ([b"A1 NO see {3}"], b"A1 NO see {3}"),
        ([b"+ {3}"], b"+ {3}"),
        ([b"* LIST {3} "], b"* LIST {3} "),
        ([b"* LIST {}"], b"* LIST {}"),
        ([b"* LIST {12345678901}"], b"* LIST {12345678901}"),
        ([b'* LIST () "/" Set{3}'], b'* LIST () "/" Set{3}'),
        ([b'* LIST () "/" caf\xc3\xa9{3}'], b'* LIST () "/" caf\xc3\xa9{3}'),
        ([b'* LIST()"/"{3}', b"abc", b""], b'* LIST()"/"{3}\r\nabc'),
        ([b"* 1 FETCH (BODY[]{3}", b"abc", b")"], b"* 1 FETCH (BODY[]{3}\r\nabc)"),
        ([b"*  LIST {3}\r", b"abc", b"\r"], b"*  LIST {3}\r\nabc"),
    ],
)
def test_literals(lines: list[bytes], raw: bytes) -> None:
    """A literal ends a line of data, has at most ten digits and stands behind no letter; a status has none."""
    assert _read(lines).raw == raw


@given(st.lists(st.binary(max_size=20).filter(lambda line: b"\r" not in line)), st.booleans())
def test_data_with_literals_round_trips(literals: list[bytes], plus: bool) -> None:
    """However many literals stand in a response, and whatever their bytes, it is read to its end and no further."""
    lines = [b"* X"]
    for literal in literals:
        lines[-1] += b" {%d%b}" % (len(literal), b"+" if plus else b"")
        lines += [literal, b""]
    lines[-1] += b" end"

    response = _read(lines)

    assert isinstance(response, Data)
    assert (response.keyword, response.rest[-4:]) == ("X", b" end" if literals else b"end")
    assert all(literal in response.raw for literal in literals)


@given(st.lists(st.binary(max_size=40) | st.sampled_from([b"* LIST {3}", b"* {0}", b"+", b"A1 OK", b"* BYE {1}"])))
def test_any_bytes_are_a_response(lines: list[bytes]) -> None:
    """Whatever comes, a response is made of it or more is asked for; it is never more than was sent."""
    response = _read_some(lines)

    if response is not None:
        assert isinstance(response, Status | Continuation | Data | Malformed)
        assert len(response.raw) <= sum(len(line) + 2 for line in lines)


@pytest.mark.parametrize(
    "raw", [b"* LIST " + b"{1" * 100_000, b"* OK [" * 60_000, b'* "\\' * 60_000, b"A" * 400_000, b"{" * 400_000]
)
def test_long_lines_are_read_in_linear_time(raw: bytes) -> None:
    """No pattern goes back over what it has read: quadratic time would be minutes here."""
    assert cpu_seconds(lambda: _read([raw]), 2.0) < 2


def _read_some(lines: list[bytes]) -> Response | None:
    """Feeds the lines, whatever is asked for; none when they do not suffice."""
    reading: Dialogue[Response] = read_response()
    next(reading)
    try:
        for line in lines:
            reading.send(line)
    except StopIteration as end:
        response: Response = end.value
        return response
    return None


def _read(lines: list[bytes]) -> Response:
    """Feeds the lines and literals, as many as are asked for, and no others."""
    reading: Dialogue[Response] = read_response()
    effect = next(reading)
    try:
        for line in lines:
            assert effect == ReadLine() or effect == ReadExactly(len(line))
            effect = reading.send(line)
    except StopIteration as end:
        response: Response = end.value
        return response
    raise AssertionError(f"asks for more: {effect}")
