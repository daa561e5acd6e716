"""The decision table holds, covers every shift of the catalogue, and would notice if one were gone."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from mailcheck.diagnosis.catalogue import CATALOGUE
from mailcheck.diagnosis.entry import Circumstances, Entry, Explanation
from mailcheck.diagnosis.findings import findings
from mailcheck.diagnosis.match import diagnose
from mailcheck.model.evidence import Evidence
from mailcheck.model.report import Likelihood
from tests.diagnosis.cause_words import told
from tests.diagnosis.decisions import DECISIONS

SHIFTS = [
    pytest.param(entry, one, place, id=f"{entry.id}: {one.cause[:30]}, {one.shift[place][0].name}")
    for entry in CATALOGUE
    for one in entry.explanations
    for place in range(len(one.shift))
]


@pytest.mark.parametrize("name, evidence, circumstances, expected", DECISIONS)
def test_the_rest_of_the_check_decides(
    name: str, evidence: Evidence, circumstances: Circumstances, expected: str
) -> None:
    """Claims, another protocol, the canary, the server's reason, a second way: each narrows what one line can mean."""
    diagnosis = diagnose(evidence, circumstances)
    assert diagnosis.id == name
    assert told(diagnosis) == expected


def weighed(entry: Entry) -> Iterator[list[Likelihood | None]]:
    """How likely each of an entry's causes is in each row of the table that is about it."""
    for name, evidence, circumstances, _ in DECISIONS:
        if name == entry.id:
            given = findings(evidence, circumstances)
            yield [one.weigh(given) for one in entry.explanations]


@pytest.mark.parametrize("entry, one, place", SHIFTS)
def test_no_shift_is_there_for_nothing(entry: Entry, one: Explanation, place: int) -> None:
    """Without it some row of the table would tell something else."""
    kept = replace(one, shift=one.shift[:place] + one.shift[place + 1 :])
    without = replace(entry, explanations=tuple(kept if each is one else each for each in entry.explanations))
    assert list(weighed(without)) != list(weighed(entry))
