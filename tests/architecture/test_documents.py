"""The documents tell the truth: settings, commands, files and examples that they name are there."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from mailcheck.faces.http_api import HttpApi
from mailcheck.settings import BotSettings, CheckSettings, Settings

_ROOT = Path(__file__).parents[2]
_README = (_ROOT / "README.md").read_text()
_DOCUMENTS = [
    "README.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "CHANGELOG.md",
    "tests/bench/README.md",
    "tests/fuzz/README.md",
    "docs/bot.md",
    "docs/diagnoses.md",
    "docs/forgeries.md",
    "docs/install-bot.md",
]
_NAME = r"(?:MAILCHECK|AZURE|MicrosoftApp)\w+"


def test_the_readme_lists_every_setting() -> None:
    """The table of settings has the names that the settings read, no more and no fewer."""
    listed = {name for row in re.findall(r"(?m)^\|(.+?)\|", _README) for name in re.findall(f"`({_NAME})`", row)}
    sources = (path.read_text() for path in (_ROOT / "src/mailcheck/settings").glob("*.py"))
    read = {name for text in sources for name in re.findall(f'"({_NAME})"', text)}
    read |= {"MAILCHECK_IMAP", "MAILCHECK_POP", "MAILCHECK_SMTP"}  # built from the protocol's name
    assert listed == read


def test_the_example_settings_are_accepted() -> None:
    """local.settings.example.json is a configuration that needs values filled in, but no name corrected."""
    values = json.loads((_ROOT / "local.settings.example.json").read_text())["Values"]
    assert isinstance(Settings.read(values).check, CheckSettings)
    assert isinstance(Settings.read(values).bot, BotSettings)


def test_make_help_lists_what_the_documents_name() -> None:
    """Each `make x` in a document is a target, and `make help` tells it."""
    told = subprocess.run(["make", "-s", "help"], cwd=_ROOT, capture_output=True, text=True, check=True).stdout
    targets = set(re.findall(r"(?m)^make ([a-z-]+)", told))
    assert {"demo", "chat", "test", "lint", "fuzz", "bench", "teams-package"} <= targets
    for name in _DOCUMENTS:
        text = (_ROOT / name).read_text()
        assert set(re.findall(r"(?:`|^)make ([a-z-]+)", text, re.MULTILINE)) <= targets, name


@pytest.mark.parametrize("name", _DOCUMENTS)
def test_files_that_a_document_names_exist(name: str) -> None:
    """Paths in backquotes and links lead somewhere."""
    text = (_ROOT / name).read_text()
    folder = (_ROOT / name).parent
    linked = [link for link in re.findall(r"\]\(([^)#]+)\)", text) if not link.startswith("https://")]
    assert all((folder / link).exists() for link in linked), linked
    for path in re.findall(r"`([\w.*/-]+/[\w.*/-]*|[\w-]+\.(?:py|json|md|toml))`", text):
        if "NAME" in path or path.startswith("/"):
            continue
        found = [
            base
            for base in (_ROOT, _ROOT / "src", _ROOT / "src/mailcheck", _ROOT / "src/lab")
            if any(base.glob(path.rstrip("/")))
        ]
        assert found, f"{name} names {path}"


def test_the_map_is_short() -> None:
    """ARCHITECTURE.md fits on a few screens."""
    assert len((_ROOT / "ARCHITECTURE.md").read_text().splitlines()) <= 150


def test_the_routes_of_the_readme_are_the_triggers() -> None:
    """The table of routes has what function_app.py registers."""
    triggers = (_ROOT / "function_app.py").read_text()
    registered = set(re.findall(r'app\.route\("([\w/]+)", methods=\["(\w+)"\]', triggers))
    told = {(path, method) for method, path in re.findall(r"(?m)^\| `(\w+) /api/([\w/]+)`", _README)}
    assert told == registered
    assert callable(HttpApi.not_found)


def _git_files(*options: str) -> set[str]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", *options], cwd=_ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    return set(listed.stdout.splitlines())


def test_no_line_of_the_audit_is_sampled_away() -> None:
    """Application Insights keeps every trace, which is what a log line is to it, as SECURITY.md says."""
    sampling = json.loads((_ROOT / "host.json").read_text())["logging"]["applicationInsights"]["samplingSettings"]
    assert "Trace" in sampling["excludedTypes"].split(";")


def test_only_the_product_is_deployed() -> None:
    """What .funcignore leaves is the triggers, the host's settings, the pinned packages, and src/mailcheck."""
    deployed = _git_files() - _git_files("--ignored", "--exclude-from=.funcignore")
    top = {path for path in deployed if not path.startswith("src/mailcheck/")}
    assert top == {"function_app.py", "host.json", "requirements.txt"}
    assert "src/mailcheck/compose.py" in deployed
