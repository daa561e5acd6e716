"""The suite's own fences: no network beyond this machine, no warning unseen."""

import socket
import warnings

import pytest
from pytest_socket import SocketConnectBlockedError


def test_the_network_ends_at_loopback() -> None:
    """A connection to anywhere else is refused before it is tried (192.0.2.0/24 is for documentation, RFC 5737)."""
    refused = (SocketConnectBlockedError, UserWarning)  # the guard warns first, and a warning is an error here
    with socket.socket() as sock, pytest.raises(refused, match=r"192\.0\.2\.1"):
        sock.connect(("192.0.2.1", 443))


def test_a_warning_is_an_error() -> None:
    """Whatever a library warns of fails the test that met it."""
    with pytest.raises(DeprecationWarning):
        warnings.warn("planted", DeprecationWarning, stacklevel=1)
