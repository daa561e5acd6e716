r"""One answer to LIST, `(\HasNoChildren \Sent) "/" "Sent Items"`, read into a folder (RFC 3501 section 7.2.2)."""

import re
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from enum import Enum
from types import MappingProxyType

from mailcheck.model.report import Folder
from mailcheck.protocol import imap_utf7
from mailcheck.protocol.server_text import printable

DEPTH_LIMIT = 300  # parts of a path: as deep as Exchange lets folders be (Exchange Online limits, "Folder depth")


class NoFolder(Enum):
    """What an answer to LIST may be instead of a folder."""

    ROOT = "the root of the hierarchy, which has an empty name"
    UNREADABLE = "an answer that the grammar does not know, or a path deeper than any mailbox has"


_ROLES: Mapping[str, str] = MappingProxyType(
    {
        r"\all": "all",  # RFC 6154 section 2, down to \Trash
        r"\archive": "archive",
        r"\drafts": "drafts",
        r"\flagged": "flagged",
        r"\junk": "junk",
        r"\sent": "sent",
        r"\trash": "trash",
        r"\important": "important",  # RFC 8457
        r"\inbox": "inbox",  # XLIST, from before RFC 6154
    }
)
_CLOSED = frozenset({r"\noselect", r"\nonexistent"})  # RFC 3501 section 7.2.2, RFC 5258 section 3

# mailbox-list = "(" [mbx-list-flags] ")" SP (DQUOTE QUOTED-CHAR DQUOTE / nil) SP mailbox
# A delimiter between quotes may also be missing, and a backslash unescaped: both have been seen.
_ATTRIBUTES_AND_DELIMITER = re.compile(rb'\(([^()]*)\) +(?:NIL|"(\\[\\"]|[^"\\]|\\|)") +', re.IGNORECASE)
_QUOTED = re.compile(rb'"([^"\\]*(?:\\.[^"\\]*)*)"', re.DOTALL)
_ESCAPED = re.compile(rb'\\([\\"])')
_LITERAL = re.compile(rb"~?\{(\d{1,10})\+?\}\r\n")
# Wider than the grammar's atom: servers leave names unquoted that have "%", "*", "\" or bytes above 127. NIL is a
# name here, not nothing: Dovecot writes a folder of that name so.
_ATOM = re.compile(rb'[^\x00-\x20\x7f"(){][^\x00-\x20\x7f"()]*')
_EXTENDED_DATA = re.compile(rb" +\(|\Z")  # RFC 5258 allows a list after the name


def read_folder(answer: bytes) -> Folder | NoFolder:
    """The folder in an answer, given without the leading `* LIST`; literals stand in it as they were sent."""
    head = _ATTRIBUTES_AND_DELIMITER.match(answer)
    mailbox = _mailbox(answer, head.end()) if head else None
    if head is None or mailbox is None:
        return NoFolder.UNREADABLE
    if not mailbox:
        return NoFolder.ROOT
    delimiter = _unescaped(head[2] or b"")
    if delimiter and mailbox.count(delimiter) > DEPTH_LIMIT:
        return NoFolder.UNREADABLE
    attributes = frozenset(printable(head[1]).lower().split())
    return Folder(_path(mailbox, delimiter), _role(mailbox, attributes), not attributes & _CLOSED)


def _mailbox(answer: bytes, start: int) -> bytes | None:
    """The name that starts there, undecoded, when nothing but extended data stands behind it."""
    if quoted := _QUOTED.match(answer, start):
        name, end = _unescaped(quoted[1]), quoted.end()
    elif literal := _LITERAL.match(answer, start):
        end = literal.end() + int(literal[1])
        name = answer[literal.end() : end]
    elif atom := _ATOM.match(answer, start):
        name, end = atom[0], atom.end()
    else:
        return None
    return name if _EXTENDED_DATA.match(answer, end) else None


def _unescaped(quoted: bytes) -> bytes:
    return _ESCAPED.sub(rb"\1", quoted)


def _path(mailbox: bytes, delimiter: bytes) -> tuple[str, ...]:
    # Split before decoding: a delimiter is one of the name's bytes, not a character that base64 happens to spell.
    names = [name for name in mailbox.split(delimiter) if name] if delimiter else []
    return tuple(_decoded(name) for name in names or [mailbox])


def _decoded(name: bytes) -> str:
    return printable(imap_utf7.decode(name.decode("utf-8", "replace")))


def _role(mailbox: bytes, attributes: AbstractSet[str]) -> str | None:
    if mailbox.upper() == b"INBOX":  # in any case of letters (RFC 3501 section 5.1)
        return "inbox"
    return next((role for attribute, role in _ROLES.items() if attribute in attributes), None)
