"""The local Functions host: one app, indexed by Microsoft's runtime, its HTTP functions served on loopback."""

import contextlib
import os
import time
from pathlib import Path

from lab.host import checks, host_json
from lab.host.functions import Function
from lab.host.keys import Keys, from_settings
from lab.host.log import HOST
from lab.host.refusal import Refused
from lab.host.routes import RouteTable
from lab.host.runtime import Runtime, inside

GRACE_SECONDS = 2.0
_BODY_LIMIT_SETTING = "FUNCTIONS_REQUEST_BODY_SIZE_LIMIT"


class Host:
    """One app in this process. While it is started, the app's folder is the working directory.

    Attributes:
        app: The app's folder.
        functions: The indexed functions, in the order of their names; empty before `start`.
        keys: The access keys, or None when keys are not asked for.
        url: Where it serves, such as `http://127.0.0.1:7071`; empty before `start`.
        prefix: The route prefix, such as `api`.
        indexed_ms: Milliseconds from `since` until the app was indexed, loaded and found good.
        runtime: Microsoft's runtime with the app in it; its `running` and `abandoned` tell of invocations.
    """

    def __init__(
        self, app: Path, port: int = 0, auth: bool = False, *, keys: Keys | None = None, since: float | None = None
    ) -> None:
        """Prepares a host; nothing runs before `start`.

        Args:
            app: The folder that holds function_app.py and host.json.
            port: TCP port on 127.0.0.1; 0: any free one.
            auth: Whether functions ask for their keys. `func start` does not, Azure does.
            keys: The keys to ask for; by default LAB_FUNCTION_KEY and LAB_MASTER_KEY, else new ones.
            since: From when to count `indexed_ms` (time.monotonic); by default from `start`.
        """
        self.app = app.resolve()
        self.functions: tuple[Function, ...] = ()
        self.keys = (keys or from_settings(os.environ)) if auth else None
        self.url = ""
        self.prefix = ""
        self.indexed_ms = 0.0
        self.runtime = Runtime()
        self._port = port
        self._since = since
        self._stack = contextlib.AsyncExitStack()

    async def start(self) -> None:
        """Indexes, checks and serves the app.

        Raises:
            Refused: The real host would not run it, or the port is taken. Nothing is left running.
        """
        began = self._since if self._since is not None else time.monotonic()
        found = _read_host_json(self.app)
        if isinstance(found, str):
            raise Refused([found])
        self.prefix = found.route_prefix
        async with contextlib.AsyncExitStack() as stack:
            stack.enter_context(inside(self.app))
            stack.callback(self.runtime.stop)
            self.functions = await self._index(found)
            self.indexed_ms = (time.monotonic() - began) * 1000
            HOST.info("indexed %d functions in %.0f ms", len(self.functions), self.indexed_ms)
            await self._serve(stack)
            self._stack = stack.pop_all()

    async def stop(self) -> None:
        """Stops serving, gives running functions GRACE_SECONDS to end, and gives the working directory back."""
        await self._stack.aclose()

    async def _index(self, found: host_json.HostJson) -> tuple[Function, ...]:
        declared = await self.runtime.load(self.app)
        resolved = [checks.resolve(function, os.environ) for function in declared]
        # A function with an unset setting is not judged further: its route or schedule is not known.
        problems = [problem for _, unset in resolved for problem in unset]
        problems += checks.problems((function for function, unset in resolved if not unset), found, os.environ)
        if problems:
            raise Refused(problems)
        return tuple(sorted((function for function, _ in resolved), key=lambda function: function.name.lower()))

    async def _serve(self, stack: contextlib.AsyncExitStack) -> None:
        # aiohttp is imported after indexing, so that indexed_ms tells of the app and not of this host.
        from lab.host.server import BODY_LIMIT, Server  # noqa: PLC0415 - see above

        routes = RouteTable((function for function in self.functions if function.is_http), self.prefix)
        limit = os.environ.get(_BODY_LIMIT_SETTING, "")
        server = Server(routes, self.runtime, self.keys, int(limit) if limit.isdecimal() else BODY_LIMIT)
        stack.push_async_callback(server.stop, GRACE_SECONDS)
        try:
            self.url = await server.start(self._port)
        except OSError as error:
            raise Refused([f"port {self._port}: {error.strerror or error}"]) from error


def _read_host_json(app: Path) -> host_json.HostJson | str:
    try:
        text = (app / "host.json").read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return f"host.json is missing in {app}"
    except UnicodeDecodeError:
        return "host.json is not UTF-8"
    return host_json.read(text)
