"""The parts of cards that explain and mend (pure): faults with their causes, notices, and what was not checked."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Final

from mailcheck.faces.teams.buttons import explain, further
from mailcheck.faces.teams.card_parts import (
    Element,
    block,
    boxed,
    column,
    fold,
    heading,
    label,
    row_of_buttons,
    said,
    verbatim,
)
from mailcheck.faces.teams.intent import Refused
from mailcheck.faces.teams.untrusted import ID_LIMIT, clean, escape, foreign, size
from mailcheck.faces.wording import State, count, listed, names, still_waiting
from mailcheck.model.report import Broken, Cause, Command, Diagnosis, Notice, Report, Severity, Step
from mailcheck.model.request import MailProtocol

FIX_LIMIT: Final = 8  # lines of one remedy
COMMAND_LIMIT: Final = 700  # bytes of JSON, as an element; a longer line is left out whole: half a command does harm
_REFUSED_LIMIT: Final = 5
_TOO_LONG: Final = "The remedy is too long for a card; the HTTP API and the command line show all of it."
# Teams gives a bot some ten seconds; who has set more for a check is told where they are waited for.
_LONGER: Final = f"A chat cannot wait longer; the HTTP API and the command line wait for {escape('MAILCHECK_TIMEOUT')}."
_NOTICE: Final = {
    Severity.URGENT: ("▲ Urgent", "attention"),
    Severity.WARNING: ("▲ Warning", "warning"),
    Severity.INFO: ("Note", "emphasis"),
}


@dataclass(frozen=True, slots=True)
class Detail:
    """How much a card explains: the number of causes and of notices, and bytes of JSON for each text."""

    causes: int
    text: int


@dataclass(frozen=True, slots=True)
class Fault:
    """One diagnosis, the protocols that it is about, what of it is still waited for, and the steps that led to it."""

    diagnosis: Diagnosis
    protocols: tuple[MailProtocol, ...] = ()
    waiting: str = ""
    steps: tuple[Step, ...] = ()


def faults(report: Report) -> list[Fault]:
    """The faults in their order; protocols that fail for the same reason share theirs."""
    found: dict[tuple[Diagnosis, str], list[MailProtocol]] = {}
    for protocol, one in report.protocols.items():
        if isinstance(one.verdict, Broken):
            waiting = still_waiting(one.waiting, protocol) if one.waiting else ""
            found.setdefault((one.verdict.diagnosis, waiting), []).append(protocol)
    return [
        Fault(diagnosis, tuple(protocols), waiting, report.protocols[protocols[0]].steps or report.preparation)
        for (diagnosis, waiting), protocols in found.items()
    ]


def fault_parts(fault: Fault, number: int, told: set[tuple[str, ...]], detail: Detail) -> Iterator[Element]:
    """One fault, the `number`-th; `told` are the causes and remedies above it, which are not told a second time."""
    diagnosis = fault.diagnosis
    title = foreign(diagnosis.title, detail.text)
    if fault.waiting:
        waiting = foreign(fault.waiting, detail.text)
        yield heading(f"{State.UNFINISHED.mark} {names(fault.protocols)}: {waiting}", size="Medium")
        yield said(f"{_LONGER} If it stays so: {title}", spacing="Small")
        yield _id(diagnosis)
    else:
        whose = f"{names(fault.protocols)}: " if fault.protocols else ""
        yield heading(f"{State.BROKEN.mark} {whose}{title}", size="Medium")
        yield _id(diagnosis)
        if evidence := clean(diagnosis.evidence, detail.text):
            failed = next((step.name for step in reversed(fault.steps) if not step.ok), "")
            yield label(f"What was seen{' at the step' if failed else ''}", failed)
            yield boxed([evidence])
    yield from _causes(fault, number, told, detail)
    yield row_of_buttons([explain(diagnosis.id), *further(diagnosis.explanation, diagnosis.reference)])


def _id(diagnosis: Diagnosis) -> Element:
    """What `explain` is asked for, and the guide is searched for."""
    return said(foreign(diagnosis.id, ID_LIMIT), size="Small", fontType="Monospace", isSubtle=True, spacing="None")


def _causes(fault: Fault, number: int, told: set[tuple[str, ...]], detail: Detail) -> Iterator[Element]:
    """The first is told at once, the others when they are pressed; of a fault that may pass, all of them are."""
    causes = fault.diagnosis.causes
    shown = list(enumerate(causes[: detail.causes], 1))
    above = [(place, cause) for place, cause in shown if _is_told(cause, told)]
    for place, cause in shown:
        if (place, cause) in above[:1]:
            yield said(f"{_places(above, len(causes))} told above.", size="Small", spacing="Medium")
        if (place, cause) not in above:
            yield _cause(fault, (number, place), cause, told, detail)
    if left := len(causes) - len(shown):
        yield said(f"and {count(left, 'more cause')}, which Explain shows", isSubtle=True)


def _cause(
    fault: Fault, where: tuple[int, int], cause: Cause, told: set[tuple[str, ...]], detail: Detail
) -> Element:  # fmt: skip
    """One cause, which is `where`: the number of its fault in the card, and its own in the fault."""
    number, place = where
    which = numbered(place, len(fault.diagnosis.causes))
    title = cause_title(which, cause.likelihood, foreign(cause.cause, detail.text))
    if cause.fix in told:  # of another cause
        return block([*title, said("What mends it is above.", size="Small", spacing="Small")], spacing="Medium")
    rest = list(cause_parts(cause, told, detail.text))
    if not rest or (place == 1 and not fault.waiting):
        return block([*title, *rest], spacing="Medium")
    name = f"cause-{number}-{place}"
    return fold(which.lower(), [column(title)], rest, name, spacing="Medium", separator=True)


def numbered(place: int, total: int) -> str:
    """Which cause it is: `Cause 2 of 5`; the only one has no number."""
    return f"Cause {place} of {total}" if total > 1 else "Cause"


def cause_title(which: str, likelihood: str, cause: str) -> list[Element]:
    """What stands above a cause's remedy, from Markdown: `numbered`, how likely it is, and what it is."""
    return [label(f"{which} · {likelihood}"), said(cause, weight="Bolder", spacing="None")]


