"""What may become of a mail server's answer.

Each fault is given the talk and the lines of the healthy answer, without their line ends. One that returns has
answered, and the talk goes on; the others end it or hold the line.
"""

import asyncio
import random
from collections.abc import Mapping

from tests.faults.mail_talks import Fault, Talk

_DRIP = 0.1  # seconds between two bytes
_ENDLESS = b"A" * 8192
_MANY = 500


async def healthy(talk: Talk, lines: tuple[bytes, ...]) -> None:
    """No fault: a packet for each line."""
    await talk.say(*lines)


# --- harmless: the same answer in other packets, or with more around it


async def two_lines(talk: Talk, lines: tuple[bytes, ...]) -> None:
    """Everything in one packet; in IMAP a remark with it."""
    more = (b"* OK This is a remark.",) if talk.protocol == "imap" else ()
    first = lines[:1] if talk.stage == "greeting" else ()
    await talk.line.send(_wire(*first, *more, *lines[len(first) :]))


async def one_byte(talk: Talk, lines: tuple[bytes, ...]) -> None:
    """One byte per packet and per TLS record, from here on."""
    talk.line.piece = 1
    await talk.say(*lines)


async def split_line_end(talk: Talk, lines: tuple[bytes, ...]) -> None:
    """CR in one packet, LF in the next."""
    for line in lines:
        await talk.line.send(line + b"\r")
        await asyncio.sleep(0)
        await talk.line.send(b"\n")


async def bare_line_feed(talk: Talk, lines: tuple[bytes, ...]) -> None:
    """LF without CR."""
    await talk.line.send(b"".join(line + b"\n" for line in lines))


async def slow(talk: Talk, lines: tuple[bytes, ...]) -> None:
    """In three parts, with pauses, but in time."""
    data = _wire(*lines)
    third = len(data) // 3 + 1
    for at in range(0, len(data), third):
        await talk.line.send(data[at : at + third])
        await asyncio.sleep(_DRIP / 2)


async def unsolicited(talk: Talk, lines: tuple[bytes, ...]) -> None:
    """Data and remarks that nobody asked for, before and after the answer."""
    remarks: tuple[bytes, ...] = (
        b"* 3 EXISTS",
        b"* OK [ALERT] Maintenance tonight.",
        b"* NO Disk is nearly full.",
        b"* FLAGS (\\Seen)",
    )
    if talk.protocol != "imap":
        remarks = (b"Any line",)
    elif talk.stage != "greeting":
        lines = remarks + lines
    await talk.line.send(_wire(*lines, *remarks))


async def many_lines(talk: Talk, lines: tuple[bytes, ...]) -> None:
    """Many more lines than usual, within the bounds."""
    match talk.protocol, talk.stage:
        case "imap", "greeting":
            lines = (*lines, *[b"* OK remark"] * _MANY)
        case "imap", _:
            lines = (*[b"* OK remark"] * _MANY, *lines)
        case "smtp", _:
            lines = (*[_more(lines)] * _MANY, *lines)
        case _:  # after the first
            lines = (lines[0], *[_more(lines)] * _MANY, *lines[1:])
    await talk.line.send(_wire(*lines))


async def long_line(talk: Talk, lines: tuple[bytes, ...]) -> None:
    """A text that is long, within the bounds."""
    await talk.line.send(_worded(talk, lines, b"long " * 10_000))


async def nul_in_text(talk: Talk, lines: tuple[bytes, ...]) -> None:
    """A NUL in the words for people."""
    await talk.line.send(_worded(talk, lines, b"a\0b"))


async def eight_bit_text(talk: Talk, lines: tuple[bytes, ...]) -> None:
    """Bytes that are no UTF-8 in the words for people."""
    await talk.line.send(_worded(talk, lines, b"\xff\xfe\x80"))


# --- silence


async def silent(talk: Talk, lines: tuple[bytes, ...]) -> None:  # noqa: ARG001 - as all faults
    """Nothing comes."""
    await talk.line.hold()


async def drip(talk: Talk, lines: tuple[bytes, ...]) -> None:
    """A byte now and then, of a line that does not end."""
    for byte in lines[0]:
        await talk.line.send(bytes([byte]))
        await asyncio.sleep(_DRIP)
    while True:
        await talk.line.send(b".")
        await asyncio.sleep(_DRIP)


async def unfinished(talk: Talk, lines: tuple[bytes, ...]) -> None:
    """All but the last byte."""
    await talk.line.send(_wire(*lines)[:-1])
    await talk.line.hold()


# --- the end of the connection


async def reset(talk: Talk, lines: tuple[bytes, ...]) -> None:  # noqa: ARG001 - as all faults
    """RST instead of an answer."""
    talk.line.reset()


async def close(talk: Talk, lines: tuple[bytes, ...]) -> None:  # noqa: ARG001 - as all faults
    """An orderly end instead of an answer."""
    await talk.line.close()


