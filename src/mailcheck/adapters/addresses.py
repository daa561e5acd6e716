"""The addresses of a mail server's name, from the operating system's resolver."""

import socket
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import NamedTuple

from mailcheck.adapters.one_flight import in_thread
from mailcheck.model.request import Endpoint


class Address(NamedTuple):
    """One address of a host, as the socket module takes it."""

    family: int
    sockaddr: tuple[str, int] | tuple[str, int, int, int]

    @property
    def version(self) -> int:
        """The version of IP: 4 or 6."""
        return 6 if self.family == socket.AF_INET6 else 4


type Resolve = Callable[[Endpoint], Awaitable[Sequence[Address]]]


async def resolve(endpoint: Endpoint) -> Sequence[Address]:
    """The addresses of this host in the resolver's order, the ones this machine can reach first (RFC 6724).

    A cancelled look-up goes on in its thread until the resolver gives up, and nothing waits for it.

    Raises:
        socket.gaierror: there is no answer, or no such name.
        UnicodeError: this can be no host name.
    """
    found = await in_thread(partial(socket.getaddrinfo, endpoint.host, endpoint.port, type=socket.SOCK_STREAM))
    return [Address(family, (str(at[0]), int(at[1]), *at[2:])) for family, _, _, _, at in found]
