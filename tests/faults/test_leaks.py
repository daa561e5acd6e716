"""The matrix sees what is left behind."""

import asyncio
import logging
import socket
import threading

from tests.faults.leaks import Before, logged

_NOW = 0.0  # seconds


async def test_an_open_socket_is_seen() -> None:
    """A descriptor that was opened since is named."""
    before = Before()
    with socket.socket():
        assert [name.partition(":")[0] for name in await before.left(_NOW)] == ["socket"]
    assert not await before.left(_NOW)


async def test_a_descriptor_whose_number_was_used_again_is_seen() -> None:
    """A socket in the place of another one is another socket."""
    with socket.socket() as first:
        before = Before()
        number = first.fileno()
        first.close()
        with socket.socket() as second:
            assert second.fileno() == number
            assert len(await before.left(_NOW)) == 1


async def test_a_task_is_seen() -> None:
    """A task that goes on is named."""
    before = Before()
    task = asyncio.create_task(asyncio.sleep(60), name="forgotten")
    assert "forgotten" in " ".join(await before.left(_NOW))
    task.cancel()
    assert not await before.left(1.0)


async def test_a_thread_is_seen_and_waited_for() -> None:
    """A thread that goes on is named; one that ends in time is not."""
    before = Before()
    end = threading.Event()
    threading.Thread(target=end.wait, name="forgotten", daemon=True).start()
    assert "forgotten" in " ".join(await before.left(_NOW))
    asyncio.get_running_loop().call_later(0.02, end.set)
    assert not await before.left(5.0)


async def test_an_exception_that_nobody_awaited_is_seen() -> None:
    """What asyncio says of a task that failed unseen is among the errors, and what is logged with an exception."""
    with logged() as log:
        asyncio.create_task(_failing()).add_done_callback(lambda _: None)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    assert [text.partition("\n")[0] for text in log.errors] == ["Task exception was never retrieved"]
    with logged() as log:
        logging.getLogger("mailcheck").warning("odd", exc_info=ValueError("odd"))
        logging.getLogger("mailcheck").warning("plain")
    assert len(log.errors) == 1


async def _failing() -> None:
    raise ValueError("unseen")
