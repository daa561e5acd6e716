"""Who may open which mailbox: Exchange's checks of an app-only token, in its order, and a record of the decisions."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple, assert_never

from lab.exchange import sasl, troubles
from lab.exchange.mailboxes import Mailbox, Mailboxes
from lab.exchange.organization import Organization
from lab.exchange.protocols import ROLES, Protocol
from lab.exchange.troubles import Trouble
from lab.signing import Rejected, SigningKey, app_only_fault
from lab.tenant import Tenant


class Switch(StrEnum):
    """Where a protocol was switched off."""

    MAILBOX = "mailbox"
    ORGANIZATION = "organization"


@dataclass(frozen=True)
class Opened:
    """The mailbox is open."""

    mailbox: Mailbox


@dataclass(frozen=True)
class SwitchedOff:
    """Token and permission are good, but the protocol is switched off."""

    where: Switch


@dataclass(frozen=True)
class Troubled:
    """Token and permission are good, but the mailbox does not open as it should."""

    mailbox: Mailbox
    trouble: Trouble


@dataclass(frozen=True)
class Refused:
    """No access.

    Attributes:
        reason: For the lab's record; a client is never told.
        diagnostics: What some servers tell the client all the same.
    """

    reason: str
    diagnostics: str = ""


type Decision = Opened | SwitchedOff | Troubled | Refused


class Sighting(NamedTuple):
    """One attempt to sign in; it holds no token.

    Attributes:
        protocol: The way it came.
        mailbox: The `user` of the XOAUTH2 response; empty when there was no such response.
        outcome: `opened`, `switched off`, `switched off for all`, the kind of trouble, or the reason of the refusal.
    """

    protocol: Protocol
    mailbox: str
    outcome: str


class Access:
    """Decides on XOAUTH2 responses.

    Attributes:
        organization: What holds for all mailboxes.
        sightings: Every decision so far, in order.
    """

    def __init__(
        self,
        tenant: Tenant,
        signing: SigningKey,
        issuer: str,
        mailboxes: Mailboxes,
        organization: Organization,
        *,
        now: Callable[[], dt.datetime],
    ) -> None:
        """Takes what Exchange trusts.

        Args:
            tenant: The directory the mailboxes belong to.
            signing: The key that the tenant's Entra signs tokens with.
            issuer: The `iss` of its tokens.
            mailboxes: The mailboxes of the tenant.
            organization: What holds for all of them.
            now: The clock, UTC.
        """
        self._tenant = tenant
        self._signing = signing
        self._issuer = issuer
        self._mailboxes = mailboxes
        self.organization = organization
        self._now = now
        self.sightings: list[Sighting] = []

    def decide(self, protocol: Protocol, response: bytes) -> Decision:
        """Judges one client response, after base64, and records the decision."""
        credentials = sasl.parse(response)
        decision: Decision = self._judge(protocol, credentials) if credentials else Refused("not an XOAUTH2 response")
        user = credentials.user if credentials else ""
        self.sightings.append(Sighting(protocol, user, _outcome(decision)))
        return decision

    def _judge(self, protocol: Protocol, credentials: sasl.XOAuth2) -> Decision:
        claims = self._claims(protocol, credentials.token)
        if isinstance(claims, Refused):
            return claims
        mailbox = self._mailboxes.find(credentials.user)
        if mailbox is None:
            return Refused("no such mailbox")
        if fault := mailbox.absent or _no_permission(protocol, claims, mailbox):
            return Refused(fault, _diagnostics(mailbox))
        if protocol in self.organization.failing:
            return Refused("an incident")
        if switch := self._switched_off(protocol, mailbox):
            return SwitchedOff(switch)
        trouble = mailbox.next_trouble(protocol)
        return Troubled(mailbox, trouble) if trouble else Opened(mailbox)

    def _claims(self, protocol: Protocol, token: str) -> dict[str, Any] | Refused:
        """The claims of a token that is fit for this protocol, whatever the mailbox."""
        try:
            claims = self._signing.verify(
                token, audience=self._tenant.exchange_audiences, issuer=self._issuer, now=self._now()
            )
        except Rejected as rejected:
            return Refused(str(rejected))
        if fault := app_only_fault(claims, self._tenant.id):
            return Refused(fault)
        if protocol is not Protocol.SMTP and not _has_role(protocol, claims):
            return Refused(f"no role {ROLES[protocol]}")
        return claims if claims["oid"] in self.organization.service_principals else Refused("no service principal")

    def _switched_off(self, protocol: Protocol, mailbox: Mailbox) -> Switch | None:
        """Where the protocol is switched off for this mailbox, or None; of SMTP's two switches the mailbox's wins."""
        match protocol:
            case Protocol.IMAP:
                return None if mailbox.imap_enabled else Switch.MAILBOX
            case Protocol.POP:
                return None if mailbox.pop_enabled else Switch.MAILBOX
            case Protocol.SMTP if mailbox.smtp_auth_disabled is None:
                return Switch.ORGANIZATION if self.organization.smtp_auth_disabled else None
            case Protocol.SMTP:
                return Switch.MAILBOX if mailbox.smtp_auth_disabled else None
            case _:
                assert_never(protocol)


def _has_role(protocol: Protocol, claims: dict[str, Any]) -> bool:
    return ROLES[protocol] in claims.get("roles", ())


def _no_permission(protocol: Protocol, claims: dict[str, Any], mailbox: Mailbox) -> str | None:
    """What the application lacks to open this mailbox, or None.

    SMTP has two ways. With its role in the token, the permission on the mailbox decides, as for IMAP and POP. Without,
    an assignment of `Application SMTP.SendAsApp` whose scope has the mailbox takes the place of both.
    """
    if _has_role(protocol, claims):
        return None if claims["oid"] in mailbox.grants else "no FullAccess"
    return None if claims["oid"] in mailbox.smtp_assignments else f"no role {ROLES[protocol]}"


def _diagnostics(mailbox: Mailbox) -> str:
    """What is in the brackets behind a refusal, where a server lets its diagnostics out."""
    if not mailbox.diagnostics:
        return ""
    error = "NoADRecipient" if mailbox.absent else "AuthFailed:LogonDenied-None-OAuthLog:AuthExc_Auth Failed."
    return f'[Error="{error}" AuthResultFromPopImapEnd=8 User:{mailbox.address}]'


def _outcome(decision: Decision) -> str:
    match decision:
        case Opened():
            return "opened"
        case SwitchedOff(Switch.ORGANIZATION):
            return "switched off for all"
        case SwitchedOff():
            return "switched off"
        case Troubled(trouble=trouble):
            return troubles.name(trouble)
        case Refused(reason):
            return reason
        case _:
            assert_never(decision)
