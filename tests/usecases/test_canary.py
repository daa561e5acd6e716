"""The canary: a mailbox that is known to open tells whether it is this mailbox, this app, or Microsoft today."""

import dataclasses

import pytest

from mailcheck.model.evidence import Evidence, Fault, Stage
from mailcheck.model.report import Broken, CanaryOutcome, Maildrop
from mailcheck.model.request import Endpoint, Mailbox, MailProtocol
from tests.usecases.kit import IMAP, INBOX, MAILBOX, POP, TARGET, Servers, checked, use_case

CANARY = Mailbox("canary@contoso.com")
WATCHED = dataclasses.replace(TARGET, canary=CANARY)
REFUSED = Evidence(Stage.AUTH, "NO", "AUTHENTICATE failed.", IMAP)
UNREACHED = Evidence(Stage.CONNECT, Fault.REFUSED, protocol=IMAP)
SILENT = Evidence(Stage.AUTH, Fault.TIMEOUT, protocol=IMAP)
THROTTLED = Evidence(Stage.AUTH, Fault.THROTTLED, protocol=IMAP)
UNAVAILABLE = Evidence(Stage.AUTH, "NO", "Server Unavailable. 15", IMAP)
IN_USE = Evidence(Stage.AUTH, "NO", "[INUSE] Somebody is in there.", IMAP, {"code": "INUSE"})
NOT_LISTED = Evidence(Stage.LIST, "NO", "LIST failed.", IMAP)


@pytest.mark.parametrize(
    "met, outcome",
    [
        (INBOX, CanaryOutcome.OPENED),
        (REFUSED, CanaryOutcome.REFUSED),
        (UNREACHED, CanaryOutcome.UNKNOWN),
        (THROTTLED, CanaryOutcome.UNKNOWN),
        (UNAVAILABLE, CanaryOutcome.UNKNOWN),
        (IN_USE, CanaryOutcome.UNKNOWN),
        (NOT_LISTED, CanaryOutcome.UNKNOWN),
    ],
    ids=["opened", "refused", "unreached", "throttled", "unavailable", "in-use", "not-listed"],
)
async def test_a_refusal_has_the_canary_tried(met: object, outcome: CanaryOutcome) -> None:
    """By the protocol that refused, and by no other; its own talk is not on record.

    It is refused too only where it was judged: a server that is not available, or that signed the app in, did not.
    """
    servers = Servers({IMAP: REFUSED, POP: Maildrop(1, 2)}, canary={IMAP: met})
    report = await checked(use_case(servers=servers, target=WATCHED))
    assert report.canary is not None
    assert report.canary.mailbox == CANARY
    assert dict(report.canary.outcomes) == {IMAP: outcome}
    assert set(servers.strangers) == {CANARY.address}  # once, or twice where what it met may pass
    assert report.protocols[IMAP].transcript == ("S: * OK",)


@pytest.mark.parametrize(
    "imap", [INBOX, UNREACHED, THROTTLED, SILENT], ids=["healthy", "unreached", "throttled", "silent"]
)
async def test_there_is_nothing_to_ask_the_canary(imap: object) -> None:
    """Where there is no refusal there is nothing to narrow, and a throttled app is not to ask for another mailbox."""
    servers = Servers({IMAP: imap}, canary={IMAP: INBOX})
    report = await checked(use_case(servers=servers, target=WATCHED), IMAP)
    assert report.canary is None
    assert servers.strangers == []


async def test_the_canary_is_not_its_own() -> None:
    """A check of the canary itself tries it once."""
    servers = Servers({IMAP: REFUSED})
    target = dataclasses.replace(TARGET, canary=MAILBOX)
    report = await checked(use_case(servers=servers, target=target), IMAP)
    assert report.canary is None
    assert servers.met == [("imap.example:993", MailProtocol.IMAP)]


@pytest.mark.parametrize(
    "met, present, absent",
    [(INBOX, "FullAccess", "MAILCHECK_SCOPE"), (REFUSED, "", "switched off for this mailbox")],
    ids=["opened", "refused"],
)
async def test_the_canary_narrows_the_causes(met: object, present: str, absent: str) -> None:
    """It opens: the app is fine, and it is this mailbox. It is refused too: it is not this mailbox's own switch."""
    servers = Servers({IMAP: REFUSED}, canary={IMAP: met})
    verdict = (await checked(use_case(servers=servers, target=WATCHED), IMAP)).protocols[IMAP].verdict
    assert isinstance(verdict, Broken)
    causes = [one.cause for one in verdict.diagnosis.causes]
    assert any(present in one for one in causes)
    assert not any(absent in one for one in causes)


async def test_an_smtp_server_that_says_later_is_not_asked_for_another_mailbox() -> None:
    """4yz is no refusal (RFC 5321 section 4.2.1); 5yz is."""
    for signal, asked in (("432", 0), ("454", 0), ("535", 1)):
        refused = Evidence(Stage.AUTH, signal, protocol=MailProtocol.SMTP)
        servers = Servers({MailProtocol.SMTP: refused}, canary={MailProtocol.SMTP: refused})
        target = dataclasses.replace(WATCHED, endpoints={MailProtocol.SMTP: Endpoint("smtp.example", 587)})
        await checked(use_case(servers=servers, target=target), MailProtocol.SMTP)
        assert len(servers.strangers) == asked, signal
