"""The catalogue as a table: complete, unambiguous, and sound whatever the findings are."""

import itertools
import re

import pytest

from mailcheck.diagnosis.catalogue import CATALOGUE
from mailcheck.diagnosis.entry import Circumstances, Entry, Given
from mailcheck.diagnosis.match import diagnose
from mailcheck.model.evidence import Evidence, Fault, Stage
from mailcheck.model.report import Likelihood
from mailcheck.model.request import App, MailProtocol

APP = App("11111111-2222-4333-8444-555555555555", "22222222-3333-4444-8555-666666666666", "https://v.example", "c")
KNOWN = Circumstances(APP, "shared@contoso.com", "https://outlook.office365.com")


def _entry_ids(entry: Entry) -> str:
    return entry.id


def test_ids_are_unique_and_kebab_case() -> None:
    """An id is a public name: APIs, cards and pages refer to it."""
    ids = [entry.id for entry in CATALOGUE]
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name) for name in ids)


@pytest.mark.parametrize("entry", CATALOGUE, ids=_entry_ids)
def test_every_entry_explains_and_refers(entry: Entry) -> None:
    """Title, causes, reasons, remedies and a page to read: nothing is left empty."""
    assert entry.title
    assert entry.reference.startswith("https://")
    assert entry.explanations
    for one in entry.explanations:
        assert one.cause
        assert one.why
        assert one.fix


@pytest.mark.parametrize("entry", CATALOGUE, ids=_entry_ids)
def test_some_cause_is_left_whatever_is_found(entry: Entry) -> None:
    """No combination of findings rules out every cause, and at most one is certain."""
    for size in range(len(Given) + 1):
        for given in itertools.combinations(Given, size):
            weighed = [one.weigh(frozenset(given)) for one in entry.explanations]
            assert any(weighed), given
            assert weighed.count(Likelihood.CERTAIN) <= 1


@pytest.mark.parametrize("stage", Stage)
@pytest.mark.parametrize("signal", [*Fault, "NO", "BAD", "BYE", "-ERR", "AADSTS999999", "404", "never seen before"])
@pytest.mark.parametrize("protocol", [None, *MailProtocol])
def test_any_evidence_gets_a_diagnosis(stage: Stage, signal: str, protocol: MailProtocol | None) -> None:
    """Matching is total: whatever was seen has an answer with a cause and a remedy."""
    diagnosis = diagnose(Evidence(stage, signal, "said", protocol), KNOWN)
    assert diagnosis.causes
    assert diagnosis.causes[0].fix


@pytest.mark.parametrize("entry", CATALOGUE[:-1], ids=_entry_ids)
def test_no_entry_stands_in_the_shadow_of_an_earlier_one(entry: Entry) -> None:
    """For each entry there is evidence that reaches it."""
    when = entry.when
    said = "User is authenticated but not connected." if when.said else "x"
    protocols = [when.protocol] if when.protocol else [None, *MailProtocol]
    reached = {
        diagnose(Evidence(stage, signal, said, protocol), KNOWN).id
        for stage in when.stages
        for signal in when.signals or ("some other signal",)
        for protocol in protocols
    }
    assert entry.id in reached
