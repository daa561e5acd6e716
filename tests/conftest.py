"""For every test: how properties are tested, Ctrl-C, what is forgotten, and a line for each reason to leave one out."""

import signal
import sys
from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

# Property tests ask whether, not how fast: a busy machine must not fail them. The examples are the same in every run,
# so that a change that breaks one is the change that is looked at; `pytest --hypothesis-profile deep` looks for others.
settings.register_profile("same", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
settings.register_profile("deep", settings.get_profile("same"), derandomize=False, max_examples=10_000)
settings.load_profile("same")


def pytest_configure() -> None:
    """Has Ctrl-C work in whatever tests start, though they run where a shell has it ignored: in its background."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # what is started inherits that, a handler it does not
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _vaults_are_met_anew() -> Iterator[None]:
    """Key Vault's SDK keeps each address's challenge for the life of the process; ports come back in later tests."""
    yield
    if cache := sys.modules.get("azure.keyvault.secrets._shared.http_challenge_cache"):
        cache.clear()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One line for each group of tests that was left out, and why."""
    reasons = Counter(
        report.longrepr[2].removeprefix("Skipped: ")
        for report in terminalreporter.stats.get("skipped", [])
        if isinstance(report.longrepr, tuple)
    )
    for reason, count in sorted(reasons.items()):
        terminalreporter.write_line(f"left out: {count} test{'s' if count > 1 else ''}: {reason}")
