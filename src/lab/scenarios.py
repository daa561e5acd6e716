"""The named states that the world can be put into, beside its mailboxes: one table, by which everything finds them."""

import difflib
from collections.abc import Iterator

from lab.scenario import Family, Kind, Scenario, UnknownScenario
from lab.states_cloud import CLOUD_STATES
from lab.states_credential import CREDENTIAL_STATES
from lab.states_exchange import EXCHANGE_STATES
from lab.states_tenant import TENANT_STATES
from lab.states_vault import VAULT_STATES

SCENARIOS: tuple[Scenario | Family, ...] = (
    *VAULT_STATES,
    *CREDENTIAL_STATES,
    *TENANT_STATES,
    *CLOUD_STATES,
    *EXCHANGE_STATES,
)
_BY_NAME = {row.name: row for row in SCENARIOS}


def find(text: str) -> Scenario:
    """The scenario that is asked for so: `vault-firewall`, `entra-answers=53003`.

    Raises:
        UnknownScenario: There is none; the text of it names the nearest.
    """
    name, equals, value = text.strip().lower().partition("=")
    row = _BY_NAME.get(name)
    match row:
        case None:
            near = difflib.get_close_matches(name, _BY_NAME, n=1, cutoff=0.0)[0]
            raise UnknownScenario(f"there is no scenario {text!r}; the nearest is {_BY_NAME[near].usage}")
        case Family() if value:
            return row.of(value)
        case Scenario() if not equals:
            return row
        case _:
            raise UnknownScenario(f"the scenario {name} is asked for as {row.usage}")


def listing() -> Iterator[tuple[str, tuple[tuple[str, str], ...]]]:
    """Headings with rows of (name, purpose) for people, in the order of a check."""
    for kind in Kind:
        rows = tuple((row.usage, row.purpose) for row in SCENARIOS if row.kind is kind)
        if rows:
            yield kind.value, rows
