"""Several people and one bot in Microsoft's own Teams emulator, without its page."""

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from lab.teams.conversation import ANNA, BEN, CARD_TYPE, CHLOE, Kind
from lab.teams.directory import CHANNEL_ID
from tests.interop.playground_headless import Headless
from tests.interop.playground_kit import PlaygroundCommand, Step, artifact

pytestmark = pytest.mark.interop

_SHARED = "shared@contoso.com"
_VERDICT = "Show transcript"
_GREETED: Step = {"until": "Hello, this is mailcheck"}
_AT_ONCE = 1.0  # seconds, in which the first card has to be there
_CARD_LIMIT = 24 * 1024  # bytes


@pytest.fixture(scope="module")
def playground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PlaygroundCommand]:
    """The running command."""
    with PlaygroundCommand(tmp_path_factory.mktemp("people")) as command:
        yield command


@pytest.fixture
def quiet(tmp_path: Path) -> Iterator[PlaygroundCommand]:
    """One of its own: progress is shown where a chat has room for it, and the others' may be full of what they said."""
    with PlaygroundCommand(tmp_path) as command:
        yield command


@pytest.fixture
async def people(playground: PlaygroundCommand) -> AsyncIterator[Headless]:
    """Everybody in the group chat."""
    async with Headless(playground.url) as client:
        yield client


async def test_the_first_card_is_there_at_once(quiet: PlaygroundCommand, capsys: pytest.CaptureFixture[str]) -> None:
    """From a message to the card that says that the check runs, and to its verdict, as the Playground gets them.

    What a process takes that has just started is shown here, and judged by the benchmarks.
    """
    firsts, verdicts = [], []
    async with Headless(quiet.url) as people:
        for _ in range(3):
            asked = time.monotonic()
            message = await people.say(ANNA, _SHARED)
            await people.shown(message, "Healthy")
            firsts.append(message.times[0] - asked)
            verdicts.append(message.times[-1] - asked)
            assert "Checking" in message.cards[0]["speak"]
    with capsys.disabled():
        sys.stdout.write(f"\nfirst card after {_ms(firsts)} ms, verdict after {_ms(verdicts)} ms\n")
    assert min(firsts) < _AT_ONCE


def _ms(times: list[float]) -> str:
    return ", ".join(f"{1000 * one:.0f}" for one in times)


# What Anna says -> a part of what she is shown, beside the cards that test_playground.py looks at.
_SAID = {
    "help": "mailcheck whoami",
    "status": "botbuilder-core",
    "whoami": ANNA.object_id,
    "explain consent-missing": "consent-missing",
    "explain consent-mising": "mailcheck explain consent-missing",
    "stauts": "Did you mean",
    "mailcheck anna": "is not a mailbox address",
    "info@contoso.com and x@localhost": "the domain is not a host name",
    "no-smtp@contoso.com smtp": "-SmtpClientAuthenticationDisabled $false",
    "not-granted@contoso.com": "NO AUTHENTICATE failed.",
    '"Info" <INFO@contoso.com> pop': "Healthy",
}


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("words", _SAID)
async def test_every_command_is_answered_everywhere(people: Headless, words: str, kind: Kind) -> None:
    """In a chat with the bot alone, and by a mention in a group or a channel's thread: it is in that place."""
    message = await people.say(ANNA, words, kind)
    await people.until(lambda _: message if _SAID[words] in str(message.card) else None)
    assert message.conversation.startswith({Kind.PERSONAL: "a:1", Kind.GROUP: "19:", Kind.CHANNEL: CHANNEL_ID}[kind])
    assert (";messageid=" in message.conversation) == (kind is Kind.CHANNEL)


async def test_ten_mailboxes_are_one_message_that_every_client_takes(people: Headless) -> None:
    """The card is there at once with all ten, stays below 24 KiB, and ends in a row for each that can be opened."""
    names = ("info", "shared", "empty", "no-imap", "no-pop", "not-granted", "alias", "throttled", "closed", "unknown")
    message = await people.say(ANNA, " ".join(f"{name}@contoso.com" for name in names), Kind.CHANNEL)
    await people.shown(message, "3 of 10 mailboxes healthy")
    for card in message.cards:
        assert all(f"{name}@contoso.com" in str(card).replace("\\", "") for name in names)
        assert len(json.dumps(card).encode()) < _CARD_LIMIT
        assert (card["version"], bool(card["fallbackText"]), bool(card["speak"])) == ("1.5", True, True)
    assert all(message.action(f"Show or hide {name}@contoso.com") for name in names)


