"""The product's own dialogues, through its genuine transport, against the Dovecot that others wrote."""

import json
from base64 import b64decode, b64encode
from typing import Any

import pytest

from lab.signing import SigningKey
from mailcheck.model.evidence import Evidence, Fault, Stage
from mailcheck.model.report import Folder, Listing, Maildrop, Submission
from mailcheck.model.request import MailProtocol
from tests.interop.dovecot import SIZE_LIMIT, Dovecot
from tests.interop.foreign import sasl
from tests.interop.maildir import FOLDERS, SPECIAL_FOLDERS
from tests.interop.product_kit import IMAP, POP, SMTP, Mail
from tests.interop.tokens import AppToken

pytestmark = pytest.mark.interop

_EACH = pytest.mark.parametrize("protocol", list(MailProtocol))
_ISSUED = 1_700_000_000  # some time in 2023
_CHALLENGE = {"status": "401", "schemes": "bearer", "scope": "mail"}
_REFUSAL = {
    IMAP: ("NO", "[AUTHENTICATIONFAILED] Authentication failed.", {"code": "AUTHENTICATIONFAILED"}),
    POP: ("-ERR", "[AUTH] Authentication failed.", {"code": "AUTH"}),
    SMTP: ("535", "5.7.8 Authentication failed.", {"code": "5.7.8"}),
}
_REFUSED_TALK = {
    IMAP: ("C: ", "S: A1 NO [AUTHENTICATIONFAILED] Authentication failed."),
    POP: ("C: ", "S: -ERR [AUTH] Authentication failed."),
    SMTP: ("C: ", "S: 535 5.7.8 Authentication failed.", "C: QUIT"),
}
_GO_ON = {IMAP: "+ ", POP: "+ ", SMTP: "334 "}
_FAREWELL = {IMAP: "C: A3 LOGOUT", POP: "C: QUIT", SMTP: "C: QUIT"}
_BEFORE = (Stage.DNS, Stage.CONNECT)
_STAGES = {
    # IMAP's greeting tells the capabilities.
    IMAP: (*_BEFORE, Stage.TLS, Stage.GREETING, Stage.AUTH, Stage.LIST, Stage.LOGOUT),
    POP: (*_BEFORE, Stage.TLS, Stage.GREETING, Stage.CAPABILITY, Stage.AUTH, Stage.LIST, Stage.LOGOUT),
    SMTP: (
        *_BEFORE, Stage.GREETING, Stage.CAPABILITY, Stage.STARTTLS, Stage.TLS, Stage.CAPABILITY, Stage.AUTH,
        Stage.LOGOUT,
    ),
}  # fmt: skip
_FAULTS = [
    pytest.param({"exp": _ISSUED}, id="expired"),
    pytest.param({"aud": "https://graph.microsoft.com"}, id="wrong audience"),
    pytest.param({"roles": ["full_access_as_app"]}, id="missing role"),
    pytest.param({"oid": "99999999-aaaa-4bbb-8ccc-0000000000ee"}, id="not granted"),
]
# Fields of a grant that let the sign-in through and break what comes after it (Dovecot's userdb extra fields).
_STORE_IS_GONE = {"userdb_mail": "maildir:/proc/nonexistent/x"}
_STORE_IS_UNKNOWN = {"userdb_mail": "unknown:x"}
_USER_IS_FORBIDDEN = {"userdb_uid": "0"}
_INBOX_IS_HIDDEN = {"userdb_namespace/inbox/list": "no", "userdb_namespace/inbox/hidden": "yes"}
_LOGIN_IS_DISABLED = {"nologin": "y"}
_DIRECTORY_IS_DOWN = {"unavailable": "y"}
_MOVED = {"nologin": "y", "host": "mail.example"}


@pytest.fixture(scope="session")
def mail(dovecot: Dovecot) -> Mail:
    """The product's way to this server."""
    return Mail.to(dovecot)


def refused(protocol: MailProtocol) -> Evidence:
    """What Dovecot's refusal must become: its code and sentence, and the challenge before it."""
    signal, said, code = _REFUSAL[protocol]
    return Evidence(Stage.AUTH, signal, said, protocol, {**_CHALLENGE, **code})


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


