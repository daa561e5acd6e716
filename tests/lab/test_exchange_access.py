"""Which tokens open a mailbox: the same line for every refusal, and the true reason in the server's own record."""

import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from lab.exchange.mailboxes import Mailbox
from lab.exchange.protocols import ROLES, Protocol
from lab.exchange.server import Exchange
from lab.tenant import BOT_PRINCIPAL_ID, MAIL_PRINCIPAL_ID, MAIL_REGISTRATION_ID, VAULT_RESOURCE
from tests.lab.exchange_kit import (
    SHARED,
    app_token,
    encoded,
    new_exchange,
    play_imap,
    play_pop,
    play_smtp,
    stranger,
    xoauth2,
)

IMAP_REFUSED = """
C: a1 AUTHENTICATE XOAUTH2 {response}
S: a1 NO AUTHENTICATE failed.
"""
POP_REFUSED = """
C: AUTH XOAUTH2
S: +...
C: {response}
S: -ERR Authentication failure: unknown user name or bad password.
"""
SMTP_REFUSED = "C: AUTH XOAUTH2\nS: 334 \nC: {response}\nS: 535 5.7.3 Authentication unsuccessful [...]"
SMTP_OPENS = "C: AUTH XOAUTH2\nS: 334 \nC: {response}\nS: 235 2.7.0 Authentication successful"


@pytest.fixture
async def exchange() -> AsyncIterator[Exchange]:
    """A server with the standard scenarios."""
    async with new_exchange() as server:
        yield server


def shared(exchange: Exchange) -> Mailbox:
    """The healthy mailbox."""
    mailbox = exchange.mailboxes.find(SHARED)
    assert mailbox is not None
    return mailbox


async def refused(exchange: Exchange, protocol: Protocol, response: str) -> str:
    """Tries to sign in, expects the one line of refusal, and answers the recorded reason."""
    match protocol:
        case Protocol.IMAP:
            await play_imap(exchange, IMAP_REFUSED, response=response)
        case Protocol.POP:
            await play_pop(exchange, POP_REFUSED, response=response)
        case Protocol.SMTP:
            await play_smtp(exchange, SMTP_REFUSED, response=response)
    assert exchange.sightings[-1].protocol is protocol
    return exchange.sightings[-1].outcome


@pytest.mark.parametrize("protocol", Protocol)
@pytest.mark.parametrize(
    "claims, reason",
    [
        ({"exp": int(time.time()) - 60}, "ExpiredSignatureError"),
        ({"exp": None}, "MissingRequiredClaimError"),
        ({"nbf": int(time.time()) + 3600}, "ImmatureSignatureError"),
        ({"aud": VAULT_RESOURCE}, "InvalidAudienceError"),
        ({"aud": "https://outlook.office.com"}, "InvalidAudienceError"),
        ({"iss": "https://sts.windows.net/99999999-aaaa-4bbb-8ccc-000000000009/"}, "InvalidIssuerError"),
        ({"tid": "99999999-aaaa-4bbb-8ccc-000000000009"}, "another tenant"),
        ({"tid": None}, "another tenant"),
        ({"roles": None}, "no role"),
        ({"roles": []}, "no role"),
        ({"roles": ["Mail.Read", "SMTP.SendAsUser"]}, "no role"),
        (
            {"roles": None, "idtyp": "user", "scp": "IMAP.AccessAsUser.All POP.AccessAsUser.All"},
            "not an app-only token",
        ),
        ({"idtyp": None}, "not an app-only token"),
        ({"oid": BOT_PRINCIPAL_ID}, "no service principal"),
        ({"oid": None}, "no oid"),
    ],
)
async def test_unfit_claims(exchange: Exchange, protocol: Protocol, claims: dict[str, Any], reason: str) -> None:
    """A genuine token that does not fit is refused with the one line of each protocol."""
    outcome = await refused(exchange, protocol, xoauth2(SHARED, app_token()(**claims)))
    assert outcome.startswith(reason)


@pytest.mark.parametrize("audience", ["https://outlook.office365.com", "https://ps.outlook.com"])
async def test_the_names_of_exchange(exchange: Exchange, audience: str) -> None:
    """A token for the documented name and one for the name of the consent URL both open the mailbox."""
    opened = "C: a1 AUTHENTICATE XOAUTH2 {response}\nS: a1 OK AUTHENTICATE completed."
    await play_imap(exchange, opened, response=xoauth2(SHARED, app_token()(aud=audience)))


@pytest.mark.parametrize("protocol", Protocol)
async def test_the_roles_of_the_other_protocols(exchange: Exchange, protocol: Protocol) -> None:
    """The roles of the other two do not open a protocol."""
    others = [role for other, role in ROLES.items() if other is not protocol]
    assert await refused(exchange, protocol, xoauth2(SHARED, app_token()(roles=others))) == f"no role {ROLES[protocol]}"


@pytest.mark.parametrize("protocol", Protocol)
async def test_another_key(exchange: Exchange, protocol: Protocol) -> None:
    """A token with the right claims that somebody else signed is refused."""
    forged = app_token()(signed_by=stranger())
    assert (await refused(exchange, protocol, xoauth2(SHARED, forged))).startswith("InvalidSignatureError")


@pytest.mark.parametrize("protocol", Protocol)
@pytest.mark.parametrize("cut", [slice(0, 0), slice(0, -10), slice(10, None)], ids=["none", "end cut", "start cut"])
async def test_a_mangled_token(exchange: Exchange, protocol: Protocol, cut: slice) -> None:
    """What is left of a token that lost a part is refused."""
    response = encoded(f"user={SHARED}\x01auth=Bearer {app_token()()[cut]}\x01\x01")
    assert await refused(exchange, protocol, response) != "opened"


