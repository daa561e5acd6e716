"""A diagnosis explained by itself, without a check: what the guide says of it, for whoever shows it."""

from dataclasses import dataclass
from typing import Literal

type Language = Literal["powershell", "sh"]


@dataclass(frozen=True, slots=True)
class Passage:
    """Lines of a remedy that belong together.

    Attributes:
        language: Of the commands; none: the lines are steps for a person.
        lines: At least one.
    """

    language: Language | None
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ExplainedCause:
    """One cause, with `<names>` in place of the values that a check would know.

    Attributes:
        cause: One sentence.
        likelihood: How likely it is by itself; of one that needs more to be named at all: how likely, and where.
        why: What speaks for it; to go before a full stop.
        fix: What mends it, in order.
    """

    cause: str
    likelihood: str
    why: str
    fix: tuple[Passage, ...]


@dataclass(frozen=True, slots=True)
class Explained:
    """A diagnosis.

    Attributes:
        id: Kebab-case, as reports name it.
        title: One sentence, without a full stop.
        seen: What is seen of it, to go after a colon, with code in backquotes.
        causes: In their order when nothing else is known.
        decisions: What tells the causes apart: pairs of a finding, and what then holds of causes, by their numbers.
        reference: A page to read.
        lab: What to type to see it in the lab, in order; empty where the lab has no state for it.
    """

    id: str
    title: str
    seen: str
    causes: tuple[ExplainedCause, ...]
    decisions: tuple[tuple[str, str], ...]
    reference: str
    lab: tuple[str, ...]
