"""Settings, read from a mapping: every problem at once, no value ever in a message.

What belongs here: names, defaults, and what is wrong with a value. What never does: the environment itself, which only
compose.py knows, or anything built from a setting. The check and the bot are configured apart: a bot without an
identity does not keep the HTTP API from working, and the other way round.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from mailcheck.model.problem import Problems
from mailcheck.settings.bot import BotKind, BotSettings, VaultCertificate, read_bot
from mailcheck.settings.check import CheckSettings, read_check
from mailcheck.settings.reader import Reader

__all__ = ["BotKind", "BotSettings", "CheckSettings", "Settings", "VaultCertificate"]


@dataclass(frozen=True, slots=True)
class Settings:
    """What was read: each half as settings, or as the list of what is wrong with it."""

    check: CheckSettings | Problems
    bot: BotSettings | Problems

    @classmethod
    def read(cls, mapping: Mapping[str, str]) -> "Settings":
        """Reads a mapping such as the environment. Never raises; values are stripped, empty means absent."""
        return cls(read_check(Reader(mapping)), read_bot(Reader(mapping)))
