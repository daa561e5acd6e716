"""HTTP through the Functions host: what a function sees of a request, and what becomes of its response."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterator
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest
from yarl import URL

from tests.lab.host_kit import APPS, DEADLINE, HostProcess, hosted

OCTETS = bytes(range(256))
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
LIMIT = 1000


@pytest.fixture(scope="module")
def host() -> Iterator[HostProcess]:
    """The http app; bodies of at most LIMIT bytes, so that the limit costs no 100 MB."""
    with hosted(APPS / "http", settings={"FUNCTIONS_REQUEST_BODY_SIZE_LIMIT": str(LIMIT)}) as running:
        yield running


@pytest.fixture
async def client(host: HostProcess) -> AsyncIterator[aiohttp.ClientSession]:
    """A client of it."""
    async with aiohttp.ClientSession(host.url, auto_decompress=False) as session:
        yield session


async def raw(host: HostProcess, request: bytes) -> bytes:
    """Sends bytes as they are, and reads until the server closes."""
    where = urlsplit(host.url)
    async with asyncio.timeout(DEADLINE):
        reader, writer = await asyncio.open_connection(where.hostname, where.port)
        writer.write(request)
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()
        return answer


async def seen(response: aiohttp.ClientResponse) -> dict[str, Any]:
    """What the function says it was given."""
    assert response.status == 200, await response.text()
    found: dict[str, Any] = json.loads(await response.read())
    return found


async def test_a_function_sees_the_request(host: HostProcess, client: aiohttp.ClientSession) -> None:
    """Method, URL, lower-case header names, decoded query and route, and every octet of the body arrive."""
    url = URL("/api/Echo/a%20b/c?limit=5&x=1%2B1&empty=&LIMIT=6", encoded=True)
    async with client.put(url, data=OCTETS, headers={"X-Twice": "one"}) as response:
        found = await seen(response)
    assert found["method"] == "PUT"
    assert found["url"] == f"{host.url}/api/Echo/a%20b/c?limit=5&x=1%2B1&empty=&LIMIT=6"
    assert found["headers"]["x-twice"] == "one"
    assert found["params"] == {"limit": "5,6", "x": "1+1"}
    assert found["route"] == {"rest": "a b/c"}
    assert bytes.fromhex(found["body"]) == OCTETS


async def test_repeated_headers_are_joined(client: aiohttp.ClientSession) -> None:
    """A header that comes twice is one value with a comma, as the real host sends it to a worker."""
    async with client.get("/api/echo/", headers=[("X-Twice", "one"), ("X-Twice", "two")]) as response:
        assert (await seen(response))["headers"]["x-twice"] == "one,two"


async def test_an_empty_body_is_empty(client: aiohttp.ClientSession) -> None:
    """A request without a body gives a function empty bytes."""
    async with client.post("/api/echo/") as response:
        assert (await seen(response))["body"] == ""


async def test_a_compressed_body_is_left_as_it_came(client: aiohttp.ClientSession) -> None:
    """A content-encoding is the function's business: the host changes no octet."""
    headers = {"Content-Encoding": "gzip"}
    async with client.post("/api/echo/", data=OCTETS, headers=headers) as response:
        assert bytes.fromhex((await seen(response))["body"]) == OCTETS


@pytest.mark.parametrize(
    "method, path, status",
    [
        ("GET", "/api/checks/a@b.c", 200),
        ("POST", "/api/checks/a@b.c", 200),
        ("PUT", "/api/checks/a@b.c", 404),
        ("HEAD", "/api/checks/a@b.c", 404),
        ("OPTIONS", "/api/checks/a@b.c", 404),
        ("GET", "/api/checks", 404),
        ("GET", "/api/checks/a/b", 404),
        ("GET", "/checks/a@b.c", 404),
        ("GET", "/api/items", 200),
        ("GET", "/api/items/7", 200),
        ("GET", "/api/items/seven", 200),
        ("GET", "/api/items/se7en", 404),
        ("PUT", "/api/reports", 200),
        ("DELETE", "/api/reports", 200),
        ("GET", "/api/reports", 404),
        ("PURGE", "/api/echo/", 200),
        ("HEAD", "/api/echo/", 200),
        ("OPTIONS", "/api/echo/", 200),
        ("GET", "/api", 404),
        ("GET", "/admin/host/status", 404),
    ],
)
async def test_a_route_is_found_or_404(client: aiohttp.ClientSession, method: str, path: str, status: int) -> None:
    """A path or a method that no function lists is 404 with an empty body, never 405."""
    async with client.request(method, path) as response:
        assert response.status == status
        assert status == 200 or await response.read() == b""


