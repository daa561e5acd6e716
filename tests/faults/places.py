"""Where a case's server is found: the answer of the resolver, and the ports behind it."""

import asyncio
import socket
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field

from mailcheck.adapters.addresses import Address
from mailcheck.model.request import Endpoint
from tests.faults.wire import black_hole, nobody

_HOST = "127.0.0.1"
_UNRESOLVED: Mapping[str, Exception] = {
    "not-found": socket.gaierror(socket.EAI_NONAME, "Name or service not known"),
    "no-host-name": UnicodeError("label empty or too long"),
    "try-again": socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution"),
    "resolver-failed": socket.gaierror(socket.EAI_FAIL, "Non-recoverable failure in name resolution"),
}


@dataclass
class Place:
    """An endpoint's port, and what the resolver makes of it.

    Attributes:
        port: What the product is told.
        fault: Of the resolver; empty for none.
        behind: The ports that the addresses have, in the resolver's order.
    """

    port: int
    fault: str = ""
    behind: Sequence[int] = field(default=())

    async def resolve(self, endpoint: Endpoint) -> Sequence[Address]:
        """As the transport asks; an endpoint at another port is where it says."""
        if endpoint.port != self.port:
            return (Address(socket.AF_INET, (_HOST, endpoint.port)),)
        if self.fault == "silent":
            await asyncio.get_running_loop().create_future()  # never done
        if self.fault in _UNRESOLVED:
            raise _UNRESOLVED[self.fault]
        return [Address(socket.AF_INET, (_HOST, port)) for port in self.behind]


@asynccontextmanager
async def unconnected(fault: str, healthy: int) -> AsyncGenerator[Place]:
    """Addresses of which the first come to nothing.

    Args:
        fault: `refused`, `silent`, and `-then-` what the next address does: `good` for a healthy server.
        healthy: That server's port.
    """
    with ExitStack() as stack:
        ports = []
        for address in fault.split("-then-"):
            if address == "good":
                ports.append(healthy)
            else:
                ports.append(stack.enter_context(nobody() if address == "refused" else black_hole()))
        yield Place(ports[0], behind=ports)