async def half_close(talk: Talk, lines: tuple[bytes, ...]) -> None:  # noqa: ARG001 - as all faults
    """FIN below TLS, while the server goes on to listen."""
    await talk.line.half_close()


async def truncated(talk: Talk, lines: tuple[bytes, ...]) -> None:
    """The answer without its end, and an orderly end of the connection."""
    await talk.line.send(_wire(*lines)[:-3])
    await talk.line.close()


async def truncated_reset(talk: Talk, lines: tuple[bytes, ...]) -> None:
    """The answer without its end, and RST."""
    await talk.line.send(_wire(*lines)[:-3])
    talk.line.reset()


async def plaintext(talk: Talk, lines: tuple[bytes, ...]) -> None:
    """The answer in clear, where TLS is spoken."""
    await talk.line.send_raw(_worded(talk, lines, b"without TLS"))  # a record has a head of five bytes at least
    await talk.line.hold()


# --- what is no answer


async def garbage(talk: Talk, lines: tuple[bytes, ...]) -> None:  # noqa: ARG001 - as all faults
    """Bytes without a meaning."""
    chance = random.Random(f"{talk.protocol}/{talk.stage}")  # noqa: S311 - the same bytes each time
    await talk.say(bytes(chance.choice(range(11, 256)) for _ in range(200)))
    await talk.line.hold()


async def nul(talk: Talk, lines: tuple[bytes, ...]) -> None:  # noqa: ARG001 - as all faults
    """NULs."""
    await talk.say(b"\0" * 64)
    await talk.line.hold()


async def empty_line(talk: Talk, lines: tuple[bytes, ...]) -> None:  # noqa: ARG001 - as all faults
    """A line with nothing on it."""
    await talk.say(b"")
    await talk.line.hold()


async def other_protocol(talk: Talk, lines: tuple[bytes, ...]) -> None:  # noqa: ARG001 - as all faults
    """What a server of another mail protocol says."""
    await talk.say({"imap": b"+OK POP3 ready", "pop": b"* OK IMAP4 ready"}.get(talk.protocol, b"+OK POP3 ready"))
    await talk.line.hold()


async def http(talk: Talk, lines: tuple[bytes, ...]) -> None:  # noqa: ARG001 - as all faults
    """What a web server says."""
    await talk.say(b"HTTP/1.1 400 Bad Request", b"Connection: close", b"Content-Length: 0", b"")
    await talk.line.close()


async def wrong_tag(talk: Talk, lines: tuple[bytes, ...]) -> None:
    """The end of a command that was not given; in SMTP, a reply that is no answer to this one."""
    end = b"252 2.0.0 Cannot verify the user" if talk.protocol == "smtp" else b"Z99 OK completed."
    await talk.say(*lines[:-1], end)
    await talk.line.hold()


async def preauth(talk: Talk, lines: tuple[bytes, ...]) -> None:  # noqa: ARG001 - as all faults
    """The server takes us for somebody already."""
    await talk.say(b"* PREAUTH logged in as Smith")


# --- more than can be read


async def endless_line(talk: Talk, lines: tuple[bytes, ...]) -> None:
    """A line without an end."""
    await talk.line.send(lines[0])
    while True:
        await talk.line.send(_ENDLESS)


async def endless_list(talk: Talk, lines: tuple[bytes, ...]) -> None:
    """Lines without an end."""
    if talk.protocol == "pop":
        await talk.say(lines[0])
    packet = _wire(*[_more(lines)] * 100)
    while True:
        await talk.line.send(packet)


async def giant_literal(talk: Talk, lines: tuple[bytes, ...]) -> None:  # noqa: ARG001 - as all faults
    """A literal larger than anybody's name."""
    await talk.say(b'* LIST () "/" {2147483647}')
    while True:
        await talk.line.send(_ENDLESS)


async def endless_literals(talk: Talk, lines: tuple[bytes, ...]) -> None:  # noqa: ARG001 - as all faults
    """One response of ever more literals."""
    await talk.line.send(b"* X ")
    while True:
        await talk.line.send(b"{8192}\r\n" + _ENDLESS)


# --- refusals


async def bye(talk: Talk, lines: tuple[bytes, ...]) -> None:  # noqa: ARG001 - as all faults
    """The server says that it hangs up, and does."""
    said = {
        "imap": b"* BYE Connection closed. 14",
        "pop": b"-ERR Protocol error. Connection is closed. 10",
        "smtp": b"421 4.3.0 Service not available, closing transmission channel",
    }
    await talk.say(said[talk.protocol])
    await talk.line.close()


