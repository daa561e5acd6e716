"""A card as plain text (pure), for a client that takes no cards.

The same sentences in the same order. What is folded up is left out, and that is said; Markdown's backslashes go.
"""

import re
from collections.abc import Iterator
from typing import Final

from mailcheck.faces.teams.card_parts import Element

LIMIT: Final = 20_000  # bytes of UTF-8: below what a text message may have
_CUT: Final = "(The rest is left out: it is too long for a message.)"
_FOLDED: Final = "(Where cards are shown, more can be unfolded.)"
_ESCAPED: Final = re.compile(r"\\([\\`*_\[\]<>~|!&{#+=\-.)])")
_BOLD: Final = re.compile(r"(?<!\\)\*\*")


def plain_text(card: Element) -> str:
    """The card's text, a line for each of its lines, at most `LIMIT` bytes long."""
    lines = [line.rstrip() for line in _elements(card.get("body", []))]
    if any("id" in element for element in _containers(card)):
        lines += ["", _FOLDED]
    return _bounded([line for line, before in zip(lines, ["", *lines], strict=False) if line or before])


def _bounded(lines: list[str]) -> str:
    room = LIMIT - len(_CUT) - 1
    for number, line in enumerate(lines):
        room -= len(line.encode()) + 1
        if room < 0:
            return "\n".join([*lines[:number], _CUT])
    return "\n".join(lines)


def _elements(elements: list[Element]) -> Iterator[str]:
    for element in elements:
        if "id" not in element:  # what has one is there to be toggled: it is folded up, or the sign of that
            if element.get("spacing") in {"Medium", "Large"} or element.get("separator"):
                yield ""
            yield from _lines(element)


def _lines(element: Element) -> Iterator[str]:
    """One element's lines; of a kind that has no text, none."""
    match element:
        case {"type": "TextBlock", "text": text}:
            yield _unmarked(text)
        case {"type": "RichTextBlock", "inlines": runs}:
            yield "".join(run["text"] for run in runs)
        case {"type": "FactSet", "facts": facts}:
            yield from (f"{_unmarked(fact['title'])}: {_unmarked(fact['value'])}" for fact in facts)
        case {"type": "Container", "items": items}:
            yield from _elements(items)
        case {"type": "ColumnSet", "columns": columns}:
            yield from _beside([list(_elements(column["items"])) for column in columns])
        case _:
            pass


def _beside(columns: list[list[str]]) -> Iterator[str]:
    """Columns as lines: the first line of each stands on one, and what is below follows."""
    filled = [column for column in columns if column]
    if filled:
        mark, *others = (column[0] for column in filled)
        yield " ".join([mark, " · ".join(others)]).rstrip()
        yield from (line for column in filled for line in column[1:])


def _containers(node: object) -> Iterator[Element]:
    """Every container of a card, at any depth."""
    if isinstance(node, dict):
        if node.get("type") == "Container":
            yield node
        yield from (found for child in node.values() for found in _containers(child))
    elif isinstance(node, list):
        yield from (found for child in node for found in _containers(child))


def _unmarked(markdown: str) -> str:
    return _ESCAPED.sub(r"\1", _BOLD.sub("", markdown))
