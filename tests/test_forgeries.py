"""The table of forgeries itself: its page is current, and its rows are told apart."""

from collections import Counter
from pathlib import Path

from tests import forgeries_page
from tests.forgeries import FORGERIES

_PAGE = Path(__file__).parents[1] / "docs" / "forgeries.md"


def test_the_page_is_current() -> None:
    """docs/forgeries.md is what `make docs` would write."""
    assert _PAGE.read_text(encoding="utf-8") == forgeries_page.markdown()


def test_names_are_unique() -> None:
    """Each row can be run and read about by its name."""
    assert [name for name, count in Counter(forgery.name for forgery in FORGERIES).items() if count > 1] == []
