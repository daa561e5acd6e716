"""The bot's token from a managed identity, whatever the identity endpoint answers: it is a value, and not kept."""

import ssl
from collections.abc import AsyncIterator

import pytest
import requests

from lab.pki import Authority
from lab.planned import Page
from lab.tenant import BOT_CLIENT_ID, BOT_PRINCIPAL_ID, Application
from mailcheck.adapters.bot_credentials import BotToken, IdentityTokens, NoToken
from tests.adapters.azure_kit import Answer, Peer, document, now, page, served
from tests.adapters.azure_world import World, world_of


@pytest.fixture
async def world(
    authority: Authority, session: requests.Session, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[World]:
    """An identity endpoint that has the bot's identity."""
    async with world_of(authority, session, monkeypatch) as made:
        made.entra.tenant.add(Application(BOT_CLIENT_ID, BOT_PRINCIPAL_ID, "user-assigned identity"))
        yield made


def _tokens(session: requests.Session) -> IdentityTokens:
    return IdentityTokens(app_id=BOT_CLIENT_ID, session=session, now=now)


@pytest.mark.parametrize(
    "answer",
    [
        page(500, ""),
        page(503),
        page(200),
        page(200, "[" * 200_000, "application/json"),
        document(200, {}),
        document(200, ["odd"]),
        document(200, "odd"),
        document(200, None),
        document(400, 5),
        document(429, {"statusCode": 429, "message": "slower"}, Retry_After="5"),
        document(200, {"access_token": "x", "expires_on": "soon", "token_type": "Bearer"}),
        document(200, {"access_token": ["odd"], "expires_on": "4102444800", "token_type": "Bearer"}),
    ],
)
@pytest.mark.usefixtures("world")
async def test_odd_answers_of_the_identity_endpoint(
    answer: Answer, session: requests.Session, tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever comes instead of a token, the bot has none, and the log can say why."""
    async with served(Peer(tls), session) as peer:
        peer.answers["/msi/token"] = answer
        monkeypatch.setenv("IDENTITY_ENDPOINT", f"{peer.url}/msi/token")
        given = await _tokens(session).fetch()
        assert peer.asked
    assert isinstance(given, NoToken)
    assert given.reason.startswith("the managed identity gave no token: ")
    assert given.reason.isprintable()


async def test_an_identity_endpoint_that_starts(world: World, session: requests.Session) -> None:
    """One that answers 502 once is asked again at once: the turn has its token."""
    world.identity.planned.once(Page(502, "Bad Gateway"))
    assert isinstance(await _tokens(session).fetch(), BotToken)
    assert [sighting.outcome for sighting in world.identity.sightings] == ["502", "issued"]


async def test_a_failure_is_not_kept(world: World, session: requests.Session) -> None:
    """MSAL would answer from memory for a minute after a 5xx: the next turn asks the endpoint, and is well."""
    tokens = _tokens(session)
    world.identity.planned.always(Page(504, "Gateway Timeout"))
    assert isinstance(await tokens.fetch(), NoToken)
    world.identity.planned.always(None)
    assert isinstance(await tokens.fetch(), BotToken)


async def test_the_log_can_say_what_the_endpoint_answered(world: World, session: requests.Session) -> None:
    """Its status stands before its words: words alone may be anybody's."""
    world.identity.planned.always(Page(504, "Gateway Timeout"))
    given = await _tokens(session).fetch()
    assert isinstance(given, NoToken)
    assert given.reason.startswith("the managed identity gave no token: 504 ")
