"""States of the vault and of the managed identity: what stands between the app and its credential."""

from typing import TYPE_CHECKING

from lab.denial import Denial
from lab.planned import Page
from lab.scenario import Change, Kind, Scenario
from lab.tenant import BOT_CLIENT_ID, IDENTITY_PRINCIPAL_ID

if TYPE_CHECKING:
    from lab.world import World

_ANOTHER_TENANT = "99999999-aaaa-4bbb-8ccc-000000000009"
_UNASSIGNED = "99999999-aaaa-4bbb-8ccc-0000000000aa"
_NOWHERE = "https://mailcheck-lab.vault.invalid"  # RFC 6761 section 6.4: no such name, anywhere
_NO_IDENTITY: dict[str, str | None] = {
    "IDENTITY_ENDPOINT": None,
    "IDENTITY_HEADER": None,
    # Of the developer's credentials, only those that belong to machines; and in place of a virtual machine's metadata
    # service, which is at a fixed address beyond loopback, a port where nobody listens.
    "AZURE_TOKEN_CREDENTIALS": "prod",
    "AZURE_POD_IDENTITY_AUTHORITY_HOST": "http://127.0.0.1:9",
}


def _denied(denial: Denial) -> Change:
    return lambda world: world.vault.deny(denial)


def _not_granted(*, by_roles: bool) -> Change:
    def enter(world: "World") -> None:
        world.vault.by_roles = by_roles
        world.vault.revoke(IDENTITY_PRINCIPAL_ID)

    return enter


def _failing(status: int, title: str, *, always: bool) -> Change:
    page = Page(status, title)
    return lambda world: world.vault.planned.always(page) if always else world.vault.planned.once(page)


def _of_another_tenant(world: "World") -> None:
    world.vault.tenant_id = _ANOTHER_TENANT


def _wrong_audience(world: "World") -> None:
    world.identity.audience = f"{world.vault.resource}/"


def _headers_lost(world: "World") -> None:
    world.vault.headers_lost = True


def _elsewhere(world: "World") -> None:
    world.configured["MAILCHECK_VAULT_URL"] = world.vault.url.replace("127.0.0.1", "localhost")


def _unknown_name(world: "World") -> None:
    world.configured["MAILCHECK_VAULT_URL"] = _NOWHERE


def _no_identity(world: "World") -> None:
    world.configured |= _NO_IDENTITY


def _not_assigned(world: "World") -> None:
    world.configured["AZURE_CLIENT_ID"] = _UNASSIGNED


def _user_assigned_only(world: "World") -> None:
    world.identity.system_assigned = None


def _by_user_assigned(world: "World") -> None:
    world.configured["AZURE_CLIENT_ID"] = BOT_CLIENT_ID


def _starting(world: "World") -> None:
    world.identity.planned.once(Page(502, "Bad Gateway"))


def _identity_down(world: "World") -> None:
    world.identity.planned.always(Page(504, "Gateway Timeout"))


def _row(name: str, purpose: str, enter: Change) -> Scenario:
    return Scenario(name, Kind.VAULT, purpose, enter)


VAULT_STATES = (
    _row("identity-none", "The Function App has no managed identity, and nobody is signed in.", _no_identity),
    _row("identity-not-assigned", "AZURE_CLIENT_ID names an identity that the app does not have.", _not_assigned),
    _row(
        "identity-user-assigned-only",
        "The app has a user-assigned identity only, and AZURE_CLIENT_ID is not set.",
        _user_assigned_only,
    ),
    _row(
        "identity-not-granted",
        "AZURE_CLIENT_ID names an identity that the app has, and that may not read the vault.",
        _by_user_assigned,
    ),
    _row("identity-starting", "The identity endpoint answers 502 once, then works: healthy.", _starting),
    _row("identity-down", "The identity endpoint answers 504, again and again.", _identity_down),
    _row("vault-role-missing", "The identity has no role in the vault.", _not_granted(by_roles=True)),
    _row("vault-policy-missing", "The vault has no access policy for the identity.", _not_granted(by_roles=False)),
    _row("vault-firewall", "The vault's firewall does not let the client's address in.", _denied(Denial.FIREWALL)),
    _row("vault-private", "The vault is closed to the public network.", _denied(Denial.CONNECTION)),
    _row("vault-throttled", "The vault answers 429 and names the time to wait.", _denied(Denial.THROTTLED)),
    _row(
        "vault-error-once",
        "The vault answers 500 once, then works: healthy.",
        _failing(500, "Internal Server Error", always=False),
    ),
    _row("vault-error", "The vault answers 500, again and again.", _failing(500, "Internal Server Error", always=True)),
    _row(
        "vault-busy-once",
        "The vault answers 503 once, then works: healthy.",
        _failing(503, "Service Unavailable", always=False),
    ),
    _row("vault-busy", "The vault answers 503, again and again.", _failing(503, "Service Unavailable", always=True)),
    _row("vault-other-tenant", "The vault belongs to another tenant than the identity.", _of_another_tenant),
    _row("vault-wrong-audience", "The identity's token is for another resource than the vault.", _wrong_audience),
    _row("vault-no-token", "Something on the way takes the token off the vault's requests.", _headers_lost),
    _row("vault-challenge", "The vault's address answers for a service of another domain.", _elsewhere),
    _row("vault-page", "A page for people comes back in place of the secret.", _failing(200, "Sign in", always=True)),
    _row("vault-unknown", "DNS has no vault of that name.", _unknown_name),
)
