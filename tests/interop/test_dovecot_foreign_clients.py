"""Clients that others wrote, against the Dovecot that others wrote: the ground on which our own are compared."""

import imaplib
import json
import poplib
import smtplib
import time
from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import imapclient
import pytest

from lab.signing import SigningKey
from tests.interop.dovecot import SIZE_LIMIT, Dovecot
from tests.interop.foreign import (
    TIMEOUT,
    Client,
    curl_imap,
    curl_pop,
    curl_smtp,
    open_with_imapclient,
    open_with_imaplib,
    open_with_poplib,
    open_with_smtplib,
    pop_line,
    sasl,
)
from tests.interop.maildir import FOLDERS, SPECIAL_FOLDERS
from tests.interop.tokens import AppToken

pytestmark = pytest.mark.interop

_ALL_FOLDERS = {"INBOX", *FOLDERS, *SPECIAL_FOLDERS}
_CHALLENGE = {"status": "401", "schemes": "bearer", "scope": "mail"}
_ISSUED = 1_700_000_000  # some time in 2023
_UNSIGNED = "eyJhbGciOiJub25lIn0"  # the header {"alg":"none"}
_IMAP_CLIENTS = [
    pytest.param(curl_imap, id="curl"),
    pytest.param(open_with_imaplib, id="imaplib"),
    pytest.param(open_with_imapclient, id="IMAPClient"),
]
_POP_CLIENTS = [pytest.param(curl_pop, id="curl-pop"), pytest.param(open_with_poplib, id="poplib")]
_SMTP_CLIENTS = [pytest.param(curl_smtp, id="curl-smtp"), pytest.param(open_with_smtplib, id="smtplib")]
_CLIENTS = _IMAP_CLIENTS + _POP_CLIENTS + _SMTP_CLIENTS


@dataclass(frozen=True)
class Fault:
    """A token of the issuer with one claim wrong, and what the passdb must name for it."""

    verdict: str
    claims: dict[str, Any]


_FAULTS = [
    pytest.param(Fault("exp", {"exp": _ISSUED + 3599}), id="expired"),
    pytest.param(Fault("nbf", {"nbf": 4_000_000_000}), id="not yet valid"),
    pytest.param(Fault("aud", {"aud": "https://graph.microsoft.com"}), id="wrong audience"),
    pytest.param(Fault("iss", {"iss": "https://sts.windows.net/other/"}), id="wrong issuer"),
    pytest.param(Fault("tid", {"tid": "99999999-aaaa-4bbb-8ccc-000000000009"}), id="wrong tenant"),
    pytest.param(Fault("roles", {"roles": None}), id="no roles"),
    pytest.param(Fault("roles", {"roles": ["full_access_as_app"]}), id="another role"),
    pytest.param(Fault("grant", {"oid": "99999999-aaaa-4bbb-8ccc-0000000000ee"}), id="another app"),
]


@pytest.mark.parametrize("client", _IMAP_CLIENTS)
def test_a_good_token_lists_every_folder(client: Client, dovecot: Dovecot, mailbox: str, app_token: AppToken) -> None:
    """Each IMAP client signs in and shows the same names: nested, in other alphabets, with quotes, dots and slashes."""
    assert client(dovecot, mailbox, app_token()) == _ALL_FOLDERS
    assert dovecot.verdicts(mailbox) == ["ok"]


@pytest.mark.parametrize("client", _POP_CLIENTS)
def test_a_good_token_counts_messages(client: Client, dovecot: Dovecot, mailbox: str, app_token: AppToken) -> None:
    """Each POP client signs in and sees the two messages."""
    assert client(dovecot, mailbox, app_token()) == 2


@pytest.mark.parametrize("client", _SMTP_CLIENTS)
def test_a_good_token_may_hand_in_mail(client: Client, dovecot: Dovecot, mailbox: str, app_token: AppToken) -> None:
    """Each SMTP client changes to TLS, signs in and is told how large a message may be.

    Signed in, Dovecot keeps a kibibyte for the header line that it adds.
    """
    assert client(dovecot, mailbox, app_token()) in {SIZE_LIMIT, SIZE_LIMIT - 1024}
    assert dovecot.verdicts(mailbox) == ["ok"]


