"""SMTP line by line: TLS on the way, sign-in in both forms, states, errors, and how octets may arrive."""

import datetime as dt
import re
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.exchange.mailboxes import Mailbox
from lab.exchange.server import Exchange
from lab.exchange.smtp_command import parse
from lab.exchange.smtp_transaction import Transaction
from tests.lab.exchange_kit import (
    SHARED,
    SMTP_GREETING,
    SMTP_HELLO,
    SMTP_STARTTLS,
    Peer,
    encoded,
    new_exchange,
    play_smtp,
    play_smtp_in_clear,
    xoauth2,
)

MARK = "[LB0P000CA0001.LABP000.PROD.MAILCHECK.EXAMPLE ...Z ...]"
SIGN_IN = "C: AUTH XOAUTH2\nS: 334 \nC: {response}\nS: 235 2.7.0 Authentication successful\n"
UNSUCCESSFUL = f"S: 535 5.7.3 Authentication unsuccessful {MARK}"
UNRECOGNIZED = f"S: 500 5.3.3 Unrecognized command 'unknown' {MARK}"
HELLO_FIRST = f"S: 503 5.5.2 Send hello first {MARK}"
BAD_SEQUENCE = f"S: 503 5.5.1 Bad sequence of commands {MARK}"
INVALID_ARGUMENTS = f"S: 501 5.5.4 Invalid arguments {MARK}"
BASIC_IS_OFF = f"S: 535 5.7.139 Authentication unsuccessful, basic authentication is disabled. {MARK}"
BAD_BASE64 = f"S: 501 5.5.2 Cannot decode the response {MARK}"
LINE_TOO_LONG = f"S: 500 5.5.2 Line too long {MARK}"
NOT_AUTHENTICATED = f"S: 530 5.7.57 Client not authenticated to send mail. {MARK}"


@pytest.fixture
async def exchange() -> AsyncIterator[Exchange]:
    """A server with the standard scenarios."""
    async with new_exchange() as server:
        yield server


async def test_a_whole_session(exchange: Exchange) -> None:
    """Greeting, EHLO, STARTTLS, EHLO again, sign-in in two steps, and a polite end."""
    await play_smtp(
        exchange,
        SIGN_IN + "C: QUIT\nS: 221 2.0.0 Service closing transmission channel\nS: <closed>",
        response=xoauth2(SHARED),
    )


async def test_greeting_and_mark() -> None:
    """The greeting has the time and the session's id, which is the time in ticks; a refusal is marked with both."""
    moment = dt.datetime(2026, 11, 25, 13, 0, 0, 123_000, tzinfo=dt.UTC)
    ticks = f"{(moment - dt.datetime(1, 1, 1, tzinfo=dt.UTC)) // dt.timedelta(microseconds=1) * 10:016X}"
    assert ticks.startswith("08DF")
    async with new_exchange(now=lambda: moment) as exchange, Peer.connected(exchange.smtp_port, tls=False) as peer:
        await peer.play(
            f"""
            S: 220 LB0P000CA0001.outlook.mailcheck.example Microsoft ESMTP MAIL Service ready at \
Wed, 25 Nov 2026 13:00:00 +0000 [{ticks}]
            C: JUMP
            S: 500 5.3.3 Unrecognized command 'unknown' \
[LB0P000CA0001.LABP000.PROD.MAILCHECK.EXAMPLE 2026-11-25T13:00:00.123Z {ticks}]
            """
        )


async def test_initial_response(exchange: Exchange) -> None:
    """The response may come with AUTH, beyond the 512 octets of other commands, and in any case of letters."""
    assert len(xoauth2(SHARED)) > 512
    await play_smtp(exchange, "C: auth xoauth2 {r}\nS: 235 2.7.0 Authentication successful", r=xoauth2(SHARED))


