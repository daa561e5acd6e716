"""One response of an IMAP server: from lines and literals to a value (RFC 3501 section 7 and the grammar in 9).

Hostile input is a value too: what the grammar does not know is `Malformed`. Each pattern decides at every byte what
comes next, so that reading is linear in what was sent.
"""

import re
from dataclasses import dataclass

from mailcheck.protocol.effects import Dialogue, ReadExactly, ReadLine


@dataclass(frozen=True, slots=True)
class Status:
    """`OK`, `NO` or `BAD`, tagged or not, or the untagged `PREAUTH` and `BYE`.

    Attributes:
        tag: The tag of the command that it ends, or `*`.
        condition: Upper case.
        text: All that follows, a response code in brackets included.
    """

    tag: str
    condition: str
    text: str
    raw: bytes

    @property
    def capabilities(self) -> tuple[str, ...] | None:
        """The capabilities that the response code carries, upper case; none when it carries no such thing."""
        code = _CAPABILITY_CODE.match(self.text)
        return tuple(code[1].upper().split()) if code else None


@dataclass(frozen=True, slots=True)
class Continuation:
    """`+`: the server waits for the rest of the command; with SASL, `text` is a challenge in base64."""

    text: str
    raw: bytes


@dataclass(frozen=True, slots=True)
class Data:
    r"""Any other untagged response.

    Attributes:
        keyword: Its first word, upper case: `LIST`, `CAPABILITY`; a number for `* 12 EXISTS`.
        rest: What follows the word and a space; a literal stands in it as the server sent it, `{3}\r\nabc`.
    """

    keyword: str
    rest: bytes
    raw: bytes


@dataclass(frozen=True, slots=True)
class Malformed:
    """Nothing that an IMAP server may send."""

    raw: bytes


type Response = Status | Continuation | Data | Malformed

_TAG = rb'[^\x00-\x20\x7f-\xff(){%*"\\+]+'
_STATUS = re.compile(
    rb"(?:(\*)[ \t]++(OK|NO|BAD|BYE|PREAUTH)|(" + _TAG + rb")[ \t]++(OK|NO|BAD))(?:[ \t](.*))?\Z",
    re.IGNORECASE | re.DOTALL,
)
_CAPABILITY_CODE = re.compile(r"\[CAPABILITY ([^\]]*)\]", re.IGNORECASE)
_UNTAGGED = re.compile(rb"\*[ \t]++([^ \t(]*)[ \t]?(.*)", re.DOTALL)
# A number has 32 bits (section 9). `{3+}` is for clients (RFC 7888) and `~{3}` for binary parts (RFC 3516), but both
# say how many bytes follow, and to overlook them would be to take those bytes for responses. Right behind a letter it
# is the end of a name that should have been quoted.
_LITERAL = re.compile(rb"(?<![\w.&,+\x80-\xff-])\{(\d{1,10})\+?\}\Z")


def read_response() -> Dialogue[Response]:
    """Reads the next response, its literals included."""
    line = yield from _read_line()
    parts = [line]
    if _may_have_literals(line):
        while announced := _LITERAL.search(line):
            parts += [b"\r\n", (yield ReadExactly(int(announced[1])))]
            line = yield from _read_line()
            parts.append(line)
    return parse(b"".join(parts))


def _read_line() -> Dialogue[bytes]:
    line = yield ReadLine()
    return line.rstrip(b"\r")  # CR CR LF is what a relay makes of CRLF when it takes LF for the line end


def parse(raw: bytes) -> Response:
    """The response in these bytes, which are complete and have no line end."""
    if status := _STATUS.match(raw):
        tag, condition = (status[1], status[2]) if status[1] else (status[3], status[4])
        return Status(tag.decode("ascii"), condition.decode("ascii").upper(), _text(status[5] or b""), raw)
    if raw == b"+" or raw.startswith(b"+ "):
        return Continuation(_text(raw[2:]), raw)
    if data := _UNTAGGED.match(raw):
        return Data(_text(data[1]).upper(), data[2], raw)
    return Malformed(raw)


def _may_have_literals(line: bytes) -> bool:
    # The text of a status is for people: braces at its end are a part of the sentence.
    return line.endswith(b"}") and _UNTAGGED.match(line) is not None and not _STATUS.match(line)


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")
