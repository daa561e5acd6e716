"""The lab's way to names of the Internet: an HTTP proxy on loopback that knows a few names, and leads them to the lab.

A client that is told of the proxy (HTTPS_PROXY) asks it for `CONNECT login.microsoftonline.us:443` (RFC 9110 section
9.3.6) and does TLS through it with whoever answers: it verifies the name as it would the genuine one's. No other name
is looked up or connected to, so nothing leaves the machine.
"""

import asyncio
import re
from contextlib import suppress
from typing import Self

_ADDRESS = "127.0.0.1"
_HEAD_LIMIT = 8 * 1024  # octets of a request with its headers
_PATIENCE = 10.0  # seconds until a client has said whom it wants
_CHUNK = 64 * 1024
_CONNECT = re.compile(rb"CONNECT ([A-Za-z0-9.-]{1,253}):443 HTTP/1\.[01]\r\n")
_GONE = (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError)


class NameProxy:
    """The proxy; used as `async with`.

    Attributes:
        names: The port on loopback that each known name leads to, by the name in lower case.
        asked: Each name that was asked for, in order.
    """

    def __init__(self) -> None:
        self.names: dict[str, int] = {}
        self.asked: list[str] = []
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        """What HTTPS_PROXY is to be; final once the proxy has started."""
        assert self._server is not None, "the proxy has not started"  # noqa: S101 - a mistake of the caller
        return f"http://{_ADDRESS}:{self._server.sockets[0].getsockname()[1]}"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, _ADDRESS, 0, limit=_HEAD_LIMIT)
        return self

    async def __aexit__(self, *_: object) -> None:
        server, self._server = self._server, None
        if server is not None:
            server.close()
            server.abort_clients()
            await server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(*_GONE):
            try:
                async with asyncio.timeout(_PATIENCE):
                    head = await reader.readuntil(b"\r\n\r\n")
                await self._answer(head, reader, writer)
            finally:
                writer.transport.abort()

    async def _answer(self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        wanted = _CONNECT.match(head)
        name = wanted[1].decode().lower() if wanted else ""
        self.asked.append(name)
        if name not in self.names:
            writer.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
            await writer.drain()
            return
        far_reader, far_writer = await asyncio.open_connection(_ADDRESS, self.names[name])
        try:
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            there = asyncio.ensure_future(_pump(reader, far_writer))
            back = asyncio.ensure_future(_pump(far_reader, writer))
            await asyncio.wait((there, back), return_when=asyncio.FIRST_COMPLETED)
            for pump in (there, back):
                pump.cancel()
        finally:
            far_writer.transport.abort()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(_CHUNK):
            writer.write(data)
            await writer.drain()
