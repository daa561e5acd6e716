"""The addresses and the other words of a visible text, freed of what they are dressed in (pure).

One rule above all: no address comes out of here that is not written there. What may belong to an address is taken
away from it only where it surely does not: a quote or a Markdown mark where it stands on both sides, a comma where
what stands before it is an address too.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from mailcheck.faces.teams.mention import GAP, MAILTO
from mailcheck.faces.teams.vocabulary import COMMANDS, FILLERS, PROTOCOLS

_ANGLE: Final = re.compile(r"<([^<>]*)>")
_SEPARATORS: Final = ",;\u060c\u061b\u3001"  # no address has one
_LISTED: Final = re.compile(f"[{_SEPARATORS}]+")  # between addresses
_JOINED: Final = re.compile(f"[{_SEPARATORS}/+&|]+")  # between other words
_QUOTED: Final = re.compile(f"(?:^|[\\s({_SEPARATORS}])([\"'`\u00b4\u2018-\u201f\u00ab\u00bb\u2039\u203a])")
# Before each address of Get-Mailbox's EmailAddresses, in capitals before the primary one. No address has a colon, so
# that what stands before it is no part of one.
_PROXY: Final = re.compile(r"[^\w@]*smtp:", re.IGNORECASE)
_LEFT_OUT: Final = ("..", "\u2026")  # at the end of what somebody, or a narrow column, has shortened

# Marks that stand on both sides, each with its kind. Most of them are legal in a local part (RFC 5321 section 4.1.2),
# or are what a phone makes of one that is.
_SINGLE: Final = dict.fromkeys("'`\u00b4\u2018\u2019\u201a\u201b\u2039\u203a", "'")
_DOUBLE: Final = dict.fromkeys('"\u201c\u201d\u201e\u201f\u00ab\u00bb', '"')
# No address has a double quote, so that a separator between two of them parts the fields of a spreadsheet's line.
_BLANKS: Final = re.compile(f"[\\s<>]+|(?<=[{''.join(_DOUBLE)}])[{_SEPARATORS}](?=[{''.join(_DOUBLE)}])")
_DASHES: Final = dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015", "-")
_BOTH: Final = _SINGLE | _DOUBLE | _DASHES | {"*": "*", "_": "_", "~": "~", "|": "|"}
_OPENERS: Final = _BOTH | {"{": "{}"}
_CLOSERS: Final = _BOTH | {"}": "{}"}
_BEFORE: Final = frozenset(",;:\ufe0f\u00a1\u00bf\u00b7\u2022\u2023\u2043\u2219")  # no address has one; bullets
_PICTURES: Final = frozenset({"So", "Ps"})  # Unicode's categories of emoji and opening brackets: nor one of these
_AFTER: Final = frozenset(")],;:.!?\ufe0f")  # no address ends with one, nor with a sign outside ASCII


class Role(Enum):
    """What a word is there for."""

    ADDRESS = auto()  # it has an "@"
    NAME = auto()  # it belongs to the name before an address in angle brackets
    WORD = auto()


@dataclass(frozen=True, slots=True)
class Word:
    """A word that has a letter or a digit, without the marks around it."""

    text: str
    role: Role


def written(text: str) -> list[Word]:
    """The words of a visible text, in their order; a name in quotes is left out."""
    return [word for line in text.splitlines() for word in _line(line)]


def _line(line: str) -> Iterator[Word]:
    end = 0
    for angle in _ANGLE.finditer(line):
        if "@" not in angle[1] or len(angle[1].split()) > 1:
            continue
        loose, name = _name_apart(line[end : angle.start()])
        yield from _words(loose)
        yield from _named(_words(name))
        yield from _words(angle[1])
        end = angle.end()
    yield from _words(line[end:])


def _name_apart(before: str) -> tuple[str, str]:
    """What stands before an address in angle brackets: what does not belong to it, and its name if without quotes.

    The name reaches back to a separator: in `a@b.example <c@d.example>`, the first is the name of the second.
    """
    before = before.rstrip()
    kind = (_SINGLE | _DOUBLE).get(before[-1:])
    opened = [quote.start(1) for quote in _QUOTED.finditer(before, 0, len(before) - 1) if _BOTH[quote[1]] == kind]
    if opened:
        return before[: opened[-1]], ""
    start = max((separator.end() for separator in _LISTED.finditer(before)), default=0)
    return before[:start], before[start:]


def _named(words: Iterable[Word]) -> Iterator[Word]:
    """The words of a name; `imap <a@b.example>` has none."""
    words = list(words)
    known = all(word.text.casefold() in COMMANDS | FILLERS | PROTOCOLS.keys() for word in words)
    return (word if known else Word(word.text, Role.NAME) for word in words)


def _words(text: str) -> Iterator[Word]:
    """The words of a part of a line."""
    pieces = [piece for word in _BLANKS.split(text) for closed in _without_gaps(word) for piece in _pieces(closed)]
    bare = _undressed([piece for piece in pieces if any(map(str.isalnum, piece))])
    return (Word(word, Role.ADDRESS if "@" in word else Role.WORD) for word in bare)


def _without_gaps(word: str) -> Iterator[str]:
    """A word whose separators without width were seen by nobody, but for those beside a command or a protocol."""
    if GAP not in word:
        yield word
        return
    parts = [part for part in word.split(GAP) if part]
    if len(parts) > 1 and parts[0].lstrip("/").casefold() in COMMANDS:
        yield parts.pop(0)
    last = parts.pop() if len(parts) > 1 and parts[-1].casefold() in PROTOCOLS else ""
    yield "".join(parts)
    yield last


def _pieces(word: str) -> Iterator[str]:
    """`imap/pop` as two words, and `a@b.co;c@d.co`; but not `a,b@c.co`, of which `b@c.co` would be another mailbox."""
    start = len(word) - len(word.lstrip(_SEPARATORS))
    while (at := word.find("@", start)) >= 0:
        separator = _LISTED.search(word, at)
        yield word[start : separator.start() if separator else None]
        start = separator.end() if separator else len(word)
    yield from _JOINED.split(word[start:])


def _undressed(pieces: Sequence[str]) -> list[str]:
    """The pieces of a line without their marks; those around several pieces are paired across them."""
    closed: Counter[str] = Counter()  # kinds of marks to the right that nothing has opened yet
    bare = [_address(piece, closed) if "@" in piece else _word(piece, closed) for piece in reversed(pieces)]
    return bare[::-1]


def _address(piece: str, closed: Counter[str]) -> str:
    end = len(piece)  # moves as far as a letter or digit, and the beginning as far as the last "@": there are both
    while _may_end(piece[end - 1]):
        end -= 1
    if any(sign in piece[end:] for sign in _LEFT_OUT):
        return piece
    own = _kinds(piece[end:], _CLOSERS)
    start = _opened(piece, 0, own, closed)
    if proxy := _PROXY.match(piece, start, end):
        start = _opened(piece, proxy.end(), own, closed)
    closed.update(own)
    return _unlinked(piece[start:end])


def _opened(piece: str, start: int, *closers: Counter[str]) -> int:
    """Where the address begins, behind the marks that stand before it from here on."""
    while _is_before(piece, start) or _is_paired(_kind(piece[start], _OPENERS), *closers):
        start += 1
    return start


def _is_paired(kind: str, *closers: Counter[str]) -> bool:
    """Whether the other one of a pair is there, which then is used up."""
    for kinds in closers:
        if kinds[kind]:
            kinds[kind] -= 1
            return True
    return False


def _word(piece: str, closed: Counter[str]) -> str:
    if piece.isalnum():
        return piece
    letters = [index for index, character in enumerate(piece) if character.isalnum()]
    start, end = letters[0], letters[-1] + 1
    closed.update(_kinds(piece[end:], _CLOSERS) - _kinds(piece[:start], _OPENERS))
    return piece[start:end]


def _is_before(piece: str, at: int) -> bool:
    """Whether what is there is no part of an address that follows it, nor what a client makes of one."""
    character = piece[at]
    if character in _OPENERS:
        return False
    if character == "@":  # `@('a@b.example', 'c@d.example')`; the last one is the address's own
        return piece.find("@", at + 1) >= 0
    return character in _BEFORE or unicodedata.category(character) in _PICTURES


def _may_end(character: str) -> bool:
    """Whether this is no part of an address that it follows: no domain has it (RFC 1035 section 2.3.1)."""
    return character in _AFTER or bool(_kind(character, _CLOSERS))


def _kind(character: str, marks: Mapping[str, str]) -> str:
    """The kind of a mark; a sign outside ASCII is its own; empty: no mark."""
    if character in marks or character.isascii():
        return marks.get(character, "")
    return character if unicodedata.category(character)[0] in {"P", "S"} else ""


def _kinds(characters: str, marks: Mapping[str, str]) -> Counter[str]:
    return Counter(filter(None, (_kind(character, marks) for character in characters)))


def _unlinked(address: str) -> str:
    """A `mailto:` link's address; as it is written where it would have to be decoded (RFC 6068 section 2)."""
    if not address.casefold().startswith(MAILTO):
        return address
    name, _, domain = address[len(MAILTO) :].partition("@")
    coded = name.startswith("//") or "?" in name or "%" in name
    return address if coded else f"{name}@{domain.partition('?')[0]}"
