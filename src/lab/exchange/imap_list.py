"""LIST (RFC 3501, sections 6.3.8 and 7.2.2): which folders a pattern means, and how their names go over the wire."""

import base64
import itertools
import re
from collections.abc import Iterable, Iterator, Sequence

from lab.exchange.folders import DELIMITER, Folder, Form

_INBOX = "INBOX"
# INBOX has no case (RFC 3501 section 5.1): a pattern means it when it fits any way to write it.
_INBOX_SPELLINGS = tuple(map("".join, itertools.product(*zip(_INBOX, _INBOX.lower(), strict=True))))
_ATOM = re.compile(r"[^\x00-\x20\x7f(){%*\"\\]+")
# Modified UTF-7 shifts whole runs of what is not printable ASCII (RFC 3501, section 5.1.3).
_SHIFTED = re.compile(r"&|[^\x20-\x7e]+")
_WILDCARDS = re.compile(r"[*%]+")


def encode_utf7(name: str) -> str:
    """A Unicode name in modified UTF-7."""
    return _SHIFTED.sub(lambda run: _shift(run[0]), name)


def _shift(run: str) -> str:
    if run == "&":
        return "&-"
    packed = base64.b64encode(run.encode("utf-16-be"), altchars=b"+,")
    return f"&{packed.rstrip(b'=').decode('ascii')}-"


def wire_name(folder: Folder) -> str:
    """The folder's full name in modified UTF-7, before it is made an atom or a string."""
    return DELIMITER.join(encode_utf7(level) for level in folder.path)


def render_name(folder: Folder) -> bytes:
    """The folder's name as an `astring`.

    Without a form of its own it goes as Exchange sends it: a literal when a quoted string would need escapes, quoted
    when an atom would not do.
    """
    name = wire_name(folder)
    match folder.form or _form(name):
        case Form.ATOM:
            return name.encode("ascii")
        case Form.QUOTED:
            return b'"%b"' % re.sub(r'(["\\])', r"\\\1", name).encode("ascii")
        case Form.LITERAL:
            return b"{%d}\r\n%b" % (len(name), name.encode("ascii"))


def _form(name: str) -> Form:
    if '"' in name or "\\" in name:
        return Form.LITERAL
    # NIL as an atom means that there is no string.
    return Form.ATOM if _ATOM.fullmatch(name) and name.upper() != "NIL" else Form.QUOTED


def find(folders: Iterable[Folder], name: str) -> Folder | None:
    """The folder with this name in modified UTF-7; INBOX in any case of letters."""
    wanted = _fold_inbox(name)
    return next((folder for folder in folders if wire_name(folder) == wanted), None)


def list_lines(folders: Sequence[Folder], reference: str, pattern: str) -> Iterator[bytes]:
    r"""The untagged LIST responses to a reference and a pattern, in the folders' order.

    A pattern that ends with % also finds levels of the hierarchy that are no folders, and calls them `\Noselect`.
    """
    if not pattern:  # a question about the delimiter alone
        yield rb'* LIST (\Noselect) "/" ""'
        return
    wanted = _compiled(reference + pattern)
    parents = {folder.path[:depth] for folder in folders for depth in range(1, len(folder.path))}
    for folder in _with_levels(folders) if pattern.endswith("%") else folders:
        if _fits(wanted, wire_name(folder)):
            attributes = _attributes(folder, parent=folder.path in parents)
            yield b"* LIST (%b) %b %b" % (attributes, _delimiter(folder), render_name(folder))


def _with_levels(folders: Iterable[Folder]) -> Iterator[Folder]:
    seen = {folder.path for folder in folders}
    for folder in folders:
        for depth in range(1, len(folder.path)):
            level = folder.path[:depth]
            if level not in seen:
                seen.add(level)
                yield Folder(level, selectable=False)
        yield folder


def _delimiter(folder: Folder) -> bytes:
    return b"NIL" if folder.delimiter is None else b'"%b"' % folder.delimiter.encode("ascii")


def _attributes(folder: Folder, *, parent: bool) -> bytes:
    marked = [flag for flag in folder.flags if flag == r"\Marked"]
    special = [flag for flag in folder.flags if flag not in marked]
    noselect = [] if folder.selectable else [r"\Noselect"]
    children = r"\HasChildren" if parent else r"\HasNoChildren"
    return " ".join([*marked, *noselect, children, *special]).encode("ascii")


def _fits(wanted: re.Pattern[str], name: str) -> bool:
    first, slash, rest = name.partition(DELIMITER)
    spellings = _INBOX_SPELLINGS if first == _INBOX else (first,)
    return any(wanted.fullmatch(f"{spelling}{slash}{rest}") for spelling in spellings)


def _compiled(pattern: str) -> re.Pattern[str]:
    # A run of wildcards that holds a * means the same as one *, and a run of % the same as one %.
    text = ""
    position = 0
    for run in _WILDCARDS.finditer(pattern):
        text += re.escape(pattern[position : run.start()]) + (".*" if "*" in run[0] else f"[^{DELIMITER}]*")
        position = run.end()
    return re.compile(text + re.escape(pattern[position:]))


def _fold_inbox(name: str) -> str:
    first, slash, rest = name.partition(DELIMITER)
    return f"{_INBOX}{slash}{rest}" if first.upper() == _INBOX else name
