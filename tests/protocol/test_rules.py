"""The rules of referee.py, whatever a server sends: any bytes, or a talk that goes wrong somewhere."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mailcheck.model.evidence import Evidence, Stage
from mailcheck.model.report import Listing, Maildrop, Opened, Submission
from mailcheck.model.request import MailProtocol
from mailcheck.model.secret import Secret
from mailcheck.protocol.effects import Dialogue, Effect, Enter, ReadLine, Send, StartTls
from mailcheck.protocol.sasl import xoauth2
from tests.protocol.referee import judged
from tests.protocol.replay import MAILBOX, TOKEN, Transcript, rendered, transcripts

IMAP, POP, SMTP = MailProtocol
_SASL = xoauth2(MAILBOX, TOKEN).reveal()
_EVERY = [one for protocol in MailProtocol for one in transcripts(protocol)]
# Every line that a server says anywhere: wherever one of them comes, it may be out of place.
_LINES = {
    protocol: sorted(
        {line for one in transcripts(protocol) for line in b"".join(one.packets).splitlines(keepends=True)}
    )
    for protocol in MailProtocol
}
_NOISE = st.one_of(
    st.binary(max_size=30),
    st.sampled_from(
        [b"\r\n", b"\n", b" ", b"\x00", b"\xff", b"{3}\r\n", b"{99}\r\n", b"*", b"+", b"+ \r\n", b'"', b"("]
    ),
    st.sampled_from(
        [_SASL + b"\r\n", TOKEN.reveal().encode(), b"A2 BAD " + _SASL + b"\r\n", b"-ERR " + _SASL + b"\r\n"]
    ),
)


@st.composite
def talks(draw: st.DrawFn, protocol: MailProtocol) -> list[bytes]:
    """What a server of a transcript sends, changed in some places: in a line, in their order, in how they arrive."""
    lines = list(b"".join(draw(st.sampled_from(transcripts(protocol))).packets).splitlines(keepends=True))
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(lines)))
        match draw(st.sampled_from(["noise", "line", "drop", "repeat", "cut", "turn"])):
            case "noise":
                lines.insert(at, draw(_NOISE))
            case "line":
                lines.insert(at, draw(st.sampled_from(_LINES[protocol])))
            case "drop":
                del lines[at : at + draw(st.integers(1, 3))]
            case "repeat":
                lines[at:at] = lines[:at]
            case "cut" if at < len(lines):
                lines[at] = lines[at][: draw(st.integers(0, len(lines[at])))] + draw(_NOISE)
            case _:
                lines = lines[at:] + lines[:at]
    stream = b"".join(lines)
    borders = sorted(draw(st.lists(st.integers(0, len(stream)), max_size=4)))
    return [stream[start:end] for start, end in zip([0, *borders], [*borders, len(stream)], strict=True)]


@pytest.mark.parametrize("protocol", MailProtocol)
@given(st.data())
def test_a_talk_that_goes_wrong(protocol: MailProtocol, data: st.DataObject) -> None:
    """Lines lost, repeated, out of order, of another talk or broken: the rules are kept."""
    judged(protocol, data.draw(talks(protocol)))


@pytest.mark.parametrize("protocol", MailProtocol)
@given(st.lists(st.binary(max_size=60), max_size=12))
@example([b"* OK\r\n+OK\r\n220\r\n"])
def test_any_bytes(protocol: MailProtocol, pieces: list[bytes]) -> None:
    """Bytes of no protocol at all: the rules are kept."""
    judged(protocol, pieces)


@pytest.mark.parametrize("transcript", [pytest.param(one, id=f"{one.protocol}/{one.name}") for one in _EVERY])
def test_transcripts_keep_the_rules(transcript: Transcript) -> None:
    """What a transcript shows is within the rules, and ends as it says there whoever drives it."""
    assert rendered(judged(transcript.protocol, transcript.packets)) == transcript.outcome


_TOKEN = Send(Secret(_SASL + b"\r\n"), shown="<withheld>")
_GREETED: list[Effect] = [Enter(Stage.GREETING), ReadLine()]
_OFFENCES: list[tuple[MailProtocol, list[Effect], Opened | Evidence, str]] = [
    (POP, [*_GREETED, *[Send(b"NOOP\r\n")] * 10], Maildrop(0, 0), "does not listen"),
    (POP, [*_GREETED, Send(b"AUTH\r\nNOOP\r\n")], Maildrop(0, 0), "one line of ASCII"),
    (POP, [*_GREETED, Send(b"AUTH " + _SASL + b"\r\n")], Maildrop(0, 0), "unmarked"),
    (POP, [*_GREETED, Send(TOKEN.reveal().encode() + b"\r\n")], Maildrop(0, 0), "unmarked"),
    (POP, [*_GREETED, _TOKEN], Maildrop(0, 0), "was sent after b'+OK'"),
    (POP, [*_GREETED, ReadLine(), ReadLine(), _TOKEN], Maildrop(0, 0), "was sent after b'-ERR'"),
    (POP, [*_GREETED, ReadLine(), _TOKEN, _TOKEN], Maildrop(0, 0), "sent again"),
    (POP, [*_GREETED, ReadLine(), Send(_TOKEN.data, shown=TOKEN.reveal())], Maildrop(0, 0), "token is shown"),
    (POP, [*_GREETED, StartTls()], Maildrop(0, 0), "TLS is there already"),
    (POP, _GREETED, Maildrop(0, 0), "without having signed in"),
    (POP, [*_GREETED, ReadLine(), _TOKEN, ReadLine()], Maildrop(0, 0), "opened by b'-ERR'"),
    (POP, _GREETED, Listing(()), "found by another protocol"),
    (POP, _GREETED, Evidence(Stage.GREETING, "-ERR", "", IMAP), "of another protocol"),
    (POP, _GREETED, Evidence(Stage.AUTH, "-ERR", "", POP), "of another stage"),
    (POP, _GREETED, Evidence(Stage.GREETING, "-ERR", "a\nb", POP), "not printable"),
    (POP, _GREETED, Evidence(Stage.GREETING, "-ERR", "", POP, {"x": "y" * 501}), "not bounded"),
    (POP, _GREETED, Evidence(Stage.GREETING, "-ERR", TOKEN.reveal(), POP), "the token is in what is shown"),
    (SMTP, [*_GREETED, ReadLine(), _TOKEN], Submission(), "in clear"),
    (IMAP, [*_GREETED, _TOKEN, ReadLine(), ReadLine(), _TOKEN], Listing(()), "sent again"),
]
_SAID = {
    IMAP: [b"* OK\r\n", b"A1 NO\r\n", b"+\r\n"],
    POP: [b"+OK\r\n", b"+\r\n", b"-ERR\r\n"],
    SMTP: [b"220\r\n", b"334\r\n"],
}


@pytest.mark.parametrize("protocol, effects, outcome, offence", _OFFENCES)
def test_offences_are_seen(
    protocol: MailProtocol, effects: list[Effect], outcome: Opened | Evidence, offence: str
) -> None:
    """A dialogue that breaks a rule is caught at it: otherwise the tests above would prove nothing."""

    def offender() -> Dialogue[Opened | Evidence]:
        yield from (effect for effect in effects)  # a list takes no answers
        return outcome

    with pytest.raises(AssertionError, match=offence.replace("+", r"\+")):
        judged(protocol, _SAID[protocol], offender())
