"""A served connector with one personal chat, for the tests of its calls."""

import datetime as dt
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any

import aiohttp
import pytest
from botbuilder.schema import ErrorResponseException
from botframework.connector.aio import ConnectorClient

from lab.serving import WebServer
from lab.teams.activities import Envelope, message
from lab.teams.bearer import BotBearer
from lab.teams.connector import PREFIX, Connector
from lab.teams.conversation import ANNA, Conversation
from lab.teams.directory import Directory
from lab.tenant import BOT_CLIENT_ID, TENANT_ID
from tests.lab.teams_bot import bot_token, connector_client, entra_verify

NOW = dt.datetime(2026, 11, 23, 18, 41, 22, tzinfo=dt.UTC)


@dataclass
class Place:
    """A served connector and one personal chat in which Anna wrote message "1" to the bot."""

    connector: Connector
    directory: Directory
    chat: Conversation
    service_url: str

    def client(self, token: str | None = None) -> ConnectorClient:
        """The SDK's client, with the bot's token or another."""
        return connector_client(self.service_url, bot_token() if token is None else token)

    async def post(self, path: str, body: Any, *, scheme: str | None = "Bearer") -> tuple[int, str]:  # noqa: ANN401 - JSON
        """Sends what no SDK would, with the bot's token; HTTP status and error code of the answer.

        Args:
            path: Below `v3/conversations`.
            body: The JSON document, or octets as they stand.
            scheme: What stands before the token; None leaves the header out.
        """
        headers = {"Content-Type": "application/json"}
        if scheme is not None:
            headers["Authorization"] = f"{scheme} {bot_token()}"
        data = {"data": body} if isinstance(body, bytes) else {"json": body}
        url = f"{self.service_url}v3/conversations{path}"
        async with aiohttp.ClientSession() as session, session.post(url, headers=headers, **data) as response:
            document = await response.json()
            return response.status, str(document.get("error", {}).get("code", ""))


@asynccontextmanager
async def placed() -> AsyncIterator[Place]:
    """The connector of a tenant where the bot is in Anna's chat only and the next message is numbered 100."""
    directory = Directory(TENANT_ID)
    numbers = count(100)
    connector = Connector(
        directory,
        bearer=BotBearer(entra_verify, BOT_CLIENT_ID),
        clock=lambda: NOW,
        new_id=lambda: str(next(numbers)),
    )
    async with WebServer(connector.routes()) as server:
        service_url = f"{server.url}{PREFIX}/"
        chat = directory.personal(ANNA)
        directory.install(chat.id)
        await chat.add(message(Envelope("1", NOW, service_url, chat, ANNA, BOT_CLIENT_ID), "hello"))
        yield Place(connector, directory, chat, service_url)


def code_of(refused: pytest.ExceptionInfo[ErrorResponseException]) -> tuple[int, str]:
    """HTTP status and error code, as the SDK read them."""
    return refused.value.response.status_code, refused.value.error.error.code
