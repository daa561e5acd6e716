"""Blocks of lines put together: side by side, in a table, in a frame, and rows of buttons."""

from collections.abc import Sequence
from dataclasses import dataclass

from lab.teams.styled import DIM, Line, Run, Style, line_cells, pad

type Block = list[Line]

GAP = 2  # cells between columns
_MIN_COLUMN = 6  # narrower columns are unreadable: they are stacked instead


@dataclass(frozen=True)
class ColumnWidth:
    """How wide a column wants to be: `cells` fixed, or a `weight` of what remains."""

    cells: int = 0
    weight: float = 0.0


def share(wishes: Sequence[ColumnWidth], width: int) -> list[int] | None:
    """The widths of columns that together fit into `width` cells; None if there is no room for them side by side.

    Fixed columns come first; the widest of them give way when they would leave too little for the weighted ones.
    """
    weighted = [i for i, wish in enumerate(wishes) if wish.weight > 0]
    if width < _MIN_COLUMN * len(wishes):
        return None
    widths = [max(1, wish.cells) for wish in wishes]
    for i in weighted:
        widths[i] = _MIN_COLUMN
    fixed = [i for i in range(len(wishes)) if i not in weighted]
    while fixed and sum(widths) > width:
        widths[max(fixed, key=widths.__getitem__)] -= 1
    rest, weights = width - sum(widths[i] for i in fixed), sum(wish.weight for wish in wishes)
    for i in weighted:
        widths[i] = max(1, int(rest * wishes[i].weight / weights))
    if weighted:
        widths[weighted[-1]] += width - sum(widths)  # what rounding left over
    return widths


def beside(blocks: Sequence[Block], widths: Sequence[int], *, gap: int = GAP) -> Block:
    """Blocks side by side, top-aligned, each padded to its width."""
    height = max((len(block) for block in blocks), default=0)
    space = Run(" " * gap)
    rows: Block = []
    for i in range(height):
        row: list[Run] = []
        for number, (block, width) in enumerate(zip(blocks, widths, strict=True)):
            row += [space] if number else []
            row += pad(block[i] if i < len(block) else (), width)
        rows.append(tuple(row))
    return rows


def grid(rows: Sequence[Sequence[Block]], widths: Sequence[int]) -> Block:
    """A table with lines around its cells."""
    result: Block = [_rule(("┌", "┬", "┐"), widths)]
    bar = Run("│", DIM)
    for number, row in enumerate(rows):
        result += [_rule(("├", "┼", "┤"), widths)] if number else []
        inner = [(Run(" "), *line) for line in _bars(row, widths)]
        result += [(bar, *line, Run(" "), bar) for line in inner]
    return [*result, _rule(("└", "┴", "┘"), widths)]


def _bars(row: Sequence[Block], widths: Sequence[int]) -> Block:
    """The cells of one row with bars between them."""
    bar: list[Block] = [[(Run("│", DIM),)] * max(1, max((len(cell) for cell in row), default=1))]
    parts: list[Block] = []
    part_widths: list[int] = []
    for i, (cell, width) in enumerate(zip(row, widths, strict=True)):
        parts += [*(bar if i else []), cell]
        part_widths += [*([1] if i else []), width]
    return beside(parts, part_widths, gap=1)


def _rule(ends: tuple[str, str, str], widths: Sequence[int]) -> Line:
    left, middle, right = ends
    return (Run(left + middle.join("─" * (width + 2) for width in widths) + right, DIM),)


def grid_inner(width: int, columns: int) -> int:
    """How many cells a grid of this width has for the text of its cells."""
    return width - 3 * columns - 1


def barred(block: Block, style: Style) -> Block:
    """A block with a coloured bar at its left."""
    return [(Run("┃ ", style), *line) for line in block]


def frame(sections: Sequence[Block], width: int) -> Block:
    """Sections in a box with round corners, `width` cells wide, a line between each two."""
    inner = width - 4
    edge = Run("│", DIM)
    result: Block = [(Run(f"╭{'─' * (width - 2)}╮", DIM),)]
    for i, section in enumerate(section for section in sections if section):
        result += [(Run(f"├{'─' * (width - 2)}┤", DIM),)] if i else []
        result += [(edge, Run(" "), *pad(line, inner), Run(" "), edge) for line in section]
    return [*result, (Run(f"╰{'─' * (width - 2)}╯", DIM),)]


def flow(items: Sequence[Line], width: int) -> Block:
    """Items in a row, two cells apart, going on in the next row where they would not fit."""
    rows: list[list[Run]] = []
    used = 0
    for item in items:
        size = line_cells(item)
        if rows and used + GAP + size <= width:
            rows[-1] += [Run(" " * GAP), *item]
            used += GAP + size
        else:
            rows.append(list(item))
            used = size
    return [tuple(row) for row in rows]
