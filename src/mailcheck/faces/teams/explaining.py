"""The parts of a report's card that explain and mend: faults with their causes, notices, and how long it all took."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Final

from mailcheck.faces.teams.card_parts import (
    Element,
    block,
    boxed,
    clean,
    escape,
    heading,
    label,
    link,
    names,
    said,
    size,
    verbatim,
)
from mailcheck.faces.wording import count
from mailcheck.model.report import Cause, Command, Diagnosis, Notice, Severity, Step
from mailcheck.model.request import MailProtocol

FIX_LIMIT: Final = 8  # lines of one remedy
COMMAND_LIMIT: Final = 700  # bytes of JSON, as an element; a longer line is left out whole: half a command does harm
_TIMES: Final = 12  # more steps than a conversation has
_NOTICE: Final = {
    Severity.URGENT: ("▲ Urgent", "attention"),
    Severity.WARNING: ("▲ Warning", "warning"),
    Severity.INFO: ("Note", "default"),
}


@dataclass(frozen=True, slots=True)
class Detail:
    """How much a card tells: numbers of things, and bytes of JSON for each text."""

    folders: int
    steps: int
    lines: int
    causes: int
    text: int
    line: int


def times(steps: Sequence[Step]) -> Iterator[Element]:
    """How long each step took, on one small line."""
    parts = [f"{step.name} {step.ms:,}{'' if step.ok else ' (failed)'}" for step in steps[:_TIMES]]
    if parts:
        yield said(f"In ms: {' · '.join(parts)}", size="Small", spacing="None", isSubtle=True)


def diagnosis_parts(
    diagnosis: Diagnosis,
    protocols: Sequence[MailProtocol],
    steps: Sequence[Step],
    told: set[tuple[str, ...]],
    detail: Detail,
) -> Iterator[Element]:
    """One fault; `told` are the remedies of the faults above it, which are not told a second time."""
    title = escape(clean(diagnosis.title, detail.text))
    yield heading(f"✘ {names(protocols)}: {title}", size="Medium")
    yield from times(steps)
    if evidence := clean(diagnosis.evidence, detail.text):
        yield label("What was seen")
        yield boxed([evidence])
    shown = diagnosis.causes[: detail.causes]
    for number, cause in enumerate(shown, 1):
        name = f"Cause {number}" if len(diagnosis.causes) > 1 else "Cause"
        yield said(
            f"{name} ({cause.likelihood}): {escape(clean(cause.cause, detail.text))}", weight="Bolder", spacing="Medium"
        )
        if cause.fix in told:
            yield said("See above.", spacing="Small", isSubtle=True)
        else:
            told.add(cause.fix)
            yield from _remedy(cause, detail)
    if left := len(diagnosis.causes) - len(shown):
        yield said(f"and {count(left, 'less likely cause')}", isSubtle=True)
    if reference := link("Read more", diagnosis.reference[:300]):
        yield reference
    if explained := link(f"Explained: {diagnosis.id}", diagnosis.explanation[:300]):
        yield explained
    elif explanation := clean(diagnosis.explanation, 100):
        yield said(f"Explained in {escape(explanation)}", size="Small", isSubtle=True, spacing="None")


def _remedy(cause: Cause, detail: Detail) -> Iterator[Element]:
    if cause.why:
        yield said(f"Because {escape(clean(cause.why, detail.text))}.", spacing="Small", isSubtle=True)
    yield from _mending(cause.fix)


def _mending(fix: Sequence[str]) -> Iterator[Element]:
    lines = [(isinstance(line, Command), clean(line, 4 * COMMAND_LIMIT)) for line in fix[:FIX_LIMIT]]
    fitting = [
        (command, line) for command, line in lines if line and size(_line(line, command=command)) <= COMMAND_LIMIT
    ]
    if fitting:
        yield label("To mend it")
    for command, some in groupby(fitting, key=itemgetter(0)):
        texts = [line for _, line in some]
        if command:
            yield boxed(texts)
        else:
            yield from (_line(text, command=command) for text in texts)
    if len(fitting) < len(fix):
        yield said("The remedy is too long for a card; the HTTP API and the command line show all of it.")


def _line(text: str, *, command: bool) -> Element:
    return verbatim(text) if command else said(escape(text), spacing="Small")


def notice_parts(notices: Sequence[Notice], detail: Detail) -> Iterator[Element]:
    """What is worth knowing beside the verdict, each with what to do about it."""
    for notice in notices[: detail.causes]:
        mark, style = _NOTICE[notice.severity]
        lines = [said(f"{mark}: {escape(clean(notice.title, detail.text))}", weight="Bolder")]
        yield block([*lines, *_mending(notice.fix)], style=style, spacing="Medium")
