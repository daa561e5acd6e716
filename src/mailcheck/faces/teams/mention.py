"""The words of a Teams message: mentions, markup and invisible characters taken away (pure).

The SDK's `remove_recipient_mention` is not used: it also removes the bot's name from an address, and the command of a
bot that is named like its command.
"""

import html
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

TEXT_LIMIT: Final = 4000  # characters that are looked at; a command is below 400

_ENTITY: Final = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
# Only what is surely a tag: `<shared@contoso.com>` is an address.
_TAG: Final = re.compile(r"</?[A-Za-z][A-Za-z0-9-]*(?:\s[^<>]*)?/?>")
_LINK: Final = re.compile(r"\[([^\[\]]*)\]\(([^()\s]*)\)")
_AT: Final = re.compile(r"<at(?:\s[^<>]*)?>(.*?)</at>", re.IGNORECASE | re.DOTALL)

# Separators without width stand between words; without them `mailcheck` and an address would be another address. The
# other format characters (soft hyphens, directions, joiners) stand within a word and are removed.
_GAPS: Final = dict.fromkeys(map(ord, "\u180e\u200b\u2060\ufeff"), " ")


@dataclass(frozen=True, slots=True)
class Heard:
    """What was said, as words in their order, and whether the bot was mentioned."""

    words: tuple[str, ...]
    mentioned: bool


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
    """The words of a message.

    Args:
        text: The activity's text: plain, Markdown or HTML, and untrusted.
        mentions: What `bot_mentions` found.
        bot_name: The bot's display name: a mention of it counts also where its entity is missing.
    """
    text = text[:TEXT_LIMIT]
    mentioned = False
    for mention in mentions:
        mentioned = mentioned or mention in text
        text = text.replace(mention, " ")
    name = _flat(bot_name)

    def at(match: re.Match[str]) -> str:
        nonlocal mentioned
        ours = bool(name) and _flat(match[1]) == name
        mentioned = mentioned or ours
        return " " if ours else f" {match[1]} "

    text = _AT.sub(at, text)
    text = _TAG.sub(" ", text)
    text = _ENTITY.sub(lambda match: html.unescape(match[0]), text)
    text = _LINK.sub(lambda match: f" {_shown(match[1], match[2])} ", text)
    text = text.translate(_GAPS)
    visible = "".join(character for character in text if unicodedata.category(character) != "Cf")
    return Heard(tuple(visible.split()), mentioned)


def _shown(label: str, target: str) -> str:
    """What a link says; where it leads only if it says nothing of an address: the reader sees the label."""
    return label if "@" in label or not target.lower().startswith("mailto:") else target


def _flat(name: str) -> str:
    return " ".join(html.unescape(name).split()).casefold()
