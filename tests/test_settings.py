"""Settings: defaults, every problem at once, and never a value in a message."""

import datetime as dt
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.pki import Authority
from mailcheck.model.request import CredentialKind, Endpoint, Mailbox, MailProtocol
from mailcheck.settings import BotKind, BotSettings, CheckSettings, Settings, VaultCertificate

TENANT = "11111111-2222-4333-8444-555555555555"
CLIENT = "22222222-3333-4444-8555-666666666666"
CHECK = {
    "MAILCHECK_TENANT_ID": TENANT,
    "MAILCHECK_CLIENT_ID": CLIENT,
    "MAILCHECK_VAULT_URL": "https://kv.vault.azure.net/",
    "MAILCHECK_CERTIFICATE": "mailcheck",
}
BOT = {
    "MicrosoftAppType": "SingleTenant",
    "MicrosoftAppId": CLIENT,
    "MicrosoftAppTenantId": TENANT,
    "MicrosoftAppPassword": "planted-password",
}


def check(more: Mapping[str, str] | None = None) -> CheckSettings:
    """The check's settings, which must be right."""
    settings = Settings.read({**CHECK, **(more or {})}).check
    assert isinstance(settings, CheckSettings), settings
    return settings


def bot(more: Mapping[str, str] | None = None) -> BotSettings:
    """The bot's settings, which must be right."""
    settings = Settings.read({**BOT, **(more or {})}).bot
    assert isinstance(settings, BotSettings), settings
    return settings


def problems(half: object) -> dict[str, str]:
    """What is wrong with one half, by setting."""
    assert isinstance(half, tuple)
    return {one.name: one.problem for one in half}


def test_four_settings_are_enough() -> None:
    """Everything else has the default of the public cloud."""
    settings = check()
    assert settings.authority == f"https://login.microsoftonline.com/{TENANT}"
    assert settings.scope == "https://outlook.office365.com/.default"
    assert settings.endpoints[MailProtocol.IMAP] == Endpoint("outlook.office365.com", 993)
    assert settings.endpoints[MailProtocol.POP] == Endpoint("outlook.office365.com", 995)
    assert settings.app.vault_url == "https://kv.vault.azure.net"
    assert settings.endpoints[MailProtocol.SMTP] == Endpoint("smtp.office365.com", 587)
    assert settings.protocols == (MailProtocol.IMAP, MailProtocol.POP)
    assert settings.timeout == 10
    assert settings.domains == frozenset()
    assert not settings.managed_identity


def test_the_vaults_address_has_no_case() -> None:
    """Commands name the vault by what stands in it, so it is kept in one form."""
    assert check({"MAILCHECK_VAULT_URL": "HTTPS://KV.vault.azure.net/"}).app.vault_url == "https://kv.vault.azure.net"


def test_a_client_secret_takes_the_place_of_the_certificate() -> None:
    """With MAILCHECK_CREDENTIAL=secret the vault's object is named by MAILCHECK_SECRET; no certificate is needed."""
    settings = check({"MAILCHECK_CREDENTIAL": "Secret", "MAILCHECK_SECRET": "app-secret", "MAILCHECK_CERTIFICATE": ""})
    assert (settings.app.credential, settings.app.vault_object) == (CredentialKind.SECRET, "app-secret")
    assert check().app.credential is CredentialKind.CERTIFICATE
    found = problems(Settings.read({**CHECK, "MAILCHECK_CREDENTIAL": "secret"}).check)
    assert found == {"MAILCHECK_SECRET": "is missing: put the name that the client secret has in the vault there"}


def test_the_guide_has_an_address_or_none() -> None:
    """MAILCHECK_GUIDE_URL is where links lead to, and has to be https."""
    assert check().guide == ""
    assert check({"MAILCHECK_GUIDE_URL": "https://wiki.contoso.com/mail"}).guide == "https://wiki.contoso.com/mail"
    assert list(problems(Settings.read({**CHECK, "MAILCHECK_GUIDE_URL": "http://wiki"}).check)) == [
        "MAILCHECK_GUIDE_URL"
    ]


def test_a_canary_is_a_mailbox() -> None:
    """MAILCHECK_CANARY is parsed as any address is, and none where it is not set."""
    assert check().canary is None
    assert check({"MAILCHECK_CANARY": "canary@Contoso.com"}).canary == Mailbox("canary@contoso.com")


