"""What a scenario is: a named state of the world that a check can meet, with what brings it about."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lab.world import World

type Change = Callable[[World], None]


class Kind(StrEnum):
    """Whose state a scenario is, in the order of a check; the value is the heading that they are listed under."""

    VAULT = "Key Vault, the managed identity, and what the vault holds"
    TENANT = "Entra and the app registration"
    EXCHANGE = "Exchange Online as a whole"


class UnknownScenario(ValueError):  # noqa: N818 - what a person typed, said to that person
    """There is no such scenario; the text says so, and which name is near."""


@dataclass(frozen=True)
class Scenario:
    """One state.

    Attributes:
        name: What it is asked for by, in lower-case words with hyphens.
        kind: Whose state it is.
        purpose: What is the matter, in one sentence, for the people who run the lab.
        enter: Brings a started world into this state: its servers, or the settings that the app is given.
    """

    name: str
    kind: Kind
    purpose: str
    enter: Change

    @property
    def usage(self) -> str:
        """How it is typed."""
        return self.name


@dataclass(frozen=True)
class Family:
    """Scenarios that differ in one value only.

    Attributes:
        name, kind, purpose: As those of a scenario.
        takes: What the value is, such as `NUMBER`.
        change: What a value does; it raises UnknownScenario for one that cannot be.
    """

    name: str
    kind: Kind
    purpose: str
    takes: str
    change: Callable[[str], Change]

    @property
    def usage(self) -> str:
        """How one of them is typed."""
        return f"{self.name}={self.takes}"

    def of(self, value: str) -> Scenario:
        """The one with this value."""
        return Scenario(f"{self.name}={value}", self.kind, self.purpose, self.change(value))
