"""What was seen when something did not work: facts from the wire, without judgement."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from mailcheck.model.request import MailProtocol

NO_DETAILS: Mapping[str, str] = MappingProxyType({})


class Stage(StrEnum):
    """A step of a check, in the order they happen; also the names of the steps in a report."""

    IDENTITY = "identity"  # the managed identity's token for the vault
    VAULT = "vault"  # the secret from Key Vault
    CERTIFICATE = "certificate"  # what the secret holds
    SECRET = "secret"  # noqa: S105 - the client secret that the vault holds: the other kind of credential
    TOKEN = "token"  # noqa: S105 - Entra's token endpoint, and the claims that it gave
    DNS = "dns"
    CONNECT = "connect"
    TLS = "tls"
    GREETING = "greeting"
    CAPABILITY = "capability"  # IMAP CAPABILITY, POP CAPA, SMTP EHLO
    STARTTLS = "starttls"  # the server's leave to begin TLS; the handshake itself is `TLS`
    AUTH = "auth"
    LIST = "list"  # IMAP LIST, POP STAT; SMTP has nothing to list
    LOGOUT = "logout"


class Fault(StrEnum):
    """A signal that no server worded: what the network, TLS or our own bounds report.

    Where the other side gives a code (`NO`, `BAD`, `BYE`, `-ERR`, `AADSTS700027`, `SecretNotFound`, `429`), the
    signal is that code instead.
    """

    TIMEOUT = "timeout"  # the deadline of the check passed
    CLOSED = "closed"  # end of stream, or a reset
    REFUSED = "refused"  # connection refused
    UNREACHABLE = "unreachable"  # no route, network down, or another error of the operating system
    NAME_NOT_FOUND = "name-not-found"  # DNS has no such name
    UNTRUSTED = "certificate-untrusted"
    EXPIRED = "certificate-expired"  # of a server, or of the app
    NOT_YET_VALID = "certificate-not-yet-valid"
    HOST_MISMATCH = "host-name-mismatch"
    TLS_FAILED = "tls-failed"  # any other failed handshake: not TLS at all, versions, ciphers
    TOO_MUCH = "too-much"  # a line, a literal, the number of lines or the total passed our bounds
    MALFORMED = "malformed"  # bytes that the protocol does not allow where they stand
    NO_MECHANISM = "no-xoauth2"  # the server does not offer SASL XOAUTH2
    NO_STARTTLS = "no-starttls"  # the server offers no TLS on a connection that begins in clear
    THROTTLED = "throttled"  # the one name for a sentence that Exchange sends under NO and under BAD alike
    NO_ENDPOINT = "no-identity-endpoint"  # no managed identity, and none of the developer's credentials worked
    IDENTITY_FAILED = "identity-failed"  # the identity endpoint is there, and gave no token
    CHALLENGE_MISMATCH = "challenge-mismatch"  # the vault address answers for another service, and gets no token
    NO_PRIVATE_KEY = "no-private-key"
    UNREADABLE = "unreadable"  # neither PFX nor PEM; or no client secret
    NOT_RSA = "not-rsa"
    BUG = "bug"  # an exception of ours


@dataclass(frozen=True, slots=True)
class Evidence:
    """One failure as it was seen.

    Attributes:
        stage: Where it happened.
        signal: The stable code to match on: a `Fault`, or the other side's own code.
        said: The other side's words, one line, bounded, secrets withheld. For people; matched on only where no
            code exists.
        protocol: The mail protocol, when the failure belongs to one.
        details: Named facts for the texts and the fixes, such as `thumbprint`, `object_id`, `backoff_ms`.
    """

    stage: Stage
    signal: str
    said: str = ""
    protocol: MailProtocol | None = None
    details: Mapping[str, str] = field(default_factory=lambda: NO_DETAILS)
