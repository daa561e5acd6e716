"""Each mailbox of the lab, and each state of its Exchange, through a whole check: what an administrator is told."""

import logging
from collections.abc import AsyncIterator
from typing import Final

import pytest

from lab.exchange.standard import scenarios
from lab.scenario import Kind
from lab.scenarios import SCENARIOS
from lab.tenant import TENANT_DOMAIN
from lab.world import World
from mailcheck.model.report import Broken, Report
from tests.e2e.kit import Checker

OPENS: Final = "opens"
HEALTHY: Final = (OPENS, OPENS, OPENS)
REFUSED: Final = ("imap-sign-in-refused", "pop-sign-in-refused", "smtp-sign-in-refused")
_SECONDS: Final = "4"  # for one check: more than the slow mailbox needs, less than a reader of this has

# Mailbox: what IMAP, POP and SMTP get.
MAILBOXES: Final[dict[str, tuple[str, str, str]]] = {
    **dict.fromkeys(("shared", "info", "empty", "many-folders", "odd-names", "slow", "smtp-on"), HEALTHY),
    "no-imap": ("imap-not-connected", OPENS, OPENS),
    "no-pop": (OPENS, "pop-sign-in-refused", OPENS),
    "no-smtp": (OPENS, OPENS, "smtp-auth-off-for-mailbox"),
    **dict.fromkeys(("not-granted", "wrong-object-id", "app-rbac", "logon-denied"), REFUSED),
    **dict.fromkeys(("unknown", "alias", "deleted", "group", "no-recipient"), REFUSED),
    "not-connected": ("imap-not-connected", OPENS, OPENS),
    "closed": ("server-closed", "server-closed", OPENS),  # SMTP has nothing to ask behind the sign-in
    "unavailable": ("server-unavailable", "server-unavailable", "smtp-busy"),
    "silent": ("server-silent", "server-silent", "server-silent"),
    "policy": (OPENS, OPENS, "smtp-policy-blocked"),
    **dict.fromkeys(("throttled", "throttled-untimed"), ("throttled", "throttled", "smtp-connections-limit")),
    **dict.fromkeys(("throttled-no", "throttled-no-untimed", "throttled-list"), ("throttled", OPENS, OPENS)),
    "busy": (OPENS, OPENS, "smtp-connections-limit"),
}
# State of Exchange: what the healthy mailbox gets.
STATES: Final[dict[str, tuple[str, str, str]]] = {
    "smtp-off": (OPENS, OPENS, "smtp-auth-off-for-tenant"),
    "smtp-by-rbac": HEALTHY,
    "principal-missing": REFUSED,
    "principal-wrong-object-id": REFUSED,
    "exchange-busy": ("server-hung-up-at-once", "server-unavailable", "smtp-busy"),
    "exchange-busy-once": (OPENS, OPENS, OPENS),
    "exchange-incident": REFUSED,
    "imap-incident": ("imap-sign-in-refused", OPENS, OPENS),
    "token-too-long": (OPENS, "pop-protocol-error", OPENS),
    "xoauth2-filtered": ("no-xoauth2", "no-xoauth2", "no-xoauth2"),
    "starttls-filtered": (OPENS, OPENS, "no-starttls"),
    "smtp-old-tls": (OPENS, OPENS, "smtp-tls-too-old"),
    "server-certificate-other-host": ("server-not-trusted", "server-not-trusted", "server-not-trusted"),
    "server-certificate-expired": ("server-not-trusted", "server-not-trusted", "server-not-trusted"),
    "server-certificate-untrusted": ("server-not-trusted", "server-not-trusted", "server-not-trusted"),
}


def asking_all(world: World) -> World:
    """The world, whose app asks by all three protocols."""
    world.configured |= {"MAILCHECK_PROTOCOLS": "imap,pop,smtp", "MAILCHECK_TIMEOUT": _SECONDS}
    return world


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """A world in which nothing is wrong but with mailboxes."""
    async with asking_all(World()) as started:
        yield started


def told(report: Report) -> tuple[str, ...]:
    """What each protocol got."""
    verdicts = (each.verdict for each in report.protocols.values())
    return tuple(verdict.diagnosis.id if isinstance(verdict, Broken) else OPENS for verdict in verdicts)


def test_nothing_is_left_out() -> None:
    """The tables have every mailbox, and every state of Exchange; what passes is a test of its own."""
    assert {f"{name}@{TENANT_DOMAIN}" for name in MAILBOXES.keys() | {"flaky"}} == {
        address for address, _ in scenarios(TENANT_DOMAIN)
    }
    assert STATES.keys() == {row.name for row in SCENARIOS if row.kind is Kind.EXCHANGE}


@pytest.mark.parametrize("name", MAILBOXES)
async def test_a_mailbox_has_its_diagnosis(
    world: World, name: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """What is the matter with a mailbox is told of the protocol that it concerns, and no library complains."""
    assert told(await Checker(world, monkeypatch)(f"{name}@{TENANT_DOMAIN}")) == MAILBOXES[name]
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


@pytest.mark.parametrize("name", STATES)
async def test_a_state_of_exchange_has_its_diagnosis(
    name: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """What is the matter with Exchange as a whole is told of the healthy mailbox."""
    async with asking_all(World(scenario=name)) as world:
        assert told(await Checker(world, monkeypatch)(f"shared@{TENANT_DOMAIN}")) == STATES[name]
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


async def test_a_passing_fault_is_mended_by_a_second_try(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that is unavailable once, at the sign-in or at the listing, opens at the second try of one check."""
    assert told(await Checker(world, monkeypatch)(f"flaky@{TENANT_DOMAIN}")) == (OPENS, OPENS, OPENS)
