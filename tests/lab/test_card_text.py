"""Adaptive Cards drawn as text, compared as text."""

import re
from textwrap import dedent
from typing import Any

import pytest

from lab.teams.card_text import draw, lay_out, toggled
from lab.teams.styled import cells

NBSP = "\N{NO-BREAK SPACE}"
type Json = dict[str, Any]


def text(words: str, **more: object) -> Json:
    """A TextBlock that wraps."""
    return {"type": "TextBlock", "text": words, "wrap": True, **more}


def card(*body: Json, **more: object) -> Json:
    """A card of version 1.5 with this body."""
    return {"type": "AdaptiveCard", "version": "1.5", "body": list(body), **more}


def inside(drawing: str) -> str:
    """The lines within the frame, without padding."""
    return "\n".join(line.strip("│").strip() for line in drawing.split("\n")[1:-1])


def row(*words: str) -> Json:
    """A TableRow of plain cells."""
    return {"type": "TableRow", "cells": [{"type": "TableCell", "items": [text(word)]} for word in words]}


HEADING: Json = {
    "type": "Container",
    "style": "good",
    "items": [
        {
            "type": "ColumnSet",
            "columns": [
                {"type": "Column", "width": "auto", "items": [text("✔", color="good")]},
                {
                    "type": "Column",
                    "width": "stretch",
                    "items": [
                        text("shared@contoso\\.com opens", size="large", weight="bolder"),
                        text("IMAP and POP, 812 ms", isSubtle=True, spacing="none"),
                    ],
                },
                {"type": "Column", "width": "auto", "items": [text("18:41 UTC", horizontalAlignment="right")]},
            ],
        }
    ],
}
TREE = "\r".join(
    [
        "Inbox",
        f"├─{NBSP}Ürünler",
        f"│{NBSP}{NBSP}└─{NBSP}日本語",
        f"└─{NBSP}\\[click\\]\\(http://evil\\.example\\)",
        "Archive",
    ]
)
HEALTHY = card(
    HEADING,
    {
        "type": "FactSet",
        "spacing": "medium",
        "facts": [
            {"title": "Certificate", "value": "83 days left"},
            {"title": "Token", "value": "**IMAP.AccessAsApp** and POP.AccessAsApp, for an hour"},
        ],
    },
    {
        "type": "Table",
        "spacing": "medium",
        "columns": [{"width": 2}, {"width": 1}],
        "rows": [row("Protocol", "Time"), row("IMAP", "512 ms")],
    },
    {"type": "Container", "id": "folders", "isVisible": False, "separator": True, "items": [text(TREE)]},
    actions=[
        {"type": "Action.Execute", "title": "Check again", "verb": "check", "style": "positive"},
        {"type": "Action.ToggleVisibility", "title": "Folders", "targetElements": ["folders"]},
        {"type": "Action.OpenUrl", "title": "Help", "url": "https://learn.microsoft.com"},
    ],
)

BROKEN = card(
    {
        "type": "Container",
        "style": "attention",
        "items": [text("✘ anna@contoso\\.com does not open", size="large", color="attention")],
    },
    text("The server said", weight="bolder", spacing="medium"),
    {
        "type": "Container",
        "style": "emphasis",
        "items": [text("A1 BAD User is authenticated but not connected\\.", fontType="monospace")],
    },
    text("Causes, likeliest first", weight="bolder", spacing="medium"),
    text(
        "1. **IMAP is off** (certain): POP opens the mailbox with the same token\r"
        "2. _The grant is missing_ (possible): [how to grant](https://learn.microsoft.com/exchange)"
    ),
    text("Run this", weight="bolder", spacing="medium"),
    {
        "type": "CodeBlock",
        "codeSnippet": "not drawn",
        "fallback": text(
            "Set\\-CASMailbox \\-Identity 'anna@contoso\\.com' \\-ImapEnabled $true", fontType="monospace"
        ),
    },
    actions=[{"type": "Action.Execute", "title": "Check again", "verb": "check"}],
)


def test_a_healthy_report() -> None:
    """Columns, facts, a table and the buttons; what is folded away is not there."""
    expected = """\
        ╭──────────────────────────────────────────────────────────╮
        │ ┃ ✔  shared@contoso.com opens                  18:41 UTC │
        │ ┃    IMAP and POP, 812 ms                                │
        │                                                          │
        │ Certificate  83 days left                                │
        │ Token        IMAP.AccessAsApp and POP.AccessAsApp, for   │
        │              an hour                                     │
        │                                                          │
        │ ┌──────────────────────────────────┬───────────────────┐ │
        │ │ Protocol                         │ Time              │ │
        │ ├──────────────────────────────────┼───────────────────┤ │
        │ │ IMAP                             │ 512 ms            │ │
        │ └──────────────────────────────────┴───────────────────┘ │
        ├──────────────────────────────────────────────────────────┤
        │ [ 1 Check again ]  [ 2 Folders ]  [ 3 Help ↗ ]           │
        ╰──────────────────────────────────────────────────────────╯"""

    assert draw(HEALTHY, width=60) == dedent(expected)


