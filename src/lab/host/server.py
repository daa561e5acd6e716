"""The HTTP side of the host: routes, keys, one invocation per request. Loopback only."""

import re
import secrets
import time
import uuid

from aiohttp import web

from lab.host.functions import HTTP_OUTPUT, Function
from lab.host.keys import Keys
from lab.host.log import HOST
from lab.host.messages import to_response, to_rpc
from lab.host.routes import Match, RouteTable
from lab.host.runtime import Invocation, Raised, Runtime

ADDRESS = "127.0.0.1"
# The real host's default: 100 MB (FUNCTIONS_REQUEST_BODY_SIZE_LIMIT).
BODY_LIMIT = 104_857_600
_TRACEPARENT = re.compile(r"(00-[0-9a-f]{32})-[0-9a-f]{16}-([0-9a-f]{2})")
_HOME = "<!DOCTYPE html><title>Functions host</title><p>The local Functions host is up and running.</p>\n"
# Handlers have had their grace in Runtime.drain; this is only for connections to close.
_CLOSING_SECONDS = 0.5
# After an answer that leaves a body unread (413), the connection is still read for so long, for the caller to see it.
_LINGERING_SECONDS = 1.0


class Server:
    """Serves the HTTP functions of one app."""

    def __init__(self, routes: RouteTable, runtime: Runtime, keys: Keys | None, limit: int = BODY_LIMIT) -> None:
        """Keys of None ask nobody for a key, as `func start` does; `limit` is the largest body in bytes."""
        self._routes = routes
        self._runtime = runtime
        self._keys = keys
        self._limit = limit
        app = web.Application(client_max_size=limit)
        app.router.add_route("*", r"/{path:[\s\S]*}", self._answer)
        # The body goes to the function as it came: a content-encoding is the function's business.
        self._runner = web.AppRunner(
            app,
            access_log=None,
            auto_decompress=False,
            lingering_time=_LINGERING_SECONDS,
            shutdown_timeout=_CLOSING_SECONDS,
        )
        self._site: web.TCPSite | None = None

    async def start(self, port: int) -> str:
        """Listens (port 0: any free one) and returns the URL. Raises OSError if the port is taken."""
        await self._runner.setup()
        self._site = web.TCPSite(self._runner, ADDRESS, port)
        await self._site.start()
        return f"http://{ADDRESS}:{self._runner.addresses[0][1]}"

    async def stop(self, grace: float) -> None:
        """Stops listening, gives running functions `grace` seconds, then closes every connection."""
        if self._site is not None:
            await self._site.stop()
        await self._runtime.drain(grace)
        await self._runner.cleanup()

    async def _answer(self, request: web.Request) -> web.Response:
        match = self._routes.match(request.method, request.rel_url.raw_path)
        if match is None:
            home = request.rel_url.raw_path == "/"
            return web.Response(text=_HOME, content_type="text/html") if home else web.Response(status=404)
        offered = request.headers.get("x-functions-key", request.query.get("code"))
        if self._keys is not None and not self._keys.admit(match.function.auth_level, offered):
            return web.Response(status=401)
        if request.content_length is not None and request.content_length > self._limit:
            return _too_large()
        try:
            body = await request.read()
        except web.HTTPRequestEntityTooLarge:
            return _too_large()
        return await self._call(request, match, body)

    async def _call(self, request: web.Request, match: Match, body: bytes) -> web.Response:
        function = match.function
        invocation = Invocation(
            id=str(uuid.uuid4()),
            function=function,
            inputs={function.trigger.name: to_rpc(request, match.params, body)},
            trace_parent=_trace_parent(request.headers.get("traceparent", "")),
            trace_state=request.headers.get("tracestate", ""),
        )
        began = time.monotonic()
        outcome = await self._runtime.invoke(invocation)
        spent = (time.monotonic() - began) * 1000
        if isinstance(outcome, Raised):
            HOST.error("%s failed (Id=%s, %.0f ms)\n%s", function.name, invocation.id, spent, outcome.stack_trace)
            return web.Response(status=500)
        response = to_response(outcome, _http_output(function))
        if isinstance(response, str):
            HOST.error("%s failed (Id=%s, %.0f ms): %s", function.name, invocation.id, spent, response)
            return web.Response(status=500)
        HOST.info("%s succeeded (Id=%s, %.0f ms, %d)", function.name, invocation.id, spent, response.status)
        return response


def _http_output(function: Function) -> str:
    return next((output.name for output in function.outputs if output.type == HTTP_OUTPUT), "$return")


def _trace_parent(received: str) -> str:
    """A traceparent for the invocation: a new span of the caller's trace, or of a new trace (W3C Trace Context)."""
    found = _TRACEPARENT.fullmatch(received)
    trace, flags = found.groups() if found else (f"00-{secrets.token_hex(16)}", "00")
    return f"{trace}-{secrets.token_hex(8)}-{flags}"


def _too_large() -> web.Response:
    """413; the connection ends with it, for the rest of the body is not read."""
    response = web.Response(status=413)
    response.force_close()
    return response
