"""What is tried a second time, when, and what the report says of it."""

import asyncio
import dataclasses

import pytest

from mailcheck.model.evidence import Evidence, Fault, Stage
from mailcheck.model.report import Broken, Healthy, Maildrop, Severity
from tests.instant import instantly
from tests.usecases.kit import IMAP, INBOX, POP, TARGET, Servers, checked, diagnosis_ids, use_case

UNAVAILABLE = Evidence(Stage.AUTH, "NO", "Server Unavailable. 15", IMAP)
RESET = Evidence(Stage.TLS, Fault.CLOSED, "Connection reset by peer", IMAP)
HUNG_UP = Evidence(Stage.GREETING, "BYE", "Connection closed. 14", IMAP)
REFUSED = Evidence(Stage.AUTH, "NO", "AUTHENTICATE failed.", IMAP)
THROTTLED = Evidence(Stage.LIST, Fault.THROTTLED, "Request is throttled.", IMAP, {"backoff_ms": "89117"})
SILENT = Evidence(Stage.AUTH, Fault.TIMEOUT, protocol=IMAP)
NOT_CONNECTED = Evidence(Stage.LIST, "BAD", "User is authenticated but not connected.", IMAP)


@pytest.mark.parametrize("passing", [UNAVAILABLE, RESET, HUNG_UP], ids=lambda one: str(one.signal))
async def test_a_passing_fault_is_tried_again(passing: Evidence) -> None:
    """The second try opens the mailbox: healthy, with both talks on record and a notice of what the first met."""
    servers = Servers({IMAP: [passing, INBOX]})
    report = await checked(use_case(servers=servers), IMAP)
    one = report.protocols[IMAP]
    assert one.verdict == Healthy(INBOX)
    assert len(servers.met) == 2
    assert len(one.steps) == 2
    assert one.transcript == ("S: * OK", "-- second try", "S: * OK")
    assert one.duration_ms == 80
    (notice,) = report.notices
    assert (notice.id, notice.severity) == ("second-try-needed", Severity.INFO)
    assert passing.said in notice.title


async def test_a_fault_that_stays_is_told_once() -> None:
    """Two tries and no third; the diagnosis is that of the second, and no notice says that it got better."""
    servers = Servers({IMAP: [UNAVAILABLE, HUNG_UP, INBOX]})
    report = await checked(use_case(servers=servers), IMAP)
    assert diagnosis_ids(report) == {IMAP: "server-hung-up-at-once"}
    assert len(servers.met) == 2
    assert report.notices == ()


@pytest.mark.parametrize("final", [REFUSED, THROTTLED, SILENT], ids=lambda one: str(one.signal))
async def test_what_does_not_pass_is_not_tried_again(final: Evidence) -> None:
    """A refusal would be the same again, a throttled client has to wait, and a time-out has used up the time."""
    servers = Servers({IMAP: [final, INBOX]})
    report = await checked(use_case(servers=servers), IMAP)
    assert isinstance(report.protocols[IMAP].verdict, Broken)
    assert len(servers.met) == 1


@instantly
async def test_a_second_try_needs_time() -> None:
    """With less than a quarter of the time left the first answer stands."""
    quick = dataclasses.replace(TARGET, timeout=0.2)

    async def late() -> Evidence:
        await asyncio.sleep(0.16)
        return UNAVAILABLE

    servers = Servers({IMAP: [late, INBOX]})
    report = await checked(use_case(servers=servers, target=quick), IMAP)
    assert diagnosis_ids(report) == {IMAP: "server-unavailable"}
    assert len(servers.met) == 1


@instantly
async def test_a_reset_that_came_late_is_not_told_as_two() -> None:
    """Where there was no time for a second try, the diagnosis does not speak of one."""
    quick = dataclasses.replace(TARGET, timeout=0.2)

    async def late() -> Evidence:
        await asyncio.sleep(0.16)
        return RESET

    servers = Servers({IMAP: late})
    verdict = (await checked(use_case(servers=servers, target=quick), IMAP)).protocols[IMAP].verdict
    assert isinstance(verdict, Broken)
    assert len(servers.met) == 1
    assert verdict.diagnosis.id == "connection-reset"
    assert not any("twice" in cause.why for cause in verdict.diagnosis.causes)


async def test_only_the_protocol_that_failed_is_tried_again() -> None:
    """A sibling that went well is left alone."""
    servers = Servers({IMAP: [UNAVAILABLE, INBOX], POP: Maildrop(3, 1200)})
    await checked(use_case(servers=servers))
    assert sorted(protocol for _, protocol in servers.met) == [IMAP, IMAP, POP]


async def test_ipv4_is_tried_where_it_was_ipv6() -> None:
    """Signed in but not connected is reported of IPv6 alone: IPv4 opens it, and the notice says which one fails."""
    servers = Servers({IMAP: [NOT_CONNECTED, INBOX]}, versions=frozenset({4, 6}))
    report = await checked(use_case(servers=servers), IMAP)
    assert report.protocols[IMAP].verdict == Healthy(INBOX)
    assert servers.asked_for == [None, 4]
    assert "-- second try, over IPv4" in report.protocols[IMAP].transcript
    (notice,) = report.notices
    assert (notice.id, notice.severity) == ("not-over-ipv6", Severity.WARNING)
    assert "works over IPv4, and not over IPv6" in notice.title
    assert notice.fix


@pytest.mark.parametrize(
    "second",
    [
        Evidence(Stage.CONNECT, Fault.UNREACHABLE, "Network is unreachable", IMAP),
        Evidence(Stage.TLS, Fault.CLOSED, "Connection reset by peer", IMAP),
        Evidence(Stage.AUTH, Fault.TIMEOUT, protocol=IMAP),
    ],
    ids=lambda one: str(one.signal),
)
async def test_a_version_that_leads_nowhere_says_nothing_of_the_mailbox(second: Evidence) -> None:
    """Exchange refused over one version and was not heard over the other: what is told is the refusal."""
    servers = Servers({IMAP: [NOT_CONNECTED, second]}, versions=frozenset({4, 6}))
    report = await checked(use_case(servers=servers), IMAP)
    assert diagnosis_ids(report) == {IMAP: "imap-not-connected"}
    assert len(report.protocols[IMAP].steps) == 2
    assert report.notices == ()


async def test_what_exchange_says_over_ipv4_is_told() -> None:
    """Heard over both, the second answer counts, as with any second try."""
    servers = Servers({IMAP: [NOT_CONNECTED, REFUSED]}, versions=frozenset({4, 6}))
    report = await checked(use_case(servers=servers), IMAP)
    assert diagnosis_ids(report) == {IMAP: "imap-sign-in-refused"}


@pytest.mark.parametrize("versions, first", [({4}, 4), ({6}, 6), ({4, 6}, 4)])
async def test_without_a_way_from_ipv6_to_ipv4_there_is_one_try(versions: set[int], first: int) -> None:
    """One version of IP only, or IPv4 at once, of which nobody has reported such a fault: the refusal stands."""
    servers = Servers({IMAP: [NOT_CONNECTED, INBOX]}, versions=frozenset(versions), first=first)
    report = await checked(use_case(servers=servers), IMAP)
    assert diagnosis_ids(report) == {IMAP: "imap-not-connected"}
    assert servers.asked_for == [None]
