"""The Markdown that Adaptive Cards have: bold, italic, links and lists; everything else is text.

https://learn.microsoft.com/adaptive-cards/authoring-cards/text-features
"""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from lab.teams.styled import PLAIN, Line, Run, Style, neutral, squeezed, wrap

_INLINE = re.compile(
    r"""
    \\(?P<escaped>[!-/:-@\[-`{-~])                                       # CommonMark section 2.4
  | \[(?P<label>(?:\\.|[^\]\\\n])*)\]\((?P<url>(?:\\.|[^)\s\\])*)\)
  | \*\*(?=\S)(?P<bold>(?:\\.|[^\\\n])+?)(?<=\S)\*\*
  | \*(?=[^\s*])(?P<star>(?:\\.|[^\\\n*])+?)(?<=\S)\*
  | (?<!\w)_(?=[^\s_])(?P<under>(?:\\.|[^\\\n])+?)(?<=\S)_(?!\w)         # not inside a_file_name
    """,
    re.VERBOSE,
)
_BULLET = re.compile(r"[ ]*[-*+][ ]+")
_NUMBER = re.compile(r"[ ]*(\d{1,9}[.)])[ ]+")


@dataclass(frozen=True)
class Paragraph:
    """One line of the source: its runs, and how far its continuation lines are indented."""

    runs: list[Run]
    hang: int = 0


def paragraphs(text: str, style: Style = PLAIN) -> list[Paragraph]:
    """The text as paragraphs, its escapes and entities undone and made harmless for a terminal.

    Args:
        text: Markdown.
        style: How plain text in it looks.
    """
    lines = re.sub(r"\r\n?", "\n", text).split("\n")
    # One empty line separates paragraphs in the source; more than one shows no more than one.
    kept = [line for i, line in enumerate(lines) if line.strip(" ") or (i and lines[i - 1].strip(" "))]
    while kept and not kept[-1].strip(" "):
        kept.pop()
    return [_paragraph(line, style) for line in kept]


def wrapped(text: str, width: int, style: Style = PLAIN) -> list[Line]:
    """The paragraphs of the text as lines of at most `width` cells."""
    return [line for p in paragraphs(text, style) for line in wrap(p.runs, width, hang=p.hang)]


def _paragraph(line: str, style: Style) -> Paragraph:
    if bullet := _BULLET.match(line):
        mark, rest = "• ", line[bullet.end() :]
    elif number := _NUMBER.match(line):
        mark, rest = f"{number[1]} ", line[number.end() :]
    else:
        return Paragraph(squeezed(_inline(line, style)))
    return Paragraph([Run(mark, style), *squeezed(_inline(rest, style))], hang=len(mark))


def _inline(text: str, style: Style) -> Iterator[Run]:
    end = 0
    for match in _INLINE.finditer(text):
        yield from _literal(text[end : match.start()], style)
        end = match.end()
        yield from _marked(match, style)
    yield from _literal(text[end:], style)


def _marked(match: re.Match[str], style: Style) -> Iterator[Run]:
    match match.lastgroup:
        case "escaped":
            yield Run(match["escaped"], style)
        case "bold":
            yield from _inline(match["bold"], replace(style, bold=True))
        case "star" | "under":
            yield from _inline(match[match.lastgroup], replace(style, italic=True))
        case _:
            yield from _link(match["label"], match["url"], style)


def _link(label: str, url: str, style: Style) -> Iterator[Run]:
    """The label underlined, and where it leads unless the label says so already: a terminal cannot be hovered over."""
    shown = list(_inline(label, replace(style, underline=True)))
    yield from shown
    target = "".join(run.text for run in _inline(url, style)).removeprefix("mailto:")
    if target and target != "".join(run.text for run in shown):
        yield Run(f" ({target})", replace(style, dim=True))


def _literal(text: str, style: Style) -> Iterator[Run]:
    if text:
        yield Run(neutral(html.unescape(text)).replace("\n", " "), style)
