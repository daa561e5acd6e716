"""Turns of the bot, told by what appears in the conversation."""

import asyncio
import dataclasses
import logging
from typing import Any

import pytest

from lab.teams import faults
from lab.teams.conversation import ANNA, BEN, Conversation, Happening
from lab.tenant import BOT_CLIENT_ID
from mailcheck.adapters.bot_credentials import NoToken
from mailcheck.model.problem import SettingProblem
from mailcheck.model.report import NotAllowed
from mailcheck.model.request import CheckRequest, Mailbox, MailProtocol
from tests.faces.teams.card_kit import BROKEN
from tests.faces.teams.card_rules import assert_valid
from tests.faces.teams.conftest import World

_COMMAND = "mailcheck shared_box@contoso.com"
_BOT = f"28:{BOT_CLIENT_ID}"


def _cards(conversation: Conversation) -> list[list[str]]:
    """Of each message of the bot, what its card said first and after each update."""
    return [
        [version["attachments"][0]["content"]["speak"] for version in post.versions]
        for post in conversation.posts.values()
        if post.sender == _BOT and post.type == "message"
    ]


async def test_a_check_is_a_card_that_becomes_its_report(world: World) -> None:
    """Typing, then one card, which says that the check runs and is then replaced by what it found."""
    reply = await world.teams.say(_COMMAND)
    assert reply.status == 200
    assert world.checks.asked == [
        CheckRequest(Mailbox("shared_box@contoso.com"), (MailProtocol.IMAP, MailProtocol.POP))
    ]
    assert _cards(reply.conversation) == [
        [
            "Checking shared_box@contoso.com by IMAP and POP",
            "shared_box@contoso.com: Degraded, opens by IMAP, not by POP",
        ]
    ]
    changes = [(change.happening, change.post.type) for change in reply.conversation.changes]
    assert changes[1:] == [
        (Happening.POSTED, "typing"), (Happening.POSTED, "message"), (Happening.UPDATED, "message"),
    ]  # fmt: skip


async def test_cards_are_sent_alone(world: World) -> None:
    """No message has a text beside its card, and every card is valid: Teams would split or drop it."""
    reply = await world.teams.say(_COMMAND)
    for post in reply.posts:
        assert not post.text
        for version in post.versions:
            assert_valid(version["attachments"][0]["content"])


async def test_the_card_says_checking_while_the_check_runs(world: World) -> None:
    """The first card is there before the check has ended."""
    world.checks.go_on.clear()
    conversation = world.teams.directory.personal(ANNA)
    turn = asyncio.create_task(world.teams.say(_COMMAND))
    first = await conversation.wait_until(lambda seen: _cards(seen) or None, timeout=10)
    assert first == [["Checking shared_box@contoso.com by IMAP and POP"]]
    world.checks.go_on.set()
    await turn
    assert len(_cards(conversation)[0]) == 2


@pytest.mark.parametrize("text", ["mailcheck shared@contoso.com pop", "shared@contoso.com pop"])
async def test_protocols_may_be_named(world: World, text: str) -> None:
    """Only the named protocol is checked."""
    await world.teams.say(text)
    assert world.checks.asked[0].protocols == (MailProtocol.POP,)


async def test_a_mention_in_a_group_is_enough(world: World) -> None:
    """In a channel the bot is mentioned, and the address follows."""
    channel = world.teams.directory.channel()
    reply = await world.teams.say("shared@contoso.com", conversation=channel, mention=True)
    assert world.checks.asked[0].mailbox.address == "shared@contoso.com"
    assert len(reply.posts) == 1


async def test_small_talk_gets_help(world: World) -> None:
    """Whatever is no command is answered with how to ask, and nothing is checked."""
    reply = await world.teams.say("good morning")
    assert "mailcheck shared@contoso.com imap" in reply.text
    assert world.checks.asked == []


async def test_a_bad_address_is_explained(world: World) -> None:
    """An address that cannot be one gets help that says why."""
    reply = await world.teams.say("mailcheck shared@localhost")
    assert '"shared@localhost" is not a mailbox address: the domain is not a host name' in reply.text


@pytest.mark.parametrize("text", [_COMMAND, "hello"])
async def test_a_stranger_is_told_their_object_id(world: World, text: str) -> None:
    """Who is no operator gets nothing checked, but what to hand to an administrator."""
    reply = await world.teams.say(text, user=BEN)
    assert BEN.object_id in reply.text
    assert "MAILCHECK_OPERATORS" in reply.text
    assert world.checks.asked == []


@pytest.mark.parametrize(
    "operators, allowed",
    [
        (frozenset(), False),
        (frozenset({"*"}), True),
        (frozenset({BEN.object_id}), True),
        (frozenset({ANNA.object_id}), False),
        (frozenset({""}), False),
    ],
)
async def test_who_may_use_the_bot(world: World, operators: frozenset[str], allowed: bool) -> None:
    """Those who are listed, everybody for a star, and nobody for an empty setting."""
    world.build(operators=operators)
    await world.teams.say(_COMMAND, user=BEN)
    assert bool(world.checks.asked) is allowed


async def test_an_object_id_is_compared_without_its_case(world: World) -> None:
    """Teams may write the id in capitals."""
    shouting = dataclasses.replace(ANNA, object_id=ANNA.object_id.upper())
    await world.teams.say(_COMMAND, user=shouting)
    assert len(world.checks.asked) == 1


