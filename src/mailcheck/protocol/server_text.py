"""A server's words made fit to keep: printable, on one line, bounded, without people's names and without secrets."""

import base64
import binascii
import re

SENTENCE_LIMIT = 500  # characters of one sentence of a server; Exchange's diagnostics are the longest seen
WORD_LIMIT = 200  # characters of one word: longer than any name, shorter than any access token
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"

# Controls and line ends forge lines in a log or a terminal; direction marks turn round what stands after them; lone
# surrogates (JSON can spell them) cannot be encoded again.
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_LONG_WORD = re.compile(rf"(?<![A-Za-z0-9+/=_.~-])[A-Za-z0-9+/=_.~-]{{{WORD_LIMIT},}}")
# An address ends at white space; a name may have spaces in it, and ends at a delimiter or before the next `Key:`.
_USER = re.compile(
    r"""\bUser:\s?<?(?:[^\s"<>\];,|]*@[^\s"<>\];,|]*|[^"<>\];,|]*?(?=["<>\];,|]|\s\w{1,40}[=:]|\Z))>?""", re.IGNORECASE
)

_SERVER_NAME = re.compile(r"\[([A-Za-z0-9+/]{4,400}={0,2})\]\Z")
_HOST = re.compile(r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
# The last label has letters only: an address in brackets is the client's (RFC 5321 section 4.1.3).
_SMTP_HOST = r"((?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,63})"
_SMTP_GREETING = re.compile(rf"{_SMTP_HOST} Microsoft ESMTP MAIL Service\b")
_SMTP_BRACKET = re.compile(rf"\[(?:Hostname=)?{_SMTP_HOST}(?: [^\[\]]*)?\]\s*\Z")
_HOST_LIMIT = 253  # characters of a name in DNS (RFC 1035 section 2.3.4)


def printable(text: bytes | str) -> str:
    """The text with U+FFFD for what is not UTF-8, controls a line or cannot be encoded."""
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    return text if text.isprintable() else _UNPRINTABLE.sub(_REPLACEMENT, text)


def sentence(text: bytes | str) -> str:
    """The text printable, bounded, and withheld where it may be private.

    Exchange's diagnostics name the user (`User:...`). A word of the length of a token is taken for an echo of what
    we sent: some servers repeat a command that they do not understand.
    """
    text = _LONG_WORD.sub(lambda word: f"<{len(word[0]):,} characters withheld>", printable(text))
    text = _USER.sub("User:<withheld>", text).strip()
    return text if len(text) <= SENTENCE_LIMIT else text[: SENTENCE_LIMIT - 1] + "…"


def internal_server_name(greeting: str) -> str | None:
    """Exchange's own name for the server that greeted us, which Microsoft's support asks for.

    Its greetings end in the name in brackets, as base64 of UTF-16LE.
    """
    bracket = _SERVER_NAME.search(greeting)
    if bracket is None:
        return None
    try:
        name = base64.b64decode(bracket[1]).decode("utf-16-le")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return name if _HOST.fullmatch(name) else None


def smtp_server_name(reply: str) -> str | None:
    """Exchange's name for the server that spoke this reply of SMTP, which Microsoft's support asks for.

    Its greeting begins with the name, and its refusals end in it: `[<name> <time> <id>]`, in older ones the name alone.
    """
    found = _SMTP_GREETING.match(reply) or _SMTP_BRACKET.search(reply)
    return found[1] if found and len(found[1]) <= _HOST_LIMIT else None
