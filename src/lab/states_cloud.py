"""National clouds: Entra, the vault and Exchange by the names that they have there, reached through a proxy."""

from typing import TYPE_CHECKING

from lab.scenario import Kind, Scenario
from lab.tenant import EXCHANGE_RESOURCE, NATIONAL_CLOUDS, VAULT_RESOURCE

if TYPE_CHECKING:
    from lab.world import World

_VAULT = "mailcheck-lab"
_PUBLIC = {EXCHANGE_RESOURCE, VAULT_RESOURCE}


def _enter(name: str, world: "World") -> None:
    """The tenant, its vault and its mailboxes are in this cloud, and the app is told no more than its name."""
    cloud = NATIONAL_CLOUDS[name]
    world.entra.known_resources.difference_update(_PUBLIC)
    world.entra.known_as = cloud.login
    world.vault.known_as = f"{_VAULT}.{cloud.vaults}"
    world.entra.known_resources.update((cloud.exchange, world.vault.resource))
    world.tenant.exchange_audiences = (cloud.exchange,)
    world.names.names |= {world.entra.known_as: world.entra.port, world.vault.known_as: world.vault.port}
    world.configured |= {
        "MAILCHECK_CLOUD": name,
        "MAILCHECK_AUTHORITY": None,
        "HTTPS_PROXY": world.names.url,
        "NO_PROXY": "localhost,127.0.0.1",
    }


def _row(name: str, where: str) -> Scenario:
    purpose = f"Tenant, vault and mailboxes are in {where}: healthy; the bot is for the public cloud."
    return Scenario(f"cloud-{name}", Kind.TENANT, purpose, lambda world: _enter(name, world))


CLOUD_STATES = (
    _row("usgov", "GCC High"),
    _row("usdod", "the cloud of the DoD"),
    _row("china", "the cloud of 21Vianet"),
)
