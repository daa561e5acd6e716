"""The entries of the catalogue, each explained by itself: for the guide (page.py), and for who asks for one."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Final

from mailcheck.diagnosis.catalogue import CATALOGUE
from mailcheck.diagnosis.entry import Entry, Explanation, Given, When
from mailcheck.diagnosis.page_words import FAULTS
from mailcheck.diagnosis.text import Shell, connected, step
from mailcheck.model.cloud import PUBLIC
from mailcheck.model.evidence import Stage
from mailcheck.model.explained import Explained, ExplainedCause, Language, Passage
from mailcheck.model.report import Likelihood

_LANGUAGES: Final[Mapping[Shell, Language]] = {
    Shell.EXCHANGE: "powershell",
    Shell.GRAPH: "powershell",
    Shell.AZURE_CLI: "sh",
}
_ORDER: Final = (*Likelihood, None)
_RULED_OUT: Final = "ruled out"
_AHEAD: Final = "first of its likelihood"
_SHARED: Final = "shared@contoso.com"
_ENTRIES: Final = {entry.id: entry for entry in CATALOGUE}


def explain(diagnosis_id: str) -> Explained | None:
    """The diagnosis of this id, or none where the catalogue has no such entry."""
    entry = _ENTRIES.get(diagnosis_id)
    return explained(entry) if entry else None


def explained(entry: Entry) -> Explained:
    """An entry, with what it settles by itself filled in, and `<names>` for everything that only a check knows."""
    known = _known(entry)
    causes = sorted(entry.explanations, key=lambda one: _ORDER.index(one.likelihood))
    return Explained(
        id=entry.id,
        title=step(entry.title).fill(known),
        seen=_seen(entry),
        causes=tuple(_cause(one, known) for one in causes),
        decisions=tuple((given.value, _shifts(causes, given)) for given in findings_of(entry)),
        reference=entry.reference,
        lab=_in_the_lab(entry),
    )


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


def shortened(signal: str) -> str:
    """A signal as it is shown: one that stands for all that begin so ends in an ellipsis."""
    return signal.removesuffix("*") + "…" if signal.endswith("*") else signal


def _seen(entry: Entry) -> str:
    when = entry.when
    if len(when.stages) == len(Stage):
        return "`bug`" if when.signals else "anything that has no diagnosis of its own"
    seen = f"`{entry.seen}`" if entry.seen else _signals(when)
    if entry.seen and not (when.said or when.codes) and (len(when.signals) > 1 or when.signals[0].endswith("*")):
        seen += f", or any other {_signals(when)}"
    return f"{seen}; the step {_listed([f'`{stage}`' for stage in when.stages])} fails"


def _signals(when: When) -> str:
    signals = when.codes or when.signals
    told = [FAULTS.get(signal) or f"`{shortened(signal)}`" for signal in signals]
    return _listed(told) if told else "anything that has no diagnosis of its own"


def _cause(one: Explanation, known: dict[str, str]) -> ExplainedCause:
    return ExplainedCause(
        step(one.cause).fill(known), _likelihood(one), step(one.why).fill(known), tuple(_passages(one, known))
    )


def _likelihood(one: Explanation) -> str:
    """As it is by itself; a cause that needs more to be named at all says what."""
    if one.likelihood:
        return one.likelihood
    raising = [(given, likelihood) for given, likelihood in one.shift if likelihood]
    return f"{raising[0][1]} where {' or '.join(given.value for given, _ in raising)}"


def _passages(one: Explanation, known: dict[str, str]) -> Iterator[Passage]:
    every = [replace(line, needs_values=False) for line in one.fix]
    for language, lines in groupby(connected(every, {}), key=lambda line: _LANGUAGES.get(line.shell)):
        yield Passage(language, tuple(line.fill(known) for line in lines))


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


def _in_the_lab(entry: Entry) -> tuple[str, ...]:
    """How to see it without a tenant, where the lab has a state for it; what it is asked is what the proof asks."""
    for kind, name, *protocol in (proof.split(" ") for proof in entry.proof):
        by = "".join(f" {one}" for one in protocol)
        if kind == "scenario":
            return (f".venv/bin/python -m lab chat --scenario {name}", f"/mailcheck {_SHARED}{by}")
        if kind == "mailbox":
            return ("make demo", f"/mailcheck {name}@contoso.com{by}")
    return ()


def _known(entry: Entry) -> dict[str, str]:
    """What an entry settles by itself."""
    protocol = entry.when.protocol
    named = {"protocol": protocol.name, "role": protocol.role} if protocol else {}
    return {"portal": PUBLIC.portal, **named}


def _listed(parts: list[str]) -> str:
    *most, last = parts
    return f"{', '.join(most)} or {last}" if most else last
