"""The bricks of a card: runs that a client leaves as they are, and links that lead where they say."""

import re

import pytest

from mailcheck.faces.teams.card_parts import branch, link, verbatim

_DATE = "{{DATE(2026-01-01T00:00:00Z,LONG)}}"


@pytest.mark.parametrize("text", [_DATE, f"{{{{{_DATE} {_DATE}", "a {{TIME(2026-01-01T00:00:00Z)}} b", "{{date(", "{{"])
def test_a_run_calls_no_function_of_the_host(text: str) -> None:
    """A client formats each run by itself: no run has a whole date, and together they read and copy as the text."""
    for block, style in ((verbatim(text), {"fontType": "Monospace"}), (branch(0, text, ""), {})):
        runs = block["inlines"]
        assert "".join(run["text"] for run in runs) == text
        assert not any(re.search(r"\{\{(?:DATE|TIME)\(", run["text"], re.IGNORECASE) for run in runs)
        assert all({**run, "text": ""} == {"type": "TextRun", "text": "", **style} for run in runs)


def test_what_is_subtle_stays_subtle() -> None:
    """Each run of a subtle text has its style."""
    name, *rest = branch(1, "Inbox", _DATE)["inlines"]
    assert "isSubtle" not in name
    assert len(rest) == 2
    assert all(run["isSubtle"] for run in rest)


@pytest.mark.parametrize("url", ["http://plain.example", "javascript:alert(1)", "https://a.example/)[x](y", ""])
def test_only_a_plain_https_address_becomes_a_link(url: str) -> None:
    """An address that could break out of Markdown is not made a link of."""
    assert link("Read more", url) is None
