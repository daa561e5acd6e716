"""`make teams-package` from the outside: exit codes, messages, where values come from, and what is left on the disk."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from infra.teams.build import Exit, main
from infra.teams.manifest import identity

_ROOT = Path(__file__).parents[3]
_BOT = "12345678-aaaa-4bbb-8ccc-123456789abc"
_OTHER = "87654321-aaaa-4bbb-8ccc-123456789abc"


def _run(folder: Path, local: object = None, **environment: str) -> Exit:
    settings = folder / "local.settings.json"
    if local is not None:
        settings.write_text(local if isinstance(local, str) else json.dumps(local))
    return main(["--output", str(folder / "out" / "app.zip")], environment, settings)


def _manifest(folder: Path) -> dict[str, Any]:
    with zipfile.ZipFile(folder / "out" / "app.zip") as archive:
        assert archive.testzip() is None
        assert sorted(archive.namelist()) == ["color.png", "manifest.json", "outline.png"]
        read: dict[str, Any] = json.loads(archive.read("manifest.json"))
    return read


def _bot(folder: Path) -> str:
    (bot,) = _manifest(folder)["bots"]
    return str(bot["botId"])


def test_it_tells_where_the_package_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The path, alone on standard output; and what has been left at its default on standard error."""
    assert _run(tmp_path, MicrosoftAppId=_BOT) is Exit.BUILT
    told = capsys.readouterr()
    assert told.out == f"{tmp_path / 'out' / 'app.zip'}\n"
    assert "TEAMS_WEBSITE_URL" in told.err
    assert _bot(tmp_path) == _BOT


def test_the_environment_comes_before_the_file(tmp_path: Path) -> None:
    """Values of local.settings.json serve where the environment says nothing; there, empty is nothing."""
    local = {"IsEncrypted": False, "Values": {"MicrosoftAppId": _OTHER, "TEAMS_DEVELOPER_NAME": "Contoso"}}
    assert _run(tmp_path, local, MicrosoftAppId="") is Exit.BUILT
    assert _bot(tmp_path) == _OTHER
    assert _run(tmp_path, local, MicrosoftAppId=_BOT) is Exit.BUILT
    assert _bot(tmp_path) == _BOT
    assert _manifest(tmp_path)["developer"]["name"] == "Contoso"


def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    """Nothing of the package depends on the hour or on the machine."""
    packages = []
    for folder in (tmp_path / "a", tmp_path / "b"):
        folder.mkdir()
        assert _run(folder, MicrosoftAppId=_BOT) is Exit.BUILT
        packages.append((folder / "out" / "app.zip").read_bytes())
    assert packages[0] == packages[1]


@pytest.mark.parametrize(
    "local, told",
    [
        ({"Values": {}}, "MicrosoftAppId: is missing"),
        ({"Values": {"MicrosoftAppId": "x"}}, "MicrosoftAppId: is not a GUID"),
        ({"Values": {"MicrosoftAppId": 12}}, "MicrosoftAppId: is missing"),
        ({"Values": []}, "local.settings.json has no object Values"),
        ([], "local.settings.json has no object Values"),
        ({"IsEncrypted": True, "Values": {"MicrosoftAppId": "AQAA"}}, "func settings decrypt"),
        ("{", "local.settings.json is not JSON"),
    ],
    ids=str,
)
def test_what_is_not_configured_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], local: object, told: str
) -> None:
    """Exit code 3, a sentence that names the setting or the file, and nothing on the disk."""
    assert _run(tmp_path, local) is Exit.NOT_CONFIGURED
    assert told in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_package_that_cannot_be_written_leaves_the_old_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where the disk refuses, that is said in a sentence, what was there stays, and no part of a file is left."""
    (tmp_path / "out").write_text("a file where a folder is needed")
    assert _run(tmp_path, MicrosoftAppId=_BOT) is Exit.REFUSED
    assert "cannot be written" in capsys.readouterr().err
    (tmp_path / "out").unlink()
    (tmp_path / "out" / "app.zip" / "full").mkdir(parents=True)
    assert _run(tmp_path, MicrosoftAppId=_BOT) is Exit.REFUSED
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["app.zip"]


def test_the_command_as_make_runs_it(tmp_path: Path) -> None:
    """From the repository's folder; without a bot id, `make` fails and shows which setting to set."""
    command = [sys.executable, "-m", "infra.teams.build", "--output", str(tmp_path / "app.zip")]
    environment = {name: value for name, value in os.environ.items() if name != "MicrosoftAppId"}
    given = environment | {"MicrosoftAppId": _BOT}
    done = subprocess.run(command, cwd=_ROOT, env=given, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, f"{tmp_path / 'app.zip'}\n")
    wrong = environment | {"MicrosoftAppId": "x"}
    done = subprocess.run(command, cwd=_ROOT, env=wrong, capture_output=True, text=True, check=False)
    assert done.returncode == Exit.NOT_CONFIGURED
    assert "MicrosoftAppId: is not a GUID" in done.stderr


def test_make_hands_the_path_on_as_it_is(tmp_path: Path) -> None:
    """A blank and an apostrophe in OUTPUT are the path's own, and nothing to the shell."""
    wanted = tmp_path / "Anna's package.zip"
    command = ["make", "--silent", "--old-file=setup", "teams-package", f"OUTPUT={wanted}"]
    given = {**os.environ, "MicrosoftAppId": _BOT}
    done = subprocess.run(command, cwd=_ROOT, env=given, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, f"{wanted}\n"), done.stderr
    assert wanted.exists()


def test_without_node_it_says_that_the_schema_was_not_asked(tmp_path: Path) -> None:
    """Where no Node is found, the package is built all the same, and the command that would validate it is named."""
    command = [sys.executable, "-m", "infra.teams.build", "--output", str(tmp_path / "app.zip")]
    given = {**os.environ, "MicrosoftAppId": _BOT, "PATH": str(tmp_path)}
    done = subprocess.run(command, cwd=_ROOT, env=given, capture_output=True, text=True, check=False)
    assert done.returncode == Exit.BUILT
    assert "not held to Microsoft's schema, which needs Node: scripts/setup-node infra/teams" in done.stderr
    assert (tmp_path / "app.zip").exists()


class Asked(dict[str, str]):
    """Settings that note which of them are asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def get(self, name: str, default: str = "") -> str:  # type: ignore[override]
        self.names.add(name)
        return default


def test_help_lists_every_setting(capsys: pytest.CaptureFixture[str]) -> None:
    """--help names each setting that the manifest is made of."""
    with pytest.raises(SystemExit) as ended:
        main(["--help"], {})
    assert ended.value.code == 0
    told = capsys.readouterr().out
    asked = Asked()
    identity(asked)
    assert asked.names
    assert {name for name in asked.names if name not in told} == set()
