"""The POP dialogue: sign in with XOAUTH2, count the messages, leave.

    S: +OK ready                             GREETING
    C: CAPA                                  CAPABILITY
    S: +OK, lines, "."
    C: AUTH XOAUTH2                          AUTH
    S: +
    C: <base64>
    S: +OK
    C: STAT                                  LIST
    S: +OK 7 1800662
    C: QUIT                                  LOGOUT

Two steps always: a POP command line has at most 255 octets (RFC 2449 section 4), Exchange closes the connection when
the token stands on it, and RFC 5034 section 4 lets a long initial response wait for the continuation.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from mailcheck.model.evidence import NO_DETAILS, Evidence, Fault, Stage
from mailcheck.model.report import Maildrop
from mailcheck.model.request import Mailbox, MailProtocol
from mailcheck.model.secret import Secret
from mailcheck.protocol.effects import Dialogue, Enter, ReadLine, Send
from mailcheck.protocol.refusal import UNREAD, on_server, refusal, throttled
from mailcheck.protocol.sasl import MECHANISM, answer_challenges, xoauth2
from mailcheck.protocol.server_text import internal_server_name

_OK = "+OK"
_ERR = "-ERR"
_GO_ON = "+"
_REPLY = re.compile(rb"(\+OK|-ERR|\+)(?: (.*))?\Z", re.DOTALL)
_DROP_LISTING = re.compile(r"(\d{1,18}) (\d{1,18})(?: |\Z)", re.ASCII)  # RFC 1939 section 5, STAT


@dataclass(frozen=True, slots=True)
class _Reply:
    """A line of the server: `indicator` is `+OK`, `-ERR`, `+` to go on, or none where POP has no such line."""

    indicator: str | None
    text: str
    raw: bytes


def count_messages(mailbox: Mailbox, token: Secret[str]) -> Dialogue[Maildrop | Evidence]:
    """Opens the mailbox by POP on a connection that TLS already protects, from the greeting on."""
    yield Enter(Stage.GREETING)
    greeting = yield from _read_reply()
    if greeting.indicator != _OK:
        return _evidence(Stage.GREETING, greeting)
    outcome = yield from _open(xoauth2(mailbox, token))
    return on_server(outcome, internal_server_name(greeting.text))


def _open(sasl: Secret[bytes]) -> Dialogue[Maildrop | Evidence]:
    """From the greeting's end."""
    failed = (yield from _ask_capabilities()) or (yield from _sign_in(sasl))
    if failed:
        return failed
    outcome = yield from _stat()
    if isinstance(outcome, Maildrop):
        yield Enter(Stage.LOGOUT)
        yield Send(b"QUIT\r\n")  # nobody waits for the answer: nothing was deleted, so nothing is left to commit
    return outcome


def _ask_capabilities() -> Dialogue[Evidence | None]:
    """Evidence when the server tells its mechanisms and ours is not among them; a server need not know CAPA.

    One that knows CAPA and SASL has to announce it (RFC 2449 section 6.3): no SASL line, no mechanism.
    """
    yield Enter(Stage.CAPABILITY)
    yield Send(b"CAPA\r\n")
    reply = yield from _read_reply()
    if reply.indicator == _ERR and not throttled(reply.text):
        return None
    if reply.indicator != _OK:
        return _evidence(Stage.CAPABILITY, reply)
    sasl = b""
    while (line := (yield ReadLine())) != b".":
        line = line.removeprefix(b".")  # dot-stuffed (RFC 1939 section 3)
        if line.upper().startswith(b"SASL "):
            sasl = line
    if MECHANISM.encode() in sasl.upper().split():
        return None
    return refusal(MailProtocol.POP, Stage.CAPABILITY, Fault.NO_MECHANISM, sasl)


def _sign_in(sasl: Secret[bytes]) -> Dialogue[Evidence | None]:
    """Authenticates; none when the server said +OK to the token."""
    yield Enter(Stage.AUTH)
    yield Send(f"AUTH {MECHANISM}\r\n".encode())
    reply = yield from _read_reply()
    if reply.indicator != _GO_ON:
        return _evidence(Stage.AUTH, reply, UNREAD)
    yield Send(Secret(sasl.reveal() + b"\r\n"), shown=str(sasl))
    reply = yield from _read_reply()
    reply, explained = yield from answer_challenges(reply, _challenge, _read_reply)
    return None if reply.indicator == _OK else _evidence(Stage.AUTH, reply, explained)


def _challenge(reply: _Reply) -> str | None:
    return reply.text if reply.indicator == _GO_ON else None


def _stat() -> Dialogue[Maildrop | Evidence]:
    yield Enter(Stage.LIST)
    yield Send(b"STAT\r\n")
    reply = yield from _read_reply()
    counted = _DROP_LISTING.match(reply.text)
    if reply.indicator == _OK and counted:
        return Maildrop(messages=int(counted[1]), octets=int(counted[2]))
    return _evidence(Stage.LIST, reply)


def _read_reply() -> Dialogue[_Reply]:
    line = yield ReadLine()
    reply = _REPLY.match(line)
    if reply is None:
        return _Reply(None, "", line)
    return _Reply(reply[1].decode("ascii"), (reply[2] or b"").decode("utf-8", "replace"), line)


def _evidence(stage: Stage, reply: _Reply, known: Mapping[str, str] = NO_DETAILS) -> Evidence:
    """Evidence of -ERR, or of a line that does not belong where it came."""
    if reply.indicator == _ERR:
        return refusal(MailProtocol.POP, stage, _ERR, reply.text, known)
    return refusal(MailProtocol.POP, stage, Fault.MALFORMED, reply.raw, known)
