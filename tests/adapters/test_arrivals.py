"""Bytes that arrive on a socket: in order, for the one who waits, and left with the kernel otherwise."""

import asyncio
import socket
import struct
from collections.abc import Iterator
from contextlib import closing
from typing import Never

import pytest

from mailcheck.adapters.arrivals import Arrivals

PATIENCE = 5.0  # seconds


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """A TCP connection: our end, which does not block, and the peer's."""
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as ours:
        ours.setblocking(False)
        peers, _ = server.accept()
        with peers:
            yield ours, peers


def watched(sock: socket.socket) -> bool:
    """Whether the loop was watching the socket; it is not any more."""
    return asyncio.get_running_loop().remove_reader(sock)


async def turns() -> None:
    """Lets the loop look at its sockets a few times."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_bytes_come_in_order_and_then_the_end(pair: tuple[socket.socket, socket.socket]) -> None:
    """No more at a time than asked for; nothing at the end of the stream, as often as one asks."""
    ours, peers = pair
    with closing(Arrivals(ours)) as arrivals:
        peers.sendall(b"abcde")
        assert await arrivals.receive(2) == b"ab"
        assert await arrivals.receive(9) == b"cde"
        peers.shutdown(socket.SHUT_WR)
        assert [await arrivals.receive(9), await arrivals.receive(9)] == [b"", b""]


async def test_what_is_not_waited_for_stays_with_the_kernel(pair: tuple[socket.socket, socket.socket]) -> None:
    """Between two waits nothing is read and the loop does not turn in vain; the next wait finds it."""
    ours, peers = pair
    with closing(Arrivals(ours)) as arrivals:
        peers.sendall(b"asked for")
        assert await arrivals.receive(99) == b"asked for"
        peers.sendall(b"early")
        await turns()
        assert ours.recv(99, socket.MSG_PEEK) == b"early"
        assert not watched(ours)
        assert await arrivals.receive(99) == b"early"


async def test_a_wait_that_is_given_up_loses_nothing(pair: tuple[socket.socket, socket.socket]) -> None:
    """Cancelled, it ends at once; who waits next gets what came since."""
    ours, peers = pair
    with closing(Arrivals(ours)) as arrivals:
        waiting = asyncio.create_task(arrivals.receive(99))
        await turns()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        peers.sendall(b"later")
        await turns()
        assert await arrivals.receive(99) == b"later"


async def test_a_broken_connection_is_an_error(pair: tuple[socket.socket, socket.socket]) -> None:
    """A reset reaches the one who waits."""
    ours, peers = pair
    with closing(Arrivals(ours)) as arrivals:
        peers.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # closing is a reset
        peers.close()
        with pytest.raises(ConnectionResetError):
            await arrivals.receive(99)


async def test_a_closed_one_leaves_the_socket_alone(pair: tuple[socket.socket, socket.socket]) -> None:
    """After `close` the loop watches the socket no more; closing twice is nothing."""
    ours, peers = pair
    arrivals = Arrivals(ours)
    peers.sendall(b"x")
    assert await arrivals.receive(1) == b"x"
    arrivals.close()
    arrivals.close()
    assert not watched(ours)


class WithoutReaders(asyncio.SelectorEventLoop):
    """A loop that watches no sockets for others, as asyncio's on Windows."""

    def add_reader(self, *_: object) -> Never:
        raise NotImplementedError


def test_a_loop_that_watches_no_sockets_does_it_its_own_way(pair: tuple[socket.socket, socket.socket]) -> None:
    """The bytes and the end come all the same."""
    ours, peers = pair

    async def talk() -> list[bytes]:
        with closing(Arrivals(ours)) as arrivals:
            waiting = asyncio.create_task(arrivals.receive(99))
            await turns()
            peers.sendall(b"here")
            peers.shutdown(socket.SHUT_WR)
            async with asyncio.timeout(PATIENCE):
                return [await waiting, await arrivals.receive(99)]

    with asyncio.Runner(loop_factory=WithoutReaders) as runner:
        assert runner.run(talk()) == [b"here", b""]