@pytest.mark.parametrize("fault", _FAULTS)
@pytest.mark.parametrize("client", _CLIENTS)
def test_a_bad_token_is_refused(
    client: Client, fault: Fault, dovecot: Dovecot, mailbox: str, app_token: AppToken
) -> None:
    """Every client is refused, and for the reason that was planted."""
    assert client(dovecot, mailbox, app_token(**fault.claims)) is None
    assert set(dovecot.verdicts(mailbox)) == {fault.verdict}


@pytest.mark.parametrize("client", _CLIENTS)
def test_a_token_of_another_key_is_refused(client: Client, dovecot: Dovecot, mailbox: str, app_token: AppToken) -> None:
    """The right claims under the signature of a key that is not the issuer's open nothing."""
    assert client(dovecot, mailbox, app_token(signed_by=SigningKey.generate())) is None
    assert set(dovecot.verdicts(mailbox)) == {"signature"}


@pytest.mark.parametrize(
    "forge",
    [
        pytest.param(lambda good, other: f"{good[0]}.{other[1]}.{good[2]}", id="claims of another token"),
        pytest.param(lambda good, _: f"{_UNSIGNED}.{good[1]}.{good[2]}", id="alg none"),
        pytest.param(lambda good, _: f"{_UNSIGNED}.{good[1]}.", id="alg none, no signature"),
        pytest.param(lambda good, _: f"{good[0]}.{good[1]}.AAAA", id="short signature"),
        pytest.param(lambda good, _: good[1], id="no JWS"),
    ],
)
def test_a_forged_token_is_refused(
    forge: Callable[[list[str], list[str]], str], dovecot: Dovecot, mailbox: str, app_token: AppToken
) -> None:
    """A token is refused when its parts were not signed together by the issuer with RS256."""
    token = forge(app_token().split("."), app_token(oid="another").split("."))
    assert open_with_imaplib(dovecot, mailbox, token) is None
    assert dovecot.verdicts(mailbox) == ["signature"]


@pytest.mark.parametrize(
    "client, roles",
    [
        pytest.param(open_with_imaplib, ["POP.AccessAsApp", "SMTP.SendAsApp"], id="IMAP"),
        pytest.param(open_with_poplib, ["IMAP.AccessAsApp", "SMTP.SendAsApp"], id="POP"),
        pytest.param(open_with_smtplib, ["IMAP.AccessAsApp", "POP.AccessAsApp"], id="SMTP"),
    ],
)
def test_a_role_opens_its_own_protocol_only(
    client: Client, roles: list[str], dovecot: Dovecot, mailbox: str, app_token: AppToken
) -> None:
    """The roles of the other protocols do not open this one."""
    assert client(dovecot, mailbox, app_token(roles=roles)) is None
    assert dovecot.verdicts(mailbox) == ["roles"]


@pytest.mark.parametrize("client", _CLIENTS)
def test_a_revoked_grant_closes_the_mailbox(
    client: Client, dovecot: Dovecot, mailbox: str, app_token: AppToken
) -> None:
    """The same token is taken before revoke and refused after it."""
    assert client(dovecot, mailbox, app_token()) is not None
    dovecot.revoke(mailbox)
    assert client(dovecot, mailbox, app_token()) is None


@pytest.mark.parametrize("client", _CLIENTS)
def test_an_unknown_mailbox_is_refused(client: Client, dovecot: Dovecot, app_token: AppToken) -> None:
    """A mailbox that does not exist is refused like one without a grant: the wire does not tell them apart."""
    assert client(dovecot, "nobody@contoso.com", app_token()) is None


def test_special_folders_carry_their_attribute(dovecot: Dovecot, mailbox: str, app_token: AppToken) -> None:
    """LIST marks the folders of RFC 6154 with their special use, and no others."""
    with imapclient.IMAPClient("localhost", dovecot.imap_port, ssl_context=dovecot.client_context()) as client:
        client.oauth2_login(mailbox, app_token())
        marks = {name: {flag.decode() for flag in flags} for flags, _, name in client.list_folders()}
    special = set(SPECIAL_FOLDERS.values())
    assert {name: attributes & special for name, attributes in marks.items() if attributes & special} == {
        name: {attribute} for name, attribute in SPECIAL_FOLDERS.items()
    }
    assert r"\HasChildren" in marks["Archive"]


