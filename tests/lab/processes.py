"""What the kernel tells of processes, read from /proc (Linux only): children, environments, listening sockets."""

import ipaddress
import os
import re
from contextlib import suppress
from pathlib import Path

import pytest

needs_proc = pytest.mark.skipif(not Path("/proc/self/net/tcp").exists(), reason="no /proc to read sockets from")

_LISTEN = "0A"  # TCP_LISTEN of the kernel, in hexadecimal
_PARENT = re.compile(r"^PPid:\t(\d+)$", re.MULTILINE)

type Listening = tuple[ipaddress.IPv4Address | ipaddress.IPv6Address, int]


def children(parent: int) -> set[int]:
    """The processes that this one started and that are still there."""
    found: set[int] = set()
    for status in Path("/proc").glob("[0-9]*/status"):
        with suppress(OSError):  # it ended meanwhile
            told = _PARENT.search(status.read_text())
            if told and int(told[1]) == parent:
                found.add(int(status.parent.name))
    return found


def environment(process: int) -> dict[str, str]:
    """The environment that a process was started with."""
    entries = os.fsdecode(Path(f"/proc/{process}/environ").read_bytes()).split("\0")
    return dict(entry.split("=", 1) for entry in entries if entry)


def listening(process: int) -> set[Listening]:
    """Address and port of each TCP socket that a process listens on."""
    own = {str(link.readlink()) for link in Path(f"/proc/{process}/fd").iterdir() if link.is_symlink()}
    found: set[Listening] = set()
    for table in ("tcp", "tcp6"):
        path = Path(f"/proc/{process}/net/{table}")
        for row in path.read_text().splitlines()[1:] if path.exists() else ():
            # proc_pid_net(5): the second field is the local address, the fourth the state, the tenth the inode.
            fields = row.split()
            if fields[3] == _LISTEN and f"socket:[{fields[9]}]" in own:
                address, _, port = fields[1].partition(":")
                found.add((_address(address), int(port, 16)))
    return found


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """The kernel writes words of 32 bits in the machine's own order; on every machine here that is little-endian."""
    words = [bytes.fromhex(text[start : start + 8])[::-1] for start in range(0, len(text), 8)]
    return ipaddress.ip_address(b"".join(words))
