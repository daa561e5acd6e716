"""The SMTP dialogue of client submission: TLS by STARTTLS, sign in with XOAUTH2, leave; no mail is sent.

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
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from mailcheck.model.evidence import NO_DETAILS, Evidence, Fault, Stage
from mailcheck.model.report import Submission
from mailcheck.model.request import Mailbox, MailProtocol
from mailcheck.model.secret import Secret
from mailcheck.protocol.effects import Dialogue, Enter, ReadLine, Send, StartTls
from mailcheck.protocol.refusal import ENHANCED_STATUS, UNREAD, on_server, refusal
from mailcheck.protocol.sasl import MECHANISM, answer_challenges, xoauth2
from mailcheck.protocol.server_text import smtp_server_name

# A client that has no name of its own in DNS gives an address literal (RFC 5321 section 4.1.4).
_HELLO = Send(b"EHLO [127.0.0.1]\r\n")
_QUIT = Send(b"QUIT\r\n")

_READY, _DONE, _GO_ON, _SIGNED_IN, _CLOSING = "220", "250", "334", "235", "421"
# After these nobody listens, or nobody knows what to: everyone else is told that we leave (RFC 5321 section 4.1.1.10).
_NO_GOODBYE = frozenset({Fault.MALFORMED, _CLOSING})
_LINE = re.compile(rb"([2-5]\d\d)([ -]|\Z)(.*)", re.DOTALL)  # RFC 5321 section 4.2
_TOLD = 20  # lines, or keywords, of a reply that go into evidence; the longest that Exchange sends has eleven
_BETWEEN = re.compile(r"[ \t=]+")  # `AUTH=LOGIN` is from before RFC 4954, and still sent beside `AUTH LOGIN`
_SIZE = re.compile(r"\d{1,20}", re.ASCII)  # RFC 1870 section 4

type _Extensions = Mapping[str, Sequence[str]]  # by keyword, with the words behind it, all in upper case


@dataclass(frozen=True, slots=True)
class _Reply:
    """One reply: `code` is none where SMTP has no such line, `lines` what follows it in each; `raw` the last one."""

    code: str | None
    lines: tuple[str, ...]
    raw: bytes

    @property
    def text(self) -> str:
        """The lines as one sentence, with the enhanced status code once; each of them carries it."""
        status = ENHANCED_STATUS.match(self.lines[0]) if self.lines else None
        repeated = status[0] if status else ""
        rest = (line.removeprefix(repeated).strip() for line in islice(self.lines, 1, _TOLD))
        return " ".join(filter(None, (*self.lines[:1], *rest)))


def sign_in(mailbox: Mailbox, token: Secret[str]) -> Dialogue[Submission | Evidence]:
    """Signs in by SMTP on a connection that begins in clear, from the greeting on."""
    yield Enter(Stage.GREETING)
    greeting = yield from _read_reply()
    if greeting.code == _READY:
        outcome = yield from _submit(xoauth2(mailbox, token))
        outcome = on_server(outcome, smtp_server_name(greeting.text))
    else:
        outcome = _evidence(Stage.GREETING, greeting)
    if isinstance(outcome, Submission):
        yield Enter(Stage.LOGOUT)
    if isinstance(outcome, Submission) or outcome.signal not in _NO_GOODBYE:
        yield _QUIT  # nobody waits for the answer: there is nothing to learn
    return outcome


def _submit(sasl: Secret[bytes]) -> Dialogue[Submission | Evidence]:
    """From the greeting's end."""
    in_clear = yield from _hello()
    if isinstance(in_clear, Evidence):
        return in_clear
    refused = yield from _secure(in_clear)
    if refused:
        return refused
    offered = yield from _hello()
    if isinstance(offered, Evidence):
        return offered
    refused = yield from _authenticate(offered, sasl)
    return refused or Submission(_size_limit(offered))


