"""Ports for programs that take a number, and not a listening socket."""

import socket


def reserve_port(host: str = "127.0.0.1") -> int:
    """A port that the kernel gives to nobody for a minute, except to a server that asks for it with SO_REUSEADDR.

    The side of a connection that closes first leaves its port in TIME_WAIT, which is what keeps it out of the hands of
    whoever asks for "any port" meanwhile.
    """
    with socket.create_server((host, 0)) as server, socket.create_connection(server.getsockname()) as client:
        accepted, _ = server.accept()
        accepted.close()
        client.recv(1)
        return int(server.getsockname()[1])
