"""A listing as the rows of an indented tree, for every face that shows one."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Self

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
    root = _Node()
    for folder in folders:
        node, depth, above = root, 0, 0
        for size, part in enumerate(folder.path, 1):
            node = node.child(part)
            if node.listed and size < len(folder.path):
                depth, above = depth + 1, size
        node.listed = True
        yield Row(depth, "/".join(folder.path[above:]), folder)


@dataclass(slots=True)
class _Node:
    """A place in the hierarchy. One step for each part: a hostile listing has thousands of deep paths."""

    listed: bool = False
    children: dict[str, Self] = field(default_factory=dict)

    def child(self, part: str) -> Self:
        return self.children.setdefault(part, type(self)())
