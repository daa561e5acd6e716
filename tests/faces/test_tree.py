"""The tree of a listing: depth by the folders that were listed, names that lose nothing."""

import pytest

from mailcheck.faces.tree import rows
from mailcheck.model.report import Folder

TREES = [
    (["A", "A/B", "A/B/C", "D"], [(0, "A"), (1, "B"), (2, "C"), (0, "D")]),
    (["A/B", "A/C"], [(0, "A/B"), (0, "A/C")]),
    (["A", "A/B/C"], [(0, "A"), (1, "B/C")]),
    (["A", "A/B/C", "A/B/C/D"], [(0, "A"), (1, "B/C"), (2, "D")]),
    (["[click](http:/evil.example)"], [(0, "[click](http:/evil.example)")]),
    ([], []),
]


@pytest.mark.parametrize("paths, shown", TREES)
def test_rows(paths: list[str], shown: list[tuple[int, str]]) -> None:
    """A folder stands below its nearest listed parent, and its name begins where that parent's ends."""
    folders = [Folder(tuple(path.split("/"))) for path in paths]
    assert [(row.depth, row.name) for row in rows(folders)] == shown
