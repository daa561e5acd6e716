"""docs/install-bot.md works: bash runs its commands, `az` takes them, and what they set is a whole configuration."""

import os
import re
import subprocess
from collections.abc import Iterator, Sequence
from itertools import takewhile
from pathlib import Path

import pytest

from infra.teams.manifest import Identity, identity
from mailcheck.settings import BotSettings, CheckSettings, Settings
from tests.adapters.bot_kit import activity, issued
from tests.forgeries import FORGERIES
from tests.forging import publish

_ROOT = Path(__file__).parents[2]
_GUIDE = (_ROOT / "docs" / "install-bot.md").read_text()
_ADAPTERS = "".join(path.read_text() for path in (_ROOT / "src/mailcheck/adapters").glob("bot_*.py"))
_BLOCKS = re.findall(r"```sh\n(.*?)```", _GUIDE, re.DOTALL)
_KINDS = [block for block in _BLOCKS if block.startswith("kind=")]
_END_OF_WORD, _END_OF_LINE = "\x1f", "\x1e"
_TENANT, _HOST = "11111111-aaaa-4bbb-8ccc-000000000001", "mailcheck-contoso.azurewebsites.net"

# What `az 2.91 COMMAND --help` has: options that it requires, and those of the others that are used here.
_APP = "--name --resource-group"
_JSON = "--query --output"
_AZ = {
    "login": ("", ""),
    "account show": ("", _JSON),
    "group create": ("--name --location", ""),
    "storage account create": (_APP, "--location --sku --allow-blob-public-access"),
    "functionapp create": (
        f"{_APP} --storage-account",
        "--flexconsumption-location --runtime --runtime-version --assign-identity",
    ),
    "functionapp show": (_APP, _JSON),
    "functionapp scale config set": (_APP, "--trigger-type --trigger-settings"),
    "functionapp scale config always-ready set": (f"{_APP} --settings", ""),
    "functionapp identity show": (_APP, _JSON),
    "functionapp identity assign": (_APP, "--identities"),
    "functionapp config appsettings set": (f"{_APP} --settings", ""),
    "functionapp config appsettings list": (_APP, _JSON),
    "functionapp function list": (_APP, _JSON),
    "keyvault show": ("--name", _JSON),
    "role assignment create": ("--role --scope", "--assignee-object-id --assignee-principal-type"),
    "identity create": (_APP, ""),
    "identity show": (_APP, _JSON),
    "ad app create": ("--display-name", f"--sign-in-audience {_JSON}"),
    "ad app credential reset": ("--id", f"--append --create-cert --keyvault --cert {_JSON}"),
    "ad sp create": ("--id", ""),
    "ad signed-in-user show": ("", _JSON),
    "bot create": (f"{_APP} --app-type --appid", "--tenant-id --msi-resource-id --endpoint"),
    "bot show": (_APP, _JSON),
    "bot update": (_APP, "--endpoint"),
    "bot msteams create": (_APP, ""),
    "bot msteams show": (_APP, _JSON),
}
# Programs that tell what they were called with, in place of those that would do it. An unset variable ends the script.
_STAND_INS = rf"""
set -eu
called() {{ printf '%s{_END_OF_WORD}' "$@" >>"$CALLS"; printf '{_END_OF_LINE}' >>"$CALLS"; }}
az() {{ called az "$@"; case "$*" in *defaultHostName*) echo {_HOST};; *) echo {_TENANT};; esac; }}
func() {{ called func "$@"; }}
curl() {{ called curl "$@"; }}
make() {{ called make "$@" "MicrosoftAppId=$(printenv MicrosoftAppId)"; }}
"""


