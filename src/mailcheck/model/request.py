"""What is asked: a mailbox, the protocols to try, and the app registration whose access is in question."""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Self

EVERYONE: Final = "*"  # in the place of object ids: whoever belongs to the tenant may ask the bot
ADDRESS_LIMIT = 320  # RFC 5321 section 4.5.3.1: 64 octets, "@", 255 octets
_LOCAL_LIMIT = 64
_DOMAIN_LIMIT = 255

# RFC 5321 section 4.1.2: Dot-string and Domain. Quoted local parts and address literals are left out on purpose:
# Exchange Online has none, and no quote or control character gets past here to a wire or a command line.
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LOCAL = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})+")
_NOT_LOCAL = re.compile(r"[^A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]")
_NOT_DOMAIN = re.compile(r"[^A-Za-z0-9.-]")


class MailProtocol(StrEnum):
    """A way to open a mailbox."""

    IMAP = "imap"
    POP = "pop"
    SMTP = "smtp"

    @property
    def role(self) -> str:
        """The application role of Office 365 Exchange Online that the token is expected to carry.

        IMAP and POP need theirs. SMTP has a second set-up without one: RBAC for Applications in Exchange.
        """
        return _ROLES[self]

    @property
    def starttls(self) -> bool:
        """Whether the talk begins in clear and TLS is asked for (RFC 3207), instead of TLS from the first octet."""
        return self is MailProtocol.SMTP


_ROLES = {
    MailProtocol.IMAP: "IMAP.AccessAsApp",
    MailProtocol.POP: "POP.AccessAsApp",
    MailProtocol.SMTP: "SMTP.SendAsApp",
}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A server's host name (verified against its certificate) and TCP port."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class InvalidAddress:
    """A text that is no mailbox address; `reason` says what is wrong with it, for the person who typed it."""

    reason: str


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A mailbox address, parsed; make it by `Mailbox.parse`."""

    address: str

    @classmethod
    def parse(cls, text: str) -> Self | InvalidAddress:
        """The address in this text, or what is wrong with it.

        Accepts RFC 5321 `Dot-string "@" Domain` of at most 320 characters; the domain is lower-cased. Surrounding
        white space is not part of an address and is dropped.
        """
        text = text.strip()
        local, at, domain = text.rpartition("@")
        fault = _fault(text, local, at, domain)
        return InvalidAddress(fault) if fault else cls(f"{local}@{domain.lower()}")

    @property
    def domain(self) -> str:
        """The part after the "@", lower case."""
        return self.address.rpartition("@")[2]

    def __str__(self) -> str:
        return self.address


def _fault(text: str, local: str, at: str, domain: str) -> str | None:
    odd_name, odd_domain = _first(_NOT_LOCAL, local), _first(_NOT_DOMAIN, domain)
    checks = (
        (not text, "it is empty"),
        (len(text) > ADDRESS_LIMIT, f"it is longer than {ADDRESS_LIMIT} characters"),
        (not at, 'it has no "@"'),
        (not local, 'there is nothing before the "@"'),
        (not domain, 'there is nothing after the "@"'),
        (len(local) > _LOCAL_LIMIT, f'the part before the "@" is longer than {_LOCAL_LIMIT} characters'),
        (len(domain) > _DOMAIN_LIMIT, f"the domain is longer than {_DOMAIN_LIMIT} characters"),
        ("@" in local, 'it has more than one "@"'),
        (odd_name, f'the part before the "@" has a character that a mailbox name cannot have: {odd_name}'),
        (not _LOCAL.fullmatch(local), 'the part before the "@" begins or ends with a dot, or has two of them in a row'),
        (odd_domain, f"the domain has a character that a host name cannot have: {odd_domain}"),
        (not _DOMAIN.fullmatch(domain), "the domain is not a host name with at least one dot"),
    )
    return next((reason for wrong, reason in checks if wrong), None)


def _first(odd: re.Pattern[str], text: str) -> str:
    """The first odd character by its name: it may not be seen, or look like a letter that it is not. Empty: none."""
    found = odd.search(text)
    if found is None:
        return ""
    otherwise = "a control character" if unicodedata.category(found[0]) == "Cc" else "one without a name"
    return f"{unicodedata.name(found[0], otherwise).lower()} (U+{ord(found[0]):04X})"


@dataclass(frozen=True, slots=True)
class CheckRequest:
    """One check: open this mailbox by these protocols, each once."""

    mailbox: Mailbox
    protocols: tuple[MailProtocol, ...]


class CredentialKind(StrEnum):
    """What an app proves itself to Entra with."""

    CERTIFICATE = "certificate"
    SECRET = "secret"  # noqa: S105 - a client secret: a kind, and no value


@dataclass(frozen=True, slots=True)
class App:
    """The app registration under test, as the administrator configured it.

    Attributes:
        tenant_id: Directory (tenant) id or a verified domain of it.
        client_id: Application (client) id.
        vault_url: The Key Vault that holds its credential.
        vault_object: The name that the credential has in that vault.
        credential: What kind of credential that is.
    """

    tenant_id: str
    client_id: str
    vault_url: str
    vault_object: str
    credential: CredentialKind = CredentialKind.CERTIFICATE
