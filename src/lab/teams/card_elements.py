"""The elements of an Adaptive Card as blocks of lines: one function per element type, and the table that names them."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from lab.teams.card_layout import (
    GAP,
    Block,
    ColumnWidth,
    barred,
    beside,
    flow,
    grid,
    grid_inner,
    share,
)
from lab.teams.card_markdown import paragraphs, wrapped
from lab.teams.styled import BOLD, DIM, Colour, Line, Run, Style, cells, cut, line_cells, neutral, pad, squeezed, wrap

type Element = Mapping[str, Any]

_PIXELS_PER_CELL = 8
_COLOURS = {"good": Colour.GREEN, "attention": Colour.RED, "warning": Colour.YELLOW, "accent": Colour.CYAN}
_BARS = {style: Style(colour=colour) for style, colour in _COLOURS.items()} | {"emphasis": DIM}
_BUTTONS = {"positive": Colour.GREEN, "destructive": Colour.RED}
_NUMBER = 5  # cells for the number of what can be tapped: rows one to ninety-nine begin at the same place
_AIRY = ("medium", "large", "extralarge", "padding")
_ACTIONS = ("Action.Execute", "Action.Submit", "Action.OpenUrl", "Action.ToggleVisibility")


@dataclass
class Pen:
    """What a drawing remembers while it is made.

    Attributes:
        flipped: Ids of elements whose visibility is the opposite of what the card says.
        buttons: The actions drawn so far.
        first: The number of the first button.
        measuring: Only the width of the content is asked for: nothing is stretched or aligned.
    """

    flipped: frozenset[str] = frozenset()
    buttons: list[Element] = field(default_factory=list)
    first: int = 1
    measuring: bool = False

    def sees(self, element: Element) -> bool:
        """Whether the element is visible now."""
        visible = element.get("isVisible", True) is not False
        return visible != (element.get("id") in self.flipped)

    def trial(self) -> "Pen":
        """A pen for a drawing that is only measured."""
        return Pen(self.flipped, list(self.buttons), self.first, measuring=True)


def draw_elements(elements: object, width: int, pen: Pen) -> Block:
    """Elements below each other, with the spacing and separators between them."""
    block: Block = []
    for element in _dicts(elements):
        known = _known(element, tuple(_ELEMENTS))
        if known is None or not pen.sees(known):
            continue
        drawn = _ELEMENTS[known["type"]](known, width, pen)
        if block and drawn:
            block += _space_before(known, 1 if pen.measuring else width)
        block += drawn
    return block


def draw_actions(actions: object, width: int, pen: Pen) -> Block:
    """Actions as a row of numbered buttons."""
    known = [_known(action, _ACTIONS) for action in _dicts(actions)]
    return flow([cut(_button(action, pen), width) for action in known if action is not None], width)


def _known(element: Element, types: tuple[str, ...]) -> Element | None:
    """The element itself, the first of its fallbacks that Teams knows, or None: it vanishes."""
    while element.get("type") not in types:
        fallback = element.get("fallback")
        if not isinstance(fallback, Mapping):  # absent, or the word "drop"
            return None
        element = fallback
    return element


def _button(action: Element, pen: Pen) -> Line:
    title = neutral(str(action.get("title") or action["type"].removeprefix("Action."))).replace("\n", " ")
    arrow = " ↗" if action["type"] == "Action.OpenUrl" else ""
    if action.get("isEnabled") is False:
        return (Run(f"[ {title}{arrow} ]", DIM),)
    number = pen.first + len(pen.buttons)
    pen.buttons.append(action)
    style = Style(bold=True, colour=_BUTTONS.get(_word(action, "style"), Colour.CYAN))
    return (Run("[ ", DIM), Run(f"{number} ", DIM), Run(title + arrow, style), Run(" ]", DIM))


def _space_before(element: Element, width: int) -> Block:
    if element.get("separator") is True:
        return [(Run("─" * width, DIM),)]
    return [()] if _word(element, "spacing") in _AIRY else []


def _text_style(element: Element) -> Style:
    big = _word(element, "size") in ("large", "extralarge") or _word(element, "style") == "heading"
    return Style(
        bold=big or _word(element, "weight") == "bolder",
        dim=element.get("isSubtle") is True,
        italic=element.get("italic") is True,
        underline=element.get("underline") is True,
        colour=_COLOURS.get(_word(element, "color")),
    )


def _text_block(element: Element, width: int, pen: Pen) -> Block:
    text, style = str(element.get("text") or ""), _text_style(element)
    if element.get("wrap") is True:
        lines = wrapped(text, width, style)
        if isinstance(most := element.get("maxLines"), int) and 0 < most < len(lines):
            lines = [*lines[: most - 1], cut((*lines[most - 1], Run(" …", style)), width)]
    else:
        lines = [cut(tuple(p.runs), width) for p in paragraphs(text, style)]
    return _aligned(lines, element, width, pen)


def _rich_text_block(element: Element, width: int, pen: Pen) -> Block:
    runs: list[Run] = []
    for inline in element.get("inlines") or ():
        if isinstance(inline, str):
            runs.append(Run(neutral(inline)))
        elif isinstance(inline, Mapping):
            runs.append(Run(neutral(str(inline.get("text") or "")), _text_style(inline)))
    return _aligned(wrap(squeezed(runs), width), element, width, pen)


def _aligned(lines: Block, element: Element, width: int, pen: Pen) -> Block:
    align = "" if pen.measuring else _word(element, "horizontalAlignment")
    return [pad(line, width, align=align) for line in lines] if align in ("center", "right") else lines


def _fact_set(element: Element, width: int, _pen: Pen) -> Block:
    facts = list(_dicts(element.get("facts")))
    titles = [wrapped(str(fact.get("title") or ""), width // 2, BOLD) for fact in facts]
    names = max((line_cells(line) for title in titles for line in title), default=0)
    values = max(1, width - names - GAP)
    block: Block = []
    for title, fact in zip(titles, facts, strict=True):
        block += beside([title, wrapped(str(fact.get("value") or ""), values)], [names, values])
    return block


def _container(element: Element, width: int, pen: Pen) -> Block:
    style = _BARS.get(_word(element, "style"))
    inner = width if style is None else width - cells("┃ ")
    block = _tappable(element, inner, pen, lambda room: draw_elements(element.get("items"), room, pen))
    return block if style is None else barred(block, style)


def _tappable(element: Element, width: int, pen: Pen, draw: Callable[[int], Block]) -> Block:
    """What can be tapped as a whole has the number of its action at its first line: a terminal has nothing to tap."""
    action = _known(element.get("selectAction") or {}, _ACTIONS)
    if action is None or action.get("isEnabled") is False:
        return draw(width)
    pen.buttons.append(action)
    number = f"[{pen.first + len(pen.buttons) - 1}]".ljust(_NUMBER)
    block = draw(width - len(number)) or [()]
    return [(Run(" " * len(number) if i else number, DIM), *line) for i, line in enumerate(block)]


def _column_set(element: Element, width: int, pen: Pen) -> Block:
    return _tappable(element, width, pen, lambda room: _columns(element, room, pen))


def _columns(element: Element, width: int, pen: Pen) -> Block:
    columns = [c for c in _dicts(element.get("columns")) if pen.sees(c)]
    room = width - GAP * (len(columns) - 1)
    widths = share([_wish(column, room, pen) for column in columns], room)
    if widths is None:
        return [line for column in columns for line in _container(column, width, pen)]
    return beside([_container(c, w, pen) for c, w in zip(columns, widths, strict=True)], widths)


def _wish(column: Element, room: int, pen: Pen) -> ColumnWidth:
    """`auto` is as wide as its content, a number or `stretch` a share of the rest, `50px` so many pixels."""
    width = column.get("width", "stretch")
    if width == "auto":
        block = _container(column, room, pen.trial())
        return ColumnWidth(cells=max((line_cells(line) for line in block), default=0))
    if isinstance(width, str) and width.endswith("px") and width[:-2].isdecimal():
        return ColumnWidth(cells=max(1, int(width[:-2]) // _PIXELS_PER_CELL))
    return ColumnWidth(weight=_weight(width))


def _weight(width: object) -> float:
    if isinstance(width, str) and width.isdecimal():
        width = int(width)
    return float(width) if isinstance(width, int | float) and width > 0 else 1.0


def _table(element: Element, width: int, pen: Pen) -> Block:
    rows = [
        [c if pen.sees(c) else {} for c in _dicts(r.get("cells"))] for r in _dicts(element.get("rows")) if pen.sees(r)
    ]
    wishes = [ColumnWidth(weight=_weight(column.get("width", 1))) for column in _dicts(element.get("columns"))]
    lines = element.get("showGridLines", True) is not False
    room = grid_inner(width, len(wishes)) if lines else width - GAP * (len(wishes) - 1)
    widths = share(wishes, room)
    if not rows or not wishes or widths is None:
        return [line for row in rows for cell in row for line in _container(cell, width, pen)]
    header = element.get("firstRowAsHeaders", True) is not False
    blocks = [[_container(c, w, pen) for c, w in zip(_filled(row, len(widths)), widths, strict=True)] for row in rows]
    if header:
        blocks[0] = [[_bold(line) for line in cell] for cell in blocks[0]]
    if lines:
        return grid(blocks, widths)
    return [line for row in blocks for line in beside(row, widths)]


def _filled(row: list[Element], columns: int) -> list[Element]:
    return [*row, *([{}] * columns)][:columns]


def _bold(line: Line) -> Line:
    return tuple(Run(run.text, replace(run.style, bold=True)) for run in line)


def _image(element: Element, width: int, pen: Pen) -> Block:
    described = neutral(str(element.get("altText") or "image")).replace("\n", " ")
    return _aligned([cut((Run(f"[{described}]", DIM),), width)], element, width, pen)


def _action_set(element: Element, width: int, pen: Pen) -> Block:
    return draw_actions(element.get("actions"), width, pen)


def _word(element: Element, name: str) -> str:
    """A property that is one of a few words; their case does not matter."""
    return str(element.get(name, "")).lower()


def _dicts(value: object) -> Iterator[Element]:
    if isinstance(value, list):
        yield from (item for item in value if isinstance(item, Mapping))


_ELEMENTS: dict[str, Callable[[Element, int, Pen], Block]] = {
    "TextBlock": _text_block,
    "RichTextBlock": _rich_text_block,
    "FactSet": _fact_set,
    "Container": _container,
    "ColumnSet": _column_set,
    "Table": _table,
    "Image": _image,
    "ActionSet": _action_set,
}