@pytest.mark.parametrize("kind", [Kind.GROUP, Kind.CHANNEL])
async def test_a_stranger_is_refused_and_nothing_is_checked(people: Headless, kind: Kind) -> None:
    """Chloe, who is no operator, is told her object id in place of a verdict."""
    message = await people.say(CHLOE, _SHARED, kind)
    assert len(message.cards) == 1
    assert CHLOE.object_id in str(message.card)
    assert _SHARED not in str(message.card)


async def test_a_second_person_checks_again_for_everybody(quiet: PlaygroundCommand) -> None:
    """Ben presses a button of the card that Anna got; in front of her the same card follows the check."""
    async with Headless(quiet.url) as people:
        with quiet.browser() as page:
            await asyncio.to_thread(page.do, _GREETED)
            await asyncio.to_thread(page.do, {"in": "Mail operations chat", **_GREETED})
            message = await people.say(ANNA, "slow@contoso.com")
            await people.shown(message, "Healthy")
            await asyncio.to_thread(page.do, {"until": _VERDICT})
            before = len(message.cards)
            pressed = asyncio.create_task(people.press(BEN, message, message.action("Check again")))
            await asyncio.to_thread(page.do, {"until": "signing in"})
            answer = await pressed
            shown = await asyncio.to_thread(page.do, {"until": _VERDICT})

            assert answer.status == 200
            assert answer.type == CARD_TYPE
            assert answer.value == message.card
            assert len(message.cards) > before + 1
            assert "Healthy" in shown

            await people.say(CHLOE, "slow@contoso.com")
            picture = str(artifact("refused"))
            refused = await asyncio.to_thread(page.do, {"until": CHLOE.object_id, "picture": picture})
            assert "You are not among the people who may use this bot" in refused


async def test_a_refusal_in_the_dark(playground: PlaygroundCommand, people: Headless) -> None:
    """What a stranger is told, and in front of whom, looks as it should in the dark theme of whoever reads along."""
    with playground.browser("dark") as page:
        await asyncio.to_thread(page.do, _GREETED)
        await asyncio.to_thread(page.do, {"in": "Mail operations chat", **_GREETED})
        await people.say(CHLOE, _SHARED)
        picture = str(artifact("refused-dark"))
        refused = await asyncio.to_thread(page.do, {"until": CHLOE.object_id, "picture": picture})
        assert "You are not among the people who may use this bot" in refused


async def test_a_strangers_press_changes_nothing(people: Headless) -> None:
    """Chloe is told that the button is not for her; nobody sees anything of it."""
    message = await people.say(ANNA, _SHARED)
    await people.shown(message, "Healthy")
    cards = list(message.cards)
    answer = await people.press(CHLOE, message, message.action("Check again"))
    assert (answer.status, answer.type) == (200, "application/vnd.microsoft.activity.message")
    assert CHLOE.object_id in answer.value
    assert message.cards == cards


@pytest.mark.parametrize(
    "forged",
    [
        {"verb": "delete", "data": {"mailboxes": [_SHARED]}},
        {"verb": "check", "data": {"mailboxes": ["nobody", 7]}},
        {"verb": "check", "data": {"mailboxes": [f"a{number}@contoso.com" for number in range(500)]}},
        {"verb": "check", "data": "x" * 10_000},
        {"verb": "explain", "data": {"id": ["../../etc/passwd"]}},
        {"verb": None},
        {},
    ],
    ids=["verb", "addresses", "five hundred", "text", "diagnosis", "no verb", "nothing"],
)
async def test_a_forged_button_is_none(people: Headless, forged: Mapping[str, Any]) -> None:
    """An operator's press of what no card of the bot has is answered with an error, and nothing is checked."""
    message = await people.say(BEN, "help")
    answer = await people.press(BEN, message, forged)
    assert answer.type == "application/vnd.microsoft.error"
    assert answer.value["code"] == "BadRequest"
    assert "not one of mine" in answer.value["message"]
    assert len(message.cards) == 1
