r"""The answers to LIST, `(\HasNoChildren \Sent) "/" "Sent Items"`, read into folders (RFC 3501 section 7.2.2).

Read as a person would: servers leave out a space, a quote or all attributes, do not escape what they quote, and do not
quote what they should. What can only mean one folder is that folder; what could mean several things is unreadable.
Each pattern decides at every byte what comes next, so that reading is linear in what was sent.
"""

import re
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from enum import Enum
from types import MappingProxyType

from mailcheck.model.report import Folder, Listing
from mailcheck.protocol import imap_utf7
from mailcheck.protocol.server_text import printable, sentence

DEPTH_LIMIT = 300  # parts of a path: as deep as Exchange lets folders be (Exchange Online limits, "Folder depth")
SAMPLES_KEPT = 3  # of what could not be read: enough to see what kind of thing it is


class NoFolder(Enum):
    """What an answer to LIST may be instead of a folder."""

    ROOT = "the root of the hierarchy, which has an empty name"
    UNREADABLE = "an answer that could mean several things or none, or a path deeper than any mailbox has"


_ROLES: Mapping[str, str] = MappingProxyType(
    {
        "all": "all",  # RFC 6154 section 2, down to "trash"
        "archive": "archive",
        "drafts": "drafts",
        "flagged": "flagged",
        "junk": "junk",
        "sent": "sent",
        "trash": "trash",
        "important": "important",  # RFC 8457
        "inbox": "inbox",  # XLIST, from before RFC 6154, down to "starred"
        "allmail": "all",
        "spam": "junk",
        "starred": "flagged",
    }
)
_CLOSED = frozenset({"noselect", "nonexistent"})  # RFC 3501 section 7.2.2, RFC 5258 section 3

# mailbox-list = "(" [mbx-list-flags] ")" SP (DQUOTE QUOTED-CHAR DQUOTE / nil) SP mailbox
# No attribute has a quote in it: one ends a list that was not closed.
_ATTRIBUTES = rb'[ \t]*+(?:\((?P<closed>[^()]*+)\)|\((?P<open>[^()"]*+)|NIL(?=[ \t]))?[ \t]*+'
# Between the quotes there may also be nothing, a backslash as it is, or a character of UTF-8; a sign may have none.
_DELIMITER = (
    rb'(?:NIL(?=[ \t"{]|\Z)|"(?P<quoted>\\[\\"]|[^"\\\x80-\xff]|[\xc2-\xf4][\x80-\xbf]{1,3}|\\|)"'
    rb"|(?P<bare>[./\\|:^~])(?=[ \t]|\Z))[ \t]*+"
)
_HEAD = re.compile(_ATTRIBUTES + _DELIMITER + rb"(?!\Z)", re.IGNORECASE)
# A delimiter alone may as well be a name: then nobody knows which of them is missing.
_HEAD_WITHOUT_DELIMITER = re.compile(rb"[ \t]*+\((?P<closed>[^()]*+)\)[ \t]*+(?!" + _DELIMITER + rb"\Z)", re.IGNORECASE)
_ATTRIBUTE = re.compile(r'[^\s\\"(),]+')  # with or without its backslash, which also divides them

_LITERAL = re.compile(rb"~?\{(\d{1,10})\+?\}\r\n")
_QUOTED = re.compile(rb'"([^"\\]*(?:\\.[^"\\]*)*)"', re.DOTALL)
_SECOND_STRING = re.compile(rb'[ \t]++"')
_ESCAPED = re.compile(rb'\\([\\"])')
# RFC 5258 allows a list after the name, `("CHILDINFO" ("SUBSCRIBED"))`. Behind a name without quotes it has to look
# like one: a bracket may belong to the name.
_EXTENDED_DATA = re.compile(rb"[ \t]*+(?:\(|\Z)")
_TAGGED_DATA = re.compile(rb'\((?:\)|(?:"[^"]*"|[^\s()"]+)[ \t]++\()')
# Wider than the grammar's atom: servers leave names unquoted that have spaces, "%", "*", "\" or bytes above 127. NIL
# is a name here, not nothing: Dovecot writes a folder of that name so. Not what has a second string or a literal in it.
_UNQUOTED = re.compile(rb'[^"(){\r\n](?:[^ \t\r\n]|[ \t]++(?!"))*+\Z')


