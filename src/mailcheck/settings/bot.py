"""The half of the settings that the bot needs: its own identity, and whom it answers."""

import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from mailcheck.model.cloud import PUBLIC
from mailcheck.model.plain_url import is_loopback
from mailcheck.model.problem import Problems
from mailcheck.model.request import EVERYONE
from mailcheck.model.secret import Secret
from mailcheck.settings.reader import (
    GUID,
    Reader,
    is_https,
    read_ca_file,
    read_cloud,
    read_identity,
    read_vault,
    read_vault_object,
)

_BOT_METADATA = "https://login.botframework.com/v1/.well-known/openidconfiguration"
# Azure sets the one on all plans, and the other where App Service is below; nothing that runs on a workstation does.
# Functions on Flex Consumption, and on Linux Consumption, have no WEBSITE_INSTANCE_ID.
_IN_AZURE = ("WEBSITE_SITE_NAME", "WEBSITE_INSTANCE_ID")
# A name with a dot in it, whose last label is no number: neither an IP address nor `*`.
_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]", re.IGNORECASE)


class BotKind(StrEnum):
    """How the bot proves itself to the Bot Framework (`MicrosoftAppType`)."""

    SINGLE_TENANT = "SingleTenant"
    USER_ASSIGNED_MSI = "UserAssignedMSI"


@dataclass(frozen=True, slots=True)
class VaultCertificate:
    """Where the bot's certificate is, and as whom it is read.

    Attributes:
        vault_url: The vault.
        name: The certificate's name in it.
        managed_identity: Whether this process has a managed identity endpoint (it runs in Azure).
        identity_client_id: Client id of a user-assigned identity, or none.
    """

    vault_url: str
    name: str
    managed_identity: bool
    identity_client_id: str | None


@dataclass(frozen=True, slots=True)
class BotSettings:
    """The bot's own identity, and whom it answers.

    Attributes:
        kind: SingleTenant or UserAssignedMSI.
        app_id: Its application (client) id: the audience of every request from Teams.
        tenant_id: The only tenant it talks to.
        password: Client secret, for SingleTenant.
        certificate: The same bot's certificate, in place of a secret.
        authority: Entra's authority for its own token.
        metadata: OpenID document that names the keys which sign Teams' requests.
        service_hosts: Hosts of Teams' connector besides the known ones.
        operators: Object ids of the people who may use it; `*` for the whole tenant.
        ca_file: Further trust anchors.
    """

    kind: BotKind
    app_id: str
    tenant_id: str
    password: Secret[str] | None
    certificate: VaultCertificate | None
    authority: str
    metadata: str
    service_hosts: frozenset[str]
    operators: frozenset[str]
    ca_file: Path | None


def read_bot(read: Reader) -> BotSettings | Problems:
    """The bot's settings, or all that is wrong with them."""
    kinds = " or ".join(BotKind)
    kind = read.required("MicrosoftAppType", kinds)
    read.checked("MicrosoftAppType", kind, kind in tuple(BotKind), kinds)
    app_id = read.required("MicrosoftAppId", "the bot's application (client) id")
    read.checked("MicrosoftAppId", app_id, bool(GUID.fullmatch(app_id)), "a GUID")
    tenant = read.required("MicrosoftAppTenantId", "the id of the tenant whose people may talk to the bot")
    read.checked("MicrosoftAppTenantId", tenant, bool(GUID.fullmatch(tenant)), "a GUID")
    password, certificate = _proof(read) if kind == BotKind.SINGLE_TENANT else (None, None)
    metadata, hosts, operators = _metadata(read), _service_hosts(read), _operators(read)
    cloud, authority = read_cloud(read, tenant)
    if cloud is not PUBLIC:
        read.refuse("MAILCHECK_CLOUD", "is not public, and the bot speaks to the public Bot Framework only")
    ca_file = read_ca_file(read)
    if read.problems:
        return tuple(read.problems)
    return BotSettings(
        kind=BotKind(kind),
        app_id=app_id,
        tenant_id=tenant,
        password=password,
        certificate=certificate,
        authority=authority,
        metadata=metadata,
        service_hosts=hosts,
        operators=operators,
        ca_file=ca_file,
    )


def _proof(read: Reader) -> tuple[Secret[str] | None, VaultCertificate | None]:
    """What a bot of the tenant proves itself by: a client secret or a certificate, and never both."""
    by_secret, by_certificate = "MicrosoftAppPassword", "MAILCHECK_BOT_CERTIFICATE"
    if read.text(by_certificate):
        if read.text(by_secret):
            for one, other in ((by_secret, by_certificate), (by_certificate, by_secret)):
                read.refuse(one, f"is set, and so is {other}: the bot signs in by one of them; remove the other")
        name = read_vault_object(read, by_certificate, "the name of the bot's certificate in the vault")
        return None, VaultCertificate(read_vault(read), name, *read_identity(read))
    password = read.required(by_secret, f"a client secret's value (or, in {by_certificate}, a certificate's name)")
    return (Secret(password) if password else None), None


def _metadata(read: Reader) -> str:
    name = "MAILCHECK_BOT_METADATA"
    address = read.text(name, _BOT_METADATA)
    good = is_https(address) or is_loopback(address)
    read.checked(name, address, good, "an https:// address (http:// is taken for loopback only)")
    if is_loopback(address) and any(map(read.text, _IN_AZURE)):
        read.refuse(name, "is on this machine, and Azure is no place for a lab that signs requests")
    return address


def _service_hosts(read: Reader) -> frozenset[str]:
    name = "MAILCHECK_BOT_SERVICE_HOSTS"
    hosts = read.listed(name)
    if not all(_HOST.fullmatch(host) for host in hosts):
        read.refuse(name, "is not a list of whole host names, such as smba.example.com")
    return frozenset(hosts)


def _operators(read: Reader) -> frozenset[str]:
    name = "MAILCHECK_OPERATORS"
    operators = [operator.lower() for operator in read.listed(name)]
    if not all(operator == EVERYONE or GUID.fullmatch(operator) for operator in operators):
        read.refuse(name, "is not a list of Entra object ids, or *")
    return frozenset(operators)
