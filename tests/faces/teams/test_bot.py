"""Turns of the bot, told by what appears in the conversation."""

import asyncio
import dataclasses
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web

from lab.teams import faults
from lab.teams.conversation import ANNA, BEN, Conversation, Happening, Person, Post
from lab.teams.rates import Call
from lab.teams.service import Reply
from lab.tenant import BOT_CLIENT_ID, TENANT_ID
from mailcheck.adapters.bot_credentials import NoToken
from mailcheck.faces.teams.bot import CARD_TYPE, ERROR_TYPE, TEXT_TYPE
from mailcheck.faces.teams.endpoint import TURN_LIMIT
from mailcheck.model.delivery import CLOSING
from mailcheck.model.problem import SettingProblem
from mailcheck.model.report import NotAllowed
from mailcheck.model.request import CheckRequest, Mailbox, MailProtocol
from tests.faces.teams import real_kit
from tests.faces.teams.card_kit import BROKEN
from tests.faces.teams.card_rules import assert_valid, elements
from tests.faces.teams.conftest import World

_COMMAND = "mailcheck shared_box@contoso.com"
_BOT = f"28:{BOT_CLIENT_ID}"
_REPORT = "shared_box@contoso.com: Degraded, opens by IMAP, not by POP"
_CHECKING = "Checking shared_box@contoso.com by IMAP and POP"


def _cards(conversation: Conversation) -> list[list[str]]:
    """Of each message of the bot, what its card said first and after each update."""
    return [
        [version["attachments"][0]["content"]["speak"] for version in post.versions]
        for post in conversation.posts.values()
        if post.sender == _BOT and post.type == "message"
    ]


async def test_a_check_is_a_card_that_becomes_its_report(world: World) -> None:
    """One message, which says that the check runs and is then replaced by what it found."""
    reply = await world.teams.say(_COMMAND)
    assert reply.status == 200
    assert world.checks.asked == [
        CheckRequest(Mailbox("shared_box@contoso.com"), (MailProtocol.IMAP, MailProtocol.POP))
    ]
    assert _cards(reply.conversation) == [[_CHECKING, _REPORT]]
    changes = [(change.happening, change.post.type) for change in reply.conversation.changes]
    assert changes[1:] == [(Happening.POSTED, "message"), (Happening.UPDATED, "message")]


async def test_a_check_is_given_what_the_turn_leaves(world: World) -> None:
    """Its deadline is the end of the turn, less the time that the last card needs."""
    await world.teams.say(_COMMAND)
    assert TURN_LIMIT - CLOSING - 5 < world.checks.left <= TURN_LIMIT - CLOSING


async def test_cards_are_sent_alone(world: World) -> None:
    """No message has a text beside its card, and every card is valid: Teams would split or drop it."""
    reply = await world.teams.say(_COMMAND)
    for post in reply.posts:
        assert not post.text
        for version in post.versions:
            assert_valid(version["attachments"][0]["content"])


async def test_a_notification_says_what_the_card_says(world: World) -> None:
    """Teams shows the summary of a message where it has no room for a card."""
    reply = await world.teams.say(_COMMAND)
    (post,) = reply.posts
    assert [version["summary"] for version in post.versions] == [_CHECKING, _REPORT]


async def test_the_card_says_checking_while_the_check_runs(world: World) -> None:
    """The first card is there before the check has ended."""
    world.checks.go_on.clear()
    conversation = world.teams.directory.personal(ANNA)
    turn = asyncio.create_task(world.teams.say(_COMMAND))
    first = await conversation.wait_until(_cards, timeout=10)
    assert first == [[_CHECKING]]
    world.checks.go_on.set()
    await turn
    assert len(_cards(conversation)[0]) == 2


class Held:
    """Teams, that has a call and does what it asks only when it is told to."""

    def __init__(self) -> None:
        self.has = asyncio.Event()
        self.go_on = asyncio.Event()

    async def meet(self, _request: web.Request, act: Callable[[], Awaitable[web.Response]]) -> web.Response | None:
        self.has.set()
        await self.go_on.wait()
        return await act()


async def test_a_progress_that_is_late_does_not_take_the_verdicts_place(world: World) -> None:
    """An update that was given up may be carried out after the verdict all the same: the verdict is put there again."""
    held = Held()
    world.teams.connector.faults.at(1, held, Call.UPDATE)
    world.checks.go_on.clear()
    conversation = world.teams.directory.personal(ANNA)
    turn = asyncio.create_task(world.teams.say(_COMMAND))
    await asyncio.wait_for(held.has.wait(), 10)
    world.checks.go_on.set()
    await conversation.wait_until(lambda seen: _cards(seen) == [[_CHECKING, _REPORT]], timeout=10)
    held.go_on.set()
    await turn
    assert _cards(conversation) == [[_CHECKING, _REPORT, _CHECKING, _REPORT]]


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


