"""What a message to the bot asks for (pure); docs/bot.md shows what can be written."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from itertools import dropwhile, pairwise, takewhile, zip_longest
from typing import Final

from mailcheck.diagnosis.catalogue import CATALOGUE
from mailcheck.faces.teams.intent import MAILBOX_LIMIT, Check, Explain, Help, Intent, Refused, Status, Thanks, WhoAmI
from mailcheck.faces.teams.mention import TEXT_LIMIT, Heard
from mailcheck.faces.teams.vocabulary import (
    ALL,
    COMMAND,
    COMMANDS,
    EXPLAIN,
    FILLERS,
    FOREIGN,
    HELP,
    PROTOCOLS,
    STATUS,
    THANKS,
    WHOAMI,
)
from mailcheck.faces.teams.written import Role, Word, written
from mailcheck.model.request import InvalidAddress, Mailbox, MailProtocol

_ALONE: Final[dict[str, Intent]] = {HELP: Help(), WHOAMI: WhoAmI(), STATUS: Status()}
_KNOWN: Final = ", ".join((*MailProtocol, ALL))
_IDS: Final = tuple(entry.id for entry in CATALOGUE)
# By what a diagnosis can be named: its id, or the number of a message of Entra that leads to it.
_NAMED: Final = {entry.id: entry.id for entry in CATALOGUE} | {
    signal.casefold(): entry.id for entry in CATALOGUE for signal in entry.when.signals if signal.startswith("AADSTS")
}
_EXAMPLE: Final = f"{COMMAND} {EXPLAIN} imap-sign-in-refused"
_MAILBOX: Final = f"{COMMAND} shared@contoso.com"
_NOT_MAIL: Final = frozenset({"EUM", "SIP", "SPO"})  # what a mailbox's EmailAddresses has besides SMTP
_LABELS: Final = (("smtp", "address"), ("smtp", "addresses"))

_QUOTED: Final = 60  # characters of a person's word that are repeated to them
_PROPOSED: Final = 120  # characters of a command that is proposed
_TOLD: Final = 2  # invalid addresses that help tells one by one
_NEAR: Final = 0.75  # of difflib's ratio: one slip in four letters
_NEAR_COMMAND: Final = 0.8  # a near miss of `mailcheck` is understood, so `mailbox` must not be one
_NEAR_ID: Final = 0.6  # ids are long, and only proposed
_PHRASE: Final = 3  # words: `who am i`
_ID: Final = 8  # words that may be an id: the longest has five
_SLIPS: Final = 4  # more words beside an address than there are protocols are a sentence

_TOO_MANY: Final = InvalidAddress(f"only {MAILBOX_LIMIT} mailboxes are checked at a time")
_A_NAME: Final = "it stands as the name of another address"
_NOT_READ: Final = Refused("the rest of the message", f"only {TEXT_LIMIT:,} characters are read")


def understand(heard: Heard, *, personal: bool) -> Intent:
    """The intent of a message.

    `mailcheck ADDRESS ... [imap|pop|smtp|all ...]`, `help`, `explain ID`, `whoami`, `status`, with or without a slash.
    Where the bot is spoken to anyway, by a mention or in a personal chat, `mailcheck` may be left out. Words around
    addresses are dropped, but for protocols. A misspelt command is understood where what follows it is valid; any other
    near miss is answered by help that names what was perhaps meant.
    """
    called, words = _called(_without_labels(written(heard.text)))
    if not (called or heard.mentioned or personal):
        return Help()
    addresses = _addresses(words)
    explained = _to_explain(words, alone=not addresses)
    if explained is not None:
        return _explanation(explained)
    if addresses:
        return _check(words, addresses, whole=heard.whole)
    thanked = bool(words) and words[0].text.casefold() in THANKS
    intent = _command(_loose(words), called=called and not thanked)
    return Thanks() if thanked and intent == Help() and HELP not in map(str.casefold, _loose(words)) else intent


def _without_labels(words: list[Word]) -> list[Word]:
    """The words without the `SMTP` of a `Primary SMTP address`: that is how a mailbox's address is headed."""
    texts = [word.text.casefold() for word in words]
    return [word for word, pair in zip_longest(words, pairwise(texts)) if pair not in _LABELS]