def _is_told(cause: Cause, told: set[tuple[str, ...]]) -> bool:
    """Whether the same is told above with the same remedy; another cause may share the remedy."""
    return {cause.fix, (cause.cause,)} <= told


def _places(above: Sequence[tuple[int, Cause]], total: int) -> str:
    """Such as `Causes 1 (likely) and 2, 4 and 5 (possible) of 5 are`."""
    if total == 1:
        return "The cause is"
    groups = [
        f"{listed([str(place) for place, _ in some])} ({likelihood})"
        for likelihood, some in groupby(above, key=lambda one: one[1].likelihood)
    ]
    noun, verb = ("Causes", "are") if len(above) > 1 else ("Cause", "is")
    return f"{noun} {listed(groups)} of {total} {verb}"


def cause_parts(cause: Cause, told: set[tuple[str, ...]], limit: int) -> Iterator[Element]:
    """Why it is thought of, in at most `limit` bytes of JSON, and what mends it; that is `told` from then on."""
    if cause.why:
        yield said(f"Because {foreign(cause.why, limit)}.", spacing="Small", isSubtle=True)
    told |= {cause.fix, (cause.cause,)}
    yield from mending(cause.fix)


def mending(fix: Sequence[str]) -> Iterator[Element]:
    """A remedy: steps as text, and the commands that follow each other in one block, to be copied at once."""
    lines = [(isinstance(line, Command), clean(line, 4 * COMMAND_LIMIT)) for line in fix[:FIX_LIMIT]]
    fitting = [
        (command, line) for command, line in lines if line and size(_line(line, command=command)) <= COMMAND_LIMIT
    ]
    for command, some in groupby(fitting, key=itemgetter(0)):
        texts = [line for _, line in some]
        if command:
            yield boxed(texts)
        else:
            yield from (_line(text, command=command) for text in texts)
    if len(fitting) < len(fix):
        yield said(_TOO_LONG, size="Small", spacing="Small")


def _line(text: str, *, command: bool) -> Element:
    return verbatim(text) if command else said(escape(text), spacing="Small")


def notice_parts(notices: Sequence[Notice], detail: Detail) -> Iterator[Element]:
    """What is worth knowing beside the verdict, each with what to do about it behind its title."""
    for number, notice in enumerate(notices[: detail.causes], 1):
        mark, style = _NOTICE[notice.severity]
        title = [said(f"**{mark}:** {foreign(notice.title, detail.text)}")]
        look = {"style": style, "spacing": "Medium"}
        if todo := list(mending(notice.fix)):
            yield fold("what to do", [column(title)], todo, f"notice-{number}", **look)
        else:
            yield block(title, **look)


def refused_parts(refused: Sequence[Refused]) -> Iterator[Element]:
    """What was written as an address and is none."""
    for one in refused[:_REFUSED_LIMIT]:
        text = f"{State.NOT_ALLOWED.mark} {foreign(one.text, 80)}: {foreign(one.reason, 160)}"
        yield said(text, size="Small", separator=True, spacing="Small")
    if (left := len(refused) - _REFUSED_LIMIT) > 0:
        yield said(f"and {left:,} more that cannot be checked", size="Small", isSubtle=True)
