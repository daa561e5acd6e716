"""The icons of the Teams app, drawn from one description: an envelope, and a check mark on its corner.

Teams asks for a full square of 192 x 192 pixels whose mark stays within the 120 x 120 in its middle, and for 32 x 32
pixels in white on nothing, without padding:
https://learn.microsoft.com/microsoftteams/platform/concepts/design/design-teams-app-icon-store-appbar
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from PIL import Image, ImageDraw

ACCENT: Final = "#0B5A7A"  # the ground of the colour icon: white on it has a contrast of 7:1

type Point = tuple[float, float]
type Paint = str | tuple[int, int, int, int]

_CLEAR: Final = (255, 255, 255, 0)  # white, so that an edge which fades is white too
_WHITE: Final = "#FFFFFF"
_GREEN: Final = "#2DA44E"
_FINER: Final = 8  # drawn at this many times the size, then made smaller: that smooths the edges

# The drawing, in a square of 32 x 32 units.
_GRID: Final = 32
_ENVELOPE: Final = (1.0, 5.0, 29.0, 26.0)
_CORNER: Final = 3.0
_FLAP: Final = ((2.4, 7.4), (15.0, 17.0), (27.6, 7.4))
_BADGE: Final = ((24.0, 23.0), 8.0)  # centre and radius
_CHECK: Final = ((20.0, 23.4), (22.9, 26.3), (28.3, 19.9))


@dataclass(frozen=True, slots=True)
class _Style:
    """How the drawing is done: its size in pixels, where it stands, and its paints."""

    size: int
    margin: int
    ground: Paint
    paper: Paint
    line: Paint
    line_width: float
    badge: Paint
    check: Paint
    check_width: float
    check_scale: float  # about the middle of the badge


_COLOR: Final = _Style(192, 36, ACCENT, _WHITE, ACCENT, 1.9, _GREEN, _WHITE, 2.1, 0.8)
_OUTLINE: Final = _Style(32, 0, _CLEAR, _CLEAR, _WHITE, 2.0, _CLEAR, _WHITE, 2.6, 1.0)


def color() -> bytes:
    """The icon in colours, as a PNG of 192 x 192 pixels."""
    return _png(_drawn(_COLOR).convert("RGB"))


def outline() -> bytes:
    """The white icon on nothing, as a PNG of 32 x 32 pixels."""
    return _png(_drawn(_OUTLINE))


def _drawn(style: _Style) -> Image.Image:
    side = style.size * _FINER
    image = Image.new("RGBA", (side, side), style.ground)
    pen = ImageDraw.Draw(image)
    unit = (style.size - 2 * style.margin) * _FINER / _GRID

    def at(point: Point) -> Point:
        return style.margin * _FINER + point[0] * unit, style.margin * _FINER + point[1] * unit

    def stroke(points: Sequence[Point], width: float, paint: Paint) -> None:
        placed = [at(point) for point in points]
        pen.line(placed, fill=paint, width=round(width * unit), joint="curve")
        for x, y in placed:
            radius = width * unit / 2
            pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=paint)

    (left, top), (right, bottom) = at(_ENVELOPE[:2]), at(_ENVELOPE[2:])
    pen.rounded_rectangle(
        (left, top, right - 1, bottom - 1),  # Pillow draws the last row and column too
        radius=_CORNER * unit,
        fill=style.paper,
        outline=style.line if style.paper == _CLEAR else None,
        width=round(style.line_width * unit),
    )
    stroke(_FLAP, style.line_width, style.line)
    (x, y), radius = _BADGE
    # A rim of the ground sets the badge off from the envelope.
    for reach, paint in ((radius, style.ground), (radius - 1.3, style.badge)):
        pen.ellipse((*at((x - reach, y - reach)), *at((x + reach, y + reach))), fill=paint)
    scale = style.check_scale
    check = [(x + (across - x) * scale, y + (down - y) * scale) for across, down in _CHECK]
    stroke(check, style.check_width, style.check)
    return image.resize((style.size, style.size), Image.Resampling.BOX)


def _png(image: Image.Image) -> bytes:
    written = io.BytesIO()
    image.save(written, "PNG", optimize=True)
    return written.getvalue()
