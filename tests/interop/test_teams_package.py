"""The Teams app package before foreign readers: Microsoft's schemas under ajv, and Chromium for the icons."""

import base64
import json
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from infra.teams import build, icons
from infra.teams.manifest import Identity, identity, manifest
from mailcheck import __version__
from tests.interop.card_reader import FOLDER, INSTALL, need_everything
from tests.needs import need

pytestmark = pytest.mark.interop

_BOT = "12345678-aaaa-4bbb-8ccc-123456789abc"
_MIDDLE = range(36, 156)  # of 192 pixels: the 120 that Teams leaves to the mark


def _manifest() -> dict[str, Any]:
    own = identity({"MicrosoftAppId": _BOT, "MAILCHECK_GUIDE_URL": "https://wiki.contoso.com/mailcheck"})
    assert isinstance(own, Identity)
    return manifest(own, __version__, icons.ACCENT)


def _faults(whole: Mapping[str, Any], *options: str) -> list[str]:
    found = build.validated(whole, *options)
    need(found is not None, "the package @microsoft/app-manifest", "apt-get install nodejs npm && scripts/setup-node")
    assert found is not None
    return found


def test_the_manifest_is_valid_by_every_schema_from_its_own_on() -> None:
    """It passes the version that it names, and each later one that Microsoft publishes."""
    assert _faults(_manifest()) == []
    assert _faults(_manifest(), "all") == []


def test_the_build_asks_the_current_schema_too() -> None:
    """A fault is told for the version that the manifest names and for the newest that Microsoft publishes."""
    whole = _manifest()
    told = {fault.split()[0] for fault in _faults(whole | {"id": "mailcheck"})}
    published = build.SCHEMAS.glob("v1.*")
    newest = max(int(folder.name.partition(".")[2]) for folder in published)
    assert told == {whole["manifestVersion"], f"1.{newest}"}


@pytest.mark.parametrize(
    "wrong, told",
    [
        ({"colour": "#ffffff"}, "must NOT have additional properties"),
        ({"accentColor": "blue"}, "/accentColor must match pattern"),
        ({"id": "mailcheck"}, "/id must match pattern"),
        ({"icons": {"color": "color.png"}}, "/icons must have required property 'outline'"),
        ({"bots": [{"botId": _BOT, "scopes": ["everywhere"]}]}, "/bots/0/scopes/0 must be equal to one of"),
        ({"name": {"short": "m" * 31}}, "/name/short must NOT have more than 30 characters"),
    ],
    ids=str,
)
def test_the_schema_refuses_what_is_wrong(wrong: dict[str, Any], told: str) -> None:
    """A manifest with a fault is refused, and the fault is named: the validation can fail."""
    assert any(told in fault for fault in _faults(_manifest() | wrong))


def test_the_build_refuses_what_the_schema_refuses(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An address longer than the schema allows: its fault is told, and no package is written."""
    assert _faults(_manifest()) == []
    settings = {"MicrosoftAppId": _BOT, "TEAMS_TERMS_URL": "https://contoso.com/" + "x" * 2048}
    code = build.main(["--output", str(tmp_path / "app.zip")], settings, tmp_path / "local.settings.json")
    assert code is build.Exit.REFUSED
    assert "/developer/termsOfUseUrl must NOT have more than 2048 characters" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@dataclass(frozen=True, slots=True)
class _Picture:
    """What Chromium made of a PNG."""

    width: int
    height: int
    rgba: bytes

    def at(self, x: int, y: int) -> tuple[int, ...]:
        start = 4 * (y * self.width + x)
        return tuple(self.rgba[start : start + 4])

    def pixels(self) -> dict[tuple[int, int], tuple[int, ...]]:
        return {(x, y): self.at(x, y) for y in range(self.height) for x in range(self.width)}


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> list[_Picture]:
    """The colour icon and the outline, as Chromium decodes them."""
    chromium = need_everything()
    folder = tmp_path_factory.mktemp("icons")
    files = [folder / "color.png", folder / "outline.png"]
    for file, content in zip(files, (icons.color(), icons.outline()), strict=True):
        file.write_bytes(content)
    command = ["node", str(FOLDER / "pixels.mjs"), chromium, tempfile.mkdtemp(dir=folder), *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=90, check=False)
    assert done.returncode == 0, f"{done.stderr}\n{INSTALL}"
    return [_Picture(one["width"], one["height"], base64.b64decode(one["rgba"])) for one in json.loads(done.stdout)]


def test_the_colour_icon_is_a_full_square_with_its_mark_in_the_middle(pictures: list[_Picture]) -> None:
    """192 x 192 pixels, none of them transparent; around the middle 120 there is nothing but the ground."""
    color = pictures[0]
    assert (color.width, color.height) == (192, 192)
    ground = (*bytes.fromhex(icons.ACCENT.removeprefix("#")), 255)
    pixels = color.pixels()
    assert {pixel[3] for pixel in pixels.values()} == {255}
    assert {pixel for (x, y), pixel in pixels.items() if x not in _MIDDLE or y not in _MIDDLE} == {ground}
    marked = {place for place, pixel in pixels.items() if pixel != ground}
    assert len(marked) > 0.3 * len(_MIDDLE) ** 2
    assert (255, 255, 255, 255) in pixels.values()


def test_the_outline_is_white_on_nothing_and_fills_its_square(pictures: list[_Picture]) -> None:
    """32 x 32 pixels, white wherever anything is seen, transparent elsewhere, without padding."""
    outline = pictures[1]
    assert (outline.width, outline.height) == (32, 32)
    pixels = outline.pixels()
    assert {pixel[:3] for pixel in pixels.values() if pixel[3]} == {(255, 255, 255)}
    clear = [place for place, pixel in pixels.items() if pixel[3] == 0]
    assert len(clear) > 0.4 * len(pixels)
    columns = {x for (x, _), pixel in pixels.items() if pixel[3] > 127}
    assert max(columns) - min(columns) >= 27


def test_the_accent_is_the_ground_of_the_icon(pictures: list[_Picture]) -> None:
    """Teams draws the accent colour around the icon: the two are one."""
    red, green, blue, _ = pictures[0].at(0, 0)
    assert _manifest()["accentColor"] == f"#{red:02X}{green:02X}{blue:02X}"
