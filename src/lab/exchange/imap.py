"""One IMAP connection (RFC 3501) from greeting to BYE: who may say what when, and sign-in."""

from enum import Enum, auto
from typing import assert_never

from lab.exchange import sasl
from lab.exchange.access import Access, Opened, Refused, SwitchedOff, Troubled
from lab.exchange.imap_command import Command, Malformed, read_command
from lab.exchange.imap_mailbox import ARGUMENT_ERROR, COMMAND_ERROR, NAMES, Answer, answer, completed
from lab.exchange.mailboxes import Mailbox
from lab.exchange.protocols import Protocol
from lab.exchange.session import MAX_ERRORS, SERVER_TAG, Lines, UnreadableError, throttled
from lab.exchange.troubles import Blocked, HungUp, NotConnected, Throttled, Trouble, Unavailable

# What Exchange advertises. Of it, the lab leaves out what changes mail or waits for it: UIDPLUS, MOVE, IDLE.
_CAPABILITIES = "IMAP4 IMAP4rev1{mechanisms} SASL-IR UIDPLUS MOVE ID UNSELECT{more} CHILDREN IDLE NAMESPACE LITERAL+"
_MORE_CAPABILITIES = " CLIENTACCESSRULES CLIENTNETWORKPRESENCELOCATION BACKENDAUTHENTICATE"

_ALWAYS = frozenset({"CAPABILITY", "LOGOUT"})
_ANY_STATE = _ALWAYS | {"NOOP", "ID"}
_SIGN_IN = frozenset({"AUTHENTICATE", "LOGIN", "STARTTLS"})  # STARTTLS never fits: TLS is there from the first octet

_HANG_UP = "* BYE Connection closed. 14"
_AUTHENTICATE_FAILED = Answer("NO AUTHENTICATE failed.")
_MECHANISMS = ("PLAIN", "XOAUTH2")
_OPENING = frozenset({"SELECT", "EXAMINE"})
_CLOSING = frozenset({"CLOSE", "UNSELECT"})
_INVALID_STATE = Answer("BAD Command received in Invalid state.")
_NOT_CONNECTED = Answer("BAD User is authenticated but not connected.")
_NOT_CONNECTED_ERRORS = 2  # that many more, and Exchange hangs up
_AUTHENTICATED = Answer("OK AUTHENTICATE completed.")
_UNAVAILABLE = Answer("NO Server Unavailable. 15")


class _State(Enum):
    NOT_AUTHENTICATED = auto()
    AUTHENTICATED = auto()
    SELECTED = auto()
    NOT_CONNECTED = auto()  # Exchange's own: signed in to a mailbox that cannot be opened
    LOGOUT = auto()


