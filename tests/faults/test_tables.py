"""The matrix itself: how many cases, no two alike, every rule of use."""

import pytest

from tests.faults.expected import ALL, CASES, EXCLUDED, EXPECTED, HEALTHY, RULES, TRIED_AGAIN, lasting, rule_of


def test_every_case_has_an_id_of_its_own() -> None:
    """An id names one case, so that a diagnosis can refer to it as its proof."""
    assert len(EXPECTED) == len(CASES) == len({str(case) for case in ALL} & set(EXPECTED))


def test_there_are_enough() -> None:
    """The matrix does not shrink unnoticed."""
    assert len(CASES) >= 1450
    assert len(ALL) - len(CASES) <= len(ALL) // 7


def test_every_case_has_an_expectation() -> None:
    """No case is left to whatever comes, and none may end in what mailcheck does not know."""
    assert not [str(case) for case in CASES if not EXPECTED[str(case)]]
    assert not {"our-bug", "unknown"} & set(EXPECTED.values())


@pytest.mark.parametrize("pattern", EXCLUDED)
def test_every_exclusion_excludes(pattern: str) -> None:
    """A reason that keeps nothing out is a mistake in the pattern."""
    assert any(case.matches(pattern) for case in ALL)


@pytest.mark.parametrize("pattern", RULES)
def test_every_rule_decides(pattern: str) -> None:
    """A rule that never comes first is a mistake in the order."""
    assert pattern in {rule_of(case) for case in CASES}


@pytest.mark.parametrize("pattern", TRIED_AGAIN)
def test_every_second_try_is_one(pattern: str) -> None:
    """What passes at the second try is told otherwise where it stays."""
    passing = [case for case in CASES if lasting(case) != case and lasting(case).matches(pattern)]
    assert passing
    assert all(EXPECTED[str(case)] == HEALTHY != EXPECTED[str(lasting(case))] for case in passing)
