"""From a server's refusal to evidence: the codes and reasons inside its sentence, each under its own name."""

import re
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from mailcheck.model.evidence import NO_DETAILS, Evidence, Fault, Stage
from mailcheck.model.request import MailProtocol
from mailcheck.protocol.server_text import printable, sentence

# In the details of a refusal that came before the server had read the token: it says nothing about the token.
UNREAD: Mapping[str, str] = MappingProxyType({"token": "unread"})

# RFC 3501 section 7.1 and RFC 5530: `[AUTHENTICATIONFAILED] ...`; RFC 2449 section 8 and RFC 3206: `[SYS/TEMP] ...`
# A longer word is no code: it may be what we sent.
_BRACKETED = re.compile(r"\[([A-Za-z][A-Za-z0-9/.-]{0,63})[\] ]")
# RFC 2034 section 4 and RFC 3463: `5.7.139 ...`
ENHANCED_STATUS = re.compile(r"([245]\.\d{1,3}\.\d{1,3})(?![\w.])", re.ASCII)
# Exchange Online, in IMAP and under NO as well as under BAD
_THROTTLED = re.compile(r"Request is throttled\b\.?(?: Suggested Backoff Time: (\d{1,12}) milliseconds)?", re.ASCII)
# Exchange Online, before or after its sentence and on some back ends only: `[Error="AuthFailed:LogonDenied-..." ...]`
_REASON = re.compile(r'Error="[^"]*"[^\]]*|AuthFailed:[^\]]*')


def refusal(
    protocol: MailProtocol, stage: Stage, signal: str, text: bytes | str, known: Mapping[str, str] = NO_DETAILS
) -> Evidence:
    """Evidence of what a server said, for the reader and for matching.

    Args:
        protocol: The dialogue's protocol.
        stage: The stage that the dialogue is in.
        signal: The server's code, such as `NO` or `-ERR`, or a `Fault`; a throttled request is `Fault.THROTTLED`
            whatever the code.
        text: The server's words after that code.
        known: What goes into the details besides: what a SASL challenge said before (`sasl.explanation`), or `UNREAD`.

    The details have, where the text gives them: `code`, the response code in upper case, in SMTP the enhanced status
    code; `reason`, Exchange's diagnostics; `backoff_ms`, the milliseconds it asks us to wait.
    """
    text = printable(text)
    details = dict(known)
    if code := (ENHANCED_STATUS if protocol is MailProtocol.SMTP else _BRACKETED).match(text):
        details["code"] = code[1].upper()
    if reason := _REASON.search(text):
        details["reason"] = sentence(reason[0])
    if throttled := _THROTTLED.search(text):
        signal = Fault.THROTTLED
        if throttled[1]:
            details["backoff_ms"] = throttled[1]
    return Evidence(stage, signal, sentence(text), protocol, details)


def throttled(text: str) -> bool:
    """Whether this refusal is Exchange asking us to come back later: trying another way would only prolong it."""
    return _THROTTLED.search(text) is not None


def on_server[T](outcome: T | Evidence, name: str | None) -> T | Evidence:
    """The outcome; evidence with Exchange's name for the server among its details, as `server`, when it is known."""
    if name is None or not isinstance(outcome, Evidence):
        return outcome
    return replace(outcome, details={"server": name, **outcome.details})