class ImapSession:
    """One client's IMAP connection."""

    def __init__(self, lines: Lines, access: Access) -> None:
        self._lines = lines
        self._access = access
        filtered = Protocol.IMAP in access.organization.without_xoauth2
        self._mechanisms = _MECHANISMS[:1] if filtered else _MECHANISMS
        self._state = _State.NOT_AUTHENTICATED
        self._mailbox: Mailbox | None = None
        self._listing_fails: Answer | None = None
        self._errors_left = MAX_ERRORS

    async def run(self) -> None:
        """Talks until either side ends the talk; closing the connection is left to the caller.

        Raises:
            PeerGoneError: The client left without LOGOUT.
        """
        self._lines.write(f"* OK The Microsoft Exchange IMAP4 service is ready. [{SERVER_TAG}]")
        try:
            while self._state is not _State.LOGOUT:
                await self._turn()
        except UnreadableError:
            self._lines.write(_HANG_UP)
        await self._lines.flush()

    async def _turn(self) -> None:
        command = await read_command(self._lines)
        match command:
            case Malformed(arguments=arguments):
                answered = Answer(ARGUMENT_ERROR if arguments else COMMAND_ERROR)
            case Command():
                answered = await self._answer(command)
        self._lines.write(*answered.untagged, f"{command.tag} {answered.status}")
        if answered.status.startswith("BAD"):
            self._errors_left -= 1
        if self._errors_left <= 0:
            self._lines.write(_HANG_UP)
            self._state = _State.LOGOUT

    async def _answer(self, command: Command) -> Answer:
        if self._state is _State.NOT_CONNECTED and command.name not in _ALWAYS:
            return _NOT_CONNECTED
        if command.name in _ANY_STATE:
            return self._answer_anyone(command)
        if self._mailbox is None:
            return await self._answer_stranger(command)
        if command.name in _SIGN_IN or (command.name in _CLOSING and self._state is not _State.SELECTED):
            return _INVALID_STATE
        if self._listing_fails:
            return self._listing_fails if command.name in NAMES else Answer(COMMAND_ERROR)
        answered = answer(self._mailbox, command)
        self._note_selection(command.name, answered.status)
        return answered

    def _note_selection(self, name: str, status: str) -> None:
        """A SELECT that is answered NO leaves nothing selected (RFC 3501 section 6.3.1); one answered BAD was none."""
        if name in _OPENING and not status.startswith("BAD"):
            self._state = _State.SELECTED if status.startswith("OK") else _State.AUTHENTICATED
        elif name in _CLOSING and status.startswith("OK"):
            self._state = _State.AUTHENTICATED

    def _answer_anyone(self, command: Command) -> Answer:
        """Commands of any state."""
        match command.name, command.arguments:
            case "CAPABILITY", ():
                more = "" if self._state is _State.NOT_AUTHENTICATED else _MORE_CAPABILITIES
                mechanisms = "".join(f" AUTH={name}" for name in self._mechanisms)
                listed = _CAPABILITIES.format(mechanisms=mechanisms, more=more)
                return completed(command, f"* CAPABILITY {listed}".encode("ascii"))
            case "LOGOUT", ():
                self._state = _State.LOGOUT
                return completed(command, b"* BYE Microsoft Exchange Server IMAP4 server signing off.")
            case "NOOP", ():
                return completed(command)
            case "ID", (_,):
                return completed(command, b"* ID NIL")
            case _:
                return Answer(ARGUMENT_ERROR)

    async def _answer_stranger(self, command: Command) -> Answer:
        """Before sign-in."""
        match command.name, command.arguments:
            case "AUTHENTICATE", (str(mechanism), *_) if mechanism.upper() not in self._mechanisms:
                # At once, without a challenge (RFC 3501 section 6.2.2). BAD is the filter's, which knows no such word.
                filtered = mechanism.upper() in _MECHANISMS
                return Answer(ARGUMENT_ERROR) if filtered else _AUTHENTICATE_FAILED
            case "AUTHENTICATE", (str(mechanism),):
                self._lines.write("+ ")
                return await self._authenticate(mechanism, await self._lines.read_line())
            case "AUTHENTICATE", (str(mechanism), str(initial)):
                # RFC 4959: a lone = is a response that is there, and empty.
                return await self._authenticate(mechanism, b"" if initial == "=" else initial.encode("ascii"))
            case "LOGIN", (str(), str()):
                return Answer("NO LOGIN failed.")
            case "AUTHENTICATE" | "LOGIN", _:
                return Answer(ARGUMENT_ERROR)
            case name, _:
                return _INVALID_STATE if name in NAMES | _SIGN_IN else Answer(COMMAND_ERROR)

    async def _authenticate(self, mechanism: str, encoded: bytes) -> Answer:
        response = sasl.decode(encoded)
        if response is None:  # also the * that cancels
            return Answer(ARGUMENT_ERROR)
        if mechanism.upper() != "XOAUTH2":  # Basic authentication is off
            return _AUTHENTICATE_FAILED
        decision = self._access.decide(Protocol.IMAP, response)
        match decision:
            case Refused(diagnostics=diagnostics):
                return Answer(f"{_AUTHENTICATE_FAILED.status} {diagnostics}".rstrip())
            case SwitchedOff():
                return self._not_connected(_NOT_CONNECTED_ERRORS)
            case Opened(mailbox):
                await self._lines.wait(mailbox.delay)
                return self._opened(mailbox)
            case Troubled(mailbox, trouble):
                await self._lines.wait(mailbox.delay)
                return self._troubled(mailbox, trouble)
            case _:
                assert_never(decision)

    def _opened(self, mailbox: Mailbox) -> Answer:
        self._state = _State.AUTHENTICATED
        self._mailbox = mailbox
        return _AUTHENTICATED

    def _not_connected(self, patience: int) -> Answer:
        self._state = _State.NOT_CONNECTED
        self._errors_left = patience
        return _AUTHENTICATED

    def _troubled(self, mailbox: Mailbox, trouble: Trouble) -> Answer:
        match trouble:
            case Throttled(backoff, closing, listing):
                if closing:
                    self._errors_left = 1
                answered = Answer(f"{'BAD' if closing else 'NO'} {throttled(backoff)}")
                if not listing:
                    return answered
                self._listing_fails = answered
                return self._opened(mailbox)
            case Unavailable():
                self._listing_fails = _UNAVAILABLE
                return self._opened(mailbox)
            case NotConnected(patience):
                return self._not_connected(patience)
            case HungUp():
                self._errors_left = 0
                return _AUTHENTICATED
            case Blocked():
                return _AUTHENTICATE_FAILED
            case _:
                assert_never(trouble)