def test_a_folder_tree_behind_a_toggle() -> None:
    """The pressed toggle shows its target; no-break spaces indent, wide characters take two cells, links are text."""
    expected = """\
        │ ──────────────────────────────────────────────────────── │
        │ Inbox                                                    │
        │ ├─ Ürünler                                               │
        │ │  └─ 日本語                                             │
        │ └─ [click](http://evil.example)                          │
        │ Archive                                                  │
        ├──────────────────────────────────────────────────────────┤"""

    drawing = draw(HEALTHY, width=60, open_toggles=frozenset({"folders"}))

    assert dedent(expected) in drawing.replace(NBSP, " ")


def test_a_broken_report() -> None:
    """A styled heading, the server's words behind a bar, numbered causes, and the command from the fallback."""
    expected = """\
        ╭──────────────────────────────────────────────────────────╮
        │ ┃ ✘ anna@contoso.com does not open                       │
        │                                                          │
        │ The server said                                          │
        │ ┃ A1 BAD User is authenticated but not connected.        │
        │                                                          │
        │ Causes, likeliest first                                  │
        │ 1. IMAP is off (certain): POP opens the mailbox with the │
        │    same token                                            │
        │ 2. The grant is missing (possible): how to grant         │
        │    (https://learn.microsoft.com/exchange)                │
        │                                                          │
        │ Run this                                                 │
        │ Set-CASMailbox -Identity 'anna@contoso.com' -ImapEnabled │
        │ $true                                                    │
        ├──────────────────────────────────────────────────────────┤
        │ [ 1 Check again ]                                        │
        ╰──────────────────────────────────────────────────────────╯"""

    assert draw(BROKEN, width=60) == dedent(expected)


@pytest.mark.parametrize("width", [20, 33, 44, 61, 80, 132])
@pytest.mark.parametrize("sample", [HEALTHY, BROKEN], ids=["healthy", "broken"])
def test_every_line_has_the_width(sample: Json, width: int) -> None:
    """Whatever the width, the frame is straight: each line takes exactly that many cells."""
    drawing = draw(sample, width=width, open_toggles=frozenset({"folders"}))

    assert {cells(line) for line in drawing.split("\n")} == {width}


@pytest.mark.parametrize("sample", [HEALTHY, BROKEN], ids=["healthy", "broken"])
def test_colour_changes_no_character(sample: Json) -> None:
    """With colour the drawing is the same text with SGR sequences in it, each line closed by a reset."""
    plain, coloured = draw(sample, width=60), draw(sample, width=60, colour=True)

    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain
    assert coloured != plain
    assert coloured.count("\x1b[0m") * 2 == coloured.count("\x1b[")


@pytest.mark.parametrize(
    "element, painted",
    [
        (text("ok", color="good"), "\x1b[32mok\x1b[0m"),
        (text("bad", color="Attention", weight="Bolder"), "\x1b[1;31mbad\x1b[0m"),
        (text("late", color="warning"), "\x1b[33mlate\x1b[0m"),
        (text("title", style="heading"), "\x1b[1mtitle\x1b[0m"),
        (text("a **b** c"), "a \x1b[1mb\x1b[0m c"),
        (text("_b_"), "\x1b[3mb\x1b[0m"),
        ({"type": "Container", "style": "good", "items": [text("x")]}, "\x1b[32m┃ \x1b[0mx"),
        ({"type": "Image", "url": "data:", "altText": "a tick"}, "\x1b[2m[a tick]\x1b[0m"),
    ],
)
def test_style_and_status_colours(element: Json, painted: str) -> None:
    """Weight, size, subtlety, status and Markdown emphasis have their SGR parameters."""
    assert painted in draw(card(element), colour=True)


@pytest.mark.parametrize(
    "element, expected",
    [
        ({"type": "Badge", "text": "new"}, ""),
        ({"type": "Badge", "fallback": {"type": "Icon", "fallback": text("plain")}}, "plain"),
        ({"type": "Container", "items": [text("a"), {"type": "ProgressBar"}, text("b")]}, "a\nb"),
        (text("hidden", isVisible=False), ""),
    ],
)
def test_what_teams_does_not_know_vanishes(element: Json, expected: str) -> None:
    """An unknown element is drawn by its fallback, and without one it is not drawn."""
    assert inside(draw(card(element))) == expected


@pytest.mark.parametrize(
    "version, expected", [("1.5", "body"), ("1.2", "body"), ("1.6", "please update"), ("2.0", "please update")]
)
def test_a_newer_version_shows_the_fallback_text(version: str, expected: str) -> None:
    """Teams draws cards up to version 1.5; of a newer one it shows the fallbackText."""
    newer = {**card(text("body")), "version": version, "fallbackText": "please update"}

    assert inside(draw(newer)) == expected


@pytest.mark.parametrize(
    "element, expected",
    [
        ({"type": "TextBlock", "text": "one line that is too long"}, "one line that i…"),
        (text("one two three four five six seven", maxLines=2), "one two three\nfour five six …"),
        (text("averyveryverylongword"), "averyveryverylon\ngword"),
        ({"type": "RichTextBlock", "inlines": ["a ", {"type": "TextRun", "text": "**b**"}]}, "a **b**"),
    ],
)
def test_lines_are_broken_as_teams_breaks_them(element: Json, expected: str) -> None:
    """Text that wraps breaks at spaces, other text ends in an ellipsis; rich text has no Markdown."""
    assert inside(draw(card(element), width=20)) == expected


