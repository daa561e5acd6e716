"""The card that explains a diagnosis by itself (pure), as the guide does; without the lab, which no chat can reach."""

from collections.abc import Iterator
from typing import Final

from mailcheck.diagnosis.entry import GUIDE
from mailcheck.faces.teams.buttons import further
from mailcheck.faces.teams.card_parts import (
    Element,
    block,
    boxed,
    card,
    coded,
    column,
    fitting,
    fold,
    heading,
    label,
    said,
    toggle,
)
from mailcheck.faces.teams.explaining import cause_title, numbered
from mailcheck.faces.teams.untrusted import escape, foreign
from mailcheck.model.explained import Explained, ExplainedCause, Passage

_APART: Final = "apart"
_TEXT: Final = 700


def explain_card(explained: Explained, guide: str = GUIDE) -> Element:
    """What you see, the causes with what mends them, and what tells them apart; of long ones the first causes whole.

    The card links to the guide where that is at an https:// address.
    """
    return fitting(_card(explained, whole, guide) for whole in range(len(explained.causes), -1, -1))


def _card(one: Explained, whole: int, guide: str) -> Element:
    header = block(
        [
            heading(escape(one.title), size="Large"),
            said(escape(one.id), size="Small", fontType="Monospace", spacing="Small"),
        ],
        style="emphasis",
        bleed=True,
    )
    body = [header, label("What you see"), coded(f"{one.seen}.", spacing="None")]
    for number, cause in enumerate(one.causes, 1):
        body.append(_cause(number, cause, len(one.causes), guide if number > whole else ""))
    actions = further(f"{guide}#{one.id}", one.reference)
    if one.decisions:
        body.append(block(list(_apart(one)), id=_APART, isVisible=False, separator=True))
        actions.append(toggle("What tells them apart", _APART))
    return card(body, spoken=f"{one.id}: {one.title}", actions=actions)


def _cause(number: int, cause: ExplainedCause, of: int, elsewhere: str) -> Element:
    """One cause; where it is not told whole, `elsewhere` is what tells the rest."""
    which = numbered(number, of)
    title = cause_title(which, escape(cause.likelihood), escape(cause.cause))
    if elsewhere:
        there = f"{escape(elsewhere)}, which comes with mailcheck," if elsewhere == GUIDE else "The guide"
        return block([*title, said(f"{there} has the rest of it.", size="Small", isSubtle=True)], separator=True)
    rest = [said(f"Because {foreign(cause.why, _TEXT)}.", isSubtle=True, spacing="Small")]
    rest += [part for passage in cause.fix for part in _passage(passage)]
    if number == 1:
        return block([*title, *rest], spacing="Medium")
    return fold(which.lower(), [column(title)], rest, f"cause-{number}", separator=True, spacing="Medium")


def _passage(passage: Passage) -> Iterator[Element]:
    if passage.language:
        yield boxed(passage.lines)
    else:
        yield from (said(escape(step), spacing="Small") for step in passage.lines)


def _apart(one: Explained) -> Iterator[Element]:
    yield heading("What tells the causes apart", size="Medium")
    yield said("A cause goes by the first of these that holds and says something of it.", size="Small", isSubtle=True)
    for given, then in one.decisions:
        yield said(f"Where {escape(given)}: **{escape(then)}**", spacing="Small")