async def test_smtp_signs_in(mail: Mail, mailbox: str, app_token: AppToken) -> None:
    """The sign-in is taken, and the size limit is the one that the server told over TLS."""
    assert (await mail.open(SMTP, mailbox, app_token())).outcome == Submission(SIZE_LIMIT)


@_EACH
async def test_stages_and_farewell_are_in_the_record(
    protocol: MailProtocol, mail: Mail, mailbox: str, app_token: AppToken
) -> None:
    """A good conversation passes every stage that it needs, over TLS 1.3, and ends with a farewell."""
    conversation = await mail.open(protocol, mailbox, app_token())
    assert tuple(step.name for step in conversation.steps) == _STAGES[protocol]
    assert all(step.ok for step in conversation.steps)
    assert next(step.detail for step in conversation.steps if step.name is Stage.TLS).startswith("TLSv1.3 ")
    assert conversation.transcript[-1] == _FAREWELL[protocol]


@pytest.mark.parametrize("fault", _FAULTS)
@_EACH
async def test_a_refusal_is_evidence_with_its_challenge(
    protocol: MailProtocol, fault: dict[str, Any], mail: Mail, mailbox: str, app_token: AppToken
) -> None:
    """Whatever is wrong with the token, the server's code, its sentence and the challenge before it are kept."""
    conversation = await mail.open(protocol, mailbox, app_token(**fault))
    assert conversation.outcome == refused(protocol)
    assert conversation.steps[-1].name is Stage.AUTH
    assert not conversation.steps[-1].ok


@_EACH
async def test_a_foreign_signature_is_refused_alike(
    protocol: MailProtocol, mail: Mail, mailbox: str, app_token: AppToken
) -> None:
    """The right claims under another key give the same evidence."""
    token = app_token(signed_by=SigningKey.generate())
    assert (await mail.open(protocol, mailbox, token)).outcome == refused(protocol)


@_EACH
async def test_an_unknown_mailbox_is_refused_alike(protocol: MailProtocol, mail: Mail, app_token: AppToken) -> None:
    """A mailbox that does not exist gives the same evidence as one without a grant."""
    assert (await mail.open(protocol, "nobody@contoso.com", app_token())).outcome == refused(protocol)


@_EACH
async def test_the_challenge_is_answered_with_an_empty_line(
    protocol: MailProtocol, dovecot: Dovecot, mail: Mail, mailbox: str, app_token: AppToken
) -> None:
    """The token goes out once; the error challenge gets an empty line, and then comes the refusal."""
    transcript = (await mail.open(protocol, mailbox, app_token(exp=_ISSUED))).transcript
    (sent,) = (number for number, line in enumerate(transcript) if "withheld" in line)
    challenge, *rest = transcript[sent + 1 :]
    assert json.loads(b64decode(challenge.removeprefix(f"S: {_GO_ON[protocol]}"))) == _CHALLENGE
    assert tuple(rest) == _REFUSED_TALK[protocol]
    assert dovecot.verdicts(mailbox) == ["exp"]


