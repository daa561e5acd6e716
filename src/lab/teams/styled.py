"""Styled text in cells of a terminal: made harmless, measured, wrapped, padded and painted.

Rule of this file: whatever text comes in, only `paint` ever writes an escape sequence, and only its own.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

_ELLIPSIS = "…"


class Colour(StrEnum):
    """A colour of the text, as a parameter of the SGR sequence (ECMA-48 section 8.3.117)."""

    RED = "31"
    GREEN = "32"
    YELLOW = "33"
    CYAN = "36"


@dataclass(frozen=True)
class Style:
    """How a run of text looks; without a colour it has the terminal's own."""

    bold: bool = False
    dim: bool = False
    italic: bool = False
    underline: bool = False
    colour: Colour | None = None

    @property
    def codes(self) -> str:
        """The parameters of the SGR sequence."""
        flags = ((self.bold, "1"), (self.dim, "2"), (self.italic, "3"), (self.underline, "4"))
        return ";".join([*(code for on, code in flags if on), *([self.colour] if self.colour else [])])


PLAIN = Style()
BOLD = Style(bold=True)
DIM = Style(dim=True)


@dataclass(frozen=True)
class Run:
    """Harmless text of one style."""

    text: str
    style: Style = PLAIN


type Line = tuple[Run, ...]


def neutral(text: str) -> str:
    """The text without power over a terminal.

    Control characters become their pictures (ESC is shown as U+241B), a tab one space; invisible format characters,
    bidirectional overrides among them, disappear; lone surrogates, which cannot be written, become U+FFFD.
    A newline stays: the caller breaks lines at it.
    """
    return "".join(map(_neutral_character, text))


def _neutral_character(character: str) -> str:
    match unicodedata.category(character):
        case "Cc":
            return _control_picture(character)
        # Format characters, and variation selectors that make terminals disagree about the width of an emoji.
        case "Cf":
            return ""
        case "Mn" if "\ufe00" <= character <= "\ufe0f":
            return ""
        case "Zl" | "Zp":
            return " "
        case "Cs":
            return "\ufffd"
        case _:
            return character


def _control_picture(character: str) -> str:
    code = ord(character)
    if character == "\n":
        return character
    if character == "\t":
        return " "
    if code < 0x20:  # noqa: PLR2004 - C0; its pictures are U+2400 to U+241F
        return chr(0x2400 + code)
    return "\u2421" if code == 0x7F else "\ufffd"  # noqa: PLR2004 - DEL has a picture, C1 has none


def cells(text: str) -> int:
    """How many cells of a terminal the text takes (Unicode Standard Annex 11: wide and full-width take two)."""
    return sum(_cells(character) for character in text)


def _cells(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1


def line_cells(line: Line) -> int:
    """How many cells a line takes."""
    return sum(cells(run.text) for run in line)


def squeezed(runs: Iterable[Run]) -> list[Run]:
    """The runs with each series of ordinary spaces made one, as HTML does; no-break spaces stay as they are."""
    result: list[Run] = []
    after_space = True
    for run in runs:
        kept: list[str] = []
        for character in run.text:
            if character != " " or not after_space:
                kept.append(character)
            after_space = character in " \n"
        result.append(Run("".join(kept), run.style))
    return result


def wrap(runs: Iterable[Run], width: int, *, hang: int = 0) -> list[Line]:
    """Lines of at most `width` cells, broken at spaces where there are any and at newlines always.

    Args:
        runs: The text.
        width: Cells; at least one is used.
        hang: Cells that each line after a break by width is indented by.
    """
    lines: list[list[tuple[str, Style]]] = [[]]
    used, space = 0, -1  # cells in the last line; index in it of the last space, where it may be broken
    hang = min(hang, width // 2)
    for character, style in ((c, run.style) for run in runs for c in run.text):
        if character == "\n":
            lines.append([])
            used, space = 0, -1
            continue
        if used + _cells(character) > max(width, 1) and len(lines[-1]) > hang:
            if character == " ":
                space = len(lines[-1])  # it ends a full line: the break is here, and the space is not kept
                continue
            rest = _break_off(lines[-1], space)
            lines.append([(" ", PLAIN)] * hang + rest)
            used, space = hang + sum(_cells(c) for c, _ in rest), -1
        if character == " ":
            space = len(lines[-1])
        lines[-1].append((character, style))
        used += _cells(character)
    return [_joined(line) for line in lines]


def _break_off(line: list[tuple[str, Style]], space: int) -> list[tuple[str, Style]]:
    """Cuts a full line at a space (dropped) or, if it has none, at its end; returns what moves to the next line."""
    if space < 0 or all(c == " " for c, _ in line[:space]):
        return []
    rest = line[space + 1 :]
    del line[space:]
    return rest


def _joined(characters: Sequence[tuple[str, Style]]) -> Line:
    runs: list[Run] = []
    for character, style in characters:
        if runs and runs[-1].style == style:
            runs[-1] = Run(runs[-1].text + character, style)
        else:
            runs.append(Run(character, style))
    return tuple(runs)


def cut(line: Line, width: int) -> Line:
    """The line, shortened to `width` cells with an ellipsis at the end if it is longer."""
    if line_cells(line) <= width:
        return line
    kept: list[Run] = []
    free = width - 1
    for run in line:
        text = ""
        for character in run.text:
            free -= _cells(character)
            if free < 0:
                return (*kept, Run(text + _ELLIPSIS, run.style))
            text += character
        kept.append(Run(text, run.style))
    return tuple(kept)


def pad(line: Line, width: int, *, align: str = "left") -> Line:
    """The line filled up to `width` cells; `align` is left, center or right."""
    free = max(0, width - line_cells(line))
    before = {"center": free // 2, "right": free}.get(align, 0)
    return tuple(run for run in (Run(" " * before), *line, Run(" " * (free - before))) if run.text)


def paint(line: Line, *, colour: bool) -> str:
    """The line as a string; with `colour`, by ECMA-48 sequences, each run closed by a reset."""
    if not colour:
        return "".join(run.text for run in line)
    return "".join(f"\x1b[{run.style.codes}m{run.text}\x1b[0m" if run.style.codes else run.text for run in line)
