"""Brings one activity to the bot's messaging endpoint, signed, within Teams' patience."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp

MESSAGES_PATH = "/api/messages"  # where the app has its messaging endpoint
# Teams gives a bot 15 seconds for a turn: https://github.com/MicrosoftDocs/msteams-docs/issues/6084
PATIENCE_SECONDS = 15.0


@dataclass(frozen=True)
class Answer:
    """The bot's HTTP answer.

    Attributes:
        status: HTTP status; 502 if the bot could not be reached, 504 if it was slower than Teams waits.
        body: The JSON of its body, the text of a body that is not JSON, or None.
    """

    status: int
    body: object = None


UNREACHABLE = Answer(502, {"error": {"code": "BotError", "message": "Failed to send activity: bot is unreachable"}})
TIMED_OUT = Answer(504, {"error": {"code": "BotError", "message": "Failed to send activity: bot timed out"}})


async def deliver(
    session: aiohttp.ClientSession,
    url: str,
    activity: Mapping[str, Any],
    *,
    token: str | None,
    patience: float = PATIENCE_SECONDS,
) -> Answer:
    """Posts an activity to the bot and waits for the end of its turn.

    Args:
        session: The client to use.
        url: The bot's messaging endpoint.
        activity: What to send.
        token: Goes into the Authorization header; None leaves the header out.
        patience: Seconds to wait for the answer.
    """
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    timeout = aiohttp.ClientTimeout(total=patience)
    try:
        async with session.post(url, json=activity, headers=headers, timeout=timeout) as response:
            return Answer(response.status, _decoded(await response.text(errors="replace")))
    except TimeoutError:
        return TIMED_OUT
    except aiohttp.ClientConnectionError:
        return UNREACHABLE


def _decoded(text: str) -> object:
    if not text:
        return None
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text
