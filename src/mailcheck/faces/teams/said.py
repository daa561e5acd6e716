"""What a message to the bot asks for (pure): a check of one mailbox, or help."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Final

from mailcheck.faces.teams.intent import Check, Help, Intent
from mailcheck.faces.teams.mention import Heard
from mailcheck.model.request import InvalidAddress, Mailbox, MailProtocol

COMMAND: Final = "mailcheck"
ALL: Final = "all"
_COMMANDS: Final = frozenset({COMMAND, f"@{COMMAND}"})
_HELP: Final = "help"
# Said around a request and no part of it.
_FILLERS: Final = frozenset({"a", "and", "at", "by", "check", "for", "mailbox", "please", "the", "thanks", "with"})
_PROTOCOLS: Final = {
    **{protocol.value: (protocol,) for protocol in MailProtocol},
    "imap4": (MailProtocol.IMAP,),
    "pop3": (MailProtocol.POP,),
    ALL: tuple(MailProtocol),
}
_KNOWN: Final = ", ".join((*MailProtocol, ALL))
_OTHERS: Final = frozenset({"activesync", "ews", "graph", "mapi"})
_MAILTO: Final = "mailto:"
_QUOTED: Final = 60  # characters of a person's word that are repeated to them
_OPENING: Final = "([{<\"'`*"
_CLOSING: Final = ")]}>\"'`*_.,;:!?"
_EMOJI_STYLE: Final = "\ufe0f"  # follows a symbol that is to be drawn as an emoji
_ANGLES: Final = re.compile(r"[<>]")
_LISTED: Final = re.compile(r"[,;]+")  # between addresses
_JOINED: Final = re.compile(r"[,;/]+")  # between protocols


def understand(heard: Heard, *, personal: bool) -> Intent:
    """The intent of a message.

    `mailcheck ADDRESS [imap|pop|smtp|all ...]`, with or without a slash. Where the bot is spoken to anyway, by a
    mention or in a personal chat, the address alone is enough. The one word with an "@" is the mailbox; the words
    around it, such as the name that a mail program puts before it, are dropped, but for protocols.
    """
    said = [word for word in _words(heard.words) if word.casefold() not in _FILLERS]
    words = [word for word in said if word.casefold() not in _COMMANDS]
    named = len(words) < len(said)
    if not (named or heard.mentioned or personal):
        return Help()
    candidates = _addresses(words) or (_instead(words) if named else [])
    if not candidates:
        return Help()
    if len(candidates) > 1:
        return Help("One mailbox at a time, please.")
    address = candidates[0]
    mailbox = Mailbox.parse(address)
    if isinstance(mailbox, InvalidAddress):
        return Help(f"{_quoted(address)} is not a mailbox address: {mailbox.reason}.")
    protocols = _protocols(words, after=words.index(address))
    return protocols if isinstance(protocols, Help) else Check((mailbox,), protocols)


def _addresses(words: Sequence[str]) -> list[str]:
    """The words with an "@", each once: a mail program may give an address as its own name."""
    found = list({word.casefold(): word for word in words if "@" in word}.values())
    # Beside an address, `@Anna` is a person.
    return [word for word in found if not word.startswith("@")] or found


def _instead(words: Sequence[str]) -> list[str]:
    """The word that was perhaps meant as the address, where none has an "@"; none if it is help that is asked for."""
    if _HELP in map(str.casefold, words):
        return []
    return [word for word in words if word.casefold() not in _PROTOCOLS][:1]


def _protocols(words: Sequence[str], *, after: int) -> tuple[MailProtocol, ...] | Help:
    """The protocols that are named; a foreign one is refused after the address only: before it is somebody's name."""
    foreign = next((word for word in words[after + 1 :] if word.casefold() in _OTHERS), None)
    if foreign is not None:
        return Help(f"{_quoted(foreign)} is no protocol that can be checked; there are: {_KNOWN}.")
    asked = {protocol for word in words for protocol in _PROTOCOLS.get(word.casefold(), ())}
    return tuple(protocol for protocol in MailProtocol if protocol in asked)


def _words(heard: Iterable[str]) -> list[str]:
    """The words that have a letter or a digit, bare, and apart where they are joined."""
    parts = (part for word in heard for piece in _ANGLES.split(word) for part in _apart(_bare(piece)))
    return [word for word in map(_bare, parts) if any(map(str.isalnum, word))]


def _apart(word: str) -> list[str]:
    """`imap/pop` as two words, and `a@b.co;c@d.co`; but not `a,b@c.co`, of which `b@c.co` would be another mailbox."""
    name, at, domain = word.partition("@")
    if not at:
        return _JOINED.split(word)
    first, *others = _LISTED.split(domain)
    return [f"{name}@{first}", *others]


def _bare(word: str) -> str:
    """A word without the marks and emoji around it and without `mailto:`."""
    marks = _EMOJI_STYLE + "".join(
        {one for one in word if not one.isascii() and unicodedata.category(one)[0] in {"P", "S"}}
    )
    ended = word.rstrip(_CLOSING + marks)
    # A mailbox's name may begin with an underscore: it is a mark only where the word also ends with one.
    underscore = "_" if "@" not in word or "_" in word[len(ended) :] else ""
    word = ended.lstrip(_OPENING + underscore + marks)
    if word.casefold().startswith(_MAILTO):
        word = word[len(_MAILTO) :].partition("?")[0]
    return word


def _quoted(word: str) -> str:
    return f'"{word if len(word) <= _QUOTED else word[: _QUOTED - 1] + "…"}"'
