"""What is worth knowing beside the verdict: what will break soon, what was mended by itself, what was never proven."""

import datetime as dt
from collections.abc import Iterable, Mapping

from mailcheck.diagnosis.entry import Again
from mailcheck.diagnosis.match import configured, shown
from mailcheck.diagnosis.remedies import RENEW, RENEW_SECRET
from mailcheck.diagnosis.text import remedy, step
from mailcheck.model.cloud import PUBLIC, Cloud
from mailcheck.model.credential import Certificate, Credential
from mailcheck.model.evidence import Evidence
from mailcheck.model.report import Notice, Severity
from mailcheck.model.request import App, MailProtocol

# Whole days that are left: below which number a report warns, and how loudly.
EXPIRY: Mapping[int, Severity] = {7: Severity.URGENT, 14: Severity.WARNING, 30: Severity.INFO}
_ORDER = (Severity.URGENT, Severity.WARNING, Severity.INFO)
_CHECK_IPV6 = step("Look at the IPv6 route of the Function App's network, or take IPv6 away from it")


def expiring(credential: Credential, now: dt.datetime, app: App, cloud: Cloud) -> Notice | None:
    """A warning when the credential is in force for less than 30 days more; more urgent below 14, and below 7.

    None where it is not in force any more: that is a diagnosis.
    """
    if credential.not_after is None or now > credential.not_after:
        return None
    days = (credential.not_after - now).days
    severity = next((severity for limit, severity in EXPIRY.items() if days < limit), None)
    if severity is None:
        return None
    kind, renew = ("certificate", RENEW) if isinstance(credential, Certificate) else ("client secret", RENEW_SECRET)
    left = f"in {days} day{'' if days == 1 else 's'}" if days else "in less than a day"
    title = f'The {kind} "{app.vault_object}" expires {left}, on {credential.not_after:%Y-%m-%d}'
    name = f"{kind.replace(' ', '-')}-expires-soon"
    return Notice(name, severity, title, remedy(renew, configured(app, cloud)))


def unproven(cloud: Cloud) -> Notice | None:
    """In a national cloud: that nobody has told yet how it behaves there."""
    if cloud is PUBLIC:
        return None
    title = (
        f'How Exchange Online in the cloud "{cloud.name}" behaves for apps is not proven: '
        "mailcheck has its addresses from the documentation, and judges it as the public cloud"
    )
    return Notice("cloud-unproven", Severity.INFO, title)


def second_try(protocol: MailProtocol, first: Evidence, again: Again) -> Notice:
    """That a protocol worked at the second try only, and what the first met."""
    seen = shown(first)
    if again is Again.OVER_IPV4:
        title = f"{protocol.name} works over IPv4, and not over IPv6: {seen}"
        return Notice("not-over-ipv6", Severity.WARNING, title, (_CHECK_IPV6.fill({}),))
    title = f"{protocol.name} worked at the second try; the first met: {seen}"
    return Notice("second-try-needed", Severity.INFO, title)


def in_order(found: Iterable[Notice | None]) -> tuple[Notice, ...]:
    """Those that there are, the most urgent first."""
    return tuple(sorted(filter(None, found), key=lambda notice: _ORDER.index(notice.severity)))
