"""The guide of all diagnoses, docs/diagnoses.md, written from the catalogue; `make docs` puts it there.

An entry's heading is its id, which Markdown turns into the anchor that cards and reports name.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Final

from mailcheck.diagnosis.catalogue import CATALOGUE
from mailcheck.diagnosis.entry import Entry
from mailcheck.diagnosis.explained import explained, shortened
from mailcheck.diagnosis.page_words import ANYTHING, FAULTS, INTRODUCTION, PLACES
from mailcheck.model.evidence import Stage
from mailcheck.model.explained import Explained, ExplainedCause, Passage
from mailcheck.model.request import MailProtocol

_CHAPTERS: Final = (*(title for title, _ in PLACES), *(protocol.name for protocol in MailProtocol), ANYTHING)
_BARE: Final = frozenset({"NO", "BAD", "-ERR"})
_MARKUP: Final = re.compile(r"[\\`*\[\]<>|]")


def markdown() -> str:
    """The whole page."""
    return "\n".join((INTRODUCTION, *_contents(), *_found(), *_chapters()))


def chapter(entry: Entry) -> str:
    """Where an entry stands: by its protocol, if it has one, or else by the stage that it begins with."""
    if len(entry.when.stages) == len(Stage):
        return ANYTHING
    if entry.when.protocol:
        return entry.when.protocol.name
    return next(title for title, stages in PLACES if entry.when.stages[0] in stages)


def _contents() -> Iterator[str]:
    yield "## Contents"
    yield ""
    for title, entries in _by_chapter():
        yield f"- [{title}](#{_anchor(title)})"
        yield from (f"  - [{entry.id}](#{entry.id}): {_prose(explained(entry).title)}" for entry in entries)
    yield ""


def _found() -> Iterator[str]:
    yield "## What was seen"
    yield ""
    yield "| seen | at | diagnosis |"
    yield "|---|---|---|"
    rows = [(code, chapter(entry), entry.id) for entry in CATALOGUE for code in _codes(entry)]
    for code, place, name in sorted(rows, key=lambda row: (_natural(row[0]), _CHAPTERS.index(row[1]))):
        yield f"| `{code}` | {place} | [{name}](#{name}) |"
    yield ""


def _codes(entry: Entry) -> list[str]:
    """What the other side says: the line that stands for the entry, or its codes; bare refusals are not listed."""
    if entry.seen:
        return [entry.seen]
    told = [signal for signal in (*entry.when.codes, *entry.when.signals) if signal not in FAULTS]
    return [shortened(code) for code in told if code not in _BARE]


def _chapters() -> Iterator[str]:
    for title, entries in _by_chapter():
        yield f"## {title}"
        yield ""
        for entry in entries:
            yield from _entry(explained(entry))


def _by_chapter() -> list[tuple[str, list[Entry]]]:
    ordered = sorted(CATALOGUE, key=lambda entry: _CHAPTERS.index(chapter(entry)))
    return [(title, list(entries)) for title, entries in groupby(ordered, key=chapter)]


def _entry(one: Explained) -> Iterator[str]:
    yield f"### {one.id}"
    yield ""
    yield f"**{_prose(one.title)}.**"
    yield ""
    yield f"What you see: {one.seen}."
    yield ""
    for number, cause in enumerate(one.causes, 1):
        yield from _cause(number, cause)
    yield from _decisions(one)
    lab = f"\\\nSee it in the lab: {', '.join(f'`{command}`' for command in one.lab)}" if one.lab else ""
    yield f"Read more: <{one.reference}>{lab}"
    yield ""


def _cause(number: int, one: ExplainedCause) -> Iterator[str]:
    yield f"{number}. **{_prose(one.cause)}** ({one.likelihood}): {_prose(one.why)}."
    yield ""
    for passage in one.fix:
        yield from _indented(_remedy(passage), len(f"{number}. "))


def _remedy(passage: Passage) -> Iterator[str]:
    if passage.language is None:
        yield from (f"- {_prose(line)}" for line in passage.lines)
    else:
        yield f"```{passage.language}"
        yield from passage.lines
        yield "```"
    yield ""


def _decisions(one: Explained) -> Iterator[str]:
    """The table of what tells the causes apart."""
    if not one.decisions:
        return
    yield "What tells the causes apart; a cause goes by the first row that holds and says something of it:"
    yield ""
    yield "| where ... | then ... |"
    yield "|---|---|"
    for given, then in one.decisions:
        yield f"| {given} | {then} |"
    yield ""


def _prose(text: str) -> str:
    """A text as Markdown shows it."""
    return _MARKUP.sub(lambda mark: f"\\{mark[0]}", text)


def _indented(lines: Iterable[str], by: int) -> Iterator[str]:
    return (" " * by + line if line else line for line in lines)


def _anchor(title: str) -> str:
    return re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")


def _natural(code: str) -> list[tuple[int, str]]:
    return [(int(part or 0) if part.isdigit() else 0, part) for part in re.split(r"(\d+)", code.lower())]