async def throttled_no(talk: Talk, lines: tuple[bytes, ...]) -> None:  # noqa: ARG001 - as all faults
    """Exchange's request to come back later, as NO, -ERR or 432."""
    if talk.protocol == "smtp":
        await talk.say(b"432 4.3.2 Concurrent connections limit exceeded.")
    else:
        await talk.say(_no(talk) + b" Request is throttled. Suggested Backoff Time: 89117 milliseconds")


async def throttled_bad(talk: Talk, lines: tuple[bytes, ...]) -> None:  # noqa: ARG001 - as all faults
    """The same as BAD, and BYE after it."""
    said = talk.tag + b" BAD Request is throttled. Suggested Backoff Time: 92415 milliseconds"
    await talk.line.send(_wire(said, b"* BYE Connection closed. 14"))
    await talk.line.close()


async def no(talk: Talk, lines: tuple[bytes, ...]) -> None:  # noqa: ARG001 - as all faults
    """A refusal without a reason."""
    await talk.say(_no(talk) + b" failed.")


async def bad(talk: Talk, lines: tuple[bytes, ...]) -> None:  # noqa: ARG001 - as all faults
    """BAD, in SMTP 500, to a command that is none."""
    await talk.say(
        b"500 5.3.3 Unrecognized command" if talk.protocol == "smtp" else talk.tag + b" BAD Command Error. 12"
    )


async def unavailable(talk: Talk, lines: tuple[bytes, ...]) -> None:  # noqa: ARG001 - as all faults
    """The server's passing fault, as Exchange words it."""
    await talk.say((b"451 4.3.0" if talk.protocol == "smtp" else _no(talk)) + b" Server Unavailable. 15")


async def no_mechanism(talk: Talk, lines: tuple[bytes, ...]) -> None:
    """The server offers other mechanisms only."""
    await talk.say(*(line.replace(b"XOAUTH2", b"NTLM") for line in lines))


async def no_starttls(talk: Talk, lines: tuple[bytes, ...]) -> None:
    """The server offers no TLS, or somebody in between takes the offer out."""
    await talk.say(*(line for line in lines if b"STARTTLS" not in line))


async def in_use(talk: Talk, lines: tuple[bytes, ...]) -> None:  # noqa: ARG001 - as all faults
    """Somebody else has the mailbox (RFC 2449 section 8.1.2, RFC 5530)."""
    await talk.say(_no(talk) + {"imap": b" [INUSE]"}.get(talk.protocol, b" [IN-USE]") + b" Another session has it.")


async def not_connected(talk: Talk, lines: tuple[bytes, ...]) -> None:  # noqa: ARG001 - as all faults
    """Exchange's BAD for a mailbox that it does not open."""
    await talk.say(talk.tag + b" BAD User is authenticated but not connected.")


async def echo(talk: Talk, lines: tuple[bytes, ...]) -> None:  # noqa: ARG001 - as all faults
    """A refusal that repeats the client's line, which may hold the token."""
    await talk.say(_no(talk) + b" refused: " + talk.heard)


def _wire(*lines: bytes) -> bytes:
    return b"".join(line + b"\r\n" for line in lines)


def _worded(talk: Talk, lines: tuple[bytes, ...], words: bytes) -> bytes:
    """The answer with more words where it has some: in IMAP on its last line, else on its first."""
    if talk.protocol == "imap":
        return _wire(*lines[:-1], lines[-1] + b" " + words)
    return _wire(lines[0] + b" " + words, *lines[1:])


def _no(talk: Talk) -> bytes:
    match talk.protocol, talk.stage:
        case "imap", _:
            return talk.tag + b" NO"
        case "pop", _:
            return b"-ERR"
        case _, "auth" | "refusal":
            return b"535 5.7.3"
        case _:
            return b"554 5.7.0"


def _more(lines: tuple[bytes, ...]) -> bytes:
    """One more line of an answer that has several."""
    if lines[-1][:3].isdigit():
        return lines[-1][:3] + b"-X-MORE"
    return b"X-MORE" if lines[0].startswith(b"+") else b'* LIST () "/" Folder'


# The name of each is its identifier, with hyphens.
TALK_FAULTS: Mapping[str, Fault] = {
    fault.__name__.replace("_", "-"): fault
    for fault in (
        two_lines,
        one_byte,
        split_line_end,
        bare_line_feed,
        slow,
        unsolicited,
        many_lines,
        long_line,
        nul_in_text,
        eight_bit_text,
        silent,
        drip,
        unfinished,
        reset,
        close,
        half_close,
        truncated,
        truncated_reset,
        plaintext,
        garbage,
        nul,
        empty_line,
        other_protocol,
        http,
        wrong_tag,
        preauth,
        endless_line,
        endless_list,
        giant_literal,
        endless_literals,
        bye,
        throttled_no,
        throttled_bad,
        no,
        bad,
        unavailable,
        no_mechanism,
        no_starttls,
        in_use,
        not_connected,
        echo,
    )
}