def _hello() -> Dialogue[_Extensions | Evidence]:
    """The extensions that the server offers, or evidence that it does not answer as ESMTP does.

    There is no way back to HELO: a server without EHLO has neither STARTTLS nor AUTH.
    """
    yield Enter(Stage.CAPABILITY)
    yield _HELLO
    reply = yield from _read_reply()
    if reply.code != _DONE:
        return _evidence(Stage.CAPABILITY, reply)
    offered: dict[str, list[str]] = {}
    for line in reply.lines[1:]:  # the first one greets
        keyword, *parameters = _BETWEEN.split(line.upper().strip())
        offered.setdefault(keyword, []).extend(parameters)
    return offered


def _secure(offered: _Extensions) -> Dialogue[Evidence | None]:
    """Begins TLS; none when the server gave leave, and the handshake came about."""
    yield Enter(Stage.STARTTLS)
    if "STARTTLS" not in offered:
        return refusal(MailProtocol.SMTP, Stage.STARTTLS, Fault.NO_STARTTLS, _listed(offered))
    yield Send(b"STARTTLS\r\n")
    reply = yield from _read_reply()
    if reply.code != _READY:
        return _evidence(Stage.STARTTLS, reply)
    yield StartTls()
    return None


def _authenticate(offered: _Extensions, sasl: Secret[bytes]) -> Dialogue[Evidence | None]:
    """Authenticates; none when the server said 235 to the token."""
    if MECHANISM not in offered.get("AUTH", ()):
        said = f"AUTH {' '.join(offered['AUTH'][:_TOLD])}" if "AUTH" in offered else _listed(offered)
        return refusal(MailProtocol.SMTP, Stage.CAPABILITY, Fault.NO_MECHANISM, said)
    yield Enter(Stage.AUTH)
    yield Send(f"AUTH {MECHANISM}\r\n".encode())
    reply = yield from _read_reply()
    if reply.code != _GO_ON:  # 235 too: it was said without having seen the token
        return _evidence(Stage.AUTH, reply, UNREAD)
    yield Send(Secret(sasl.reveal() + b"\r\n"), shown=str(sasl))
    reply = yield from _read_reply()
    reply, explained = yield from answer_challenges(reply, _challenge, _read_reply)
    return None if reply.code == _SIGNED_IN else _evidence(Stage.AUTH, reply, explained)


def _challenge(reply: _Reply) -> str | None:
    return reply.text if reply.code == _GO_ON else None


def _read_reply() -> Dialogue[_Reply]:
    """The next reply; its last line has a space after the code, or nothing, the others a hyphen.

    One code is on all of its lines (RFC 5321 section 4.2.1), but that a server may say at any time, in the middle of
    a reply too, that it closes (section 3.8). How long a reply may be is the transport's to bound.
    """
    code, lines = None, list[str]()
    while True:
        raw = yield ReadLine()
        line = _LINE.match(raw)
        if line is None:
            return _Reply(None, (), raw)
        said = line[1].decode("ascii")
        if said != code:
            if code is not None and said != _CLOSING:
                return _Reply(None, (), raw)
            code, lines = said, []
        lines.append(line[3].decode("utf-8", "replace"))
        if line[2] != b"-":
            return _Reply(code, tuple(lines), raw)


def _size_limit(offered: _Extensions) -> int | None:
    """RFC 1870 section 4: none where no number is told, and where it is 0, for no fixed limit."""
    size = next(iter(offered.get("SIZE", ())), "")
    return int(size) or None if _SIZE.fullmatch(size) else None


def _listed(offered: _Extensions) -> str:
    return ", ".join(islice(offered, _TOLD))


def _evidence(stage: Stage, reply: _Reply, known: Mapping[str, str] = NO_DETAILS) -> Evidence:
    """Evidence of a reply that says no, or of a line that does not belong where it came."""
    if reply.code is None or reply.code[0] in "23":
        return refusal(MailProtocol.SMTP, stage, Fault.MALFORMED, reply.raw, known)
    return on_server(refusal(MailProtocol.SMTP, stage, reply.code, reply.text, known), smtp_server_name(reply.text))
