"""The product's own dialogues, through its genuine transport, against the Dovecot that others wrote."""

import asyncio
import datetime as dt
import json
import ssl
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from lab.signing import SigningKey
from lab.tenant import MAIL_CLIENT_ID, TENANT_ID
from mailcheck.adapters.entra import read_claims
from mailcheck.adapters.transport import MailTransport
from mailcheck.adapters.trust import tls_context
from mailcheck.model.credential import Certificate, Credential, Token
from mailcheck.model.evidence import Evidence, Fault, Stage
from mailcheck.model.report import Broken, Folder, Healthy, Likelihood, Listing, Maildrop, Opened, Report, Status
from mailcheck.model.request import App, CheckRequest, Endpoint, Mailbox, MailProtocol
from mailcheck.model.secret import Secret
from mailcheck.protocol import DIALOGUES
from mailcheck.protocol.effects import Conversation
from mailcheck.usecases.check import CheckMailbox, Target
from tests.interop.dovecot import FOLDERS, SPECIAL_FOLDERS, Dovecot
from tests.interop.foreign import TIMEOUT, sasl
from tests.interop.tokens import AppToken

pytestmark = pytest.mark.interop

IMAP, POP = MailProtocol.IMAP, MailProtocol.POP
_BOTH = pytest.mark.parametrize("protocol", list(MailProtocol))
_NOW = dt.datetime(2026, 11, 23, 18, 41, 22, tzinfo=dt.UTC)
_ISSUED = 1_700_000_000  # some time in 2023
_CHALLENGE = {"status": "401", "schemes": "bearer", "scope": "mail"}
_REFUSAL = {
    IMAP: ("NO", "[AUTHENTICATIONFAILED] Authentication failed.", {"code": "AUTHENTICATIONFAILED"}),
    POP: ("-ERR", "[AUTH] Authentication failed.", {"code": "AUTH"}),
}
_FAULTS = [
    pytest.param({"exp": _ISSUED}, id="expired"),
    pytest.param({"aud": "https://graph.microsoft.com"}, id="wrong audience"),
    pytest.param({"roles": ["SMTP.SendAsApp"]}, id="missing role"),
    pytest.param({"oid": "99999999-aaaa-4bbb-8ccc-0000000000ee"}, id="not granted"),
]
# Fields of a grant that let the sign-in through and break what comes after it (Dovecot's userdb extra fields).
_STORE_IS_GONE = {"userdb_mail": "maildir:/proc/nonexistent/x"}
_STORE_IS_UNKNOWN = {"userdb_mail": "unknown:x"}
_USER_IS_FORBIDDEN = {"userdb_uid": "0"}
# Diagnosis, likelihood of its first cause, and how that cause begins.
_NOT_GRANTED = "The app may not open this mailbox"
_IMAP_ROLE = ("imap-sign-in-refused", Likelihood.CERTAIN, "The token lacks the application role IMAP.AccessAsApp")
_POP_ROLE = ("pop-sign-in-refused", Likelihood.CERTAIN, "The token lacks the application role POP.AccessAsApp")


@dataclass(frozen=True)
class Mail:
    """The product's transport, bound to one server."""

    transport: MailTransport
    endpoints: Mapping[MailProtocol, Endpoint]

    async def open(self, protocol: MailProtocol, mailbox: str, token: str) -> Conversation[Opened]:
        """One conversation, as the use case has it."""
        address, secret = Mailbox.parse(mailbox), Secret(token)
        assert isinstance(address, Mailbox)
        dialogue = DIALOGUES[protocol](address, secret)
        deadline = asyncio.get_running_loop().time() + TIMEOUT
        return await self.transport.converse(
            self.endpoints[protocol], protocol, dialogue, deadline=deadline, secrets=(secret,)
        )


class Vault:
    """A certificate source: some certificate in force, for nobody here signs with it."""

    async def credential(self) -> Certificate | Evidence:
        day = dt.timedelta(days=1)
        return Certificate(Secret("no key"), "no certificate", "AB12", _NOW - day, _NOW + 83 * day, "1")


class Issuer:
    """A token issuer that gives this token."""

    def __init__(self, token: str) -> None:
        self._token = token

    async def token(self, credential: Credential) -> Token | Evidence:
        assert isinstance(credential, Certificate)
        assert credential.thumbprint == "AB12"
        claims = read_claims(self._token)
        assert claims is not None
        return Token(Secret(self._token), claims)

    def forget(self) -> None:
        """It keeps nothing."""


@pytest.fixture(scope="session")
def trust(dovecot: Dovecot) -> ssl.SSLContext:
    """The product's TLS context with this server's authority among its anchors."""
    return tls_context(dovecot.ca_file)


@pytest.fixture
def mail(dovecot: Dovecot, trust: ssl.SSLContext) -> Mail:
    """The product's way to this server."""
    endpoints = {IMAP: Endpoint("localhost", dovecot.imap_port), POP: Endpoint("localhost", dovecot.pop_port)}
    return Mail(MailTransport(trust), endpoints)


