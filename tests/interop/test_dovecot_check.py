"""The whole check: the lab's vault and Entra, its tokens verified by the Dovecot that others wrote, the diagnosis."""

import datetime as dt
from base64 import b64encode
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace

import pytest
import pytest_asyncio

from lab.pki import Authority
from lab.tenant import EXCHANGE_RESOURCE, MAIL_PRINCIPAL_ID
from mailcheck.model.report import Broken, Healthy, Likelihood, Listing, Maildrop, Status, Submission
from mailcheck.model.request import MailProtocol
from tests.interop.dovecot import SIZE_LIMIT, Dovecot
from tests.interop.maildir import FOLDERS, SPECIAL_FOLDERS
from tests.interop.product_kit import IMAP, POP, SMTP, Product, diagnoses
from tests.interop.tokens import ROLES, AppToken

pytestmark = [pytest.mark.interop, pytest.mark.asyncio(loop_scope="session")]

_DAY = dt.timedelta(days=1)
_HOURS = 2 * 3600  # longer than a token lives, and than Entra dates it back
_OTHER_OBJECT_ID = "99999999-aaaa-4bbb-8ccc-0000000000ee"
_REFUSED: dict[MailProtocol, str | None] = {
    IMAP: "imap-sign-in-refused",
    POP: "pop-sign-in-refused",
    SMTP: "smtp-sign-in-refused",
}


@contextmanager
def consented(product: Product, *roles: str) -> Iterator[None]:
    """The app has these application roles for Exchange, and no others."""
    kept = product.world.mail_app.roles
    product.world.mail_app.roles = {EXCHANGE_RESOURCE: set(roles)} if roles else {}
    yield
    product.world.mail_app.roles = kept


@pytest_asyncio.fixture(loop_scope="session")
async def ready(product: Product) -> AsyncIterator[Product]:
    """The product; its app has the roles of every protocol."""
    with consented(product, *ROLES):
        yield product


async def test_a_mailbox_is_opened_by_every_protocol(ready: Product, dovecot: Dovecot, mailbox: str) -> None:
    """One certificate, one token, three conversations: folders, messages, and the size of what may be handed in."""
    report = await ready.check(mailbox)
    assert report.status is Status.HEALTHY
    found = {
        protocol: one.verdict.found for protocol, one in report.protocols.items() if isinstance(one.verdict, Healthy)
    }
    folders, drop = found[IMAP], found[POP]
    assert isinstance(folders, Listing)
    assert len(folders.folders) == len({"INBOX", *FOLDERS, *SPECIAL_FOLDERS})
    assert isinstance(drop, Maildrop)
    assert drop.messages == 2
    assert found[SMTP] == Submission(SIZE_LIMIT)
    assert report.token is not None
    assert report.token.roles == tuple(sorted(ROLES))
    assert dovecot.verdicts(mailbox) == ["ok"] * 3


@pytest.mark.parametrize(
    "ahead, reason", [pytest.param(_HOURS, "exp", id="expired"), pytest.param(-_HOURS, "nbf", id="not yet valid")]
)
async def test_a_token_out_of_its_time_is_refused(
    ahead: int, reason: str, ready: Product, dovecot: Dovecot, mailbox: str
) -> None:
    """Where the server's clock and Entra's disagree, a good token is refused, in the words of any refusal."""
    with dovecot.clock_ahead(ahead):
        report = await ready.check(mailbox)
    assert (report.status, diagnoses(report)) == (Status.BROKEN, _REFUSED)
    assert dovecot.verdicts(mailbox) == [reason] * 3


async def test_a_token_for_another_resource_is_refused(ready: Product, dovecot: Dovecot, mailbox: str) -> None:
    """MAILCHECK_SCOPE of another service: the first cause is the audience, whatever the protocol."""
    report = await ready.check(mailbox, MAILCHECK_SCOPE="https://graph.microsoft.com/.default")
    assert (report.status, diagnoses(report)) == (Status.BROKEN, _REFUSED)
    for one in report.protocols.values():
        assert isinstance(one.verdict, Broken)
        assert one.verdict.diagnosis.causes[0].cause.startswith("The token is for https://graph.microsoft.com, not for")
    assert dovecot.verdicts(mailbox) == ["aud"] * 3


