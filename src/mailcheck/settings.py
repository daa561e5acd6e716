"""Settings, read from a mapping: every problem at once, no value ever in a message.

Only compose.py knows that the mapping is the environment. The check and the bot are configured apart: a bot without an
identity does not keep the HTTP API from working, and the other way round.
"""

import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from urllib.parse import urlsplit

from mailcheck.model.cloud import CLOUDS, Cloud
from mailcheck.model.problem import SettingProblem
from mailcheck.model.request import App, Endpoint, MailProtocol
from mailcheck.model.secret import Secret

EVERYONE = "*"
_TIMEOUT_RANGE = (1.0, 60.0)
_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_TENANT = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*\.[A-Za-z]{2,}")
_PORT = re.compile(r"[0-9]{1,5}")
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9a-fA-F:]+\]")
_DEFAULT = "/.default"
_SCOPE = re.compile(r"[^\s]+/\.default")
_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}")
_CERTIFICATE_NAME = re.compile(r"[0-9A-Za-z-]{1,127}")
_BOT_METADATA = "https://login.botframework.com/v1/.well-known/openidconfiguration"


_PORTS = {MailProtocol.IMAP: 993, MailProtocol.POP: 995, MailProtocol.SMTP: 587}
_ASKED_BY_DEFAULT = (MailProtocol.IMAP, MailProtocol.POP)


class BotKind(StrEnum):
    """How the bot proves itself to the Bot Framework (`MicrosoftAppType`)."""

    SINGLE_TENANT = "SingleTenant"
    USER_ASSIGNED_MSI = "UserAssignedMSI"


