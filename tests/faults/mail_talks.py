"""The healthy talk of each mail protocol, with a place in it for the fault: what a stage is, as a server sees it.

A talk answers whatever it is asked until it has come to its stage; there, each answer is handed to the fault, which
sends it, changes it, or ends the talk.
"""

import base64
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from tests.faults.tls_faults import Contexts, Handshake
from tests.faults.wire import Line

_CHALLENGE = base64.b64encode(json.dumps({"status": "401", "schemes": "bearer", "scope": "mail"}).encode())

type Fault = Callable[["Talk", tuple[bytes, ...]], Awaitable[None]]


@dataclass
class Talk:
    """One client's talk with a server that has a fault at one stage.

    Attributes:
        protocol, stage: Where the fault is.
        fault: What becomes of an answer there.
        handshake, contexts: How TLS begins, and with what.
        tag: Of the client's last IMAP command.
        heard: The client's last line.
    """

    line: Line
    protocol: str
    stage: str
    fault: Fault
    handshake: Handshake
    contexts: Contexts
    tag: bytes = b"*"
    heard: bytes = field(default=b"", repr=False)

    async def answer(self, stage: str, *lines: bytes) -> None:
        """The server's answer at this stage: these lines, unless the fault is here."""
        if stage == self.stage:
            await self.fault(self, lines)
        else:
            await self.say(*lines)

    async def say(self, *lines: bytes) -> None:
        """Send these lines, a packet for each."""
        for line in lines:
            await self.line.send(line + b"\r\n")

    async def command(self) -> bytes:
        """The client's next line."""
        self.heard = await self.line.read_line()
        return self.heard


async def imap(talk: Talk) -> None:
    """IMAP on a connection that TLS protects."""
    await talk.answer("greeting", b"* OK The IMAP4 service is ready.")
    while True:
        tag, _, command = (await talk.command()).partition(b" ")
        talk.tag = tag
        match command.split():
            case [b"AUTHENTICATE", b"XOAUTH2", *initial]:
                await _authenticate(talk, two_steps=not initial)
            case [b"CAPABILITY"]:
                offered = b"* CAPABILITY IMAP4 IMAP4rev1 AUTH=PLAIN AUTH=XOAUTH2"
                await talk.answer("capability", offered, tag + b" OK CAPABILITY completed.")
            case [b"LIST", *_]:
                folders = b'* LIST (\\HasNoChildren) "/" INBOX', b'* LIST (\\HasNoChildren \\Sent) "/" "Sent Items"'
                await talk.answer("list", *folders, tag + b" OK LIST completed.")
            case [b"LOGOUT"]:
                await talk.answer("logout", b"* BYE IMAP4 server signing off.", tag + b" OK LOGOUT completed.")
            case _:
                await talk.say(tag + b" BAD Command Error. 10")


async def _authenticate(talk: Talk, *, two_steps: bool) -> None:
    if two_steps:
        await talk.answer("challenge", b"+ ")
        await talk.command()
    elif talk.stage in {"capability", "challenge"}:  # reached by those only who may not send the token at once
        await talk.say(talk.tag + b" BAD Command Argument Error. 12")
        return
    if talk.stage == "refusal":
        await talk.say(b"+ " + _CHALLENGE)
        await talk.command()
        await talk.answer("refusal", talk.tag + b" NO AUTHENTICATE failed.")
    else:
        await talk.answer("auth", talk.tag + b" OK AUTHENTICATE completed.")


async def pop(talk: Talk) -> None:
    """POP on a connection that TLS protects."""
    await talk.answer("greeting", b"+OK The POP3 service is ready.")
    while True:
        match (await talk.command()).split():
            case [b"CAPA"]:
                await talk.answer("capability", b"+OK", b"TOP", b"UIDL", b"SASL PLAIN XOAUTH2", b"USER", b".")
            case [b"AUTH", b"XOAUTH2"]:
                await talk.answer("challenge", b"+ ")
                await talk.command()
                await _judge(talk, b"+ ", b"+OK User successfully authenticated.", b"-ERR Authentication failure.")
            case [b"STAT"]:
                await talk.answer("list", b"+OK 7 1800662")
            case [b"QUIT"]:
                await talk.answer("logout", b"+OK Signing off.")
            case _:
                await talk.say(b"-ERR Protocol error. 19")


async def _judge(talk: Talk, go_on: bytes, accepted: bytes, refused: bytes) -> None:
    if talk.stage == "refusal":
        await talk.say(go_on + _CHALLENGE)
        await talk.command()
        await talk.answer("refusal", refused)
    else:
        await talk.answer("auth", accepted)


async def smtp(talk: Talk) -> None:
    """SMTP submission: in clear until STARTTLS, which leads to the handshake."""
    await talk.answer("greeting", b"220 mail.example ESMTP MAIL Service ready at Wed, 25 Nov 2026 14:00:00 +0000")
    offered, stage = b"250-STARTTLS", "hello"
    while True:
        match (await talk.command()).split():
            case [b"EHLO", _]:
                await talk.answer(
                    stage, b"250-mail.example Hello [127.0.0.1]", b"250-SIZE 157286400", offered, b"250 SMTPUTF8"
                )
            case [b"STARTTLS"]:
                await talk.answer("starttls", b"220 2.0.0 SMTP server ready")
                await talk.handshake(talk.line, talk.contexts)
                offered, stage = b"250-AUTH LOGIN XOAUTH2", "capability"
            case [b"AUTH", b"XOAUTH2"]:
                await talk.answer("challenge", b"334 ")
                await talk.command()
                accepted, refused = b"235 2.7.0 Authentication successful", b"535 5.7.3 Authentication unsuccessful"
                await _judge(talk, b"334 ", accepted, refused)
            case [b"QUIT"]:
                await talk.answer("logout", b"221 2.0.0 Service closing transmission channel")
            case _:
                await talk.say(b"500 5.3.3 Unrecognized command")


_TALKS: dict[str, Callable[[Talk], Awaitable[None]]] = {"imap": imap, "pop": pop, "smtp": smtp}


async def serve(talk: Talk) -> None:
    """The whole talk, TLS included, until the client leaves."""
    if talk.protocol != "smtp":
        await talk.handshake(talk.line, talk.contexts)
    await _TALKS[talk.protocol](talk)
