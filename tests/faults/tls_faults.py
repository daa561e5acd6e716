"""What may become of a server's side of a TLS handshake, and what its certificate and version may be.

The same for servers of mail and of HTTP.
"""

import asyncio
import datetime as dt
import random
import ssl
import warnings
from collections.abc import Awaitable, Callable, Mapping

from lab.pki import Authority, self_signed
from tests.faults.wire import Line

_DRIP = 0.1  # seconds between two bytes
_ENDLESS = b"\x16\x03\x03\x20\x00" + b"A" * 8192  # records of the type "handshake"

type Contexts = Mapping[str, ssl.SSLContext]
type Handshake = Callable[[Line, Contexts], Awaitable[None]]


async def _below_tls(line: Line, data: bytes) -> None:
    await line.read_some()  # the client begins
    await line.send_raw(data)


async def silent(line: Line, _: Contexts) -> None:
    """The client's hello is not answered."""
    await line.hold()


async def drip(line: Line, _: Contexts) -> None:
    """A handshake record of which a byte comes now and then."""
    await _below_tls(line, b"\x16\x03\x03\x40\x00")
    while True:
        await line.send_raw(b"\x02")
        await asyncio.sleep(_DRIP)


async def reset(line: Line, _: Contexts) -> None:
    """RST instead of a handshake."""
    await line.read_some()
    line.reset()


async def close(line: Line, _: Contexts) -> None:
    """FIN instead of a handshake."""
    await line.read_some()
    await line.half_close()


async def truncated(line: Line, _: Contexts) -> None:
    """Half a record, then FIN."""
    await _below_tls(line, b"\x16\x03\x03\x00\x7a\x02\x00")
    await line.half_close()


async def garbage(line: Line, _: Contexts) -> None:
    """Random bytes."""
    await _below_tls(line, random.Random(1).randbytes(200))  # noqa: S311 - the same bytes each time
    await line.hold()


async def nul(line: Line, _: Contexts) -> None:
    """NULs."""
    await _below_tls(line, b"\0" * 200)
    await line.hold()


async def alert(line: Line, _: Contexts) -> None:
    """A fatal alert: handshake_failure."""
    await _below_tls(line, b"\x15\x03\x03\x00\x02\x02\x28")
    await line.half_close()


async def plaintext(line: Line, _: Contexts) -> None:
    """A mail server that begins in clear."""
    await _below_tls(line, b"220 ready\r\n")
    await line.hold()


async def http(line: Line, _: Contexts) -> None:
    """A web server without TLS."""
    await _below_tls(line, b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
    await line.half_close()


async def ssh(line: Line, _: Contexts) -> None:
    """An SSH server."""
    await _below_tls(line, b"SSH-2.0-OpenSSH_9.2\r\n")
    await line.hold()


async def endless(line: Line, _: Contexts) -> None:
    """Handshake records without an end."""
    await line.read_some()
    while True:
        await line.send_raw(_ENDLESS)


async def good(line: Line, contexts: Contexts) -> None:
    """No fault."""
    await line.start_tls(contexts["good"])


async def one_byte(line: Line, contexts: Contexts) -> None:
    """The handshake in packets of one byte."""
    line.piece = 1
    await line.start_tls(contexts["good"])
    line.piece = 0


async def slow(line: Line, contexts: Contexts) -> None:
    """A handshake in pieces with pauses, but in time."""
    line.piece, line.pause = 512, _DRIP / 4
    await line.start_tls(contexts["good"])
    line.piece = 0


def _showing(name: str) -> Handshake:
    async def handshake(line: Line, contexts: Contexts) -> None:
        await line.start_tls(contexts[name])

    return handshake


# What a server shows: each is one of its contexts.
SHOWN = (
    "expired",
    "not-yet-valid",
    "other-host",
    "untrusted",
    "self-signed",
    "tls-1-1",
    "other-cipher",
    "client-certificate",
    "client-certificate-late",
    "tls-1-2",
    "tls-1-3",
)
TLS_FAULTS: Mapping[str, Handshake] = {
    **{
        fault.__name__.replace("_", "-"): fault
        for fault in (
            one_byte,
            slow,
            silent,
            drip,
            reset,
            close,
            truncated,
            garbage,
            nul,
            alert,
            plaintext,
            http,
            ssh,
            endless,
        )
    },
    **{name: _showing(name) for name in SHOWN},
}


def contexts_of(authority: Authority) -> Contexts:
    """The servers' contexts: a good one, and one for each of `SHOWN`.

    Args:
        authority: The one that the product trusts.
    """
    now = dt.datetime.now(dt.UTC)
    day = dt.timedelta(days=1)
    good = authority.issue()
    stranger = Authority(now)
    own = self_signed("localhost", not_before=now - day, not_after=now + day)
    shown = {
        "good": authority.server_context(good),
        "expired": authority.server_context(authority.issue(not_before=now - 9 * day, not_after=now - day)),
        "not-yet-valid": authority.server_context(authority.issue(not_before=now + day, not_after=now + 9 * day)),
        "other-host": authority.server_context(authority.issue(("mail.example",))),
        "untrusted": stranger.server_context(),
        "self-signed": authority.server_context(own),
        **{name: authority.server_context(good) for name in SHOWN[5:]},
    }
    old = shown["tls-1-1"]
    old.set_ciphers("DEFAULT:@SECLEVEL=0")  # OpenSSL would not speak it otherwise
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
    shown["other-cipher"].set_ciphers("AES128-SHA")
    shown["other-cipher"].maximum_version = ssl.TLSVersion.TLSv1_2
    for name in ("client-certificate", "client-certificate-late"):
        shown[name].verify_mode = ssl.CERT_REQUIRED
        shown[name].load_verify_locations(cadata=authority.pem.decode())
    shown["client-certificate"].maximum_version = ssl.TLSVersion.TLSv1_2  # in 1.3 the refusal comes after the handshake
    shown["tls-1-2"].maximum_version = ssl.TLSVersion.TLSv1_2
    shown["tls-1-3"].minimum_version = ssl.TLSVersion.TLSv1_3
    return shown