@pytest.mark.parametrize(
    "dialogue",
    [
        f"C: AUTH XOAUTH2\nS: 334 \nC: *\n{UNSUCCESSFUL}",
        f"C: AUTH LOGIN\nS: 334 VXNlcm5hbWU6\nC: *\n{UNSUCCESSFUL}",
        f"C: AUTH XOAUTH2 =\n{UNSUCCESSFUL}",
        f"C: AUTH XOAUTH2\nS: 334 \nC:\n{UNSUCCESSFUL}",
        f"C: AUTH XOAUTH2\nS: 334 \nC: {encoded('user=nobody')}\n{UNSUCCESSFUL}",
        f"C: AUTH XOAUTH2 not/base64!\n{BAD_BASE64}",
        f"C: AUTH XOAUTH2\nS: 334 \nC: YQ\n{BAD_BASE64}",
        f"C: AUTH XOAUTH2\nS: 334 \nC: =\n{BAD_BASE64}",
        f"C: AUTH PLAIN AGEAYg==\nS: 504 5.7.4 Unrecognized authentication type {MARK}",
        f"C: AUTH\nS: 504 5.7.4 Unrecognized authentication type {MARK}",
        f"C: AUTH LOGIN\nS: 334 VXNlcm5hbWU6\nC: YQ==\nS: 334 UGFzc3dvcmQ6\nC: Yg==\n{BASIC_IS_OFF}",
        f"C: AUTH LOGIN\nS: 334 VXNlcm5hbWU6\nC: anna\nS: 334 UGFzc3dvcmQ6\nC: x\n{BAD_BASE64}",
        f"C: AUTH LOGIN YQ==\nS: 334 UGFzc3dvcmQ6\nC: Yg==\n{BASIC_IS_OFF}",
    ],
)
async def test_sign_in_that_fails(exchange: Exchange, dialogue: str) -> None:
    """A cancelled, empty or undecodable response, another mechanism, and Basic authentication: and the talk goes on."""
    await play_smtp(exchange, f"{dialogue}\n{SIGN_IN}", response=xoauth2(SHARED))


async def test_states_before_tls(exchange: Exchange) -> None:
    """In clear there is no AUTH and no mail; STARTTLS wants EHLO before it, and no argument."""
    await play_smtp_in_clear(
        exchange,
        f"""
        C: NOOP
        S: 250 2.0.0 OK
        C: AUTH XOAUTH2
        {UNRECOGNIZED}
        C: STARTTLS
        {HELLO_FIRST}
        C: HELO client.example
        S: 250 LB0P000CA0001.outlook.mailcheck.example Hello [127.0.0.1]
        C: STARTTLS now
        {INVALID_ARGUMENTS}
        C: MAIL FROM:<{SHARED}>
        {NOT_AUTHENTICATED}
        """,
    )


async def test_tls_forgets(exchange: Exchange) -> None:
    """After STARTTLS the client must greet again, and STARTTLS is neither offered nor taken a second time."""
    await play_smtp_in_clear(
        exchange,
        f"{SMTP_STARTTLS}\nC: AUTH XOAUTH2\n{HELLO_FIRST}\nC: MAIL FROM:<{SHARED}>\n{HELLO_FIRST}\n"
        f"{SMTP_HELLO}\nC: STARTTLS\n{BAD_SEQUENCE}\n{SIGN_IN}",
        response=xoauth2(SHARED),
    )


async def test_what_is_sent_behind_starttls_in_clear_is_not_taken(exchange: Exchange) -> None:
    """Commands that arrive in one packet with STARTTLS are gone after the handshake, answers and all."""
    async with Peer.connected(exchange.smtp_port, tls=False) as peer:
        await peer.play(SMTP_GREETING)
        await peer.send(b"EHLO a.example\r\nSTARTTLS\r\nEHLO evil.example\r\nJUMP\r\n")
        await peer.play("S: 250-...\n" * 9 + "S: 250 SMTPUTF8\nS: 220 2.0.0 SMTP server ready\nTLS")
        await peer.play(f"C: AUTH XOAUTH2\n{HELLO_FIRST}\n{SMTP_HELLO}")


async def test_states_after_sign_in(exchange: Exchange) -> None:
    """One sign-in per connection; EHLO may come again."""
    await play_smtp(
        exchange, f"{SIGN_IN}\nC: AUTH XOAUTH2\n{BAD_SEQUENCE}\n{SMTP_HELLO}C: AUTH LOGIN\n{BAD_SEQUENCE}",
        response=xoauth2(SHARED),
    )  # fmt: skip


async def test_no_mail_is_taken(exchange: Exchange) -> None:
    """A transaction goes as far as DATA or BDAT, is refused there, and is over."""
    no_mail = f"S: 554 5.3.2 System not accepting messages: the lab takes no mail {MARK}"
    begun = f"C: MAIL FROM:<{SHARED}> SIZE=10 BODY=8BITMIME\nS: 250 2.1.0 Sender OK\n"
    addressed = f"{begun}C: RCPT TO:<b@fabrikam.example>\nS: 250 2.1.5 Recipient OK\n"
    await play_smtp(
        exchange,
        f"{SIGN_IN}\n{addressed}C: DATA\n{no_mail}\nC: DATA\nS: 503 5.5.2 Need mail command {MARK}\n"
        f"{addressed}C: BDAT 6 LAST\nC: QUIT\n{no_mail}\n"  # QUIT and its CRLF are the six octets
        f"{addressed}C: RSET\nS: 250 2.0.0 Resetting\n{begun}",
        response=xoauth2(SHARED),
    )


