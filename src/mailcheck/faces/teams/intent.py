"""What a message to the bot asks for (pure): a check of one mailbox, or help."""

from dataclasses import dataclass
from typing import Final

from mailcheck.faces.teams.mention import Heard
from mailcheck.model.request import InvalidAddress, Mailbox, MailProtocol

COMMAND: Final = "mailcheck"
ALL: Final = "all"
_COMMANDS: Final = frozenset({COMMAND, f"/{COMMAND}", f"@{COMMAND}"})
_MAILTO: Final = "mailto:"
_QUOTED: Final = 60  # characters of a person's word that are repeated to them
_OPENING: Final = "([{<\"'`\u00ab\u201c\u2018"  # and the typographic quotes
_CLOSING: Final = ")]}>\"'`\u00bb\u201d\u2019.,;:!?\u2026"
_PROTOCOLS: Final = ", ".join((*MailProtocol, ALL))


@dataclass(frozen=True, slots=True)
class Check:
    """Check this mailbox; no protocols: those that are set for the app."""

    mailbox: Mailbox
    protocols: tuple[MailProtocol, ...] = ()


@dataclass(frozen=True, slots=True)
class Help:
    """Show how to ask; `note` says what was wrong with what was asked, and may be empty."""

    note: str = ""


type Intent = Check | Help


def understand(heard: Heard, *, personal: bool) -> Intent:
    """The intent of a message.

    `mailcheck ADDRESS [imap|pop|all ...]`, with or without a slash. Where the bot is spoken to anyway, by a mention
    or in a personal chat, the address alone is enough.
    """
    words = [word for word in map(_bare, heard.words) if word]
    named = False
    while words and words[0].casefold() in _COMMANDS:
        named = True
        del words[0]
    if not words or words[0].casefold() in {"help", "?"}:
        return Help()
    if not named and "@" not in words[0]:
        return Help()
    if not (named or heard.mentioned or personal):
        return Help()
    mailbox = Mailbox.parse(words[0])
    if isinstance(mailbox, InvalidAddress):
        return Help(f"{_quoted(words[0])} is not a mailbox address: {mailbox.reason}.")
    protocols = _protocols(words[1:])
    return protocols if isinstance(protocols, Help) else Check(mailbox, protocols)


def _protocols(words: list[str]) -> tuple[MailProtocol, ...] | Help:
    asked = {name.casefold() for word in words for name in word.split(",") if name}
    unknown = next((word for word in words if not _known(word)), None)
    if unknown is not None:
        if "@" in unknown:
            return Help("One mailbox at a time, please.")
        return Help(f"{_quoted(unknown)} is no protocol that can be checked; there are: {_PROTOCOLS}.")
    return tuple(protocol for protocol in MailProtocol if protocol in asked or ALL in asked)


def _known(word: str) -> bool:
    return all(name.casefold() in (*MailProtocol, ALL) for name in word.split(",") if name)


def _bare(word: str) -> str:
    """A word without the punctuation around it and without `mailto:`."""
    if word == "?":
        return word
    word = word.lstrip(_OPENING).rstrip(_CLOSING)
    if word.casefold().startswith(_MAILTO):
        word = word[len(_MAILTO) :].partition("?")[0]
    return word


def _quoted(word: str) -> str:
    return f'"{word if len(word) <= _QUOTED else word[: _QUOTED - 1] + "…"}"'