@pytest.mark.parametrize(
    "cloud, authority, mail",
    [
        ("usgov", "https://login.microsoftonline.us", "outlook.office365.us"),
        ("usdod", "https://login.microsoftonline.us", "outlook-dod.office365.us"),
        ("china", "https://login.partner.microsoftonline.cn", "partner.outlook.cn"),
    ],
)
def test_a_cloud_sets_all_addresses(cloud: str, authority: str, mail: str) -> None:
    """MAILCHECK_CLOUD changes authority, scope and servers together."""
    settings = check({"MAILCHECK_CLOUD": cloud})
    assert settings.authority == f"{authority}/{TENANT}"
    assert settings.scope == f"https://{mail}/.default"
    assert settings.endpoints[MailProtocol.IMAP].host == mail


def test_overrides_are_taken(tmp_path: Path) -> None:
    """Each address can be replaced, lists take commas and spaces."""
    anchors = tmp_path / "ca.pem"
    anchors.write_bytes(Authority(dt.datetime.now(dt.UTC)).pem)
    settings = check(
        {
            "MAILCHECK_AUTHORITY": "https://localhost:8443",
            "MAILCHECK_SCOPE": "https://x.example/.default",
            "MAILCHECK_IMAP": "127.0.0.1:10993",
            "MAILCHECK_POP": "[::1]:10995",
            "MAILCHECK_PROTOCOLS": "POP",
            "MAILCHECK_TIMEOUT": "2.5",
            "MAILCHECK_DOMAINS": "Contoso.com, @fabrikam.com",
            "MAILCHECK_CA_FILE": str(anchors),
            "IDENTITY_ENDPOINT": "http://127.0.0.1/msi/token",
        }
    )
    assert settings.authority == f"https://localhost:8443/{TENANT}"
    assert settings.endpoints[MailProtocol.IMAP] == Endpoint("127.0.0.1", 10993)
    assert settings.endpoints[MailProtocol.POP] == Endpoint("::1", 10995)
    assert settings.protocols == (MailProtocol.POP,)
    assert settings.timeout == 2.5
    assert settings.domains == {"contoso.com", "fabrikam.com"}
    assert settings.ca_file == anchors
    assert settings.managed_identity


def test_nothing_set_names_everything_needed() -> None:
    """An empty environment is told all it lacks at once, each half for itself."""
    settings = Settings.read({})
    assert list(problems(settings.check)) == list(CHECK)
    assert list(problems(settings.bot)) == ["MicrosoftAppType", "MicrosoftAppId", "MicrosoftAppTenantId"]
    assert all("is missing" in text for text in problems(settings.check).values())