async def test_another_sender(exchange: Exchange) -> None:
    """Who signed in to one mailbox may not send as another, and learns it when the data is due."""
    await play_smtp(
        exchange,
        f"{SIGN_IN}\nC: MAIL FROM:<b@contoso.com>\nS: 250 2.1.0 Sender OK\nC: RCPT TO:<b@fabrikam.example>\n"
        "S: 250 2.1.5 Recipient OK\nC: DATA\n"
        f"S: 550 5.7.60 SMTP; Client does not have permissions to send as this sender {MARK}",
        response=xoauth2(SHARED),
    )


@pytest.mark.parametrize(
    "said, heard",
    [
        ("MAIL FROM: <a@contoso.com>", INVALID_ARGUMENTS),
        ("MAIL TO:<a@contoso.com>", INVALID_ARGUMENTS),
        ("MAIL FROM:<a@contoso.com> X=1", INVALID_ARGUMENTS),
        ("MAIL FROM:<a@contoso.com> SIZE=much", INVALID_ARGUMENTS),
        (
            "MAIL FROM:<a@contoso.com> SIZE=157286401",
            f"S: 552 5.3.4 Message size exceeds fixed maximum message size {MARK}",
        ),
        ("MAIL FROM:<jürgen@contoso.com>", f"S: 550 5.6.7 Non-ASCII addresses need SMTPUTF8 {MARK}"),
        ("MAIL FROM:<jürgen@contoso.com> SMTPUTF8", "S: 250 2.1.0 Sender OK"),
        ("RCPT TO:<>", INVALID_ARGUMENTS),
        ("RCPT TO:<a@contoso.com>", f"S: 503 5.5.2 Need mail command {MARK}"),
        ("BDAT ten", INVALID_ARGUMENTS),
        ("BDAT 0 SOON", INVALID_ARGUMENTS),
        ("DATA now", INVALID_ARGUMENTS),
        ("EHLO", f"S: 501 5.5.4 Invalid domain name {MARK}"),
        ("EHLO a_b", f"S: 501 5.5.4 Invalid domain name {MARK}"),
        ("EHLO two words", f"S: 501 5.5.4 Invalid domain name {MARK}"),
        ("EXPN list", UNRECOGNIZED),
        ("VRFY somebody", "S: 252 2.1.5 Cannot VRFY user"),
        ("NOOP whatever", "S: 250 2.0.0 OK"),
        ("NO OP", UNRECOGNIZED),
        ("", UNRECOGNIZED),
        ("\x00", UNRECOGNIZED),
        ("NOOP \x7f", UNRECOGNIZED),
        ("HELP", "S: 214-This server supports the following commands:\nS: 214 HELO EHLO STARTTLS ... AUTH BDAT"),
    ],
)
async def test_one_command(exchange: Exchange, said: str, heard: str) -> None:
    """What a command earns after sign-in."""
    await play_smtp(exchange, f"{SIGN_IN}\nC: {said}\n{heard}\nC: NOOP\nS: 250 2.0.0 OK", response=xoauth2(SHARED))


async def test_two_senders(exchange: Exchange) -> None:
    """MAIL inside a transaction is out of order, and DATA before RCPT is."""
    mail = f"C: MAIL FROM:<{SHARED}>\n"
    await play_smtp(
        exchange,
        f"{SIGN_IN}{mail}S: 250 2.1.0 Sender OK\n{mail}{BAD_SEQUENCE}\nC: DATA\nS: 503 5.5.2 Need rcpt command {MARK}",
        response=xoauth2(SHARED),
    )


async def test_a_bare_lf_ends_no_line(exchange: Exchange) -> None:
    """A line ends with CRLF; what stands around a bare LF or CR is one line, and no command."""
    async with Peer.connected(exchange.smtp_port, tls=False) as peer:
        await peer.play(SMTP_GREETING)
        await peer.send(b"NOOP\nQUIT\r\nNOOP\rQUIT\r\n\xff\r\nNOOP\r\n")
        await peer.play(f"{UNRECOGNIZED}\n" * 3 + "S: 250 2.0.0 OK")


