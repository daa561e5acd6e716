"""The server and the clients of the load benchmarks, each a process of its own on a core of its own."""

import datetime as dt
import json
import os
import sys
import tempfile
from asyncio import StreamReader, StreamWriter, create_subprocess_exec
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from lab.pki import Authority
from lab.signing import SigningKey
from tests.bench.processes import PROBES, environment
from tests.interop.tokens import AppToken


@dataclass(frozen=True)
class Stub:
    """The IMAP server of probes/imap_stub.py, and what its clients need.

    Attributes:
        port: Plays the whole script.
        mute: Says nothing after the handshake.
        silent: Never answers LIST.
        gate: Tells when so many LISTs wait.
    """

    port: int
    mute: int
    silent: int
    gate: int
    token: str
    ca_file: Path


@dataclass(frozen=True)
class Worker:
    """A process of probes/client.py."""

    _stdin: StreamWriter
    _stdout: StreamReader

    async def __call__(self, **job: int) -> Mapping[str, float]:
        """Does a job; what was measured comes back."""
        await _tell(self._stdin, job)
        return cast(Mapping[str, float], await _heard(self._stdout))


def cores() -> tuple[int, int]:
    """One for the server and one for the clients; the same where there is only one."""
    usable = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [0, 1]
    return usable[0], usable[-1]


@asynccontextmanager
async def stub() -> AsyncIterator[Stub]:
    """Serves from enter to exit."""
    authority = Authority(dt.datetime.now(dt.UTC))
    token = AppToken(SigningKey.generate())
    with tempfile.TemporaryDirectory() as folder:
        ca_file, pem = _files(authority, Path(folder))
        async with _probe("imap_stub.py", str(pem), str(cores()[0])) as (_, stdout):
            ports = cast(dict[str, int], await _heard(stdout))
            yield Stub(**ports, token=token(), ca_file=ca_file)


def _files(authority: Authority, folder: Path) -> tuple[Path, Path]:
    """The authority's certificate; a server's key and certificate."""
    ca_file, pem = folder / "ca.pem", folder / "server.pem"
    ca_file.write_bytes(authority.pem)
    pair = authority.issue()
    pem.touch(mode=0o600)
    pem.write_bytes(pair.key_pem + pair.certificate_pem)
    return ca_file, pem


@asynccontextmanager
async def worker(server: Stub, client: str) -> AsyncIterator[Worker]:
    """A process that makes checks with this client, from enter to exit."""
    async with _probe("client.py") as (stdin, stdout):
        who = {"client": client, "token": server.token, "ca_file": str(server.ca_file), "core": cores()[1]}
        await _tell(stdin, who)
        yield Worker(stdin, stdout)


@asynccontextmanager
async def _probe(name: str, *arguments: str) -> AsyncIterator[tuple[StreamWriter, StreamReader]]:
    process = await create_subprocess_exec(
        sys.executable, str(PROBES / name), *arguments, stdin=PIPE, stdout=PIPE, env=environment({})
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield process.stdin, process.stdout
    finally:
        process.stdin.close()
        await process.wait()


async def _tell(stdin: StreamWriter, document: Mapping[str, object]) -> None:
    stdin.write(json.dumps(document).encode() + b"\n")
    await stdin.drain()


async def _heard(stdout: StreamReader) -> object:
    line = await stdout.readline()
    assert line, "the process ended; why stands above"
    return json.loads(line)