def _called(words: list[Word]) -> tuple[bool, list[Word]]:
    """Whether the command, or something near it at the beginning, is among the words; and the words without it."""
    others = [word for word in words if word.text.casefold() not in COMMANDS]
    if len(others) < len(words):
        return True, others
    for length in (1, 2):  # `mailchek`, `mail check`
        head = "".join(word.text for word in words[:length] if word.role is not Role.ADDRESS)
        if _nearest(head, [COMMAND], _NEAR_COMMAND):
            return True, words[length:]
    return False, words


def _addresses(words: Iterable[Word]) -> list[str]:
    """What is written as an address, each once: a mail program may give an address as its own name."""
    found = list({word.text.casefold(): word.text for word in words if word.role is Role.ADDRESS}.values())
    # Beside an address, `@Anna` is a person.
    return [address for address in found if not address.startswith("@")] or found


def _loose(words: Iterable[Word]) -> list[str]:
    """The words beside the addresses that say something."""
    return [word.text for word in words if word.role is Role.WORD and word.text.casefold() not in FILLERS]


def _check(words: Sequence[Word], addresses: Sequence[str], *, whole: bool) -> Check | Help:
    mailboxes: list[Mailbox] = []
    refused: list[Refused] = []
    for address in addresses:
        parsed = Mailbox.parse(address) if len(mailboxes) < MAILBOX_LIMIT else _TOO_MANY
        if isinstance(parsed, Mailbox):
            mailboxes.append(parsed)
        else:
            refused.append(Refused(_short(address), _reason(address, parsed)))
    if not mailboxes:
        return Help(_faults(refused))
    protocols = _protocols(words, mailboxes)
    if isinstance(protocols, Help):
        return protocols
    names = {word.text.casefold(): word.text for word in words if word.role is Role.NAME}
    checked = set(map(str.casefold, addresses))
    others = [text for name, text in names.items() if name not in checked]
    refused += [Refused(_short(name), _A_NAME) for name in others if isinstance(Mailbox.parse(name), Mailbox)]
    return Check(tuple(mailboxes), protocols, (*refused, *([] if whole else [_NOT_READ])))


def _reason(address: str, invalid: InvalidAddress) -> str:
    kind = address.partition(":")[0].upper()
    return f"{kind} is not mail" if kind in _NOT_MAIL else invalid.reason


def _faults(refused: Sequence[Refused]) -> str:
    told = [f'"{one.text}" is not a mailbox address: {one.reason}.' for one in refused[:_TOLD]]
    left = len(refused) - len(told)
    return " ".join([*told, f"Nor are {left:,} more."] if left > 1 else [*told, "Nor is one more."] if left else told)


def _protocols(words: Sequence[Word], mailboxes: Sequence[Mailbox]) -> tuple[MailProtocol, ...] | Help:
    """The protocols that are named; a foreign one is refused after an address only: before it is somebody's name."""
    loose = _loose(words)
    behind = _loose(dropwhile(lambda word: word.role is not Role.ADDRESS, words))
    foreign = next((word for word in behind if word.casefold() in FOREIGN), None)
    if foreign is not None:
        return Help(_unknown(foreign))
    meant = {word: _protocol(word) for word in dict.fromkeys(loose)} if len(loose) <= _SLIPS else {}
    slip = next((word for word, near in meant.items() if near != word.casefold()), None)
    if slip is not None and all(meant.values()):
        proposed = " ".join((COMMAND, *map(str, mailboxes), *dict.fromkeys(meant.values())))
        return Help(f"{_unknown(slip)} {_meant([proposed if len(proposed) <= _PROPOSED else meant[slip]])}")
    asked = {protocol for word in loose for protocol in PROTOCOLS.get(word.casefold(), ())}
    return tuple(protocol for protocol in MailProtocol if protocol in asked)


