"""Someone on the way to an SMTP server, who changes what is said in clear before TLS, and sees all of it."""

import asyncio
import re
from collections.abc import Callable

from tests.interop.link import reset
from tests.interop.relay import Relay

_CHUNK = 65_536
_TLS_RECORD = b"\x16\x03"  # how a ClientHello begins: handshake, version 3.x (RFC 8446 section 5.1)


class Tamperer(Relay):
    """A relay that may change what passes it in clear.

    Args:
        target_port: The server's.
        change: What becomes of each piece that the server sends, until the client begins TLS.
        greeting: What the client gets as it begins TLS, before the server's own handshake.

    Attributes:
        heard: All that clients sent, in the order it came.
    """

    def __init__(
        self, target_port: int, change: Callable[[bytes], bytes] = lambda piece: piece, greeting: bytes = b""
    ) -> None:
        super().__init__(target_port)
        self.heard = bytearray()
        self._change = change
        self._greeting = greeting

    @property
    def in_clear(self) -> bytes:
        """What clients sent before TLS."""
        return bytes(self.heard).partition(_TLS_RECORD)[0]

    async def _relay(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        server, to_server = await asyncio.open_connection("127.0.0.1", self.target_port)
        secured = asyncio.Event()

        async def up() -> None:
            while piece := await client.read(_CHUNK):
                self.heard += piece
                if piece.startswith(_TLS_RECORD) and not secured.is_set():
                    secured.set()
                    to_client.write(self._greeting)
                to_server.write(piece)
            to_server.write_eof()

        async def down() -> None:
            while piece := await server.read(_CHUNK):
                to_client.write(piece if secured.is_set() else self._change(piece))
            to_client.write_eof()

        try:
            async with asyncio.TaskGroup() as directions:
                directions.create_task(up())
                directions.create_task(down())
        except* OSError:  # one side has gone
            pass
        finally:
            reset(to_client)
            reset(to_server)


def behind_starttls(injected: bytes) -> Callable[[bytes], bytes]:
    """Puts these lines behind the server's leave to begin TLS, in the same packet."""
    return lambda piece: re.sub(rb"(?m)^220 2\.0\.0 .*\r\n", lambda line: line[0] + injected, piece)


def replacing(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    """Replaces what the server says in clear."""
    return lambda piece: piece.replace(old, new)
