"""One check, with small fakes for the three outside things: what is asked, in which order, and what the report says."""

import asyncio
import datetime as dt

import pytest

from mailcheck.model.credential import Certificate, Token
from mailcheck.model.evidence import Evidence, Fault, Stage
from mailcheck.model.report import Broken, Healthy, Listing, Maildrop, NotAllowed, Status
from mailcheck.model.request import CheckRequest
from mailcheck.usecases.judging import Target
from tests.instant import instantly
from tests.usecases.kit import (
    BOTH_ROLES,
    DAY,
    IMAP,
    INBOX,
    MAILBOX,
    NOW,
    POP,
    TARGET,
    Issuer,
    Servers,
    Silent,
    Vault,
    certificate,
    checked,
    diagnosis_ids,
    token,
    use_case,
)


async def test_a_healthy_mailbox() -> None:
    """Everything opens: the report has what each protocol found, the certificate and the token's own words."""
    servers = Servers({IMAP: INBOX, POP: Maildrop(3, 1200)})
    report = await checked(use_case(servers=servers))
    assert report.status is Status.HEALTHY
    assert report.protocols[IMAP].verdict == Healthy(INBOX)
    assert report.protocols[POP].verdict == Healthy(Maildrop(3, 1200))
    assert report.certificate is not None
    assert report.certificate.days_left == 83
    assert report.token is not None
    assert report.token.roles == ("IMAP.AccessAsApp", "POP.AccessAsApp")
    assert (report.id, report.checked_at) == ("id-1", NOW)
    assert [step.name for step in report.preparation] == [Stage.VAULT, Stage.CERTIFICATE, Stage.TOKEN]
    assert servers.met == [("imap.example:993", IMAP), ("pop.example:995", POP)]


async def test_only_the_asked_protocols_are_met() -> None:
    """A protocol that was not asked for is not tried and not reported."""
    servers = Servers({POP: Maildrop(0, 0)})
    report = await checked(use_case(servers=servers), POP)
    assert list(report.protocols) == [POP]
    assert servers.met == [("pop.example:995", POP)]


async def test_protocols_are_met_at_the_same_time() -> None:
    """The second conversation begins before the first has ended."""
    barrier = asyncio.Barrier(2)

    async def meet() -> Maildrop:
        await barrier.wait()
        return Maildrop(1, 1)

    report = await checked(use_case(servers=Servers({IMAP: meet, POP: meet})))
    assert report.status is Status.HEALTHY


async def test_a_failed_certificate_stops_the_check() -> None:
    """Without a certificate Entra and the servers are left alone; every asked protocol carries the diagnosis."""
    issuer, servers = Issuer(BOTH_ROLES), Servers({})
    report = await checked(use_case(Vault(Evidence(Stage.VAULT, "ForbiddenByRbac", "no role")), issuer, servers))
    assert report.status is Status.BROKEN
    assert diagnosis_ids(report) == {IMAP: "vault-role-missing", POP: "vault-role-missing"}
    assert (issuer.asked, servers.met) == (0, [])
    assert report.certificate is None
    assert [(step.name, step.ok) for step in report.preparation] == [(Stage.VAULT, False)]


@pytest.mark.parametrize(
    "held, diagnosis, told",
    [
        (certificate(not_after=NOW - dt.timedelta(seconds=1)), "certificate-expired", "AB12, expired on 2026-11-23"),
        (certificate(not_before=NOW + DAY), "certificate-not-yet-valid", "AB12, 83 days left"),
    ],
)
async def test_validity_is_judged_here(held: Certificate, diagnosis: str, told: str) -> None:
    """The vault gives out expired and future certificates without a word, so the dates are compared before Entra."""
    issuer = Issuer(BOTH_ROLES)
    report = await checked(use_case(Vault(held), issuer))
    assert set(diagnosis_ids(report).values()) == {diagnosis}
    assert issuer.asked == 0
    assert [step.detail for step in report.preparation if step.name is Stage.CERTIFICATE] == [told]


