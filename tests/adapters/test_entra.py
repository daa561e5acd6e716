"""The token from Entra, by genuine MSAL over real TLS: what is bought, what is refused, what is kept."""

import asyncio
import datetime as dt
import logging
import ssl
from dataclasses import dataclass

import jwt
import pytest
import requests

from lab.pki import Authority, KeyPair
from lab.tenant import EXCHANGE_RESOURCE, MAIL_CLIENT_ID, MAIL_PRINCIPAL_ID, TENANT_ID
from mailcheck.model.credential import Token
from tests.adapters.azure_kit import (
    SCOPE,
    certificate_of,
    document,
    new_pair,
    now,
    tenant_of,
)
from tests.adapters.entra_kit import PAIR, TOKEN, entra_of, evidence, peer_of, tokens_of

RENEWED = new_pair()
STRANGER = new_pair()


async def test_a_token_says_what_exchange_will_read(authority: Authority, session: requests.Session) -> None:
    """A registered certificate buys a token, and its claims are read."""
    async with entra_of(authority, session) as entra:
        token = await tokens_of(entra.authority_url, session).token(certificate_of(PAIR))
    assert isinstance(token, Token)
    assert token.claims.audience == EXCHANGE_RESOURCE
    assert token.claims.roles == ("IMAP.AccessAsApp", "POP.AccessAsApp")
    assert (token.claims.tenant_id, token.claims.app_id) == (TENANT_ID, MAIL_CLIENT_ID)
    assert token.claims.object_id == MAIL_PRINCIPAL_ID
    assert token.claims.expires_at is not None
    assert dt.timedelta(minutes=55) < token.claims.expires_at - now() < dt.timedelta(minutes=65)
    assert token.claims.scopes == ()


async def test_a_token_is_bought_once(authority: Authority, session: requests.Session) -> None:
    """A token is kept: ten callers at once and one later make one request."""
    async with entra_of(authority, session) as entra:
        tokens = tokens_of(entra.authority_url, session)
        together = await asyncio.gather(*(tokens.token(certificate_of(PAIR)) for _ in range(10)))
        later = await tokens.token(certificate_of(PAIR))
        assert len(entra.sightings) == 1
    assert all(isinstance(token, Token) and isinstance(later, Token) for token in together)
    assert len({token.value.reveal() for token in (*together, later) if isinstance(token, Token)}) == 1


async def test_a_renewed_certificate_buys_a_token_of_its_own(authority: Authority, session: requests.Session) -> None:
    """With another certificate nothing is reused: a token is asked for, signed by the new key."""
    async with entra_of(authority, session, tenant_of(PAIR, RENEWED)) as entra:
        tokens = tokens_of(entra.authority_url, session)
        for pair in (PAIR, RENEWED, RENEWED):
            assert isinstance(await tokens.token(certificate_of(pair)), Token)
        assert [sighting.outcome for sighting in entra.sightings] == ["issued", "issued"]


async def test_the_assertion_has_the_documented_form(session: requests.Session, tls: ssl.SSLContext) -> None:
    """The assertion is signed PS256 and names the certificate by x5t#S256, not by its SHA-1 thumbprint."""
    async with peer_of(tls, session, document(400, {"error": "enough"})) as peer:
        await tokens_of(f"{peer.url}/{TENANT_ID}", session).token(certificate_of(PAIR))
        header = jwt.get_unverified_header(peer.forms[TOKEN]["client_assertion"])
    assert header["alg"] == "PS256"
    assert "x5t#S256" in header
    assert "x5t" not in header
    assert len(header["x5c"]) == 1


@dataclass(frozen=True)
class Mistake:
    """What is wrong, and Entra's number for it."""

    number: int
    pair: KeyPair = PAIR
    key: KeyPair | None = None
    client_id: str = MAIL_CLIENT_ID
    scope: str = SCOPE
    tenant: str = TENANT_ID
    late: dt.timedelta = dt.timedelta()
    enabled: bool = True


MISTAKES = {
    "not-registered": Mistake(700027, pair=STRANGER),
    "key-of-another": Mistake(7000274, key=STRANGER),
    "unknown-app": Mistake(700016, client_id="00000000-0000-0000-0000-000000000000"),
    "disabled-app": Mistake(7000112, enabled=False),
    "unknown-resource": Mistake(500011, scope="https://outlook.example/.default"),
    "delegated-scope": Mistake(1002012, scope=f"{EXCHANGE_RESOURCE}/IMAP.AccessAsUser.All"),
    "unknown-tenant": Mistake(90002, tenant="elsewhere.example"),
    "malformed-tenant": Mistake(900023, tenant="_contoso_"),
    "clock": Mistake(700024, late=dt.timedelta(hours=3)),
    "certificate-expired": Mistake(1000502, late=dt.timedelta(days=365)),
}