@pytest.mark.parametrize("missing", list(MailProtocol))
async def test_a_missing_role_closes_its_own_protocol(
    missing: MailProtocol, product: Product, dovecot: Dovecot, mailbox: str
) -> None:
    """The other two open the mailbox. For IMAP and POP the missing role is certain to be the cause.

    SMTP has a second set-up in Exchange that needs no role, and so nothing is certain there.
    """
    with consented(product, *(role for role in ROLES if role != missing.role)):
        report = await product.check(mailbox)
    assert report.status is Status.DEGRADED
    assert diagnoses(report) == {**dict.fromkeys(MailProtocol), missing: _REFUSED[missing]}
    verdict = report.protocols[missing].verdict
    assert isinstance(verdict, Broken)
    first = verdict.diagnosis.causes[0]
    if missing is SMTP:
        assert first.likelihood is Likelihood.LIKELY
        assert first.cause.endswith("the token lacks SMTP.SendAsApp")
    else:
        assert first.likelihood is Likelihood.CERTAIN
        assert first.cause == f"The token lacks the application role {missing.role}"
    assert sorted(dovecot.verdicts(mailbox)) == ["ok", "ok", "roles"]


async def test_without_consent_every_protocol_is_refused(product: Product, mailbox: str) -> None:
    """A token without any role opens nothing."""
    with consented(product):
        report = await product.check(mailbox)
    assert (report.status, diagnoses(report)) == (Status.BROKEN, _REFUSED)


@pytest.mark.parametrize("app", [None, _OTHER_OBJECT_ID], ids=["not granted", "granted to another object id"])
async def test_a_mailbox_without_a_grant_is_refused(
    app: str | None, ready: Product, dovecot: Dovecot, mailbox: str
) -> None:
    """The permission is missing, or was given to another object id: it is likely, and not certain, that this is why."""
    dovecot.revoke(mailbox)
    if app:
        dovecot.grant(mailbox, app)
    report = await ready.check(mailbox)
    assert (report.status, diagnoses(report)) == (Status.BROKEN, _REFUSED)
    for one in report.protocols.values():
        assert isinstance(one.verdict, Broken)
        first = one.verdict.diagnosis.causes[0]
        assert first.likelihood is Likelihood.LIKELY
        assert f"Add-MailboxPermission -Identity '{mailbox}' -User '{MAIL_PRINCIPAL_ID}' -AccessRights FullAccess" in (
            first.fix
        )
    assert dovecot.verdicts(mailbox) == ["grant"] * 3


@pytest.mark.parametrize(
    "known, causes",
    [
        pytest.param(
            True,
            dict.fromkeys(MailProtocol, "The app has no FullAccess permission for this mailbox"),
            id="the canary opens",
        ),
        pytest.param(
            False, dict.fromkeys(MailProtocol, "Exchange does not know the app"), id="the canary is refused too"
        ),
    ],
)
async def test_the_canary_narrows_a_refusal(
    known: bool, causes: dict[MailProtocol, str], ready: Product, dovecot: Dovecot, mailbox: str
) -> None:
    """A second mailbox, which is known to open, tells what concerns this mailbox from what concerns the app."""
    canary = f"canary-{known}@contoso.com"
    dovecot.add_mailbox(canary, folders=())
    if known:
        dovecot.grant(canary)
    dovecot.revoke(mailbox)
    report = await ready.check(mailbox, MAILCHECK_CANARY=canary)
    assert (report.status, diagnoses(report)) == (Status.BROKEN, _REFUSED)
    for protocol, one in report.protocols.items():
        assert isinstance(one.verdict, Broken)
        first = one.verdict.diagnosis.causes[0]
        assert first.likelihood is Likelihood.LIKELY
        assert first.cause.startswith(causes[protocol])
    assert set(dovecot.verdicts(canary)) == {"ok" if known else "grant"}
    dovecot.remove_mailbox(canary)