@dataclass(frozen=True, slots=True)
class CheckSettings:
    """Everything a check needs.

    Attributes:
        app: The app registration under test.
        authority: Entra's authority with the tenant, such as `https://login.microsoftonline.com/<tenant>`.
        scope: What the token is asked for.
        resource: The cloud's Exchange Online: the audience that its servers take, whatever the scope asks for.
        endpoints: The server of each protocol.
        protocols: What is checked when the request names none.
        timeout: Seconds for one whole check.
        domains: The only domains that may be checked; empty: any.
        ca_file: Further trust anchors.
        managed_identity: Whether this process has a managed identity endpoint (it runs in Azure).
        identity_client_id: Client id of a user-assigned identity (`AZURE_CLIENT_ID`), or none.
    """

    app: App
    authority: str
    scope: str
    resource: str
    endpoints: Mapping[MailProtocol, Endpoint]
    protocols: tuple[MailProtocol, ...]
    timeout: float
    domains: frozenset[str]
    ca_file: Path | None
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
        authority: Entra's authority for its own token.
        metadata: OpenID document that names the keys which sign Teams' requests.
        operators: Object ids of the people who may use it; `*` for the whole tenant.
        ca_file: Further trust anchors.
    """

    kind: BotKind
    app_id: str
    tenant_id: str
    password: Secret[str] | None
    authority: str
    metadata: str
    operators: frozenset[str]
    ca_file: Path | None


type Problems = tuple[SettingProblem, ...]


@dataclass(frozen=True, slots=True)
class Settings:
    """What was read: each half as settings, or as the list of what is wrong with it."""

    check: CheckSettings | Problems
    bot: BotSettings | Problems

    @classmethod
    def read(cls, mapping: Mapping[str, str]) -> "Settings":
        """Reads a mapping such as the environment. Never raises; values are stripped, empty means absent."""
        return cls(_read_check(_Reader(mapping)), _read_bot(_Reader(mapping)))


class _Reader:
    """Reads names from a mapping and keeps the problems it meets, so that all can be told at once."""

    def __init__(self, mapping: Mapping[str, str]) -> None:
        self._mapping = mapping
        self.problems: list[SettingProblem] = []

    def text(self, name: str, default: str = "") -> str:
        value = self._mapping.get(name, "").strip() or default
        if value.startswith("@Microsoft.KeyVault("):
            self.refuse(
                name, "is a Key Vault reference that the platform did not resolve; look at its status in the portal"
            )
            return default
        return value

    def required(self, name: str, meaning: str) -> str:
        value = self.text(name)
        if not value and not any(problem.name == name for problem in self.problems):
            self.refuse(name, f"is missing: put {meaning} there")
        return value

    def checked(self, name: str, value: str, good: bool, wanted: str) -> str:
        if value and not good:
            self.refuse(name, f"is not {wanted}")
        return value

    def listed(self, name: str) -> tuple[str, ...]:
        return tuple(part for part in re.split(r"[,;\s]+", self.text(name)) if part)

    def refuse(self, name: str, problem: str) -> None:
        self.problems.append(SettingProblem(name, problem))


def _read_check(read: _Reader) -> CheckSettings | Problems:
    tenant = read.required("MAILCHECK_TENANT_ID", "the directory (tenant) id")
    read.checked("MAILCHECK_TENANT_ID", tenant, _is_tenant(tenant), "a GUID or a domain of the tenant")
    client = read.required("MAILCHECK_CLIENT_ID", "the application (client) id of the app under test")
    read.checked("MAILCHECK_CLIENT_ID", client, bool(_GUID.fullmatch(client)), "a GUID")
    vault = read.required("MAILCHECK_VAULT_URL", "the vault's address, such as https://NAME.vault.azure.net").rstrip(
        "/"
    )
    read.checked("MAILCHECK_VAULT_URL", vault, _is_https(vault, path=False), "an https:// address without a path")
    certificate = read.required("MAILCHECK_CERTIFICATE", "the certificate's name in the vault")
    read.checked(
        "MAILCHECK_CERTIFICATE", certificate, bool(_CERTIFICATE_NAME.fullmatch(certificate)),
        "a Key Vault object name (letters, digits and hyphens)",
    )  # fmt: skip
    cloud, authority = _cloud(read, tenant)
    scope = read.text("MAILCHECK_SCOPE", cloud.scope)
    read.checked("MAILCHECK_SCOPE", scope, bool(_SCOPE.fullmatch(scope)), f"one resource followed by {_DEFAULT}")
    settings = CheckSettings(
        app=App(tenant, client, vault, certificate),
        authority=authority,
        scope=scope,
        resource=cloud.scope.removesuffix(_DEFAULT),
        endpoints=MappingProxyType({protocol: _endpoint(read, protocol, cloud) for protocol in MailProtocol}),
        protocols=_protocols(read),
        timeout=_timeout(read),
        domains=_domains(read),
        ca_file=_ca_file(read),
        managed_identity=bool(read.text("IDENTITY_ENDPOINT")),
        identity_client_id=read.text("AZURE_CLIENT_ID") or None,
    )
    return tuple(read.problems) or settings


def _read_bot(read: _Reader) -> BotSettings | Problems:
    kinds = " or ".join(BotKind)
    kind = read.required("MicrosoftAppType", kinds)
    read.checked("MicrosoftAppType", kind, kind in tuple(BotKind), kinds)
    app_id = read.required("MicrosoftAppId", "the bot's application (client) id")
    read.checked("MicrosoftAppId", app_id, bool(_GUID.fullmatch(app_id)), "a GUID")
    tenant = read.required("MicrosoftAppTenantId", "the id of the tenant whose people may talk to the bot")
    read.checked("MicrosoftAppTenantId", tenant, bool(_GUID.fullmatch(tenant)), "a GUID")
    password = ""
    if kind == BotKind.SINGLE_TENANT:
        password = read.required("MicrosoftAppPassword", "the value of a client secret of the bot's app registration")
    metadata = read.text("MAILCHECK_BOT_METADATA", _BOT_METADATA)
    read.checked(
        "MAILCHECK_BOT_METADATA", metadata, _is_https(metadata) or _is_loopback(metadata),
        "an https:// address (http:// is taken for loopback only)",
    )  # fmt: skip
    operators = frozenset(operator.lower() for operator in read.listed("MAILCHECK_OPERATORS"))
    strangers = [operator for operator in operators if operator != EVERYONE and not _GUID.fullmatch(operator)]
    read.checked("MAILCHECK_OPERATORS", "set", not strangers, "a list of Entra object ids, or *")
    cloud, authority = _cloud(read, tenant)
    if cloud is not CLOUDS["public"]:
        read.refuse("MAILCHECK_CLOUD", "is not public, and the bot speaks to the public Bot Framework only")
    ca_file = _ca_file(read)
    if read.problems:
        return tuple(read.problems)
    secret = Secret(password) if password else None
    return BotSettings(BotKind(kind), app_id, tenant, secret, authority, metadata, operators, ca_file)


def _cloud(read: _Reader, tenant: str) -> tuple[Cloud, str]:
    name = read.text("MAILCHECK_CLOUD", "public").lower()
    read.checked("MAILCHECK_CLOUD", name, name in CLOUDS, "one of " + ", ".join(CLOUDS))
    cloud = CLOUDS.get(name, CLOUDS["public"])
    override = read.text("MAILCHECK_AUTHORITY").rstrip("/")
    read.checked(
        "MAILCHECK_AUTHORITY", override, _is_https(override, path=False), "an https:// address without a tenant"
    )
    return cloud, f"{override or cloud.authority}/{tenant}"


def _endpoint(read: _Reader, protocol: MailProtocol, cloud: Cloud) -> Endpoint:
    home = Endpoint(cloud.smtp_host if protocol is MailProtocol.SMTP else cloud.mail_host, _PORTS[protocol])
    name = f"MAILCHECK_{protocol.name}"
    host, _, port = read.text(name, str(home)).rpartition(":")
    good = bool(_HOST.fullmatch(host) and _PORT.fullmatch(port)) and 0 < int(port) < 2**16
    read.checked(name, "set", good, f"host:port, such as {home}")
    return Endpoint(host.strip("[]"), int(port)) if good else home


def _protocols(read: _Reader) -> tuple[MailProtocol, ...]:
    asked = [name.lower() for name in read.listed("MAILCHECK_PROTOCOLS")]
    known = tuple(protocol for protocol in MailProtocol if protocol in asked)
    good = len(known) == len(set(asked))
    read.checked("MAILCHECK_PROTOCOLS", "set", good, "a list out of " + ", ".join(MailProtocol))
    return known or _ASKED_BY_DEFAULT


def _domains(read: _Reader) -> frozenset[str]:
    name = "MAILCHECK_DOMAINS"
    text = read.text(name)
    domains = [domain.lower().removeprefix("@") for domain in read.listed(name)]
    # A fence that cannot be read must not be taken for no fence.
    good = bool(domains) and all(_DOMAIN.fullmatch(domain) for domain in domains)
    read.checked(name, text, good, "a list of domains, such as contoso.com, fabrikam.com")
    return frozenset(domains)


def _timeout(read: _Reader) -> float:
    low, high = _TIMEOUT_RANGE
    text = read.text("MAILCHECK_TIMEOUT", "10")
    value = float(text) if re.fullmatch(r"\d{1,6}(\.\d{1,6})?", text, re.ASCII) else 0.0
    read.checked("MAILCHECK_TIMEOUT", text, low <= value <= high, f"a number of seconds from {low:.0f} to {high:.0f}")
    return value


def _ca_file(read: _Reader) -> Path | None:
    text = read.text("MAILCHECK_CA_FILE")
    if not text:
        return None
    path = Path(text)
    read.checked("MAILCHECK_CA_FILE", text, _has_anchors(path), "a readable PEM file with certificates in it")
    return path


def _has_anchors(path: Path) -> bool:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=path)
    except (OSError, ValueError):  # ssl.SSLError is an OSError; ValueError: a NUL in the path
        return False
    return True


def _is_tenant(value: str) -> bool:
    return bool(_GUID.fullmatch(value) or _TENANT.fullmatch(value))


def _is_https(value: str, *, path: bool = True) -> bool:
    return _is_address(value, "https", path=path)


def _is_loopback(value: str) -> bool:
    return _is_address(value, "http") and urlsplit(value).hostname in {"127.0.0.1", "::1", "localhost"}


def _is_address(value: str, scheme: str, *, path: bool = True) -> bool:
    try:
        parts = urlsplit(value)
        host, port = parts.hostname, parts.port
    except ValueError:
        return False
    plain = not (parts.query or parts.fragment or parts.username or parts.password)
    return parts.scheme == scheme and bool(host) and port != 0 and plain and (path or parts.path in {"", "/"})