@pytest.mark.parametrize("protocol", Protocol)
@pytest.mark.parametrize(
    "response",
    [
        "user=shared@contoso.com",
        "user=shared@contoso.com\x01auth=Bearer token\x01",
        "user=shared@contoso.com\x01auth=Basic token\x01\x01",
        "auth=Bearer token\x01user=shared@contoso.com\x01\x01",
        "n,a=shared@contoso.com,\x01auth=Bearer token\x01\x01",
    ],
)
async def test_another_shape_than_xoauth2(exchange: Exchange, protocol: Protocol, response: str) -> None:
    """A response that is not XOAUTH2, such as OAUTHBEARER's, is refused."""
    assert await refused(exchange, protocol, encoded(response)) == "not an XOAUTH2 response"


@pytest.mark.parametrize("protocol", Protocol)
async def test_not_even_text(exchange: Exchange, protocol: Protocol) -> None:
    """Octets that are no UTF-8 are refused like any other response."""
    assert await refused(exchange, protocol, "//79") == "not an XOAUTH2 response"


@pytest.mark.parametrize("protocol", Protocol)
async def test_a_grant_holds_from_the_next_sign_in(exchange: Exchange, protocol: Protocol) -> None:
    """Add-MailboxPermission and its removal take effect without a restart."""
    shared(exchange).grants.clear()
    assert await refused(exchange, protocol, xoauth2(SHARED)) == "no FullAccess"


@pytest.mark.parametrize("protocol", Protocol)
@pytest.mark.parametrize("registered", [set(), {MAIL_REGISTRATION_ID}])
async def test_the_service_principal_must_be_registered(
    exchange: Exchange, protocol: Protocol, registered: set[str]
) -> None:
    """Exchange knows an app by the `oid` of its token; the object id of the app registration is not that."""
    exchange.organization.service_principals = registered
    assert await refused(exchange, protocol, xoauth2(SHARED)) == "no service principal"


@pytest.mark.parametrize(
    "role, granted, assigned, outcome",
    [
        (True, True, False, "opened"),
        (True, True, True, "opened"),
        (True, False, False, "no FullAccess"),
        (True, False, True, "no FullAccess"),  # the role brings the check of the mailbox permission with it
        (False, True, False, "no role SMTP.SendAsApp"),
        (False, True, True, "opened"),
        (False, False, False, "no role SMTP.SendAsApp"),
        (False, False, True, "opened"),
    ],
)
async def test_the_two_ways_of_smtp(
    exchange: Exchange, role: bool, granted: bool, assigned: bool, outcome: str
) -> None:
    """SMTP opens by the token's role with FullAccess, or by an assignment of `Application SMTP.SendAsApp` alone.

    Microsoft's page on RBAC for Applications and SMTP has both.
    """
    mailbox = shared(exchange)
    mailbox.grants = {MAIL_PRINCIPAL_ID} if granted else set()
    mailbox.smtp_assignments = {MAIL_PRINCIPAL_ID} if assigned else {BOT_PRINCIPAL_ID}
    response = xoauth2(SHARED, app_token()(roles=["SMTP.SendAsApp"] if role else None))
    if outcome == "opened":
        await play_smtp(exchange, SMTP_OPENS, response=response)
    else:
        await refused(exchange, Protocol.SMTP, response)
    assert exchange.sightings[-1].outcome == outcome


@pytest.mark.parametrize("protocol", [Protocol.IMAP, Protocol.POP])
async def test_an_assignment_is_for_smtp_only(exchange: Exchange, protocol: Protocol) -> None:
    """RBAC for Applications opens neither IMAP nor POP."""
    shared(exchange).smtp_assignments = {MAIL_PRINCIPAL_ID}
    assert (await refused(exchange, protocol, xoauth2(SHARED, app_token()(roles=None)))).startswith("no role")


FOR_ALL = "Tenant. Visit https://aka.ms/smtp_auth_disabled for more information."


@pytest.mark.parametrize(
    "organization, mailbox, disabled, outcome",
    [
        (False, None, "", "opened"),
        (False, False, "", "opened"),
        (False, True, "Mailbox.", "switched off"),
        (True, None, FOR_ALL, "switched off for all"),
        (True, False, "", "opened"),
        (True, True, "Mailbox.", "switched off"),
    ],
)
async def test_the_two_switches_of_smtp(
    exchange: Exchange, organization: bool, mailbox: bool | None, disabled: str, outcome: str
) -> None:
    """`SmtpClientAuthenticationDisabled` of the mailbox wins over the organisation's, which holds where it is null."""
    exchange.organization.smtp_auth_disabled = organization
    shared(exchange).smtp_auth_disabled = mailbox
    off = f"S: 535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the {disabled} [...]"
    sign_in, _, _ = SMTP_OPENS.rpartition("\n")
    await play_smtp(exchange, f"{sign_in}\n{off}" if disabled else SMTP_OPENS, response=xoauth2(SHARED))
    assert exchange.sightings == [(Protocol.SMTP, SHARED, outcome)]


async def test_sightings_hold_no_secret(exchange: Exchange) -> None:
    """The record tells who came and what became of it, and no part of a token."""
    good, forged = app_token()(), app_token()(signed_by=stranger())
    for token in (good, forged, good[:-9]):
        await play_imap(exchange, "C: a AUTHENTICATE XOAUTH2 {r}\nS: a ...", r=xoauth2(SHARED, token))
    assert [(sighting.protocol, sighting.mailbox) for sighting in exchange.sightings] == [(Protocol.IMAP, SHARED)] * 3
    assert exchange.sightings[0].outcome == "opened"
    for part in (*good.split("."), *forged.split(".")):
        assert part not in repr(exchange.sightings)
