"""Teams as one object: people say things and press buttons, the bot answers, and both end up in conversations."""

import datetime as dt
import socket
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from aiohttp import web

from lab.serving import CallingServer
from lab.teams import activities
from lab.teams.activities import Envelope
from lab.teams.answered import Failed, Outcome, Replaced, Told, outcome
from lab.teams.bearer import BotBearer, Verify
from lab.teams.card_text import draw, draw_text
from lab.teams.connector import MAX_BODY_BYTES, PREFIX, Connector
from lab.teams.conversation import ANNA, Conversation, Person, Post
from lab.teams.delivery import PATIENCE_SECONDS, deliver
from lab.teams.directory import Directory
from lab.teams.issuer import METADATA_PATH, Issuer

_WIDE = 200  # a test looks for a sentence: the lines must be long enough to hold it


@dataclass(frozen=True)
class Reply:
    """What came of one activity.

    Attributes:
        status: The bot's HTTP status; 502 and 504 as Teams would see them.
        body: The JSON of its HTTP answer, if any: what an invoke asks for.
        activity: What was sent.
        conversation: Where.
        posts: The bot's messages that were posted or updated during its turn, in their present state.
        user: Whose activity it was.
        outcome: What a pressed Action.Execute came to, in the client of this user; None for other activities.
    """

    status: int
    body: object
    activity: Mapping[str, Any]
    conversation: Conversation
    posts: list[Post]
    user: Person
    outcome: Outcome | None = None

    @property
    def text(self) -> str:
        """All that the user reads of it, drawn wide and without colour."""
        parts: list[str] = []
        for post in self.posts:
            parts += [draw_text(post.text, width=_WIDE)] if post.text else []
            parts += [draw(card, width=_WIDE) for card in post.cards_for(self.user)]
        if isinstance(self.outcome, Told | Failed):
            parts.append(draw_text(self.outcome.text, width=_WIDE))
        return "\n".join(parts)


