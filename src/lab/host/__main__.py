"""`python -m lab.host --app DIR`: serves one Functions app until SIGINT, SIGTERM, or the end of its stdin."""

import argparse
import asyncio
import contextlib
import os
import signal
import sys
import threading
import time
from pathlib import Path

from lab.host import Host, Refused, keys, log
from lab.host.functions import Function

_STDIN = 0


def main(arguments: list[str]) -> int:
    """Runs the command line; returns the exit code: 0 ended on request, 1 the app is refused, 2 wrong usage."""
    options = _parser().parse_args(arguments)
    given: keys.Keys | None = None
    if options.keys_file is not None:
        read = _keys_in(options.keys_file)
        if isinstance(read, str):
            sys.stderr.write(f"{options.keys_file}: {read}\n")
            return 1
        given = read
    with contextlib.suppress(KeyboardInterrupt):  # Ctrl-C before it serves: there is nothing to end
        return asyncio.run(_serve(options, given, time.monotonic() - _age_of_process()))
    return 0


def _keys_in(file: Path) -> keys.Keys | str:
    try:
        return keys.from_file(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        return f"cannot be read: {error}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m lab.host", description=__doc__)
    parser.add_argument("--app", type=Path, required=True, help="folder with function_app.py and host.json")
    parser.add_argument("--port", type=int, default=7071, help="TCP port on 127.0.0.1; 0: any free one")
    parser.add_argument("--auth", action="store_true", help="ask for access keys, as Azure does")
    parser.add_argument(
        "--keys-file", type=Path, help="ask for these access keys; in the real host's format (masterKey, functionKeys)"
    )
    parser.add_argument("--exit-with-stdin", action="store_true", help="end when stdin is closed: with the parent")
    return parser


async def _serve(options: argparse.Namespace, given: keys.Keys | None, since: float) -> int:
    host = Host(options.app, options.port, options.auth or given is not None, keys=given, since=since)
    log.configure(sys.stderr, host.runtime.running)
    ended = asyncio.Event()
    if options.exit_with_stdin:
        _set_at_end_of_stdin(ended)
    try:
        await host.start()
    except Refused as refused:
        sys.stderr.write(f"{host.app} is refused:\n" + "".join(f"- {each}\n" for each in refused.problems))
        return 1
    _set_at_signals(ended)
    sys.stderr.write(_listing(host, show_keys=given is None))
    sys.stdout.write(f"ready {host.url}\n")
    sys.stdout.flush()
    await ended.wait()
    await host.stop()
    if host.runtime.abandoned:
        log.HOST.warning("left unfinished: %s", ", ".join(host.runtime.abandoned))
        sys.stderr.flush()
        os._exit(0)  # Python would wait for the threads that those functions hold
    return 0


def _set_at_signals(ended: asyncio.Event) -> None:
    """From now on SIGINT and SIGTERM end the host cleanly; before, they have their usual effect."""
    loop = asyncio.get_running_loop()
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, lambda *_: loop.call_soon_threadsafe(ended.set))


def _set_at_end_of_stdin(ended: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()

    def watch() -> None:
        while os.read(_STDIN, 4096):
            pass
        with contextlib.suppress(RuntimeError):  # the loop has ended by itself
            loop.call_soon_threadsafe(ended.set)

    threading.Thread(target=watch, name="stdin", daemon=True).start()


def _listing(host: Host, *, show_keys: bool) -> str:
    """The functions, as `func start` lists them, and the keys that this process made: nobody else has them."""
    lines = ["Functions:", *(f"  {function.name}: {_place(function, host)}" for function in host.functions)]
    if host.keys is not None and show_keys:
        if not os.environ.get(keys.FUNCTION_KEY_SETTING):
            lines.append(f"function key: {host.keys.host[0]}")
        if not os.environ.get(keys.MASTER_KEY_SETTING):
            lines.append(f"master key: {host.keys.master}")
    return "\n".join(lines) + "\n"


def _place(function: Function, host: Host) -> str:
    if not function.is_http:
        return f"{function.trigger.type} (indexed, not fired by this host yet)"
    path = "/".join(part for part in (host.prefix, function.route) if part)
    return f"[{','.join(function.methods) or 'all methods'}] {host.url}/{path} ({function.auth_level})"


def _age_of_process() -> float:
    """Seconds since this process was started, to 10 ms; 0 where there is no /proc to tell."""
    try:
        fields = Path("/proc/self/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
    except OSError:
        return 0.0
    # proc_pid_stat(5): field 22, start time in ticks since boot; the list here begins at field 3.
    started = int(fields[22 - 3]) / os.sysconf("SC_CLK_TCK")
    return max(0.0, time.clock_gettime(time.CLOCK_BOOTTIME) - started)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
