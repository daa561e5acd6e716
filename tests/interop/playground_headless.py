"""The Agents Playground without its page: people say things and press buttons, and what the bot makes of it is seen.

Its interface is that of the pinned version 0.2.28, and documented nowhere: REST for what people do, a WebSocket for
what the bot does. Its own messages are always of the person in front of the browser; a button is of whoever is named.
"""

import asyncio
import itertools
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import aiohttp

from lab.teams.conversation import ANNA, CARD_TYPE, Kind, Person
from lab.teams.directory import CHANNEL_ID, Directory
from lab.tenant import TENANT_ID

SOON = 60.0  # seconds: it ends what hangs, of what takes one or two

_TENANT = Directory(TENANT_ID)

type Card = Mapping[str, Any]


@dataclass
class Seen:
    """A message of the bot's: its cards in the order in which they took each other's place, and when."""

    id: str
    conversation: str
    cards: list[Card] = field(default_factory=list)
    times: list[float] = field(default_factory=list)  # monotonic seconds

    @property
    def card(self) -> Card:
        """What is shown now."""
        return self.cards[-1]

    def action(self, title: str) -> Card:
        """The button with this title, wherever it is in the card."""
        return next(one for one in _actions(self.card) if one.get("title") == title)


@dataclass(frozen=True)
class Answer:
    """What the Playground gives the page for a pressed button: HTTP status, and type and value of the bot's answer."""

    status: int
    type: str
    value: Any


class Headless:
    """A client of the Playground at `url`; an async context manager."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._session = aiohttp.ClientSession()
        self._ids = itertools.count(int(time.time() * 1000))
        self._seen: dict[str, Seen] = {}
        self._changed = asyncio.Condition()
        self._bot: Mapping[str, Any] = {}

    async def __aenter__(self) -> Self:
        async with self._session.get(f"{self._url}/_internal/v1/config") as response:
            self._bot = (await response.json())["config"]["bot"]
        stream = await self._session.ws_connect(f"{self._url}/_ws_conversation/v1/conversations/stream")
        self._reader = asyncio.create_task(self._read(stream))
        self._stream = stream
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stream.close()
        await self._reader
        await self._session.close()

    async def say(self, person: Person, words: str, kind: Kind = Kind.GROUP) -> Seen:
        """Somebody says this, and mentions the bot where others are; the first message that the bot posts then."""
        alone = kind is Kind.PERSONAL
        mention = f"<at>{self._bot['name']}</at>"
        place = await self._place(kind)
        before = set(self._seen)
        await self._post(
            "/_internal/v1/customActivities",
            {
                "type": "message",
                "id": str(next(self._ids)),
                "channelId": "msteams",
                "from": {"id": person.id, "name": person.name, "aadObjectId": person.object_id},
                "conversation": {"id": place, "conversationType": kind.value, "isGroup": not alone},
                "recipient": dict(self._bot),
                "text": words if alone else f"{mention} {words}",
                "textFormat": "plain",
                "entities": [] if alone else [{"type": "mention", "mentioned": dict(self._bot), "text": mention}],
            },
        )
        return await self.until(lambda seen: next((one for one in seen if one.id not in before), None))

    async def _place(self, kind: Kind) -> str:
        """The conversation of this kind: Anna's own with the bot, the group, or a new thread of the channel."""
        if kind is not Kind.CHANNEL:
            return (_TENANT.personal(ANNA) if kind is Kind.PERSONAL else _TENANT.group()).id
        post = {"type": "text", "text": "Our mailboxes", "textFormat": "plain", "from": {"id": ANNA.id}}
        path = f"{self._url}/_conversation/v1/conversations/{CHANNEL_ID}/messages"
        async with self._session.post(path, json=post) as response:
            return str((await response.json())["postConversationId"])

    async def press(self, person: Person, message: Seen, action: Mapping[str, Any]) -> Answer:
        """Somebody presses a button of a message, or what is no button of it."""
        kept = {name: action[name] for name in ("id", "title", "verb", "data") if name in action}
        body = {
            "name": "adaptiveCard/action",
            "value": {"action": {"type": "Action.Execute", **kept}, "trigger": "manual"},
            "from": {"id": person.id},
            "conversation": {"id": message.conversation},
            "replyToId": message.id,
        }
        return await self._post("/_conversation/v1/invoke", body)

    async def shown(self, message: Seen, words: str) -> Seen:
        """Waits until the message's card says these words when it is read out."""
        return await self.until(lambda _: message if words in message.card["speak"] else None)

    async def until[T](self, look: Callable[[Sequence[Seen]], T | None]) -> T:
        """The first answer that is not None about what the bot posted; it is asked now and after each change.

        Raises:
            TimeoutError: There was none in time.
        """
        async with asyncio.timeout(SOON), self._changed:
            while (found := look(list(self._seen.values()))) is None:
                await self._changed.wait()
        return found

    async def _post(self, path: str, body: Mapping[str, Any]) -> Answer:
        async with self._session.post(self._url + path, json=body) as response:
            document = await response.json(content_type=None) if await response.read() else {}
            return Answer(response.status, str(document.get("type", "")), document.get("value"))

    async def _read(self, stream: aiohttp.ClientWebSocketResponse) -> None:
        async for event in stream:
            told = event.json()
            message = told.get("message")
            if told.get("action") not in ("createMessage", "updateMessage") or not message.get("attachments"):
                continue
            seen = self._seen.setdefault(message["messageId"], Seen(message["messageId"], told["actionConversationId"]))
            seen.cards += [one["content"] for one in message["attachments"] if one["contentType"] == CARD_TYPE]
            seen.times.append(time.monotonic())
            async with self._changed:
                self._changed.notify_all()


def _actions(node: object) -> list[Card]:
    if isinstance(node, Mapping):
        own = [node] if str(node.get("type", "")).startswith("Action.") else []
        return own + [found for child in node.values() for found in _actions(child)]
    if isinstance(node, list):
        return [found for child in node for found in _actions(child)]
    return []
