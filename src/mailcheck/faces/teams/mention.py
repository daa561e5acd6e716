"""The text of a Teams message as its reader sees it, and whether the bot was mentioned (pure).

The SDK's `remove_recipient_mention` is not used: it also removes the bot's name from an address, and the command of a
bot that is named like its command.
"""

import html
import re
import unicodedata
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any, Final

TEXT_LIMIT: Final = 16 * 1024  # characters that are read: the space of fifty addresses of full length
_MARKUP_LIMIT: Final = 4 * TEXT_LIMIT  # characters with their markup: a linked address is there three times
# Stands for each separator without width: it may part `mailcheck` from an address, or stand within one.
GAP: Final = "\u200b"
MAILTO: Final = "mailto:"

_ENTITY: Final = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_TAG: Final = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9-]*)(\s[^<>]*)?/?>")
_MENTION: Final = "at"
_ANCHOR: Final = "a"
_HREF: Final = re.compile(r"""\shref\s*=\s*["']?([^\s"']*)""", re.IGNORECASE)
_LINK: Final = re.compile(r"\[([^\[\]]*)\]\(([^()\s]*)\)")
# What a reader sees in the place of a tag. Any other `<word>` is text: a placeholder, or the beginning of an address.
_NOTHING: Final = frozenset(
    {"a", "abbr", "b", "big", "cite", "code", "del", "em", "font", "i", "ins", "kbd", "mark", "q", "s", "samp", "small"}
    | {"span", "strike", "strong", "sub", "sup", "tt", "u", "var", "wbr"}
)
_PICTURE: Final = frozenset({"attachment", "emoji", "img"})
_LINE_END: Final = frozenset(
    {"blockquote", "body", "br", "codeblock", "dd", "div", "dl", "dt", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "html"}
    | {"li", "ol", "p", "pre", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul"}
)
_SEEN_AS: Final = {
    **dict.fromkeys(_NOTHING, ""), **dict.fromkeys(_PICTURE, " "), **dict.fromkeys(_LINE_END, "\n"),
}  # fmt: skip
_WITHOUT_WIDTH: Final = frozenset("\u180e\u200b\u2060\ufeff")
_FULL_STOPS: Final = frozenset("\u3002\uff61")  # RFC 3490 section 3.1: dots between labels
_WIDE: Final = range(0xFF01, 0xFF5F)  # the full-width forms of ASCII, which an input method may leave switched on


@dataclass(frozen=True, slots=True)
class Heard:
    """What was said.

    Attributes:
        text: The visible text: no markup, characters of plain width, a `GAP` for what separates without width.
        mentioned: Whether the bot was mentioned; the text no longer has its mentions.
        whole: Whether this is all of it; a longer text ends before the word with which it passes `TEXT_LIMIT`.
    """

    text: str
    mentioned: bool
    whole: bool = True


def bot_mentions(entities: Iterable[Mapping[str, Any]], bot_id: str) -> tuple[str, ...]:
    """The texts, such as `<at>mailcheck</at>`, of those mention entities of an activity that mention the bot."""
    found: list[str] = []
    for entity in entities:
        mentioned, text = entity.get("mentioned"), entity.get("text")
        theirs = isinstance(mentioned, Mapping) and mentioned.get("id") == bot_id
        if entity.get("type") == "mention" and theirs and isinstance(text, str) and text.strip():
            found.append(text)
    return tuple(found)


def hear(text: str, mentions: Iterable[str], bot_name: str) -> Heard:
    """The visible text of a message, in time proportional to its length.

    Args:
        text: The activity's text: plain, Markdown or HTML, and untrusted.
        mentions: What `bot_mentions` found.
        bot_name: The bot's display name: a mention of it counts also where its entity is missing.
    """
    whole = len(text) <= _MARKUP_LIMIT
    if not whole:
        text = text[:_MARKUP_LIMIT]
        text = text[: text.rfind("<")] if text.rfind("<") > text.rfind(">") else text
    told = [_flat(_TAG.sub("", mention)) for mention in mentions]
    text, found = _untagged(text, {_flat(bot_name), *told} - {""})
    text = _unescaped(text)
    text = _LINK.sub(lambda match: _shown(match[1], match[2]), text)
    text = text.translate({ord(one): _form(one) for one in set(text) if not one.isascii()})
    if not whole or len(text) > TEXT_LIMIT:
        return Heard(_whole_words(text[:TEXT_LIMIT]), bool(told) or found, whole=False)
    return Heard(text, bool(told) or found)


def _whole_words(text: str) -> str:
    """A text without its last word, of which only a part may be there: it would be another address."""
    return text.removesuffix(text.rsplit(None, 1)[-1]) if text.strip() else ""


def _untagged(text: str, names: AbstractSet[str]) -> tuple[str, bool]:
    """The text without tags and without the mentions of these names, and whether there were any."""
    seen: list[str] = []
    opened: dict[str, tuple[int, str]] = {}  # of a mention and of a link: where what it shows begins, and its tag
    mentioned, end = False, 0
    for tag in _TAG.finditer(text):
        closing, name = bool(tag[1]), tag[2].lower()
        if name not in _SEEN_AS and name != _MENTION:
            continue
        seen.append(text[end : tag.start()])
        end = tag.end()
        if name not in {_MENTION, _ANCHOR}:
            seen.append(_SEEN_AS[name])
        elif not closing:
            opened[name] = len(seen), tag[3] or ""
        elif name in opened:
            start, attributes = opened.pop(name)
            opened = {other: one for other, one in opened.items() if one[0] <= start}
            label = "".join(seen[start:])
            ours = name == _MENTION and _flat(label) in names
            mentioned = mentioned or ours
            seen[start:] = [" " if ours else f" {label} " if name == _MENTION else _linked(label, attributes)]
    return "".join(seen) + text[end:], mentioned


def _linked(label: str, attributes: str) -> str:
    target = _HREF.search(attributes)
    return _shown(label, target[1]) if target else label


def _shown(label: str, target: str) -> str:
    """What a link says; where it leads only if it says nothing of an address: the reader sees the label.

    The label stays joined to what stands around it: of `o'brien@b.example`, a client may link `brien@b.example` alone.
    """
    leads = target.lower().startswith(MAILTO) and "@" not in _unescaped(label)
    return f" {target} " if leads else label


def _form(character: str) -> str | None:
    """What a character outside ASCII is read as; None: as nothing, like a soft hyphen or a direction."""
    if character in _WITHOUT_WIDTH:
        return GAP
    if unicodedata.category(character) == "Cf":
        return None
    if character in _FULL_STOPS:
        return "."
    return chr(ord(character) - _WIDE.start + ord("!")) if ord(character) in _WIDE else character


def _flat(name: str) -> str:
    return " ".join(_unescaped(name).split()).casefold()


def _unescaped(text: str) -> str:
    """The text with its character references resolved, and only such as a client writes.

    `html.unescape` raises for a number of more than some four thousand digits.
    """
    characters = {entity: html.unescape(entity) for entity in set(_ENTITY.findall(text))}
    return _ENTITY.sub(lambda match: characters[match[0]], text)
