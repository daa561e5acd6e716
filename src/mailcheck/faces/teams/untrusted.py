"""Text from anywhere made fit for a card (pure): bounded, on one line, and shown by Markdown as what it is.

https://learn.microsoft.com/adaptive-cards/authoring-cards/text-features
"""

import json
import re
from collections.abc import Sequence
from typing import Final

ID_LIMIT: Final = 100  # bytes of JSON of an id or a setting's name: a GUID has 36
# What the Markdown of a TextBlock or a Fact reacts to anywhere. `{{` begins a date or time function of the host.
_MARKUP: Final = re.compile(r"[\\`*_\[\]<>~|]|!(?=\[)|&(?=#?\w+;)|(?<=\{)\{")
_FIRST: Final = re.compile(r"\A(\s*)(?:([#+=-])|(\d{1,9})([.)]))")  # and at the beginning of a line


def clean(text: str, limit: int) -> str:
    """One line without control and format characters, at most `limit` bytes of JSON long.

    Bytes of JSON, because that is what a card's size is counted in: a letter beyond ASCII has six of them.
    """
    line = text[: 4 * limit]
    if not line.isprintable():
        spaced = (" " if character.isspace() else character for character in line)
        line = "".join(character for character in spaced if character.isprintable())
    line = line.strip()
    if size(line) - 2 <= limit:
        return line
    kept = 0
    room = limit - size("…") + 2
    while kept < len(line) and (room := room - _cost(line[kept])) >= 0:
        kept += 1
    return f"{line[:kept].rstrip()}…"


def _cost(character: str) -> int:
    """Bytes of JSON of a printable character: as it is, after a backslash, or as one or two escapes of UTF-16."""
    if character.isascii():
        return 2 if character in '"\\' else 1
    return 6 if character <= "\uffff" else 12


def some(words: Sequence[str], limit: int) -> str:
    """As many of these as fit into so many bytes of JSON, at least one, and how many more there are."""
    whole = ", ".join(words)
    if size(whole) - 2 <= limit:
        return clean(whole, limit)
    room = limit - len(" and 9,999 more")
    kept = [clean(words[0], room)]
    room -= size(kept[0])
    for word in words[1:]:
        room -= size(word)
        if room < 0:
            break
        kept.append(clean(word, limit))
    left = len(words) - len(kept)
    return f"{', '.join(kept)} and {left:,} more" if left else kept[0]


def escape(line: str) -> str:
    """A line that Markdown shows as it is."""
    line = _MARKUP.sub(lambda match: f"\\{match[0]}", line)
    return _FIRST.sub(lambda match: f"{match[1]}{match[3] or ''}\\{match[2] or match[4]}", line, count=1)


def foreign(text: str, limit: int) -> str:
    """Foreign text as Markdown that shows it; never empty, because an element without a text is not valid."""
    return escape(clean(text, limit)) or "(no words)"


def size(element: object) -> int:
    """Bytes of JSON, in the ASCII form in which the connector is sent it."""
    return len(json.dumps(element))
