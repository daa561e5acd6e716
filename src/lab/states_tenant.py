"""States of Entra: the tenant, the app registration and its permissions, and what the token endpoint answers."""

import datetime as dt
from typing import TYPE_CHECKING

from lab.aadsts import Refusal
from lab.planned import Page
from lab.scenario import Change, Family, Kind, Scenario, UnknownScenario
from lab.tenant import EXCHANGE_CONSENT_RESOURCE, EXCHANGE_DELEGATED_RESOURCE, EXCHANGE_RESOURCE, GRAPH_RESOURCE

if TYPE_CHECKING:
    from lab.world import World

_LATE = dt.timedelta(hours=1)
_NOWHERE = "https://login.invalid"  # RFC 6761 section 6.4: no such name, anywhere
_DELEGATED: dict[str, object] = {"idtyp": "user", "scp": "IMAP.AccessAsUser.All POP.AccessAsUser.All", "roles": None}


def _answering(answer: Refusal | Page, *, always: bool = True) -> Change:
    """Entra's token endpoint answers the app so."""

    def enter(world: "World") -> None:
        plan = world.entra.planned[world.mail_app.client_id.lower()]
        if always:
            plan.always(answer)
        else:
            plan.once(answer)

    return enter


def _answering_number(value: str) -> Change:
    if not (value.isascii() and value.isdigit() and int(value)):
        raise UnknownScenario(f"{value!r} is no AADSTS number; such as entra-answers=53003")
    return _answering(Refusal(int(value), "The lab was asked to answer so."))


def _asking(resource: str) -> Change:
    """The app is configured to ask for a token for this resource."""

    def enter(world: "World") -> None:
        world.configured["MAILCHECK_SCOPE"] = f"{resource}/.default"

    return enter


def _without_roles(*roles: str) -> Change:
    """Admin consent was not given to these application permissions; to none at all when none are named."""

    def enter(world: "World") -> None:
        given = world.mail_app.roles[EXCHANGE_RESOURCE]
        given -= set(roles or given)

    return enter


def _app_not_found(world: "World") -> None:
    del world.tenant.applications[world.mail_app.client_id.lower()]


def _app_disabled(world: "World") -> None:
    world.mail_app.enabled = False


def _app_not_consented(world: "World") -> None:
    world.mail_app.consented = False


def _app_public(world: "World") -> None:
    world.mail_app.public_client = True


def _not_registered(world: "World") -> None:
    world.mail_app.certificates.clear()


def _revoked(world: "World") -> None:
    world.mail_app.revoked.append(world.app_certificate.certificate)


def _slow_clock(world: "World") -> None:
    world.entra.grants.ahead = _LATE


def _fast_certificate_end(world: "World") -> None:
    world.renew(world.certificate(ends=_LATE / 2))
    world.entra.grants.ahead = _LATE


def _malformed_tenant(world: "World") -> None:
    world.configured["MAILCHECK_TENANT_ID"] = "contoso..com"


def _unknown_authority(world: "World") -> None:
    world.configured["MAILCHECK_AUTHORITY"] = _NOWHERE


def _tenant_not_found(world: "World") -> None:
    world.configured["MAILCHECK_TENANT_ID"] = "fabrikam.com"


def _exchange_disabled(world: "World") -> None:
    world.tenant.disabled_resources.add(EXCHANGE_RESOURCE)


def _exchange_missing(world: "World") -> None:
    world.entra.known_resources.discard(EXCHANGE_RESOURCE)


def _delegated(world: "World") -> None:
    world.mail_app.claims |= _DELEGATED


def _row(name: str, purpose: str, enter: Change) -> Scenario:
    return Scenario(name, Kind.TENANT, purpose, enter)


