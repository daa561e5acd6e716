"""The proxy of names, asked by a foreign client and by hand."""

import asyncio

import pytest
import requests

from lab.names import NameProxy
from lab.pki import Authority
from lab.serving import WebServer
from tests.lab.common import utc_now

AUTHORITY = Authority(utc_now(), names=("login.microsoftonline.us", "*.vault.azure.cn"))


def get(url: str, proxy: NameProxy, ca_file: str) -> int:
    """The status of an answer by requests, through the proxy; blocking."""
    with requests.Session() as session:
        session.trust_env = False
        return session.get(url, proxies={"https": proxy.url}, verify=ca_file, timeout=10).status_code


@pytest.fixture
def anchors(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The file with the authority that the client trusts."""
    path = tmp_path_factory.mktemp("trust") / "ca.pem"
    path.write_bytes(AUTHORITY.pem)
    return str(path)


@pytest.mark.parametrize("name", ["login.microsoftonline.us", "LOGIN.microsoftonline.us", "contoso.vault.azure.cn"])
async def test_a_known_name_leads_to_the_lab(name: str, anchors: str) -> None:
    """TLS is done through the proxy with the server behind the name, whose certificate is for it."""
    async with WebServer(host="localhost", tls=AUTHORITY.server_context()) as server, NameProxy() as proxy:
        proxy.names[name.lower()] = server.port
        assert await asyncio.to_thread(get, f"https://{name}/nothing", proxy, anchors) == 404
        assert proxy.asked == [name.lower()]


async def test_a_certificate_for_another_name_is_seen(anchors: str) -> None:
    """A name that the server's certificate is not for fails the client's check."""
    async with WebServer(host="localhost", tls=AUTHORITY.server_context()) as server, NameProxy() as proxy:
        proxy.names["example.com"] = server.port
        with pytest.raises(requests.exceptions.SSLError, match=r"example\.com"):
            await asyncio.to_thread(get, "https://example.com/", proxy, anchors)


@pytest.mark.parametrize(
    "request_line",
    [
        b"CONNECT unknown.example:443 HTTP/1.1",
        b"CONNECT login.microsoftonline.us:80 HTTP/1.1",
        b"GET http://login.microsoftonline.us/ HTTP/1.1",
        b"\xff\xfe",
    ],
)
async def test_nothing_else_is_reached(request_line: bytes) -> None:
    """Another name, another port, another method and no HTTP at all are refused, and nothing is looked up."""
    async with NameProxy() as proxy:
        proxy.names["login.microsoftonline.us"] = 9
        reader, writer = await asyncio.open_connection("127.0.0.1", int(proxy.url.rpartition(":")[2]))
        writer.write(request_line + b"\r\nHost: lab\r\n\r\n")
        async with asyncio.timeout(10):
            answer = await reader.read()
        writer.close()
        await writer.wait_closed()
    assert answer.startswith(b"HTTP/1.1 502 ")


async def test_a_client_that_leaves_leaves_nothing() -> None:
    """Half a request, and a proxy that ends with its clients: no task and no socket is left to complain."""
    async with NameProxy() as proxy:
        _, half = await asyncio.open_connection("127.0.0.1", int(proxy.url.rpartition(":")[2]))
        half.write(b"CONNECT login")
        await half.drain()
    half.close()