@pytest.mark.parametrize(
    "name, value, wanted",
    [
        ("MAILCHECK_TENANT_ID", "Contoso Ltd", "is not a GUID or a domain of the tenant"),
        ("MAILCHECK_CLIENT_ID", "mail app", "is not a GUID"),
        ("MAILCHECK_VAULT_URL", "http://kv.vault.azure.net", "is not an https:// address without a path"),
        ("MAILCHECK_VAULT_URL", "https://kv.vault.azure.net/secrets/x", "is not an https:// address without a path"),
        ("MAILCHECK_VAULT_URL", "https://user:pw@kv.example", "is not an https:// address without a path"),
        ("MAILCHECK_VAULT_URL", "https://[", "is not an https:// address without a path"),
        ("MAILCHECK_VAULT_URL", "https://kv..vault.azure.net", "is not an https:// address without a path"),
        ("MAILCHECK_VAULT_URL", f"https://{'k' * 64}.vault.azure.net", "is not an https:// address without a path"),
        ("MAILCHECK_CERTIFICATE", "my certificate", "is not a Key Vault object name (letters, digits and hyphens)"),
        ("MAILCHECK_CLOUD", "germany", "is not one of public, usgov, usdod, china"),
        ("MAILCHECK_AUTHORITY", "https://login.example/tenant", "is not an https:// address without a tenant"),
        ("MAILCHECK_SCOPE", "IMAP.AccessAsUser.All", "is not one resource followed by /.default"),
        ("MAILCHECK_IMAP", "imap.example", "is not host:port, such as outlook.office365.com:993"),
        ("MAILCHECK_IMAP", "outlook.office365.com:70000", "is not host:port, such as outlook.office365.com:993"),
        ("MAILCHECK_POP", "a b:995", "is not host:port, such as outlook.office365.com:995"),
        ("MAILCHECK_PROTOCOLS", "imap,smpt", "is not a list out of imap, pop, smtp"),
        ("MAILCHECK_CREDENTIAL", "password", "is not certificate or secret"),
        ("MAILCHECK_CANARY", "canary", 'is not a mailbox address: it has no "@"'),
        ("MAILCHECK_IMAP", "imap.example:" + "9" * 5000, "is not host:port, such as outlook.office365.com:993"),
        ("MAILCHECK_SCOPE", "https://a/.default https://b/.default", "is not one resource followed by /.default"),
        ("MAILCHECK_DOMAINS", ",", "is not a list of domains, such as contoso.com, fabrikam.com"),
        ("MAILCHECK_DOMAINS", "contoso", "is not a list of domains, such as contoso.com, fabrikam.com"),
        ("MAILCHECK_DOMAINS", "*.contoso.com", "is not a list of domains, such as contoso.com, fabrikam.com"),
        ("MAILCHECK_TIMEOUT", "soon", "is not a number of seconds from 1 to 60"),
        ("MAILCHECK_TIMEOUT", "0.5", "is not a number of seconds from 1 to 60"),
        ("MAILCHECK_CA_FILE", "/nonexistent/ca.pem", "is not a readable PEM file with certificates in it"),
        (
            "MAILCHECK_CLIENT_ID",
            "@Microsoft.KeyVault(SecretUri=https://kv.vault.azure.net/secrets/x)",
            "is a Key Vault reference that the platform did not resolve; look at its status in the portal",
        ),
    ],
)
def test_a_wrong_value_is_named_but_not_shown(name: str, value: str, wanted: str) -> None:
    """The setting and what it should be are told; the value is not."""
    found = problems(Settings.read({**CHECK, name: value}).check)
    assert found == {name: wanted}
    assert value in wanted or value not in str(found)


def test_a_file_without_a_certificate_is_no_trust_anchor(tmp_path: Path) -> None:
    """What only looks like PEM is told as a wrong setting, before anything is built with it."""
    broken = tmp_path / "broken.pem"
    broken.write_text("-----BEGIN CERTIFICATE-----\nnot base64\n-----END CERTIFICATE-----\n")
    assert list(problems(Settings.read({**CHECK, "MAILCHECK_CA_FILE": str(broken)}).check)) == ["MAILCHECK_CA_FILE"]


def test_the_expected_audience_is_the_clouds_whatever_the_scope() -> None:
    """MAILCHECK_SCOPE changes what is asked for, not what Exchange takes."""
    settings = check({"MAILCHECK_SCOPE": "https://graph.microsoft.com/.default"})
    assert settings.cloud.resource == "https://outlook.office365.com"


def test_the_bot_has_an_identity_of_its_own() -> None:
    """The bot's settings; its password is a secret, and nobody is an operator unless named."""
    settings = bot()
    assert settings.kind is BotKind.SINGLE_TENANT
    assert settings.password is not None
    assert "planted-password" not in repr(settings)
    assert settings.operators == frozenset()
    assert settings.metadata == "https://login.botframework.com/v1/.well-known/openidconfiguration"


_VAULT = {"MAILCHECK_VAULT_URL": "https://kv.vault.azure.net/"}
_NAMED = {"MAILCHECK_BOT_CERTIFICATE": "bot"}
_SECRET = {"MicrosoftAppPassword": "planted-password"}
_SINGLE, _MANAGED = {"MicrosoftAppType": "SingleTenant"}, {"MicrosoftAppType": "UserAssignedMSI"}
_IDS = {"MicrosoftAppId": CLIENT, "MicrosoftAppTenantId": TENANT}
_UNRESOLVED = {"MicrosoftAppPassword": "@Microsoft.KeyVault(SecretUri=https://kv.vault.azure.net/secrets/x)"}


