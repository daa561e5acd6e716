"""The bot's own token, from the lab's Entra by MSAL and from its managed identity by azure-identity."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import requests

from lab.pki import Authority
from lab.tenant import BOT_CLIENT_ID, BOT_PRINCIPAL_ID, TENANT_ID, Application
from mailcheck.adapters.bot_credentials import (
    FORGET_PAUSE,
    LAST_MOMENT,
    REFRESH_AHEAD,
    REFUSED_FOR,
    SCOPE,
    AppTokens,
    BotCredentials,
    BotToken,
    ConfiguredSecret,
    CredentialSource,
    IdentityTokens,
    NoToken,
)
from mailcheck.adapters.entra import EntraTokens
from mailcheck.adapters.keyvault import KeyVaultCredentials
from mailcheck.model.secret import Secret
from tests.adapters.azure_kit import new_pair, now
from tests.adapters.azure_world import World, world_of
from tests.adapters.bot_kit import Clock
from tests.forging import OTHER_ID

_PASSWORD = "correct horse battery staple"
_CERTIFICATE = "bot"
_PAIR = new_pair()


@pytest.fixture
async def world(
    authority: Authority, session: requests.Session, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[World]:
    """Entra, which knows the bot by secret and certificate; the vault, which has the latter; an identity to read it."""
    async with world_of(authority, session, monkeypatch) as made:
        application = Application(BOT_CLIENT_ID, BOT_PRINCIPAL_ID, "bot", secret=_PASSWORD)
        application.certificates.append(_PAIR.certificate)
        made.entra.tenant.add(application)
        made.vault.store(_CERTIFICATE, _PAIR)
        yield made


def _app_tokens(world: World, source: CredentialSource, tenant: str = TENANT_ID) -> AppTokens:
    entra = EntraTokens(
        authority=f"{world.entra.url}/{tenant}", client_id=BOT_CLIENT_ID, scope=SCOPE, session=world.session
    )
    return AppTokens(source, entra=entra, now=now)


def _by_secret(world: World, password: str = _PASSWORD, tenant: str = TENANT_ID) -> AppTokens:
    return _app_tokens(world, ConfiguredSecret(Secret(password)), tenant)


def _by_certificate(world: World) -> tuple[AppTokens, KeyVaultCredentials]:
    vault = world.certificates(_CERTIFICATE)
    return _app_tokens(world, vault), vault


def _bought(world: World) -> list[tuple[str, str]]:
    """What the bot's token requests came with, and what became of them."""
    return [(seen.credential, seen.outcome) for seen in world.entra.sightings if seen.client_id == BOT_CLIENT_ID]


async def test_a_client_secret_buys_a_token(world: World) -> None:
    """SingleTenant: Entra gives a token for the secret, with its lifetime; it does not show in the repr."""
    token = await _by_secret(world).fetch()
    assert isinstance(token, BotToken)
    assert token.lifetime > 1000
    assert token.value.reveal() not in repr(token)
    assert _bought(world) == [("secret", "issued")]


async def test_a_certificate_buys_a_token(world: World) -> None:
    """SingleTenant without a secret: the certificate in the vault, read with the Function App's identity."""
    tokens, _ = _by_certificate(world)
    token = await tokens.fetch()
    assert isinstance(token, BotToken)
    assert token.lifetime > 1000
    assert _bought(world) == [("certificate", "issued")]


async def test_a_wrong_secret_is_told_in_entras_words(world: World) -> None:
    """An expired or wrong secret is a value with the AADSTS code, told once, and without the secret."""
    answer = await _by_secret(world, "wrong secret").fetch()
    assert isinstance(answer, NoToken)
    assert answer.reason.count("AADSTS7000215") == 1
    assert "wrong secret" not in answer.reason


async def test_a_certificate_that_is_not_there_is_a_value(world: World) -> None:
    """What the vault says is the reason; nobody asks Entra."""
    answer = await _app_tokens(world, world.certificates("another")).fetch()
    assert isinstance(answer, NoToken)
    assert "SecretNotFound" in answer.reason
    assert _bought(world) == []


async def test_a_certificate_that_entra_refused_is_read_anew(world: World) -> None:
    """When Entra refuses the certificate that is held, the next token is asked for with what the vault has by then."""
    tokens, _ = _by_certificate(world)
    application = world.entra.tenant.applications[BOT_CLIENT_ID]
    renewed = new_pair()
    application.certificates[:] = [renewed.certificate]
    answer = await tokens.fetch()
    assert isinstance(answer, NoToken)
    assert "AADSTS700027" in answer.reason
    world.vault.store(_CERTIFICATE, renewed)
    assert isinstance(await tokens.fetch(), BotToken)


async def test_an_unreachable_authority_is_a_value(world: World) -> None:
    """When Entra does not answer there is no token and no exception; once it does, there is one."""
    tokens = _by_secret(world)
    await world.entra.stop()
    answer = await tokens.fetch()
    assert isinstance(answer, NoToken)
    assert "refused" in answer.reason
    await world.entra.start()
    assert isinstance(await tokens.fetch(), BotToken)


