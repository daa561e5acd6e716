"""One POP connection (RFC 1939, RFC 2449, RFC 5034) from greeting to QUIT, on a mailbox that is only looked at."""

from typing import assert_never

from lab.exchange import sasl
from lab.exchange.access import Access, Opened, Refused, SwitchedOff, Troubled
from lab.exchange.mailboxes import Mailbox
from lab.exchange.protocols import Protocol
from lab.exchange.session import MAX_ERRORS, SERVER_TAG, Lines, UnreadableError, throttled
from lab.exchange.troubles import Blocked, HungUp, NotConnected, Throttled, Trouble, Unavailable

_MECHANISMS = ("PLAIN", "XOAUTH2")
# The newer front end was seen with access tokens of more than some four thousand characters.
FRONT_END_LIMIT = 4096  # octets of the response

_GREETING = f"+OK The Microsoft Exchange POP3 service is ready. [{SERVER_TAG}]"
_FRONT_END = f"+OK Microsoft Exchange POP3 server ready (tcpproxy/15.20.9137.005). [{SERVER_TAG}]"

_HANG_UP = "-ERR Protocol error. Connection is closed. 10"
_PROTOCOL_ERROR = "-ERR Protocol error. 19"
_INVALID_STATE = "-ERR Command is not valid in this state."
_AUTHENTICATION_FAILURE = "-ERR Authentication failure: unknown user name or bad password."
_LOGON_FAILURE = "-ERR Logon failure: unknown user name or bad password."
_UNAVAILABLE = "-ERR Server Unavailable. 21"
_OPENED = "+OK User successfully authenticated."
_NO_MESSAGE = "-ERR The specified message is out of range."

_BODY = ("Hello,", "", "this message was made by the lab.")

_TRANSACTION = frozenset({"STAT", "LIST", "UIDL", "NOOP", "RSET", "RETR", "TOP"})
_AUTHORIZATION = frozenset({"AUTH", "USER", "PASS"})


class PopSession:
    """One client's POP connection."""

    def __init__(self, lines: Lines, access: Access) -> None:
        self._lines = lines
        self._access = access
        self._front_end = access.organization.pop_front_end
        filtered = Protocol.POP in access.organization.without_xoauth2
        self._mechanisms = _MECHANISMS[:1] if filtered else _MECHANISMS
        self._mailbox: Mailbox | None = None
        self._user_given = False
        self._ended = False
        self._errors_left = MAX_ERRORS

    async def run(self) -> None:
        """Talks until either side ends the talk; closing the connection is left to the caller.

        Raises:
            PeerGoneError: The client left without QUIT.
        """
        self._lines.write(_FRONT_END if self._front_end else _GREETING)
        try:
            while not self._ended:
                await self._turn()
        except UnreadableError:
            self._lines.write(_HANG_UP)
        await self._lines.flush()

    async def _turn(self) -> None:
        line = await self._lines.read_line()
        name, *arguments = line.decode("ascii", "replace").split(" ")
        answered = await self._answer(name.upper(), arguments)
        self._lines.write(*answered)
        if answered[0].startswith("-ERR"):
            self._errors_left -= 1
        if self._errors_left == 0 and not self._ended:
            self._lines.write(_HANG_UP)
            self._ended = True

    async def _answer(self, name: str, arguments: list[str]) -> tuple[str, ...]:
        match name, arguments:
            case "CAPA", []:
                return ("+OK", "TOP", "UIDL", f"SASL {' '.join(self._mechanisms)}", "USER", ".")
            case "QUIT", []:
                self._ended = True
                return ("+OK Good-bye.",)
            case "STLS", []:
                return (_INVALID_STATE,)  # TLS is there from the first octet
            case _ if name in (_TRANSACTION if self._mailbox is None else _AUTHORIZATION):
                return (_INVALID_STATE,)
            case _ if self._mailbox is None:
                return (await self._answer_stranger(name, arguments),)
            case _:
                return _transaction(self._mailbox, name, arguments)

    async def _answer_stranger(self, name: str, arguments: list[str]) -> str:
        """In the AUTHORIZATION state."""
        match name, arguments:
            case "AUTH", [mechanism]:
                return await self._authenticate(mechanism.upper())
            case "AUTH", [_, _]:  # RFC 5034 allows an initial response, Exchange does not
                self._ended = True
                return _HANG_UP
            case "USER", [_]:
                self._user_given = True
                return "+OK"
            case "PASS", [_, *_] if self._user_given:  # a password may hold spaces
                self._user_given = False
                return _LOGON_FAILURE  # Basic authentication is off
            case "PASS", [_, *_]:
                return _INVALID_STATE
            case _:
                return _PROTOCOL_ERROR

    async def _authenticate(self, mechanism: str) -> str:
        if mechanism not in self._mechanisms:
            return _PROTOCOL_ERROR  # at once, without a challenge (RFC 5034 section 4)
        self._lines.write("+ ")
        encoded = await self._lines.read_line()
        if self._front_end and len(encoded) > FRONT_END_LIMIT:
            self._ended = True
            return _HANG_UP
        response = sasl.decode(encoded)
        if response is None or mechanism != "XOAUTH2":
            return _AUTHENTICATION_FAILURE
        return await self._sign_in(response)

    async def _sign_in(self, response: bytes) -> str:
        decision = self._access.decide(Protocol.POP, response)
        match decision:
            case Refused(diagnostics=diagnostics):
                return f"{_AUTHENTICATION_FAILURE} {diagnostics}".rstrip()
            case SwitchedOff():
                return _AUTHENTICATION_FAILURE
            case Opened(mailbox):
                await self._lines.wait(mailbox.delay)
                self._mailbox = mailbox
                return _OPENED
            case Troubled(mailbox, trouble):
                await self._lines.wait(mailbox.delay)
                return self._troubled(trouble)
            case _:
                assert_never(decision)

    def _troubled(self, trouble: Trouble) -> str:
        match trouble:
            case Throttled(backoff):
                self._ended = True
                # Invented: how a throttled POP client is answered was never seen. These are IMAP's words.
                return f"-ERR {throttled(backoff)}"
            case Unavailable():
                return _UNAVAILABLE
            case NotConnected() | Blocked():
                return _AUTHENTICATION_FAILURE
            case HungUp():
                self._ended = True
                return _OPENED
            case _:
                assert_never(trouble)