@pytest.mark.parametrize("claims", [pytest.param({}, id="taken"), pytest.param({"exp": _ISSUED}, id="refused")])
@_EACH
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
        pytest.param(IMAP, _INBOX_IS_HIDDEN, (Stage.LIST, "BYE", None), id="IMAP: BYE for want of an inbox"),
        pytest.param(IMAP, _USER_IS_FORBIDDEN, (Stage.LIST, "BYE", None), id="IMAP: OK to the token, then BYE"),
        pytest.param(IMAP, _LOGIN_IS_DISABLED, (Stage.AUTH, "NO", "CONTACTADMIN"), id="IMAP: NO to the user"),
        pytest.param(POP, _STORE_IS_GONE, (Stage.LIST, "-ERR", "SYS/TEMP"), id="POP: no count"),
        pytest.param(POP, _USER_IS_FORBIDDEN, (Stage.AUTH, "-ERR", "SYS/TEMP"), id="POP: a fault in place of +OK"),
        pytest.param(POP, _STORE_IS_UNKNOWN, (Stage.LIST, Fault.CLOSED, None), id="POP: hangs up"),
        pytest.param(POP, _LOGIN_IS_DISABLED, (Stage.AUTH, "-ERR", "AUTH"), id="POP: -ERR to the user"),
        pytest.param(SMTP, _USER_IS_FORBIDDEN, (Stage.AUTH, "451", "4.7.0"), id="SMTP: a fault in place of 235"),
        pytest.param(SMTP, _STORE_IS_UNKNOWN, (Stage.AUTH, "451", "4.7.0"), id="SMTP: no session"),
        pytest.param(SMTP, _LOGIN_IS_DISABLED, (Stage.AUTH, "525", "5.7.13"), id="SMTP: 525 to the user"),
        pytest.param(IMAP, _DIRECTORY_IS_DOWN, (Stage.AUTH, "NO", "UNAVAILABLE"), id="IMAP: no directory"),
        pytest.param(POP, _DIRECTORY_IS_DOWN, (Stage.AUTH, "-ERR", "SYS/TEMP"), id="POP: no directory"),
        pytest.param(SMTP, _DIRECTORY_IS_DOWN, (Stage.AUTH, "454", "4.7.0"), id="SMTP: no directory"),
        # RFC 2221: whoever sends the token where a server points to gives it away.
        pytest.param(IMAP, _MOVED, (Stage.AUTH, "NO", "REFERRAL"), id="IMAP: a referral is not followed"),
    ],
)
async def test_a_fault_behind_a_good_token_has_its_own_evidence(
    protocol: MailProtocol,
    fields: dict[str, str],
    seen: tuple[Stage, str, str | None],
    dovecot: Dovecot,
    mail: Mail,
    mailbox: str,
    app_token: AppToken,
) -> None:
    """A good token for a mailbox that cannot be opened is no refusal: stage, signal and code say so."""
    dovecot.grant(mailbox, **fields)
    outcome = (await mail.open(protocol, mailbox, app_token())).outcome
    assert isinstance(outcome, Evidence)
    assert (outcome.stage, outcome.signal, outcome.details.get("code")) == seen
    assert "status" not in outcome.details  # no challenge came before it
    assert dovecot.verdicts(mailbox) == ["ok"]


@pytest.mark.parametrize(
    "protocol, seen",
    [(IMAP, (Fault.CLOSED, None)), (POP, (Fault.CLOSED, None)), (SMTP, ("500", "5.5.2"))],
)
async def test_a_long_token_is_sent_whole(
    protocol: MailProtocol,
    seen: tuple[str, str | None],
    dovecot: Dovecot,
    mail: Mail,
    mailbox: str,
    app_token: AppToken,
) -> None:
    """One of 5,000 characters is taken; for one of 10,000 Dovecot hangs up, or says so: its line ends at 8 KiB."""
    taken = await mail.open(protocol, mailbox, app_token(groups="g" * 3_000))
    assert not isinstance(taken.outcome, Evidence)
    outcome = (await mail.open(protocol, mailbox, app_token(groups="g" * 7_000))).outcome
    assert isinstance(outcome, Evidence)
    assert outcome.stage is Stage.AUTH
    assert (outcome.signal, outcome.details.get("code")) == seen
    assert dovecot.verdicts(mailbox) == ["ok"]


@pytest.mark.parametrize("local", ["o'brien+x@", "SHARED.Office@", "a/b=c#d@"])
@_EACH
async def test_an_unusual_address_is_a_mailbox_like_any_other(
    local: str, protocol: MailProtocol, dovecot: Dovecot, mail: Mail, app_token: AppToken
) -> None:
    """Quotes, plus signs, slashes and capitals in an address reach the server as they are."""
    address = f"{local}{protocol}.Contoso.com"  # a mailbox of its own: a session may still be ending in the last one
    dovecot.add_mailbox(address, folders=())
    dovecot.grant(address)
    assert not isinstance((await mail.open(protocol, address, app_token())).outcome, Evidence)
    dovecot.remove_mailbox(address)
