"""What a report says beside the verdict."""

import datetime as dt

import pytest

from mailcheck.diagnosis import notices
from mailcheck.diagnosis.entry import Again
from mailcheck.model.cloud import CLOUDS, PUBLIC
from mailcheck.model.credential import Certificate, ClientSecret
from mailcheck.model.evidence import Evidence, Stage
from mailcheck.model.report import Notice, Severity
from mailcheck.model.request import MailProtocol
from mailcheck.model.secret import Secret
from tests.diagnosis.kit import APP

NOW = dt.datetime(2026, 11, 23, 18, 41, 22, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
MOMENT = dt.timedelta(seconds=1)


def certificate(left: dt.timedelta) -> Certificate:
    """One that is valid for so long."""
    return Certificate(Secret("planted"), "public", "AB12", NOW - DAY, NOW + left, "1")


@pytest.mark.parametrize(
    "left, severity",
    [
        (31 * DAY, None),
        (30 * DAY, None),
        (30 * DAY - MOMENT, Severity.INFO),
        (14 * DAY, Severity.INFO),
        (14 * DAY - MOMENT, Severity.WARNING),
        (7 * DAY, Severity.WARNING),
        (7 * DAY - MOMENT, Severity.URGENT),
        (MOMENT, Severity.URGENT),
        (-MOMENT, None),
        (-30 * DAY, None),
    ],
)
def test_a_certificate_warns_before_it_expires(left: dt.timedelta, severity: Severity | None) -> None:
    """Within 30 days a note, within 14 a warning, within 7 urgent, with how to renew it; once expired, nothing."""
    notice = notices.expiring(certificate(left), NOW, APP, PUBLIC)
    assert (notice and notice.severity) == severity
    if notice:
        assert notice.id == "certificate-expires-soon"
        assert any("az keyvault certificate create" in line for line in notice.fix)


@pytest.mark.parametrize(
    "left, words",
    [(20 * DAY, "in 20 days"), (DAY, "in 1 day,"), (DAY - MOMENT, "in less than a day")],
)
def test_the_days_are_counted(left: dt.timedelta, words: str) -> None:
    """Whole days, and the date."""
    notice = notices.expiring(certificate(left), NOW, APP, PUBLIC)
    assert notice is not None
    assert words in notice.title
    assert f"{NOW + left:%Y-%m-%d}" in notice.title


def test_a_client_secret_warns_where_its_date_is_known() -> None:
    """The date is one that somebody noted in the vault, or there is none."""
    noted = ClientSecret(Secret("planted"), "1", not_after=NOW + 3 * DAY)
    notice = notices.expiring(noted, NOW, APP, PUBLIC)
    assert notice is not None
    assert (notice.id, notice.severity) == ("client-secret-expires-soon", Severity.URGENT)
    assert notices.expiring(ClientSecret(Secret("planted"), "1"), NOW, APP, PUBLIC) is None


@pytest.mark.parametrize("name", CLOUDS)
def test_a_cloud_that_nobody_has_proven_is_told(name: str) -> None:
    """Every cloud but the public one."""
    notice = notices.unproven(CLOUDS[name])
    assert (notice is None) == (CLOUDS[name] is PUBLIC)
    if notice:
        assert f'"{name}"' in notice.title


def test_the_version_of_ip_that_fails_is_named() -> None:
    """IPv6 is the one that is reported to fail so; there is something to look at, and what the server said over it."""
    seen = Evidence(Stage.LIST, "BAD", "User is authenticated but not connected.", MailProtocol.IMAP)
    notice = notices.second_try(MailProtocol.IMAP, seen, Again.OVER_IPV4)
    assert "works over IPv4, and not over IPv6: BAD User is authenticated" in notice.title
    assert notice.fix


def test_the_most_urgent_comes_first() -> None:
    """Whatever the order in which they were found."""
    found = [
        Notice(str(severity), severity, "title") for severity in (Severity.INFO, Severity.URGENT, Severity.WARNING)
    ]
    assert [one.severity for one in notices.in_order([*found, None])] == ["urgent", "warning", "info"]


def test_the_renewal_goes_to_the_tenants_own_cloud() -> None:
    """In a national cloud the commands are told which one is meant."""
    notice = notices.expiring(certificate(DAY), NOW, APP, CLOUDS["china"])
    assert notice is not None
    assert notice.fix[0] == "az cloud set --name AzureChinaCloud"
