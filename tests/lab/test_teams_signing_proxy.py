"""The signing proxy between a small stand-in for the Agents Playground and a bot that demands tokens."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from botbuilder.schema import ErrorResponseException

from lab.serving import WebServer
from lab.signing import SigningKey
from lab.teams.bearer import BotBearer
from lab.teams.issuer import METADATA_PATH, Issuer
from lab.teams.signing_proxy import SigningProxy, with_tenant
from lab.tenant import BOT_CLIENT_ID, TENANT_ID
from tests.lab.common import utc_now
from tests.lab.teams_bot import TinyBot, activity, bot_token, connector_client, entra_verify

CHAT = "19:group@thread.v2;messageid=1"


@dataclass
class Playground:
    """Takes connector calls without asking who calls, as the real one does, and remembers them."""

    calls: list[tuple[str, str, Mapping[str, str], Any]] = field(default_factory=list)

    def routes(self) -> list[web.RouteDef]:
        """Its connector."""
        return [web.route("*", "/_connector/v3/conversations/{conversation}/activities{rest:.*}", self._call)]

    async def _call(self, request: web.Request) -> web.Response:
        body = await request.json() if request.can_read_body else None
        self.calls.append((request.method, request.match_info["conversation"], dict(request.headers), body))
        return web.json_response({"id": "made"}, status=201)


@dataclass
class Stage:
    """All parts, running."""

    playground: Playground
    proxy: SigningProxy
    bot: TinyBot
    issuer: Issuer


async def greet(bot: TinyBot, incoming: Mapping[str, Any]) -> web.Response:
    """Greets by the connector and answers an invoke with a body."""
    await bot.reply(incoming, text="hello")
    return web.json_response({"statusCode": 200}) if incoming["type"] == "invoke" else web.Response(status=202)


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    """Playground, proxy, issuer and bot, wired as for a real Playground."""
    issuer = Issuer(audience=BOT_CLIENT_ID, clock=utc_now)
    playground = Playground()
    async with WebServer([*playground.routes(), *issuer.routes()]) as server, TinyBot(greet) as bot:
        bot.metadata_url = server.url + METADATA_PATH
        proxy = SigningProxy(
            issuer=issuer,
            bearer=BotBearer(entra_verify, BOT_CLIENT_ID),
            bot_url=bot.url,
            playground_url=f"{server.url}/_connector",
            tenant_id=TENANT_ID,
        )
        async with proxy:
            yield Stage(playground, proxy, bot, issuer)


async def post(url: str, body: object) -> tuple[int, str]:
    """What the Playground does with an activity."""
    async with aiohttp.ClientSession() as session, session.post(url, json=body) as response:
        return response.status, await response.text()


async def test_an_unsigned_activity_reaches_the_bot_signed(stage: Stage) -> None:
    """The bot accepts what the Playground sent, and sees the proxy as the connector and the lab's tenant."""
    sent = {
        "type": "message",
        "id": "7",
        "text": "hi",
        "conversation": {"id": CHAT},
        "serviceUrl": "http://x/_connector",
    }

    assert await post(stage.proxy.messages_url, sent) == (202, "")
    (got,) = stage.bot.received
    assert got["serviceUrl"] == stage.proxy.service_url
    assert got["conversation"] == {"id": CHAT, "tenantId": TENANT_ID}
    assert got["channelData"] == {"tenant": {"id": TENANT_ID}}
    assert got["text"] == "hi"


async def test_the_bots_call_reaches_the_playground(stage: Stage) -> None:
    """The bot's reply arrives at the Playground's service URL, its conversation id intact and its token left behind."""
    await post(stage.proxy.messages_url, {"type": "message", "id": "7", "conversation": {"id": CHAT}})

    ((method, conversation, headers, body),) = stage.playground.calls
    assert (method, conversation, body["text"]) == ("POST", CHAT, "hello")
    assert "Authorization" not in headers


async def test_an_invoke_answer_comes_back(stage: Stage) -> None:
    """The JSON of an invoke's answer is handed to the Playground."""
    sent = {"type": "invoke", "id": "7", "conversation": {"id": CHAT}}

    assert await post(stage.proxy.messages_url, sent) == (200, '{"statusCode": 200}')


async def test_a_bot_with_a_wrong_token_does_not_pass(stage: Stage) -> None:
    """The proxy verifies the bot's token as the connector does: 401, and the Playground hears nothing."""
    async with connector_client(stage.proxy.service_url, bot_token(key=SigningKey.generate())) as client:
        with pytest.raises(ErrorResponseException) as refused:
            await client.conversations.send_to_conversation(CHAT, activity(text="psst"))

    assert refused.value.response.status_code == 401
    assert stage.playground.calls == []


@pytest.mark.parametrize("body", ["text", ["list"]])
async def test_what_is_no_activity_is_refused(stage: Stage, body: object) -> None:
    """A body that is no JSON object is answered 400 and not forwarded."""
    status, _ = await post(stage.proxy.messages_url, body)

    assert status == 400
    assert stage.bot.received == []


async def test_a_missing_playground_is_a_bad_gateway(stage: Stage) -> None:
    """When the Playground is gone, the bot's call is answered 502."""
    async with TinyBot(greet) as gone:
        url = gone.url
    proxy = SigningProxy(
        issuer=stage.issuer,
        bearer=BotBearer(entra_verify, BOT_CLIENT_ID),
        bot_url=stage.bot.url,
        playground_url=url,
        tenant_id=TENANT_ID,
    )
    async with proxy, connector_client(proxy.service_url, bot_token()) as client:
        with pytest.raises(ErrorResponseException) as refused:
            await client.conversations.send_to_conversation(CHAT, activity(text="hello"))

    assert refused.value.response.status_code == 502


def test_a_tenant_that_is_named_stays() -> None:
    """Only a missing tenant id is filled in; a foreign one is the bot's to refuse."""
    named = {"conversation": {"id": "a", "tenantId": "other"}, "channelData": {"tenant": {"id": "other"}, "x": 1}}

    assert with_tenant(named, TENANT_ID) == named