class Answers:
    """The answers to one LIST command, read as they come."""

    def __init__(self) -> None:
        self._begun = False
        self._folders: list[Folder] = []
        self._unreadable = 0
        self._samples: list[str] = []

    def read(self, answer: bytes) -> None:
        """Takes one answer, given without the leading `* LIST`."""
        self._begun = True
        folder = read_folder(answer)
        if isinstance(folder, Folder):
            self._folders.append(folder)
        elif folder is NoFolder.UNREADABLE:
            self._cannot_read(answer)

    def pass_over(self, line: bytes) -> bool:
        """Whether to read on behind a line that is no response: after the first answer it is a piece of one."""
        if self._begun:
            self._cannot_read(line)
        return self._begun

    def listing(self) -> Listing:
        """What has been read so far."""
        return Listing(tuple(self._folders), self._unreadable, tuple(self._samples))

    def _cannot_read(self, line: bytes) -> None:
        self._unreadable += 1
        if len(self._samples) < SAMPLES_KEPT:
            self._samples.append(sentence(line))


def read_folder(answer: bytes) -> Folder | NoFolder:
    """The folder in an answer, given without the leading `* LIST`; literals stand in it as they were sent."""
    head = _HEAD.match(answer) or _HEAD_WITHOUT_DELIMITER.match(answer)
    mailbox = _mailbox(answer, head.end()) if head else None
    if head is None or mailbox is None:
        return NoFolder.UNREADABLE
    if not mailbox:
        return NoFolder.ROOT
    parts = head.groupdict()
    delimiter = _unescaped(parts.get("quoted") or parts.get("bare") or b"")
    if delimiter and mailbox.count(delimiter) > DEPTH_LIMIT:
        return NoFolder.UNREADABLE
    told = printable(parts["closed"] or parts.get("open") or b"")
    attributes = frozenset(_ATTRIBUTE.findall(told.lower()))
    return Folder(_path(mailbox, delimiter), _role(mailbox, attributes), not attributes & _CLOSED)


def _mailbox(answer: bytes, start: int) -> bytes | None:
    """The name that starts there, undecoded, when nothing but extended data stands behind it."""
    if literal := _LITERAL.match(answer, start):
        end = literal.end() + int(literal[1])
        whole = end <= len(answer) and _EXTENDED_DATA.match(answer, end)
        return answer[literal.end() : end] if whole else None
    if answer.startswith(b'"', start):
        return _quoted(answer, start)
    data = _TAGGED_DATA.search(answer, start)
    name = answer[start : data.start() if data else None].rstrip(b" \t")
    return name if _UNQUOTED.match(name) else None


def _quoted(answer: bytes, start: int) -> bytes | None:
    """The name in quotes; where those in it are not escaped, it ends at the last one of the answer."""
    quoted = _QUOTED.match(answer, start)
    if quoted and _EXTENDED_DATA.match(answer, quoted.end()):
        return _unescaped(quoted[1])
    inner = answer[start + 1 :].rstrip(b" \t")
    several = b"\n" in inner or (quoted and _SECOND_STRING.match(answer, quoted.end()))
    return _unescaped(inner[:-1]) if inner.endswith(b'"') and not several else None


def _unescaped(quoted: bytes) -> bytes:
    return _ESCAPED.sub(rb"\1", quoted) if b"\\" in quoted else quoted


def _path(mailbox: bytes, delimiter: bytes) -> tuple[str, ...]:
    # Split before decoding: a delimiter is one of the name's bytes, not a character that base64 happens to spell.
    names = [name for name in mailbox.split(delimiter) if name] if delimiter else []
    return tuple(_decoded(name) for name in names or [mailbox])


def _decoded(name: bytes) -> str:
    return printable(imap_utf7.decode(name.decode("utf-8", "replace")))


def _role(mailbox: bytes, attributes: AbstractSet[str]) -> str | None:
    if mailbox.upper() == b"INBOX":  # in any case of letters (RFC 3501 section 5.1)
        return "inbox"
    if attributes.isdisjoint(_ROLES):
        return None
    return next(role for attribute, role in _ROLES.items() if attribute in attributes)
