"""A whole check against the lab, in one process with it: vault, Entra, then IMAP and POP at the same time."""

import os
import shutil
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from lab.world import World
from mailcheck.compose import build_use_cases
from mailcheck.model.report import Report, Status
from mailcheck.model.request import CheckRequest, Mailbox, MailProtocol
from mailcheck.settings import CheckSettings, Settings
from mailcheck.usecases.check import CheckMailbox
from tests.bench.table import ms, table

RUNS = 9
_MAILBOX = "shared@contoso.com"
_WHOLE = "whole check"


class Timed(NamedTuple):
    """One check, and the seconds it took seen from outside."""

    report: Report
    seconds: float


async def measure(runs: int) -> str:
    """One table: each step, cold (the first check of a new `CheckMailbox`) and warm (the check after it)."""
    cold: dict[str, list[float]] = defaultdict(list)
    warm: dict[str, list[float]] = defaultdict(list)
    async with World() as world:
        # The identity's SDK reads the environment, where App Service puts the address of the endpoint.
        with tempfile.TemporaryDirectory() as folder, _environment(world.identity.environment()):
            for run in range(runs + 1):
                settings = _settings(world.settings(), Path(folder, f"{run}.pem"))
                began = time.perf_counter()
                check = build_use_cases(settings).check
                built = time.perf_counter() - began
                first, second = [await _timed(check, settings.protocols) for _ in range(2)]
                if run:  # the very first one imports the SDKs: see first_check
                    cold["build"].append(built)
                    _note(cold, first)
                    _note(warm, second)
    rows = [
        (step, f"{ms(cold[step]):.1f}", f"{ms(warm[step]):.1f}" if step in warm else "")
        for step in cold
        if ms(cold[step]) or ms(warm.get(step, [0]))  # the report's steps are whole milliseconds
    ]
    return table(("step", "cold, ms", "warm, ms"), rows)


def _settings(given: Mapping[str, str], ca_file: Path) -> CheckSettings:
    """Settings with anchors in a file of their own: by its name the product shares TLS context and connections."""
    shutil.copy(given["MAILCHECK_CA_FILE"], ca_file)
    settings = Settings.read({**given, "MAILCHECK_CA_FILE": str(ca_file)}).check
    assert isinstance(settings, CheckSettings), settings
    return settings


async def _timed(check: CheckMailbox, protocols: tuple[MailProtocol, ...]) -> Timed:
    address = Mailbox.parse(_MAILBOX)
    assert isinstance(address, Mailbox)
    began = time.perf_counter()
    report = await check(CheckRequest(address, protocols))
    seconds = time.perf_counter() - began
    assert isinstance(report, Report)
    assert report.status is Status.HEALTHY, report
    return Timed(report, seconds)


def _note(steps: dict[str, list[float]], timed: Timed) -> None:
    for step in timed.report.preparation:
        steps[step.name].append(step.ms / 1000)
    for protocol, part in timed.report.protocols.items():
        for step in part.steps:
            steps[f"{protocol}: {step.name}"].append(step.ms / 1000)
        steps[f"{protocol}: all"].append(part.duration_ms / 1000)
    steps[_WHOLE].append(timed.seconds)


@contextmanager
def _environment(settings: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in settings}
    os.environ.update(settings)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