class Teams(CallingServer):
    """The channel between the tenant's people and one bot; serves the issuer and the connector.

    Args:
        bot_url: The bot's messaging endpoint; may be set later, before the first activity.
        bot_id: The bot's app id.
        tenant_id: The tenant of all conversations.
        verify: Verifies the tokens that the bot calls with.
        clock: The time now, UTC.

    Attributes:
        bot_url: As above.
        issuer: Signs; its documents are served at `metadata_url`.
        connector: Takes the bot's calls at `service_url`.
        directory: The people and the conversations.
        unplugged: Whether activities name a service URL where every connection is refused.
    """

    def __init__(
        self,
        *,
        bot_url: str,
        bot_id: str,
        tenant_id: str,
        verify: Verify,
        clock: Callable[[], dt.datetime],
    ) -> None:
        super().__init__(client_max_size=MAX_BODY_BYTES)
        self.bot_url = bot_url
        self.bot_id = bot_id
        self._clock = clock
        self._new_id = _MessageIds(clock)
        self.directory = Directory(tenant_id)
        self.issuer = Issuer(audience=bot_id, clock=clock)
        bearer = BotBearer(verify, bot_id)
        self.connector = Connector(self.directory, bearer=bearer, clock=clock, new_id=self._new_id)
        self.unplugged = False
        self._nobody: socket.socket | None = None

    @property
    def service_url(self) -> str:
        """The `serviceUrl` of its activities."""
        if self.unplugged and self._nobody is not None:
            return "http://{}:{}{}/".format(*self._nobody.getsockname(), PREFIX)
        return f"{self.url}{PREFIX}/"

    async def start(self) -> None:
        """Begins to serve."""
        await super().start()
        self._nobody = socket.socket()  # it never listens: connections to its port are refused
        self._nobody.bind(("127.0.0.1", 0))

    async def stop(self) -> None:
        """Closes everything."""
        if self._nobody is not None:
            self._nobody.close()
        await super().stop()

    @property
    def metadata_url(self) -> str:
        """The issuer's OpenID document: what a bot's guard is pointed at."""
        return self.url + METADATA_PATH

    @property
    def bot_account_id(self) -> str:
        """The bot's id in conversations."""
        return activities.bot_account(self.bot_id)["id"]

    def routes(self) -> Iterable[web.RouteDef]:
        """The issuer's documents and the connector's calls."""
        return [*self.issuer.routes(), *self.connector.routes()]

    async def say(
        self, text: str, *, conversation: Conversation | None = None, user: Person = ANNA, mention: bool = False
    ) -> Reply:
        """A person writes to the bot; by default in their personal chat. Returns at the end of the bot's turn.

        Nobody can write to a bot that is not there: where the app is not installed, it is from now on, without the
        activities that `install` sends.
        """
        conversation = conversation or self.directory.personal(user)
        self.directory.install(conversation.id)
        activity = activities.message(self._envelope(conversation, user), text, mention=mention)
        await conversation.add(activity)
        return await self.deliver(activity, conversation, user=user)

    async def invoke(self, name: str, value: Mapping[str, Any], *, conversation: Conversation) -> Reply:
        """Sends an invoke activity of no message; its answer is the reply's `status` and `body`."""
        activity = activities.invoke(self._envelope(conversation, ANNA), name, value)
        return await self.deliver(activity, conversation)

    async def press(
        self,
        action: Mapping[str, Any],
        post: Post,
        *,
        conversation: Conversation,
        user: Person = ANNA,
        patience: float = PATIENCE_SECONDS,
    ) -> Reply:
        """A person presses an Action.Execute or Action.Submit of a post's card.

        A card in the answer to an Action.Execute takes that card's place for this person only; for everybody, it is
        replaced by what the bot puts there through the connector.
        """
        envelope = self._envelope(conversation, user)
        if action.get("type") == "Action.Submit":
            return await self.deliver(activities.submit(envelope, action, reply_to=post.id), conversation, user=user)
        value = activities.execute(action)
        pressed = activities.invoke(envelope, "adaptiveCard/action", value, reply_to=post.id)
        reply = await self.deliver(pressed, conversation, user=user, patience=patience)
        came_of_it = outcome(reply.status, reply.body)
        posts = reply.posts
        if isinstance(came_of_it, Replaced):
            await conversation.answer(post, user, came_of_it.card)
            posts = [*(p for p in posts if p is not post), post]
        return replace(reply, posts=posts, outcome=came_of_it)

    async def install(self, *, conversation: Conversation | None = None, user: Person = ANNA) -> list[Reply]:
        """Installs the app: Teams sends both a conversationUpdate and an installationUpdate."""
        conversation = conversation or self.directory.personal(user)
        self.directory.install(conversation.id)
        both = (activities.members_added, activities.installation_update)
        return [await self.deliver(make(self._envelope(conversation, user)), conversation, user=user) for make in both]

    async def uninstall(self, *, conversation: Conversation | None = None, user: Person = ANNA) -> Reply:
        """Removes the app: the bot is told, and may no longer write there."""
        conversation = conversation or self.directory.personal(user)
        self.directory.uninstall(conversation.id)
        activity = activities.installation_update(self._envelope(conversation, user), action="remove")
        return await self.deliver(activity, conversation, user=user)

    async def deliver(
        self,
        activity: Mapping[str, Any],
        conversation: Conversation,
        *,
        user: Person = ANNA,
        token: str | None = None,
        signed: bool = True,
        patience: float = PATIENCE_SECONDS,
    ) -> Reply:
        """Brings any activity to the bot: also one sent before (Teams repeats itself), a changed or a forged one.

        Args:
            activity: What to send.
            conversation: Where its answers are looked for.
            user: Who looks at them.
            token: Another token than the honest one for the activity's service URL.
            signed: False leaves the Authorization header out.
            patience: Seconds until Teams gives the bot up.
        """
        conversation.received.add(str(activity.get("id")))
        before = len(conversation.changes)
        if token is None and signed:
            token = self.issuer.token(self.service_url)
        answer = await deliver(self.client, self.bot_url, activity, token=token, patience=patience)
        posts = conversation.since(before, sender=self.bot_account_id)
        return Reply(answer.status, answer.body, activity, conversation, posts, user)

    def _envelope(self, conversation: Conversation, user: Person) -> Envelope:
        return Envelope(self._new_id(), self._clock(), self.service_url, conversation, user, self.bot_id)


class _MessageIds:
    """Milliseconds since 1970 as text, as Teams numbers messages; never the same one twice."""

    def __init__(self, clock: Callable[[], dt.datetime]) -> None:
        self._clock = clock
        self._last = 0

    def __call__(self) -> str:
        self._last = max(self._last + 1, int(self._clock().timestamp() * 1000))
        return str(self._last)
