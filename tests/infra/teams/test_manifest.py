"""The manifest of the Teams app: what it is made of, and which settings are refused."""

import json
import re
import uuid
from typing import Any

import pytest

from infra.teams import icons
from infra.teams.manifest import NOBODY, SKELETON, Identity, identity, manifest
from mailcheck import __version__
from mailcheck.faces.teams.intent import Check, Explain, Help, Intent, Status, WhoAmI
from mailcheck.faces.teams.mention import hear
from mailcheck.faces.teams.said import understand
from mailcheck.model.request import Mailbox, MailProtocol

_BOT = "12345678-aaaa-4bbb-8ccc-123456789abc"


def _identity(**settings: str) -> Identity:
    own = identity({"MicrosoftAppId": _BOT, **settings})
    assert isinstance(own, Identity)
    return own


def _manifest(**settings: str) -> dict[str, Any]:
    return manifest(_identity(**settings), __version__, icons.ACCENT)


def _problems(**settings: str) -> list[str]:
    found = identity(settings)
    assert not isinstance(found, Identity)
    return [str(problem) for problem in found]


def test_a_bot_id_is_enough() -> None:
    """All that must be given is the bot's id; addresses that are not known are nobody's."""
    whole = _manifest()
    assert whole["version"] == __version__
    assert whole["developer"] == {
        "name": "IT department", "websiteUrl": NOBODY, "privacyUrl": NOBODY, "termsOfUseUrl": NOBODY,
    }  # fmt: skip
    (bot,) = whole["bots"]
    assert bot["botId"] == _BOT
    assert bot["supportsFiles"] is False
    assert whole["validDomains"] == []


def test_the_app_keeps_its_id() -> None:
    """The same bot gives the same app id, however its id is written; another bot another; and one can be given."""
    own = _identity().app_id
    assert uuid.UUID(own).version == 5
    assert _identity(MicrosoftAppId=f" {_BOT.upper()} ").app_id == own
    assert _identity(MicrosoftAppId=_BOT.replace("1", "2")).app_id != own
    assert _identity(TEAMS_APP_ID=_BOT).app_id == _BOT


def test_who_answers_for_the_app() -> None:
    """The guide stands for the website, the website for what is told nowhere else, and each can be set."""
    guide = "https://wiki.contoso.com/mailcheck"
    told = _manifest(MAILCHECK_GUIDE_URL=guide, TEAMS_DEVELOPER_NAME="Contoso IT", TEAMS_TERMS_URL="https://t.example")
    assert told["developer"] == {
        "name": "Contoso IT", "websiteUrl": guide, "privacyUrl": guide, "termsOfUseUrl": "https://t.example",
    }  # fmt: skip
    assert told["validDomains"] == ["wiki.contoso.com"]


@pytest.mark.parametrize(
    "settings, told",
    [
        ({}, ["MicrosoftAppId: is missing: put the bot's application (client) id there"]),
        ({"MicrosoftAppId": "   "}, ["MicrosoftAppId: is missing: put the bot's application (client) id there"]),
        ({"MicrosoftAppId": "my-bot"}, ["MicrosoftAppId: is not a GUID, such as"]),
        ({"MicrosoftAppId": f"28:{_BOT}"}, ["MicrosoftAppId: is not a GUID, such as"]),
        ({"MicrosoftAppId": "00000000-0000-0000-0000-000000000000"}, ["MicrosoftAppId: is still the zeros"]),
        ({"MicrosoftAppId": "@Microsoft.KeyVault(VaultName=v;SecretName=s)"}, ["MicrosoftAppId: is a Key Vault"]),
        ({"MicrosoftAppId": _BOT, "TEAMS_APP_ID": "mailcheck"}, ["TEAMS_APP_ID: is not a GUID"]),
        ({"MicrosoftAppId": _BOT, "TEAMS_DEVELOPER_NAME": "x" * 33}, ["TEAMS_DEVELOPER_NAME: is not a name"]),
        ({"MicrosoftAppId": _BOT, "TEAMS_DEVELOPER_NAME": "a\nb"}, ["TEAMS_DEVELOPER_NAME: is not a name"]),
        ({"MicrosoftAppId": _BOT, "TEAMS_WEBSITE_URL": "http://a.example"}, ["TEAMS_WEBSITE_URL: is not an https://"]),
        ({"TEAMS_TERMS_URL": "a"}, ["MicrosoftAppId: is missing", "TEAMS_TERMS_URL: is not an https:// address"]),
    ],
    ids=str,
)  # fmt: skip
def test_settings_that_are_refused(settings: dict[str, str], told: list[str]) -> None:
    """Every setting that is missing or wrong is named at once, with what to put there, and never its value."""
    problems = _problems(**settings)
    assert len(problems) == len(told)
    for problem, part in zip(problems, told, strict=True):
        assert problem.startswith(part)


def test_it_asks_for_no_permission() -> None:
    """Nothing signs people in, reads their chats or loads pages; the app is offered in one tenant's own channels."""
    whole = _manifest()
    for member in (
        "webApplicationInfo",
        "authorization",
        "permissions",
        "devicePermissions",
        "supportsChannelFeatures",
    ):
        assert member not in whole


def _commands() -> list[dict[str, str]]:
    (bot,) = _manifest()["bots"]
    assert [one["scopes"] for one in bot["commandLists"]] == [["personal"], ["team"], ["groupChat"]]
    first, *others = [one["commands"] for one in bot["commandLists"]]
    assert all(one == first for one in others)
    return list(first)


def _said(text: str) -> Intent:
    """The intent of a text: the same to the bot alone as after a mention of it in a team or a group."""
    alone = understand(hear(text, (), "mailcheck"), personal=True)
    mention = "<at>mailcheck</at>"
    assert understand(hear(f"{mention} {text}", (mention,), "mailcheck"), personal=False) == alone
    return alone


def test_the_menu_says_what_the_bot_understands() -> None:
    """What a command sends, and the example behind its colon, ask for what its description says."""
    asked = {one["title"]: (one["title"], one["description"].rpartition(": ")[2]) for one in _commands()}
    assert set(asked) == {"mailcheck", "explain", "status", "whoami", "help"}
    assert _said(asked["mailcheck"][1]) == Check((Mailbox("shared@contoso.com"),), (MailProtocol.IMAP,))
    assert _said(asked["explain"][1]) == Explain("consent-missing")
    for unfinished in ("mailcheck", "explain"):
        assert isinstance(_said(unfinished), Help)
    assert _said("status") == Status()
    assert _said("whoami") == WhoAmI()
    assert _said("help") == Help()


def test_the_texts_fit_where_teams_is_narrow() -> None:
    """Titles and descriptions keep to the tightest limits that any version of the schema has had."""
    for command in _commands():
        assert len(command["title"]) <= 32
        assert len(command["description"]) <= 128
    whole = _manifest()
    assert len(whole["name"]["short"]) <= 30
    assert len(whole["description"]["short"]) <= 80
    assert re.fullmatch(r"\d+\.\d+\.\d+", whole["version"])
    assert json.loads(SKELETON.read_text())["$schema"].endswith(
        f"/v{whole['manifestVersion']}/MicrosoftTeams.schema.json"
    )