def _transaction(mailbox: Mailbox, name: str, arguments: list[str]) -> tuple[str, ...]:
    """Answers a command in the TRANSACTION state; DELE is missing, since nothing is ever deleted here."""
    numbers = range(1, mailbox.messages + 1)
    match name, [_number(argument) for argument in arguments]:
        case "NOOP" | "RSET", []:
            return ("+OK",)
        case "STAT", []:
            return (f"+OK {mailbox.messages} {sum(map(_size, numbers))}",)
        case "LIST" | "UIDL", []:
            return ("+OK", *(_scan(name, number) for number in numbers), ".")
        case "LIST" | "UIDL" | "RETR" | "TOP", [int(number), *rest]:
            return _message(name, number, rest) if number in numbers else (_NO_MESSAGE,)
        case _:
            return (_PROTOCOL_ERROR,)


def _message(name: str, number: int, rest: list[int | None]) -> tuple[str, ...]:
    match name, rest:
        case "LIST" | "UIDL", []:
            return (f"+OK {_scan(name, number)}",)
        case "RETR", []:
            return ("+OK", *_head(number), "", *_BODY, ".")
        case "TOP", [int(lines)]:
            return ("+OK", *_head(number), "", *_BODY[:lines], ".")
        case _:
            return (_PROTOCOL_ERROR,)


def _head(number: int) -> tuple[str, ...]:
    return ("From: Alice <alice@contoso.com>", f"Subject: Message {number}", "Content-Type: text/plain")


def _size(number: int) -> int:
    return sum(len(line) + len("\r\n") for line in (*_head(number), "", *_BODY))


def _scan(name: str, number: int) -> str:
    """A scan listing's line, or its unique-id counterpart."""
    return f"{number} {_size(number)}" if name == "LIST" else f"{number} lab-{number:08}"


def _number(argument: str) -> int | None:
    # Nine digits and more name no message, and keep int() from long work.
    return int(argument) if argument.isascii() and argument.isdigit() and len(argument) < 10 else None  # noqa: PLR2004