@pytest.mark.parametrize(
    "given, wrong",
    [
        ({}, ["MicrosoftAppType", "MicrosoftAppId", "MicrosoftAppTenantId"]),
        (_IDS, ["MicrosoftAppType"]),
        (_IDS | _SECRET, ["MicrosoftAppType"]),
        (_SINGLE, ["MicrosoftAppId", "MicrosoftAppTenantId", "MicrosoftAppPassword"]),
        (_SINGLE | _SECRET, ["MicrosoftAppId", "MicrosoftAppTenantId"]),
        (_MANAGED, ["MicrosoftAppId", "MicrosoftAppTenantId"]),
        (_MANAGED | {"MicrosoftAppId": CLIENT}, ["MicrosoftAppTenantId"]),
        (_MANAGED | {"MicrosoftAppTenantId": TENANT}, ["MicrosoftAppId"]),
        (_SINGLE | _IDS, ["MicrosoftAppPassword"]),
        (_SINGLE | _IDS | {"MicrosoftAppPassword": " "}, ["MicrosoftAppPassword"]),
        (_SINGLE | _IDS | _UNRESOLVED, ["MicrosoftAppPassword"]),
        (_SINGLE | _IDS | _VAULT, ["MicrosoftAppPassword"]),
        (_SINGLE | _IDS | _NAMED, ["MAILCHECK_VAULT_URL"]),
        (_SINGLE | _IDS | _NAMED | {"MAILCHECK_VAULT_URL": "http://kv"}, ["MAILCHECK_VAULT_URL"]),
        (_SINGLE | _IDS | _VAULT | {"MAILCHECK_BOT_CERTIFICATE": "a/b"}, ["MAILCHECK_BOT_CERTIFICATE"]),
        (_SINGLE | _IDS | _VAULT | _NAMED | _SECRET, ["MicrosoftAppPassword", "MAILCHECK_BOT_CERTIFICATE"]),
        (
            _SINGLE | _IDS | _NAMED | _SECRET,
            ["MicrosoftAppPassword", "MAILCHECK_BOT_CERTIFICATE", "MAILCHECK_VAULT_URL"],
        ),
        (_SINGLE | _IDS | _SECRET, []),
        (_SINGLE | _IDS | _VAULT | _NAMED, []),
        (_MANAGED | _IDS, []),
        (_MANAGED | _IDS | _SECRET, []),  # left over, and not used
        (_MANAGED | _IDS | _NAMED, []),
    ],
    ids=lambda value: "+".join(value) or "nothing",
)  # fmt: skip
def test_half_an_identity_is_none(given: Mapping[str, str], wrong: list[str]) -> None:
    """The bot starts with a whole identity of one kind; for any other, each setting is named, and no value."""
    half = Settings.read(given).bot
    assert (list(problems(half)) if isinstance(half, tuple) else []) == wrong
    assert "planted" not in repr(half)


def test_what_proves_the_bots_identity_is_one_thing() -> None:
    """A secret, a certificate with the vault that it is in, or neither where the platform vouches."""
    assert bot().certificate is None
    named = bot(_VAULT | _NAMED | {"MicrosoftAppPassword": "", "AZURE_CLIENT_ID": CLIENT, "IDENTITY_ENDPOINT": "x"})
    assert named.password is None
    assert named.certificate == VaultCertificate("https://kv.vault.azure.net", "bot", True, CLIENT)
    managed = bot(_MANAGED | _NAMED)
    assert (managed.password, managed.certificate) == (None, None)


def test_a_secret_and_a_certificate_name_each_other() -> None:
    """Who has set both is told of both."""
    said = problems(Settings.read({**BOT, **_VAULT, **_NAMED}).bot)
    assert "MAILCHECK_BOT_CERTIFICATE" in said["MicrosoftAppPassword"]
    assert "MicrosoftAppPassword" in said["MAILCHECK_BOT_CERTIFICATE"]


@pytest.mark.parametrize(
    "name, value",
    [
        ("MicrosoftAppType", "MultiTenant"),
        ("MicrosoftAppId", "mailcheck"),
        ("MicrosoftAppTenantId", "contoso.com"),
        ("MAILCHECK_BOT_METADATA", "http://login.botframework.com/v1/.well-known/openidconfiguration"),
        ("MAILCHECK_BOT_METADATA", "https://login..botframework.com/v1/.well-known/openidconfiguration"),
        ("MAILCHECK_BOT_METADATA", "http://LOCALHOST:5000/v1/.well-known/openidconfiguration"),
        ("MAILCHECK_BOT_METADATA", "http://localhost:65536/v1/.well-known/openidconfiguration"),
        ("MAILCHECK_OPERATORS", "anna@contoso.com"),
        ("MAILCHECK_BOT_SERVICE_HOSTS", "*"),
        ("MAILCHECK_BOT_SERVICE_HOSTS", "*.trafficmanager.net"),
        ("MAILCHECK_BOT_SERVICE_HOSTS", "localhost"),
        ("MAILCHECK_BOT_SERVICE_HOSTS", "169.254.169.254"),
        ("MAILCHECK_BOT_SERVICE_HOSTS", "https://smba.example.com/"),
        ("MAILCHECK_BOT_SERVICE_HOSTS", "smba.example.com:8443"),
        ("MAILCHECK_BOT_SERVICE_HOSTS", "smba.example.com."),
        ("MAILCHECK_BOT_SERVICE_HOSTS", "smba.example.com, evil。example"),
        ("MAILCHECK_CLOUD", "usgov"),
    ],
)
def test_a_wrong_bot_setting_is_named(name: str, value: str) -> None:
    """Each of the bot's settings is checked."""
    assert list(problems(Settings.read({**BOT, name: value}).bot)) == [name]


