"""The report for a terminal: what opened, what did not, why, and what to type."""

import textwrap
from collections.abc import Iterable, Iterator

from mailcheck.faces.tree import rows
from mailcheck.faces.wording import State, contents, done, in_force, still_waiting, summary
from mailcheck.model.report import (
    Broken,
    Command,
    Diagnosis,
    Folder,
    Healthy,
    Likelihood,
    Listing,
    ProtocolReport,
    Report,
    Severity,
    Step,
)
from mailcheck.model.request import MailProtocol

_WIDTH = 100  # columns of prose
_CODES = {State.HEALTHY: "32", State.DEGRADED: "33", State.BROKEN: "31", State.UNFINISHED: "33"}
_NOTICES = {
    Severity.URGENT: ("▲ urgent", "1;31"),
    Severity.WARNING: ("▲ warning", "1;33"),
    Severity.INFO: ("note", "1"),
}
_LIKELIHOODS = {
    Likelihood.CERTAIN: "certain",
    Likelihood.LIKELY: "likely",
    Likelihood.POSSIBLE: "possible",
}


def report_text(report: Report, *, colour: bool = False) -> str:
    """The whole report as lines; `colour` adds ANSI colours. Nothing a server said can move the cursor."""
    return "\n".join(_lines(report, _Paint(colour))) + "\n"


class _Paint:
    def __init__(self, colour: bool) -> None:
        self._colour = colour

    def __call__(self, text: str, code: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self._colour else text


def _lines(report: Report, paint: _Paint) -> Iterator[str]:
    told = summary(report)
    mailbox = paint(f"{told.state.mark} {report.mailbox}", f"1;{_CODES[told.state]}")
    yield f"{mailbox} {told.sentence} ({report.duration_ms:,} ms)"
    yield from _preparation(report, paint)
    remedies: set[tuple[str, ...]] = set()
    for protocol, one in report.protocols.items():
        yield ""
        yield from _protocol(protocol, one, paint, remedies)


def _preparation(report: Report, paint: _Paint) -> Iterator[str]:
    if report.certificate:
        yield f"  certificate {report.certificate.thumbprint}, {in_force(report.certificate)}"
    if report.token:
        yield _clean(f"  token for {report.token.audience} with {', '.join(report.token.roles) or 'no roles'}")
    if canary := report.canary:
        outcomes = ", ".join(f"{protocol.name} {outcome}" for protocol, outcome in canary.outcomes.items())
        yield f"  canary {canary.mailbox}: {outcomes}"
    yield from _steps(report.preparation, paint)
    for notice in report.notices:
        word, code = _NOTICES[notice.severity]
        yield from (paint(line, code) for line in _wrapped(f"{word}: {notice.title}", "  ", "     "))
        yield from _mending(notice.fix, paint)


def _protocol(protocol: MailProtocol, one: ProtocolReport, paint: _Paint, told: set[tuple[str, ...]]) -> Iterator[str]:
    match one.verdict:
        case Healthy(found):
            yield f"{_marked(State.HEALTHY, protocol, paint)} {done(found)}: {contents(found)} ({one.duration_ms:,} ms)"
            yield from _steps(one.steps, paint)
            if isinstance(found, Listing):
                yield from _tree(found.folders)
                yield from (f"    could not be read: {_clean(sample)}" for sample in found.samples)
        case Broken(diagnosis):
            if one.waiting:
                yield f"{_marked(State.UNFINISHED, protocol, paint)} {_clean(still_waiting(one.waiting, protocol))}"
                yield f"  if it stays so: {_clean(diagnosis.title)}"
            else:
                yield f"{_marked(State.BROKEN, protocol, paint)} {_clean(diagnosis.title)}"
            yield from _steps(one.steps, paint)
            yield from _diagnosis(diagnosis, paint, told)


def _marked(state: State, protocol: MailProtocol, paint: _Paint) -> str:
    return paint(f"{state.mark} {protocol.name}", f"1;{_CODES[state]}")


def _steps(steps: Iterable[Step], paint: _Paint) -> Iterator[str]:
    parts = [f"{step.name} {step.ms:,} ms{'' if step.ok else ' (failed)'}" for step in steps]
    yield from (paint(line, "2") for line in _joined(parts))


def _joined(parts: Iterable[str]) -> Iterator[str]:
    """The parts with dots between them, broken into lines after a dot."""
    line = ""
    for part in parts:
        longer = f"{line} · {part}" if line else f"  {part}"
        if len(longer) > _WIDTH:
            yield f"{line} ·"
            longer = f"    {part}"
        line = longer
    if line:
        yield line


def _tree(folders: Iterable[Folder]) -> Iterator[str]:
    for row in rows(folders):
        role = f"  [{row.folder.role}]" if row.folder.role else ""
        closed = "" if row.folder.selectable else "  (holds folders only)"
        yield f"    {'  ' * row.depth}{_clean(row.name)}{_clean(role)}{closed}"


def _diagnosis(diagnosis: Diagnosis, paint: _Paint, told: set[tuple[str, ...]]) -> Iterator[str]:
    """One fault; `told` are the remedies of the faults above it, which are not told a second time."""
    yield from _wrapped(f"seen: {diagnosis.evidence}", "  ", "        ")
    for number, cause in enumerate(diagnosis.causes, 1):
        yield ""
        head = f"{number}. {cause.cause} ({_LIKELIHOODS[cause.likelihood]})"
        yield from (paint(line, "1") for line in _wrapped(head, "  ", "     "))
        if cause.fix in told:
            yield "     see above"
            continue
        told.add(cause.fix)
        yield from _wrapped(f"because {cause.why}", "     ", "     ")
        yield from _mending(cause.fix, paint)
    yield ""
    yield f"  read more: {diagnosis.reference}"
    yield f"  diagnosis: {diagnosis.id}, explained in {diagnosis.explanation}"


def _mending(fix: Iterable[str], paint: _Paint) -> Iterator[str]:
    for line in fix:
        if isinstance(line, Command):
            yield f"       {paint(_clean(line), '36')}"
        else:
            yield from _wrapped(line, "     - ", "       ")


def _wrapped(text: str, first: str, rest: str) -> list[str]:
    """Prose, broken into lines; commands are never broken, they are there to be pasted."""
    return textwrap.wrap(_clean(text), _WIDTH, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False)


def _clean(text: str) -> str:
    """Text without control and format characters: a folder's name must not drive the terminal."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)
