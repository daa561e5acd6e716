"""IMAP commands as they arrive (RFC 3501, section 9): literals collected, then tag, name and arguments."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lab.exchange.session import MAX_LINE, Lines, UnreadableError

# A mailbox name, a pattern or a word as text; a parenthesised list as a tuple.
type Argument = str | tuple[Argument, ...]

_LITERAL = re.compile(rb"\{(\d{1,10})(\+?)\}$")
_HEAD = re.compile(rb'(?P<tag>[^\x00-\x20\x7f-\xff(){%*"\\+]+)(?: (?P<name>[A-Za-z]+)(?= |$))?')
_LEXEME = re.compile(
    rb"(?P<space> )"
    rb"|(?P<open>\()"
    rb"|(?P<close>\))"
    rb'|"(?P<quoted>(?:[^"\\\x00\r\n\x80-\xff]|\\["\\])*)"'
    rb'|(?P<atom>[^\x00-\x20\x7f-\xff(){"\\]+)'  # with % and *: the pattern of LIST is made of these too
)
_ESCAPED = re.compile(rb'\\(["\\])')


@dataclass(frozen=True)
class Command:
    """A command that has the right shape; its name is in upper case."""

    tag: str
    name: str
    arguments: tuple[Argument, ...]


@dataclass(frozen=True)
class Malformed:
    """A line that is no command, and whether only its arguments are at fault; the tag is `*` when it has none."""

    tag: str
    arguments: bool


class _ArgumentError(ValueError):
    """The arguments break the grammar."""


async def read_command(lines: Lines) -> Command | Malformed:
    """The next command, with continuation requests sent for its synchronising literals (RFC 7888 knows the other kind).

    Raises:
        PeerGoneError: The connection has ended.
        UnreadableError: It is too long, or did not come in time.
    """
    pieces = [await lines.read_line()]
    total = 0
    while found := _LITERAL.search(pieces[-1]):
        count = int(found[1])
        total += count
        if total > MAX_LINE:
            raise UnreadableError
        if not found[2]:
            lines.write("+ Ready for additional command text.")
        pieces[-1] = pieces[-1][: found.start()]
        pieces += [await lines.read_octets(count), await lines.read_line()]
    return parse(pieces)


def parse(pieces: Sequence[bytes]) -> Command | Malformed:
    """A command from its text and literals by turns: text, literal, text, ... , text."""
    head = _HEAD.match(pieces[0])
    if head is None:
        return Malformed("*", arguments=False)
    tag = head["tag"].decode("ascii")
    if head["name"] is None:
        return Malformed(tag, arguments=False)
    try:
        arguments = _nested(_lexemes((pieces[0][head.end() :], *pieces[1:])))
    except _ArgumentError:
        return Malformed(tag, arguments=True)
    return Command(tag, head["name"].decode("ascii").upper(), arguments)


def _lexemes(pieces: Sequence[bytes]) -> Iterator[tuple[str, str]]:
    """Pairs of kind and value; atoms, quoted strings and literals are all of the kind `text`."""
    for index, piece in enumerate(pieces):
        if index % 2:
            yield "text", _ascii(piece)
            continue
        position = 0
        while position < len(piece):
            found = _LEXEME.match(piece, position)
            if found is None:
                raise _ArgumentError
            position = found.end()
            if found["quoted"] is not None:
                yield "text", _ascii(_ESCAPED.sub(rb"\1", found["quoted"]))
            elif found["atom"] is not None:
                yield "text", _ascii(found["atom"])
            else:
                yield str(found.lastgroup), ""


def _ascii(octets: bytes) -> str:
    try:
        return octets.decode("ascii")
    except UnicodeDecodeError as error:
        raise _ArgumentError from error


def _nested(lexemes: Iterator[tuple[str, str]]) -> tuple[Argument, ...]:
    """Folds parentheses; exactly one space stands between two arguments."""
    stack: list[list[Argument]] = [[]]
    value_due = False
    for kind, value in lexemes:
        match kind:
            case "space" if not value_due:
                value_due = True
            case "text" if value_due:
                stack[-1].append(value)
                value_due = False
            case "open" if value_due:
                stack.append([])
            case "close" if len(stack) > 1 and not (value_due and stack[-1]):
                inner = tuple(stack.pop())
                stack[-1].append(inner)
                value_due = False
            case _:
                raise _ArgumentError
    if value_due or len(stack) > 1:
        raise _ArgumentError
    return tuple(stack[0])