@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES.keys())
async def test_each_refusal_is_told_by_its_number(
    mistake: Mistake, authority: Authority, session: requests.Session
) -> None:
    """The signal is Entra's number; its sentence and ids are passed on, and our thumbprint stands beside them."""
    tenant = tenant_of(PAIR)
    tenant.applications[MAIL_CLIENT_ID].enabled = mistake.enabled
    async with entra_of(authority, session, tenant, late=mistake.late) as entra:
        tokens = tokens_of(f"{entra.url}/{mistake.tenant}", session, client_id=mistake.client_id, scope=mistake.scope)
        seen = evidence(await tokens.token(certificate_of(mistake.pair, key=mistake.key)))
    assert seen.signal == f"AADSTS{mistake.number}"
    assert seen.said.startswith(f"AADSTS{mistake.number}: ")
    assert "Trace ID" not in seen.said
    assert "Timestamp" not in seen.said
    assert seen.details["codes"] == str(mistake.number)
    assert seen.details["thumbprint"] == mistake.pair.thumbprint
    assert seen.details["host"] == "localhost"
    assert all(len(seen.details[name]) == 36 for name in ("trace_id", "correlation_id"))


async def test_a_refusal_is_not_kept(authority: Authority, session: requests.Session) -> None:
    """Who mends the setting and asks again gets a token at once."""
    tenant = tenant_of()
    async with entra_of(authority, session, tenant) as entra:
        tokens = tokens_of(entra.authority_url, session)
        evidence(await tokens.token(certificate_of(PAIR)))
        tenant.applications[MAIL_CLIENT_ID].enabled = False
        assert evidence(await tokens.token(certificate_of(PAIR))).signal == "AADSTS7000112"
        assert evidence(await tokens.token(certificate_of(PAIR))).signal == "AADSTS7000112"
        assert len(entra.sightings) == 3
        tenant.applications[MAIL_CLIENT_ID].enabled = True
        tenant.applications[MAIL_CLIENT_ID].certificates.append(PAIR.certificate)
        assert isinstance(await tokens.token(certificate_of(PAIR)), Token)


async def test_missing_consent_is_a_token_without_roles(authority: Authority, session: requests.Session) -> None:
    """Missing consent is no refusal of Entra's: the token has no roles."""
    tenant = tenant_of(PAIR)
    tenant.applications[MAIL_CLIENT_ID].roles.clear()
    async with entra_of(authority, session, tenant) as entra:
        token = await tokens_of(entra.authority_url, session).token(certificate_of(PAIR))
    assert isinstance(token, Token)
    assert token.claims.roles == ()


async def test_a_forgotten_token_is_bought_again(authority: Authority, session: requests.Session) -> None:
    """Consent that is granted meanwhile is in the next token once the last one is forgotten, and not before."""
    tenant = tenant_of(PAIR)
    roles = tenant.applications[MAIL_CLIENT_ID].roles[EXCHANGE_RESOURCE]
    roles.clear()
    async with entra_of(authority, session, tenant) as entra:
        tokens = tokens_of(entra.authority_url, session)
        tokens.forget()  # nothing yet
        await tokens.token(certificate_of(PAIR))
        roles.add("IMAP.AccessAsApp")
        held = await tokens.token(certificate_of(PAIR))
        tokens.forget()
        bought = await tokens.token(certificate_of(PAIR))
        assert len(entra.sightings) == 2
    assert isinstance(held, Token)
    assert isinstance(bought, Token)
    assert (held.claims.roles, bought.claims.roles) == ((), ("IMAP.AccessAsApp",))


async def test_no_secret_is_shown(
    authority: Authority, session: requests.Session, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither logs at DEBUG nor what is returned hold the key, an assertion or the token."""
    caplog.set_level(logging.DEBUG)
    async with entra_of(authority, session) as entra:
        tokens = tokens_of(entra.authority_url, session)
        token = await tokens.token(certificate_of(PAIR))
        refused = await tokens.token(certificate_of(STRANGER))
    assert isinstance(token, Token)
    secret = token.value.reveal()
    shown = "\n".join((caplog.text, repr(token), str(token), repr(refused), repr(tokens)))
    assert "PRIVATE KEY" not in shown
    for line in (*PAIR.key_pem.decode().splitlines(), *STRANGER.key_pem.decode().splitlines()):
        assert line not in shown
    assert "eyJ" not in shown
    assert secret.split(".")[2] not in shown
