"""docs/scenarios.md, written from the tables of the lab; `make docs` puts it there."""

from collections.abc import Iterable, Iterator

from lab.exchange.standard import scenarios
from lab.scenarios import listing
from lab.tenant import TENANT_DOMAIN

_INTRODUCTION = """\
# What the lab can be asked for

The lab is Microsoft's side of a check on this machine: Entra, Key Vault, the managed identity, Exchange and Teams. In
it everything that a check can meet has a name. This page is written from its tables (`make docs`); `python -m lab
--scenarios` prints them, too. What a check says of each of them is in [the guide of all diagnoses](diagnoses.md).
"""
_MAILBOXES = f"""\
## Mailboxes

Each address of `{TENANT_DOMAIN}` is a scenario; it is there in every run, and in each of the states further down. Ask
the bot for it, or `python -m mailcheck check ADDRESS`. What is said of one protocol holds for that one.
"""
_STATES = """\
## States of the world

What goes wrong before a mailbox is opened, or for all mailboxes. The lab starts in one of them with `--scenario NAME`,
such as `python -m lab chat --scenario vault-firewall`.
"""


def markdown() -> str:
    """The page."""
    parts = [_INTRODUCTION, _MAILBOXES, _table("mailbox", scenarios(TENANT_DOMAIN)), _STATES]
    for heading, rows in listing():
        parts += [f"### {heading}\n", _table("scenario", rows)]
    return "\n".join(parts)


def _table(title: str, rows: Iterable[tuple[str, str]]) -> str:
    return "".join(f"{line}\n" for line in _lines(title, rows))


def _lines(title: str, rows: Iterable[tuple[str, str]]) -> Iterator[str]:
    yield f"| {title} | what is the matter |"
    yield "|---|---|"
    for name, purpose in rows:
        yield f"| `{name}` | {purpose} |"