def _run(kind: str, folder: Path) -> list[list[str]]:
    """What bash calls when the guide is followed from its first line to its last, with this kind of identity."""
    script = "\n".join([_STAND_INS, *(block for block in _BLOCKS if block not in _KINDS or block == kind)])
    told = folder / "calls"
    environment = {"PATH": os.environ["PATH"], "CALLS": str(told)}
    done = subprocess.run(["bash", "-c", script], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [line.split(_END_OF_WORD)[:-1] for line in told.read_text().split(_END_OF_LINE)[:-1]]


def _set(calls: Sequence[Sequence[str]]) -> dict[str, str]:
    """The app settings after these calls."""
    settings: dict[str, str] = {}
    for call in calls:
        if call[:5] == ["az", "functionapp", "config", "appsettings", "set"]:
            settings |= dict(pair.split("=", 1) for pair in call[call.index("--settings") + 1 :])
    return settings


def _command(words: Sequence[str]) -> str:
    return " ".join(takewhile(lambda word: not word.startswith("-"), words))


def _fault(words: Sequence[str], *, whole: bool = True) -> str:
    """What `az` would find wrong with these arguments; where they are not the whole of them, none is missed."""
    command = _command(words)
    if command not in _AZ:
        return f"az has no {command}"
    required, others = (set(options.split()) for options in _AZ[command])
    given = {word for word in words if word.startswith("--")}
    wrong = (given - required - others) | (required - given if whole else set())
    return f"{command}: {sorted(wrong)}" if wrong else ""


@pytest.mark.parametrize("kind", _KINDS, ids=["managed identity", "certificate", "secret"])
def test_who_follows_the_guide_has_a_bot(kind: str, tmp_path: Path) -> None:
    """Its commands run as they stand; `az` knows them; and the settings are those of a bot of this kind."""
    calls = _run(kind, tmp_path)
    assert [fault for call in calls if call[0] == "az" and (fault := _fault(call[1:]))] == []
    values = _set(calls)
    settings = Settings.read({**values, "IDENTITY_ENDPOINT": "http://localhost/msi/token"})
    assert isinstance(settings.check, CheckSettings), settings.check
    assert isinstance(settings.bot, BotSettings), settings.bot
    (created,) = [call for call in calls if call[1:3] == ["bot", "create"]]
    assert values["MicrosoftAppType"] == created[created.index("--app-type") + 1] == settings.bot.kind
    assert created[created.index("--endpoint") + 1] == f"https://{_HOST}/api/messages"
    assert settings.bot.operators == {_TENANT}
    assert ("--msi-resource-id" in created) == (settings.bot.kind == "UserAssignedMSI")


def test_the_package_is_built_for_the_bot_of_the_guide(tmp_path: Path) -> None:
    """`make teams-package` finds the bot's id, which is exported."""
    (made,) = [call for call in _run(_KINDS[0], tmp_path) if call[0] == "make"]
    assert made[1] == "teams-package"
    assert isinstance(identity(dict([made[2].split("=")])), Identity)


def _quoted(text: str) -> Iterator[str]:
    yield from re.findall(r"`([^`]+)`", text)


def test_a_command_of_the_tables_is_microsofts(tmp_path: Path) -> None:
    """What is to be done by `az` is a command with options that it has; and no command is listed here for nothing."""
    prose = re.sub(r"```.*?```", "", _GUIDE, flags=re.DOTALL)
    named = [one.split()[1:] for one in _quoted(prose) if one.startswith("az ")]
    assert len(named) > 3
    assert [fault for words in named if (fault := _fault(words, whole=False))] == []
    run = [call[1:] for kind in _KINDS for call in _run(kind, tmp_path) if call[0] == "az"]
    assert {_command(words) for words in (*named, *run)} == set(_AZ)


def test_settings_that_the_guide_names_are_read() -> None:
    """Each is one of those that README.md explains, which are those that are read."""
    named = set(re.findall(r"(?:MAILCHECK|MicrosoftApp)\w+", _GUIDE))
    explained = set(re.findall(r"`((?:MAILCHECK|MicrosoftApp)\w+)`", (_ROOT / "README.md").read_text()))
    assert named - {"MicrosoftApp"} <= explained


def test_a_link_leads_to_a_heading() -> None:
    """Each place that the guide sends its reader to is there."""
    for name, place in re.findall(r"\]\(([\w./-]*)#([\w-]+)\)", _GUIDE):
        text = (_ROOT / "docs" / name).read_text() if name else _GUIDE
        headings = re.findall(r"(?m)^#+ (.+)$", text)
        assert place in {re.sub(r"[^\w -]", "", one).strip().lower().replace(" ", "-") for one in headings}, place


def _section(title: str) -> str:
    return _GUIDE.partition(f"### {title}\n")[2].partition("\n### ")[0]


async def test_every_reason_of_a_refusal_is_explained() -> None:
    """What the guard gives as its reason, for whichever forgery, stands in the table, and nothing else does."""
    reasons = set()
    async with issued() as world:
        publish(world.issuer)
        for forgery in FORGERIES:
            decision = await world.guard.admit(*forgery.request(world.issuer, activity()))
            assert not decision.admitted
            reasons.add(decision.reason)
    rows = [row.split("|")[1] for row in _section("401: the reason in the log").splitlines() if row.startswith("| `")]
    assert {reason for row in rows for reason in _quoted(row)} == reasons


def test_what_the_log_says_of_an_answer_is_what_it_says() -> None:
    """Each reason for which an answer does not get there is in words that the bot's adapters have."""
    rows = [row.split("|")[1] for row in _section("200, but no answer").splitlines() if row.startswith("| `")]
    told = [reason for row in rows for reason in _quoted(row)]
    assert len(told) > 5
    assert [reason for reason in told if reason not in _ADAPTERS] == []