def refused(protocol: MailProtocol) -> Evidence:
    """What Dovecot's refusal must become: its code and sentence, and the challenge before it."""
    signal, said, code = _REFUSAL[protocol]
    return Evidence(Stage.AUTH, signal, said, protocol, {**_CHALLENGE, **code})


async def check(mail: Mail, mailbox: str, token: str) -> Report:
    """The whole use case, by both protocols."""
    target = Target(App(TENANT_ID, MAIL_CLIENT_ID, "https://v.example", "mailcheck"), mail.endpoints, TIMEOUT)
    address = Mailbox.parse(mailbox)
    assert isinstance(address, Mailbox)
    use_case = CheckMailbox(target, Vault(), Issuer(token), mail.transport, now=lambda: _NOW, new_id=lambda: "an-id")
    report = await use_case(CheckRequest(address, (IMAP, POP)))
    assert isinstance(report, Report)
    return report


async def test_imap_lists_the_folders_that_were_created(mail: Mail, mailbox: str, app_token: AppToken) -> None:
    """Paths and roles equal what was created: nested, in other alphabets, with quotes, spaces, dots and slashes."""
    outcome = (await mail.open(IMAP, mailbox, app_token())).outcome
    assert isinstance(outcome, Listing)
    assert outcome.unreadable == 0
    assert len(outcome.folders) == len(set(outcome.folders))
    assert set(outcome.folders) == {
        Folder(("INBOX",), "inbox"),
        *(Folder(tuple(name.split("/"))) for name in FOLDERS),
        *(Folder((name,), attribute.removeprefix("\\").lower()) for name, attribute in SPECIAL_FOLDERS.items()),
    }


async def test_pop_counts_the_messages(mail: Mail, mailbox: str, app_token: AppToken) -> None:
    """STAT's two messages, and their size."""
    outcome = (await mail.open(POP, mailbox, app_token())).outcome
    assert isinstance(outcome, Maildrop)
    assert outcome.messages == 2
    assert outcome.octets > 0


@_BOTH
async def test_stages_and_farewell_are_in_the_record(
    protocol: MailProtocol, mail: Mail, mailbox: str, app_token: AppToken
) -> None:
    """A good conversation passes every stage that it needs, over TLS 1.3, and ends with a farewell."""
    conversation = await mail.open(protocol, mailbox, app_token())
    asked = (Stage.CAPABILITY,) if protocol is POP else ()  # IMAP's greeting tells them
    assert tuple(step.name for step in conversation.steps) == (
        Stage.DNS, Stage.CONNECT, Stage.TLS, Stage.GREETING, *asked, Stage.AUTH, Stage.LIST, Stage.LOGOUT,
    )  # fmt: skip
    assert all(step.ok for step in conversation.steps)
    assert next(step.detail for step in conversation.steps if step.name is Stage.TLS).startswith("TLSv1.3 ")
    assert conversation.transcript[-1] == ("C: A3 LOGOUT" if protocol is IMAP else "C: QUIT")


@pytest.mark.parametrize("fault", _FAULTS)
@_BOTH
async def test_a_refusal_is_evidence_with_its_challenge(
    protocol: MailProtocol, fault: dict[str, Any], mail: Mail, mailbox: str, app_token: AppToken
) -> None:
    """Whatever is wrong with the token, the server's code, its sentence and the challenge before it are kept."""
    conversation = await mail.open(protocol, mailbox, app_token(**fault))
    assert conversation.outcome == refused(protocol)
    assert conversation.steps[-1].name is Stage.AUTH
    assert not conversation.steps[-1].ok


@_BOTH
async def test_a_foreign_signature_is_refused_alike(
    protocol: MailProtocol, mail: Mail, mailbox: str, app_token: AppToken
) -> None:
    """The right claims under another key give the same evidence."""
    token = app_token(signed_by=SigningKey.generate())
    assert (await mail.open(protocol, mailbox, token)).outcome == refused(protocol)


@_BOTH
async def test_an_unknown_mailbox_is_refused_alike(protocol: MailProtocol, mail: Mail, app_token: AppToken) -> None:
    """A mailbox that does not exist gives the same evidence as one without a grant."""
    assert (await mail.open(protocol, "nobody@contoso.com", app_token())).outcome == refused(protocol)


@_BOTH
async def test_the_challenge_is_answered_with_an_empty_line(
    protocol: MailProtocol, dovecot: Dovecot, mail: Mail, mailbox: str, app_token: AppToken
) -> None:
    """The token goes out once; the error challenge gets an empty line, and then comes the refusal."""
    transcript = (await mail.open(protocol, mailbox, app_token(exp=_ISSUED))).transcript
    challenge, answer, refusal = transcript[-3:]
    assert json.loads(b64decode(challenge.removeprefix("S: + "))) == _CHALLENGE
    assert answer == "C: "
    assert refusal.removeprefix("S: ").removeprefix("A1 ") == " ".join(_REFUSAL[protocol][:2])
    assert len([line for line in transcript if "withheld" in line]) == 1
    assert dovecot.verdicts(mailbox) == ["exp"]


