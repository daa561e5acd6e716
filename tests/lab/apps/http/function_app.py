"""What an HTTP function can see and do, one function for each."""

import asyncio
import json
import logging
import sys
import threading

import azure.functions as func
from reports import bp

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
app.register_functions(bp)

# Holds the first caller of `meet` until the second has come: it answers only if both run at the same time.
_meeting = threading.Barrier(2, timeout=10)
_pair = asyncio.Semaphore(0)


def _seen(req: func.HttpRequest) -> func.HttpResponse:
    body = {
        "method": req.method,
        "url": req.url,
        "headers": dict(req.headers),
        "params": dict(req.params),
        "route": dict(req.route_params),
        "body": req.get_body().hex(),
    }
    return func.HttpResponse(json.dumps(body), mimetype="application/json")


@app.route(route="echo/{*rest}")
async def echo(req: func.HttpRequest) -> func.HttpResponse:
    """Answers all that it was given, whatever the method."""
    return _seen(req)


@app.route(route="checks/{mailbox}", methods=["GET", "POST"])
def check(req: func.HttpRequest) -> func.HttpResponse:
    """One parameter, two methods."""
    return _seen(req)


@app.route(route="items/{id:int?}", methods=["GET"])
async def items(req: func.HttpRequest) -> func.HttpResponse:
    """An optional number."""
    return _seen(req)


@app.route(route="items/{name:alpha}", methods=["GET"])
async def named_items(req: func.HttpRequest) -> func.HttpResponse:
    """Letters only: what `items` leaves."""
    return func.HttpResponse(f"named {req.route_params['name']}")


@app.route(route="bytes", methods=["GET", "HEAD", "OPTIONS"])
async def octets(req: func.HttpRequest) -> func.HttpResponse:
    """All 256 octets, a status, two cookies and headers of its own."""
    headers = {"X-Made-By": req.method, "Content-Length": "3"}
    response = func.HttpResponse(bytes(range(256)), status_code=206, headers=headers, mimetype="application/x-octets")
    response.headers.add("Set-Cookie", "first=1; Path=/api; HttpOnly; SameSite=Lax; Max-Age=60")
    response.headers.add("Set-Cookie", 'second="a b"; Secure; Expires=Wed, 21 Oct 2026 07:28:00 GMT')
    return response


@app.route(route="text")
def text(req: func.HttpRequest) -> str:
    """A text instead of a response."""
    return f"caf\u00e9 {req.method}"


@app.function_name("by_output")
@app.generic_trigger(arg_name="req", type="httpTrigger", route="by-output", authLevel="anonymous")
@app.generic_output_binding(arg_name="res", type="http")
def by_output(req: func.HttpRequest, res: func.Out[str]) -> None:
    """Answers by an output parameter, or not at all."""
    if "say" in req.params:
        res.set(req.params["say"])


@app.route(route="fail/{how}")
async def fail(req: func.HttpRequest) -> func.HttpResponse:
    """Fails in the way asked for, on the loop."""
    return _fail(req)


@app.route(route="fail-in-thread/{how}")
def fail_in_thread(req: func.HttpRequest) -> func.HttpResponse:
    """Fails in the way asked for, in a thread."""
    return _fail(req)


def _fail(req: func.HttpRequest) -> func.HttpResponse:
    match req.route_params["how"]:
        case "raise":
            raise LookupError("the planted fault")
        case "exit":
            sys.exit(3)
        case "cancel":
            raise asyncio.CancelledError
        case "status":
            return func.HttpResponse(status_code=999)
        case "header":
            return func.HttpResponse(headers={"X-Split": "a\0b"})
        case how:
            raise AssertionError(how)


@app.route(route="meet")
def meet(req: func.HttpRequest) -> str:
    """Two callers wait for each other, in threads."""
    _meeting.wait()
    return f"{req.method} {threading.current_thread() is not threading.main_thread()}"


@app.route(route="meet-on-loop/{turn}")
async def meet_on_loop(req: func.HttpRequest) -> str:
    """The first caller waits for the second, on the loop."""
    if req.route_params["turn"] == "first":
        async with asyncio.timeout(10):
            await _pair.acquire()
    else:
        _pair.release()
    return str(threading.current_thread() is threading.main_thread())


@app.route(route="context")
async def context(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    """What the host says of the invocation; also written to the log."""
    logging.getLogger("shop").info("logged on the loop %s", req.method)
    seen = {
        "id": context.invocation_id,
        "name": context.function_name,
        "trace_parent": context.trace_context.Traceparent,
        "trace_state": context.trace_context.Tracestate,
    }
    return func.HttpResponse(json.dumps(seen))


@app.route(route="log-in-thread")
def log_in_thread(req: func.HttpRequest, context: func.Context) -> str:
    """Logs from a thread."""
    logging.getLogger("shop").warning("logged in a thread %s", req.method)
    return context.invocation_id


@app.route(route="stuck")
def stuck(req: func.HttpRequest) -> str:
    """Says on stdout that it runs, and never ends."""
    print("stuck", flush=True)  # noqa: T201 - the test reads it
    threading.Event().wait()
    return req.method
