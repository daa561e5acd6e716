"""IMAP line by line: sign-in in both forms, states, errors, literals, and how octets may arrive."""

import base64
from collections.abc import AsyncIterator

import pytest

from lab.exchange.server import Exchange
from tests.lab.exchange_kit import SHARED, Peer, new_exchange, play_imap, xoauth2

INVALID_STATE = "BAD Command received in Invalid state."
ARGUMENT_ERROR = "BAD Command Argument Error. 11"
SELECT_EMPTY = """C: a SELECT Notes
S: * 0 EXISTS
S: * 0 RECENT
S: * FLAGS ...
S: * OK [PERMANENTFLAGS ...
S: * OK [UIDVALIDITY ...
S: * OK [UIDNEXT ...
S: a OK [READ-WRITE] SELECT completed."""
SIGN_IN = """
C: a0 AUTHENTICATE XOAUTH2 {response}
S: a0 OK AUTHENTICATE completed.
"""
BEFORE = "IMAP4 IMAP4rev1 AUTH=PLAIN AUTH=XOAUTH2 SASL-IR UIDPLUS MOVE ID UNSELECT CHILDREN IDLE NAMESPACE LITERAL+"
AFTER = BEFORE.replace("UNSELECT", "UNSELECT CLIENTACCESSRULES CLIENTNETWORKPRESENCELOCATION BACKENDAUTHENTICATE")


@pytest.fixture
async def exchange() -> AsyncIterator[Exchange]:
    """A server with the standard scenarios."""
    async with new_exchange() as server:
        yield server


async def test_greeting(exchange: Exchange) -> None:
    """The greeting has no CAPABILITY, and names the server behind in base64 of UTF-16LE."""
    async with Peer.connected(exchange.imap_port) as peer:
        greeting = await peer.line()
    assert greeting.startswith("* OK The Microsoft Exchange IMAP4 service is ready. [")
    bracket = greeting.partition("[")[2].removesuffix("]")
    assert base64.b64decode(bracket).decode("utf-16-le").endswith(".EXAMPLE")


async def test_a_whole_session(exchange: Exchange) -> None:
    """Sign-in with an initial response, a listing, a look at folders, and a polite end."""
    await play_imap(
        exchange,
        r"""
        C: a1 CAPABILITY
        S: * CAPABILITY {before}
        S: a1 OK CAPABILITY completed.
        C: a2 AUTHENTICATE XOAUTH2 {response}
        S: a2 OK AUTHENTICATE completed.
        C: a3 CAPABILITY
        S: * CAPABILITY {after}
        S: a3 OK CAPABILITY completed.
        C: a4 NAMESPACE
        S: * NAMESPACE (("" "/")) NIL NIL
        S: a4 OK NAMESPACE completed.
        C: a5 ID ("name" "test" "version" NIL)
        S: * ID NIL
        S: a5 OK ID completed.
        C: a6 LIST "" ""
        S: * LIST (\Noselect) "/" ""
        S: a6 OK LIST completed.
        C: a7 list "Archive/2025/" %
        S: * LIST (\HasChildren) "/" Archive/2025/Q1
        S: a7 OK LIST completed.
        C: a8 SELECT inbox
        S: * 7 EXISTS
        S: * 0 RECENT
        S: * FLAGS (...)
        S: * OK [PERMANENTFLAGS (...)] ...
        S: * OK [UIDVALIDITY 14] ...
        S: * OK [UIDNEXT 8] ...
        S: a8 OK [READ-WRITE] SELECT completed.
        C: a9 NOOP
        S: a9 OK NOOP completed.
        C: b1 UNSELECT
        S: b1 OK UNSELECT completed.
        C: b2 EXAMINE "Sent Items"
        S: * 0 EXISTS
        S: * 0 RECENT
        S: * FLAGS (...)
        S: * OK [PERMANENTFLAGS (...)] ...
        S: * OK [UIDVALIDITY 14] ...
        S: * OK [UIDNEXT 1] ...
        S: b2 OK [READ-ONLY] EXAMINE completed.
        C: b3 CLOSE
        S: b3 OK CLOSE completed.
        C: b4 STATUS "Kunder/&ANg-st &- Vest/&AMU-rhus" (MESSAGES unseen)
        S: * STATUS "Kunder/&ANg-st &- Vest/&AMU-rhus" (MESSAGES 0 UNSEEN 0)
        S: b4 OK STATUS completed.
        C: b5 LOGOUT
        S: * BYE Microsoft Exchange Server IMAP4 server signing off.
        S: b5 OK LOGOUT completed.
        S: <closed>
        """,
        before=BEFORE,
        after=AFTER,
        response=xoauth2(SHARED),
    )


async def test_continuation_form(exchange: Exchange) -> None:
    """Without an initial response the server asks for it with an empty challenge."""
    await play_imap(
        exchange,
        "C: a1 authenticate xoauth2\nS: + \nC: {response}\nS: a1 OK AUTHENTICATE completed.",
        response=xoauth2(SHARED),
    )


