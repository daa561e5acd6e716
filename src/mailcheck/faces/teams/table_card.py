"""The card of several mailboxes (pure): a row each, which opens."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from mailcheck.faces.teams.buttons import check_again, explain
from mailcheck.faces.teams.card_parts import (
    BUDGET,
    Element,
    block,
    boxed,
    card,
    fitting,
    fold,
    heading,
    marked,
    row_of_buttons,
    said,
)
from mailcheck.faces.teams.explaining import Fault, cause_parts, cause_title, faults, numbered, refused_parts
from mailcheck.faces.teams.intent import Refused
from mailcheck.faces.teams.untrusted import clean, escape, foreign, size
from mailcheck.faces.wording import State, contents, count, done, names, summary
from mailcheck.model.report import Cause, Diagnosis, Healthy, NotAllowed, Outcome, Report

type Fixes = frozenset[tuple[str, ...]]

_ADDRESS_LIMIT: Final = 200  # bytes of JSON of an address in its row
_NAME_LIMIT: Final = 80  # bytes of JSON of an address, where it stands a second time
_TITLE_LIMIT: Final = 120  # bytes of JSON of a diagnosis in its closed row
_MARGIN: Final = 200  # bytes: commas between the rows, and what the sizes of the parts do not have in them


@dataclass(frozen=True, slots=True)
class _Detail:
    """How much is in a row: faults, causes of each, whether with what mends them, and bytes of JSON for each text."""

    faults: int
    causes: int
    remedy: bool
    text: int


# The first that fits into a row's share; ten of the last one always do.
_DETAILED: Final = (
    _Detail(faults=3, causes=1, remedy=True, text=400),
    _Detail(faults=3, causes=1, remedy=True, text=240),
    _Detail(faults=1, causes=1, remedy=True, text=240),
    _Detail(faults=3, causes=1, remedy=False, text=240),
    _Detail(faults=1, causes=1, remedy=False, text=160),
    _Detail(faults=1, causes=0, remedy=False, text=120),
    _Detail(faults=0, causes=0, remedy=False, text=0),
)


def table_card(outcomes: Sequence[Outcome], refused: Sequence[Refused] = ()) -> Element:
    """What came of the checks of several mailboxes, at least one; and of what was written and could not be checked."""
    return fitting(_table(outcomes, refused, common) for common in (_common(outcomes), None))


def _table(outcomes: Sequence[Outcome], refused: Sequence[Refused], common: Fault | None) -> Element:
    header, title = _header(outcomes)
    start = [header, *([_told_once(common, outcomes)] if common else [])]
    end = list(refused_parts(refused))
    protocols = dict.fromkeys(protocol for one in outcomes if isinstance(one, Report) for protocol in one.protocols)
    actions = [check_again([one.mailbox for one in outcomes], protocols)]
    room = BUDGET - size(card([*start, *end], spoken=title, actions=actions)) - _MARGIN
    told = frozenset(cause.fix for cause in common.diagnosis.causes[:1]) if common else frozenset()
    return card([*start, *_rows(outcomes, told, room), *end], spoken=title, actions=actions)


def _header(outcomes: Sequence[Outcome]) -> tuple[Element, str]:
    states = Counter(summary(one).state for one in outcomes)
    healthy = states.pop(State.HEALTHY, 0)
    title = f"{healthy} of {count(len(outcomes), 'mailbox', 'mailboxes')} healthy"
    others = " · ".join(f"{states[one]} {one.word.lower()}" for one in State if states[one])
    lines = [
        heading(title, size="Large"),
        *([said(others, spacing="Small")] if others else []),
        said(_time(outcomes), size="Small", spacing="Small"),
    ]
    style = "warning" if healthy and others else "attention" if others else "good"
    return block(lines, style=style, bleed=True), title


def _common(outcomes: Sequence[Outcome]) -> Fault | None:
    """The fault that most mailboxes share, if more than one does: what mends it mends it for all of them."""
    found = [
        {_alike(fault): fault for fault in faults(one) if not fault.waiting}
        for one in outcomes
        if isinstance(one, Report)
    ]
    for alike, times in Counter(alike for of_one in found for alike in of_one).most_common(1):
        if times > 1:
            return next(of_one[alike] for of_one in found if alike in of_one)
    return None


def _alike(fault: Fault) -> tuple[str, tuple[Cause, ...]]:
    """What faults have in common that are mended by the same; the evidence may differ, by a time or a number."""
    return fault.diagnosis.id, fault.diagnosis.causes


def _told_once(common: Fault, outcomes: Sequence[Outcome]) -> Element:
    """What several mailboxes share, in the open."""
    reports = (one for one in outcomes if isinstance(one, Report))
    shared = sum(_alike(common) in map(_alike, faults(one)) for one in reports)
    return block(list(_fault(common, f"{shared} mailboxes", set(), _DETAILED[0])), spacing="Medium")


def _time(outcomes: Sequence[Outcome]) -> str:
    began = [one.checked_at for one in outcomes if isinstance(one, Report)]
    return f"{min(began):%Y-%m-%d %H:%M} UTC · press a row to open it" if began else "Nothing was checked."


def _rows(outcomes: Sequence[Outcome], told: Fixes, room: int) -> list[Element]:
    """The rows: each has an equal share of the room, and what a small one leaves is for the larger ones.

    `told` are remedies that stand above the rows.
    """
    rows = [_row(number, one, told, _DETAILED[0]) for number, one in enumerate(outcomes, 1)]
    smallest_first = sorted(range(len(rows)), key=lambda at: size(rows[at]))
    for place, at in enumerate(smallest_first):
        share = room // (len(rows) - place)
        for detail in _DETAILED[1:]:
            if size(rows[at]) <= share:
                break
            rows[at] = _row(at + 1, outcomes[at], told, detail)
        room -= size(rows[at])
    return rows


def _row(number: int, outcome: Outcome, told: Fixes, detail: _Detail) -> Element:
    short = summary(outcome)
    address = outcome.mailbox.address
    what = [
        said(foreign(address, _ADDRESS_LIMIT), weight="Bolder"),
        said(f"{short.state.word}: {escape(short.sentence)}", size="Small", isSubtle=True, spacing="None"),
    ]
    if wrong := _wrong(outcome, detail):
        what.append(said(wrong, size="Small", spacing="None"))
    inside = list(_inside(outcome, set(told), detail))
    return fold(
        clean(address, _NAME_LIMIT),
        marked(short.state.mark, what),
        inside,
        f"row-{number}",
        separator=True,
        spacing="Small",
    )


def _first(every: Sequence[Fault]) -> Fault | None:
    """The fault whose title stands in the closed row; that one waits is in the sentence above it."""
    return next((fault for fault in every if not fault.waiting), None)


def _wrong(outcome: Outcome, detail: _Detail) -> str:
    """What is wrong, which tells one broken row from another before it is opened; empty: nothing, or no room."""
    first = _first(faults(outcome)) if isinstance(outcome, Report) else None
    return _title(first.diagnosis, detail) if first and detail.text else ""


def _title(diagnosis: Diagnosis, detail: _Detail) -> str:
    return foreign(diagnosis.title, min(detail.text, _TITLE_LIMIT))


def _inside(outcome: Outcome, told: set[tuple[str, ...]], detail: _Detail) -> Iterator[Element]:
    if isinstance(outcome, NotAllowed):
        yield said("Nothing was tried.", size="Small")
        return
    for protocol, one in outcome.protocols.items():
        if isinstance(one.verdict, Healthy):
            found = one.verdict.found
            text = f"{protocol.name} {done(found)}: {contents(found)} · {one.duration_ms:,} ms"
            yield said(f"{State.HEALTHY.mark} {text}", size="Small")
    every = faults(outcome)
    left = len(every) > detail.faults
    for fault in every[: detail.faults]:
        left |= len(fault.diagnosis.causes) > detail.causes or not detail.remedy
        yield from _fault(fault, names(fault.protocols), told, detail, titled=fault is _first(every))
    if left:
        address = outcome.mailbox.address
        how = f"write: mailcheck {escape(address)}" if len(address) <= _NAME_LIMIT else "check this mailbox alone."
        yield said(f"For all of it, {how}", size="Small", isSubtle=True)


def _fault(
    fault: Fault, whose: str, told: set[tuple[str, ...]], detail: _Detail, *, titled: bool = False
) -> Iterator[Element]:
    """What was seen and what mends it; `titled`: the row says already what is wrong."""
    diagnosis = fault.diagnosis
    if fault.waiting:
        yield said(f"{State.UNFINISHED.mark} {whose}: {foreign(fault.waiting, detail.text)}")
    else:
        yield said(f"{State.BROKEN.mark} {whose}{'' if titled else f': {_title(diagnosis, detail)}'}")
        if evidence := clean(diagnosis.evidence, detail.text):
            yield boxed([evidence])
    for place, cause in enumerate(diagnosis.causes[: detail.causes], 1):
        again = " · as above" if cause.fix in told else ""
        which = numbered(place, len(diagnosis.causes))
        yield from cause_title(which, f"{cause.likelihood}{again}", foreign(cause.cause, detail.text))
        if detail.remedy and not again:
            yield from cause_parts(cause, told, detail.text)
    yield row_of_buttons([explain(diagnosis.id)])
