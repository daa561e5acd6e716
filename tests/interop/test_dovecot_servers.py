"""One Dovecot in other states: other TLS versions, other certificates, processes for one login, gone in the middle."""

import datetime as dt
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import imapclient
import pytest

from lab.pki import Authority, KeyPair
from mailcheck.model.evidence import Evidence, Fault, Stage
from mailcheck.model.report import Opened
from mailcheck.model.request import MailProtocol
from mailcheck.protocol.effects import Enter
from tests.interop.dovecot import Dovecot
from tests.interop.foreign import TIMEOUT
from tests.interop.product_kit import HOST, IMAP, POP, SMTP, Mail, Talk
from tests.interop.tokens import AppToken

pytestmark = pytest.mark.interop

_MAILBOX = "shared@contoso.com"
_DAY = dt.timedelta(days=1)
# Dovecot 2.3 has no setting for the newest version; OpenSSL's own configuration has.
_OPENSSL = "openssl_conf = main\n[main]\nssl_conf = ssl\n[ssl]\nsystem_default = versions\n[versions]\n"
# TLS 1.1 wants SHA-1 signatures, which the default security level forbids.
_OLD = "MinProtocol = TLSv1.1\nMaxProtocol = TLSv1.1\nCipherString = DEFAULT:@SECLEVEL=0\n"


@contextmanager
def ready(server: Dovecot) -> Iterator[Dovecot]:
    """The server, started, with one mailbox that the app may open."""
    with server:
        server.add_mailbox(_MAILBOX)
        server.grant(_MAILBOX)
        yield server


@pytest.fixture(scope="module")
def certificate(authority: Authority) -> KeyPair:
    """A good one, for all servers here: a key takes longer to make than a server to start."""
    return authority.issue()


@pytest.fixture(scope="module")
def mortal(authority: Authority, app_token: AppToken, certificate: KeyPair) -> Iterator[Dovecot]:
    """A server that a test may end; it starts it again."""
    with ready(Dovecot(authority, app_token.key, certificate=certificate)) as server:
        yield server


@pytest.fixture
def speaking(
    versions: str, authority: Authority, app_token: AppToken, certificate: KeyPair, tmp_path: Path
) -> Iterator[Dovecot]:
    """A server whose OpenSSL is configured so."""
    settings = tmp_path / "openssl.cnf"
    settings.write_text(_OPENSSL + versions)
    # Dovecot's own lower limit stands in nobody's way.
    server = Dovecot(
        authority,
        app_token.key,
        certificate=certificate,
        configuration="ssl_min_protocol = TLSv1\n",
        environment={"OPENSSL_CONF": str(settings)},
    )
    with ready(server):
        yield server


@pytest.mark.parametrize(
    "versions, negotiated",
    [
        pytest.param("MaxProtocol = TLSv1.2\n", "TLSv1.2 ", id="up to 1.2"),
        pytest.param("MinProtocol = TLSv1.3\n", "TLSv1.3 ", id="1.3 only"),
    ],
)
async def test_tls_1_2_and_1_3_are_spoken(negotiated: str, speaking: Dovecot, app_token: AppToken) -> None:
    """Each protocol opens the mailbox, and the step says which version it was."""
    mail = Mail.to(speaking)
    for protocol in MailProtocol:
        talk = await mail.open(protocol, _MAILBOX, app_token())
        assert not isinstance(talk.outcome, Evidence)
        assert next(step.detail for step in talk.steps if step.name is Stage.TLS).startswith(negotiated)


@pytest.mark.parametrize("versions", [pytest.param(_OLD, id="1.1 only")])
async def test_tls_1_1_is_not_spoken(speaking: Dovecot, app_token: AppToken) -> None:
    """A server of TLS 1.1 alone ends the handshake, and no token is sent."""
    # The server itself is in order: who takes anything shakes hands with it.
    anything = ssl.create_default_context(cafile=speaking.ca_file)
    anything.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    anything.set_ciphers("DEFAULT:@SECLEVEL=0")
    lax, mail = Mail.to(speaking, anything), Mail.to(speaking)
    for protocol in MailProtocol:
        assert not isinstance((await lax.open(protocol, _MAILBOX, app_token())).outcome, Evidence)
        outcome = (await mail.open(protocol, _MAILBOX, app_token())).outcome
        assert isinstance(outcome, Evidence)
        assert (outcome.stage, outcome.protocol) == (Stage.TLS, protocol)
        assert outcome.signal in {Fault.CLOSED, Fault.TLS_FAILED}  # with an alert, or without
    assert speaking.verdicts(_MAILBOX) == ["ok"] * 3


@pytest.mark.parametrize(
    "hosts, ends, signal",
    [
        pytest.param(("localhost",), -_DAY, Fault.EXPIRED, id="expired"),
        pytest.param(("mail.example",), _DAY, Fault.HOST_MISMATCH, id="of another host"),
    ],
)
async def test_another_certificate_ends_the_talk(
    hosts: tuple[str, ...], ends: dt.timedelta, signal: Fault, authority: Authority, app_token: AppToken
) -> None:
    """An expired certificate and one of another host are told apart; the token is not sent."""
    end = dt.datetime.now(dt.UTC) + ends
    certificate = authority.issue(hosts, not_before=end - 10 * _DAY, not_after=end)
    with ready(Dovecot(authority, app_token.key, certificate=certificate)) as server:
        mail = Mail.to(server)
        outcomes = [(await mail.open(each, _MAILBOX, app_token())).outcome for each in MailProtocol]
        assert server.verdicts(_MAILBOX) == []
    seen = [(one.stage, one.signal, one.protocol) for one in outcomes if isinstance(one, Evidence)]
    assert seen == [(Stage.TLS, signal, protocol) for protocol in MailProtocol]


