"""Answers over HTTPS that do not end, or are too long, from servers on loopback."""

import asyncio
import gzip
import ssl
import time

import pytest
import requests

from mailcheck.adapters.bounded import BODY_LIMIT
from mailcheck.adapters.https import fault_of
from mailcheck.model.evidence import Fault
from tests.adapters.azure_kit import Peer, page, served
from tests.adapters.mail_kit import Script, serving

TIMEOUT = (5.0, 0.3)  # seconds to connect, and to read
LONG = (5.0, 2.5)  # the same, of which a part is left on a machine that stands still for a moment
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"


def dripping(head: bytes) -> Script:
    """A server that sends this, then a byte now and again, and never comes to an end."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(head)
        while not writer.is_closing():
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(TIMEOUT[1] / 10)

    return script


def sending(head: bytes, body: bytes) -> Script:
    """A server that sends this head and body to each request."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.readuntil(b"\r\n\r\n"):
            writer.write(head + b"Content-Length: %d\r\n\r\n" % len(body) + body)

    return script


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("head", [b"", b"HTTP/1.1 200 OK\r\nDate: ", HEAD], ids=["status", "header", "body"])
@pytest.mark.parametrize("secure", [True, False], ids=["https", "http"])
async def test_a_server_that_drips_is_given_up(
    head: bytes, stream: bool, secure: bool, session: requests.Session, tls: ssl.SSLContext
) -> None:
    """The read time-out bounds the whole answer, wherever in it a byte comes now and again."""
    async with serving(dripping(head), tls if secure else None) as peer:
        url = f"{'https' if secure else 'http'}://{peer.endpoint}/"
        began = time.monotonic()
        with pytest.raises(requests.RequestException) as caught:
            await asyncio.to_thread(session.get, url, timeout=TIMEOUT, stream=stream)
    assert time.monotonic() - began < 3.0
    assert fault_of(caught.value)[0] is Fault.TIMEOUT


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
async def test_a_body_that_is_too_long_is_not_read(
    encoding: str, session: requests.Session, tls: ssl.SSLContext
) -> None:
    """More than the limit is no answer, though it were short before it was unpacked."""
    long = b" " * (BODY_LIMIT + 1)
    script = sending(
        f"HTTP/1.1 200 OK\r\nContent-Encoding: {encoding}\r\n".encode(),
        gzip.compress(long) if encoding == "gzip" else long,
    )
    async with serving(script, tls) as peer:
        with pytest.raises(requests.RequestException) as caught:
            await asyncio.to_thread(session.get, f"https://{peer.endpoint}/", timeout=(5.0, 5.0))
    assert fault_of(caught.value) == (Fault.MALFORMED, f"the answer is longer than {BODY_LIMIT:,} bytes")


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
async def test_a_body_of_just_the_limit_is_read(stream: bool, session: requests.Session, tls: ssl.SSLContext) -> None:
    """What is not too long is handed over whole, however the caller reads it; the connection is used again."""
    body = bytes(range(256)) * (BODY_LIMIT // 256)
    async with serving(sending(b"HTTP/1.1 200 OK\r\n", body), tls) as peer:
        for _ in range(2):
            response = await asyncio.to_thread(
                session.get, f"https://{peer.endpoint}/", timeout=(5.0, 5.0), stream=stream
            )
            assert b"".join(response.iter_content(1000)) == body
            assert response.content == body
        assert peer.connections == 1
        session.close()


async def test_an_answer_may_use_its_time(session: requests.Session, tls: ssl.SSLContext) -> None:
    """Each answer on a connection has the whole time-out, whatever the one before it left."""
    async with served(Peer(tls), session) as peer:

        async def late() -> object:
            await asyncio.sleep(LONG[1] * 0.6)
            return await page(200)()

        peer.answers["/"] = late  # type: ignore[assignment]
        for _ in range(2):
            response = await asyncio.to_thread(session.get, f"{peer.url}/", timeout=LONG)
            assert response.ok
