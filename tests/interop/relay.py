"""A TCP relay on loopback: who listens, and who is let go in the end. What happens in between is the subclasses'."""

import asyncio
from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self


class Relay(ABC):
    """Stands in front of a port of 127.0.0.1; an async context manager.

    Attributes:
        port: Where clients connect, on 127.0.0.1; known once entered.
        target_port: The server's.
    """

    def __init__(self, target_port: int) -> None:
        """Opens nothing yet."""
        self.port = 0
        self.target_port = target_port
        self._connections: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        """Starts to listen on a free port."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = int(self._server.sockets[0].getsockname()[1])
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stops listening and resets the connections that are still open."""
        self._server.close()
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        await self._server.wait_closed()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = asyncio.get_running_loop().create_task(self._relay(reader, writer))
        self._connections.add(connection)
        connection.add_done_callback(self._connections.discard)

    @abstractmethod
    async def _relay(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        """Carries one connection to its end, and leaves nothing open."""
