"""A card as the lab's terminal chat draws it, taken apart into words: to be held to what another reader shows."""

import re
from collections import Counter
from collections.abc import Iterator

from lab.teams.card_text import lay_out, toggled
from mailcheck.faces.teams.card_parts import Element

_WIDE = 2000  # cells: no word is broken
_FRAME = re.compile("[\N{BOX DRAWINGS LIGHT HORIZONTAL}-\N{BOX DRAWINGS LIGHT ARC UP AND RIGHT}]")
_NUMBER = re.compile(r"\[ \d+ (.*?)(?: ↗)? \]|\[\d+\]")  # of a button, and of a row that opens
_AS_PICTURE = "\N{VARIATION SELECTOR-16}"  # asks for an emoji in colour, which a terminal is not asked for


def words(text: str) -> Counter[str]:
    """The words of what is shown, each as often as it is."""
    return Counter(_FRAME.sub(" ", text).replace(_AS_PICTURE, "").split())


def shown(card: Element) -> Counter[str]:
    """The words in the terminal before anything is pressed."""
    return _drawn(lay_out(card, width=_WIDE).text)


def pressed(
    card: Element, opened: frozenset[str] = frozenset(), known: frozenset[int] = frozenset()
) -> Iterator[frozenset[str]]:
    """Which words each button and row brings into sight; what one of them brings is pressed too, right after it."""
    before = lay_out(card, width=_WIDE, open_toggles=opened)
    seen = known | {id(button) for button in before.buttons}
    for button in before.buttons:
        if id(button) in known:
            continue
        if button["type"] != "Action.ToggleVisibility":
            yield frozenset()
            continue
        now = toggled(card, button, opened)
        after = lay_out(card, width=_WIDE, open_toggles=now)
        yield frozenset(_drawn(after.text) - _drawn(before.text))
        yield from pressed(card, now, seen)


def _drawn(text: str) -> Counter[str]:
    return words(_NUMBER.sub(r" \1 ", text))
