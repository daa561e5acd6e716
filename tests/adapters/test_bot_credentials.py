"""The bot's own token, from the lab's Entra by MSAL and from its managed identity by azure-identity."""

import asyncio
import datetime as dt
import ssl
from collections.abc import AsyncIterator

import pytest
import requests

from lab.entra import Entra
from lab.identity import ManagedIdentity
from lab.pki import Authority
from lab.tenant import BOT_CLIENT_ID, BOT_PRINCIPAL_ID, TENANT_ID, Application, Tenant
from mailcheck.adapters.bot_credentials import (
    LAST_MOMENT,
    REFRESH_AHEAD,
    REFUSED_FOR,
    BotCredentials,
    BotToken,
    IdentityTokens,
    NoToken,
    SecretTokens,
)
from mailcheck.adapters.trust import http_session
from mailcheck.model.secret import Secret
from tests.adapters.bot_kit import OTHER_ID, Clock

_PASSWORD = "correct horse battery staple"


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


@pytest.fixture
async def entra(authority: Authority) -> AsyncIterator[Entra]:
    """The tenant's Entra, which knows the bot by its secret."""
    tenant = Tenant()
    tenant.add(Application(BOT_CLIENT_ID, BOT_PRINCIPAL_ID, "bot", secret=_PASSWORD))
    async with Entra(tenant, authority, now=_now) as server:
        yield server


@pytest.fixture
def session(trust: ssl.SSLContext) -> requests.Session:
    """The product's HTTP session, trusting the lab."""
    return http_session(trust)


def _secret_tokens(entra: Entra, session: requests.Session, password: str = _PASSWORD) -> SecretTokens:
    return SecretTokens(
        app_id=BOT_CLIENT_ID, password=Secret(password), authority=f"{entra.url}/{TENANT_ID}", session=session
    )


async def test_a_client_secret_buys_a_token(entra: Entra, session: requests.Session) -> None:
    """SingleTenant: Entra gives a token for the secret, with its lifetime; it does not show in the repr."""
    token = await asyncio.to_thread(_secret_tokens(entra, session).fetch)
    assert isinstance(token, BotToken)
    assert token.lifetime > 1000
    assert token.value.reveal() not in repr(token)


async def test_a_wrong_secret_is_told_in_entras_words(entra: Entra, session: requests.Session) -> None:
    """An expired or wrong secret is a value with the AADSTS code, and without the secret."""
    answer = await asyncio.to_thread(_secret_tokens(entra, session, "wrong secret").fetch)
    assert isinstance(answer, NoToken)
    assert "AADSTS7000215" in answer.reason
    assert "wrong secret" not in answer.reason


async def test_an_unreachable_authority_is_a_value(entra: Entra, session: requests.Session) -> None:
    """When Entra does not answer there is no token and no exception; once it does, there is one."""
    tokens = _secret_tokens(entra, session)
    await entra.stop()
    answer = await asyncio.to_thread(tokens.fetch)
    assert isinstance(answer, NoToken)
    assert "refused" in answer.reason
    await entra.start()
    assert isinstance(await asyncio.to_thread(tokens.fetch), BotToken)


async def test_an_unknown_tenant_is_a_value(entra: Entra, session: requests.Session) -> None:
    """A tenant that Entra does not know gives no token."""
    tokens = SecretTokens(
        app_id=BOT_CLIENT_ID, password=Secret(_PASSWORD), authority=f"{entra.url}/{OTHER_ID}", session=session
    )
    assert isinstance(await asyncio.to_thread(tokens.fetch), NoToken)


@pytest.fixture
async def identity(entra: Entra, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ManagedIdentity]:
    """App Service's managed identity endpoint, named in this process's environment."""
    async with ManagedIdentity(entra, header="lab") as server:
        for name, value in server.environment().items():
            monkeypatch.setenv(name, value)
        yield server


@pytest.mark.usefixtures("identity")
async def test_a_managed_identity_gives_a_token(session: requests.Session) -> None:
    """UserAssignedMSI: the platform gives a token for the identity that is the bot."""
    token = await asyncio.to_thread(IdentityTokens(app_id=BOT_CLIENT_ID, session=session, now=_now).fetch)
    assert isinstance(token, BotToken)
    assert token.lifetime > 1000


@pytest.mark.usefixtures("identity")
async def test_an_identity_that_is_not_assigned_is_a_value(session: requests.Session) -> None:
    """An identity that the app does not have gives no token and no KeyError."""
    answer = await asyncio.to_thread(IdentityTokens(app_id=OTHER_ID, session=session, now=_now).fetch)
    assert isinstance(answer, NoToken)
    assert "managed identity" in answer.reason


class Source:
    """A token source that counts, and gives what it is told to."""

    def __init__(self) -> None:
        self.asked = 0
        self.answer: BotToken | NoToken | None = None

    def fetch(self) -> BotToken | NoToken:
        self.asked += 1
        return self.answer or BotToken(Secret(f"token {self.asked}"), 3600.0)


async def _value(credentials: BotCredentials) -> str:
    token = await credentials.token()
    return token.reason if isinstance(token, NoToken) else token.reveal()


async def test_one_token_serves_until_shortly_before_its_end() -> None:
    """A token is used until five minutes before its end; then a new one is bought."""
    source, clock = Source(), Clock()
    credentials = BotCredentials(source, clock=clock.monotonic)
    assert [await _value(credentials) for _ in range(3)] == ["token 1"] * 3
    clock.seconds += 3600 - REFRESH_AHEAD - 1
    assert await _value(credentials) == "token 1"
    clock.seconds += 1
    assert await _value(credentials) == "token 2"


async def test_callers_at_the_same_time_buy_one_token() -> None:
    """Ten turns that begin together ask Entra once."""
    source = Source()
    credentials = BotCredentials(source, clock=Clock().monotonic)
    assert set(await asyncio.gather(*(_value(credentials) for _ in range(10)))) == {"token 1"}
    assert source.asked == 1


async def test_a_failed_renewal_leaves_the_old_token_in_use() -> None:
    """When Entra fails shortly before the end, the token is used for what is left of it, and no longer."""
    source, clock = Source(), Clock()
    credentials = BotCredentials(source, clock=clock.monotonic)
    assert await _value(credentials) == "token 1"
    source.answer = NoToken("Entra is away")
    clock.seconds += 3600 - LAST_MOMENT - 1
    assert await _value(credentials) == "token 1"
    clock.seconds += 1
    assert await _value(credentials) == "Entra is away"


async def test_a_refusal_is_not_asked_for_again_at_once() -> None:
    """The calls of one turn share a refusal; some seconds later Entra is asked again."""
    source, clock = Source(), Clock()
    credentials = BotCredentials(source, clock=clock.monotonic)
    source.answer = NoToken("wrong secret")
    assert [await _value(credentials) for _ in range(3)] == ["wrong secret"] * 3
    assert source.asked == 1
    clock.seconds += REFUSED_FOR
    source.answer = None
    assert await _value(credentials) == "token 2"


async def test_a_refused_renewal_leaves_the_old_token_in_use_meanwhile() -> None:
    """While a renewal is refused and not tried again, the token that is held still serves."""
    source, clock = Source(), Clock()
    credentials = BotCredentials(source, clock=clock.monotonic)
    assert await _value(credentials) == "token 1"
    source.answer = NoToken("Entra is away")
    clock.seconds += 3600 - REFRESH_AHEAD
    assert [await _value(credentials) for _ in range(3)] == ["token 1"] * 3
    assert source.asked == 2
