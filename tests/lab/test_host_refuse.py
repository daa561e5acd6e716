"""What the Functions host refuses: apps that the real host would not run, each with exit code 1 and the reason."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.lab.host_kit import APPS, HostProcess

HEAD = "import azure.functions as func\napp = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)\n"
GOOD_JSON = '{"version": "2.0"}'
BUNDLE_JSON = '{"version": "2.0", "extensionBundle": {"id": "bundle", "version": "[4.*, 5.0.0)"}}'
STORAGE = {"AzureWebJobsStorage": "UseDevelopmentStorage=true"}


def http(name: str, **options: object) -> str:
    """The source of one HTTP function."""
    given = ", ".join(f"{key}={value!r}" for key, value in options.items())
    return f"\n@app.route({given})\ndef {name}(req: func.HttpRequest) -> str:\n    return req.url\n"


def timer(schedule: str) -> str:
    """The source of one timer function."""
    return (
        f"\n@app.timer_trigger(arg_name='timer', schedule={schedule!r})\n"
        "def tick(timer: func.TimerRequest) -> None:\n    pass\n"
    )


def queue(connection: str) -> str:
    """The source of one queue function."""
    return (
        f"\n@app.queue_trigger(arg_name='message', queue_name='q', connection={connection!r})\n"
        "def one(message: func.QueueMessage) -> None:\n    pass\n"
    )


QUEUE_OUTPUT = (
    "\n@app.route()\n@app.queue_output(arg_name='out', queue_name='q', connection='AzureWebJobsStorage')\n"
    "def f(req: func.HttpRequest, out: func.Out[str]) -> str:\n    return 'x'\n"
)
BLOB = (
    "\n@app.blob_trigger(arg_name='blob', path='in/{name}', connection='AzureWebJobsStorage')\n"
    "def f(blob: func.InputStream) -> None:\n    pass\n"
)


def write_app(folder: Path, source: str | None, host_json: str | None = GOOD_JSON) -> Path:
    """An app folder with these files."""
    if source is not None:
        (folder / "function_app.py").write_text(source, encoding="utf-8")
    if host_json is not None:
        (folder / "host.json").write_text(host_json, encoding="utf-8")
    return folder


def refusal(app: Path, settings: Mapping[str, str]) -> str:
    """What the host writes when it refuses an app; it must end with code 1 and never be ready."""
    host = HostProcess(app, settings=settings)
    code = host.wait()
    written = "\n".join(host.stderr.lines)
    assert code == 1, written
    assert not any(line.startswith("ready ") for line in host.stdout.lines)
    assert f"{app} is refused:" in written
    return written


@pytest.mark.parametrize(
    "source, settings, reasons",
    [
        (None, {}, ["function_app.py is missing"]),
        ("import no_such_module\n", {}, ["Traceback", "function_app.py", "ModuleNotFoundError: No module named"]),
        ("raise KeyError('TENANT')\n", {}, ["Traceback", "KeyError: 'TENANT'"]),
        ("def broken(:\n", {}, ["SyntaxError"]),
        ("import sys\nsys.exit('no settings')\n", {}, ["ends the process", "no settings"]),
        ("x = 1\n", {}, ["Could not find top level function app instances"]),
        (HEAD, {}, ["declares no functions"]),
        (HEAD + http("f") + "again = func.FunctionApp()\n", {}, ["More than one FunctionApp"]),
        (HEAD + http("f") + http("f", route="other"), {}, ["f does not have a unique function name"]),
        (HEAD + http("f") + http("F", route="other"), {}, ["f and F: function names must differ"]),
        (HEAD + http("_f"), {}, ["_f: a function's name starts with a letter"]),
        (HEAD + http("host"), {}, ["host: a function's name"]),
        (
            HEAD + http("a", route="notes", methods=["GET", "PUT"]) + http("b", route="/Notes/", methods=["PUT"]),
            {},
            ["b: its route 'Notes' is the route of a"],
        ),
        (HEAD + http("a", route="b") + http("b"), {}, ["b: its route 'b' is the route of a"]),
        (HEAD + http("f", route="admin/keys"), {}, ["keeps routes that begin with admin or runtime"]),
        (HEAD + http("administration"), {}, ["keeps routes that begin with admin or runtime"]),
        (HEAD + http("f", route="runtime"), {}, ["keeps routes that begin with admin or runtime"]),
        (HEAD + http("f", route="{a:regex(x)}"), {}, ["the constraint 'regex(x)' is not supported"]),
        (HEAD + http("f", route="%PLACE%"), {}, ["the setting %PLACE% is not set"]),
        (HEAD + http("f", route="%PLACE%"), {"PLACE": "admin"}, ["keeps routes that begin with"]),
        (HEAD + http("f").replace("@app.route()", "@app.route(auth_level='nobody')"), {}, ["nobody"]),
        (
            HEAD
            + http("f").replace("route()", "generic_trigger(arg_name='req', type='httpTrigger', auth_level='none')"),
            {},
            ["auth level 'none' is none of anonymous, function, admin"],
        ),
        (HEAD + http("f").replace("req:", "request:").replace("req.", "request."), {}, ["f function", "req"]),
        (HEAD + QUEUE_OUTPUT, STORAGE, ["its output 'out' of type 'queue' is not delivered by this host yet"]),
        (HEAD + BLOB, STORAGE, ["the binding type 'blobTrigger' is not known to this host"]),
        (HEAD + timer("0 0 25 * * *"), STORAGE, ["tick: schedule", "'25' is not a hour"]),
        (HEAD + timer("every day"), STORAGE, ["has 2 fields"]),
        (HEAD + timer("%DAILY%"), STORAGE, ["the setting %DAILY% is not set"]),
        (HEAD + timer("%DAILY%"), {**STORAGE, "DAILY": "6"}, ["'6' has 1 fields"]),
        (HEAD + timer("0 0 6 * * *"), {}, ["needs the connection setting 'AzureWebJobsStorage'"]),
        (HEAD + queue("CheckQueue"), STORAGE, ["needs the connection setting 'CheckQueue'"]),
    ],
)
def test_a_bad_app_is_refused(tmp_path: Path, source: str | None, settings: dict[str, str], reasons: list[str]) -> None:
    """An app that would fail in Azure is refused at start, with the reason."""
    written = refusal(write_app(tmp_path, source, BUNDLE_JSON), settings)
    assert [reason for reason in reasons if reason not in written] == []


@pytest.mark.parametrize(
    "source, host_json, reason",
    [
        (HEAD + http("f"), None, "host.json is missing"),
        (HEAD + http("f"), "{", "host.json is not JSON"),
        (HEAD + http("f"), '{"version": "1.0"}', '"version": "2.0"'),
        (HEAD + http("f"), '{"version": "2.0", "extensions": {"http": {"routePrefix": 1}}}', "routePrefix"),
        (HEAD + queue("AzureWebJobsStorage"), GOOD_JSON, "'queueTrigger' needs an extensionBundle"),
    ],
)
def test_a_bad_host_json_is_refused(tmp_path: Path, source: str, host_json: str | None, reason: str) -> None:
    """host.json must be there and be one that the real host starts with."""
    assert reason in refusal(write_app(tmp_path, source, host_json), STORAGE)


def test_host_json_must_be_text(tmp_path: Path) -> None:
    """A host.json in another encoding than UTF-8 is refused, not guessed at."""
    app = write_app(tmp_path, HEAD + http("f"), None)
    (app / "host.json").write_bytes(GOOD_JSON.encode("utf-16"))
    assert "host.json is not UTF-8" in refusal(app, {})


def test_every_reason_is_given_at_once(tmp_path: Path) -> None:
    """One start tells all that is wrong."""
    source = HEAD + http("a", route="admin") + http("b", route="%B%") + timer("nonsense")
    written = refusal(write_app(tmp_path, source), {})
    assert all(reason in written for reason in ("a: route", "b: the setting %B%", "tick: schedule", "tick: 'timerTrig"))


@pytest.mark.parametrize("text, reason", [('{"keys": []}', "not a secrets file"), (None, "cannot be read")])
def test_a_bad_keys_file_is_refused(tmp_path: Path, text: str | None, reason: str) -> None:
    """A keys file that holds no keys, or is not there, ends the start with code 1."""
    file = tmp_path / "keys.json"
    if text is not None:
        file.write_text(text, encoding="utf-8")
    host = HostProcess(APPS / "keys", "--auth", "--keys-file", str(file))
    assert host.wait() == 1
    assert reason in host.stderr.lines[0]
