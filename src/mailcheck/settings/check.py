"""The half of the settings that a check needs."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from mailcheck.model.cloud import Cloud
from mailcheck.model.problem import Problems
from mailcheck.model.request import App, CredentialKind, Endpoint, InvalidAddress, Mailbox, MailProtocol
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

_TIMEOUT_RANGE = (1.0, 60.0)
_TENANT = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*\.[A-Za-z]{2,}")
_PORT = re.compile(r"[0-9]{1,5}")
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9a-fA-F:]+\]")
_DEFAULT = "/.default"
_SCOPE = re.compile(r"[^\s]+/\.default")
_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}")
_PORTS = {MailProtocol.IMAP: 993, MailProtocol.POP: 995, MailProtocol.SMTP: 587}
_OBJECTS = {
    CredentialKind.CERTIFICATE: ("MAILCHECK_CERTIFICATE", "the certificate's name in the vault"),
    CredentialKind.SECRET: ("MAILCHECK_SECRET", "the name that the client secret has in the vault"),
}
_ASKED_BY_DEFAULT = (MailProtocol.IMAP, MailProtocol.POP)


@dataclass(frozen=True, slots=True)
class CheckSettings:
    """Everything a check needs.

    Attributes:
        app: The app registration under test.
        authority: Entra's authority with the tenant, such as `https://login.microsoftonline.com/<tenant>`.
        scope: What the token is asked for.
        cloud: The Microsoft cloud; its Exchange Online is the audience, whatever the scope asks for.
        endpoints: The server of each protocol.
        protocols: What is checked when the request names none.
        timeout: Seconds for one whole check.
        domains: The only domains that may be checked; empty: any.
        canary: A mailbox that is known to open, or none.
        guide: Address at which docs/diagnoses.md can be read, or none.
        ca_file: Further trust anchors.
        managed_identity: Whether this process has a managed identity endpoint (it runs in Azure).
        identity_client_id: Client id of a user-assigned identity (`AZURE_CLIENT_ID`), or none.
    """

    app: App
    authority: str
    scope: str
    cloud: Cloud
    endpoints: Mapping[MailProtocol, Endpoint]
    protocols: tuple[MailProtocol, ...]
    timeout: float
    domains: frozenset[str]
    canary: Mailbox | None
    guide: str
    ca_file: Path | None
    managed_identity: bool
    identity_client_id: str | None


def read_check(read: Reader) -> CheckSettings | Problems:
    """The check's settings, or all that is wrong with them."""
    tenant = read.required("MAILCHECK_TENANT_ID", "the directory (tenant) id")
    read.checked("MAILCHECK_TENANT_ID", tenant, _is_tenant(tenant), "a GUID or a domain of the tenant")
    client = read.required("MAILCHECK_CLIENT_ID", "the application (client) id of the app under test")
    read.checked("MAILCHECK_CLIENT_ID", client, bool(GUID.fullmatch(client)), "a GUID")
    vault = read_vault(read)
    kind, name = _credential(read)
    cloud, authority = read_cloud(read, tenant)
    scope = read.text("MAILCHECK_SCOPE", cloud.scope)
    read.checked("MAILCHECK_SCOPE", scope, bool(_SCOPE.fullmatch(scope)), f"one resource followed by {_DEFAULT}")
    guide = read.text("MAILCHECK_GUIDE_URL")
    read.checked("MAILCHECK_GUIDE_URL", guide, is_https(guide), "an https:// address without a query or a fragment")
    managed, identity = read_identity(read)
    settings = CheckSettings(
        app=App(tenant, client, vault, name, kind),
        authority=authority,
        scope=scope,
        cloud=cloud,
        endpoints=MappingProxyType({protocol: _endpoint(read, protocol, cloud) for protocol in MailProtocol}),
        protocols=_protocols(read),
        timeout=_timeout(read),
        domains=_domains(read),
        canary=_canary(read),
        guide=guide,
        ca_file=read_ca_file(read),
        managed_identity=managed,
        identity_client_id=identity,
    )
    return tuple(read.problems) or settings


def _credential(read: Reader) -> tuple[CredentialKind, str]:
    """What the app signs in with, and the name that it has in the vault."""
    setting = "MAILCHECK_CREDENTIAL"
    said = read.text(setting, CredentialKind.CERTIFICATE).lower()
    read.checked(setting, said, said in tuple(CredentialKind), " or ".join(CredentialKind))
    kind = CredentialKind(said) if said in tuple(CredentialKind) else CredentialKind.CERTIFICATE
    name, meaning = _OBJECTS[kind]
    return kind, read_vault_object(read, name, meaning)


def _canary(read: Reader) -> Mailbox | None:
    name = "MAILCHECK_CANARY"
    text = read.text(name)
    if not text:
        return None
    parsed = Mailbox.parse(text)
    if isinstance(parsed, InvalidAddress):
        read.refuse(name, f"is not a mailbox address: {parsed.reason}")
        return None
    return parsed


def _endpoint(read: Reader, protocol: MailProtocol, cloud: Cloud) -> Endpoint:
    home = Endpoint(cloud.smtp_host if protocol is MailProtocol.SMTP else cloud.mail_host, _PORTS[protocol])
    name = f"MAILCHECK_{protocol.name}"
    host, _, port = read.text(name, str(home)).rpartition(":")
    if _HOST.fullmatch(host) and _PORT.fullmatch(port) and 0 < int(port) < 2**16:
        return Endpoint(host.strip("[]"), int(port))
    read.refuse(name, f"is not host:port, such as {home}")
    return home


def _protocols(read: Reader) -> tuple[MailProtocol, ...]:
    name = "MAILCHECK_PROTOCOLS"
    asked = {protocol.lower() for protocol in read.listed(name)}
    known = tuple(protocol for protocol in MailProtocol if protocol in asked)
    if len(known) < len(asked):
        read.refuse(name, f"is not a list out of {', '.join(MailProtocol)}")
    return known or _ASKED_BY_DEFAULT


def _domains(read: Reader) -> frozenset[str]:
    name = "MAILCHECK_DOMAINS"
    text = read.text(name)
    domains = [domain.lower().removeprefix("@") for domain in read.listed(name)]
    # A fence that cannot be read must not be taken for no fence.
    good = bool(domains) and all(_DOMAIN.fullmatch(domain) for domain in domains)
    read.checked(name, text, good, "a list of domains, such as contoso.com, fabrikam.com")
    return frozenset(domains)


def _timeout(read: Reader) -> float:
    low, high = _TIMEOUT_RANGE
    text = read.text("MAILCHECK_TIMEOUT", "10")
    value = float(text) if re.fullmatch(r"\d{1,6}(\.\d{1,6})?", text, re.ASCII) else 0.0
    read.checked("MAILCHECK_TIMEOUT", text, low <= value <= high, f"a number of seconds from {low:.0f} to {high:.0f}")
    return value


def _is_tenant(value: str) -> bool:
    return bool(GUID.fullmatch(value) or _TENANT.fullmatch(value))
