"""The frame of the lab's HTTP servers: bind loopback, say where, stop."""

import asyncio
import ssl
from collections.abc import Iterable
from types import TracebackType
from typing import Self

import aiohttp
from aiohttp import web

_ADDRESS = "127.0.0.1"
_MAX_BODY = 1024 * 1024  # octets, as aiohttp has it
_SHUTDOWN_SECONDS = 1.0  # what a request in flight gets when the lab stops


class WebServer:
    """One aiohttp application on 127.0.0.1.

    Used as `async with`, or by `start` and `stop`; a server that starts again comes back on the port it had.

    Args:
        routes: What it serves; a subclass says so by overriding `routes`.
        host: The name that clients use in URLs: `localhost` or `127.0.0.1`.
        tls: The TLS context; plain HTTP when absent.
        port: The TCP port; 0 lets the system choose.
        client_max_size: The largest request body in octets; a larger one is 413.

    Attributes:
        known_as: The name that clients reach it by at the usual port, through a proxy; None when they come directly.
    """

    def __init__(
        self,
        routes: Iterable[web.RouteDef] = (),
        *,
        host: str = _ADDRESS,
        tls: ssl.SSLContext | None = None,
        port: int = 0,
        client_max_size: int = _MAX_BODY,
    ) -> None:
        self._routes = tuple(routes)
        self._host = host
        self._tls = tls
        self._port = port
        self._client_max_size = client_max_size
        self.known_as: str | None = None
        self._running: tuple[web.AppRunner, asyncio.Server] | None = None

    @property
    def url(self) -> str:
        """Scheme, host and port as clients have them, without a slash at the end; final once the server has started."""
        if self.known_as is not None:
            return f"https://{self.known_as}"
        return self.direct_url

    @property
    def port(self) -> int:
        """The TCP port; final once the server has started."""
        return self._port

    @property
    def direct_url(self) -> str:
        """The same without the proxy, if there is one."""
        return f"{'https' if self._tls else 'http'}://{self._host}:{self._port}"

    def routes(self) -> Iterable[web.RouteDef]:
        """What is served."""
        return self._routes

    async def start(self) -> None:
        """Begins to serve.

        Raises:
            OSError: The port is taken; nothing is left running.
        """
        application = web.Application(client_max_size=self._client_max_size)
        application.add_routes(self.routes())
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=_SHUTDOWN_SECONDS)
        await runner.setup()
        assert runner.server is not None  # noqa: S101 - setup made it
        # Not web.TCPSite, which does not say when its connections have gone: sockets would outlive `stop`.
        try:
            server = await asyncio.get_running_loop().create_server(
                runner.server, _ADDRESS, self._port, ssl=self._tls, reuse_address=True
            )
        except BaseException:
            await runner.cleanup()
            raise
        self._running = runner, server
        self._port = server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Closes the port and all connections; does nothing when the server does not run."""
        if self._running is None:
            return
        runner, server = self._running
        self._running = None
        server.close()
        await runner.cleanup()
        server.abort_clients()  # TLS would wait for the goodbye of clients that have left already
        await server.wait_closed()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()


class CallingServer(WebServer):
    """A server that also calls others: it has an HTTP client for as long as it serves."""

    _session: aiohttp.ClientSession | None = None

    async def start(self) -> None:
        """Begins to serve, and opens the client.

        Raises:
            OSError: the port is taken.
        """
        await super().start()
        self._session = aiohttp.ClientSession()

    async def stop(self) -> None:
        """Closes the client and the server."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()
        await super().stop()

    @property
    def client(self) -> aiohttp.ClientSession:
        """The HTTP client.

        Raises:
            RuntimeError: the server is not started.
        """
        if self._session is None:
            raise RuntimeError("the server is not started")
        return self._session
