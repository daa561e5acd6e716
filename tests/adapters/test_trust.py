"""The HTTP session behind a proxy, and the one TLS context that HTTP and mail share."""

import asyncio
import ssl
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest
import requests

from lab.pki import Authority
from mailcheck.adapters.https import fault_of
from mailcheck.adapters.transport import MailTransport
from mailcheck.adapters.trust import http_session
from mailcheck.model.evidence import Fault
from tests.adapters.azure_kit import Peer, page, served
from tests.adapters.mail_kit import Script, read, serving, talk

TIMEOUT = (0.5, 5.0)  # seconds to connect, and to read


@pytest.fixture
def session(trust: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch) -> Iterator[requests.Session]:
    """The HTTP session of the product; nothing in the environment keeps a host from the proxy."""
    for name in ("NO_PROXY", "no_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    with http_session(trust) as session:
        yield session


async def passing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Whatever comes from one side goes to the other, until either leaves."""
    try:
        while data := await reader.read(16 * 1024):
            writer.write(data)
            await writer.drain()
    finally:
        writer.close()


def proxy(asked: list[bytes]) -> Script:
    """A proxy that takes CONNECT (RFC 9110 section 9.3.6), and notes what it was asked."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append((await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")[0])
        host, _, port = asked[-1].split()[1].decode().rpartition(":")
        server = await asyncio.open_connection(host, int(port))
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        async with asyncio.TaskGroup() as both:
            both.create_task(passing(reader, server[1]))
            both.create_task(passing(server[0], writer))

    return script


async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A proxy whose answer to CONNECT never ends."""
    await reader.readuntil(b"\r\n\r\n")
    while not writer.is_closing():
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(TIMEOUT[0] / 10)


@asynccontextmanager
async def answering(tls: ssl.SSLContext, session: requests.Session) -> AsyncGenerator[Peer]:
    """A server at https://localhost that answers 200."""
    async with served(Peer(tls), session) as peer:
        peer.answers["/"] = page(200, "here")
        yield peer


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_server_behind_a_proxy_is_verified_by_the_same_context(
    scheme: str, session: requests.Session, tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """MAILCHECK_CA_FILE holds for a server behind HTTPS_PROXY, and for a proxy that speaks TLS itself."""
    asked: list[bytes] = []
    async with answering(tls, session) as peer, serving(proxy(asked), tls if scheme == "https" else None) as way:
        monkeypatch.setenv("HTTPS_PROXY", f"{scheme}://{way.endpoint}")
        response = await asyncio.to_thread(session.get, f"{peer.url}/", timeout=TIMEOUT)
        session.close()
        assert response.text == "here"
        assert asked == [f"CONNECT {peer.url.removeprefix('https://')} HTTP/1.1".encode()]


async def test_a_proxy_that_drips_is_given_up(session: requests.Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer to CONNECT is bounded by the time-out for connecting."""
    async with serving(endless) as way:
        monkeypatch.setenv("HTTPS_PROXY", f"http://{way.endpoint}")
        with pytest.raises(requests.RequestException) as caught:
            await asyncio.to_thread(session.get, "https://localhost:9/", timeout=TIMEOUT)
    assert fault_of(caught.value)[0] is Fault.TIMEOUT


@pytest.mark.parametrize("host", ["login..example.com", f"{'a' * 64}.example.com"])
def test_a_name_that_is_none_is_an_error_of_a_request(host: str, session: requests.Session) -> None:
    """A label that is empty or too long is found out last; whoever asks expects the exceptions of requests."""
    with pytest.raises(requests.exceptions.InvalidURL) as caught:
        session.get(f"https://{host}/", timeout=TIMEOUT)
    fault, words = fault_of(caught.value)
    assert fault is Fault.UNREACHABLE
    assert "label empty or too long" in words


@pytest.mark.parametrize("target", [b"http://[", b"\xff\xfe", b"https://elsewhere.example/"])
async def test_where_a_redirect_leads_is_not_looked_at(target: bytes, session: requests.Session) -> None:
    """None is followed, and it is read as any other answer, though it names no address."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 307 Elsewhere\r\nContent-Length: 4\r\nLocation: " + target + b"\r\n\r\nhere")
        await writer.drain()

    async with serving(script) as server:
        asked = partial(session.get, f"http://{server.endpoint}/", timeout=TIMEOUT)
        for follow in (False, True):
            answer = await asyncio.to_thread(asked, allow_redirects=follow)
            assert (answer.status_code, answer.text) == (307, "here")
            session.close()


async def test_no_cookie_is_kept(session: requests.Session) -> None:
    """The session lives as long as the process: a server that sets another each time would fill it."""
    heads: list[bytes] = []

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        cookie = b"Set-Cookie: c%d=%s; Max-Age=9999\r\n" % (len(heads), b"x" * 1000)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n" + cookie + b"\r\n")
        await writer.drain()

    async with serving(script) as server:
        for _ in range(2):
            await asyncio.to_thread(session.get, f"http://{server.endpoint}/", timeout=TIMEOUT)
    assert len(session.cookies) == 0
    assert b"cookie:" not in heads[1].lower()


async def test_mail_servers_are_not_told_of_http(
    session: requests.Session, transport: MailTransport, tls: ssl.SSLContext, authority: Authority
) -> None:
    """After a request over HTTPS, the same context offers a mail server no protocol by ALPN (RFC 7301)."""
    async with answering(tls, session) as peer:
        await asyncio.to_thread(session.get, f"{peer.url}/", timeout=TIMEOUT)
    chosen: list[str | None] = []

    async def script(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        chosen.append(writer.get_extra_info("ssl_object").selected_alpn_protocol())
        writer.write(b"* OK\r\n")

    keen = authority.server_context()
    keen.set_alpn_protocols(["http/1.1"])
    async with serving(script, keen) as server:
        await talk(transport, server.endpoint, read())
    assert chosen == [None]


def test_no_credentials_are_taken_from_a_netrc(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The token of an SDK stays in the request; requests alone would put a password of ~/.netrc in its place."""
    netrc = tmp_path / "netrc"
    netrc.write_text("default login anna password planted\n")
    monkeypatch.setenv("NETRC", str(netrc))
    session = http_session(ssl.create_default_context())
    request = requests.Request("GET", "https://vault.example/", headers={"Authorization": "Bearer token"})
    assert session.prepare_request(request).headers["Authorization"] == "Bearer token"
