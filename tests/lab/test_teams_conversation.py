"""Waiting for what happens in a conversation: woken by the change itself, within a deadline."""

import asyncio

import pytest

from lab.teams.conversation import ANNA, BEN, Conversation, Kind, Post
from lab.tenant import TENANT_ID

SOON = 5.0  # seconds: a deadline for what happens at once


@pytest.fixture
def chat() -> Conversation:
    """Anna's chat with the bot, where nothing has happened yet."""
    return Conversation("a:1", Kind.PERSONAL, TENANT_ID, (ANNA,))


def message(post_id: str, text: str, *, kind: str = "message") -> dict[str, object]:
    """An activity of Anna's."""
    return {"type": kind, "id": post_id, "from": {"id": ANNA.id}, "text": text}


async def test_a_change_can_be_waited_for(chat: Conversation) -> None:
    """A waiter for the next change wakes when it happens."""
    waiter = asyncio.create_task(chat.next_change(after=len(chat.changes), timeout=SOON))
    post = await chat.add(message("1", "here"))

    assert (await waiter).post is post


async def test_a_change_that_has_happened_is_given_at_once(chat: Conversation) -> None:
    """Changes are counted: one that was missed is not waited for."""
    first = await chat.add(message("1", "one"))
    await chat.add(message("2", "two"))

    assert (await chat.next_change(after=0, timeout=SOON)).post is first


async def test_waiting_has_a_deadline(chat: Conversation) -> None:
    """When nothing happens in time, the waiter is told by TimeoutError."""
    with pytest.raises(TimeoutError):
        await chat.next_change(after=0, timeout=0.01)


async def test_a_state_can_be_waited_for(chat: Conversation) -> None:
    """`wait_until` returns the first answer that is true, after however many changes."""

    def done(now: Conversation) -> Post | None:
        return next((post for post in now.posts.values() if post.text == "done"), None)

    waiter = asyncio.create_task(chat.wait_until(done, timeout=SOON))
    post = await chat.add(message("1", "working"))
    await chat.update(post, message("1", "still working"))
    await chat.update(post, message("1", "done"))

    assert await waiter is post


async def test_messages_since_are_each_given_once(chat: Conversation) -> None:
    """Of the changes since a count, messages of the sender remain: no typing, nothing deleted, nothing twice."""
    early = await chat.add(message("1", "early"))
    await chat.add(message("2", "before, and unchanged"))
    seen = len(chat.changes)
    await chat.add(message("3", "", kind="typing"))
    late = await chat.add(message("4", "late"))
    await chat.update(early, message("1", "early, corrected"))
    await chat.update(late, message("4", "late, corrected"))
    await chat.delete(await chat.add(message("5", "oops")))

    assert chat.since(seen, sender=ANNA.id) == [late, early]
    assert chat.since(seen, sender=BEN.id) == []
