"""Why no answer came over HTTPS, seen on real connections, and a server's words made fit to show."""

import asyncio
import datetime as dt
import socket
import ssl

import pytest
import requests
from urllib3.exceptions import NameResolutionError

from lab.pki import Authority
from mailcheck.adapters.https import SAID_LIMIT, asks_to_wait, fault_of, one_line, silence_sdks, time_to_wait
from mailcheck.adapters.trust import http_session
from mailcheck.model.evidence import Fault
from tests.adapters.mail_kit import Script, saying, serving

NOW = dt.datetime.now(dt.UTC)
DAY = dt.timedelta(days=1)
TIMEOUT = (5.0, 0.1)  # seconds to connect, and to read


async def failure(trust: ssl.SSLContext, url: str) -> requests.RequestException:
    """What `requests` raises when it asks this address."""
    with http_session(trust) as session, pytest.raises(requests.RequestException) as caught:
        await asyncio.to_thread(session.get, url, timeout=TIMEOUT)
    return caught.value


async def waiting(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    """A server that reads and never answers."""
    await reader.read()


async def leaving(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A server that takes the request and ends the connection."""
    await reader.readline()
    writer.close()


@pytest.mark.parametrize(
    "script, fault",
    [
        (waiting, Fault.TIMEOUT),
        (leaving, Fault.CLOSED),
        (saying(b"* OK this is IMAP\r\n"), Fault.MALFORMED),
    ],
)
async def test_a_server_that_does_not_answer(
    script: Script, fault: Fault, trust: ssl.SSLContext, tls: ssl.SSLContext
) -> None:
    """Silence, an end of stream and another protocol are told apart."""
    async with serving(script, tls) as peer:
        error = await failure(trust, f"https://{peer.endpoint}/")
    assert fault_of(error)[0] is fault


@pytest.mark.parametrize(
    "hosts, begins, ends, fault",
    [
        (("localhost", "127.0.0.1"), -9 * DAY, -DAY, Fault.EXPIRED),
        (("localhost", "127.0.0.1"), DAY, 9 * DAY, Fault.NOT_YET_VALID),
        (("mail.example.com",), -DAY, DAY, Fault.HOST_MISMATCH),
    ],
)
async def test_a_certificate_that_does_not_hold(
    hosts: tuple[str, ...],
    begins: dt.timedelta,
    ends: dt.timedelta,
    fault: Fault,
    authority: Authority,
    trust: ssl.SSLContext,
) -> None:
    """Expired, not yet valid, and made for another host are told apart."""
    pair = authority.issue(hosts, not_before=NOW + begins, not_after=NOW + ends)
    async with serving(saying(), authority.server_context(pair)) as peer:
        error = await failure(trust, f"https://{peer.endpoint}/")
    assert fault_of(error)[0] is fault


async def test_a_certificate_of_an_unknown_authority(trust: ssl.SSLContext) -> None:
    """A certificate that nobody we trust has signed is untrusted."""
    async with serving(saying(), Authority(NOW).server_context()) as peer:
        error = await failure(trust, f"https://{peer.endpoint}/")
    assert fault_of(error)[0] is Fault.UNTRUSTED


async def test_a_server_without_tls(trust: ssl.SSLContext) -> None:
    """A server that speaks in the clear on a TLS port fails the handshake."""
    async with serving(saying(b"HTTP/1.1 200 OK\r\n\r\n")) as peer:
        error = await failure(trust, f"https://{peer.endpoint}/")
    assert fault_of(error)[0] is Fault.TLS_FAILED


@pytest.mark.parametrize(
    "answer",
    [
        b"MIIKplanted-key",
        b"MIIKplanted-key 200 OK\r\n\r\n",
        b"HTTP/1.1 MIIKplanted-key\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nMIIKplanted-key\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\nMIIKplanted-key",
    ],
)
async def test_an_answer_out_of_frame_is_not_quoted(
    answer: bytes, trust: ssl.SSLContext, tls: ssl.SSLContext, caplog: pytest.LogCaptureFixture
) -> None:
    """What is no HTTP may be the answer itself, a key or a token, out of its frame: no word of it is shown."""
    silence_sdks()

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer + b"\r\n")
        writer.close()

    async with serving(script, tls) as peer:
        fault, said = fault_of(await failure(trust, f"https://{peer.endpoint}/"))
    assert fault in {Fault.MALFORMED, Fault.CLOSED}
    assert said in {"the answer is not HTTP", "the answer broke off"}
    assert "planted" not in caplog.text


@pytest.mark.parametrize(
    "header, details",
    [
        ("", {}),
        ("17", {"retry_after": "17"}),
        ("Wed, 25 Nov 2026 14:00:00 GMT", {"retry_at": "Wed, 25 Nov 2026 14:00:00 GMT"}),
        ("-1", {"retry_at": "-1"}),
        ("9" * 5000, {"retry_at": "9" * 61 + "..."}),
    ],
)
def test_a_time_to_wait(header: str, details: dict[str, str]) -> None:
    """Seconds are a number that can be counted with; whatever else is given asks to wait too."""
    assert time_to_wait(header) == details
    assert asks_to_wait(details) is bool(header)


async def test_a_port_where_nobody_listens(trust: ssl.SSLContext) -> None:
    """A refused connection is said in the system's own words, without the client's wrapping."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    error = await failure(trust, f"https://127.0.0.1:{port}/path")
    fault, said = fault_of(error)
    assert fault is Fault.REFUSED
    assert said.endswith("Connection refused")
    assert "HTTPSConnection" not in said


@pytest.mark.parametrize(
    "number, fault",
    [
        (socket.EAI_NONAME, Fault.NAME_NOT_FOUND),
        (socket.EAI_AGAIN, Fault.UNREACHABLE),
        (socket.EAI_FAIL, Fault.UNREACHABLE),
    ],
)
def test_a_name_that_does_not_resolve(number: int, fault: Fault) -> None:
    """Only a resolver that knows there is no such name makes it "not found"; a resolver out of order does not."""
    cause = socket.gaierror(number, "said by the resolver")
    error = NameResolutionError("vault.example", None, cause)  # type: ignore[arg-type]
    error.__cause__ = cause
    assert fault_of(error) == (fault, f"[Errno {number}] said by the resolver")


def test_an_unknown_failure_is_unreachable() -> None:
    """What no rule knows is reported in its own words."""
    assert fault_of(ValueError("odd")) == (Fault.UNREACHABLE, "odd")


@pytest.mark.parametrize(
    "text, line",
    [
        ("  one\r\ntwo\tthree\x00\x1b[0m ", "one two three [0m"),
        ("token eyJhbGciOiJQUzI1NiJ9.eyJpc3MiOiJ4In0.c2lnbmF0dXJl end", "token <token withheld> end"),
        ("a" * (SAID_LIMIT + 1), "a" * (SAID_LIMIT - 3) + "..."),
        ("a" * SAID_LIMIT, "a" * SAID_LIMIT),
        ("lone \ud800 surrogate, \u202eturned\u2066", "lone \ufffd surrogate, \ufffdturned\ufffd"),
        ("", ""),
    ],
)
def test_words_become_one_bounded_line(text: str, line: str) -> None:
    """Control characters go, what turns or breaks text is replaced, tokens are withheld, and length is bounded."""
    assert one_line(text) == line
