"""Ports that are kept for a program that takes its time to start."""

import socket

from lab.ports import reserve_port

_PORTS, _OTHERS = 20, 5000  # of some 14,000 that the kernel gives: a dozen would be met


def test_a_reserved_port_is_given_to_nobody_else() -> None:
    """However many others ask for any port meanwhile; a server that asks for it by its number has it."""
    reserved = {reserve_port() for _ in range(_PORTS)}
    assert len(reserved) == _PORTS
    for _ in range(_OTHERS):
        with socket.create_server(("127.0.0.1", 0)) as other:
            assert other.getsockname()[1] not in reserved
    for port in reserved:
        with socket.create_server(("127.0.0.1", port)) as server:
            assert server.getsockname()[1] == port