async def test_thanks_are_answered_shortly(world: World) -> None:
    """Who says thanks is not shown all that can be asked."""
    reply = await world.teams.say("thanks, that worked")
    assert "You are welcome" in reply.text
    assert "mailcheck shared@contoso.com imap" not in reply.text
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
    """The use case's refusal takes the place of the report, with what an administrator is to be told of the asker."""
    world.checks.answer = NotAllowed(Mailbox("a@other.example"))
    reply = await world.teams.say("mailcheck a@other.example")
    assert "MAILCHECK_DOMAINS does not have the domain other.example" in reply.text
    assert ANNA.object_id in reply.text


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
    ((welcome,),) = _cards(replies[0].conversation)
    assert "mailcheck" in welcome


async def test_removal_is_not_answered(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """After its removal the bot may not write, and does not try."""
    reply = await world.teams.uninstall()
    assert reply.status == 200
    assert reply.posts == []
    assert "connector did not take" not in caplog.text


@pytest.mark.parametrize("kind", ["messageReaction", "event", "typing", "messageUpdate", "x", None])
async def test_other_activities_are_ignored(world: World, kind: str | None) -> None:
    """What is no message and no installation is taken, and nothing is done."""
    conversation = world.teams.directory.personal(ANNA)
    activity = (await world.teams.say("help")).activity
    reply = await world.teams.deliver({**activity, "id": "2", "type": kind}, conversation)
    assert (reply.status, reply.posts) == (200, [])


@pytest.mark.parametrize("member", ["conversation", "from", "recipient"])
async def test_what_is_sent_along_does_not_come_back(world: World, member: str) -> None:
    """The SDK would send it with each answer: at such a depth it cannot, and at such a size Teams would not take it."""
    deep: dict[str, Any] = {"x": "x" * 150_000}
    for _ in range(970):
        deep = {"x": deep}
    conversation = world.teams.directory.personal(ANNA)
    activity = (await world.teams.say("help")).activity
    laden = {**activity, "id": "2", "text": _COMMAND, member: {**activity[member], "properties": deep}}
    reply = await world.teams.deliver(laden, conversation)
    assert reply.status == 200
    assert _cards(conversation)[-1] == [_CHECKING, _REPORT]


async def _report_at_last(world: World) -> list[list[str]]:
    reply = await world.teams.say(_COMMAND)
    assert reply.status == 200
    assert len(world.checks.asked) == 1
    return _cards(reply.conversation)


@pytest.mark.parametrize(
    "number, trouble, cards",
    [
        (1, faults.throttled(60), [[_REPORT]]),  # the first card
        (1, faults.throttled(1), [[_CHECKING, _REPORT]]),  # worth another try
        (1, faults.SERVICE_ERROR, [[_REPORT]]),
        (1, faults.BOT_NOT_IN_ROSTER, []),
        (1, faults.CONVERSATION_NOT_FOUND, []),
        (2, faults.ACTIVITY_NOT_FOUND, [[_CHECKING], [_REPORT]]),  # the update
        (2, faults.BOT_NOT_IN_ROSTER, [[_CHECKING]]),
        (2, faults.throttled(1), [[_CHECKING, _REPORT]]),
    ],
)
async def test_a_connector_that_refuses(
    world: World, number: int, trouble: faults.Fault, cards: list[list[str]]
) -> None:
    """Whichever call is refused, the check runs, what can be said is said, and Teams does not send it all again."""
    world.teams.connector.faults.at(number, trouble)
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
    lines = _audit(caplog)
    assert len(lines) == 3
    assert f"who='{ANNA.object_id}' where='personal:a:1{ANNA.object_id}'" in lines[0]
    assert "mailbox='shared_box@contoso.com' verdict='broken' answered='yes' ms=" in lines[0]
    assert "verdict='help'" in lines[1]
    assert f"who='{BEN.object_id}'" in lines[2]
    assert "mailbox='shared_box@contoso.com' verdict='not an operator'" in lines[2]
    assert all("\n" not in line for line in lines)


async def test_a_kind_of_chat_of_any_length_leaves_the_chat_in_the_audit(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """What calls itself a kind of conversation that Teams has not does not push out which conversation it is."""
    conversation = world.teams.directory.personal(ANNA)
    activity = (await world.teams.say("help")).activity
    place = {**activity["conversation"], "conversationType": "x" * 300}
    with caplog.at_level(logging.INFO, logger="mailcheck.audit"):
        await world.teams.deliver({**activity, "id": "2", "conversation": place}, conversation)
    (line,) = _audit(caplog)
    assert f":a:1{ANNA.object_id}'" in line


async def test_the_audit_tells_what_did_not_get_there(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """A check whose card the connector refused is in the audit with its verdict, and with that."""
    world.teams.connector.faults.extend([faults.BOT_NOT_IN_ROSTER])
    with caplog.at_level(logging.INFO, logger="mailcheck.audit"):
        await world.teams.say(_COMMAND)
    (line,) = _audit(caplog)
    assert "verdict='degraded' answered='shut-out'" in line


async def test_the_audit_tells_a_failure_from_an_answer_that_is_waited_for(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """A check that was cut short is not put down as broken."""
    world.checks.answer = real_kit.WAITING
    with caplog.at_level(logging.INFO, logger="mailcheck.audit"):
        await world.teams.say(_COMMAND)
    assert "verdict='still waiting'" in _audit(caplog)[-1]


def _audit(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == "mailcheck.audit"]


async def test_several_mailboxes_are_one_table(world: World) -> None:
    """Each is checked, all at once, and one card tells all of them."""
    reply = await world.teams.say("mailcheck a@contoso.com, b@contoso.com imap")
    assert [request.mailbox.address for request in world.checks.asked] == ["a@contoso.com", "b@contoso.com"]
    assert {request.protocols for request in world.checks.asked} == {(MailProtocol.IMAP,)}
    assert len(reply.posts) == 1


async def test_an_address_that_cannot_be_one_is_told_beside_the_others(world: World) -> None:
    """The good one is checked, the bad one is told with its reason."""
    reply = await world.teams.say("mailcheck a@contoso.com, b@localhost")
    assert len(world.checks.asked) == 1
    assert "b@localhost" in reply.text
    assert "the domain is not a host name" in reply.text


async def test_a_diagnosis_is_explained(world: World) -> None:
    """`explain ID` shows the catalogue's entry, and checks nothing."""
    reply = await world.teams.say("explain imap-not-connected")
    assert "Exchange accepts the app, but does not open the mailbox" in reply.text
    assert world.checks.asked == []


async def test_who_am_i_is_answered_to_everybody(world: World) -> None:
    """It is what somebody who may not use the bot has to find out."""
    reply = await world.teams.say("whoami", user=BEN)
    assert BEN.object_id in reply.text
    assert TENANT_ID in reply.text


async def test_a_status_has_the_certificate_and_the_versions(world: World) -> None:
    """How long the certificate lasts, what is configured, which versions run."""
    reply = await world.teams.say("status")
    assert "83 days" in reply.text
    assert "IMAP.AccessAsApp" in reply.text
    assert "outlook.office365.com:993" in reply.text
    assert "botbuilder-core" in reply.text
    assert 0 < world.inspect.left <= TURN_LIMIT - CLOSING, "the card needs its time too"


async def test_a_status_without_settings_names_them(world: World) -> None:
    """What keeps the app from being configured is its status."""
    world.build(check=(SettingProblem("MAILCHECK_VAULT_URL", "is missing: put an address there"),))
    assert "MAILCHECK_VAULT_URL" in (await world.teams.say("status")).text


async def _press(world: World, verb: str, user: Person = ANNA, **data: Any) -> tuple[Post, Reply]:  # noqa: ANN401 - JSON
    """Somebody presses a button of the card of a check; the card's message, and what came of it."""
    conversation = world.teams.directory.group()
    asked = await world.teams.say(_COMMAND, conversation=conversation, mention=True)
    (post,) = asked.posts
    world.checks.asked.clear()
    action = {"type": "Action.Execute", "verb": verb, "data": data}
    return post, await world.teams.press(action, post, conversation=conversation, user=user)


_AGAIN: dict[str, Any] = {"mailboxes": ["shared_box@contoso.com"], "protocols": ["pop"]}


async def test_check_again_changes_the_card_for_everybody(world: World) -> None:
    """The message itself is updated while it runs and at its end; whoever pressed gets the same card as the answer."""
    post, reply = await _press(world, "check", **_AGAIN)
    assert world.checks.asked == [CheckRequest(Mailbox("shared_box@contoso.com"), (MailProtocol.POP,))]
    said = [version["attachments"][0]["content"]["speak"] for version in post.versions]
    assert said == [_CHECKING, _REPORT, _CHECKING.replace("IMAP and POP", "POP"), _REPORT]
    assert isinstance(reply.body, dict)
    assert (reply.status, reply.body["statusCode"], reply.body["type"]) == (200, 200, CARD_TYPE)
    assert reply.body["value"] == post.activity["attachments"][0]["content"]


async def test_a_button_of_no_message_is_answered_by_a_new_one(world: World) -> None:
    """Where Teams does not say on which message the button stands, the report is one of its own."""
    _, reply = await _press(world, "check", **_AGAIN)
    again = {**reply.activity, "id": "again", "replyToId": ""}
    answered = await world.teams.deliver(again, reply.conversation)
    assert answered.status == 200
    assert [post.versions[-1]["attachments"][0]["content"]["speak"] for post in answered.posts] == [_REPORT]


async def test_every_button_of_a_card_is_answered(world: World) -> None:
    """What the card carries is what the bot understands."""
    asked = await world.teams.say(_COMMAND)
    (post,) = asked.posts
    actions = [one for one in elements(post.cards[0]) if one["type"] == "Action.Execute"]
    assert {action["verb"] for action in actions} == {"check", "explain"}
    for action in actions:
        reply = await world.teams.press(action, post, conversation=asked.conversation)
        assert isinstance(reply.body, dict)
        assert reply.body["statusCode"] == 200


async def test_an_explanation_is_a_message_of_its_own(world: World) -> None:
    """The report stays; whoever pressed is told where to look."""
    post, reply = await _press(world, "explain", id="pop-sign-in-refused")
    assert len(post.versions) == 2
    assert reply.body == {"statusCode": 200, "type": TEXT_TYPE, "value": "The explanation is in the chat, below."}
    assert len(reply.posts) == 1


async def test_an_explanation_that_did_not_get_there_can_be_asked_for(world: World) -> None:
    """Whoever pressed is told so, and what to write."""
    world.teams.connector.faults.at(2, faults.SERVICE_ERROR, Call.SEND)  # the first is the card of the check
    _, reply = await _press(world, "explain", id="pop-sign-in-refused")
    told = "The chat did not take the explanation. Write: explain pop-sign-in-refused"
    assert reply.body == {"statusCode": 200, "type": TEXT_TYPE, "value": told}


async def test_a_strangers_button_does_nothing(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """Who is no operator is told so, alone; the card stays as it is for everybody, and the audit has it."""
    with caplog.at_level(logging.INFO, logger="mailcheck.audit"):
        post, reply = await _press(world, "check", BEN, **_AGAIN)
    assert world.checks.asked == []
    assert len(post.versions) == 2
    assert reply.posts == []
    assert isinstance(reply.body, dict)
    assert reply.body["type"] == TEXT_TYPE
    assert BEN.object_id in reply.body["value"]
    assert f"who='{BEN.object_id}'" in _audit(caplog)[-1]
    assert "mailbox='shared_box@contoso.com' verdict='not an operator'" in _audit(caplog)[-1]


@pytest.mark.parametrize(
    "verb, data",
    [
        ("delete", {}),
        ("check", {}),
        ("check", {"mailboxes": ["a@b.c\r\nX"], "protocols": []}),
        ("check", {"mailboxes": ["a@contoso.com"] * 11, "protocols": []}),
        ("explain", {"id": "no-such-thing"}),
    ],
)
async def test_a_button_that_is_none_of_ours(world: World, verb: str, data: dict[str, Any]) -> None:
    """A forged or an old button is an error for whoever pressed it, and nothing else."""
    post, reply = await _press(world, verb, **data)
    assert world.checks.asked == []
    assert len(post.versions) == 2
    assert isinstance(reply.body, dict)
    assert (reply.status, reply.body["statusCode"], reply.body["type"]) == (200, 400, ERROR_TYPE)


async def test_another_kind_of_invoke_is_not_implemented(world: World) -> None:
    """Teams knows many; the bot answers buttons."""
    conversation = world.teams.directory.personal(ANNA)
    await world.teams.say("help")
    reply = await world.teams.invoke("composeExtension/query", {}, conversation=conversation)
    assert (reply.status, reply.posts) == (501, [])


async def test_a_client_that_takes_no_cards_is_answered_in_text(world: World) -> None:
    """Where the connector refuses the card for its form, the same is said as plain text."""
    world.teams.connector.faults.extend([faults.BAD_ARGUMENT])
    reply = await world.teams.say(_COMMAND)
    (post,) = reply.posts
    assert "Degraded" in post.text
    assert "Set-CASMailbox -Identity 'shared_box@contoso.com' -PopEnabled $true" in post.text
    assert post.attachments == ()
    assert post.activity["textFormat"] == "plain", "what a server wrote is no Markdown here either"
