"""Draws an Adaptive Card as text, for a terminal: what Teams shows of schema version 1.5, and nothing that it does not.

Drawn: TextBlock, RichTextBlock, FactSet, ColumnSet, Container, Table, Image (its altText), ActionSet and the card's
actions. Any other element is drawn by its `fallback`, and without one it vanishes, as in Teams.
https://learn.microsoft.com/adaptive-cards/schema-explorer/adaptive-card
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lab.teams.card_elements import Pen, draw_actions, draw_elements
from lab.teams.card_layout import frame
from lab.teams.card_markdown import wrapped
from lab.teams.styled import paint

NEWEST = (1, 5)  # Teams on the desktop; a card that asks for more shows its fallbackText
_UNSUPPORTED = "This card needs a newer version of Teams."
_MIN_WIDTH = 20


@dataclass(frozen=True)
class Drawing:
    """A card on paper.

    Attributes:
        text: Its lines, without a newline at the end.
        buttons: Its visible actions, in the order of their numbers.
    """

    text: str
    buttons: tuple[Mapping[str, Any], ...]


def draw(
    card: Mapping[str, Any], *, width: int = 80, colour: bool = False, open_toggles: frozenset[str] = frozenset()
) -> str:
    """The card as text in a frame.

    Args:
        card: An AdaptiveCard object.
        width: Cells of the frame; at least 20 are used.
        colour: Whether to use ECMA-48 colours.
        open_toggles: Ids of elements whose visibility is the opposite of what the card says.
    """
    return lay_out(card, width=width, colour=colour, open_toggles=open_toggles).text


def lay_out(
    card: Mapping[str, Any],
    *,
    width: int = 80,
    colour: bool = False,
    open_toggles: frozenset[str] = frozenset(),
    first: int = 1,
) -> Drawing:
    """As `draw`, with the buttons; `first` is the number of the first one."""
    width = max(width, _MIN_WIDTH)
    pen = Pen(open_toggles, first=first)
    if _version(card) > NEWEST:
        sections = [wrapped(str(card.get("fallbackText") or _UNSUPPORTED), width - 4)]
    else:
        body = draw_elements(card.get("body"), width - 4, pen)
        sections = [body, draw_actions(card.get("actions"), width - 4, pen)]
    lines = frame(sections, width)
    return Drawing("\n".join(paint(line, colour=colour) for line in lines), tuple(pen.buttons))


def draw_text(text: str, *, width: int = 80, colour: bool = False) -> str:
    """A message's text, which is Markdown too, as lines of at most `width` cells."""
    return "\n".join(paint(line, colour=colour) for line in wrapped(text, width))


def toggled(card: Mapping[str, Any], action: Mapping[str, Any], open_toggles: frozenset[str]) -> frozenset[str]:
    """What `open_toggles` becomes when an Action.ToggleVisibility is pressed.

    A target that is an id changes sides; a target with `isVisible` is shown or hidden whatever it was.
    """
    result = set(open_toggles)
    for target in action.get("targetElements") or ():
        if isinstance(target, str):
            result ^= {target}
        elif isinstance(target, Mapping) and isinstance(name := target.get("elementId"), str):
            wanted = target.get("isVisible")
            if wanted is None:
                result ^= {name}
            elif bool(wanted) != _visible_at_first(card, name):
                result |= {name}
            else:
                result -= {name}
    return frozenset(result)


def _visible_at_first(node: object, name: str) -> bool:
    """Whether the element with this id is visible in the card as it was sent; True for an id that is not there."""
    if isinstance(node, Mapping):
        if node.get("id") == name and "type" in node:
            return node.get("isVisible", True) is not False
        return all(_visible_at_first(child, name) for child in node.values())
    if isinstance(node, list):
        return all(_visible_at_first(child, name) for child in node)
    return True


def _version(card: Mapping[str, Any]) -> tuple[int, int]:
    """The schema version that the card asks for; (1, 0) for one that says nothing readable."""
    major, _, minor = str(card.get("version", "1.0")).partition(".")
    return (int(major), int(minor)) if major.isdecimal() and minor.isdecimal() else (1, 0)