async def test_an_unknown_tenant_is_a_value(world: World) -> None:
    """A tenant that Entra does not know gives no token."""
    assert isinstance(await _by_secret(world, tenant=OTHER_ID).fetch(), NoToken)


@pytest.mark.parametrize("kind", ["secret", "certificate"])
async def test_callers_at_the_same_time_buy_one_token(world: World, kind: str) -> None:
    """Ten turns that begin together ask the vault once, and Entra once."""
    tokens = _by_secret(world) if kind == "secret" else _by_certificate(world)[0]
    credentials = BotCredentials(tokens, clock=Clock().monotonic)
    assert len(set(await asyncio.gather(*(_value(credentials) for _ in range(10))))) == 1
    assert _bought(world) == [(kind, "issued")]
    assert world.reads() == (kind == "certificate")


async def test_a_forgotten_token_is_bought_anew(world: World) -> None:
    """Nobody, MSAL included, gives out again what the connector refused."""
    credentials = BotCredentials(_by_secret(world), clock=Clock().monotonic)
    first = await _value(credentials)
    credentials.forget()
    assert await _value(credentials) != first
    assert _bought(world) == [("secret", "issued")] * 2


@pytest.mark.usefixtures("world")
async def test_a_managed_identity_gives_a_token(session: requests.Session) -> None:
    """UserAssignedMSI: the platform gives a token for the identity that is the bot; forgotten, another."""
    tokens = IdentityTokens(app_id=BOT_CLIENT_ID, session=session, now=now)
    token = await tokens.fetch()
    assert isinstance(token, BotToken)
    assert token.lifetime > 1000
    again = await tokens.fetch()
    assert isinstance(again, BotToken)
    assert again.value.reveal() == token.value.reveal()
    tokens.forget()
    another = await tokens.fetch()
    assert isinstance(another, BotToken)
    assert another.value.reveal() != token.value.reveal()


@pytest.mark.usefixtures("world")
async def test_an_identity_that_is_not_assigned_is_a_value(session: requests.Session) -> None:
    """An identity that the app does not have gives no token and no KeyError."""
    answer = await IdentityTokens(app_id=OTHER_ID, session=session, now=now).fetch()
    assert isinstance(answer, NoToken)
    assert "managed identity" in answer.reason


class Source:
    """A token source that counts, and gives what it is told to."""

    def __init__(self) -> None:
        self.asked = 0
        self.forgotten = 0
        self.answer: BotToken | NoToken | None = None
        self.go_on = asyncio.Event()
        self.go_on.set()

    async def fetch(self) -> BotToken | NoToken:
        self.asked += 1
        await self.go_on.wait()
        return self.answer or BotToken(Secret(f"token {self.asked}"), 3600.0)

    def forget(self) -> None:
        self.forgotten += 1


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
    assert await _value(credentials) == "token 1"
    await asyncio.sleep(0)  # what has begun beside it ends
    assert await _value(credentials) == "token 2"
    assert source.asked == 2


async def test_nobody_waits_for_a_token_who_has_one() -> None:
    """While Entra is silent, the token that is held serves at once; it is asked for one more, and no further."""
    source, clock = Source(), Clock()
    credentials = BotCredentials(source, clock=clock.monotonic)
    assert await _value(credentials) == "token 1"
    source.go_on.clear()
    clock.seconds += 3600 - REFRESH_AHEAD
    for _ in range(3):
        assert await asyncio.wait_for(_value(credentials), 10) == "token 1"
        await asyncio.sleep(0)
    source.go_on.set()
    for _ in range(3):
        await asyncio.sleep(0)
    assert await _value(credentials) == "token 2"
    assert source.asked == 2


async def test_each_token_is_replaced_ahead_of_its_end() -> None:
    """Also the one that came ahead: of all that are bought while the app runs, nobody waits but for the first."""
    source, clock = Source(), Clock()
    credentials = BotCredentials(source, clock=clock.monotonic)
    for number in range(1, 4):
        assert await _value(credentials) == f"token {number}"
        clock.seconds += 3600 - REFRESH_AHEAD
        assert await _value(credentials) == f"token {number}"
        await asyncio.sleep(0)  # what has begun beside it ends


async def test_what_refuses_every_token_has_one_bought_in_a_while() -> None:
    """Calls that are refused together forget one token; the next is forgotten when some seconds have passed."""
    source, clock = Source(), Clock()
    credentials = BotCredentials(source, clock=clock.monotonic)
    assert await _value(credentials) == "token 1"
    credentials.forget()
    assert await _value(credentials) == "token 2"
    for _ in range(3):
        credentials.forget()
    assert await _value(credentials) == "token 2"
    clock.seconds += FORGET_PAUSE
    credentials.forget()
    assert await _value(credentials) == "token 3"
    assert source.forgotten == 2


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
    for _ in range(3):
        assert await _value(credentials) == "token 1"
        await asyncio.sleep(0)
    assert source.asked == 2
