"""SMTP commands as they arrive (RFC 5321, section 4.1.1; RFC 4954): a verb, then one text of arguments."""

import re
from dataclasses import dataclass

from lab.exchange import smtp_reply

# RFC 5321 section 4.5.3.1.4, and RFC 4954 section 4, which AUTH is held to here as Exchange does it: clients that send
# an access token with the command itself are answered about the token. Octets, CRLF included.
LINE_LIMIT = 512
AUTH_LINE_LIMIT = 12_288

_LINE = re.compile(r"(?P<verb>[A-Za-z]+)(?: (?P<argument>[^\x00-\x1f\x7f]*))?")
# RFC 5321 section 4.1.2: a domain or an address literal.
_DOMAIN = r"[0-9A-Za-z](?:[0-9A-Za-z-]*[0-9A-Za-z])?"
_CLIENT = re.compile(rf"{_DOMAIN}(?:\.{_DOMAIN})*|\[[!-Z^-~]+\]")
_BARE = frozenset({"STARTTLS", "DATA", "RSET", "QUIT"})


@dataclass(frozen=True)
class Command:
    """A command; the verb is in upper case, and the argument empty when there is none."""

    verb: str
    argument: str


def parse(line: bytes) -> Command | str:
    """The command of a line without its CRLF, or the refusal that the line earns.

    A CR, an LF or another control character within a line makes it unknown: Exchange has been seen to wait for CRLF
    beyond a bare LF, and to read what both lines say as one.
    """
    size = len(line) + len(b"\r\n")
    if size > AUTH_LINE_LIMIT:
        return smtp_reply.LINE_TOO_LONG
    try:
        found = _LINE.fullmatch(line.decode("utf-8"))
    except UnicodeDecodeError:
        return smtp_reply.UNRECOGNIZED
    if found is None:
        return smtp_reply.UNRECOGNIZED
    verb, argument = found["verb"].upper(), found["argument"] or ""
    if size > LINE_LIMIT and verb != "AUTH":
        return smtp_reply.LINE_TOO_LONG
    if verb in _BARE and found["argument"] is not None:
        return smtp_reply.INVALID_ARGUMENTS
    return Command(verb, argument)


def is_client_name(argument: str) -> bool:
    """Whether EHLO or HELO may introduce a client by this name."""
    return _CLIENT.fullmatch(argument) is not None
