"""STARTTLS against a genuine server with someone in between: what is said before TLS is not believed after it."""

import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from mailcheck.model.evidence import Evidence, Fault, Stage
from mailcheck.model.report import Opened, Submission
from mailcheck.model.request import Endpoint
from mailcheck.protocol.effects import Conversation
from tests.interop.dovecot import SIZE_LIMIT, Dovecot
from tests.interop.product_kit import HOST, SMTP, Mail
from tests.interop.tamperer import Tamperer, behind_starttls, replacing
from tests.interop.tokens import AppToken

pytestmark = pytest.mark.interop

_TAKEN = b"250-mail.example\r\n250 AUTH XOAUTH2\r\n334 \r\n235 2.7.0 Welcome\r\n"
_REFUSED = b"535 5.7.3 Authentication unsuccessful\r\n"


@pytest.fixture(scope="module")
def mail(dovecot: Dovecot) -> Mail:
    """The product's way to this server."""
    return Mail.to(dovecot)


async def sign_in(mail: Mail, by: Tamperer, mailbox: str, token: str) -> Conversation[Opened]:
    """One conversation by SMTP by way of who is in between."""
    return await replace(mail, endpoints={SMTP: Endpoint(HOST, by.port)}).open(SMTP, mailbox, token)


async def test_in_clear_there_is_ehlo_and_starttls(
    dovecot: Dovecot, mail: Mail, mailbox: str, app_token: AppToken
) -> None:
    """Two lines are sent before TLS; neither names the mailbox, and the token comes after."""
    async with Tamperer(dovecot.submission_port) as between:
        talk = await sign_in(mail, between, mailbox, app_token())
    assert talk.outcome == Submission(SIZE_LIMIT)
    assert re.fullmatch(rb"EHLO \S+\r\nSTARTTLS\r\n", between.in_clear)
    assert b"AUTH" not in between.heard


async def test_answers_behind_starttls_are_thrown_away(
    dovecot: Dovecot, mail: Mail, mailbox: str, app_token: AppToken
) -> None:
    """Lines in one packet with 220 (RFC 3207 section 6) neither open a mailbox nor close one."""
    async with Tamperer(dovecot.submission_port, behind_starttls(_REFUSED)) as between:
        talk = await sign_in(mail, between, mailbox, app_token())
    assert talk.outcome == Submission(SIZE_LIMIT)

    dovecot.revoke(mailbox)
    async with Tamperer(dovecot.submission_port, behind_starttls(_TAKEN)) as between:
        refused = await sign_in(mail, between, mailbox, app_token())
    assert isinstance(refused.outcome, Evidence)
    assert (refused.outcome.stage, refused.outcome.signal) == (Stage.AUTH, "535")
    assert dovecot.verdicts(mailbox) == ["ok", "grant"]
    assert not any("Welcome" in line for line in refused.transcript)


async def test_an_answer_in_place_of_the_handshake_ends_the_talk(
    dovecot: Dovecot, mail: Mail, mailbox: str, app_token: AppToken
) -> None:
    """Lines in clear where the server's handshake belongs are no TLS: nothing more is sent, and no token."""
    async with Tamperer(dovecot.submission_port, greeting=_TAKEN) as between:
        talk = await sign_in(mail, between, mailbox, app_token())
    assert isinstance(talk.outcome, Evidence)
    assert (talk.outcome.stage, talk.outcome.signal) == (Stage.TLS, Fault.TLS_FAILED)
    assert dovecot.verdicts(mailbox) == []


@pytest.mark.parametrize(
    "change, signal",
    [
        pytest.param(replacing(b"250-STARTTLS\r\n", b""), Fault.NO_STARTTLS, id="not offered"),
        pytest.param(
            replacing(b"250-STARTTLS\r\n", b"250-XXXXXXXX\r\n"), Fault.NO_STARTTLS, id="blanked, as some firewalls do"
        ),
        pytest.param(replacing(b"220 2.0.0", b"454 4.7.0"), "454", id="refused"),
        pytest.param(replacing(b"220 2.0.0", b"250 2.0.0"), Fault.MALFORMED, id="answered as something else"),
    ],
)
async def test_without_tls_there_is_no_sign_in(
    change: Callable[[bytes], bytes], signal: str, dovecot: Dovecot, mail: Mail, mailbox: str, app_token: AppToken
) -> None:
    """Whoever takes STARTTLS away gets no token in clear."""
    async with Tamperer(dovecot.submission_port, change) as between:
        talk = await sign_in(mail, between, mailbox, app_token())
    assert isinstance(talk.outcome, Evidence)
    assert (talk.outcome.stage, talk.outcome.signal) == (Stage.STARTTLS, signal)
    assert bytes(between.heard) == between.in_clear
    assert re.fullmatch(rb"EHLO \S+\r\n(STARTTLS\r\n)?(QUIT\r\n)?", between.in_clear)
    assert dovecot.verdicts(mailbox) == []


@pytest.mark.parametrize(
    "old, new",
    [
        pytest.param(b"AUTH XOAUTH2", b"AUTH PLAIN", id="no XOAUTH2"),
        pytest.param(b"250-AUTH XOAUTH2\r\n", b"", id="no AUTH"),
        pytest.param(f"SIZE {SIZE_LIMIT}".encode(), b"SIZE 1", id="another size"),
    ],
)
async def test_what_was_offered_before_tls_is_asked_again(
    old: bytes, new: bytes, dovecot: Dovecot, mail: Mail, mailbox: str, app_token: AppToken
) -> None:
    """Extensions named in clear count for nothing: the sign-in goes by what the server says over TLS."""
    async with Tamperer(dovecot.submission_port, replacing(old, new)) as between:
        talk = await sign_in(mail, between, mailbox, app_token())
    assert talk.outcome == Submission(SIZE_LIMIT)