async def test_the_constraint_chooses_the_function(client: aiohttp.ClientSession) -> None:
    """At one place in the path, the function whose constraint holds answers."""
    async with client.get("/api/items/seven") as response:
        assert await response.text() == "named seven"
    async with client.get("/api/items/7") as response:
        assert (await seen(response))["route"] == {"id": "7"}


async def test_the_home_page_says_that_the_host_runs(client: aiohttp.ClientSession) -> None:
    """GET / is a small page, without any function."""
    async with client.get("/") as response:
        assert response.status == 200
        assert "up and running" in await response.text()


async def test_a_response_arrives_whole(client: aiohttp.ClientSession) -> None:
    """Status, headers, type and octets are the function's; the length is the host's."""
    async with client.get("/api/bytes") as response:
        assert response.status == 206
        assert response.headers["X-Made-By"] == "GET"
        assert response.headers["Content-Type"] == "application/x-octets"
        assert response.headers["Content-Length"] == "256"
        assert await response.read() == OCTETS


async def test_cookies_keep_their_attributes(client: aiohttp.ClientSession) -> None:
    """Each cookie is a Set-Cookie of its own, its value percent-encoded as ASP.NET does."""
    async with client.get("/api/bytes") as response:
        assert response.headers.getall("Set-Cookie") == [
            "first=1; max-age=60; path=/api; samesite=lax; httponly",
            "second=a%20b; expires=Wed, 21 Oct 2026 07:28:00 GMT; secure",
        ]


@pytest.mark.parametrize("method, body", [("HEAD", b""), ("OPTIONS", OCTETS)])
async def test_head_has_headers_only(client: aiohttp.ClientSession, method: str, body: bytes) -> None:
    """A function that lists HEAD answers it with its headers alone; OPTIONS is a method like any other."""
    async with client.request(method, "/api/bytes") as response:
        assert response.status == 206
        assert response.headers["X-Made-By"] == method
        assert await response.read() == body


async def test_a_text_is_a_response(client: aiohttp.ClientSession) -> None:
    """A function may return a text: 200, text/plain, UTF-8."""
    async with client.get("/api/text") as response:
        assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
        assert await response.read() == "caf\u00e9 GET".encode()


async def test_an_output_parameter_is_a_response(client: aiohttp.ClientSession) -> None:
    """An HTTP output that is a parameter answers; when nothing is set on it the answer is 204."""
    async with client.get("/api/by-output", params={"say": "hello"}) as response:
        assert (response.status, await response.text()) == (200, "hello")
    async with client.get("/api/by-output") as response:
        assert (response.status, await response.read()) == (204, b"")


@pytest.mark.parametrize("where", ["fail", "fail-in-thread"])
@pytest.mark.parametrize(
    "how, logged",
    [
        ("raise", "LookupError: the planted fault"),
        ("exit", "The function called sys.exit"),
        ("cancel", "let a cancellation of its own out"),
        ("status", "'999' is no HTTP status"),
        ("header", "'X-Split' has a line break or a NUL"),
    ],
)
async def test_a_function_that_fails_is_500(
    host: HostProcess, client: aiohttp.ClientSession, where: str, how: str, logged: str
) -> None:
    """Whatever a function does, the caller gets an empty 500, the log gets the reason, and the host lives on."""
    async with client.get(f"/api/{where}/{how}") as response:
        assert (response.status, await response.read()) == (500, b"")
    assert await asyncio.to_thread(host.stderr.wait_for, logged)
    async with client.get("/api/text") as response:
        assert response.status == 200


