"""States of Exchange Online as a whole: the organisation's switches, its servers, and what stands in front of them."""

import datetime as dt
from collections.abc import Iterable
from typing import TYPE_CHECKING

from lab.exchange.protocols import ROLES, Protocol
from lab.pki import Authority
from lab.scenario import Change, Kind, Scenario
from lab.tenant import EXCHANGE_RESOURCE, MAIL_REGISTRATION_ID

if TYPE_CHECKING:
    from lab.world import World

# Application permissions of Office 365 Exchange Online besides; real ones, for an app that asks for too much.
_TOO_MANY_ROLES = frozenset(
    f"{what}.{how}{where}"
    for what in ("Calendars", "Contacts", "Mail", "MailboxSettings", "Tasks", "User")
    for how in ("Read", "ReadWrite", "ReadBasic", "Send", "Export", "Import")
    for where in (".All", ".Shared", ".AppFolder")
)


def _smtp_off(world: "World") -> None:
    world.exchange.organization.smtp_auth_disabled = True


def _registered(*object_ids: str) -> Change:
    """These object ids were registered as service principals, in place of the app's own."""

    def enter(world: "World") -> None:
        world.exchange.organization.service_principals = set(object_ids)

    return enter


def _smtp_by_rbac(world: "World") -> None:
    world.mail_app.roles[EXCHANGE_RESOURCE].discard(ROLES[Protocol.SMTP])
    for mailbox in world.exchange.mailboxes:
        if world.mail_app.principal_id in mailbox.grants:
            mailbox.smtp_assignments.add(world.mail_app.principal_id)


def _turning_away(world: "World") -> None:
    world.exchange.organization.turning_away.update(Protocol)


def _turning_away_once(world: "World") -> None:
    _turning_away(world)
    world.exchange.organization.recovering = True


def _failing(protocols: Iterable[Protocol]) -> Change:
    def enter(world: "World") -> None:
        world.exchange.organization.failing.update(protocols)

    return enter


def _without_xoauth2(world: "World") -> None:
    world.exchange.organization.without_xoauth2.update(Protocol)


def _without_starttls(world: "World") -> None:
    world.exchange.organization.without_starttls = True


def _old_tls(world: "World") -> None:
    world.exchange.organization.old_tls = True


def _long_token(world: "World") -> None:
    world.exchange.organization.pop_front_end = True
    world.mail_app.roles[EXCHANGE_RESOURCE] |= _TOO_MANY_ROLES


def _other_host(world: "World") -> None:
    world.exchange.show(world.authority.issue(("mail.contoso.com",)))


def _expired(world: "World") -> None:
    now = world.now()
    day = dt.timedelta(days=1)
    world.exchange.show(world.authority.issue(not_before=now - 20 * day, not_after=now - day))


def _untrusted(world: "World") -> None:
    world.exchange.show(Authority(world.now()).issue())


def _row(name: str, purpose: str, enter: Change) -> Scenario:
    return Scenario(name, Kind.EXCHANGE, purpose, enter)


EXCHANGE_STATES = (
    _row("smtp-off", "SMTP AUTH is switched off for the organisation.", _smtp_off),
    _row(
        "smtp-by-rbac",
        "SMTP by RBAC for Applications: no SMTP.SendAsApp in the token, and healthy all the same.",
        _smtp_by_rbac,
    ),
    _row("principal-missing", "The app was never registered in Exchange (New-ServicePrincipal).", _registered()),
    _row(
        "principal-wrong-object-id",
        "The app was registered in Exchange by the object id of its app registration.",
        _registered(MAIL_REGISTRATION_ID),
    ),
    _row("exchange-busy", "Exchange's servers greet with a refusal and hang up.", _turning_away),
    _row(
        "exchange-busy-once",
        "Exchange's servers greet the first client of each protocol with a refusal, then work.",
        _turning_away_once,
    ),
    _row("exchange-incident", "An incident: Exchange refuses every sign-in, by all protocols.", _failing(Protocol)),
    _row("imap-incident", "An incident: Exchange refuses every sign-in by IMAP.", _failing((Protocol.IMAP,))),
    _row("token-too-long", "POP's newer front end hangs up on the token of an app with many roles.", _long_token),
    _row("xoauth2-filtered", "Something in front of Exchange filters XOAUTH2.", _without_xoauth2),
    _row("starttls-filtered", "Something in front of Exchange filters STARTTLS.", _without_starttls),
    _row("smtp-old-tls", "Exchange finds TLS 1.1 in an SMTP client, or in what stands in between.", _old_tls),
    _row("server-certificate-other-host", "The mail servers' certificate is for another host.", _other_host),
    _row("server-certificate-expired", "The mail servers' certificate has expired.", _expired),
    _row("server-certificate-untrusted", "Nobody knows who signed the mail servers' certificate.", _untrusted),
)