def _protocol(word: str) -> str:
    """This word if it stands for a protocol, or else the protocol that it is near to, if any."""
    return word.casefold() if word.casefold() in PROTOCOLS else _nearest(word, list(MailProtocol))


def _command(words: Sequence[str], *, called: bool) -> Intent:
    """What is asked for without an address."""
    if HELP in map(str.casefold, words):
        return Help()
    for length in range(1, _PHRASE + 1):
        phrase = "".join(words[:length]).casefold()
        if phrase in _ALONE:
            return _ALONE[phrase]
    first = words[0] if words else ""
    if near := _nearest(first, list(_ALONE)):
        return Help() if near == HELP else Help(_meant([f"{COMMAND} {near}"]))
    if named := _diagnosis(words):
        return Help(_meant([f"{COMMAND} {EXPLAIN} {named}"]))
    instead = next((word for word in words if word.casefold() not in PROTOCOLS), None)
    if instead is not None and called:
        return Help(_faults([Refused(_short(instead), 'it has no "@"')]))
    spoken = PROTOCOLS.keys() - {ALL} if instead else PROTOCOLS.keys()  # `that is all` asks for none
    protocols = " ".join(dict.fromkeys(word.casefold() for word in words if word.casefold() in spoken))
    return Help(f'Of which mailbox? Write its address, too: "{_MAILBOX} {protocols}".' if protocols else "")


def _diagnosis(words: Iterable[str]) -> str:
    """The id of the diagnosis that a sentence names; empty: none. Some ids are words like others: they come first."""
    for place, word in enumerate(map(str.casefold, words)):
        if word in _NAMED and (place == 0 or not word.isalpha()):
            return _NAMED[word]
    return ""


def _to_explain(words: Sequence[Word], *, alone: bool) -> list[str] | None:
    """The words after `explain`, lower case; None where that is not asked for. Before an address, it comes first."""
    ahead = [word.casefold() for word in _loose(takewhile(lambda word: word.role is not Role.ADDRESS, words))]
    first = EXPLAIN if EXPLAIN in (ahead if alone else ahead[:1]) else "".join(ahead[:1])
    if first != EXPLAIN and not (alone and _nearest(first, [EXPLAIN])):
        return None
    texts = [word.text.casefold() for word in words if word.role is Role.WORD]
    return texts[texts.index(first) + 1 :]


def _explanation(words: Sequence[str]) -> Explain | Help:
    """The diagnosis of these words: `imap-refused`, `imap refused`, or a link to its explanation."""
    asked = [word.rpartition("#")[2].replace("_", "-") for word in words[:_ID]]
    phrase = "-".join(asked)
    for one in (phrase, *asked):
        if one in _NAMED:
            return Explain(_NAMED[one])
    if not asked:
        return Help(f'Write "{EXPLAIN}" with the id of a diagnosis, which the card of a check names: "{_EXAMPLE}".')
    near = [one for text in (phrase, asked[0]) for one in get_close_matches(text[:_QUOTED], _IDS, 2, _NEAR_ID)]
    proposed = [f"{COMMAND} {EXPLAIN} {one}" for one in list(dict.fromkeys(near))[:2]]
    instead = _meant(proposed) if proposed else f'The card of a check names each by its id: "{_EXAMPLE}".'
    return Help(f'There is no diagnosis "{_short(words[0])}". {instead}')


def _nearest(word: str, known: Sequence[str], cutoff: float = _NEAR) -> str:
    """The one that a word is near to; empty: none."""
    return "".join(get_close_matches(word.casefold(), known, 1, cutoff)) if len(word) <= _QUOTED else ""


def _meant(commands: Sequence[str]) -> str:
    return f"Did you mean {' or '.join(f'"{command}"' for command in commands)}?"


def _unknown(protocol: str) -> str:
    return f'"{_short(protocol)}" is no protocol that can be checked; there are: {_KNOWN}.'


def _short(word: str) -> str:
    return word if len(word) <= _QUOTED else word[: _QUOTED - 1] + "…"
