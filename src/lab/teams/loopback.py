"""One aiohttp application served on 127.0.0.1."""

from aiohttp import web

_HOST = "127.0.0.1"
_SHUTDOWN_SECONDS = 1.0  # a client of the lab that keeps its connection open must not hold up the end of a test
_MAX_BODY_BYTES = 4 * 1024 * 1024  # above Teams' own limit, so that Teams' answer is given and not aiohttp's


class Loopback:
    """A web server on loopback.

    Args:
        routes: What it serves.
        port: The TCP port; 0 lets the system choose.
    """

    def __init__(self, routes: list[web.RouteDef], *, port: int = 0) -> None:
        self._routes = routes
        self._port = port
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        """Serves from now on.

        Raises:
            OSError: the port is taken.
        """
        app = web.Application(client_max_size=_MAX_BODY_BYTES)
        app.add_routes(self._routes)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=_SHUTDOWN_SECONDS)
        await runner.setup()
        try:
            await web.TCPSite(runner, _HOST, self._port).start()
        except OSError:
            await runner.cleanup()
            raise
        self._port = runner.addresses[0][1]
        self._runner = runner

    async def stop(self) -> None:
        """Closes the port and all connections; a server that is not running stays so."""
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    @property
    def url(self) -> str:
        """`http://127.0.0.1:<port>`, without a slash at the end; known once it is started, or if the port was given."""
        return f"http://{_HOST}:{self._port}"
