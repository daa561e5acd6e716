"""One SMTP connection of client submission (RFC 5321, RFC 3207, RFC 4954), from greeting to QUIT."""

import datetime as dt
import ssl
from collections.abc import Callable
from typing import assert_never

from lab.exchange import sasl, smtp_command, smtp_reply
from lab.exchange.access import Access, Opened, Refused, Switch, SwitchedOff, Troubled
from lab.exchange.protocols import Protocol
from lab.exchange.session import Lines, SilenceError, UnreadableError
from lab.exchange.smtp_reply import Stamp
from lab.exchange.smtp_transaction import SIZE_LIMIT, Transaction, drop_chunk
from lab.exchange.troubles import Blocked, HungUp, NotConnected, Throttled, Trouble, Unavailable

_MECHANISMS = ("LOGIN", "XOAUTH2")
_EXTENSIONS = (
    *(f"SIZE {SIZE_LIMIT}", "PIPELINING", "DSN", "ENHANCEDSTATUSCODES"),
    *("8BITMIME", "BINARYMIME", "CHUNKING", "SMTPUTF8"),
)
_SECURITY_AT = 4  # where STARTTLS stands in the list of extensions, and AUTH after it
_MAX_ERRORS = 5  # `Set-ReceiveConnector -MaxProtocolErrors`, its default
_CRLF = b"\r\n"
_TLS_READY = "220 2.0.0 SMTP server ready"
_OPENED = "235 2.7.0 Authentication successful"
_CANCEL = b"*"  # RFC 4954 section 4

_USERNAME, _PASSWORD = "VXNlcm5hbWU6", "UGFzc3dvcmQ6"  # base64 of what AUTH LOGIN asks for
_VERBS = "HELO EHLO STARTTLS RCPT DATA RSET MAIL QUIT HELP AUTH BDAT"
_SIMPLE = {
    "QUIT": ("221 2.0.0 Service closing transmission channel",),
    "RSET": ("250 2.0.0 Resetting",),
    "NOOP": ("250 2.0.0 OK",),
    "HELP": smtp_reply.several(214, "This server supports the following commands:", _VERBS),
    "VRFY": ("252 2.1.5 Cannot VRFY user",),
}


