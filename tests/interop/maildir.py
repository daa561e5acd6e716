"""Mailboxes on disk as Dovecot keeps them: Maildir++ with the escapes of its plugin listescape."""

from collections.abc import Iterable
from pathlib import Path

from imapclient import imap_utf7

# Each name is a trap for somebody: nesting under a parent that does not exist, other alphabets, the escapes of modified
# UTF-7, of a quoted string and of the file system.
FOLDERS = (
    "Archive/2025",
    "Projects/2026/Alpha",
    "Projects/2026/Größe",
    "Gelöschte Elemente",
    "予定",
    "R&D",
    'Say "hello"',
    "back\\slash",
    "v1.2 notes",
)
# Created by dovecot.conf in every mailbox, with the special-use attribute of RFC 6154.
SPECIAL_FOLDERS = {
    "Archive": r"\Archive",
    "Deleted Items": r"\Trash",
    "Drafts": r"\Drafts",
    "Junk Email": r"\Junk",
    "Sent Items": r"\Sent",
}
_MESSAGE = b"From: <alice@contoso.com>\r\nSubject: %d\r\n\r\nHello.\r\n"


def create_maildir(root: Path, folders: Iterable[str], messages: int) -> None:
    """Creates a mailbox with these folders (`/` separates levels) and this many messages in its inbox."""
    for folder in ("", *(_on_disk(name) for name in folders)):
        for part in ("cur", "new", "tmp"):
            (root / folder / part).mkdir(parents=True)
    for number in range(messages):
        (root / "new" / f"{number}.test").write_bytes(_MESSAGE % number)


def _on_disk(name: str) -> str:
    r"""A folder's directory: .A.B in modified UTF-7, a dot as \2e, a backslash as \5c."""
    levels = (imap_utf7.encode(level).decode("ascii") for level in name.split("/"))
    return "".join("." + level.replace("\\", "\\5c").replace(".", "\\2e") for level in levels)