async def test_a_failed_token_stops_the_check() -> None:
    """Without a token no server is met, but the report has the certificate's dates."""
    servers = Servers({})
    refused = Evidence(Stage.TOKEN, "AADSTS700027", "not registered")
    report = await checked(use_case(issuer=Issuer(refused), servers=servers))
    assert diagnosis_ids(report) == {IMAP: "certificate-not-registered", POP: "certificate-not-registered"}
    assert servers.met == []
    assert report.certificate is not None


async def test_one_broken_protocol_degrades() -> None:
    """IMAP refused, POP open: degraded, and the grant is ruled out, because POP has just used it."""
    refused = Evidence(Stage.AUTH, "NO", "AUTHENTICATE failed.", IMAP)
    report = await checked(use_case(servers=Servers({IMAP: refused, POP: Maildrop(1, 2)})))
    assert report.status is Status.DEGRADED
    verdict = report.protocols[IMAP].verdict
    assert isinstance(verdict, Broken)
    assert "switched off" in verdict.diagnosis.causes[0].cause
    assert not [one for one in verdict.diagnosis.causes if "FullAccess" in one.cause]


async def test_a_missing_role_is_certain() -> None:
    """A token without the protocol's role explains the refusal, whatever else may be wrong."""
    refused = Evidence(Stage.AUTH, "NO", "AUTHENTICATE failed.", IMAP)
    check = use_case(issuer=Issuer(token("POP.AccessAsApp")), servers=Servers({IMAP: refused, POP: Maildrop(1, 2)}))
    verdict = (await checked(check)).protocols[IMAP].verdict
    assert isinstance(verdict, Broken)
    assert [one.likelihood for one in verdict.diagnosis.causes] == ["certain"]
    assert "IMAP.AccessAsApp" in verdict.diagnosis.causes[0].cause


@pytest.mark.parametrize(
    "held, imap, forgotten",
    [
        (BOTH_ROLES, INBOX, 0),
        (BOTH_ROLES, Evidence(Stage.AUTH, "NO", "AUTHENTICATE failed.", IMAP), 1),
        (BOTH_ROLES, Evidence(Stage.LIST, "BAD", "User is authenticated but not connected.", IMAP), 1),
        (BOTH_ROLES, Evidence(Stage.CONNECT, Fault.REFUSED, protocol=IMAP), 0),
        (BOTH_ROLES, Evidence(Stage.LOGOUT, Fault.TIMEOUT, protocol=IMAP), 0),
        (token("POP.AccessAsApp"), INBOX, 1),
        (token("POP.AccessAsApp"), Evidence(Stage.CONNECT, Fault.REFUSED, protocol=IMAP), 1),
    ],
    ids=["healthy", "auth", "list", "connect", "logout", "role-missing", "role-missing-unmet"],
)
async def test_a_token_that_did_not_do_is_forgotten(held: Token, imap: Listing | Evidence, forgotten: int) -> None:
    """After a refusal, or without an asked role, the next check buys a token that knows what was mended meanwhile."""
    issuer = Issuer(held)
    await checked(use_case(issuer=issuer, servers=Servers({IMAP: imap, POP: Maildrop(1, 2)})))
    assert issuer.forgotten == forgotten


EXPIRED, GOOD = certificate(not_after=NOW - DAY), certificate()


@pytest.mark.parametrize(
    "held, bought, forgotten",
    [
        (GOOD, BOTH_ROLES, 0),
        (EXPIRED, BOTH_ROLES, 1),
        (Evidence(Stage.SECRET, Fault.UNREADABLE), BOTH_ROLES, 1),
        (Evidence(Stage.VAULT, "ForbiddenByRbac"), BOTH_ROLES, 0),
        (GOOD, Evidence(Stage.TOKEN, "AADSTS700027"), 1),
        (GOOD, Evidence(Stage.TOKEN, "AADSTS7000222"), 1),
        (GOOD, Evidence(Stage.TOKEN, Fault.TIMEOUT), 0),
        (GOOD, Evidence(Stage.TOKEN, "503"), 0),
    ],
)
async def test_a_credential_that_did_not_do_is_forgotten(
    held: Certificate | Evidence, bought: Token | Evidence, forgotten: int
) -> None:
    """After one out of force, or refused by Entra, the next check reads what was mended meanwhile; else it is kept."""
    vault = Vault(held)
    await checked(use_case(vault=vault, issuer=Issuer(bought)))
    assert vault.forgotten == forgotten


