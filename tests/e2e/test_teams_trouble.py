"""The bot where Teams' connector makes trouble: the whole app, and the lab's connector as strict as Teams'."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from lab.teams import faults
from lab.teams.conversation import ANNA, BEN, Conversation, Happening
from lab.teams.faults import Fault, HungUp, Late, NoCards, Trouble
from lab.teams.rates import Call, Rates
from lab.teams.service import Teams
from lab.world import World
from tests.faces.teams.card_rules import elements

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.usefixtures("app")]

_TURN = 12.0  # seconds, in which Teams has its answer
_BUSY = 6.0  # more seconds for a machine that tests much else at the same time
_ATTEMPTS = 5  # on a machine that is so busy that a second is over before the bot has said a word
_TEN = " ".join(
    f"{name}@contoso.com"
    for name in ("slow", "shared", "empty", "no-imap", "no-pop", "not-granted", "alias", "throttled", "closed", "info")
)


@pytest.fixture
async def teams(world: World) -> AsyncIterator[Teams]:
    """Teams that counts from nothing, and in which nothing goes wrong again when a test has ended."""
    connector = world.teams.connector
    before, connector.rates = connector.rates, Rates(world.now)
    yield world.teams
    connector.rates = before
    connector.faults.clear()
    world.teams.unplugged = False


@pytest.fixture
def chat(teams: Teams) -> Conversation:
    """A chat of everybody that has all its room: the bot reckons with what it said there half a minute ago."""
    return teams.directory.new_group()


async def test_ten_mailboxes_keep_within_teams_limits(teams: Teams, chat: Conversation) -> None:
    """The card follows ten checks for three seconds, and no call of the bot is one too many."""
    reply = await teams.say(f"mailcheck {_TEN}", conversation=chat, mention=True)
    updates = [change for change in chat.changes if change.happening is Happening.UPDATED]
    assert "of 10 mailboxes healthy" in reply.text
    assert len(updates) >= 2
    assert teams.connector.rates.exceeded == []


async def test_ten_people_who_ask_at_once_have_their_verdicts(teams: Teams, chat: Conversation) -> None:
    """A chat takes eight calls in two seconds, and theirs are twenty at least; no card stays at Checking."""
    asked = (teams.say("info@contoso.com", conversation=chat, user=user, mention=True) for user in [ANNA, BEN] * 5)
    before = len(chat.posts)
    assert {reply.status for reply in await asyncio.gather(*asked)} == {200}
    answers = [post for post in list(chat.posts.values())[before:] if post.cards]
    said = [post.cards[0]["speak"] for post in answers]
    assert len(said) == 10
    assert all("Healthy" in words for words in said)


async def test_a_button_that_ten_people_press_at_once_is_one_check(teams: Teams, chat: Conversation) -> None:
    """The card goes through it once, for all of them, and no call is one too many; each has the verdict."""
    (post,) = (await teams.say("info@contoso.com", conversation=chat, mention=True)).posts
    (again,) = (one for one in elements(post.cards[0]) if one.get("verb") == "check")
    before = len(post.versions)
    pressed = (teams.press(again, post, conversation=chat, user=user) for user in [ANNA, BEN] * 5)
    replies = await asyncio.gather(*pressed)
    assert all("Healthy" in reply.text for reply in replies)
    assert len(post.versions) - before <= 4, "a state or two of the check, and the verdict"
    assert teams.connector.rates.exceeded == []


async def test_a_busy_chat_is_answered_a_little_later(teams: Teams, chat: Conversation) -> None:
    """Where the limit of a second has been used up, the bot waits as it is told, and its verdict is there."""
    rates = teams.connector.rates
    for _ in range(_ATTEMPTS):
        while rates.wait(Call.SEND, chat.id) is None:
            pass
        rates.exceeded.clear()
        reply = await teams.say("info@contoso.com", conversation=chat, mention=True)
        assert reply.status == 200
        assert "Healthy" in reply.text
        if (Call.SEND, chat.id) in rates.exceeded:
            return
    pytest.fail("no first card came within the second")


@pytest.mark.parametrize(
    "trouble, call",
    [
        (faults.throttled(1), Call.SEND),
        (faults.throttled(1), Call.UPDATE),
        (faults.BAD_GATEWAY, Call.SEND),
        (faults.UNAVAILABLE, Call.SEND),
        (faults.GATEWAY_TIMEOUT, Call.UPDATE),
        (faults.SERVICE_ERROR, Call.SEND),
        (faults.PRECONDITION_FAILED, Call.UPDATE),
        (faults.BAD_ARGUMENT, Call.SEND),
        (faults.TOO_BIG, Call.UPDATE),
        (faults.BOT_NOT_REGISTERED, Call.SEND),
        (faults.NOT_ENOUGH_PERMISSIONS, Call.UPDATE),
        (faults.ACTIVITY_NOT_FOUND, Call.UPDATE),
        (Late(2.0), Call.SEND),
        (HungUp(), Call.UPDATE),
    ],
    ids=lambda value: value.code if isinstance(value, Fault) else None,
)
async def test_trouble_with_one_call(teams: Teams, chat: Conversation, trouble: Trouble, call: Call) -> None:
    """Whatever the first call of a kind meets, Teams has its answer in time, and the verdict is in the chat."""
    teams.connector.faults.at(1, trouble, call)
    began = time.monotonic()
    reply = await teams.say("info@contoso.com", conversation=chat, mention=True)
    assert teams.connector.faults.all_met
    assert time.monotonic() - began < _TURN + _BUSY
    assert reply.status == 200
    assert "Healthy" in reply.text


@pytest.mark.parametrize(
    "trouble",
    [
        faults.BLOCKED_BY_USER,
        faults.BOT_NOT_IN_ROSTER,
        faults.DISABLED_BY_ADMIN,
        faults.CONVERSATION_NOT_FOUND,
    ],
    ids=lambda value: value.code,
)
async def test_a_chat_that_shuts_the_bot_out(teams: Teams, chat: Conversation, trouble: Fault) -> None:
    """Nothing more is said there, though the next call would be taken, and Teams has its answer."""
    teams.connector.faults.at(1, trouble, Call.SEND)
    reply = await teams.say("info@contoso.com", conversation=chat, mention=True)
    assert teams.connector.faults.all_met
    assert (reply.status, reply.posts) == (200, [])


async def test_a_client_without_cards_gets_plain_text(teams: Teams) -> None:
    """The verdict is there as text, and no card."""
    teams.connector.faults.always(NoCards())
    reply = await teams.say("no-imap@contoso.com")
    assert [post.cards for post in reply.posts] == [[]]
    assert "Set-CASMailbox -Identity 'no-imap@contoso.com' -ImapEnabled $true" in reply.posts[0].text


async def test_a_connector_that_is_not_there(teams: Teams) -> None:
    """Nothing can be said, and Teams does not send the message a second time."""
    teams.unplugged = True
    reply = await teams.say("info@contoso.com", user=ANNA)
    assert (reply.status, reply.posts) == (200, [])