def test_buttons_are_numbered_in_the_order_of_the_drawing() -> None:
    """Action sets, what can be tapped and the card's actions share one numbering; a disabled button has no number."""
    sample = card(
        {"type": "ActionSet", "actions": [{"type": "Action.Submit", "title": "A"}]},
        {"type": "Container", "items": [text("tap me")], "selectAction": {"type": "Action.Execute", "title": "B"}},
        actions=[
            {"type": "Action.Execute", "title": "off", "isEnabled": False},
            {"type": "Action.Unknown", "title": "gone"},
            {"type": "Action.Unknown", "fallback": {"type": "Action.OpenUrl", "title": "C"}},
        ],
    )

    drawing = lay_out(sample, width=40, first=4)

    assert [button["title"] for button in drawing.buttons] == ["A", "B", "C"]
    assert re.findall(r"\[.*?\]", drawing.text) == ["[ 4 A ]", "[5]", "[ off ]", "[ 6 C ↗ ]"]


def test_a_row_that_opens() -> None:
    """A tappable row has its number before its first line; pressed, it shows what is folded up and turns its arrow."""
    columns = [
        {"type": "Column", "width": "stretch", "items": [text("one@contoso\\.com"), text("Broken: no grant")]},
        {
            "type": "Column",
            "width": "auto",
            "items": [text("▾", id="show"), text("▴", id="hide", isVisible=False)],
        },
    ]
    press = {"type": "Action.ToggleVisibility", "targetElements": ["detail", "show", "hide"]}
    detail = {
        "type": "Container",
        "id": "detail",
        "isVisible": False,
        "items": [
            text("IMAP: no grant"),
            {"type": "ActionSet", "actions": [{"type": "Action.Execute", "title": "Explain"}]},
        ],
    }
    sample = card({"type": "ColumnSet", "columns": columns, "selectAction": press}, detail)

    closed = lay_out(sample, width=40)
    opened = lay_out(sample, width=40, open_toggles=toggled(sample, closed.buttons[0], frozenset()))

    assert closed.text == dedent("""\
        ╭──────────────────────────────────────╮
        │ [1]  one@contoso.com               ▾ │
        │      Broken: no grant                │
        ╰──────────────────────────────────────╯""")
    assert opened.text == dedent("""\
        ╭──────────────────────────────────────╮
        │ [1]  one@contoso.com               ▴ │
        │      Broken: no grant                │
        │ IMAP: no grant                       │
        │ [ 2 Explain ]                        │
        ╰──────────────────────────────────────╯""")
    assert [button["type"] for button in opened.buttons] == ["Action.ToggleVisibility", "Action.Execute"]


def test_rows_and_cells_of_a_table_may_be_folded_up() -> None:
    """A row that is not visible leaves no trace; a cell that is not leaves its place empty."""
    hidden = {**row("b", "2"), "id": "more", "isVisible": False}
    gap = row("c", "3")
    gap["cells"][1]["isVisible"] = False
    sample = card(
        {
            "type": "Table",
            "showGridLines": False,
            "columns": [{"width": 1}, {"width": 1}],
            "rows": [row("a", "1"), hidden, gap],
        }
    )

    def cells_of(drawing: str) -> list[list[str]]:
        return [line.split() for line in inside(drawing).split("\n")]

    assert cells_of(draw(sample, width=40)) == [["a", "1"], ["c"]]
    assert cells_of(draw(sample, width=40, open_toggles=frozenset({"more"}))) == [["a", "1"], ["b", "2"], ["c"]]


def test_columns_without_room_are_stacked() -> None:
    """Where columns would be narrower than a word, they come below each other."""
    columns = [{"type": "Column", "items": [text(word)]} for word in ("one", "two", "three")]

    assert inside(draw(card({"type": "ColumnSet", "columns": columns}), width=20)) == "one\ntwo\nthree"


@pytest.mark.parametrize(
    "targets, before, after",
    [
        (["shown"], set(), {"shown"}),
        (["shown"], {"shown"}, set()),
        (["shown", "hidden"], set(), {"shown", "hidden"}),
        ([{"elementId": "shown"}], set(), {"shown"}),
        ([{"elementId": "shown", "isVisible": True}], set(), set()),
        ([{"elementId": "shown", "isVisible": False}], set(), {"shown"}),
        ([{"elementId": "hidden", "isVisible": True}], set(), {"hidden"}),
        ([{"elementId": "hidden", "isVisible": False}], {"hidden"}, set()),
    ],
)
def test_toggles(targets: list[object], before: set[str], after: set[str]) -> None:
    """A plain target changes sides; a target with `isVisible` takes that side whatever it was."""
    sample = card(text("a", id="shown"), {"type": "Container", "items": [text("b", id="hidden", isVisible=False)]})

    assert toggled(sample, {"targetElements": targets}, frozenset(before)) == after
