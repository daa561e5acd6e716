"""What whoever asks for a check can watch, and what it is told when it cannot wait for the end."""

import asyncio
from dataclasses import replace

import pytest

from mailcheck.model.evidence import Evidence, Fault, Stage
from mailcheck.model.progress import Ended, Entered, Moment
from mailcheck.model.report import Broken, Healthy, Maildrop, Report, Waiting
from mailcheck.model.request import CheckRequest, Mailbox, MailProtocol
from tests.instant import instantly
from tests.usecases.kit import IMAP, INBOX, MAILBOX, POP, TARGET, Issuer, Servers, Silent, Vault, certificate, use_case

_REFUSED = Evidence(Stage.AUTH, "NO", "AUTHENTICATE failed.", IMAP)


async def _asked(moments: list[Moment], **surroundings: object) -> Report:
    check = use_case(**surroundings)  # type: ignore[arg-type]
    report = await check(CheckRequest(MAILBOX, (IMAP, POP)), watch=moments.append)
    assert isinstance(report, Report)
    return report


async def test_each_stage_and_each_end_is_told() -> None:
    """Vault and token first, then what each conversation enters, and how it ended."""
    moments: list[Moment] = []
    await _asked(moments, servers=Servers({IMAP: INBOX, POP: replace(_REFUSED, protocol=POP)}))
    assert moments[:2] == [Entered(Stage.VAULT), Entered(Stage.TOKEN)]
    assert sorted(map(str, moments[2:])) == sorted(
        map(
            str, [Entered(Stage.TLS, IMAP), Entered(Stage.TLS, POP), Ended(IMAP, opened=True), Ended(POP, opened=False)]
        )
    )


async def test_the_canary_is_not_told() -> None:
    """The canary is tried for the diagnosis: to whoever watches, the mailbox in question is all there is."""
    moments: list[Moment] = []
    target = replace(TARGET, canary=Mailbox("canary@contoso.com"))
    servers = Servers({IMAP: _REFUSED, POP: Maildrop(0, 0)}, canary={IMAP: INBOX})
    report = await _asked(moments, servers=servers, target=target)
    assert report.canary is not None
    assert moments.count(Entered(Stage.TLS, IMAP)) == 1
    assert moments.count(Ended(IMAP, opened=False)) == 1


async def test_without_a_credential_no_server_is_entered() -> None:
    """Where the vault says no, that stage is the last."""
    moments: list[Moment] = []
    await _asked(moments, vault=Vault(Evidence(Stage.VAULT, "SecretNotFound")))
    assert moments == [Entered(Stage.VAULT)]


async def _within(seconds: float, **surroundings: object) -> tuple[Report, float]:
    loop = asyncio.get_running_loop()
    started = loop.time()
    check = use_case(target=replace(TARGET, timeout=60), **surroundings)  # type: ignore[arg-type]
    report = await check(CheckRequest(MAILBOX, (IMAP, POP)), deadline=started + seconds)
    assert isinstance(report, Report)
    return report, loop.time() - started


async def _too_late() -> Evidence:
    await asyncio.sleep(0.2)
    return Evidence(Stage.AUTH, Fault.TIMEOUT, protocol=POP)


@instantly
async def test_what_is_not_known_in_time_is_told_as_waited_for() -> None:
    """One protocol opened, the other server was silent: whose answer is waited for, where, and for how long already."""
    report, _ = await _within(0.2, servers=Servers({IMAP: INBOX, POP: _too_late}))
    assert report.protocols[IMAP].verdict == Healthy(INBOX)
    assert report.protocols[IMAP].waiting is None
    pop = report.protocols[POP]
    assert isinstance(pop.verdict, Broken)
    assert isinstance(pop.waiting, Waiting)
    assert (pop.waiting.stage, pop.waiting.whom) == (Stage.AUTH, "pop.example:995")
    assert pop.waiting.seconds == pytest.approx(0.2)


@pytest.mark.parametrize("silent, whom", [("vault", "Key Vault"), ("issuer", "Entra")])
@instantly
async def test_a_silent_vault_or_entra_is_waited_for(silent: str, whom: str) -> None:
    """Before any server is met it is the vault or Entra that is waited for, for every protocol asked."""
    surroundings = {"vault": Silent() if silent == "vault" else Vault(certificate())}
    if silent == "issuer":
        surroundings["issuer"] = _SilentIssuer()  # type: ignore[assignment]
    report, took = await _within(0.1, **surroundings)
    waiting = [one.waiting for one in report.protocols.values()]
    assert [one.whom for one in waiting if one] == [whom, whom]
    assert took == pytest.approx(0.1), "the check's own timeout is 60 seconds"


class _SilentIssuer(Issuer):
    """Entra that never answers."""

    def __init__(self) -> None:
        super().__init__(Evidence(Stage.TOKEN, "unused"))

    async def token(self, _credential: object) -> Evidence:
        return await Silent()()


@pytest.mark.parametrize("where", ["vault", "server"])
@instantly
async def test_what_was_given_up_before_is_a_verdict(where: str) -> None:
    """A vault that was not heard in the time that it is given, with more of it left: nobody waits for it any more."""
    given_up = Evidence(Stage.VAULT, Fault.TIMEOUT)
    vault = Vault(given_up if where == "vault" else certificate())
    servers = Servers({IMAP: Evidence(Stage.CONNECT, Fault.TIMEOUT, protocol=IMAP), POP: Maildrop(0, 0)})
    report, took = await _within(30, vault=vault, servers=servers)
    assert took == 0
    assert isinstance(report.protocols[IMAP].verdict, Broken)
    assert report.protocols[IMAP].waiting is None


@pytest.mark.parametrize("seconds", [61, 600])
async def test_a_deadline_after_the_timeout_changes_nothing(seconds: float) -> None:
    """The check's own timeout is a verdict: nothing is waited for then."""
    timed_out = Evidence(Stage.CONNECT, Fault.TIMEOUT, protocol=IMAP)
    report, _ = await _within(seconds, servers=Servers({IMAP: timed_out, POP: Maildrop(0, 0)}))
    assert report.protocols[IMAP].waiting is None


@instantly
async def test_a_deadline_after_the_timeout_does_not_lengthen_a_check() -> None:
    """A silent vault is given up when the check's own timeout has passed, and that is a verdict."""
    check = use_case(vault=Silent(), target=replace(TARGET, timeout=0.05))
    later = asyncio.get_running_loop().time() + 60
    report = await asyncio.wait_for(check(CheckRequest(MAILBOX, (IMAP,)), deadline=later), 10)
    assert isinstance(report, Report)
    assert isinstance(report.protocols[IMAP].verdict, Broken)
    assert report.protocols[IMAP].waiting is None


async def test_a_refusal_in_a_short_check_is_a_verdict() -> None:
    """Only what timed out is waited for: a refusal stays one."""
    report, _ = await _within(5, servers=Servers({IMAP: _REFUSED, POP: Maildrop(0, 0)}))
    assert report.protocols[IMAP].waiting is None


async def test_only_the_asked_protocols_are_watched() -> None:
    """A check by POP says nothing of IMAP."""
    moments: list[Moment] = []
    await use_case()(CheckRequest(MAILBOX, (MailProtocol.POP,)), watch=moments.append)
    assert {moment.protocol for moment in moments} == {None, POP}
