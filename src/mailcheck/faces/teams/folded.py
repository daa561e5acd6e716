"""What a report's card holds folded up (pure): the tree of folders, and the steps with the talk to each server."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from mailcheck.faces.teams.card_parts import Element, branch, heading, label, said, verbatim
from mailcheck.faces.teams.explaining import Detail
from mailcheck.faces.teams.untrusted import ID_LIMIT, clean, foreign
from mailcheck.faces.tree import Row, rows
from mailcheck.faces.wording import count
from mailcheck.model.report import Listing, ProtocolReport, Report, Step

DEPTH_LIMIT: Final = 8  # levels of the tree that are indented: a telephone is narrow

_BLANK: Final = "\N{NO-BREAK SPACE}"
_FOLDER: Final = "📁"
# What mail programs draw beside these roles (RFC 6154), as text.
_ICONS: Final = {
    "inbox": "📥",
    "drafts": "📝",
    "sent": "📤",
    "trash": "🗑️",
    "junk": "🚫",
    "archive": "📦",
    "all": "📬",
    "flagged": "⭐",
    "important": "❗",
}


@dataclass(frozen=True, slots=True)
class ReportDetail(Detail):
    """How much a report's card tells, besides what it explains.

    Attributes:
        folders: Rows of the tree.
        steps: Steps of each conversation; and answers of the listing that could not be read.
        lines: Lines of each transcript.
        line: Bytes of JSON of one of these, and of what is worth knowing of a step.
    """

    folders: int
    steps: int
    lines: int
    line: int


def tree(listing: Listing, detail: ReportDetail) -> Iterator[Element]:
    """The first folders, how many more there are, and what could not be read."""
    yield heading("Folders", size="Medium")
    yield from (_folder(row) for row in islice(rows(listing.folders), detail.folders))
    if left := max(0, len(listing.folders) - detail.folders):
        yield said(f"and {left:,} more", isSubtle=True)
    if listing.unreadable:
        yield said(f"{count(listing.unreadable, 'folder')} could not be read", isSubtle=True)
        yield from _lines(listing.samples[: detail.steps], detail)


def _folder(row: Row) -> Element:
    role = row.folder.role or ""
    marks = [clean(role, 40)] if role and role != row.name.casefold() else []
    marks += [] if row.folder.selectable else ["holds folders only"]
    name = clean(row.name, 240) or "(no name)"
    shown = f"{_ICONS.get(role, _FOLDER)} {name}"
    return branch(min(row.depth, DEPTH_LIMIT), shown, f"({', '.join(marks)})" if marks else "")


def talk(report: Report, detail: ReportDetail) -> Iterator[Element]:
    """The steps with what is worth knowing of each, then the talk with each server."""
    yield heading("Steps", size="Medium")
    yield from _steps("Before the servers", report.preparation, detail)
    for protocol, one in report.protocols.items():
        yield from _steps(protocol.name, one.steps, detail, "no answer yet" if one.waiting else "failed")
    for protocol, one in report.protocols.items():
        if one.transcript:
            yield heading(f"{protocol.name} transcript", size="Medium")
            yield from _transcript(one, detail)
    certificate, token = report.certificate, report.token
    known_by = (
        f"Certificate {foreign(certificate.thumbprint, ID_LIMIT)}" if certificate else "",
        f"Token for {foreign(token.audience, detail.text)}" if token else "",
        f"Report {foreign(report.id, ID_LIMIT)}",
    )
    for place, markdown in enumerate(filter(None, known_by)):
        yield said(markdown, isSubtle=True, size="Small", spacing="None" if place else "Medium")


def _steps(title: str, steps: Sequence[Step], detail: ReportDetail, unmet: str = "failed") -> Iterator[Element]:
    shown = steps[: detail.steps]
    if shown:
        yield label(title)
    for step in shown:
        state = "" if step.ok else f" ({unmet})"
        yield branch(0, f"{step.name} {step.ms:,} ms{state}", clean(step.detail, detail.line))


def _transcript(one: ProtocolReport, detail: ReportDetail) -> Iterator[Element]:
    """Its beginning and its end: the greeting, and what it came to."""
    lines, left = one.transcript, len(one.transcript) - detail.lines
    if left <= 0:
        yield from _lines(lines, detail)
        return
    head = detail.lines // 2
    yield from _lines(lines[:head], detail)
    yield said(f"{count(left, 'line')} left out", isSubtle=True)
    yield from _lines(lines[head + left :], detail)


def _lines(lines: Sequence[str], detail: ReportDetail) -> Iterator[Element]:
    """What a server said, letter by letter."""
    return (verbatim(clean(line, detail.line) or _BLANK, spacing="None") for line in lines)
