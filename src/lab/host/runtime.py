"""The app under Microsoft's own runtime: indexing, loading and invocation through the package's public names.

One app per process: the runtime keeps its app in module globals, and Python imports `function_app` once.
"""

import asyncio
import contextlib
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import azure_functions_runtime as worker

from lab.host import protos
from lab.host.functions import Function, from_metadata
from lab.host.refusal import Refused

SCRIPT_SETTING = "PYTHON_SCRIPT_FILE_NAME"
SCRIPT_DEFAULT = "function_app.py"
# They make the runtime send telemetry to Azure; a local host has nowhere to send it.
TELEMETRY_SETTINGS = ("PYTHON_ENABLE_OPENTELEMETRY", "PYTHON_APPLICATIONINSIGHTS_ENABLE_TELEMETRY")


@dataclass(frozen=True, slots=True)
class Invocation:
    """One call of a function.

    Attributes:
        id: The invocation id, a UUID.
        function: What is called.
        inputs: Values by parameter name.
        trace_parent: W3C traceparent.
        trace_state: W3C tracestate, or empty.
    """

    id: str
    function: Function
    inputs: Mapping[str, protos.TypedData]
    trace_parent: str
    trace_state: str = ""


@dataclass(frozen=True, slots=True)
class Returned:
    """The function came to its end; `outputs` holds what it set on output parameters."""

    value: protos.TypedData | None
    outputs: Mapping[str, protos.TypedData] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Raised:
    """The function did not: what it raised, and the traceback."""

    message: str
    stack_trace: str


class Runtime:
    """Microsoft's runtime with one app in it.

    Attributes:
        running: The names of the functions that run now, by invocation id.
        abandoned: After `drain`, the functions that would not end.
    """

    def __init__(self) -> None:
        self.running: dict[str, str] = {}
        self.abandoned: tuple[str, ...] = ()
        self._idle = asyncio.Event()
        self._idle.set()

    async def load(self, app: Path) -> tuple[Function, ...]:
        """Indexes and loads the app; its folder must be the working directory (see `inside`).

        Raises:
            Refused: The script is missing, cannot be imported, or declares no valid functions.
        """
        for name in TELEMETRY_SETTINGS:
            os.environ.pop(name, None)
        script = os.environ.get(SCRIPT_SETTING, SCRIPT_DEFAULT)
        if not (app / script).is_file():
            raise Refused([f"{script} is missing in {app}"])
        if Path(script).stem in sys.modules:
            raise Refused([f"this process has imported a {script} already: one process hosts one app"])
        worker.start_threadpool_executor()
        init = SimpleNamespace(capabilities={}, function_app_directory=str(app))
        try:
            answer = await worker.worker_init_request(_request(worker_init_request=init))
        except SystemExit as error:
            raise Refused([f"{script} ends the process (SystemExit: {error}) when it is imported"]) from error
        _must_succeed(answer.result, script)
        metadata = await worker.functions_metadata_request(_request())
        functions = tuple(from_metadata(each) for each in metadata.function_metadata_results or ())
        if not functions:
            raise Refused([f"{script} declares no functions"])
        for function in functions:
            load = SimpleNamespace(function_id=function.id)
            loaded = await worker.function_load_request(_request(function_load_request=load))
            _must_succeed(loaded.result, function.name)
        return functions

    async def invoke(self, invocation: Invocation) -> Returned | Raised:
        """Calls a function: on the loop if it is async, else in the runtime's thread pool."""
        self.running[invocation.id] = invocation.function.name
        self._idle.clear()
        # The runtime sets this in its threads only; the log also wants it for functions on the loop.
        token = worker.invocation_id_cv.set(invocation.id)
        try:
            answer = await worker.invocation_request(_request(invocation_request=_message(invocation)))
        except SystemExit as error:
            return Raised(f"SystemExit: {error}", "The function called sys.exit; the real host would lose its worker.")
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise  # the host itself is ending
            return Raised("CancelledError", "The function let a cancellation of its own out.")
        finally:
            worker.invocation_id_cv.reset(token)
            del self.running[invocation.id]
            if not self.running:
                self._idle.set()
        if answer.result.status != protos.StatusResult.Success:
            return Raised(answer.result.exception.message, answer.result.exception.stack_trace)
        return Returned(answer.return_value, {output.name: output.data for output in answer.output_data})

    async def drain(self, grace: float) -> None:
        """Waits until nothing runs, at most `grace` seconds; what still runs then is `abandoned`."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._idle.wait(), grace)
        self.abandoned = tuple(sorted(self.running.values()))

    def stop(self) -> None:
        """Ends the thread pool. A thread cannot be killed: one that an abandoned function holds is left behind."""
        pool = worker.get_threadpool_executor()
        if self.abandoned and pool is not None:
            pool.shutdown(wait=False, cancel_futures=True)
        else:
            worker.stop_threadpool_executor()


@contextlib.contextmanager
def inside(app: Path) -> Iterator[None]:
    """Makes the app's folder the working directory and the first place of imports, as in a deployed app."""
    place = str(app)
    with contextlib.chdir(app):
        sys.path.insert(0, place)
        try:
            yield
        finally:
            sys.path.remove(place)


def _request(**parts: SimpleNamespace) -> SimpleNamespace:
    return SimpleNamespace(properties={"protos": protos, "host": "127.0.0.1"}, request=SimpleNamespace(**parts))


def _message(invocation: Invocation) -> SimpleNamespace:
    return SimpleNamespace(
        invocation_id=invocation.id,
        function_id=invocation.function.id,
        trigger_metadata={},
        input_data=[protos.ParameterBinding(name, data) for name, data in invocation.inputs.items()],
        trace_context=SimpleNamespace(
            trace_parent=invocation.trace_parent, trace_state=invocation.trace_state, attributes={}
        ),
        retry_context=SimpleNamespace(retry_count=0, max_retry_count=0, exception=None),
    )


def _must_succeed(result: protos.StatusResult, subject: str) -> None:
    if result.status != protos.StatusResult.Success:
        error = result.exception or protos.RpcException("the runtime gives no reason")
        raise Refused([f"{subject}: {error.message}\n{error.stack_trace}".rstrip()])