@pytest.mark.parametrize("operators", [frozenset({"", "none"}), frozenset({"*"})])
async def test_an_asker_without_an_object_id(world: World, operators: frozenset[str]) -> None:
    """Who has no object id is nobody of the tenant, so no operator either."""
    world.build(operators=operators)
    conversation = world.teams.directory.personal(ANNA)
    activity = (await world.teams.say("help")).activity
    sender = {name: value for name, value in activity["from"].items() if name != "aadObjectId"}
    reply = await world.teams.deliver({**activity, "id": "2", "from": sender, "text": _COMMAND}, conversation)
    assert reply.status == 200
    assert world.checks.asked == []


async def test_a_domain_that_may_not_be_checked(world: World) -> None:
    """The use case's refusal takes the place of the report."""
    world.checks.answer = NotAllowed(Mailbox("a@other.example"))
    reply = await world.teams.say("mailcheck a@other.example")
    assert "MAILCHECK_DOMAINS does not have the domain other.example" in reply.text


async def test_an_app_without_settings_names_them_in_the_chat(world: World) -> None:
    """The bot lives, the check is not configured: the chat says which settings to look at."""
    world.build(check=(SettingProblem("MAILCHECK_VAULT_URL", "is missing: put an address there"),))
    reply = await world.teams.say(_COMMAND)
    assert "MAILCHECK_VAULT_URL" in reply.text
    assert len(reply.posts) == 1


async def test_installing_greets_once(world: World) -> None:
    """Teams tells of an installation twice; one of them is answered."""
    replies = await world.teams.install()
    assert [reply.status for reply in replies] == [200, 200]
    assert _cards(replies[0].conversation) == [["Write: mailcheck, and the address of a mailbox."]]


async def test_removal_is_not_answered(world: World) -> None:
    """After its removal the bot may not write, and does not try."""
    reply = await world.teams.uninstall()
    assert reply.status == 200
    assert reply.posts == []


@pytest.mark.parametrize("kind", ["messageReaction", "event", "typing", "messageUpdate", "x", None])
async def test_other_activities_are_ignored(world: World, kind: str | None) -> None:
    """What is no message and no installation is taken, and nothing is done."""
    conversation = world.teams.directory.personal(ANNA)
    activity = (await world.teams.say("help")).activity
    reply = await world.teams.deliver({**activity, "id": "2", "type": kind}, conversation)
    assert (reply.status, reply.posts) == (200, [])


async def _report_at_last(world: World) -> list[list[str]]:
    reply = await world.teams.say(_COMMAND)
    assert reply.status == 200
    assert len(world.checks.asked) == 1
    return _cards(reply.conversation)


_REPORT = "shared_box@contoso.com: Degraded, opens by IMAP, not by POP"
_CHECKING = "Checking shared_box@contoso.com by IMAP and POP"


class _Passing(faults.Fault):
    """No fault: it lets its call through, so that one can be planned for a later call."""

    def response(self) -> Any:  # noqa: ANN401 - None, which the connector takes for "go on"
        return None


_PASS = _Passing(0, "", "")


@pytest.mark.parametrize(
    "planned, cards",
    [
        ([faults.BAD_ARGUMENT], [[_CHECKING, _REPORT]]),  # the typing activity
        ([_PASS, faults.BAD_ARGUMENT], [[_REPORT]]),  # the first card
        ([_PASS, faults.throttled(60)], [[_REPORT]]),
        ([_PASS, faults.throttled(1)], [[_CHECKING, _REPORT]]),  # worth another try
        ([_PASS, faults.SERVICE_ERROR], [[_REPORT]]),
        ([_PASS, _PASS, faults.ACTIVITY_NOT_FOUND], [[_CHECKING], [_REPORT]]),  # the update
        ([_PASS, _PASS, faults.TOO_BIG, faults.TOO_BIG], [[_CHECKING]]),  # and the message instead of it
        ([faults.CONVERSATION_NOT_FOUND] * 4, []),
    ],
)
async def test_a_connector_that_refuses(world: World, planned: list[faults.Fault], cards: list[list[str]]) -> None:
    """Whichever call is refused, the check runs, what can be said is said, and Teams does not send it all again."""
    world.teams.connector.faults.extend(planned)
    assert await _report_at_last(world) == cards


async def test_without_a_token_the_check_still_runs(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """When Entra refuses the bot its token nothing can be said, and the log has the reason."""
    world.tokens.refusal = NoToken("Entra refused: AADSTS7000215")
    with caplog.at_level(logging.WARNING):
        assert await _report_at_last(world) == []
    assert "AADSTS7000215" in caplog.text


async def test_each_request_is_one_line_of_the_audit(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """Who, where, which mailbox, what came of it and how long it took: for checks, help and refusals."""
    world.checks.answer = BROKEN
    with caplog.at_level(logging.INFO, logger="mailcheck.audit"):
        await world.teams.say(_COMMAND)
        await world.teams.say("hello")
        await world.teams.say(_COMMAND, user=BEN)
    lines = [record.getMessage() for record in caplog.records if record.name == "mailcheck.audit"]
    assert len(lines) == 3
    assert f"who='{ANNA.object_id}' where='personal:a:1{ANNA.object_id}'" in lines[0]
    assert "mailbox='shared_box@contoso.com' verdict='broken' ms=" in lines[0]
    assert "verdict='help'" in lines[1]
    assert f"who='{BEN.object_id}'" in lines[2]
    assert "verdict='not an operator'" in lines[2]
    assert all("\n" not in line for line in lines)