async def test_a_refusal_is_not_the_end(exchange: Exchange) -> None:
    """After a refusal, without any challenge, the client may try again on the same connection."""
    await play_imap(
        exchange,
        "C: a1 AUTHENTICATE XOAUTH2 {bad}\nS: a1 NO AUTHENTICATE failed.\n" + SIGN_IN.lstrip(),
        bad=xoauth2("unknown@contoso.com"),
        response=xoauth2(SHARED),
    )


@pytest.mark.parametrize(
    "dialogue",
    [
        "C: a LOGIN shared@contoso.com secret\nS: a NO LOGIN failed.",
        'C: a LOGIN "shared@contoso.com" "sec ret"\nS: a NO LOGIN failed.',
        "C: a AUTHENTICATE PLAIN AGEAYg==\nS: a NO AUTHENTICATE failed.",
        "C: a AUTHENTICATE PLAIN\nS: + \nC: AGEAYg==\nS: a NO AUTHENTICATE failed.",
        "C: a AUTHENTICATE OAUTHBEARER AGEAYg==\nS: a NO AUTHENTICATE failed.",
        "C: a AUTHENTICATE OAUTHBEARER a-_b\nS: a NO AUTHENTICATE failed.",
        "C: a AUTHENTICATE FOO\nS: a NO AUTHENTICATE failed.",
        "C: a AUTHENTICATE XOAUTH2 =\nS: a NO AUTHENTICATE failed.",
        "C: a AUTHENTICATE XOAUTH2\nS: + \nC: \nS: a NO AUTHENTICATE failed.",
        "C: a AUTHENTICATE XOAUTH2\nS: + \nC: *\nS: a BAD Command Argument Error. 11",
        "C: a AUTHENTICATE XOAUTH2 dXNlcj1=a\nS: a BAD Command Argument Error. 11",
        "C: a AUTHENTICATE XOAUTH2 a-_b\nS: a BAD Command Argument Error. 11",
        "C: a AUTHENTICATE\nS: a BAD Command Argument Error. 11",
        "C: a AUTHENTICATE XOAUTH2 b c\nS: a BAD Command Argument Error. 11",
        "C: a LOGIN shared@contoso.com\nS: a BAD Command Argument Error. 11",
        'C: a LIST "" "*"\nS: a BAD Command received in Invalid state.',
        "C: a SELECT INBOX\nS: a BAD Command received in Invalid state.",
        "C: a STARTTLS\nS: a BAD Command received in Invalid state.",
        "C: a NOOP\nS: a OK NOOP completed.",
        "C: a NOOP \nS: a BAD Command Argument Error. 11",
        "C: a LOGOUT now\nS: a BAD Command Argument Error. 11",
        "C: a XYZZY\nS: a BAD Command Error. 10",
        "C: a\nS: a BAD Command Error. 10",
        "C: a 1\nS: a BAD Command Error. 10",
        "C: \nS: * BAD Command Error. 10",
        "C: * NOOP\nS: * BAD Command Error. 10",
        "C: +\nS: * BAD Command Error. 10",
        "C: GET / HTTP/1.1\nS: GET BAD Command Error. 10",
    ],
)
async def test_before_sign_in(exchange: Exchange, dialogue: str) -> None:
    """Basic authentication is off, unfit responses and commands are refused, and the session goes on."""
    await play_imap(exchange, dialogue + SIGN_IN, response=xoauth2(SHARED))


