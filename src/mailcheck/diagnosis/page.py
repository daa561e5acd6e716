"""The guide of all diagnoses, docs/diagnoses.md, written from the catalogue; `make docs` puts it there.

An entry's heading is its id, which Markdown turns into the anchor that cards and reports name.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Final

from mailcheck.diagnosis.catalogue import CATALOGUE
from mailcheck.diagnosis.entry import Entry, Explanation, Given, When
from mailcheck.diagnosis.page_words import ANYTHING, FAULTS, INTRODUCTION, PLACES
from mailcheck.diagnosis.text import Line, Shell, connected
from mailcheck.model.cloud import PUBLIC
from mailcheck.model.evidence import Stage
from mailcheck.model.report import Likelihood
from mailcheck.model.request import MailProtocol

_CHAPTERS: Final = (*(title for title, _ in PLACES), *(protocol.name for protocol in MailProtocol), ANYTHING)
_LANGUAGES: Final = {Shell.EXCHANGE: "powershell", Shell.GRAPH: "powershell", Shell.AZURE_CLI: "sh"}
_ORDER: Final = (*Likelihood, None)
_RULED_OUT: Final = "ruled out"
_AHEAD: Final = "first of its likelihood"
_SHARED: Final = "shared@contoso.com"
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


def findings_of(entry: Entry) -> tuple[Given, ...]:
    """The findings that decide between an entry's causes; where several are given, the first that a cause has counts.

    Each cause has its own in this order.
    """
    waiting = [[given for given, _ in one.shift] for one in entry.explanations]
    waiting += [[one.ahead] for one in entry.explanations if one.ahead]
    ordered: list[Given] = []
    while waiting := [left for one in waiting if (left := [given for given in one if given not in ordered])]:
        ordered.append(next(one[0] for one in waiting if not any(one[0] in other[1:] for other in waiting)))
    return tuple(ordered)


def _contents() -> Iterator[str]:
    yield "## Contents"
    yield ""
    for title, entries in _by_chapter():
        yield f"- [{title}](#{_anchor(title)})"
        yield from (f"  - [{entry.id}](#{entry.id}): {_prose(entry.title, entry)}" for entry in entries)
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
    return [_shortened(code) for code in told if code not in _BARE]


def _chapters() -> Iterator[str]:
    for title, entries in _by_chapter():
        yield f"## {title}"
        yield ""
        for entry in entries:
            yield from _entry(entry)


def _by_chapter() -> list[tuple[str, list[Entry]]]:
    ordered = sorted(CATALOGUE, key=lambda entry: _CHAPTERS.index(chapter(entry)))
    return [(title, list(entries)) for title, entries in groupby(ordered, key=chapter)]


def _entry(entry: Entry) -> Iterator[str]:
    yield f"### {entry.id}"
    yield ""
    yield f"**{_prose(entry.title, entry)}.**"
    yield ""
    yield _seen(entry)
    yield ""
    causes = sorted(entry.explanations, key=lambda one: _ORDER.index(one.likelihood))
    for number, one in enumerate(causes, 1):
        yield from _cause(number, one, entry)
    yield from _decisions(entry, causes)
    yield f"Read more: <{entry.reference}>{_in_the_lab(entry)}"
    yield ""


def _seen(entry: Entry) -> str:
    when = entry.when
    if len(when.stages) == len(Stage):
        return (
            "What you see: anything that has no diagnosis of its own." if not when.signals else "What you see: `bug`."
        )
    seen = f"`{entry.seen}`" if entry.seen else _signals(when)
    if entry.seen and not (when.said or when.codes) and (len(when.signals) > 1 or when.signals[0].endswith("*")):
        seen += f", or any other {_signals(when)}"
    steps = _listed([f"`{stage}`" for stage in when.stages])
    return f"What you see: {seen}; the step {steps} fails."


def _in_the_lab(entry: Entry) -> str:
    """How to see it without a tenant, where the lab has a state for it; what it is asked is what the proof asks."""
    for kind, name, *protocol in (proof.split(" ") for proof in entry.proof):
        by = "".join(f" {one}" for one in protocol)
        if kind == "scenario":
            return (
                f"\\\nSee it in the lab: `.venv/bin/python -m lab chat --scenario {name}`, `/mailcheck {_SHARED}{by}`"
            )
        if kind == "mailbox":
            return f"\\\nSee it in the lab: `make demo`, `/mailcheck {name}@contoso.com{by}`"
    return ""


def _signals(when: When) -> str:
    signals = when.codes or when.signals
    told = [FAULTS.get(signal) or f"`{_shortened(signal)}`" for signal in signals]
    return _listed(told) if told else "anything that has no diagnosis of its own"


def _shortened(signal: str) -> str:
    return signal.removesuffix("*") + "…" if signal.endswith("*") else signal


def _cause(number: int, one: Explanation, entry: Entry) -> Iterator[str]:
    yield f"{number}. **{_prose(one.cause, entry)}** ({_likelihood(one)}): {_prose(one.why, entry)}."
    yield ""
    every = [replace(line, needs_values=False) for line in one.fix]
    for language, lines in groupby(connected(every, {}), key=lambda line: _LANGUAGES.get(line.shell)):
        yield from _indented(_remedy(language, lines, entry), len(f"{number}. "))


def _likelihood(one: Explanation) -> str:
    """As it is by itself; a cause that needs more to be named at all says what."""
    if one.likelihood:
        return one.likelihood
    raising = [(given, likelihood) for given, likelihood in one.shift if likelihood]
    return f"{raising[0][1]} where {' or '.join(given.value for given, _ in raising)}"


def _remedy(language: str | None, lines: Iterable[Line], entry: Entry) -> Iterator[str]:
    if language is None:
        yield from (f"- {_prose(line.template, entry)}" for line in lines)
    else:
        yield f"```{language}"
        yield from (line.fill(_known(entry)) for line in lines)
        yield "```"
    yield ""


def _decisions(entry: Entry, causes: Sequence[Explanation]) -> Iterator[str]:
    """The table of what tells the causes apart."""
    findings = findings_of(entry)
    if not findings:
        return
    yield "What tells the causes apart; a cause goes by the first row that holds and says something of it:"
    yield ""
    yield "| where ... | then ... |"
    yield "|---|---|"
    for given in findings:
        yield f"| {given.value} | {_shifts(causes, given)} |"
    yield ""


def _shifts(causes: Sequence[Explanation], given: Given) -> str:
    """What a finding does to the causes, by their numbers: `likely: 4; ruled out: 1, 2`."""
    told: dict[str, list[str]] = {}
    for number, one in enumerate(causes, 1):
        shifts: dict[Given, Likelihood | None] = dict(reversed(one.shift))
        if given in shifts:
            told.setdefault(shifts[given] or _RULED_OUT, []).append(str(number))
        elif one.ahead is given:
            told.setdefault(_AHEAD, []).append(str(number))
    order = (*Likelihood, _AHEAD, _RULED_OUT)
    return "; ".join(f"{verdict}: {', '.join(told[verdict])}" for verdict in order if verdict in told)


def _known(entry: Entry) -> dict[str, str]:
    """What an entry settles by itself."""
    protocol = entry.when.protocol
    named = {"protocol": protocol.name, "role": protocol.role} if protocol else {}
    return {"portal": PUBLIC.portal, **named}


def _prose(template: str, entry: Entry) -> str:
    """A text of the catalogue as Markdown; what is not known stays visible as `<name>`."""
    known = _known(entry)
    text = re.sub(r"\{(\w+)\}", lambda found: known.get(found[1]) or f"<{found[1].replace('_', ' ')}>", template)
    return _MARKUP.sub(lambda mark: f"\\{mark[0]}", text.replace("{{", "{").replace("}}", "}"))


def _indented(lines: Iterable[str], by: int) -> Iterator[str]:
    return (" " * by + line if line else line for line in lines)


def _listed(parts: list[str]) -> str:
    *most, last = parts
    return f"{', '.join(most)} or {last}" if most else last


def _anchor(title: str) -> str:
    return re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")


def _natural(code: str) -> list[tuple[int, str]]:
    return [(int(part or 0) if part.isdigit() else 0, part) for part in re.split(r"(\d+)", code.lower())]
