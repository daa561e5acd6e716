"""A tiny bot for the tests of the lab's Teams: it verifies what comes in and answers by the genuine ConnectorClient."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Self

import aiohttp
import jwt
from aiohttp import web
from botbuilder.schema import Activity
from botframework.connector.aio import ConnectorClient
from msrest.authentication import BasicTokenAuthentication

from lab.serving import WebServer
from lab.signing import SigningKey
from lab.teams.issuer import ISSUER
from lab.tenant import BOT_CLIENT_ID, BOT_RESOURCE, TENANT_ID
from tests.lab.common import utc_now

ENTRA = SigningKey.generate()

type Turn = Callable[["TinyBot", Mapping[str, Any]], Awaitable[web.Response]]


def entra_verify(token: str) -> Mapping[str, Any]:
    """What the lab's Entra offers the connector."""
    return ENTRA.verify(token, audience=BOT_RESOURCE, now=utc_now())


def bot_token(*, key: SigningKey = ENTRA, **claims: object) -> str:
    """The token that Entra gives the bot for the connector, or with other claims a wrong one."""
    usual = {
        "aud": BOT_RESOURCE,
        "iss": f"https://sts.windows.net/{TENANT_ID}/",
        "appid": BOT_CLIENT_ID,
        "exp": int(utc_now().timestamp()) + 3600,
    }
    return key.sign({**usual, **claims})


def connector_client(service_url: str, token: str) -> ConnectorClient:
    """The SDK's own client with this token."""
    client = ConnectorClient(BasicTokenAuthentication({"access_token": token}), base_url=service_url)
    client.config.retry_policy.policy.total = 0  # a refused call is a fact, not something to be tried again
    return client


def activity(**members: object) -> Activity:
    """An Activity as the SDK makes it."""
    return Activity().deserialize({"type": "message", **members})


class TinyBot:
    """Serves /api/messages; 401 for a token that the issuer's documents do not prove."""

    def __init__(self, turn: Turn) -> None:
        self._turn = turn
        self._server = WebServer([web.post("/api/messages", self._receive)])
        self.metadata_url = ""
        self.received: list[Mapping[str, Any]] = []

    @property
    def url(self) -> str:
        """Its messaging endpoint."""
        return f"{self._server.url}/api/messages"

    async def __aenter__(self) -> Self:
        await self._server.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._server.stop()

    async def _receive(self, request: web.Request) -> web.Response:
        incoming = await request.json()
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if not await self._proved(token, incoming["serviceUrl"]):
            return web.Response(status=401)
        self.received.append(incoming)
        return await self._turn(self, incoming)

    async def _proved(self, token: str, service_url: str) -> bool:
        async with aiohttp.ClientSession() as session:
            async with session.get(self.metadata_url) as response:
                keys_url = (await response.json())["jwks_uri"]
            async with session.get(keys_url) as response:
                keys = jwt.PyJWKSet.from_dict(await response.json())
        try:
            key = keys[jwt.get_unverified_header(token)["kid"]]
            claims = jwt.decode(token, key, ["RS256"], audience=BOT_CLIENT_ID, issuer=ISSUER)
        except (jwt.InvalidTokenError, KeyError):
            return False
        return bool(claims["serviceurl"] == service_url)

    async def reply(self, incoming: Mapping[str, Any], **members: object) -> str:
        """Replies to an activity; returns the new activity's id."""
        async with connector_client(incoming["serviceUrl"], bot_token()) as client:
            made = await client.conversations.reply_to_activity(
                incoming["conversation"]["id"], incoming["id"], activity(**members)
            )
        return str(made.id)

    async def update(self, incoming: Mapping[str, Any], activity_id: str, **members: object) -> None:
        """Replaces one of its messages."""
        async with connector_client(incoming["serviceUrl"], bot_token()) as client:
            await client.conversations.update_activity(incoming["conversation"]["id"], activity_id, activity(**members))