@pytest.mark.parametrize("mark", ["WEBSITE_SITE_NAME", "WEBSITE_INSTANCE_ID"])
def test_a_lab_signs_no_requests_in_azure(mark: str) -> None:
    """Metadata on loopback, with which the bot answers on loopback too, is for a workstation only.

    The host tells its plans apart so: Flex Consumption has a site's name, and no instance's id.
    """
    lab = {"MAILCHECK_BOT_METADATA": "http://127.0.0.1:5000/v1/.well-known/openidconfiguration"}
    assert bot(lab).metadata == lab["MAILCHECK_BOT_METADATA"]
    azure = {**BOT, **lab, mark: "0123"}
    assert list(problems(Settings.read(azure).bot)) == ["MAILCHECK_BOT_METADATA"]


def test_service_hosts_are_whole_names() -> None:
    """What is added to the hosts of Teams' connector is a list of names; without it, none is added."""
    assert bot().service_hosts == frozenset()
    hosts = bot({"MAILCHECK_BOT_SERVICE_HOSTS": "smba.example.com; smba2.example.com"}).service_hosts
    assert hosts == {"smba.example.com", "smba2.example.com"}


def test_operators_are_object_ids_or_everyone() -> None:
    """Ids are compared in lower case; `*` is the whole tenant."""
    assert bot({"MAILCHECK_OPERATORS": f"{TENANT.upper()};{CLIENT}"}).operators == {TENANT, CLIENT}
    assert bot({"MAILCHECK_OPERATORS": "*"}).operators == {"*"}


_MORE = (
    "AUTHORITY BOT_CERTIFICATE BOT_METADATA BOT_SERVICE_HOSTS CANARY CA_FILE CLOUD CREDENTIAL DOMAINS IMAP "
    "OPERATORS POP PROTOCOLS SCOPE SECRET SMTP TIMEOUT"
)
_NAMES = sorted({*CHECK, *BOT, *(f"MAILCHECK_{name}" for name in _MORE.split())})
_PARTS = ["https://", "http://", "[", "]", "::1", ":", "@", "/", ".", "-", "1", "10", "contoso", ".com", "\x00", ","]
_VALUES = st.text(max_size=20) | st.lists(st.sampled_from(_PARTS), max_size=6).map("".join)


@given(st.dictionaries(st.sampled_from(_NAMES), _VALUES), st.booleans())
def test_any_values_are_read(values: dict[str, str], complete: bool) -> None:
    """Whatever is set, each half is settings or problems with names that exist; what is accepted is within bounds."""
    settings = Settings.read({**(CHECK | BOT if complete else {}), **values})
    for half in (settings.check, settings.bot):
        if isinstance(half, tuple):
            assert {one.name for one in half} <= set(_NAMES)
    if isinstance(settings.check, CheckSettings):
        assert 1 <= settings.check.timeout <= 60
        assert settings.check.protocols
        for endpoint in settings.check.endpoints.values():
            assert endpoint.host
            assert 0 < endpoint.port < 65536


_PLANTED = "planted-7f3a"


@given(st.sampled_from(_NAMES), _VALUES, _VALUES)
def test_no_value_is_in_a_message(name: str, before: str, after: str) -> None:
    """Whatever a setting is set to, and it may be a secret in the wrong place, no message repeats it."""
    settings = Settings.read({**CHECK, **BOT, name: f"{before}{_PLANTED}{after}"})
    for half in (settings.check, settings.bot):
        assert not isinstance(half, tuple) or _PLANTED not in str(half)