async def test_an_unknown_authority_ends_the_talk(dovecot: Dovecot, mailbox: str, app_token: AppToken) -> None:
    """Without MAILCHECK_CA_FILE the server's authority is nobody; the token is not sent."""
    stranger = Mail.to(dovecot, ssl.create_default_context())
    for protocol in MailProtocol:
        outcome = (await stranger.open(protocol, mailbox, app_token())).outcome
        assert isinstance(outcome, Evidence)
        assert (outcome.stage, outcome.signal) == (Stage.TLS, Fault.UNTRUSTED)
    assert dovecot.verdicts(mailbox) == []


async def test_a_process_for_each_login_makes_no_difference(
    authority: Authority, app_token: AppToken, certificate: KeyPair
) -> None:
    """Dovecot's high-security mode: each connection, and each session, is a process of its own."""
    names = ("imap-login", "pop3-login", "submission-login", "imap", "pop3", "submission")
    single = "".join(f"service {name} {{\n  service_count = 1\n}}\n" for name in names)
    with ready(Dovecot(authority, app_token.key, certificate=certificate, configuration=single)) as server:
        mail = Mail.to(server)
        for protocol in (*MailProtocol, *MailProtocol):
            assert not isinstance((await mail.open(protocol, _MAILBOX, app_token())).outcome, Evidence)


@pytest.mark.parametrize("offered", ["plain login", "oauthbearer"])
async def test_without_xoauth2_no_token_is_sent(
    offered: str, authority: Authority, app_token: AppToken, certificate: KeyPair
) -> None:
    """A server that does not offer XOAUTH2 is told apart from one that refuses, and what it offers is the evidence."""
    configuration = f"auth_mechanisms = {offered}\n"
    with ready(Dovecot(authority, app_token.key, certificate=certificate, configuration=configuration)) as server:
        mail = Mail.to(server)
        for protocol in MailProtocol:
            outcome = (await mail.open(protocol, _MAILBOX, app_token())).outcome
            assert isinstance(outcome, Evidence)
            assert (outcome.stage, outcome.signal) == (Stage.CAPABILITY, Fault.NO_MECHANISM)
            assert offered.split(maxsplit=1)[0].upper() in outcome.said
        assert server.verdicts(_MAILBOX) == []


async def test_xoauth2_is_found_among_others(authority: Authority, app_token: AppToken, certificate: KeyPair) -> None:
    """Where other mechanisms are offered before it, XOAUTH2 is the one that is used."""
    configuration = "auth_mechanisms = plain login oauthbearer xoauth2\n"
    with ready(Dovecot(authority, app_token.key, certificate=certificate, configuration=configuration)) as server:
        mail = Mail.to(server)
        for protocol in MailProtocol:
            assert not isinstance((await mail.open(protocol, _MAILBOX, app_token())).outcome, Evidence)


async def test_a_limit_of_connections_has_its_own_code(
    authority: Authority, app_token: AppToken, certificate: KeyPair
) -> None:
    """While another client holds the only connection that a user may have, IMAP says LIMIT (RFC 5530)."""
    configuration = "mail_max_userip_connections = 1\n"
    with (
        ready(Dovecot(authority, app_token.key, certificate=certificate, configuration=configuration)) as server,
        imapclient.IMAPClient(HOST, server.imap_port, ssl_context=server.client_context(), timeout=TIMEOUT) as other,
    ):
        other.oauth2_login(_MAILBOX, app_token())
        outcome = (await Mail.to(server).open(IMAP, _MAILBOX, app_token())).outcome
    assert isinstance(outcome, Evidence)
    assert (outcome.stage, outcome.signal, outcome.details.get("code")) == (Stage.AUTH, "NO", "LIMIT")


def at(stage: Stage, act: Callable[[], None]) -> Callable[[Talk], Talk]:
    """Does something as a talk comes to a stage, before its next line is sent."""

    def through(talk: Talk) -> Talk:
        answer: bytes | None = None
        try:
            effect = next(talk)
            while True:
                if isinstance(effect, Enter) and effect.stage is stage:
                    act()
                answer = yield effect
                effect = talk.send(answer)
        except StopIteration as end:
            found: Opened | Evidence = end.value
            return found

    return through


@pytest.mark.parametrize(
    "protocol, stage",
    [
        (IMAP, Stage.AUTH),
        (IMAP, Stage.LIST),
        (POP, Stage.CAPABILITY),
        (POP, Stage.AUTH),
        (POP, Stage.LIST),
        (SMTP, Stage.STARTTLS),
        (SMTP, Stage.AUTH),
    ],
)
async def test_a_server_that_goes_away_is_named_with_the_stage(
    protocol: MailProtocol, stage: Stage, mortal: Dovecot, app_token: AppToken
) -> None:
    """Killed between two lines, it ends the talk; the next one is refused; started again, it opens the mailbox."""
    mail = Mail.to(mortal)
    ended = (await mail.open(protocol, _MAILBOX, app_token(), through=at(stage, mortal.kill))).outcome
    nobody = (await mail.open(protocol, _MAILBOX, app_token())).outcome
    mortal.start()
    assert isinstance(ended, Evidence)
    assert (ended.stage, ended.signal) == (stage, Fault.CLOSED)
    assert isinstance(nobody, Evidence)
    assert (nobody.stage, nobody.signal) == (Stage.CONNECT, Fault.REFUSED)
    assert not isinstance((await mail.open(protocol, _MAILBOX, app_token())).outcome, Evidence)
