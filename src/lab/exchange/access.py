"""Who may open which mailbox: Exchange's checks of an app-only token, in its order, and a record of the decisions."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple, assert_never

from lab.exchange import sasl
from lab.exchange.mailboxes import Mailbox, Mailboxes
from lab.signing import Rejected, SigningKey, app_only_fault
from lab.tenant import EXCHANGE_CONSENT_RESOURCE, EXCHANGE_RESOURCE, Tenant


class Protocol(StrEnum):
    """A way into a mailbox."""

    IMAP = "imap"
    POP = "pop"


# What `aud` of a token for Exchange may be, and the application permissions of "Office 365 Exchange Online".
AUDIENCES = (EXCHANGE_RESOURCE, EXCHANGE_CONSENT_RESOURCE)
ROLES = {Protocol.IMAP: "IMAP.AccessAsApp", Protocol.POP: "POP.AccessAsApp"}


@dataclass(frozen=True)
class Opened:
    """The mailbox is open."""

    mailbox: Mailbox


@dataclass(frozen=True)
class SwitchedOff:
    """Token and grant are good, but the protocol is switched off for the mailbox."""


@dataclass(frozen=True)
class Throttled:
    """Token and grant are good, but the client must wait this many milliseconds."""

    backoff: int


@dataclass(frozen=True)
class Refused:
    """No access; the reason is for the lab's record, a client is never told."""

    reason: str


type Decision = Opened | SwitchedOff | Throttled | Refused


class Sighting(NamedTuple):
    """One attempt to sign in; it holds no token.

    Attributes:
        protocol: The way it came.
        mailbox: The `user` of the XOAUTH2 response; empty when there was no such response.
        outcome: `opened`, `switched off`, `throttled`, or the reason of the refusal.
    """

    protocol: Protocol
    mailbox: str
    outcome: str


class Access:
    """Decides on XOAUTH2 responses.

    Attributes:
        sightings: Every decision so far, in order.
    """

    def __init__(
        self,
        tenant: Tenant,
        signing: SigningKey,
        issuer: str,
        mailboxes: Mailboxes,
        *,
        now: Callable[[], dt.datetime],
    ) -> None:
        """Takes what Exchange trusts.

        Args:
            tenant: The directory the mailboxes belong to.
            signing: The key that the tenant's Entra signs tokens with.
            issuer: The `iss` of its tokens.
            mailboxes: The mailboxes of the tenant.
            now: The clock, UTC.
        """
        self._tenant = tenant
        self._signing = signing
        self._issuer = issuer
        self._mailboxes = mailboxes
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
        try:
            claims = self._signing.verify(credentials.token, audience=AUDIENCES, issuer=self._issuer, now=self._now())
        except Rejected as rejected:
            return Refused(str(rejected))
        if fault := self._fault(protocol, claims):
            return Refused(fault)
        mailbox = self._mailboxes.find(credentials.user)
        if mailbox is None:
            return Refused("no such mailbox")
        if claims["oid"] not in mailbox.grants:
            return Refused("no FullAccess")
        if mailbox.backoff:
            return Throttled(mailbox.backoff)
        enabled = mailbox.imap_enabled if protocol is Protocol.IMAP else mailbox.pop_enabled
        return Opened(mailbox) if enabled else SwitchedOff()

    def _fault(self, protocol: Protocol, claims: dict[str, Any]) -> str | None:
        """What makes a genuine token unfit for this protocol, or None."""
        if fault := app_only_fault(claims, self._tenant.id):
            return fault
        return None if ROLES[protocol] in claims.get("roles", ()) else f"no role {ROLES[protocol]}"


def _outcome(decision: Decision) -> str:
    match decision:
        case Opened():
            return "opened"
        case SwitchedOff():
            return "switched off"
        case Throttled():
            return "throttled"
        case Refused(reason):
            return reason
        case _:
            assert_never(decision)
