"""Microsoft's `adaptivecards` library in headless Chromium, as a foreign reader of the bot's cards."""

import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.needs import need

FOLDER = Path(__file__).parent / "cards"
INSTALL = "apt-get install nodejs npm chromium && scripts/setup-node"
_LIMIT = 180.0  # seconds; twenty cards with their pictures need about ten


@dataclass(frozen=True, slots=True)
class Sighting:
    """One card as one theme of Teams shows it at one width; render.mjs describes the members."""

    card: str
    theme: str
    width: int
    events: list[dict[str, str]]
    text: str
    wide: list[str]
    faint: list[dict[str, Any]]
    torn: list[str]
    controls: list[dict[str, Any]]

    def faults(self) -> Iterator[str]:
        """All that a reader, the library or a strict host would trip over, a line for each."""
        yield from (f"{event['phase']}: {event['message']}" for event in self.events)
        yield from _unreadable(self.wide, self.faint, self.torn, "")
        for control in self.controls:
            title = control["title"]
            if not title:
                yield "a button has no title"
            kinds = {action["type"] for action in control["executed"]}
            if not all(action.get("title") for action in control["executed"]):
                yield f"what {title!r} does has no title, which a screen reader needs"
            changes = control["shows"] or control["hides"]
            if not kinds and not changes:
                yield f"{title!r} does nothing"
            if "Action.ToggleVisibility" in kinds and not changes:
                yield f"{title!r} shows and hides nothing"
            if not control["restored"]:
                yield f"a second press on {title!r} does not undo the first"
            yield from _unreadable(control["wide"], control["faint"], control["torn"], f" after {title!r}")


def look(cards: Mapping[str, object], folder: Path, pictures: Path | None = None) -> list[Sighting]:
    """What comes of each card in each theme and at each width.

    Args:
        cards: The cards by name.
        folder: For the browser's own files.
        pictures: Where a picture of each card in each theme goes; None for no pictures.

    Raises:
        AssertionError: The browser or the page failed; the text says how.
    """
    chromium = need_everything()
    command = ["node", str(FOLDER / "render.mjs"), chromium, tempfile.mkdtemp(dir=folder)]
    if pictures is not None:
        pictures.mkdir(parents=True, exist_ok=True)
        command.append(str(pictures))
    done = subprocess.run(command, input=json.dumps(cards), capture_output=True, text=True, timeout=_LIMIT, check=False)
    assert done.returncode == 0, done.stderr
    return [Sighting(**one) for one in json.loads(done.stdout)]


def _unreadable(wide: list[str], faint: list[dict[str, Any]], torn: list[str], when: str) -> Iterator[str]:
    yield from (f"stands out of the card or is cut off{when}: {one}" for one in wide)
    yield from (f"too little contrast{when}: {one['ratio']}:1 for {one['text']!r}" for one in faint)
    yield from (f"torn over two lines{when}: {word}" for word in torn)


def need_everything() -> str:
    """The Chromium to use; skips where something is missing."""
    need(shutil.which("node") is not None, "Node", INSTALL)
    need((FOLDER / "node_modules" / "adaptivecards").is_dir(), "the adaptivecards library", INSTALL)
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    need(chromium is not None, "Chromium", INSTALL)
    return str(chromium)
