"""Access keys: who may call a function when the host asks for keys (`--auth`)."""

import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import assert_never

from lab.host.functions import AuthLevel

FUNCTION_KEY_SETTING = "LAB_FUNCTION_KEY"
MASTER_KEY_SETTING = "LAB_MASTER_KEY"
_KEY_BYTES = 40


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of one host. Values are kept out of its repr.

    Attributes:
        master: Opens everything, and alone opens `admin` functions.
        host: The host keys: each opens every `function` function.
    """

    master: str = field(repr=False)
    host: tuple[str, ...] = field(repr=False)

    def admit(self, level: AuthLevel, offered: str | None) -> bool:
        """Whether a caller with this key, or none, may call a function of this level; takes the same time for all."""
        match level:
            case AuthLevel.ANONYMOUS:
                return True
            case AuthLevel.FUNCTION:
                accepted = (self.master, *self.host)
            case AuthLevel.ADMIN:
                accepted = (self.master,)
            case _:
                assert_never(level)
        given = (offered or "").encode(errors="surrogateescape")  # a header may hold octets that are no text
        # No early end: each key is compared, so that time tells nothing about which one was near.
        return sum(hmac.compare_digest(key.encode(), given) for key in accepted) > 0


def from_settings(settings: Mapping[str, str]) -> Keys:
    """Keys from LAB_MASTER_KEY and LAB_FUNCTION_KEY; one that is not set is generated."""
    return Keys(
        master=settings.get(MASTER_KEY_SETTING) or secrets.token_urlsafe(_KEY_BYTES),
        host=(settings.get(FUNCTION_KEY_SETTING) or secrets.token_urlsafe(_KEY_BYTES),),
    )


def from_file(text: str) -> Keys | str:
    """Keys from the real host's own secrets file (host.json of file-based secret storage), or what is wrong with it.

    The file holds `masterKey` and `functionKeys`; each key has `name`, `value` and `encrypted`, which must be false.
    """
    try:
        found = json.loads(text)
        entries = [found["masterKey"], *found["functionKeys"]]
        values = [str(entry["value"]) for entry in entries]
        encrypted = any(entry.get("encrypted", False) for entry in entries)
    except (ValueError, KeyError, TypeError, AttributeError):
        return "not a secrets file: masterKey and functionKeys, each with name and value, are expected"
    if encrypted or not all(values):
        return "a key is encrypted or empty"
    return Keys(master=values[0], host=tuple(values[1:]))
