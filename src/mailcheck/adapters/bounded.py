# ruff: noqa: ANN401 - the signature of http.client is passed on
"""HTTP answers that come to an end: in time, and within bounds, whatever the server or a proxy does.

The read time-out of requests starts anew with each byte. Here it is the time for the whole answer, from its status
line to the end of its body, and likewise for a proxy's answer to CONNECT, in the time for connecting.
"""

import http.client
import io
import socket
import time
from collections.abc import Buffer
from typing import Any, Final, cast

import requests
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

BODY_LIMIT: Final = 1024 * 1024  # bytes, unpacked: the longest answers, a vault's and JWKS, have some 16 KiB
_CHUNK: Final = 16 * 1024  # bytes


def read_body(response: requests.Response) -> None:
    """Read the body, so that whoever is given the response finds it there, with `stream` or without.

    Raises:
        requests.RequestException: it did not come to an end in time, or is longer than `BODY_LIMIT`.
    """
    body = bytearray()
    try:
        for chunk in response.iter_content(_CHUNK):
            body += chunk
            if len(body) > BODY_LIMIT:
                too_long = http.client.HTTPException(f"the answer is longer than {BODY_LIMIT:,} bytes")
                raise requests.RequestException(too_long, response=response) from too_long
    finally:
        response.close()  # once read to its end, the connection is back in the pool: this closes only a broken one
    # What `Response.content` would do; it knows no bound.
    response._content = bytes(body)  # noqa: SLF001 - requests has no other way to give a response its body


class _Within(io.RawIOBase):
    """What comes from a socket, until the socket's time-out has passed once over all; for ever where it has none."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._bytes = sock.makefile("rb", buffering=0)
        self._timeout = sock.gettimeout()
        self._ends = time.monotonic() + (self._timeout or 0.0)

    def makefile(self, _mode: str) -> io.BufferedReader:
        """As http.client asks a socket."""
        return io.BufferedReader(self)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer) -> int | None:
        if self._timeout is None:
            return self._bytes.readinto(buffer)
        left = self._ends - time.monotonic()
        if left <= 0:
            raise TimeoutError("the answer did not end in time")
        self._socket.settimeout(left)
        try:
            return self._bytes.readinto(buffer)
        finally:
            self._socket.settimeout(self._timeout)  # the next answer on this connection has its own

    def close(self) -> None:
        self._bytes.close()
        super().close()


class _Answer(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(cast(socket.socket, _Within(sock)), *args, **kwargs)


class _Plain(HTTPConnection):
    response_class = _Answer


class _Secure(HTTPSConnection):
    response_class = _Answer


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _Plain


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _Secure


POOLS: Final = {"http": _PlainPool, "https": _SecurePool}  # a PoolManager's `pool_classes_by_scheme`
