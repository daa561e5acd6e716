"""The frame of the HTTP servers: what is left when one stops, or cannot start."""

import asyncio

import pytest
from aiohttp import web

from lab.pki import Authority
from lab.serving import WebServer

_LIMIT = 5.0  # seconds, above what stopping takes and below what TLS would wait


async def hello(_request: web.Request) -> web.Response:
    """Answers."""
    return web.Response(text="hello")


@pytest.mark.parametrize("secure", [False, True])
async def test_stop_closes_every_connection(authority: Authority, secure: bool) -> None:
    """Connections end with the server at once: one kept alive, and one that has said nothing, not even in TLS."""
    tls = authority.server_context() if secure else None
    server = WebServer([web.get("/", hello)], host="localhost", tls=tls)
    await server.start()
    port = int(server.url.rpartition(":")[2])
    silent, writer = await asyncio.open_connection("127.0.0.1", port)
    async with asyncio.timeout(_LIMIT):
        await server.stop()
        assert await silent.read() == b""
    writer.transport.abort()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", port)


async def test_stop_ends_a_connection_that_is_kept_alive() -> None:
    """A client that got its answer and stays is hung up on."""
    async with WebServer([web.get("/", hello)]) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(server.url.rpartition(":")[2]))
        writer.write(b"GET / HTTP/1.1\r\nHost: lab\r\n\r\n")
        assert (await reader.readuntil(b"hello")).startswith(b"HTTP/1.1 200 ")
    async with asyncio.timeout(_LIMIT):
        assert await reader.read() == b""
    writer.transport.abort()


async def test_a_taken_port_is_an_error_and_leaves_nothing() -> None:
    """A server whose port is taken does not start, has nothing to stop, and can start when the port is free."""
    first = WebServer([web.get("/", hello)])
    await first.start()
    second = WebServer([web.get("/", hello)], port=int(first.url.rpartition(":")[2]))
    with pytest.raises(OSError, match="address already in use"):
        await second.start()
    await second.stop()
    await first.stop()
    async with second:
        assert second.url == first.url


async def test_a_body_may_be_as_large_as_told() -> None:
    """`client_max_size` is the largest body in octets; a larger one is 413."""

    async def size(request: web.Request) -> web.Response:
        return web.Response(text=str(len(await request.read())))

    async with WebServer([web.post("/", size)], client_max_size=4) as server:
        for body, status in ((b"1234", b"200"), (b"12345", b"413")):
            reader, writer = await asyncio.open_connection("127.0.0.1", int(server.url.rpartition(":")[2]))
            writer.write(b"POST / HTTP/1.1\r\nHost: lab\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
            assert (await reader.readline()).split()[1] == status
            writer.transport.abort()
