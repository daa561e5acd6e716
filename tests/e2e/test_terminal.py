"""The terminal command against the lab: what it prints, its exit codes, and how vault and Entra refuse."""

import datetime as dt
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from lab import tenant as ids
from lab.keyvault import Denial
from lab.pki import self_signed
from lab.world import CERTIFICATE, World
from tests.e2e.kit import Terminal

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_healthy_mailbox_is_exit_0(terminal: Terminal) -> None:
    """The report for people: verdict, times, certificate, folders."""
    ended = await terminal.run("check", "shared@contoso.com")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith("✔ shared@contoso.com opens by IMAP and POP")
    assert "days left" in ended.out
    assert "Århus" in ended.out
    assert "\x1b" not in ended.out


async def test_json_is_the_report_of_the_api(terminal: Terminal) -> None:
    """--json prints the public contract."""
    ended = await terminal.run("check", "info@contoso.com", "--json", "--protocol", "imap")
    report = json.loads(ended.out)
    assert (ended.code, report["schema"], report["status"], list(report["protocols"])) == (0, 1, "healthy", ["imap"])


@pytest.mark.parametrize("mailbox", ["no-imap@contoso.com", "not-granted@contoso.com"])
async def test_a_broken_or_degraded_mailbox_is_exit_1(terminal: Terminal, mailbox: str) -> None:
    """The evidence, the causes in order, and the commands to paste."""
    ended = await terminal.run("check", mailbox)
    assert ended.code == 1
    assert "seen: " in ended.out
    assert "1. " in ended.out
    assert f"-Identity '{mailbox}'" in ended.out


async def test_smtp_is_checked_when_asked(terminal: Terminal) -> None:
    """A sign-in by SMTP AUTH over STARTTLS; nothing is sent."""
    ended = await terminal.run("check", "info@contoso.com", "--protocol", "smtp")
    assert ended.code == 0
    assert "✔ SMTP accepted the sign-in: takes messages of up to 150 MB" in ended.out
    assert "starttls" in ended.out
    refused = await terminal.run("check", "no-smtp@contoso.com", "--protocol", "smtp")
    assert refused.code == 1
    assert "Set-CASMailbox -Identity 'no-smtp@contoso.com' -SmtpClientAuthenticationDisabled $false" in refused.out


async def test_a_certificate_that_ends_soon_is_a_notice(world: World, terminal: Terminal) -> None:
    """The mailbox is healthy, and the report says what to renew, and until when."""
    now = dt.datetime.now(dt.UTC)
    pair = self_signed("ending", not_before=now - dt.timedelta(days=80), not_after=now + dt.timedelta(days=6, hours=1))
    world.mail_app.certificates.append(pair.certificate)
    world.vault.store(CERTIFICATE, pair, form="pfx")
    ended = await terminal.run("check", "info@contoso.com")
    world.vault.store(CERTIFICATE, world.app_certificate, form="pfx")
    world.mail_app.certificates.remove(pair.certificate)
    assert ended.code == 0
    assert 'urgent: The certificate "mailcheck" expires in 6 days' in ended.out
    assert "az keyvault certificate create" in ended.out


async def test_the_canary_tells_whose_fault_it_is(terminal: Terminal) -> None:
    """A mailbox that opens beside the one that does not: the app is fine, and its grant for this mailbox is missing."""
    ended = await terminal.run("check", "not-granted@contoso.com", MAILCHECK_CANARY="info@contoso.com")
    assert ended.code == 1
    assert "canary info@contoso.com: IMAP opened, POP opened" in ended.out
    assert "1. The app has no FullAccess permission for this mailbox (likely)" in ended.out
    assert "New-ServicePrincipal" not in ended.out


async def test_another_cloud_has_commands_of_its_own(terminal: Terminal) -> None:
    """In a national cloud the commands connect to it, and the report says that its behaviour is not proven."""
    ended = await terminal.run(
        "check",
        "no-imap@contoso.com",
        MAILCHECK_CLOUD="china",
        MAILCHECK_SCOPE="https://outlook.office365.com/.default",
    )
    assert "Connect-ExchangeOnline -ExchangeEnvironmentName 'O365China'" in ended.out
    assert 'in the cloud "china"' in ended.out


@pytest.mark.parametrize(
    "arguments", [(), ("check",), ("check", "shared"), ("check", "a@b.example", "--protocol", "nntp"), ("sweep",)]
)
async def test_wrong_usage_is_exit_2(terminal: Terminal, arguments: tuple[str, ...]) -> None:
    """Wrong arguments are told on stderr, before anything is built."""
    ended = await terminal.run(*arguments)
    assert (ended.code, ended.out) == (2, "")
    assert "usage: python -m mailcheck" in ended.err


async def test_a_protocol_that_is_none_is_answered_with_those_that_are(bare_terminal: Terminal) -> None:
    """Each by what is to be typed, and nothing by what it is called in here."""
    ended = await bare_terminal.run("check", "a@b.example", "--protocol", "nntp")
    assert "'nntp'" in ended.err
    assert re.findall(r"\w+", ended.err.partition("choose from")[2]) == ["imap", "pop", "smtp"]


