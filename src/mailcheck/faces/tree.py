"""A listing as the rows of an indented tree, for every face that shows one."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from mailcheck.model.report import Folder


@dataclass(frozen=True, slots=True)
class Row:
    """One folder: how deep it stands, and what to call it there."""

    depth: int
    name: str
    folder: Folder


def rows(folders: Iterable[Folder]) -> Iterator[Row]:
    """The folders in their order, each below the nearest of its parents that the server has listed.

    A server need not list a parent, and a name may hold the delimiter itself: then the name shown begins at the first
    part that no listed folder has, such as `Projects/2026`, and nothing of it is lost.
    """
    listed: set[tuple[str, ...]] = set()
    for folder in folders:
        above = next((size for size in range(len(folder.path) - 1, 0, -1) if folder.path[:size] in listed), 0)
        listed.add(folder.path)
        yield Row(_depth(folder.path[:above], listed), "/".join(folder.path[above:]), folder)


def _depth(path: tuple[str, ...], listed: set[tuple[str, ...]]) -> int:
    return sum(1 for size in range(1, len(path) + 1) if path[:size] in listed)