@pytest.mark.parametrize(
    "dialogue",
    [
        'C: a LSUB "" "*"\nS: a BAD Command Argument Error. 11',
        'C: a LIST "" "*\nS: a BAD Command Argument Error. 11',
        'C: a LIST ""  "*"\nS: a BAD Command Argument Error. 11',
        'C: a LIST """*"\nS: a BAD Command Argument Error. 11',
        'C: a LIST "" ("*" INBOX)\nS: a BAD Command Argument Error. 11',
        'C: a LIST "" "\\*"\nS: a BAD Command Argument Error. 11',
        'C: a LIST "" "ø"\nS: a BAD Command Argument Error. 11',
        "C: a LIST\nS: a BAD Command Argument Error. 11",
        "C: a SELECT (\nS: a BAD Command Argument Error. 11",
        "C: a SELECT a)\nS: a BAD Command Argument Error. 11",
        "C: a STATUS INBOX (MESSAGES )\nS: a BAD Command Argument Error. 11",
        "C: a STATUS INBOX ()\nS: a BAD Command Argument Error. 11",
        "C: a STATUS INBOX (MESSAGES (UNSEEN))\nS: a BAD Command Argument Error. 11",
        "C: a STATUS INBOX (COLOUR)\nS: a BAD Command Argument Error. 11",
        "C: a STATUS Nowhere (MESSAGES)\nS: a NO STATUS failed.",
        "C: a SELECT Nowhere\nS: a NO SELECT failed.",
        "C: a SELECT Projekte\nS: a NO SELECT failed.",
        "C: a FETCH 1 BODY[]\nS: a BAD Command Error. 10",
        "C: a AUTHENTICATE XOAUTH2 {response}\nS: a BAD Command received in Invalid state.",
        "C: a LOGIN a b\nS: a BAD Command received in Invalid state.",
        "C: a STARTTLS\nS: a BAD Command received in Invalid state.",
        f"C: a CLOSE\nS: a {INVALID_STATE}",
        f"C: a UNSELECT\nS: a {INVALID_STATE}",
        f"C: a SELECT Nowhere\nS: a NO SELECT failed.\nC: b CLOSE\nS: b {INVALID_STATE}",
        f"{SELECT_EMPTY}\nC: b CLOSE\nS: b OK CLOSE completed.\nC: c CLOSE\nS: c {INVALID_STATE}",
        f"{SELECT_EMPTY}\nC: b SELECT Nowhere\nS: b NO SELECT failed.\nC: c UNSELECT\nS: c {INVALID_STATE}",
        f"{SELECT_EMPTY}\nC: b SELECT\nS: b {ARGUMENT_ERROR}\nC: c UNSELECT\nS: c OK UNSELECT completed.",
    ],
)
async def test_after_sign_in(exchange: Exchange, dialogue: str) -> None:
    """Commands that do not fit are answered BAD, folders that cannot be opened NO, and the session goes on."""
    talk = SIGN_IN.lstrip() + dialogue + "\nC: z NOOP\nS: z OK NOOP completed."
    await play_imap(exchange, talk, response=xoauth2(SHARED))


async def test_names_that_need_a_literal(exchange: Exchange) -> None:
    """A name with quotes or a backslash comes as a literal, and the line goes on behind it."""
    await play_imap(
        exchange,
        SIGN_IN.lstrip()
        + r"""
        C: a LIST "" "Say*"
        S: * LIST (\HasNoChildren) "/" {11}
        S: Say "hello"
        S: a OK LIST completed.
        C: b LIST "" "back\\\\slash"
        S: b OK LIST completed.
        C: c STATUS "back\\slash" (MESSAGES)
        S: * STATUS {10}
        S: back\slash (MESSAGES 0)
        S: c OK STATUS completed.
        """.lstrip(),
        response=xoauth2(SHARED),
    )


async def test_literals_from_the_client(exchange: Exchange) -> None:
    """A synchronising literal is asked for, a non-synchronising one is not, and both may stand for any argument."""
    await play_imap(
        exchange,
        SIGN_IN.lstrip()
        + r"""
        C: a STATUS {11}
        S: + Ready for additional command text.
        C: Say "hello" (MESSAGES)
        S: * STATUS {11}
        S: Say "hello" (MESSAGES 0)
        S: a OK STATUS completed.
        C: b LIST {0+}
        C:  {5+}
        C: INBOX
        S: * LIST (\Marked \HasChildren) "/" INBOX
        S: b OK LIST completed.
        C: c SELECT {2+}
        C: ø
        S: c BAD Command Argument Error. 11
        """.lstrip(),
        response=xoauth2(SHARED),
    )


async def test_ten_errors_end_the_connection(exchange: Exchange) -> None:
    """The tenth BAD is followed by BYE."""
    bad = "C: a XYZZY\nS: a BAD Command Error. 10\n"
    await play_imap(exchange, bad * 10 + "S: * BYE Connection closed. 14\nS: <closed>")


async def test_two_commands_in_one_packet(exchange: Exchange) -> None:
    """Commands that arrive together are answered one after the other."""
    async with Peer.connected(exchange.imap_port) as peer:
        await peer.line()
        commands = f'a AUTHENTICATE XOAUTH2 {xoauth2(SHARED)}\r\nb LIST "" INBOX\r\nc LOGOUT\r\n'
        await peer.send(commands.encode())
        await peer.play(
            r"""
            S: a OK AUTHENTICATE completed.
            S: * LIST (\Marked \HasChildren) "/" INBOX
            S: b OK LIST completed.
            S: * BYE ...
            S: c OK LOGOUT completed.
            S: <closed>
            """
        )


async def test_one_octet_per_packet(exchange: Exchange) -> None:
    """It does not matter how a command is cut into packets."""
    async with Peer.connected(exchange.imap_port) as peer:
        await peer.line()
        for octet in b"a CAPABILITY\r\nb ID {4+}\r\nname\r\n":
            await peer.send(bytes([octet]))
        await peer.play("S: * CAPABILITY ...\nS: a OK CAPABILITY completed.\nS: * ID NIL\nS: b OK ID completed.")