def test_imap_refuses_with_a_json_challenge_first(dovecot: Dovecot, mailbox: str, app_token: AppToken) -> None:
    """The documented JSON comes as a challenge, an empty line answers it, and only then comes the tagged NO."""
    challenges: list[bytes] = []

    def answer(challenge: bytes) -> bytes:
        challenges.append(challenge)
        return b"" if challenge else sasl(mailbox, app_token(exp=_ISSUED))

    context = dovecot.client_context()
    with (
        imaplib.IMAP4_SSL("localhost", dovecot.imap_port, ssl_context=context, timeout=TIMEOUT) as client,
        pytest.raises(imaplib.IMAP4.error, match=r"^\[AUTHENTICATIONFAILED\] "),
    ):
        client.authenticate("XOAUTH2", answer)
    assert challenges[0] == b""
    assert [json.loads(text) for text in challenges[1:]] == [_CHALLENGE]


def test_pop_refuses_with_a_json_challenge_first(dovecot: Dovecot, mailbox: str, app_token: AppToken) -> None:
    """POP sends the same JSON after `+ `, and -ERR with the code AUTH of RFC 3206 after the empty line."""
    client = poplib.POP3_SSL("localhost", dovecot.pop_port, context=dovecot.client_context(), timeout=TIMEOUT)
    pop_line(client, "AUTH XOAUTH2")
    challenge = pop_line(client, b64encode(sasl(mailbox, app_token(exp=_ISSUED))).decode())
    assert json.loads(b64decode(challenge.removeprefix(b"+ "))) == _CHALLENGE
    with pytest.raises(poplib.error_proto, match=r"-ERR \[AUTH\] "):
        pop_line(client, "")
    client.close()


def test_smtp_refuses_with_a_json_challenge_first(dovecot: Dovecot, mailbox: str, app_token: AppToken) -> None:
    """SMTP sends the same JSON after 334, and 535 with the enhanced status code 5.7.8 after the empty line."""
    with smtplib.SMTP("localhost", dovecot.submission_port, timeout=TIMEOUT) as client:
        client.starttls(context=dovecot.client_context())
        client.ehlo()
        client.docmd("AUTH", "XOAUTH2")
        code, challenge = client.docmd(b64encode(sasl(mailbox, app_token(exp=_ISSUED))).decode())
        assert (code, json.loads(b64decode(challenge))) == (334, _CHALLENGE)
        assert client.docmd("") == (535, b"5.7.8 Authentication failed.")


def test_a_refusal_is_not_held_back(dovecot: Dovecot, mailbox: str, app_token: AppToken) -> None:
    """Of five refusals the quickest comes well before the half second that Dovecot holds each one back by default."""
    durations = []
    for _ in range(5):
        start = time.perf_counter()
        assert open_with_imaplib(dovecot, mailbox, app_token(exp=_ISSUED)) is None
        durations.append(time.perf_counter() - start)
    assert min(durations) < 0.4


@pytest.mark.parametrize(
    "address",
    ["o'brien+x@contoso.com", "SHARED@Contoso.com", "ünï@contoso.com"],
)
def test_an_unusual_address_is_a_mailbox_like_any_other(address: str, dovecot: Dovecot, app_token: AppToken) -> None:
    """Quotes, plus signs, capitals and letters beyond ASCII in an address neither break the sign-in nor the grant."""
    dovecot.add_mailbox(address)
    dovecot.grant(address)
    assert open_with_imaplib(dovecot, address, app_token()) == _ALL_FOLDERS
    dovecot.remove_mailbox(address)


def test_an_accepted_sign_in_may_still_fail_to_open(dovecot: Dovecot, mailbox: str, app_token: AppToken) -> None:
    """A grant's extra fields break the mailbox after the sign-in: POP says -ERR in place of a message count."""
    dovecot.grant(mailbox, userdb_mail="maildir:/proc/nonexistent/x")
    assert open_with_poplib(dovecot, mailbox, app_token()) is None
    assert dovecot.verdicts(mailbox) == ["ok"]


def test_the_log_holds_no_token(dovecot: Dovecot, mailbox: str, app_token: AppToken) -> None:
    """Neither a token that was taken nor one that was refused is in the server's log."""
    for token in (app_token(), app_token(exp=_ISSUED)):
        open_with_imaplib(dovecot, mailbox, token)
        assert token not in dovecot.log
        assert b64encode(sasl(mailbox, token)).decode() not in dovecot.log
