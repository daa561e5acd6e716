"""Puts tokens on the talk between the Microsoft 365 Agents Playground, which has none, and a bot that demands them.

Playground to bot: signed as Teams signs. Bot to Playground: the bot's own token is verified, and goes no further.
Start the Playground with `--endpoint <proxy>/api/messages` and `--service-url <proxy>/teams/`.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import aiohttp
from aiohttp import web

from lab.serving import CallingServer
from lab.teams.bearer import BotBearer, denied
from lab.teams.connector import MAX_BODY_BYTES, PREFIX
from lab.teams.delivery import MESSAGES_PATH, Answer, deliver
from lab.teams.faults import BAD_ARGUMENT, BAD_GATEWAY
from lab.teams.issuer import Issuer

# A person presses buttons there and looks: the Playground waits longer than Teams, and so does the proxy.
_PATIENCE_SECONDS = 60.0


class SigningProxy(CallingServer):
    """One server with two faces.

    Args:
        issuer: Signs for the bot; its documents are served elsewhere.
        bearer: Who may call the connector face: the bot.
        bot_url: The bot's messaging endpoint.
        playground_url: The Playground's own service URL, such as http://localhost:56150/_connector.
        tenant_id: Put into activities that name no tenant.
    """

    def __init__(
        self,
        *,
        issuer: Issuer,
        bearer: BotBearer,
        bot_url: str,
        playground_url: str,
        tenant_id: str,
    ) -> None:
        super().__init__(client_max_size=MAX_BODY_BYTES)
        self._issuer = issuer
        self._bearer = bearer
        self._bot_url = bot_url
        self._playground_url = playground_url.rstrip("/")
        self._tenant_id = tenant_id

    @property
    def messages_url(self) -> str:
        """What the Playground takes for the bot."""
        return self.url + MESSAGES_PATH

    @property
    def service_url(self) -> str:
        """What the bot takes for Teams' connector."""
        return f"{self.url}{PREFIX}/"

    def routes(self) -> Iterable[web.RouteDef]:
        """Both faces."""
        return (
            web.post(MESSAGES_PATH, self._to_bot),
            web.route("*", PREFIX + "/{path:v3/.+}", self._to_playground),
        )

    async def _to_bot(self, request: web.Request) -> web.Response:
        try:
            activity = await request.json()
        except ValueError:
            return BAD_ARGUMENT.response()
        if not isinstance(activity, dict):
            return BAD_ARGUMENT.response()
        sent = with_tenant({**activity, "serviceUrl": self.service_url}, self._tenant_id)
        token = self._issuer.token(self.service_url)
        answer = await deliver(self.client, self._bot_url, sent, token=token, patience=_PATIENCE_SECONDS)
        return _response(answer)

    async def _to_playground(self, request: web.Request) -> web.Response:
        if self._bearer.refusal(request.headers.get("Authorization")) is not None:
            return denied()
        # The path is passed on as it was quoted: conversation ids contain : and @ and ;
        path = request.rel_url.raw_path.removeprefix(PREFIX)
        url = self._playground_url + path + (f"?{request.query_string}" if request.query_string else "")
        body = await request.read()
        headers = {"Content-Type": request.headers.get("Content-Type", "application/json")} if body else {}
        try:
            async with self.client.request(request.method, url, data=body or None, headers=headers) as response:
                return web.Response(
                    status=response.status, body=await response.read(), content_type=response.content_type
                )
        except aiohttp.ClientConnectionError:
            return BAD_GATEWAY.response()


def with_tenant(activity: Mapping[str, Any], tenant_id: str) -> dict[str, Any]:
    """The activity with `conversation.tenantId` and `channelData.tenant.id`; what it names already stays."""
    conversation = {"tenantId": tenant_id, **(activity.get("conversation") or {})}
    data = activity.get("channelData") or {}
    tenant = {"id": tenant_id, **(data.get("tenant") or {})}
    return {**activity, "conversation": conversation, "channelData": {**data, "tenant": tenant}}


def _response(answer: Answer) -> web.Response:
    if answer.body is None:
        return web.Response(status=answer.status)
    if isinstance(answer.body, str):
        return web.Response(status=answer.status, text=answer.body)
    return web.json_response(answer.body, status=answer.status)
