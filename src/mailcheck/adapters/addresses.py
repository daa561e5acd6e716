"""The addresses of a mail server's name, from the operating system's resolver."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, NamedTuple

from mailcheck.adapters.one_flight import OneFlight
from mailcheck.model.request import Endpoint

# Seconds after which nobody joins a look-up any more: resolv.conf(5) gives each name server as long to answer.
LOOK_UP_LIMIT: Final = 5.0
ANSWER_AGE: Final = 1.0  # seconds: less than anyone needs to mend a name and check again


class Address(NamedTuple):
    """One address of a host, as the socket module takes it."""

    family: int
    sockaddr: tuple[str, int] | tuple[str, int, int, int]

    @property
    def version(self) -> int:
        """The version of IP: 4 or 6."""
        return 6 if self.family == socket.AF_INET6 else 4


type LookUp = Callable[[Endpoint], Sequence[Address]]
type Resolve = Callable[[Endpoint], Awaitable[Sequence[Address]]]


def look_up(endpoint: Endpoint) -> Sequence[Address]:
    """The addresses of this host in the resolver's order, the ones this machine can reach first (RFC 6724).

    Raises:
        socket.gaierror: there is no answer, or no such name.
        UnicodeError: this can be no host name.
    """
    found = socket.getaddrinfo(endpoint.host, endpoint.port, type=socket.SOCK_STREAM)
    return [Address(family, (str(at[0]), int(at[1]), *at[2:])) for family, _, _, _, at in found]


class Resolver:
    """The operating system's resolver.

    Checks that ask for one name at the same time share one look-up and its thread, and its answer serves those that
    come soon after: of many checks at a time, a thread for each would take a sixth of the CPU. A failure is not kept.
    A cancelled look-up goes on in its thread until the resolver gives up, and nothing waits for it.

    Args:
        look_up: Finds the addresses, blocking.
        max_age: Seconds for which an answer is used without asking again.
    """

    def __init__(self, look_up: LookUp = look_up, *, max_age: float = ANSWER_AGE) -> None:
        self._look_up = look_up
        self._max_age = max_age
        self._flight: OneFlight[Sequence[Address]] = OneFlight(limit=LOOK_UP_LIMIT)
        self._held: dict[Endpoint, tuple[float, Sequence[Address]]] = {}

    async def __call__(self, endpoint: Endpoint) -> Sequence[Address]:
        """The addresses of this host, as `look_up` finds them, and what that raises."""
        clock = asyncio.get_running_loop().time
        held = self._held.get(endpoint)
        if held is not None and clock() - held[0] < self._max_age:
            return held[1]
        addresses = await self._flight.join(str(endpoint), lambda: self._look_up(endpoint))
        self._held[endpoint] = clock(), addresses
        return addresses
