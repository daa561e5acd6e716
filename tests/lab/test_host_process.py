"""The Functions host as a process: it starts, says where it serves, and ends when it is told to."""

import json
import signal
import subprocess
import sys
import urllib.request
from urllib.parse import urlsplit

import pytest

from tests.lab.host_kit import APPS, DEADLINE, SOURCES, HostProcess, hosted

SETTINGS = {
    "GREETING": "hello",
    "DAILY": "0 0 6 * * *",
    "CheckQueue__queueServiceUri": "https://account.queue.example",
    "AzureWebJobsStorage": "UseDevelopmentStorage=true",
}
# Uses the class in a process of its own, for a process can hold one app only.
IN_PROCESS = """
import asyncio, json, os, sys, urllib.request
from pathlib import Path
from lab.host import Host, Refused

async def main(app: Path) -> None:
    before = (os.getcwd(), list(sys.path))
    host = Host(app)
    await host.start()
    inside = os.getcwd()
    body = await asyncio.to_thread(lambda: urllib.request.urlopen(host.url + "/api/hello").read().decode())
    try:
        await Host(app).start()
    except Refused as refused:
        second = refused.problems[0]
    await host.stop()
    functions = [(f.name, f.route, f.methods, f.auth_level, f.is_http) for f in host.functions]
    after = (os.getcwd(), list(sys.path))
    print(json.dumps({"inside": inside, "body": body, "second": second, "functions": functions,
                      "restored": before == after, "ms": host.indexed_ms}))

asyncio.run(main(Path(sys.argv[1])))
"""


def get(url: str) -> str:
    """The text of a 200."""
    with urllib.request.urlopen(url, timeout=DEADLINE) as response:  # noqa: S310 - the host's own URL
        body: bytes = response.read()
        return body.decode()


def test_the_host_says_where_it_serves() -> None:
    """Port 0 is any free one, on 127.0.0.1; the functions are listed on stderr before the ready line is on stdout."""
    with hosted(APPS / "trivial") as host:
        assert urlsplit(host.url).hostname == "127.0.0.1"
        assert host.stderr.wait_for("hello: ") == f"  hello: [all methods] {host.url}/api/hello (anonymous)"
        assert get(f"{host.url}/api/hello") == "hello GET"
    assert host.stdout.lines == [f"ready {host.url}"]


def test_other_triggers_are_indexed_and_not_fired() -> None:
    """A timer and a queue function are listed as what they are; settings take the place of %NAME%."""
    with hosted(APPS / "timers", settings=SETTINGS) as host:
        assert host.stderr.wait_for("daily: ") == "  daily: timerTrigger (indexed, not fired by this host yet)"
        assert host.stderr.wait_for("one: ") == "  one: queueTrigger (indexed, not fired by this host yet)"
        assert get(f"{host.url}/api/hello") == f"{host.url}/api/hello"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_host_cleanly(number: signal.Signals) -> None:
    """SIGINT and SIGTERM end it with code 0."""
    host = HostProcess(APPS / "trivial")
    assert host.url
    host.process.send_signal(number)
    assert host.wait() == 0


def test_the_end_of_stdin_ends_the_host() -> None:
    """With --exit-with-stdin, it ends when its parent is gone and the pipe with it."""
    host = HostProcess(APPS / "trivial", "--exit-with-stdin")
    assert host.url
    assert host.process.stdin is not None
    host.process.stdin.close()
    assert host.wait() == 0


def test_a_stuck_function_does_not_keep_the_host() -> None:
    """A function that never ends is left behind by name, and the host still ends with code 0."""
    host = HostProcess(APPS / "http")
    caller = subprocess.Popen([sys.executable, "-c", f"import urllib.request as r; r.urlopen('{host.url}/api/stuck')"])
    try:
        assert host.stdout.wait_for("stuck")
        host.process.terminate()
        assert host.wait() == 0
    finally:
        caller.kill()
        caller.wait()
    assert "left unfinished: stuck" in "\n".join(host.stderr.lines)


def test_a_taken_port_is_refused() -> None:
    """A port that another process holds ends the start with code 1, and nothing is left running."""
    with hosted(APPS / "trivial") as first:
        port = str(urlsplit(first.url).port)
        second = HostProcess(APPS / "trivial", "--port", port)
        assert second.wait() == 1
        assert f"port {port}: " in "\n".join(second.stderr.lines)
        assert get(f"{first.url}/api/hello") == "hello GET"


def test_wrong_usage_is_code_2() -> None:
    """Without --app there is nothing to run."""
    done = subprocess.run([sys.executable, "-m", "lab.host"], cwd=SOURCES, capture_output=True, check=False)
    assert done.returncode == 2


def test_the_log_says_how_long_indexing_took() -> None:
    """The time from the start of the process until the app is indexed is in the log, in milliseconds."""
    with hosted(APPS / "trivial") as host:
        line = host.stderr.wait_for("indexed 1 functions in ")
    milliseconds = float(line.rpartition(" in ")[2].removesuffix(" ms"))
    assert 0 < milliseconds < DEADLINE * 1000


def test_the_host_is_a_class_too() -> None:
    """Host starts, tells its functions, refuses a second app in its process, and gives all back when it stops."""
    app = APPS / "trivial"
    command = [sys.executable, "-c", IN_PROCESS, str(app)]
    done = subprocess.run(command, cwd=SOURCES, capture_output=True, check=False, timeout=DEADLINE)
    assert done.returncode == 0, done.stderr.decode()
    found = json.loads(done.stdout)
    assert found["inside"] == str(app)
    assert found["body"] == "hello GET"
    assert "one process hosts one app" in found["second"]
    assert found["functions"] == [["hello", "hello", [], "anonymous", True]]
    assert found["restored"] is True
    assert found["ms"] > 0
