"""What a card must keep to: the elements and members of Adaptive Cards 1.5, Teams' size, and readable Markdown.

The tables are copied from the schema's reference, https://adaptivecards.io/explorer/ .
"""

import json
from collections.abc import Iterator
from typing import Any

MEMBERS: dict[str, frozenset[str]] = {
    "AdaptiveCard": frozenset(
        {"type", "$schema", "version", "lang", "fallbackText", "speak", "msteams", "body", "actions"}
    ),
    "TextBlock": frozenset(
        {"type", "text", "wrap", "size", "weight", "color", "isSubtle", "style", "spacing", "separator", "fontType",
         "id", "isVisible", "maxLines", "horizontalAlignment"}
    ),
    "RichTextBlock": frozenset({"type", "inlines", "spacing", "separator", "id", "isVisible", "horizontalAlignment"}),
    "TextRun": frozenset({"type", "text", "fontType", "isSubtle", "weight", "size", "color", "italic", "highlight"}),
    "Container": frozenset({"type", "items", "style", "bleed", "spacing", "separator", "id", "isVisible"}),
    "ColumnSet": frozenset({"type", "columns", "spacing", "separator", "id", "isVisible", "selectAction"}),
    "Column": frozenset({"type", "items", "width", "spacing"}),
    "FactSet": frozenset({"type", "facts", "spacing", "separator", "id", "isVisible"}),
    "ActionSet": frozenset({"type", "actions", "spacing"}),
    "Action.Execute": frozenset({"type", "title", "verb", "data"}),
    "Action.OpenUrl": frozenset({"type", "title", "url"}),
    "Action.ToggleVisibility": frozenset({"type", "title", "targetElements"}),
}  # fmt: skip
ENUMS: dict[str, frozenset[object]] = {
    "size": frozenset({"Default", "Small", "Medium", "Large", "ExtraLarge"}),
    "weight": frozenset({"Default", "Lighter", "Bolder"}),
    "fontType": frozenset({"Default", "Monospace"}),
    "spacing": frozenset({"None", "Small", "Default", "Medium", "Large", "ExtraLarge", "Padding"}),
    "style": frozenset({"default", "heading", "emphasis", "good", "attention", "warning", "accent"}),
    "wrap": frozenset({True}),
    "version": frozenset({"1.5"}),
}
SIZE_LIMIT = 24 * 1024
ACTIONS_LIMIT = 3  # Teams folds further ones into a menu


def elements(node: object) -> Iterator[dict[str, Any]]:
    """Every typed object of a card."""
    if isinstance(node, dict):
        if "type" in node:
            yield node
        for child in node.values():
            yield from elements(child)
    elif isinstance(node, list):
        for child in node:
            yield from elements(child)


def assert_valid(card: dict[str, Any]) -> None:
    """Fails for a card that the schema, Teams or a reader would trip over."""
    encoded = json.dumps(card)
    assert len(encoded) <= SIZE_LIMIT
    assert card["$schema"] == "http://adaptivecards.io/schemas/adaptive-card.json"
    assert card["fallbackText"]
    assert card["speak"]
    assert card["body"]
    for element in elements(card):
        assert len(element.get("actions", ())) <= ACTIONS_LIMIT
        assert set(element) <= MEMBERS[element["type"]], element
        for name, allowed in ENUMS.items():
            assert name not in element or element[name] in allowed, element
        for name in ("items", "inlines", "facts", "columns", "targetElements"):
            assert name not in element or element[name], element
        for name in ("text", "title"):
            assert name not in element or (isinstance(element[name], str) and element[name].strip(" ")), element
    ids = [element["id"] for element in elements(card) if "id" in element]
    assert len(ids) == len(set(ids))
    for element in elements(card):
        assert set(element.get("targetElements", [])) <= set(ids)
    assert all(character.isprintable() or character == "\N{NO-BREAK SPACE}" for character in _texts(card))


def _texts(card: dict[str, Any]) -> str:
    texts = [element.get("text", "") for element in elements(card)]
    texts += [fact["value"] + fact["title"] for element in elements(card) for fact in element.get("facts", [])]
    return "".join([*texts, card["speak"], card["fallbackText"]])
