"""Untrusted text: made one clean line, and shown by Markdown as what it is."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.teams.card_text import draw_text
from mailcheck.faces.teams.untrusted import clean, escape, size, some

_LIMIT = 500


def _shown(markdown: str) -> str:
    return draw_text(markdown, width=2000)


@pytest.mark.parametrize(
    "text, escaped",
    [
        ("[click](http://evil.example)", r"\[click\](http://evil.example)"),
        ("![x](http://evil.example/pixel)", r"\!\[x\](http://evil.example/pixel)"),
        ("**bold** and *it*", r"\*\*bold\*\* and \*it\*"),
        ("_under_ __score__", r"\_under\_ \_\_score\_\_"),
        ("`code`", r"\`code\`"),
        ("C:\\temp\\*", r"C:\\temp\\\*"),
        ("# heading", r"\# heading"),
        ("- item", r"\- item"),
        ("+ item", r"\+ item"),
        ("1. item", r"1\. item"),
        ("12) item", r"12\) item"),
        ("===", r"\==="),
        ("--- ---", r"\--- ---"),
        ("> quote", r"\> quote"),
        ("<b>html</b>", r"\<b\>html\</b\>"),
        ("<https://evil.example>", r"\<https://evil.example\>"),
        ("&lt;script&gt; &#60;", r"\&lt;script\&gt; \&#60;"),
        ("R&D", "R&D"),
        ("~~gone~~ a|b", r"\~\~gone\~\~ a\|b"),
        ("{{DATE(2026-01-01T00:00:00Z,LONG)}}", r"{\{DATE(2026-01-01T00:00:00Z,LONG)}}"),
        ("plain text, with dots. And 1. in it - so", "plain text, with dots. And 1. in it - so"),
        ("a - b # c + d", "a - b # c + d"),
    ],
)
def test_markup_becomes_text(text: str, escaped: str) -> None:
    """Whatever would be a link, a style, a list, an image or HTML is escaped, and read back as it was."""
    assert escape(text) == escaped
    assert _shown(escaped) == text


@given(st.text(max_size=80))
def test_any_text_is_read_as_it_is(text: str) -> None:
    """No text whatever is changed by escaping and showing it."""
    line = " ".join(clean(text, _LIMIT).split(" ")).strip()
    line = re.sub(" +", " ", line)
    assert _shown(escape(line)) == line


@pytest.mark.parametrize(
    "text, cleaned",
    [
        ("a\x00b\x1b[31mc\x7f", "ab[31mc"),
        ("one\r\ntwo\tthree\u2028four", "one  two three four"),
        ("evil\u202egnp.exe", "evilgnp.exe"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("\ud800half", "half"),
        ("  edges  ", "edges"),
        ("Gesendete Objekte \u00fc", "Gesendete Objekte \u00fc"),
    ],
    ids=ascii,
)
def test_what_cannot_be_seen_is_removed(text: str, cleaned: str) -> None:
    """Control and format characters, which could hide or turn text around, do not reach a card."""
    assert clean(text, _LIMIT) == cleaned


@given(st.text(max_size=400), st.integers(min_value=10, max_value=300))
def test_a_limit_is_kept_in_any_script(text: str, limit: int) -> None:
    """The limit counts what the text costs in the JSON that is sent."""
    assert size(clean(text, limit)) - 2 <= limit


@given(st.text(st.characters(categories=["L", "N", "P", "S"]), max_size=100), st.integers(min_value=10, max_value=300))
def test_no_more_is_cut_off_than_has_to_be(text: str, limit: int) -> None:
    """With the next character, what is shown would be beyond the limit."""
    shown = clean(text, limit)
    assert shown == text or size(f"{text[: len(shown)]}…") - 2 > limit


@given(st.lists(st.text(max_size=60), max_size=40), st.integers(40, 400))
def test_a_list_keeps_its_limit_and_its_count(words: list[str], limit: int) -> None:
    """Whatever the words: the bytes are kept, and those that are shown and those that are not make up all of them."""
    shown = some([f"w{word.replace(',', '')}" for word in words], limit)
    assert size(shown) - 2 <= limit
    more = re.search(r" and ([\d,]+) more$", shown)
    left = int(more[1].replace(",", "")) if more else 0
    assert shown[: more.start() if more else None].count(", ") + bool(words) + left == len(words)


def test_a_list_is_shortened_by_whole_words() -> None:
    """No word is cut in two, but for one that is alone too long."""
    assert some([], 60) == ""
    assert some(["one", "two"], 60) == "one, two"
    assert some([f"word-{number}" for number in range(10, 30)], 40) == "word-10, word-11 and 18 more"
    assert some([f"word-{number}" for number in range(10, 30)], 33) == "word-10, word-11 and 18 more"
    assert some([f"word-{number}" for number in range(10, 30)], 32) == "word-10 and 19 more"
    assert some(["x" * 80, "y"], 60) == "x" * 39 + "… and 1 more"


def test_a_shortened_text_says_so() -> None:
    """Where something was cut off there is an ellipsis; where nothing was, there is none."""
    assert clean("x" * 50, 20) == "x" * 14 + "…"
    assert clean("x" * 20, 20) == "x" * 20