@pytest.mark.parametrize(
    "command, heard",
    [
        (b"NOOP " + b"x" * 505, "S: 250 2.0.0 OK"),
        (b"NOOP " + b"x" * 506, LINE_TOO_LONG),
        (b"x" * 12_287, LINE_TOO_LONG),
        (b"AUTH XOAUTH2 " + b"x" * 12_272, UNSUCCESSFUL),
        (b"AUTH XOAUTH2 " + b"x" * 12_274, LINE_TOO_LONG),
    ],
)
async def test_limits_of_a_command(exchange: Exchange, command: bytes, heard: str) -> None:
    """A command has at most 512 octets with its CRLF, AUTH 12,288; a longer one is refused and the talk goes on."""
    async with Peer.connected(exchange.smtp_port, tls=False) as peer:
        await peer.play(SMTP_GREETING + SMTP_STARTTLS + SMTP_HELLO)
        await peer.send(command + b"\r\n")
        await peer.play(f"{heard}\nC: NOOP\nS: 250 2.0.0 OK")


@pytest.mark.parametrize(
    "size, heard",
    [(12_284, UNSUCCESSFUL), (12_288, f"S: 500 5.5.6 Authentication exchange line is too long {MARK}")],
)
async def test_limit_of_a_response(exchange: Exchange, size: int, heard: str) -> None:
    """A line of the SASL exchange has at most 12,288 octets with its CRLF (RFC 4954 section 4)."""
    await play_smtp(exchange, f"C: AUTH XOAUTH2\nS: 334 \nC: {'x' * size}\n{heard}\nC: NOOP\nS: 250 2.0.0 OK")


async def test_five_errors(exchange: Exchange) -> None:
    """The fifth refusal of a connection is the last."""
    await play_smtp_in_clear(
        exchange,
        f"C: JUMP\n{UNRECOGNIZED}\n" * 5
        + f"S: 421 4.7.0 Too many errors on this connection, closing transmission channel {MARK}\nS: <closed>",
    )


async def test_pipelining(exchange: Exchange) -> None:
    """Commands that arrive together are answered in their order, and those that arrive octet by octet too."""
    async with Peer.connected(exchange.smtp_port, tls=False) as peer:
        await peer.play(SMTP_GREETING + SMTP_STARTTLS + SMTP_HELLO)
        await peer.send(b"AUTH XOAUTH2 %b\r\nMAIL FROM:<%b>\r\nRSET\r\n" % (xoauth2(SHARED).encode(), SHARED.encode()))
        await peer.play("S: 235 2.7.0 ...\nS: 250 2.1.0 Sender OK\nS: 250 2.0.0 Resetting")
        for octet in b"NOOP\r\n":
            await peer.send(bytes((octet,)))
        await peer.play("S: 250 2.0.0 OK")


async def test_a_chunk_without_end(exchange: Exchange) -> None:
    """Who announces more octets than the lab reads is sent away."""
    await play_smtp(exchange, f"C: BDAT 1048577\n{LINE_TOO_LONG}\nS: <closed>")


async def test_octets_of_a_chunk_are_no_commands(exchange: Exchange) -> None:
    """The octets behind BDAT are dropped also when it is refused."""
    await play_smtp(exchange, f"C: BDAT 6 LAST\nC: QUIT\n{NOT_AUTHENTICATED}\nC: NOOP\nS: 250 2.0.0 OK")


@given(st.binary(max_size=600))
def test_any_octets(line: bytes) -> None:
    """Whatever a line holds, it is a command of one verb or earns a refusal."""
    found = parse(line)
    if isinstance(found, str):
        assert re.match(r"5\d\d 5\.\d\.\d ", found)
        return
    assert found.verb.isalpha()
    assert found.verb == found.verb.upper()
    assert found.argument.isprintable() or not found.argument.isascii()


@given(st.from_regex(r"(?:FROM|TO):<[^>]{0,9}>(?: [A-Z]{1,9}(?:=[0-9A-Za-z]{0,25})?){0,3}", fullmatch=True))
def test_any_transaction(argument: str) -> None:
    """MAIL and RCPT answer any arguments, and open nothing that they refuse."""
    transaction = Transaction(Mailbox(SHARED, "", ()))
    for reply in (transaction.mail(argument), transaction.rcpt(argument)):
        assert re.match(r"250 2|5\d\d 5", reply)
    assert transaction.open == transaction.mail(argument).startswith("503 5.5.1")
