"""What can be asked of the bot, by a message (`said.py`) or by a button (`pressed.py`)."""

from dataclasses import dataclass
from typing import Final

from mailcheck.model.request import Mailbox, MailProtocol

MAILBOX_LIMIT: Final = 10  # mailboxes of one request: each is a whole check, and a row of the card


@dataclass(frozen=True, slots=True)
class Refused:
    """What was written as an address and is not checked, shortened; `reason` follows it in a sentence."""

    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class Check:
    """Check these mailboxes: at least one, at most `MAILBOX_LIMIT`, each once, in the order they were named.

    Attributes:
        mailboxes: What to check.
        protocols: How, each once; none: by those that are set for the app.
        refused: What was written beside them and cannot be checked.
    """

    mailboxes: tuple[Mailbox, ...]
    protocols: tuple[MailProtocol, ...] = ()
    refused: tuple[Refused, ...] = ()


@dataclass(frozen=True, slots=True)
class Help:
    """Show how to ask; `note` says what was wrong with what was asked, and may be empty."""

    note: str = ""


@dataclass(frozen=True, slots=True)
class Explain:
    """Explain this diagnosis: an id that the catalogue has."""

    diagnosis_id: str


@dataclass(frozen=True, slots=True)
class WhoAmI:
    """Tell the asker who they are to the bot: what an administrator needs to let them in."""


@dataclass(frozen=True, slots=True)
class Status:
    """Tell how the app is: its configuration, how long its certificate lasts, its versions."""


@dataclass(frozen=True, slots=True)
class Thanks:
    """Nothing is asked for: somebody says thanks."""


type Intent = Check | Help | Explain | WhoAmI | Status | Thanks