@pytest.mark.parametrize(
    "fields, expected",
    [
        pytest.param(
            {"userdb_mail": "unknown:x"},
            {IMAP: "server-closed", POP: "server-closed", SMTP: "smtp-busy"},
            id="OK to the token, then BYE",
        ),
        pytest.param(
            {"userdb_mail": "maildir:/proc/nonexistent/x"},
            {IMAP: None, POP: "server-unavailable", SMTP: None},
            id="+OK, then SYS/TEMP",
        ),
        pytest.param(
            {"unavailable": "y"},
            {IMAP: "server-unavailable", POP: "server-unavailable", SMTP: "smtp-busy"},
            id="UNAVAILABLE",
        ),
    ],
)
async def test_a_fault_behind_a_good_token_is_not_called_a_refusal(
    fields: dict[str, str],
    expected: dict[MailProtocol, str | None],
    ready: Product,
    dovecot: Dovecot,
    mailbox: str,
) -> None:
    """The server took the token and could not open the mailbox: nobody is told to look at consents and grants."""
    dovecot.grant(mailbox, **fields)
    report = await ready.check(mailbox)
    assert diagnoses(report) == expected
    assert set(dovecot.verdicts(mailbox)) == {"ok"}  # for each protocol once, or twice


async def test_a_server_of_an_unknown_authority_is_not_trusted(ready: Product, mailbox: str) -> None:
    """Without it in MAILCHECK_CA_FILE, vault and Entra are met, and no mail server is believed."""
    report = await ready.check(mailbox, MAILCHECK_CA_FILE=ready.world.settings()["MAILCHECK_CA_FILE"])
    assert report.token is not None
    assert diagnoses(report) == dict.fromkeys(MailProtocol, "server-not-trusted")


@pytest.mark.parametrize(
    "hosts, ends, configuration, expected",
    [
        pytest.param(("localhost",), -_DAY, "", "server-not-trusted", id="expired certificate"),
        pytest.param(("mail.example",), _DAY, "", "server-not-trusted", id="certificate of another host"),
        pytest.param(("localhost",), _DAY, "auth_mechanisms = plain\n", "no-xoauth2", id="no XOAUTH2"),
        pytest.param(None, _DAY, "", "server-unreachable", id="not there"),
    ],
)
async def test_a_server_in_another_state_has_its_diagnosis(
    hosts: tuple[str, ...] | None,
    ends: dt.timedelta,
    configuration: str,
    expected: str,
    ready: Product,
    authority: Authority,
    app_token: AppToken,
) -> None:
    """Before any token is sent, each protocol names what is wrong with the server and not with the app."""
    end = dt.datetime.now(dt.UTC) + ends
    certificate = authority.issue(hosts or ("localhost",), not_before=end - 10 * _DAY, not_after=end)
    with Dovecot(authority, app_token.key, certificate=certificate, configuration=configuration) as server:
        if not hosts:
            server.kill()
        report = await replace(ready, server=server).check("shared@contoso.com")
        assert server.verdicts("shared@contoso.com") == []
    assert (report.status, diagnoses(report)) == (Status.BROKEN, dict.fromkeys(MailProtocol, expected))


@pytest.mark.parametrize("broken", ["role", "grant"])
async def test_what_is_mended_opens_at_the_next_check(
    broken: str, product: Product, dovecot: Dovecot, mailbox: str
) -> None:
    """The same process checks again after the consent, or the permission, was given: no old token stands in the way."""
    by = product.build()
    missing: AbstractContextManager[None] = nullcontext()
    if broken == "role":
        missing = consented(product, *ROLES[1:])
    else:
        dovecot.revoke(mailbox)
    with consented(product, *ROLES):
        with missing:
            assert (await product.check(mailbox, by=by)).status is not Status.HEALTHY
        dovecot.grant(mailbox)
        assert (await product.check(mailbox, by=by)).status is Status.HEALTHY


async def test_a_report_holds_no_token(ready: Product, mailbox: str) -> None:
    """Neither the token nor what carried it to the servers is in a whole report, taken or refused."""
    minted = ready.world.entra.mint(ready.world.mail_app, EXCHANGE_RESOURCE)
    header = minted.partition(".")[0]  # the same in every token of this Entra
    for address in (mailbox, "nobody@contoso.com"):
        carried = f"user={address}\x01auth=Bearer {header}".encode()
        whole = carried[: len(carried) // 3 * 3]  # base64 of whole groups does not depend on what follows
        shown = repr(await ready.check(address))
        assert "withheld" in shown
        assert header not in shown
        assert b64encode(whole).decode() not in shown
