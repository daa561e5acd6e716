"""Conversations: the people in them, and every activity with its versions, in the order in which things happened."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

type Activity = Mapping[str, Any]

CARD_TYPE = "application/vnd.microsoft.card.adaptive"


@dataclass(frozen=True)
class Person:
    """A user of the tenant.

    Attributes:
        name: Display name.
        object_id: Entra object id: `from.aadObjectId` of an activity.
        email: User principal name, which is also the mail address.
    """

    name: str
    object_id: str
    email: str

    @property
    def id(self) -> str:
        """The user's id for this bot, as Teams writes it."""
        return f"29:{self.object_id}"


ANNA = Person("Anna Berg", "55555555-aaaa-4bbb-8ccc-0000000000a1", "anna@contoso.com")
BEN = Person("Ben Okoro", "55555555-aaaa-4bbb-8ccc-0000000000b2", "ben@contoso.com")
CHLOE = Person("Chloe Martin", "55555555-aaaa-4bbb-8ccc-0000000000c3", "chloe@contoso.com")
PEOPLE = (ANNA, BEN, CHLOE)
OPERATORS = (ANNA, BEN)  # those whom the app's settings let use the bot: Chloe is a stranger to it


class Kind(StrEnum):
    """`conversation.conversationType`."""

    PERSONAL = "personal"
    GROUP = "groupChat"
    CHANNEL = "channel"


@dataclass
class Post:
    """One activity of a conversation.

    Attributes:
        id: Its id.
        versions: What was sent and each update since, oldest first; never empty.
        deleted: Whether it was taken back.
        views: Cards that only one person sees in its place, by the person's id, until the post is updated.
    """

    id: str
    versions: list[Activity]
    deleted: bool = field(default=False, init=False)
    views: dict[str, Mapping[str, Any]] = field(default_factory=dict, init=False)

    @property
    def activity(self) -> Activity:
        """What is shown now."""
        return self.versions[-1]

    @property
    def type(self) -> str:
        """`message`, `typing`, ..."""
        return str(self.activity.get("type", ""))

    @property
    def sender(self) -> str:
        """The id of who sent it."""
        return str(self.activity["from"]["id"])

    @property
    def text(self) -> str:
        """Its text; empty for a message that is a card only."""
        return str(self.activity.get("text") or "")

    @property
    def attachments(self) -> Sequence[Mapping[str, Any]]:
        """Its attachments as they were sent."""
        return self.activity.get("attachments") or ()

    @property
    def cards(self) -> list[Mapping[str, Any]]:
        """The Adaptive Cards among the attachments, as everybody sees them."""
        return [a["content"] for a in self.attachments if a.get("contentType") == CARD_TYPE]

    def cards_for(self, person: Person) -> list[Mapping[str, Any]]:
        """The Adaptive Cards that this person sees."""
        return [self.views[person.id]] if person.id in self.views else self.cards


class Happening(StrEnum):
    """What a change did to a post."""

    POSTED = "posted"
    UPDATED = "updated"
    DELETED = "deleted"
    ANSWERED = "answered"  # its card was replaced for one person, who had pressed a button of it


@dataclass(frozen=True)
class Change:
    """One thing that happened in a conversation; `only_for` is the id of the one person who sees it, if it is one."""

    happening: Happening
    post: Post
    only_for: str = ""


@dataclass(eq=False)
class Conversation:
    """A chat or a channel thread.

    Attributes:
        id: As Teams writes it: `a:...`, `19:...@thread.v2` or `19:...@thread.tacv2;messageid=...`.
        kind: Personal, group chat or channel.
        tenant_id: The tenant it belongs to.
        people: Who is in it, besides the bot.
        name: Topic of a group chat or name of a channel.
        posts: Every activity by id, in the order of their first appearance.
        changes: Everything that happened, in order; only ever grows.
        received: Ids of the activities that were delivered to the bot: it may reply to these too.
    """

    id: str
    kind: Kind
    tenant_id: str
    people: tuple[Person, ...]
    name: str = ""
    posts: dict[str, Post] = field(default_factory=dict, init=False)
    changes: list[Change] = field(default_factory=list, init=False)
    received: set[str] = field(default_factory=set, init=False)
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition, init=False, repr=False)

    async def add(self, activity: Activity) -> Post:
        """Appends an activity, which must have its `id` and `from`."""
        post = Post(str(activity["id"]), [activity])
        self.posts[post.id] = post
        await self._record(Change(Happening.POSTED, post))
        return post

    async def update(self, post: Post, activity: Activity) -> None:
        """Replaces what a post shows to everybody, whatever one of them had been shown in its place."""
        post.versions.append(activity)
        post.views.clear()
        await self._record(Change(Happening.UPDATED, post))

    async def answer(self, post: Post, person: Person, card: Mapping[str, Any]) -> None:
        """Shows one person a card in a post's place; the others see what they saw."""
        post.views[person.id] = card
        await self._record(Change(Happening.ANSWERED, post, person.id))

    async def delete(self, post: Post) -> None:
        """Takes a post back; its history stays."""
        post.deleted = True
        await self._record(Change(Happening.DELETED, post))

    async def next_change(self, *, after: int, timeout: float | None = None) -> Change:  # noqa: ASYNC109 - a deadline is part of this question
        """The change number `after` (counted from 0), waited for if it has not happened yet.

        Args:
            after: How many changes the caller has seen; `len(changes)` for "whatever comes next".
            timeout: Seconds to wait; None for ever.

        Raises:
            TimeoutError: nothing happened in time.
        """
        async with asyncio.timeout(timeout), self._changed:
            await self._changed.wait_for(lambda: len(self.changes) > after)
        return self.changes[after]

    async def wait_until[T](self, seen: Callable[["Conversation"], T | None], *, timeout: float) -> T:  # noqa: ASYNC109 - as above
        """The first answer of `seen` that is true; it is asked now and after each change.

        Raises:
            TimeoutError: `seen` still had no answer after `timeout` seconds.
        """
        async with asyncio.timeout(timeout):
            while True:
                count = len(self.changes)
                if answer := seen(self):
                    return answer
                await self.next_change(after=count)

    def find(self, post_id: str) -> Post | None:
        """The post with this id, unless it was deleted."""
        post = self.posts.get(post_id)
        return None if post is None or post.deleted else post

    def knows(self, activity_id: str) -> bool:
        """Whether a reply may name this id."""
        return activity_id in self.received or self.find(activity_id) is not None

    def member(self, key: str) -> Person | None:
        """The person with this Teams id, object id or user principal name."""
        return next((p for p in self.people if key in (p.id, p.object_id, p.email)), None)

    def since(self, count: int, *, sender: str) -> list[Post]:
        """The messages of one sender that were posted or updated after the first `count` changes, each once.

        Typing activities and deleted messages are left out; a post comes where it first changed.
        """
        touched = {change.post.id: change.post for change in self.changes[count:]}
        return [p for p in touched.values() if p.sender == sender and p.type == "message" and not p.deleted]

    async def _record(self, change: Change) -> None:
        async with self._changed:
            self.changes.append(change)
            self._changed.notify_all()
