"""The card of a report (pure): what opened, what did not, why, and what to type.

What a server or a person wrote is shown as text, never as markup, and no card is larger than `BUDGET`. A colour never
says what the words beside it do not.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from mailcheck.faces.teams.buttons import check_again
from mailcheck.faces.teams.card_parts import STYLES, Element, block, card, facts, fitting, heading, line, said, toggle
from mailcheck.faces.teams.explaining import fault_parts, faults, notice_parts, refused_parts
from mailcheck.faces.teams.folded import ReportDetail, talk, tree
from mailcheck.faces.teams.intent import Refused
from mailcheck.faces.teams.untrusted import clean, escape, some
from mailcheck.faces.wording import State, Summary, contents, done, in_force, mail_roles_first, summary
from mailcheck.model.evidence import Stage
from mailcheck.model.report import Healthy, Listing, ProtocolReport, Report

_FOLDERS: Final = "folders"
_DETAILS: Final = "details"

# The first that fits into the budget; the last one always does.
_DETAILED: Final = (
    ReportDetail(folders=80, steps=20, lines=60, causes=6, text=800, line=200),
    ReportDetail(folders=50, steps=16, lines=30, causes=6, text=600, line=160),
    ReportDetail(folders=25, steps=12, lines=12, causes=4, text=400, line=120),
    ReportDetail(folders=10, steps=6, lines=0, causes=3, text=200, line=80),
    ReportDetail(folders=0, steps=0, lines=0, causes=1, text=100, line=40),
)


def report_card(report: Report, refused: Sequence[Refused] = ()) -> Element:
    """What a check found, with as much detail as fits; and what was written beside it and could not be checked."""
    return fitting(_report(report, refused, detail) for detail in _DETAILED)


def _report(report: Report, refused: Sequence[Refused], detail: ReportDetail) -> Element:
    told = summary(report)
    body = [
        _header(report, told),
        *_opened(report, detail),
        *_broken(report, detail),
        *notice_parts(report.notices, detail),
        *_facts(report, detail),
        *refused_parts(refused),
    ]
    actions = [check_again([report.mailbox], report.protocols)]
    listing = next((found for found in _found(report) if isinstance(found, Listing)), None)
    if listing is not None:
        body.append(block(list(tree(listing, detail)), id=_FOLDERS, isVisible=False, separator=True))
        actions.append(toggle(f"Folders ({len(listing.folders):,})", _FOLDERS))
    body.append(block(list(talk(report, detail)), id=_DETAILS, isVisible=False, separator=True))
    actions.append(toggle("Show transcript", _DETAILS))
    return card(body, spoken=f"{report.mailbox}: {told.state.word}, {told.sentence}", actions=actions)


def _header(report: Report, told: Summary) -> Element:
    lines = [
        heading(escape(report.mailbox.address), size="Large"),
        said(f"{told.state}: {told.sentence}", weight="Bolder", spacing="Small"),
        said(f"{report.checked_at:%Y-%m-%d %H:%M} UTC · {report.duration_ms:,} ms", size="Small", spacing="Small"),
    ]
    return block(lines, style=STYLES[told.state], bleed=True)


def _opened(report: Report, detail: ReportDetail) -> Iterator[Element]:
    for protocol, one in report.protocols.items():
        if isinstance(one.verdict, Healthy):
            found = one.verdict.found
            lines = [said(f"**{protocol.name}** {done(found)}: {contents(found)}")]
            if server := clean(_server(one), detail.text):
                lines.append(said(escape(server), size="Small", isSubtle=True, spacing="None"))
            yield line(State.HEALTHY.mark, lines, f"{one.duration_ms:,} ms", spacing="Medium")


def _broken(report: Report, detail: ReportDetail) -> Iterator[Element]:
    told: set[tuple[str, ...]] = set()
    for number, fault in enumerate(faults(report), 1):
        yield block(list(fault_parts(fault, number, told, detail)), spacing="Large")


def _facts(report: Report, detail: ReportDetail) -> Iterator[Element]:
    certificate, token = report.certificate, report.token
    pairs: list[tuple[str, str]] = []
    if certificate:
        pairs.append(("Certificate", in_force(certificate)))
    if token:
        pairs.append(("Token roles", some(mail_roles_first(token.roles), detail.text) or "no roles"))
    if canary := report.canary:
        outcomes = ", ".join(f"{protocol.name} {outcome}" for protocol, outcome in canary.outcomes.items())
        pairs.append(("Canary", f"{clean(canary.mailbox.address, detail.text)}: {outcomes}"))
    if pairs:
        yield facts(pairs, separator=True, spacing="Medium")


def _server(one: ProtocolReport) -> str:
    """Where it was reached, and by which version of TLS."""
    passed = {step.name: step.detail for step in one.steps if step.ok}
    return " · ".join(filter(None, (passed.get(Stage.CONNECT), passed.get(Stage.TLS, "").partition(" ")[0])))


def _found(report: Report) -> Iterator[object]:
    return (one.verdict.found for one in report.protocols.values() if isinstance(one.verdict, Healthy))
