"""Text from a bot: its Markdown rendered plainly, and whatever else is in it made harmless for a terminal."""

import re

import pytest

from lab.teams.card_text import draw, draw_text


@pytest.mark.parametrize(
    "markdown, plain",
    [
        ("**bold** and *italic* and _italic_", "bold and italic and italic"),
        ("2 * 3 * 4", "2 * 3 * 4"),
        ("a_file_name and b_c", "a_file_name and b_c"),
        (r"\*not bold\* \_nor this\_ \\", r"*not bold* _nor this_ \\"[:-1]),
        ("[Help](https://a.example/x)", "Help (https://a.example/x)"),
        ("[a@b.c](mailto:a@b.c)", "a@b.c"),
        ("[https://a.example](https://a.example)", "https://a.example"),
        (r"\[click\]\(http://evil\.example\)", "[click](http://evil.example)"),
        ("- one\r- two", "• one\n• two"),
        ("1. one\r2. two", "1. one\n2. two"),
        (r"1\. no list", "1. no list"),
        ("a &lt;b&gt; &amp; c", "a <b> & c"),
        ("# no heading", "# no heading"),
        ("`no code`", "`no code`"),
        ("one\n\n\n\ntwo", "one\n\ntwo"),
        ("many    spaces", "many spaces"),
    ],
)
def test_markdown_is_rendered_plainly(markdown: str, plain: str) -> None:
    """The Markdown of Adaptive Cards loses its marks, and what is no Markdown there stays as it is."""
    assert draw_text(markdown) == plain


@pytest.mark.parametrize(
    "hostile, shown",
    [
        ("\x1b[2J\x1b]0;title\x07", "␛[2J␛]0;title␇"),
        ("a\x9b31mb", "a\N{REPLACEMENT CHARACTER}31mb"),
        ("over\x08\x08write", "over␈␈write"),
        ("&#27;[31mred", "[31mred"),
        ("a\u202etxt.exe", "atxt.exe"),
        ("zero\u200bwidth", "zerowidth"),
        ("tab\there", "tab here"),
        ("lone \ud800", "lone \N{REPLACEMENT CHARACTER}"),
    ],
)
@pytest.mark.parametrize("colour", [False, True])
def test_a_card_has_no_power_over_the_terminal(hostile: str, shown: str, colour: bool) -> None:
    """Control characters become pictures, invisible ones vanish: in texts, facts, buttons, alternative texts."""
    drawing = draw(
        {
            "type": "AdaptiveCard",
            "version": "1.5",
            "body": [
                {"type": "TextBlock", "text": hostile},
                {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": hostile}]},
                {"type": "FactSet", "facts": [{"title": hostile, "value": hostile}]},
                {"type": "Image", "altText": hostile},
            ],
            "actions": [{"type": "Action.OpenUrl", "title": hostile, "url": hostile}],
        },
        colour=colour,
    )

    ours = re.sub(r"\x1b\[[0-9;]*m", "", drawing) if colour else drawing
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u202e\ud800]", ours)
    assert shown in draw_text(hostile)
