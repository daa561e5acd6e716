"""Reading names from a mapping, and keeping every problem that is met; what both halves of the settings share."""

import re
import ssl
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from mailcheck.model.cloud import CLOUDS, PUBLIC, Cloud
from mailcheck.model.problem import SettingProblem

_VAULT_OBJECT = re.compile(r"[0-9A-Za-z-]{1,127}")
GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_NAME = re.compile(r"[^.]{1,63}(?:\.[^.]{1,63})*\.?")  # RFC 1035 section 2.3.4; an address in brackets is one label


class Reader:
    """Reads names from a mapping and keeps the problems it meets, so that all can be told at once.

    Attributes:
        problems: What was wrong so far, in the order of reading.
    """

    def __init__(self, mapping: Mapping[str, str]) -> None:
        self._mapping = mapping
        self.problems: list[SettingProblem] = []

    def text(self, name: str, default: str = "") -> str:
        """The stripped value, or the default where it is absent, empty or an unresolved Key Vault reference."""
        value = self._mapping.get(name, "").strip() or default
        if value.startswith("@Microsoft.KeyVault("):
            self.refuse(
                name, "is a Key Vault reference that the platform did not resolve; look at its status in the portal"
            )
            return default
        return value

    def required(self, name: str, meaning: str) -> str:
        """The value; where there is none, that is a problem, and `meaning` says what to put there."""
        value = self.text(name)
        if not value and not any(problem.name == name for problem in self.problems):
            self.refuse(name, f"is missing: put {meaning} there")
        return value

    def checked(self, name: str, value: str, good: bool, wanted: str) -> str:
        """The value; where it is there and no good, that is a problem, and `wanted` says what it should be."""
        if value and not good:
            self.refuse(name, f"is not {wanted}")
        return value

    def listed(self, name: str) -> tuple[str, ...]:
        """The parts of a list that commas, semicolons or blanks separate."""
        return tuple(part for part in re.split(r"[,;\s]+", self.text(name)) if part)

    def refuse(self, name: str, problem: str) -> None:
        """Notes a problem with this setting."""
        self.problems.append(SettingProblem(name, problem))


def read_cloud(read: Reader, tenant: str) -> tuple[Cloud, str]:
    """The cloud, and Entra's authority for this tenant: the cloud's own unless MAILCHECK_AUTHORITY names another."""
    name = read.text("MAILCHECK_CLOUD", "public").lower()
    read.checked("MAILCHECK_CLOUD", name, name in CLOUDS, "one of " + ", ".join(CLOUDS))
    cloud = CLOUDS.get(name, PUBLIC)
    override = read.text("MAILCHECK_AUTHORITY").rstrip("/")
    read.checked(
        "MAILCHECK_AUTHORITY", override, is_https(override, path=False), "an https:// address without a tenant"
    )
    return cloud, f"{override or cloud.authority}/{tenant}"


def read_vault(read: Reader) -> str:
    """The vault's address; neither a scheme nor a host has a case."""
    vault = read.required("MAILCHECK_VAULT_URL", "the vault's address, such as https://NAME.vault.azure.net")
    vault = vault.rstrip("/").lower()
    return read.checked("MAILCHECK_VAULT_URL", vault, is_https(vault, path=False), "an https:// address without a path")


def read_vault_object(read: Reader, name: str, meaning: str) -> str:
    """The name of a certificate or secret in the vault."""
    held = read.required(name, meaning)
    good = bool(_VAULT_OBJECT.fullmatch(held))
    return read.checked(name, held, good, "a Key Vault object name (letters, digits and hyphens)")


def read_identity(read: Reader) -> tuple[bool, str | None]:
    """Whether this process has a managed identity endpoint, and the client id of a user-assigned identity, or none."""
    return bool(read.text("IDENTITY_ENDPOINT")), read.text("AZURE_CLIENT_ID") or None


def read_ca_file(read: Reader) -> Path | None:
    """The file with further trust anchors, or none."""
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


def is_https(value: str, *, path: bool = True) -> bool:
    """Whether this is an https address without query, fragment or password; `path`: whether it may have one."""
    try:
        parts = urlsplit(value)
        host, port = parts.hostname, parts.port
    except ValueError:
        return False
    plain = not (parts.query or parts.fragment or parts.username or parts.password)
    named = _NAME.fullmatch(host or "") is not None
    return parts.scheme == "https" and named and port != 0 and plain and (path or parts.path in {"", "/"})
