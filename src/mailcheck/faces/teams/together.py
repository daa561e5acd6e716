"""What several people ask for at the same time, by one button: done once (single flight), and given to each."""

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from typing import Any


class Together[T]:
    """Work under way, by a key of what it is and where: a second of the same kind does not begin beside it.

    It belongs to whoever asked first, and ends with them. What it came to is given to those who asked meanwhile, and to
    nobody later.
    """

    def __init__(self) -> None:
        self._under_way: dict[Hashable, asyncio.Task[T]] = {}

    async def do(self, key: Hashable, work: Callable[[], Coroutine[Any, Any, T]], deadline: float) -> T | None:
        """What comes of this work, or of that which is under way, and what it raises; none: that is not known in time.

        Args:
            key: The same for the same work.
            work: Keeps the deadline by itself.
            deadline: Until when to wait for another's, on the running loop's clock.
        """
        task = self._under_way.get(key)
        if task is None:
            task = self._under_way[key] = asyncio.create_task(work())
            task.add_done_callback(lambda _: self._under_way.pop(key))
            return await task
        await asyncio.wait({task}, timeout=deadline - asyncio.get_running_loop().time())
        return task.result() if task.done() and not task.cancelled() else None
