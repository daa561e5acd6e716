"""The card of a report (pure): what opened, what did not, why, and what to type.

What a server or a person wrote is shown as text, never as markup, and no card is larger than `BUDGET`. A colour never
says what the words beside it do not.
"""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final

from mailcheck.faces.teams.card_parts import (
    Element,
    block,
    branch,
    card,
    clean,
    escape,
    facts,
    heading,
    label,
    names,
    said,
    size,
    toggle,
    verbatim,
)
from mailcheck.faces.teams.explaining import Detail, diagnosis_parts, notice_parts, times
from mailcheck.faces.tree import Row, rows
from mailcheck.faces.wording import contents, count, done, in_force
from mailcheck.model.evidence import Stage
from mailcheck.model.report import (
    Broken,
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
DEPTH_LIMIT: Final = 8  # levels of the tree that are indented: a telephone is narrow

_BLANK: Final = "\N{NO-BREAK SPACE}"
_FOLDERS: Final = "folders"
_DETAILS: Final = "details"


# The first that fits into the budget; the last one always does.
_DETAILED: Final = (
    Detail(folders=80, steps=20, lines=60, causes=6, text=800, line=200),
    Detail(folders=50, steps=16, lines=30, causes=6, text=600, line=160),
    Detail(folders=25, steps=12, lines=12, causes=4, text=400, line=120),
    Detail(folders=10, steps=6, lines=0, causes=3, text=200, line=80),
    Detail(folders=0, steps=0, lines=0, causes=1, text=100, line=40),
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


def _report(report: Report, detail: Detail) -> Element:
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
    body = [
        header,
        *_opened(report),
        *_broken(report, detail),
        *notice_parts(report.notices, detail),
        _facts(report, detail),
    ]
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
                *times(one.steps),
            ]
            yield block(lines, spacing="Medium")


def _broken(report: Report, detail: Detail) -> Iterator[Element]:
    """One section for each fault; protocols that fail for the same reason share theirs."""
    faults: dict[Diagnosis, list[MailProtocol]] = {}
    for protocol, one in report.protocols.items():
        if isinstance(one.verdict, Broken):
            faults.setdefault(one.verdict.diagnosis, []).append(protocol)
    told: set[tuple[str, ...]] = set()
    for diagnosis, protocols in faults.items():
        steps = report.protocols[protocols[0]].steps if len(protocols) == 1 else ()
        yield block(list(diagnosis_parts(diagnosis, protocols, steps, told, detail)), spacing="Medium")


def _facts(report: Report, detail: Detail) -> Element:
    certificate, token = report.certificate, report.token
    pairs: list[tuple[str, str]] = []
    if certificate:
        pairs.append(("Certificate", in_force(certificate)))
    if token:
        roles = ", ".join(token.roles) or "no roles"
        pairs += [("Token for", clean(token.audience, detail.text)), ("Token roles", clean(roles, detail.text))]
    for protocol, one in report.protocols.items():
        tls = next((step.detail for step in one.steps if step.name is Stage.TLS and step.ok), "")
        if tls:
            pairs.append((f"{protocol.name} server", clean(tls, detail.text)))
    if canary := report.canary:
        outcomes = ", ".join(f"{protocol.name} {outcome}" for protocol, outcome in canary.outcomes.items())
        pairs.append(("Canary", f"{clean(canary.mailbox.address, detail.text)}: {outcomes}"))
    pairs.append(("Checked", f"{report.checked_at:%Y-%m-%d %H:%M} UTC, in {report.duration_ms:,} ms"))
    return block([facts(pairs)], separator=True, spacing="Medium")


def _tree(listing: Listing, detail: Detail) -> Iterator[Element]:
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


def _talk(report: Report, detail: Detail) -> Iterator[Element]:
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


def _steps(title: str, steps: Sequence[Step], detail: Detail) -> Iterator[Element]:
    shown = steps[: detail.steps]
    if shown:
        yield label(title)
    for step in shown:
        state = "" if step.ok else " (failed)"
        yield branch(0, f"{step.name} {step.ms:,} ms{state}", clean(step.detail, detail.line))


def _transcript(one: ProtocolReport, detail: Detail) -> Iterator[Element]:
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
