"""What the lab's Entra and Exchange know: one tenant, its app registrations, and what each app may do.

Ids are fixed: the lab is the same at each start, and its logs can be compared.
"""

import datetime as dt
from dataclasses import dataclass, field

from cryptography import x509

TENANT_ID = "11111111-aaaa-4bbb-8ccc-000000000001"
TENANT_DOMAIN = "contoso.com"
# "Office 365 Exchange Online", by the name that the documentation has apps ask for.
EXCHANGE_RESOURCE = "https://outlook.office365.com"
VAULT_RESOURCE = "https://vault.azure.net"
BOT_RESOURCE = "https://api.botframework.com"
# The name that Microsoft's consent URL for IMAP and POP has; tokens for it have been seen to work.
EXCHANGE_CONSENT_RESOURCE = "https://ps.outlook.com"
# The name of the delegated scopes; a mistake of the field that Entra does not catch.
EXCHANGE_DELEGATED_RESOURCE = "https://outlook.office.com"
GRAPH_RESOURCE = "https://graph.microsoft.com"
RESOURCES = (
    EXCHANGE_RESOURCE,
    EXCHANGE_CONSENT_RESOURCE,
    EXCHANGE_DELEGATED_RESOURCE,
    VAULT_RESOURCE,
    BOT_RESOURCE,
    GRAPH_RESOURCE,
)


@dataclass(frozen=True)
class NationalCloud:
    """What is of another name in a national cloud.

    learn.microsoft.com/entra/identity-platform/authentication-national-cloud, Exchange's endpoint lists, and the page
    about Key Vault's keys, secrets and certificates.

    Attributes:
        login: Entra's host.
        exchange: The resource of its Exchange Online.
        vaults: What its vaults' names end with; also the host of their resource.
    """

    login: str
    exchange: str
    vaults: str


NATIONAL_CLOUDS = {
    "usgov": NationalCloud("login.microsoftonline.us", "https://outlook.office365.us", "vault.usgovcloudapi.net"),
    "usdod": NationalCloud("login.microsoftonline.us", "https://outlook-dod.office365.us", "vault.usgovcloudapi.net"),
    "china": NationalCloud("login.partner.microsoftonline.cn", "https://partner.outlook.cn", "vault.azure.cn"),
}
# The names that Exchange Online's principal answers to, besides the one that its roles are kept under.
_OTHER_NAMES = dict.fromkeys(
    (EXCHANGE_CONSENT_RESOURCE, EXCHANGE_DELEGATED_RESOURCE, *(cloud.exchange for cloud in NATIONAL_CLOUDS.values())),
    EXCHANGE_RESOURCE,
)

MAIL_CLIENT_ID = "22222222-aaaa-4bbb-8ccc-000000000002"
MAIL_PRINCIPAL_ID = "22222222-aaaa-4bbb-8ccc-0000000000ee"
# The object id of the same app's registration, which administrators take for the one above.
MAIL_REGISTRATION_ID = "22222222-aaaa-4bbb-8ccc-0000000000dd"
BOT_CLIENT_ID = "33333333-aaaa-4bbb-8ccc-000000000003"
BOT_PRINCIPAL_ID = "33333333-aaaa-4bbb-8ccc-0000000000ee"
IDENTITY_CLIENT_ID = "44444444-aaaa-4bbb-8ccc-000000000004"
IDENTITY_PRINCIPAL_ID = "44444444-aaaa-4bbb-8ccc-0000000000ee"


@dataclass
class Application:
    """One app registration with its enterprise application (service principal) in the tenant.

    Attributes:
        client_id: Application (client) id.
        principal_id: Object id of the enterprise application: the `oid` of its tokens, what Exchange grants to.
        name: Display name.
        roles: Application roles consented to, by resource: {"https://outlook.office365.com": {"IMAP.AccessAsApp"}}.
        certificates: The certificates uploaded under Certificates & secrets.
        secret: The value of its client secret, if it has one.
        enabled: "Enabled for users to sign-in" of the enterprise application.
        revoked: Those of its certificates that their authority has revoked.
        secret_expires: When that secret expires, UTC; never when absent.
        public_client: "Allow public client flows".
        claims: Claims of its tokens that are not as usual; None leaves one out.
        consented: Whether the tenant has an enterprise application of it at all.
    """

    client_id: str
    principal_id: str
    name: str
    roles: dict[str, set[str]] = field(default_factory=dict)
    certificates: list[x509.Certificate] = field(default_factory=list)
    secret: str | None = field(default=None, repr=False)
    enabled: bool = True
    revoked: list[x509.Certificate] = field(default_factory=list)
    secret_expires: dt.datetime | None = None
    public_client: bool = False
    claims: dict[str, object] = field(default_factory=dict)
    consented: bool = True

    def roles_for(self, resource: str) -> set[str]:
        """The roles consented to for a resource, by whichever of its names; a slash at the end does not count."""
        name = resource.rstrip("/")
        return self.roles.get(_OTHER_NAMES.get(name, name), set())


@dataclass
class Tenant:
    """A directory.

    Attributes:
        id: Directory (tenant) id.
        domain: Its verified domain.
        applications: By client id in lower case.
        disabled_resources: Resources whose enterprise application is switched off in it.
        exchange_audiences: What `aud` of a token for its Exchange Online may be.
    """

    id: str = TENANT_ID
    domain: str = TENANT_DOMAIN
    applications: dict[str, Application] = field(default_factory=dict)
    disabled_resources: set[str] = field(default_factory=set)
    exchange_audiences: tuple[str, ...] = (EXCHANGE_RESOURCE, EXCHANGE_CONSENT_RESOURCE)

    def add(self, application: Application) -> Application:
        """Registers an application and returns it."""
        self.applications[application.client_id.lower()] = application
        return application

    def find(self, client_id: str) -> Application | None:
        """The application with this client id, which has no case."""
        return self.applications.get(client_id.lower())
