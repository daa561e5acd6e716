"""The bricks of a card (pure): Adaptive Card 1.5 elements as dicts, and untrusted text made fit for them.

Schema: https://adaptivecards.io/explorer/ ; what Teams shows of it:
https://learn.microsoft.com/microsoftteams/platform/task-modules-and-cards/cards/cards-format
"""

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

from mailcheck.model.request import MailProtocol

type Element = dict[str, Any]

VERSION: Final = "1.5"  # the newest that Teams has on all its clients
SCHEMA: Final = "http://adaptivecards.io/schemas/adaptive-card.json"

_SPOKEN_LIMIT: Final = 600  # bytes of JSON
_INDENT: Final = "\N{NO-BREAK SPACE}" * 4  # a client may collapse plain spaces
# What the Markdown of a TextBlock or a Fact reacts to anywhere. `{{` begins a date or time function of the host.
_MARKUP: Final = re.compile(r"[\\`*_\[\]<>~|]|!(?=\[)|&(?=#?\w+;)|(?<=\{)\{")
_FIRST: Final = re.compile(r"\A(\s*)(?:([#+=-])|(\d{1,9})([.)]))")  # and at the beginning of a line
# Where a run is divided: some clients format `{{DATE(...)}}` in a TextRun too, though it has no Markdown.
_FUNCTION: Final = re.compile(r"(?<=\{)(?=\{(?:DATE|TIME)\()", re.IGNORECASE)
_LINKABLE: Final = re.compile(r"https://[\w./?=&%#:+~-]+", re.ASCII)


def clean(text: str, limit: int) -> str:
    """One line without control and format characters, at most `limit` bytes of JSON long.

    Bytes of JSON, because that is what a card's size is counted in: a letter beyond ASCII has six of them.
    """
    spaced = (" " if character.isspace() else character for character in text[: 4 * limit])
    line = "".join(character for character in spaced if character.isprintable()).strip()
    if size(line) - 2 <= limit:
        return line
    kept = 0
    room = limit - size("…") + 2
    while kept < len(line) and (room := room - size(line[kept]) + 2) >= 0:
        kept += 1
    return f"{line[:kept].rstrip()}…"


def escape(line: str) -> str:
    """A line that Markdown shows as it is."""
    line = _MARKUP.sub(lambda match: f"\\{match[0]}", line)
    return _FIRST.sub(lambda match: f"{match[1]}{match[3] or ''}\\{match[2] or match[4]}", line, count=1)


def names(protocols: Iterable[MailProtocol]) -> str:
    """Protocols as they are read aloud: `IMAP, POP and SMTP`."""
    *others, last = (protocol.name for protocol in protocols)
    return f"{', '.join(others)} and {last}" if others else last


def size(element: object) -> int:
    """Bytes of JSON, in the ASCII form in which the connector is sent it."""
    return len(json.dumps(element))


def said(markdown: str, **style: object) -> Element:
    """Text of ours; it may have Markdown, and untrusted parts only after `escape`."""
    return {"type": "TextBlock", "text": markdown, "wrap": True, **style}


def heading(markdown: str, **style: object) -> Element:
    """A heading, also for a screen reader."""
    return said(markdown, style="heading", weight="Bolder", **style)


def label(text: str) -> Element:
    """The small line above a block."""
    return said(text, size="Small", isSubtle=True, spacing="Small")


def verbatim(text: str, **style: object) -> Element:
    """Text, not empty, to be read or copied letter by letter, in a fixed-width type.

    TextRuns, because they have no Markdown: a command is copied without a backslash too many on every client.
    """
    return {"type": "RichTextBlock", "inlines": _runs(text, fontType="Monospace"), **style}


def branch(depth: int, name: str, mark: str) -> Element:
    """A line of a tree: a name, and in subtle type what is to be said of it."""
    runs = _runs(_INDENT * depth + name) + (_runs(f" {mark}", isSubtle=True) if mark else [])
    return {"type": "RichTextBlock", "spacing": "None", "inlines": runs}


def _runs(text: str, **style: object) -> list[Element]:
    """The text as it is, in one TextRun, or in more where the host would replace a date or time function.

    Clients look for functions in each run by itself. So a run ends between the two braces: nothing is added that
    would be seen or copied, as a backslash or an invisible character would be.
    """
    return [{"type": "TextRun", "text": part, **style} for part in _FUNCTION.split(text)]


def block(items: Sequence[Element], **style: object) -> Element:
    """Elements that belong together."""
    return {"type": "Container", "items": list(items), **style}


def boxed(lines: Iterable[str]) -> Element:
    """Verbatim lines, at least one and none of them empty, on a grey ground."""
    return block([verbatim(line, spacing="Small") for line in lines], style="emphasis", spacing="Small")


def facts(pairs: Iterable[tuple[str, str]]) -> Element:
    """Names and values, clean already; both are shown as they are."""
    return {
        "type": "FactSet",
        "facts": [{"title": escape(title), "value": escape(value) or "none"} for title, value in pairs],
    }


def link(title: str, url: str) -> Element | None:
    """A link of ours on a line of its own; none for an address that does not fit into Markdown."""
    return said(f"[{title}]({url})", spacing="Medium") if _LINKABLE.fullmatch(url) else None


def toggle(title: str, element_id: str) -> Element:
    """A button that shows and hides an element."""
    return {"type": "Action.ToggleVisibility", "title": title, "targetElements": [element_id]}


def card(body: Sequence[Element], *, spoken: str, actions: Sequence[Element] = ()) -> Element:
    """A whole card; `spoken` says it in one plain sentence: to a screen reader, in a notification, on an old client."""
    spoken = clean(spoken, _SPOKEN_LIMIT)
    buttons = {"actions": list(actions)} if actions else {}
    return {
        "type": "AdaptiveCard",
        "$schema": SCHEMA,
        "version": VERSION,
        "lang": "en",
        "fallbackText": spoken,
        "speak": spoken,
        # Teams' own member: commands are long lines.
        "msteams": {"width": "Full"},
        "body": list(body),
        **buttons,
    }
