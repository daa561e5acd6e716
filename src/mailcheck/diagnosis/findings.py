"""What decides between causes that share one signal: findings in the failure itself and in the rest of the check."""

from collections.abc import Mapping
from types import MappingProxyType

from mailcheck.diagnosis.entry import Circumstances, Given
from mailcheck.model.evidence import Evidence, Fault, Stage
from mailcheck.model.request import CredentialKind, MailProtocol

SUBMISSIONS_PORT = 465  # submission with implicit TLS (RFC 8314 section 7.3); Exchange Online has none
TOKEN_LIMIT = 4096  # characters: reported for Exchange's POP front end of 2025; Microsoft publishes no number

# Exchange Online is also known by its application id, and by the resource that Microsoft's consent URL names.
_EXCHANGE = frozenset({"00000002-0000-0ff1-ce00-000000000000", "https://ps.outlook.com"})
# Both want the same permission, so each tells of the other. SMTP has a second set-up, which needs none.
_BY_FULL_ACCESS = frozenset({MailProtocol.IMAP, MailProtocol.POP})
_OUT_OF_DATE = frozenset({Fault.EXPIRED, Fault.NOT_YET_VALID})
_UNTRUSTED = _OUT_OF_DATE | {Fault.UNTRUSTED, Fault.HOST_MISMATCH}

# What a finding says where it speaks for a cause: why we think so, in the words of this check.
IN_WORDS: Mapping[Given, str] = MappingProxyType(
    {
        Given.SIBLING_OPENED: (
            "{siblings} opened the same mailbox with the same token, so the app, its permission and the address are in "
            "order"
        ),
        Given.SMTP_OPENED: "SMTP accepted the app for the same mailbox",
        Given.CANARY_OPENED: "the canary opened by {protocol} with the same token",
        Given.CANARY_REFUSED: "the canary, which is known to open, is refused as well",
        Given.LOGON_DENIED: "Exchange says in brackets that it denies the logon",
        Given.RECIPIENT_UNKNOWN: "Exchange says in brackets that it found no such recipient",
    }
)


def findings(evidence: Evidence, known: Circumstances) -> frozenset[Given]:
    """All findings that hold for this failure."""
    facts = {
        **_of_token(evidence, known),
        **_of_mailboxes(evidence, known),
        **_of_server(evidence, known),
        **_of_identity(evidence),
        **_of_secret(evidence, known),
    }
    return frozenset(given for given, holds in facts.items() if holds)


def _of_token(evidence: Evidence, known: Circumstances) -> dict[Given, bool]:
    claims, protocol = known.claims, evidence.protocol
    # A token that has opened a mailbox is for Exchange, whatever it calls it.
    accepted = bool(known.opened - {protocol} or known.canary_opened)
    if claims is None or protocol is None:
        return {}
    return {
        Given.ROLE_MISSING: protocol.role not in claims.roles,
        Given.OTHER_AUDIENCE: not accepted and not _is_exchange(claims.audience, known.cloud.resource),
        Given.DELEGATED: bool(claims.scopes) and not claims.roles,
        Given.CANARY_BY_ROLE: protocol in known.canary_opened and protocol.role in claims.roles,
        Given.LONG_TOKEN: evidence.stage is Stage.AUTH and known.token_length > TOKEN_LIMIT,
    }


def _of_mailboxes(evidence: Evidence, known: Circumstances) -> dict[Given, bool]:
    others = known.opened - {evidence.protocol}
    return {
        Given.SIBLING_OPENED: bool(others & _BY_FULL_ACCESS),
        Given.SMTP_OPENED: MailProtocol.SMTP in others,
        Given.CANARY_OPENED: evidence.protocol in known.canary_opened,
        Given.CANARY_REFUSED: evidence.protocol in known.canary_refused,
        Given.ONE_PROTOCOL: bool(others & _BY_FULL_ACCESS) and evidence.protocol in known.canary_refused,
        Given.NOTHING_OPENED: (
            evidence.protocol in known.canary_refused and not known.opened and not known.canary_opened
        ),
        Given.OVER_IPV4: known.over_ipv4,
    }


def _of_server(evidence: Evidence, known: Circumstances) -> dict[Given, bool]:
    reason = evidence.details.get("reason", "")
    return {
        Given.LOGON_DENIED: "LogonDenied" in reason,
        Given.RECIPIENT_UNKNOWN: "NoADRecipient" in reason,
        Given.EXCHANGE_GREETED: "server" in evidence.details,
        Given.TLS_PORT: (
            evidence.protocol is MailProtocol.SMTP
            and evidence.stage is Stage.GREETING
            and known.endpoint is not None
            and known.endpoint.port == SUBMISSIONS_PORT
        ),
        Given.UNTRUSTED: evidence.signal in _UNTRUSTED,
        Given.OUT_OF_DATE: evidence.signal in _OUT_OF_DATE,
        Given.OTHER_CHALLENGE: evidence.signal == Fault.CHALLENGE_MISMATCH,
    }


def _of_identity(evidence: Evidence) -> dict[Given, bool]:
    at_identity = evidence.stage is Stage.IDENTITY
    return {
        Given.IDENTITY_NAMED: "identity_client_id" in evidence.details,
        Given.IDENTITY_SILENT: at_identity and not evidence.details.get("status", "").startswith("4"),
    }


def _of_secret(evidence: Evidence, known: Circumstances) -> dict[Given, bool]:
    found = evidence.details.get("found")
    return {
        Given.FOUND_ID: found == "id",
        Given.FOUND_CERTIFICATE: found == "certificate",
        Given.FOUND_SPACE: found == "line-end",
        Given.WRITTEN_BY_VAULT: "managed" in evidence.details,
        Given.SECRET_USED: known.app.credential is CredentialKind.SECRET,
    }


def _is_exchange(audience: str, resource: str) -> bool:
    return audience.rstrip("/") in _EXCHANGE | {resource.rstrip("/")}