async def test_a_role_that_was_not_asked_for_is_not_missed() -> None:
    """A token without the role of a protocol that is not checked stays good."""
    issuer = Issuer(token("POP.AccessAsApp"))
    await checked(use_case(issuer=issuer), POP)
    assert issuer.forgotten == 0


@instantly
async def test_a_silent_vault_ends_at_the_deadline() -> None:
    """Whatever does not answer is given up at the deadline, and cancelled."""
    vault = Silent()
    quick = Target(TARGET.app, TARGET.endpoints, timeout=0.05)
    report = await asyncio.wait_for(checked(use_case(vault, target=quick)), 1)
    assert set(diagnosis_ids(report).values()) == {"vault-unreachable"}
    assert vault.cancelled


@instantly
async def test_a_conversation_that_overstays_is_given_up() -> None:
    """A transport that misses the deadline costs its own protocol the verdict, not the other's, and no more time."""
    silent = Silent()
    quick = Target(TARGET.app, TARGET.endpoints, timeout=0.05)
    check = use_case(servers=Servers({IMAP: silent, POP: Maildrop(1, 2)}), target=quick)
    report = await asyncio.wait_for(checked(check), 1)
    assert isinstance(report.protocols[POP].verdict, Healthy)
    assert isinstance(report.protocols[IMAP].verdict, Broken)
    assert silent.cancelled


async def test_an_exception_is_our_bug_with_a_reference(caplog: pytest.LogCaptureFixture) -> None:
    """An exception becomes the diagnosis our-bug; the log has the traceback under the same reference."""
    report = await checked(use_case(Vault(KeyError("planted"))))
    assert set(diagnosis_ids(report).values()) == {"our-bug"}
    verdict = report.protocols[IMAP].verdict
    assert isinstance(verdict, Broken)
    assert "id-1" in verdict.diagnosis.causes[0].fix[0]
    assert "reference id-1" in caplog.text
    assert "KeyError" in caplog.text


async def test_a_bug_between_the_parts_is_told_too(caplog: pytest.LogCaptureFixture) -> None:
    """What is wrong with the judging itself, here with a date that cannot be compared, costs no report."""
    undated = certificate(not_after=dt.datetime(2027, 1, 1))  # noqa: DTZ001 - such a date is the bug
    report = await checked(use_case(Vault(undated)))
    assert diagnosis_ids(report) == {IMAP: "our-bug", POP: "our-bug"}
    assert "TypeError" in caplog.text


async def test_a_bug_in_one_conversation_spares_the_other() -> None:
    """A protocol whose conversation raises is broken by our bug; its sibling still opens the mailbox."""

    async def stumble() -> Maildrop:
        raise ZeroDivisionError

    report = await checked(use_case(servers=Servers({IMAP: stumble, POP: Maildrop(1, 2)})))
    assert diagnosis_ids(report) == {IMAP: "our-bug"}
    assert report.status is Status.DEGRADED


async def test_other_domains_are_not_allowed() -> None:
    """With MAILCHECK_DOMAINS set, a mailbox elsewhere is refused before anything is touched."""
    issuer = Issuer(BOTH_ROLES)
    fenced = Target(TARGET.app, TARGET.endpoints, 5, frozenset({"fabrikam.com"}))
    answer = await use_case(issuer=issuer, target=fenced)(CheckRequest(MAILBOX, (IMAP,)))
    assert answer == NotAllowed(MAILBOX)
    assert issuer.asked == 0


async def test_a_cancelled_check_is_cancelled() -> None:
    """Cancellation by the caller is not an error of ours: it goes through, to the bottom."""
    vault = Silent()
    task = asyncio.ensure_future(checked(use_case(vault)))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert vault.cancelled


def test_fault_names_are_not_words_of_a_server() -> None:
    """No fault of ours looks like a code that a server gives (NO, BAD, AADSTS..., 404)."""
    for fault in Fault:
        assert fault == fault.lower()
        assert not fault.isdigit()
