"""The manifest of the Teams app: manifest.json beside this file, completed by what differs from tenant to tenant.

Its `manifestVersion` is not the current one: a tenant that does not know a version yet refuses the package
(https://github.com/MicrosoftDocs/msteams-docs/issues/3333). It passes the current one as well, to which the build holds
it (validate.mjs).

What is left out on purpose:

- `webApplicationInfo`: the app signs nobody in and asks for no permission, of Microsoft Graph or of a chat. That one
  tenant only may use the bot is a property of its registration, and held by the bot itself.
- `supportsChannelFeatures`, so that it is not offered in shared channels: people of other organizations read there.
- `validDomains` but for the guide's: there are no tabs and no dialogs whose pages would be loaded.
"""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from mailcheck.model.problem import Problems
from mailcheck.settings.reader import GUID, Reader, is_https

SKELETON: Final = Path(__file__).with_name("manifest.json")
NOBODY: Final = "https://example.com"  # reserved for documents (RFC 2606): an address that is nobody's

_DEVELOPER_LIMIT: Final = 32  # characters; the limits of addresses are far away
_NIL: Final = str(uuid.UUID(int=0))
# What the menu of commands shows. The title is what is sent; behind the last colon stands what is to be written.
_COMMANDS: Final = {
    "mailcheck": "Check a mailbox, or several, by the protocols you name: mailcheck shared@contoso.com imap",
    "explain": "What a diagnosis means, and what mends it: explain consent-missing",
    "status": "Whether the app is configured, and how long its certificate lasts",
    "whoami": "Your object id, which an administrator needs to let you in",
    "help": "What you can write",
}


@dataclass(frozen=True, slots=True)
class Identity:
    """What differs from tenant to tenant.

    Attributes:
        app_id: The Teams app's own id, which stays the same from version to version.
        bot_id: The application id of the bot.
        guide: Where the diagnoses are explained to the tenant's people; may be empty.
        developer: Who answers for the app, as Teams shows it.
        website, privacy, terms: Where these are told.
    """

    app_id: str
    bot_id: str
    guide: str
    developer: str
    website: str
    privacy: str
    terms: str


def identity(settings: Mapping[str, str]) -> Identity | Problems:
    """The identity that these settings give the app, or all that is wrong with them."""
    read = Reader(settings)
    bot_id = _guid(read, "MicrosoftAppId", read.required("MicrosoftAppId", "the bot's application (client) id"))
    app_id = _guid(read, "TEAMS_APP_ID", read.text("TEAMS_APP_ID"))
    guide = _address(read, "MAILCHECK_GUIDE_URL")
    developer = read.text("TEAMS_DEVELOPER_NAME", "IT department")
    read.checked(
        "TEAMS_DEVELOPER_NAME", developer, len(developer) <= _DEVELOPER_LIMIT and developer.isprintable(),
        f"a name of at most {_DEVELOPER_LIMIT} characters",
    )  # fmt: skip
    website = _address(read, "TEAMS_WEBSITE_URL") or guide or NOBODY
    privacy = _address(read, "TEAMS_PRIVACY_URL") or website
    terms = _address(read, "TEAMS_TERMS_URL") or website
    if read.problems:
        return tuple(read.problems)
    own = app_id or str(uuid.uuid5(uuid.UUID(bot_id), "mailcheck"))
    return Identity(own, bot_id, guide, developer, website, privacy, terms)


def manifest(own: Identity, version: str, accent: str) -> dict[str, Any]:
    """The whole manifest.

    Args:
        own: What this tenant's app is called and by whom.
        version: mailcheck's version.
        accent: The ground of the colour icon, `#RRGGBB`.
    """
    whole: dict[str, Any] = json.loads(SKELETON.read_text(encoding="utf-8"))
    (bot,) = whole["bots"]
    commands = [{"title": title, "description": text} for title, text in _COMMANDS.items()]
    whole["bots"] = [
        {
            "botId": own.bot_id,
            **bot,
            # A list for each scope, as Microsoft's reference of the manifest asks for.
            "commandLists": [{"scopes": [scope], "commands": commands} for scope in bot["scopes"]],
        }
    ]
    return {
        **whole,
        "version": version,
        "id": own.app_id,
        "developer": {
            "name": own.developer,
            "websiteUrl": own.website,
            "privacyUrl": own.privacy,
            "termsOfUseUrl": own.terms,
        },
        "accentColor": accent,
        "validDomains": [host] if (host := urlsplit(own.guide).hostname) else [],
    }


def _guid(read: Reader, name: str, value: str) -> str:
    if value == _NIL:  # what local.settings.example.json has in its place
        read.refuse(name, "is still the zeros of the example: put your own there")
    good = bool(GUID.fullmatch(value))
    return read.checked(name, value, good, "a GUID, such as 1b2c3d4e-0000-4000-8000-123456789abc").lower()


def _address(read: Reader, name: str) -> str:
    value = read.text(name)
    return read.checked(name, value, is_https(value), "an https:// address without a query or a fragment")