@pytest.mark.parametrize("claims", [pytest.param({}, id="taken"), pytest.param({"exp": _ISSUED}, id="refused")])
@_BOTH
async def test_no_token_is_in_the_conversation(
    protocol: MailProtocol, claims: dict[str, Any], mail: Mail, mailbox: str, app_token: AppToken
) -> None:
    """Neither the token, nor its parts, nor the base64 that carried it show in transcript, steps or outcome."""
    token = app_token(**claims)
    shown = repr(await mail.open(protocol, mailbox, token))
    for secret in (*token.split("."), b64encode(sasl(mailbox, token)).decode()):
        assert secret not in shown
        assert secret[-40:] not in shown


@pytest.mark.parametrize(
    "protocol, fields, seen",
    [
        pytest.param(IMAP, _STORE_IS_UNKNOWN, (Stage.LIST, "BYE", None), id="IMAP: BYE in place of a listing"),
        pytest.param(IMAP, _USER_IS_FORBIDDEN, (Stage.LIST, "BYE", None), id="IMAP: OK to the token, then BYE"),
        pytest.param(POP, _STORE_IS_GONE, (Stage.LIST, "-ERR", "SYS/TEMP"), id="POP: no count"),
        pytest.param(POP, _USER_IS_FORBIDDEN, (Stage.AUTH, "-ERR", "SYS/TEMP"), id="POP: a fault in place of +OK"),
        pytest.param(POP, _STORE_IS_UNKNOWN, (Stage.LIST, Fault.CLOSED, None), id="POP: hangs up"),
    ],
)
async def test_a_fault_after_the_sign_in_has_its_own_evidence(
    protocol: MailProtocol,
    fields: dict[str, str],
    seen: tuple[Stage, str, str | None],
    dovecot: Dovecot,
    mail: Mail,
    mailbox: str,
    app_token: AppToken,
) -> None:
    """A token that was taken and a mailbox that does not open is no refusal: stage, signal and code say so."""
    dovecot.grant(mailbox, **fields)
    outcome = (await mail.open(protocol, mailbox, app_token())).outcome
    assert isinstance(outcome, Evidence)
    assert (outcome.stage, outcome.signal, outcome.details.get("code")) == seen
    assert "status" not in outcome.details  # no challenge came before it
    assert dovecot.verdicts(mailbox) == ["ok"]


async def test_a_healthy_mailbox_is_healthy(mail: Mail, mailbox: str, app_token: AppToken) -> None:
    """The use case opens the mailbox by both protocols at the same time."""
    report = await check(mail, mailbox, app_token())
    assert report.status is Status.HEALTHY
    assert report.token is not None
    assert report.token.roles == ("IMAP.AccessAsApp", "POP.AccessAsApp")


@pytest.mark.parametrize(
    "claims, status, diagnoses",
    [
        pytest.param({"roles": None}, Status.BROKEN, {IMAP: _IMAP_ROLE, POP: _POP_ROLE}, id="role missing"),
        pytest.param(
            {"oid": "99999999-aaaa-4bbb-8ccc-0000000000ee"},
            Status.BROKEN,
            {
                IMAP: ("imap-sign-in-refused", Likelihood.LIKELY, _NOT_GRANTED),
                POP: ("pop-sign-in-refused", Likelihood.LIKELY, _NOT_GRANTED),
            },
            id="not granted",
        ),
        pytest.param({"roles": ["IMAP.AccessAsApp"]}, Status.DEGRADED, {IMAP: None, POP: _POP_ROLE}, id="POP revoked"),
        pytest.param({"roles": ["POP.AccessAsApp"]}, Status.DEGRADED, {IMAP: _IMAP_ROLE, POP: None}, id="IMAP revoked"),
    ],
)
async def test_a_refused_app_gets_its_diagnosis(
    claims: dict[str, Any],
    status: Status,
    diagnoses: Mapping[MailProtocol, tuple[str, Likelihood, str] | None],
    mail: Mail,
    mailbox: str,
    app_token: AppToken,
) -> None:
    """The same refusal on the wire is told apart by what the token says: a missing role is certain."""
    report = await check(mail, mailbox, app_token(**claims))
    assert report.status is status
    for protocol, expected in diagnoses.items():
        verdict = report.protocols[protocol].verdict
        if expected is None:
            assert isinstance(verdict, Healthy)
        else:
            assert isinstance(verdict, Broken)
            name, likelihood, cause = expected
            first = verdict.diagnosis.causes[0]
            assert (verdict.diagnosis.id, first.likelihood) == (name, likelihood)
            assert first.cause.startswith(cause)
