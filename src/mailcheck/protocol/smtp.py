"""The SMTP dialogue of client submission: TLS by STARTTLS, sign in with XOAUTH2, leave; nothing is sent.

    S: 220 ready                             GREETING
    C: EHLO                                  CAPABILITY
    S: 250-..., 250 STARTTLS
    C: STARTTLS                              STARTTLS
    S: 220
       TLS                                   TLS
    C: EHLO                                  CAPABILITY
    S: 250-..., 250 AUTH XOAUTH2
    C: AUTH XOAUTH2                          AUTH
    S: 334
    C: <base64>
    S: 235
    C: QUIT                                  LOGOUT

What was said before TLS is asked again after it and not believed (RFC 3207 section 4.2). The token goes in a line of
its own: a command line has at most 512 octets (RFC 5321 section 4.5.3.1.4), and tokens are longer.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from mailcheck.model.evidence import NO_DETAILS, Evidence, Fault, Stage
from mailcheck.model.report import Submission
from mailcheck.model.request import Mailbox, MailProtocol
from mailcheck.model.secret import Secret
from mailcheck.protocol.effects import Dialogue, Enter, ReadLine, Send, StartTls
from mailcheck.protocol.refusal import UNREAD, refusal
from mailcheck.protocol.sasl import MECHANISM, explanation, xoauth2

# A client that has no name of its own in DNS gives an address literal (RFC 5321 section 4.1.4).
_HELLO = Send(b"EHLO [127.0.0.1]\r\n")
_EMPTY = Send(b"\r\n")  # how XOAUTH2 acknowledges an error challenge, so that the refusal itself can come
_CANCEL = Send(b"*\r\n")  # RFC 4954 section 4

_READY, _DONE, _GO_ON, _SIGNED_IN = "220", "250", "334", "235"
# RFC 5321 section 4.2; the enhanced status code is RFC 2034's.
_LINE = re.compile(rb"([2-5]\d\d)([ -]|\Z)(?:(\d\.\d{1,3}\.\d{1,3})(?= |\Z) ?)?(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class _Reply:
    """One reply, all its lines: `code` is none where SMTP has no such line, `status` the enhanced status code."""

    code: str | None
    status: str
    lines: tuple[str, ...]
    raw: bytes

    @property
    def text(self) -> str:
        return " ".join(line for line in self.lines if line)


def sign_in(mailbox: Mailbox, token: Secret[str]) -> Dialogue[Submission | Evidence]:
    """Signs in by SMTP on a connection that begins in clear, from the greeting on."""
    yield Enter(Stage.GREETING)
    reply = yield from _read_reply()
    if reply.code != _READY:
        return _evidence(Stage.GREETING, reply)
    offered = yield from _hello()
    if isinstance(offered, Evidence):
        return offered
    refused = yield from _secure(offered)
    if refused:
        return refused
    offered = yield from _hello()
    if isinstance(offered, Evidence):
        return offered
    refused = yield from _authenticate(offered, xoauth2(mailbox, token))
    if refused:
        return refused
    yield Enter(Stage.LOGOUT)
    yield Send(b"QUIT\r\n")  # nobody waits for the answer: there is nothing to learn
    return Submission(_size_limit(offered))


def _hello() -> Dialogue[tuple[str, ...] | Evidence]:
    """The extensions that the server offers, in upper case, or evidence that it does not answer as ESMTP does."""
    yield Enter(Stage.CAPABILITY)
    yield _HELLO
    reply = yield from _read_reply()
    if reply.code != _DONE:
        return _evidence(Stage.CAPABILITY, reply)
    return tuple(line.upper() for line in reply.lines[1:])  # the first line is a greeting


def _secure(offered: tuple[str, ...]) -> Dialogue[Evidence | None]:
    yield Enter(Stage.STARTTLS)
    if "STARTTLS" not in offered:
        return refusal(MailProtocol.SMTP, Stage.STARTTLS, Fault.NO_STARTTLS, ", ".join(offered))
    yield Send(b"STARTTLS\r\n")
    reply = yield from _read_reply()
    if reply.code != _READY:
        return _evidence(Stage.STARTTLS, reply)
    yield StartTls()
    return None


def _authenticate(offered: tuple[str, ...], sasl: Secret[bytes]) -> Dialogue[Evidence | None]:
    """Authenticates; none when the server said 235 to the token."""
    mechanisms = next((line for line in offered if line.startswith(("AUTH ", "AUTH="))), "")
    if MECHANISM not in mechanisms.replace("=", " ").split():
        return refusal(MailProtocol.SMTP, Stage.CAPABILITY, Fault.NO_MECHANISM, mechanisms or ", ".join(offered))
    yield Enter(Stage.AUTH)
    yield Send(f"AUTH {MECHANISM}\r\n".encode())
    reply = yield from _read_reply()
    if reply.code != _GO_ON:
        return _evidence(Stage.AUTH, reply, UNREAD)
    yield Send(Secret(sasl.reveal() + b"\r\n"), shown=str(sasl))
    reply = yield from _read_reply()
    explained: Mapping[str, str] = NO_DETAILS
    for answer in (_EMPTY, _CANCEL):  # a second challenge is no part of XOAUTH2
        if reply.code == _GO_ON:
            explained = explained or explanation(reply.text)
            yield answer
            reply = yield from _read_reply()
    return None if reply.code == _SIGNED_IN else _evidence(Stage.AUTH, reply, explained)


def _read_reply() -> Dialogue[_Reply]:
    """The next reply; its last line has a space after the code, or nothing, the others a hyphen."""
    lines: list[str] = []
    status = ""
    first: bytes | None = None
    while True:
        raw = yield ReadLine()
        line = _LINE.match(raw)
        if line is None or (first is not None and line[1] != first):
            return _Reply(None, "", (), raw)
        first = line[1]
        status = status or (line[3] or b"").decode("ascii")
        lines.append(line[4].decode("utf-8", "replace"))
        if line[2] != b"-":
            return _Reply(first.decode("ascii"), status, tuple(lines), raw)


def _size_limit(offered: tuple[str, ...]) -> int | None:
    size = next((line.removeprefix("SIZE ") for line in offered if line.startswith("SIZE ")), "")
    return int(size) or None if re.fullmatch(r"\d{1,20}", size, re.ASCII) else None


def _evidence(stage: Stage, reply: _Reply, known: Mapping[str, str] = NO_DETAILS) -> Evidence:
    """Evidence of a reply that says no, or of a line that does not belong where it came."""
    if reply.code is None or reply.code[0] in "23":
        return refusal(MailProtocol.SMTP, stage, Fault.MALFORMED, reply.raw, known)
    status = {"code": reply.status} if reply.status else {}
    return refusal(MailProtocol.SMTP, stage, reply.code, reply.text, {**known, **status})
