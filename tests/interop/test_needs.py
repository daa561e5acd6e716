"""The rule for tests that need a foreign program."""

import pytest

from tests.needs import REQUIRE_ALL, need


def test_a_program_that_is_there_lets_the_test_run() -> None:
    """Nothing happens when the condition holds."""
    need(True, "curl", "apt-get install curl")


def test_a_missing_program_skips_with_the_command_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a machine that need not have everything, the test is skipped and says what to install."""
    monkeypatch.delenv(REQUIRE_ALL, raising=False)
    with pytest.raises(pytest.skip.Exception, match="curl is not installed: apt-get install curl"):
        need(False, "curl", "apt-get install curl")


def test_a_missing_program_fails_where_everything_must_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """With MAILCHECK_REQUIRE_ALL=1 the same absence is a failure."""
    monkeypatch.setenv(REQUIRE_ALL, "1")
    with pytest.raises(pytest.fail.Exception, match="curl is not installed: apt-get install curl"):
        need(False, "curl", "apt-get install curl")
