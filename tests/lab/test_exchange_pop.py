"""POP line by line: the two steps of AUTH, the listings, states and errors, and how octets may arrive."""

from collections.abc import AsyncIterator

import pytest

from lab.exchange.server import Exchange
from tests.lab.exchange_kit import SHARED, Peer, new_exchange, play_pop, xoauth2

INFO = "info@contoso.com"
SIGN_IN = """
C: AUTH XOAUTH2
S: +...
C: {response}
S: +OK User successfully authenticated.
"""
REFUSED = "S: -ERR Authentication failure: unknown user name or bad password."
LOGON_FAILURE = "S: -ERR Logon failure: unknown user name or bad password."
INVALID_STATE = "S: -ERR Command is not valid in this state."
PROTOCOL_ERROR = "S: -ERR Protocol error. 19"
OUT_OF_RANGE = "S: -ERR The specified message is out of range."
HANG_UP = "S: -ERR Protocol error. Connection is closed. 10\nS: <closed>"


@pytest.fixture
async def exchange() -> AsyncIterator[Exchange]:
    """A server with the standard scenarios."""
    async with new_exchange() as server:
        yield server


async def test_a_whole_session(exchange: Exchange) -> None:
    """Capabilities, sign-in in two steps, the size of the mailbox, its listings, a message, and a polite end."""
    await play_pop(
        exchange,
        """
        C: CAPA
        S: +OK
        S: TOP
        S: UIDL
        S: SASL PLAIN XOAUTH2
        S: USER
        S: .
        C: AUTH XOAUTH2
        S: +...
        C: {response}
        S: +OK User successfully authenticated.
        C: STAT
        S: +OK 3 378
        C: LIST
        S: +OK
        S: 1 126
        S: 2 126
        S: 3 126
        S: .
        C: LIST 2
        S: +OK 2 126
        C: UIDL
        S: +OK
        S: 1 lab-00000001
        S: 2 lab-00000002
        S: 3 lab-00000003
        S: .
        C: uidl 3
        S: +OK 3 lab-00000003
        C: TOP 1 1
        S: +OK
        S: From: ...
        S: Subject: Message 1
        S: Content-Type: text/plain
        S:
        S: Hello,
        S: .
        C: NOOP
        S: +OK
        C: RSET
        S: +OK
        C: CAPA
        S: +OK
        S: TOP
        S: UIDL
        S: SASL PLAIN XOAUTH2
        S: USER
        S: .
        C: QUIT
        S: +OK Good-bye.
        S: <closed>
        """,
        response=xoauth2(INFO),
    )


@pytest.mark.parametrize(
    "dialogue",
    [
        f"C: USER a@contoso.com\nS: +OK\nC: PASS sec ret\n{LOGON_FAILURE}",
        f"C: PASS secret\n{INVALID_STATE}",
        f"C: USER a@contoso.com\nS: +OK\nC: PASS one\n{LOGON_FAILURE}\nC: PASS two\n{INVALID_STATE}",
        f"C: AUTH FOO\n{PROTOCOL_ERROR}",
        f"C: AUTH PLAIN\nS: + \nC: AGEAYg==\n{REFUSED}",
        f"C: AUTH XOAUTH2\nS: + \nC: *\n{REFUSED}",
        f"C: AUTH XOAUTH2\nS: + \nC: \n{REFUSED}",
        f"C: AUTH XOAUTH2\nS: + \nC: a-_b\n{REFUSED}",
        f"C: AUTH\n{PROTOCOL_ERROR}",
        f"C: STAT\n{INVALID_STATE}",
        f"C: LIST 1\n{INVALID_STATE}",
        f"C: STLS\n{INVALID_STATE}",
        f"C: a1 CAPABILITY\n{PROTOCOL_ERROR}",
        f"C: \n{PROTOCOL_ERROR}",
        f"C: ø\n{PROTOCOL_ERROR}",
    ],
)
async def test_before_sign_in(exchange: Exchange, dialogue: str) -> None:
    """Basic authentication is off, what does not fit is refused, and the session goes on."""
    await play_pop(exchange, dialogue + SIGN_IN, response=xoauth2(SHARED))


@pytest.mark.parametrize(
    "dialogue",
    [
        f"C: AUTH XOAUTH2\n{INVALID_STATE}",
        f"C: USER a\n{INVALID_STATE}",
        f"C: STLS\n{INVALID_STATE}",
        f"C: LIST 8\n{OUT_OF_RANGE}",
        f"C: LIST 0\n{OUT_OF_RANGE}",
        f"C: RETR 8\n{OUT_OF_RANGE}",
        f"C: LIST 12345678901\n{PROTOCOL_ERROR}",
        f"C: LIST one\n{PROTOCOL_ERROR}",
        f"C: TOP 1\n{PROTOCOL_ERROR}",
        f"C: DELE 1\n{PROTOCOL_ERROR}",
        f"C: NOOP 1\n{PROTOCOL_ERROR}",
    ],
)
async def test_after_sign_in(exchange: Exchange, dialogue: str) -> None:
    """Commands that do not fit are refused, and the session goes on."""
    talk = SIGN_IN.lstrip() + dialogue + "\nC: NOOP\nS: +OK"
    await play_pop(exchange, talk, response=xoauth2(SHARED))


async def test_auth_on_one_line(exchange: Exchange) -> None:
    """An initial response is a protocol error that ends the connection, however good the token."""
    await play_pop(exchange, "C: AUTH XOAUTH2 {response}\n" + HANG_UP, response=xoauth2(SHARED))
    assert exchange.sightings == []


async def test_ten_errors_end_the_connection(exchange: Exchange) -> None:
    """The tenth error is followed by the end."""
    await play_pop(exchange, f"C: XYZZY\n{PROTOCOL_ERROR}\n" * 10 + HANG_UP)


async def test_the_end_is_said_once(exchange: Exchange) -> None:
    """A tenth error that ends the connection by itself is not followed by a second farewell."""
    await play_pop(exchange, f"C: XYZZY\n{PROTOCOL_ERROR}\n" * 9 + "C: AUTH XOAUTH2 YQ==\n" + HANG_UP)


async def test_two_commands_in_one_packet(exchange: Exchange) -> None:
    """Lines that arrive together are answered one after the other."""
    async with Peer.connected(exchange.pop_port) as peer:
        await peer.line()
        await peer.send(f"AUTH XOAUTH2\r\n{xoauth2(INFO)}\r\nSTAT\r\nQUIT\r\n".encode())
        await peer.play("S: + \nS: +OK User successfully ...\nS: +OK 3 378\nS: +OK Good-bye.\nS: <closed>")


async def test_one_octet_per_packet(exchange: Exchange) -> None:
    """It does not matter how a command is cut into packets."""
    async with Peer.connected(exchange.pop_port) as peer:
        await peer.line()
        for octet in b"STLS\r\nQUIT\r\n":
            await peer.send(bytes([octet]))
        await peer.play(f"{INVALID_STATE}\nS: +OK Good-bye.\nS: <closed>")
