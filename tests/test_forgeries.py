"""The table of forgeries itself: its page is current, and its rows are told apart."""

from collections import Counter
from pathlib import Path

from tests import forgeries_page
from tests.forgeries import FORGERIES

_PAGE = Path(__file__).parents[1] / "docs" / "forgeries.md"


def test_the_page_is_current() -> None:
    """docs/forgeries.md is what `make docs` would write."""
    assert _PAGE.read_text(encoding="utf-8") == forgeries_page.markdown()


def test_the_page_tells_what_is_not_sent_over_http() -> None:
    """It does not say that a row is held to the app over HTTP which no client can send."""
    sentence = next(line for line in forgeries_page.markdown().splitlines() if line.startswith("No HTTP request"))
    unsent = [forgery.name for forgery in FORGERIES if not forgery.by_http]
    assert len(unsent) == 2
    assert all(f"*{name}*" in sentence for name in unsent)


def test_names_are_unique() -> None:
    """Each row can be run and read about by its name."""
    assert [name for name, count in Counter(forgery.name for forgery in FORGERIES).items() if count > 1] == []