class SmtpSession:
    """One client's SMTP connection."""

    def __init__(self, lines: Lines, access: Access, tls: ssl.SSLContext, now: Callable[[], dt.datetime]) -> None:
        """Takes a connection in clear.

        Args:
            lines: Its lines.
            access: Decides on sign-ins.
            tls: What STARTTLS makes of it.
            now: The clock, UTC.
        """
        self._lines = lines
        self._access = access
        self._organization = access.organization
        filtered = Protocol.SMTP in self._organization.without_xoauth2
        self._mechanisms = _MECHANISMS[:1] if filtered else _MECHANISMS
        self._tls = tls
        self._now = now
        self._stamp = Stamp(now())
        self._secure = False
        self._greeted = False
        self._extended = False  # by EHLO, and not by HELO
        self._transaction: Transaction | None = None  # from sign-in on
        self._errors_left = _MAX_ERRORS
        self._ended = False

    async def run(self) -> None:
        """Talks until either side ends the talk; closing the connection is left to the caller.

        Raises:
            PeerGoneError: The client left without QUIT.
        """
        self._write(self._stamp.greeting)
        try:
            while not self._ended:
                await self._turn()
        except SilenceError:
            self._write(smtp_reply.TIMEOUT)
        except UnreadableError:
            self._write(smtp_reply.LINE_TOO_LONG)
        await self._lines.flush()

    async def _turn(self) -> None:
        command = smtp_command.parse(await self._lines.read_line(_CRLF))
        reply = (command,) if isinstance(command, str) else await self._answer(command.verb, command.argument)
        self._write(*reply)
        if reply == (_TLS_READY,):
            await self._start_tls()
        if reply[-1].startswith("5"):
            self._errors_left -= 1
        if self._errors_left == 0 and not self._ended:
            self._write(smtp_reply.TOO_MANY_ERRORS)
            self._ended = True

    def _write(self, *lines: str) -> None:
        now = self._now()
        self._lines.write(*(self._stamp.marked(line, now) for line in lines))

    async def _start_tls(self) -> None:
        """Nothing that was said in clear is remembered (RFC 3207 section 4.2)."""
        await self._lines.start_tls(self._tls)
        self._secure = True
        self._greeted = self._extended = False

    async def _answer(self, verb: str, argument: str) -> tuple[str, ...]:
        match verb:
            case "EHLO" | "HELO":
                return self._hello(verb, argument)
            case "STARTTLS":
                return (self._answer_starttls(),)
            case "AUTH":
                return (await self._answer_auth(argument),)
            case "MAIL" | "RCPT" | "DATA" | "BDAT":
                return (await self._answer_transaction(verb, argument),)
            case _:
                return self._answer_simple(verb)

    def _answer_simple(self, verb: str) -> tuple[str, ...]:
        """Commands of any state."""
        if verb == "QUIT":
            self._ended = True
        elif verb == "RSET" and self._transaction:
            self._transaction.reset()
        return _SIMPLE.get(verb, (smtp_reply.UNRECOGNIZED,))

    def _hello(self, verb: str, argument: str) -> tuple[str, ...]:
        if not smtp_command.is_client_name(argument):
            return ("501 5.5.4 Invalid domain name",)
        if self._secure and self._organization.old_tls:
            self._ended = True
            return (smtp_reply.OLD_TLS,)
        self._greeted = True
        self._extended = verb == "EHLO"
        if self._transaction:
            self._transaction.reset()  # RFC 5321 section 4.1.4
        hello = f"{smtp_reply.HOST} Hello [{self._lines.peer}]"
        if not self._extended:
            return (f"250 {hello}",)
        extensions = list(_EXTENSIONS)
        extensions[_SECURITY_AT:_SECURITY_AT] = self._security()
        return smtp_reply.several(250, hello, *extensions)

    def _security(self) -> tuple[str, ...]:
        if self._secure:
            return (f"AUTH {' '.join(self._mechanisms)}",)
        return () if self._organization.without_starttls else ("STARTTLS",)

    def _answer_starttls(self) -> str:
        if self._organization.without_starttls:
            return smtp_reply.UNRECOGNIZED
        if not self._extended:
            return smtp_reply.HELLO_FIRST
        return smtp_reply.BAD_SEQUENCE if self._secure else _TLS_READY

    async def _answer_transaction(self, verb: str, argument: str) -> str:
        if verb == "BDAT" and not await drop_chunk(argument, self._lines):
            return smtp_reply.INVALID_ARGUMENTS
        if not self._greeted:
            return smtp_reply.HELLO_FIRST
        if self._transaction is None:
            return smtp_reply.NOT_AUTHENTICATED
        match verb:
            case "MAIL":
                return self._transaction.mail(argument)
            case "RCPT":
                return self._transaction.rcpt(argument)
            case _:
                return self._transaction.data()

    async def _answer_auth(self, argument: str) -> str:
        if not self._secure:
            return smtp_reply.UNRECOGNIZED  # it was not offered
        if not self._extended:
            return smtp_reply.HELLO_FIRST
        if self._transaction:
            return smtp_reply.BAD_SEQUENCE
        mechanism, _, initial = argument.partition(" ")
        match mechanism.upper():
            case "XOAUTH2" if "XOAUTH2" in self._mechanisms:
                return await self._xoauth2(initial)
            case "LOGIN":
                return await self._login(initial)
            case _:
                return smtp_reply.NOT_OFFERED

    async def _login(self, initial: str) -> str:
        """AUTH LOGIN asks for both, and Basic authentication is off."""
        answers = [initial.encode()] if initial else []
        for question in (_USERNAME, _PASSWORD)[len(answers) :]:
            answers.append(await self._challenge(question))
            if answers[-1] == _CANCEL:
                return smtp_reply.AUTHENTICATION_UNSUCCESSFUL
        return smtp_reply.BASIC_IS_OFF if all(map(_decoded, answers)) else smtp_reply.BAD_BASE64

    async def _xoauth2(self, initial: str) -> str:
        if initial:  # RFC 4954 section 4: a lone = is a response that is there, and empty.
            encoded = b"" if initial == "=" else initial.encode()
        else:
            encoded = await self._challenge("")
        if encoded == _CANCEL:  # as after a failure: Exchange has no 501 for it
            return smtp_reply.AUTHENTICATION_UNSUCCESSFUL
        if len(encoded) + len(_CRLF) > smtp_command.AUTH_LINE_LIMIT:
            return smtp_reply.AUTH_LINE_TOO_LONG
        response = sasl.decode(encoded)
        return smtp_reply.BAD_BASE64 if response is None else await self._sign_in(response)

    async def _challenge(self, challenge: str) -> bytes:
        self._write(f"334 {challenge}")
        return await self._lines.read_line(_CRLF)

    async def _sign_in(self, response: bytes) -> str:
        decision = self._access.decide(Protocol.SMTP, response)
        match decision:
            case Refused():
                return smtp_reply.AUTHENTICATION_UNSUCCESSFUL
            case SwitchedOff(Switch.ORGANIZATION):
                return smtp_reply.SWITCHED_OFF_FOR_ALL
            case SwitchedOff():
                return smtp_reply.SWITCHED_OFF
            case Opened(mailbox):
                await self._lines.wait(mailbox.delay)
                self._transaction = Transaction(mailbox)
                return _OPENED
            case Troubled(mailbox, trouble):
                await self._lines.wait(mailbox.delay)
                return self._troubled(trouble)
            case _:
                assert_never(decision)

    def _troubled(self, trouble: Trouble) -> str:
        match trouble:
            case Throttled():
                return smtp_reply.TOO_MANY_CONNECTIONS
            case Unavailable():
                return smtp_reply.UNAVAILABLE
            case NotConnected():
                return smtp_reply.AUTHENTICATION_UNSUCCESSFUL
            case Blocked():
                return smtp_reply.BLOCKED
            case HungUp():
                self._ended = True
                return _OPENED
            case _:
                assert_never(trouble)


def _decoded(line: bytes) -> bool:
    return sasl.decode(line) is not None
