"""`make teams-package`: the package of the Teams app, a zip of the manifest and two icons."""

import argparse
import io
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any, Final

from infra.teams import icons
from infra.teams.manifest import NOBODY, Identity, identity, manifest
from mailcheck import __version__

_ROOT: Final = Path(__file__).parents[2]
_HERE: Final = Path(__file__).parent
_PACKAGE: Final = _HERE / "node_modules" / "@microsoft" / "app-manifest"
SCHEMAS: Final = _PACKAGE / "build" / "json-schemas" / "teams"
_LOCAL_SETTINGS: Final = _ROOT / "local.settings.json"
_OUTPUT: Final = _ROOT / "artifacts" / "mailcheck-teams.zip"
_VALIDATION_LIMIT: Final = 60.0  # seconds; it needs about one
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip can hold: the same input gives the same bytes
_READABLE: Final = 0o644 << 16
_UNIX: Final = 3

_COMMAND: Final = "python -m infra.teams.build"
_HELP: Final = f"`.venv/bin/{_COMMAND} --help`"
_EPILOG: Final = """\
settings, from the environment, else from Values in local.settings.json:
  MicrosoftAppId         required: the bot's application (client) id
  MAILCHECK_GUIDE_URL    where your people can read the diagnoses
  TEAMS_DEVELOPER_NAME   who answers for the app (IT department)
  TEAMS_WEBSITE_URL      what your people read about it (MAILCHECK_GUIDE_URL)
  TEAMS_PRIVACY_URL, TEAMS_TERMS_URL
                         your privacy statement and terms of use (TEAMS_WEBSITE_URL)
  TEAMS_APP_ID           the id of the Teams app (made of the bot's, so that it stays the same)

exit codes: 0 built, 1 the schema or the disk refuses it, 2 usage, 3 a setting is missing or wrong
"""


class Exit(IntEnum):
    """Exit codes of the command."""

    BUILT = 0
    REFUSED = 1
    NOT_CONFIGURED = 3


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A local.settings.json that says nothing: why, to be read after its name."""

    reason: str


def main(argv: Sequence[str], environment: Mapping[str, str], local_settings: Path = _LOCAL_SETTINGS) -> Exit:
    """Builds the package, and tells on standard output where it is and on standard error what is wrong."""
    output = _parsed(argv)
    local = _values(local_settings)
    if isinstance(local, Unreadable):
        _tell(f"{local_settings.name} {local.reason}")
        return Exit.NOT_CONFIGURED
    own = identity(local | {name: value for name, value in environment.items() if value.strip()})
    if not isinstance(own, Identity):
        _tell(*map(str, own))
        _tell(f"settings come from the environment, else from Values in {local_settings.name}; see {_HELP}")
        return Exit.NOT_CONFIGURED
    whole = manifest(own, __version__, icons.ACCENT)
    faults = validated(whole)
    if faults:
        _tell("the manifest does not pass Microsoft's schema, and nothing was written:", *faults)
        return Exit.REFUSED
    try:
        write(output, package(whole))
    except OSError as error:
        _tell(f"{output} cannot be written: {error.strerror}")
        return Exit.REFUSED
    if faults is None:
        _tell("not held to Microsoft's schema, which needs Node: scripts/setup-node infra/teams")
    if NOBODY in {own.website, own.privacy, own.terms}:
        _tell(f"{NOBODY} stands for addresses that are not set: TEAMS_WEBSITE_URL, see {_HELP}")
    sys.stdout.write(f"{output}\n")
    return Exit.BUILT


def validated(whole: Mapping[str, Any], *options: str) -> list[str] | None:
    """What the schema of its version or the current one finds wrong with the manifest; None where none can be asked."""
    node = shutil.which("node")
    if node is None or not _PACKAGE.is_dir():
        return None
    done = subprocess.run(  # noqa: S603 - our own script
        [node, str(_HERE / "validate.mjs"), *options],
        input=json.dumps(whole), capture_output=True, text=True, timeout=_VALIDATION_LIMIT, check=False,
    )  # fmt: skip
    found = (done.stdout or done.stderr).splitlines()
    return found if done.returncode else []


def package(whole: Mapping[str, Any]) -> bytes:
    """The zip: the same manifest gives the same bytes."""
    files = {
        "manifest.json": (json.dumps(whole, indent=2, ensure_ascii=False) + "\n").encode(),
        whole["icons"]["color"]: icons.color(),
        whole["icons"]["outline"]: icons.outline(),
    }
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = _READABLE
            entry.create_system = _UNIX
            archive.writestr(entry, content)
    return written.getvalue()


def write(path: Path, content: bytes) -> None:
    """The whole file, or no change: it is written beside its place and then put there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.part")
    try:
        beside.write_bytes(content)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def _parsed(argv: Sequence[str]) -> Path:
    parser = argparse.ArgumentParser(
        prog=_COMMAND,
        description="Builds the Teams app package of this bot.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--output", type=Path, default=_OUTPUT, metavar="FILE", help="where to (default: artifacts/mailcheck-teams.zip)"
    )
    output: Path = parser.parse_args(argv).output
    return output


def _values(path: Path) -> dict[str, str] | Unreadable:
    """The Values of local.settings.json, which need not be there."""
    try:
        read = json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        return Unreadable(f"cannot be read: {error.strerror}")
    except ValueError as error:
        return Unreadable(f"is not JSON: {error}")
    if not isinstance(read, dict) or not isinstance(values := read.get("Values", {}), dict):
        return Unreadable("has no object Values")
    if read.get("IsEncrypted") is True:
        return Unreadable("is encrypted: decrypt it with `func settings decrypt`, or set the environment instead")
    return {name: value for name, value in values.items() if isinstance(value, str)}


def _tell(*lines: str) -> None:
    for line in lines:
        sys.stderr.write(f"mailcheck: {line}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