async def test_another_domain_is_exit_2(terminal: Terminal) -> None:
    """MAILCHECK_DOMAINS keeps other domains out."""
    ended = await terminal.run("check", "shared@contoso.com", MAILCHECK_DOMAINS="fabrikam.com")
    assert (ended.code, ended.err) == (2, "MAILCHECK_DOMAINS does not let shared@contoso.com be checked\n")


async def test_no_settings_is_exit_3(bare_terminal: Terminal) -> None:
    """Every setting that is missing is named at once."""
    ended = await bare_terminal.run("check", "shared@contoso.com")
    assert (ended.code, ended.out) == (3, "")
    for name in ("MAILCHECK_TENANT_ID", "MAILCHECK_CLIENT_ID", "MAILCHECK_VAULT_URL", "MAILCHECK_CERTIFICATE"):
        assert f"  {name}: is missing" in ended.err


async def test_help_is_exit_0(bare_terminal: Terminal) -> None:
    """--help works without settings and tells the exit codes."""
    ended = await bare_terminal.run("--help")
    assert ended.code == 0
    assert "Exit codes: 0 healthy, 1 broken or degraded, 2 usage, 3 not configured." in ended.out


@contextmanager
def _denied(world: World, denial: Denial) -> Iterator[None]:
    world.vault.deny(denial)
    yield
    world.vault.deny(None)


@contextmanager
def _newest(world: World, *, form: str = "pfx", enabled: bool = True, age: int = 0) -> Iterator[None]:
    began = dt.datetime.now(dt.UTC) - dt.timedelta(days=age, hours=1)
    pair = self_signed("other", not_before=began, not_after=began + dt.timedelta(days=90))
    content = "no certificate" if form == "text" else pair
    world.vault.store(CERTIFICATE, content, form=form, enabled=enabled)  # type: ignore[arg-type]
    yield
    world.vault.store(CERTIFICATE, world.app_certificate, form="pfx")


@contextmanager
def _app(world: World, change: Callable[[World], Callable[[], None]]) -> Iterator[None]:
    undo = change(world)
    yield
    undo()


def _disable(world: World) -> Callable[[], None]:
    world.mail_app.enabled = False
    return lambda: setattr(world.mail_app, "enabled", True)


def _without_role(world: World) -> Callable[[], None]:
    roles = world.mail_app.roles[ids.EXCHANGE_RESOURCE]
    roles.discard("IMAP.AccessAsApp")
    return lambda: roles.add("IMAP.AccessAsApp")


# what is broken in the world (or which setting is wrong) -> the diagnosis of IMAP
BROKEN_WORLDS = [
    (lambda world: _denied(world, Denial.RBAC), {}, "vault-role-missing"),
    (lambda world: _denied(world, Denial.FIREWALL), {}, "vault-firewall"),
    (lambda world: _newest(world, enabled=False), {}, "certificate-disabled"),
    (lambda world: _newest(world, form="text"), {}, "certificate-unreadable"),
    (lambda world: _newest(world, age=100), {}, "certificate-expired"),
    (_newest, {}, "certificate-not-registered"),
    (lambda world: _app(world, _disable), {}, "app-disabled"),
    (lambda world: _app(world, _without_role), {}, "imap-sign-in-refused"),
    (None, {"MAILCHECK_CERTIFICATE": "no-such-thing"}, "certificate-not-in-vault"),
    (None, {"MAILCHECK_CLIENT_ID": "99999999-aaaa-4bbb-8ccc-000000000009"}, "app-not-found"),
    (None, {"MAILCHECK_TENANT_ID": "99999999-aaaa-4bbb-8ccc-000000000009"}, "tenant-not-found"),
    (None, {"MAILCHECK_SCOPE": "https://graph.microsoft.com/.default"}, "imap-sign-in-refused"),
    (None, {"MAILCHECK_IMAP": "localhost:1"}, "server-unreachable"),
    (None, {"MAILCHECK_CA_FILE": ""}, "vault-unreachable"),
    (None, {"AZURE_CLIENT_ID": "99999999-aaaa-4bbb-8ccc-000000000009"}, "managed-identity-refused"),
]


@pytest.mark.parametrize("broken, settings, diagnosis", BROKEN_WORLDS, ids=[row[2] for row in BROKEN_WORLDS])
async def test_what_is_broken_is_named(
    world: World, terminal: Terminal, broken: Callable[[World], object] | None, settings: dict[str, str], diagnosis: str
) -> None:
    """Each fault of vault, certificate, Entra and network ends in its own diagnosis, through the genuine SDKs."""
    if broken is None:
        ended = await terminal.run("check", "info@contoso.com", "--json", **settings)
    else:
        with broken(world):  # type: ignore[attr-defined]
            ended = await terminal.run("check", "info@contoso.com", "--json", **settings)
    assert ended.code == 1, ended.err
    report = json.loads(ended.out)
    assert report["protocols"]["imap"]["diagnosis"]["id"] == diagnosis
    assert "Traceback" not in ended.err
