"""What a test needs beside Python: absent, it is skipped on a laptop and a failure where everything must run."""

import os

import pytest

REQUIRE_ALL = "MAILCHECK_REQUIRE_ALL"


def need(condition: bool, what: str, install: str) -> None:
    """Skips the test when a foreign program is missing; fails it when MAILCHECK_REQUIRE_ALL=1 is set.

    Args:
        condition: Whether the program is there.
        what: Its name, as the reader of the report knows it.
        install: The command that installs it.
    """
    if condition:
        return
    reason = f"{what} is not installed: {install}"
    if os.environ.get(REQUIRE_ALL) == "1":
        pytest.fail(f"{reason} ({REQUIRE_ALL}=1 allows no skip)", pytrace=False)
    pytest.skip(reason)