_APP = (
    _row("app-not-found", "The tenant has no such app.", _app_not_found),
    _row("app-disabled", "The app's enterprise application is disabled.", _app_disabled),
    _row("app-not-in-tenant", "The app has no enterprise application in the tenant.", _app_not_consented),
    _row("app-public-client", "The app registration allows public client flows.", _app_public),
    _row("certificate-not-registered", "The certificate is not uploaded to the app registration.", _not_registered),
    _row("certificate-revoked", "The certificate was revoked.", _revoked),
    _row("clock-slow", "The app's clock is an hour behind Entra's.", _slow_clock),
    _row(
        "certificate-expired-for-entra",
        "The certificate has expired by Entra's clock, and not by the app's.",
        _fast_certificate_end,
    ),
    _row("tenant-malformed", "MAILCHECK_TENANT_ID is no domain, and no id of a tenant.", _malformed_tenant),
    _row("tenant-not-found", "MAILCHECK_TENANT_ID names a tenant that there is not.", _tenant_not_found),
    _row(
        "tenant-other-cloud",
        "The tenant lives in another national cloud.",
        _answering(Refusal(900382, "A confidential client is not supported in a cross-cloud request.")),
    ),
    _row("exchange-disabled", "Office 365 Exchange Online is disabled in the tenant.", _exchange_disabled),
    _row("exchange-missing", "The tenant has no Exchange Online.", _exchange_missing),
    _row(
        "conditional-access",
        "A Conditional Access policy for workload identities blocks the app.",
        _answering(Refusal(53003, "Access has been blocked by Conditional Access policies.")),
    ),
)
_PERMISSIONS = (
    _row("role-missing-imap", "Consent to IMAP.AccessAsApp was not given.", _without_roles("IMAP.AccessAsApp")),
    _row("role-missing-pop", "Consent to POP.AccessAsApp was not given.", _without_roles("POP.AccessAsApp")),
    _row("role-missing-smtp", "Consent to SMTP.SendAsApp was not given.", _without_roles("SMTP.SendAsApp")),
    _row("roles-missing", "Admin consent was given to none of the app's permissions.", _without_roles()),
    _row("token-delegated", "The token stands for a user: delegated scopes, and no roles.", _delegated),
    _row("audience-graph", "MAILCHECK_SCOPE asks for a token for Microsoft Graph.", _asking(GRAPH_RESOURCE)),
    _row(
        "audience-delegated",
        "MAILCHECK_SCOPE has the resource of the delegated scopes.",
        _asking(EXCHANGE_DELEGATED_RESOURCE),
    ),
    _row(
        "audience-consent-url",
        "MAILCHECK_SCOPE has the resource of Microsoft's consent URL: healthy.",
        _asking(EXCHANGE_CONSENT_RESOURCE),
    ),
    _row(
        "scope-unknown",
        "MAILCHECK_SCOPE names a resource that the tenant does not have.",
        _asking("https://outlook.example"),
    ),
)
_BUSY = Refusal(90033, "A transient error has occurred. Please try again.")
_ENDPOINT = (
    _row(
        "entra-unknown",
        "DNS has no host by the name of Entra's; the bot has no other, and is silent.",
        _unknown_authority,
    ),
    _row(
        "entra-throttled",
        "Entra answers the tenant's token requests with 429.",
        _answering(Refusal(90055, "The tenant sends too many requests.", retry_after=17)),
    ),
    _row("entra-busy-once", "Entra is unavailable once, then works: healthy.", _answering(_BUSY, always=False)),
    _row("entra-busy", "Entra is temporarily unavailable, again and again.", _answering(_BUSY)),
    _row(
        "entra-error-once",
        "A gateway before Entra answers 502 once, then works: healthy.",
        _answering(Page(502, "Bad Gateway"), always=False),
    ),
    _row("entra-error", "A gateway before Entra answers 502, again and again.", _answering(Page(502, "Bad Gateway"))),
    _row("entra-page", "A page for people comes back in place of a token.", _answering(Page(200, "Sign in"))),
    Family(
        "entra-answers",
        Kind.TENANT,
        "Entra refuses with this AADSTS number, in its own form.",
        "NUMBER",
        _answering_number,
    ),
)
TENANT_STATES: tuple[Scenario | Family, ...] = (*_APP, *_PERMISSIONS, *_ENDPOINT)
