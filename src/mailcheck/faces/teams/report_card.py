"""The card of a report (pure): what opened, what did not, why, and what to type.

What a server or a person wrote is shown as text, never as markup, and no card is larger than `BUDGET`. A colour never
says what the words beside it do not.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from operator import itemgetter
from typing import Final

from mailcheck.faces.teams.card_parts import (
    Element,
    block,
    boxed,
    branch,
    card,
    clean,
    escape,
    facts,
    heading,
    label,
    link,
    names,
    said,
    size,
    toggle,
    verbatim,
)
from mailcheck.faces.tree import Row, rows
from mailcheck.faces.wording import contents, count, done
from mailcheck.model.evidence import Stage
from mailcheck.model.report import (
    Broken,
    Cause,
    Command,
    Diagnosis,
    Healthy,
    Listing,
    Opened,
    ProtocolReport,
    Report,
    Status,
    Step,
)
from mailcheck.model.request import MailProtocol

# Bytes of JSON. Teams' limit has been raised from 28 KB several times; below the first one a card passes everywhere.
BUDGET: Final = 24 * 1024
RENEW_DAYS: Final = 30
DEPTH_LIMIT: Final = 8  # levels of the tree that are indented: a telephone is narrow
FIX_LIMIT: Final = 8  # lines of one remedy
COMMAND_LIMIT: Final = 700  # bytes of JSON, as an element; a longer line is left out whole: half a command does harm

_TIMES: Final = 12  # more steps than a conversation has
_BLANK: Final = "\N{NO-BREAK SPACE}"
_FOLDERS: Final = "folders"
_DETAILS: Final = "details"


@dataclass(frozen=True, slots=True)
class _Detail:
    """How much a card tells: numbers of things, and bytes of JSON for each text."""

    folders: int
    steps: int
    lines: int
    causes: int
    text: int
    line: int


# The first that fits into the budget; the last one always does.
_DETAILED: Final = (
    _Detail(folders=80, steps=20, lines=60, causes=6, text=800, line=200),
    _Detail(folders=50, steps=16, lines=30, causes=6, text=600, line=160),
    _Detail(folders=25, steps=12, lines=12, causes=4, text=400, line=120),
    _Detail(folders=10, steps=6, lines=0, causes=3, text=200, line=80),
    _Detail(folders=0, steps=0, lines=0, causes=1, text=100, line=40),
)
_STATUS: Final = {
    Status.HEALTHY: ("good", "✔ Healthy"),
    Status.DEGRADED: ("warning", "▲ Degraded"),
    Status.BROKEN: ("attention", "✘ Broken"),
}


def report_card(report: Report) -> Element:
    """What a check found, with as much detail as fits."""
    built = (_report(report, detail) for detail in _DETAILED)
    smallest: Element = {}
    for smallest in built:
        if size(smallest) <= BUDGET:
            break
    return smallest


def _report(report: Report, detail: _Detail) -> Element:
    style, word = _STATUS[report.status]
    summary = f"{word}: {_summary(report)}"
    header = block(
        [
            heading(escape(report.mailbox.address), size="Large"),
            said(summary, weight="Bolder", spacing="Small"),
        ],
        style=style,
        bleed=True,
    )
    listing = next((found for found in _found(report) if isinstance(found, Listing)), None)
    body = [header, *_opened(report), *_broken(report, detail), _facts(report, detail)]
    actions = []
    if listing is not None:
        body.append(block(list(_tree(listing, detail)), id=_FOLDERS, isVisible=False, separator=True))
        actions.append(toggle(f"Folders ({len(listing.folders):,})", _FOLDERS))
    body.append(block(list(_talk(report, detail)), id=_DETAILS, isVisible=False, separator=True))
    actions.append(toggle("Steps and transcript", _DETAILS))
    return card(body, spoken=f"{report.mailbox}: {summary}", actions=actions)


def _summary(report: Report) -> str:
    opened = [protocol for protocol, one in report.protocols.items() if isinstance(one.verdict, Healthy)]
    closed = [protocol for protocol in report.protocols if protocol not in opened]
    if not closed:
        return f"opens by {names(opened)}"
    return f"opens by {names(opened)}, not by {names(closed)}" if opened else f"does not open by {names(closed)}"


def _opened(report: Report) -> Iterator[Element]:
    for protocol, one in report.protocols.items():
        if isinstance(one.verdict, Healthy):
            lines = [
                said(f"✔ {protocol.name} {done(one.verdict.found)}", weight="Bolder"),
                said(f"{contents(one.verdict.found)} · {one.duration_ms:,} ms", spacing="None", isSubtle=True),
                *_times(one.steps),
            ]
            yield block(lines, spacing="Medium")


def _times(steps: Sequence[Step]) -> Iterator[Element]:
    """How long each step took, on one small line."""
    parts = [f"{step.name} {step.ms:,}{'' if step.ok else ' (failed)'}" for step in steps[:_TIMES]]
    if parts:
        yield said(f"In ms: {' · '.join(parts)}", size="Small", spacing="None", isSubtle=True)


def _broken(report: Report, detail: _Detail) -> Iterator[Element]:
    """One section for each fault; protocols that fail for the same reason share theirs."""
    faults: dict[Diagnosis, list[MailProtocol]] = {}
    for protocol, one in report.protocols.items():
        if isinstance(one.verdict, Broken):
            faults.setdefault(one.verdict.diagnosis, []).append(protocol)
    told: set[tuple[str, ...]] = set()
    for diagnosis, protocols in faults.items():
        steps = report.protocols[protocols[0]].steps if len(protocols) == 1 else ()
        yield block(list(_diagnosis(diagnosis, protocols, steps, told, detail)), spacing="Medium")


def _diagnosis(
    diagnosis: Diagnosis,
    protocols: Sequence[MailProtocol],
    steps: Sequence[Step],
    told: set[tuple[str, ...]],
    detail: _Detail,
) -> Iterator[Element]:
    """One fault; `told` are the remedies of the faults above it, which are not told a second time."""
    title = escape(clean(diagnosis.title, detail.text))
    yield heading(f"✘ {names(protocols)}: {title}", size="Medium")
    yield from _times(steps)
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


def _remedy(cause: Cause, detail: _Detail) -> Iterator[Element]:
    if cause.why:
        yield said(f"Because {escape(clean(cause.why, detail.text))}.", spacing="Small", isSubtle=True)
    lines = [(isinstance(line, Command), clean(line, 4 * COMMAND_LIMIT)) for line in cause.fix[:FIX_LIMIT]]
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
    if len(fitting) < len(cause.fix):
        yield said("The remedy is too long for a card; the HTTP API and the command line show all of it.")


def _line(text: str, *, command: bool) -> Element:
    return verbatim(text) if command else said(escape(text), spacing="Small")


def _facts(report: Report, detail: _Detail) -> Element:
    certificate, token = report.certificate, report.token
    pairs: list[tuple[str, str]] = []
    if certificate:
        soon = ": renew it soon" if certificate.days_left < RENEW_DAYS else ""
        pairs.append(
            ("Certificate", f"{certificate.days_left:,} days left (until {certificate.not_after:%Y-%m-%d}){soon}")
        )
    if token:
        roles = ", ".join(token.roles) or "no roles"
        pairs += [("Token for", clean(token.audience, detail.text)), ("Token roles", clean(roles, detail.text))]
    for protocol, one in report.protocols.items():
        tls = next((step.detail for step in one.steps if step.name is Stage.TLS and step.ok), "")
        if tls:
            pairs.append((f"{protocol.name} server", clean(tls, detail.text)))
    pairs.append(("Checked", f"{report.checked_at:%Y-%m-%d %H:%M} UTC, in {report.duration_ms:,} ms"))
    return block([facts(pairs)], separator=True, spacing="Medium")


def _tree(listing: Listing, detail: _Detail) -> Iterator[Element]:
    yield heading("Folders", size="Medium")
    yield from (_folder(row) for row in islice(rows(listing.folders), detail.folders))
    if left := max(0, len(listing.folders) - detail.folders):
        yield said(f"and {left:,} more", isSubtle=True)
    if listing.unreadable:
        yield said(f"{count(listing.unreadable, 'folder')} could not be read", isSubtle=True)
        samples = listing.samples[: detail.steps]
        yield from (verbatim(clean(sample, detail.line) or _BLANK, spacing="None") for sample in samples)


def _folder(row: Row) -> Element:
    marks = [clean(row.folder.role, 40)] if row.folder.role else []
    marks += [] if row.folder.selectable else ["holds folders only"]
    name = clean(row.name, 240) or "(no name)"
    return branch(min(row.depth, DEPTH_LIMIT), name, f"({', '.join(marks)})" if marks else "")


def _talk(report: Report, detail: _Detail) -> Iterator[Element]:
    """The steps with what is worth knowing of each, then the talk with each server."""
    yield heading("Steps", size="Medium")
    yield from _steps("Before the servers", report.preparation, detail)
    for protocol, one in report.protocols.items():
        yield from _steps(protocol.name, one.steps, detail)
    for protocol, one in report.protocols.items():
        if one.transcript:
            yield heading(f"{protocol.name} transcript", size="Medium")
            yield from _transcript(one, detail)
    yield said(f"Report {escape(clean(report.id, 100))}", isSubtle=True, size="Small")


def _steps(title: str, steps: Sequence[Step], detail: _Detail) -> Iterator[Element]:
    shown = steps[: detail.steps]
    if shown:
        yield label(title)
    for step in shown:
        state = "" if step.ok else " (failed)"
        yield branch(0, f"{step.name} {step.ms:,} ms{state}", clean(step.detail, detail.line))


def _transcript(one: ProtocolReport, detail: _Detail) -> Iterator[Element]:
    """Its beginning and its end: the greeting, and what it came to."""
    lines, shown = one.transcript, detail.lines
    head, tail = shown // 2, shown - shown // 2
    whole = len(lines) <= shown
    for line in lines if whole else lines[:head]:
        yield verbatim(clean(line, detail.line) or _BLANK, spacing="None")
    if not whole:
        yield said(f"{count(len(lines) - shown, 'line')} left out", isSubtle=True)
        for line in lines[len(lines) - tail :]:
            yield verbatim(clean(line, detail.line) or _BLANK, spacing="None")


def _found(report: Report) -> Iterator[Opened]:
    return (one.verdict.found for one in report.protocols.values() if isinstance(one.verdict, Healthy))
