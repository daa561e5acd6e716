"""The bricks of a card (pure): Adaptive Card 1.5 elements as dicts.

Schema: https://adaptivecards.io/explorer/ ; what Teams shows of it:
https://learn.microsoft.com/microsoftteams/platform/task-modules-and-cards/cards/cards-format
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

from mailcheck.faces.teams.untrusted import clean, escape, size
from mailcheck.faces.wording import State

type Element = dict[str, Any]

VERSION: Final = "1.5"  # the newest that Teams has on all its clients
SCHEMA: Final = "http://adaptivecards.io/schemas/adaptive-card.json"

# Bytes of JSON. Teams' limit has been raised from 28 KB several times; below the first one a card passes everywhere.
BUDGET: Final = 24 * 1024
STYLES: Final = {  # of a container, in which the state stands in a word too
    State.HEALTHY: "good",
    State.DEGRADED: "warning",
    State.BROKEN: "attention",
    State.UNFINISHED: "emphasis",
    State.NOT_ALLOWED: "emphasis",
}
_SPOKEN_LIMIT: Final = 600  # bytes of JSON
_MARK_WIDTH: Final = "24px"
_URL_LIMIT: Final = 300
_INDENT: Final = "\N{NO-BREAK SPACE}" * 4  # a client may collapse plain spaces
# Where a run is divided: some clients format `{{DATE(...)}}` in a TextRun too, though it has no Markdown.
_FUNCTION: Final = re.compile(r"(?<=\{)(?=\{(?:DATE|TIME)\()", re.IGNORECASE)
_LINKABLE: Final = re.compile(r"https://[\w./?=&%#:+~-]+", re.ASCII)


def fitting(cards: Iterable[Element]) -> Element:
    """The first of these cards, each smaller than the one before, that keeps the budget; if none does, the last."""
    smallest: Element = {}
    for smallest in cards:
        if size(smallest) <= BUDGET:
            break
    return smallest


def said(markdown: str, **style: object) -> Element:
    """Text of ours; it may have Markdown, and untrusted parts only after `escape`."""
    return {"type": "TextBlock", "text": markdown, "wrap": True, **style}


def heading(markdown: str, **style: object) -> Element:
    """A heading, also for a screen reader."""
    return said(markdown, style="heading", weight="Bolder", **style)


def label(text: str, code: str = "") -> Element:
    """The small line above a block; the code that ends it is shown in a fixed-width type."""
    look = {"size": "Small", "isSubtle": True}
    if not code:
        return said(text, **look, spacing="Small")
    runs = [*_runs(f"{text} ", **look), *_runs(code, **look, fontType="Monospace")]
    return {"type": "RichTextBlock", "inlines": runs, "spacing": "Small"}


def verbatim(text: str, **style: object) -> Element:
    """Text, not empty, to be read or copied letter by letter, in a fixed-width type.

    TextRuns, because they have no Markdown: a command is copied without a backslash too many on every client.
    """
    return {"type": "RichTextBlock", "inlines": _runs(text, fontType="Monospace"), **style}


def branch(depth: int, name: str, mark: str) -> Element:
    """A line of a tree: a name, and in subtle type what is to be said of it."""
    runs = _runs(_INDENT * depth + name) + (_runs(f" {mark}", isSubtle=True) if mark else [])
    return {"type": "RichTextBlock", "spacing": "None", "inlines": runs}


def coded(text: str, **style: object) -> Element:
    """A sentence of ours with code in backquotes, which is shown in a fixed-width type."""
    parts = enumerate(text.split("`"))
    runs = [run for at, part in parts if part for run in _runs(part, **({"fontType": "Monospace"} if at % 2 else {}))]
    return {"type": "RichTextBlock", "inlines": runs, **style}


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


def facts(pairs: Iterable[tuple[str, str]], **style: object) -> Element:
    """Names and values, clean already; both are shown as they are."""
    return {
        "type": "FactSet",
        "facts": [{"title": escape(title), "value": escape(value) or "none"} for title, value in pairs],
        **style,
    }


def column(items: Sequence[Element], width: str = "stretch", **style: object) -> Element:
    """A column: `stretch` takes what is left, `auto` what it needs, `24px` just that."""
    return {"type": "Column", "width": width, "items": list(items), **style}


def columns(*parts: Element, **style: object) -> Element:
    """Columns side by side."""
    return {"type": "ColumnSet", "columns": list(parts), **style}


def marked(mark: str, items: Sequence[Element]) -> list[Element]:
    """Two columns: a mark, and what it marks."""
    return [column([said(mark, weight="Bolder")], _MARK_WIDTH), column(items, spacing="Small")]


def line(mark: str, items: Sequence[Element], aside: str = "", **style: object) -> Element:
    """A row of a list: its mark, what it is about, and at the right in small type what is to be said of it."""
    parts = marked(mark, items)
    if aside:
        parts.append(column([said(aside, size="Small", isSubtle=True, horizontalAlignment="Right")], "auto"))
    return columns(*parts, **style)


def row_of_buttons(actions: Sequence[Element]) -> Element:
    """Buttons within a card, where what they are about stands."""
    return {"type": "ActionSet", "actions": list(actions), "spacing": "Medium"}


def execute(title: str, action: Element) -> Element:
    """A button that asks the bot; `action` is verb and data, as `pressed.py` has them."""
    return {"type": "Action.Execute", "title": title, **action}


def link(title: str, url: str) -> Element | None:
    """A button that opens an address in the browser; none for one that is not plainly https."""
    if len(url) > _URL_LIMIT or not _LINKABLE.fullmatch(url):
        return None
    return {"type": "Action.OpenUrl", "title": title, "url": url}


def toggle(title: str, *element_ids: str) -> Element:
    """A button that shows what is hidden of these elements, and hides what is shown."""
    return {"type": "Action.ToggleVisibility", "title": title, "targetElements": list(element_ids)}


def fold(name: str, title: Sequence[Element], items: Sequence[Element], element_id: str, **style: object) -> Element:
    """What opens when its title, some columns, is pressed, and closes again; `name` is for a screen reader."""
    show, hide = f"{element_id}-show", f"{element_id}-hide"
    head = columns(
        *title,
        column([said("▾", id=show), said("▴", id=hide, isVisible=False)], "auto"),
        selectAction=toggle(f"Show or hide {name}", element_id, show, hide),
    )
    return block([head, block(items, id=element_id, isVisible=False, spacing="Small")], **style)


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