async def test_functions_run_at_the_same_time(client: aiohttp.ClientSession) -> None:
    """Two sync functions that wait for each other both answer, from threads; so do two async ones, on the loop."""

    async def get(path: str) -> str:
        async with client.get(path) as response:
            return await response.text()

    assert list(await asyncio.gather(get("/api/meet"), get("/api/meet"))) == ["GET True"] * 2
    turns = (get("/api/meet-on-loop/first"), get("/api/meet-on-loop/second"))
    assert list(await asyncio.gather(*turns)) == ["True"] * 2


async def test_an_invocation_has_an_id_and_a_trace(client: aiohttp.ClientSession) -> None:
    """The caller's trace goes on in a new span; an invocation has an id of its own and its function's name."""
    headers = {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01", "tracestate": "vendor=1"}
    async with client.get("/api/context", headers=headers) as response:
        found = await seen(response)
    assert found["name"] == "context"
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", found["id"])
    assert re.fullmatch(rf"00-{TRACE}-[0-9a-f]{{16}}-01", found["trace_parent"])
    assert "00f067aa0ba902b7" not in found["trace_parent"]
    assert found["trace_state"] == "vendor=1"


@pytest.mark.parametrize("header", [None, "nonsense", "00-XYZ-00f067aa0ba902b7-01"])
async def test_without_a_trace_one_begins(client: aiohttp.ClientSession, header: str | None) -> None:
    """A missing or malformed traceparent is replaced by a new trace."""
    async with client.get("/api/context", headers={"traceparent": header} if header else {}) as response:
        assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-00", (await seen(response))["trace_parent"])


async def test_a_log_line_names_function_and_invocation(host: HostProcess, client: aiohttp.ClientSession) -> None:
    """What a function logs is on stderr with its level, function and invocation, on the loop and in a thread."""
    async with client.get("/api/context") as response:
        on_loop = (await seen(response))["id"]
    async with client.get("/api/log-in-thread") as response:
        in_thread = await response.text()
    first = await asyncio.to_thread(host.stderr.wait_for, f"({on_loop}) logged on the loop GET")
    second = await asyncio.to_thread(host.stderr.wait_for, f"({in_thread}) logged in a thread GET")
    assert "INFO [Function.context.User]" in first
    assert "WARNING [Function.log_in_thread.User]" in second
    assert await asyncio.to_thread(host.stderr.wait_for, f"context succeeded (Id={on_loop}")


@pytest.mark.parametrize("size, status", [(LIMIT, 200), (LIMIT + 1, 413)])
async def test_a_body_has_a_limit(client: aiohttp.ClientSession, size: int, status: int) -> None:
    """A body over the limit is 413, whether its length is declared or not."""

    async def pieces() -> AsyncIterator[bytes]:
        yield b"x" * size

    async with client.post("/api/echo/", data=b"x" * size) as response:
        assert response.status == status
    async with client.post("/api/echo/", data=pieces()) as response:
        assert response.status == status


async def test_a_declared_length_is_enough_for_413(host: HostProcess) -> None:
    """A length over the limit is refused before the body comes, and the connection is closed."""
    head = f"POST /api/echo/ HTTP/1.1\r\nHost: x\r\nContent-Length: {LIMIT + 1}\r\n\r\n"
    assert (await raw(host, head.encode())).startswith(b"HTTP/1.1 413 ")


async def test_a_malformed_request_is_400(host: HostProcess, client: aiohttp.ClientSession) -> None:
    """Bytes that are no HTTP are answered 400, and the host lives on."""
    assert b" 400 " in (await raw(host, b"\x16\x03\x01 not http\r\n\r\n")).partition(b"\r\n")[0]
    async with client.get("/api/text") as response:
        assert response.status == 200


async def test_an_empty_prefix_serves_from_the_root() -> None:
    """With an empty routePrefix, routes begin at the root and the home page stays."""
    with hosted(APPS / "empty_prefix") as host:
        async with aiohttp.ClientSession(host.url) as session:
            async with session.get("/pages/a/b") as response:
                assert await response.text() == "a/b"
            async with session.get("/pages") as response:
                assert await response.text() == "(none)"
            async with session.get("/") as response:
                assert "up and running" in await response.text()
