"""The bot as people meet it: signed activities in, function_app.py, the connector's conversation out."""

import json
from pathlib import Path
from typing import Any

import pytest

from lab.teams.conversation import ANNA, BEN, Conversation, Happening, Kind
from lab.tenant import BOT_CLIENT_ID
from lab.world import BOT_CERTIFICATE, World
from tests.e2e.kit import App, another_app
from tests.e2e.test_secrets import assert_clean

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.usefixtures("app")]


async def test_a_check_is_shown_and_replaced_in_place(world: World) -> None:
    """One card, which says that it is checking; then the same card, replaced by the verdict."""
    chat = world.teams.directory.new_group()
    reply = await world.teams.say("/mailcheck shared@contoso.com", conversation=chat, mention=True)
    assert reply.status == 200
    said = [(change.post.type, change.happening) for change in chat.changes[1:]]
    assert said == [("message", Happening.POSTED), ("message", Happening.UPDATED)]
    [card] = reply.posts
    assert len(card.versions) == 2
    assert "Checking" in json.dumps(card.versions[0])
    assert "Healthy: opens by IMAP and POP" in reply.text
    assert "43 folders" in reply.text
    assert "89 days left" in reply.text


@pytest.mark.parametrize(
    "text, shown",
    [
        ("/mailcheck no-imap@contoso.com", ["Degraded", "-Identity 'no-imap@contoso.com' -ImapEnabled $true"]),
        ("mailcheck no-pop@contoso.com pop", ["Broken", "POP is switched off for this mailbox"]),
        ("MAILCHECK not-granted@contoso.com", ["Broken", "NO AUTHENTICATE failed.", "Add-MailboxPermission"]),
        ("info@contoso.com", ["Healthy", "12 folders"]),
        ("mailcheck [info@contoso.com](mailto:info@contoso.com) imap", ["Healthy: opens by IMAP"]),
        ("mailcheck anna", ["is not a mailbox address"]),
        ("hello", ["mailcheck shared@contoso.com"]),
    ],
)  # fmt: skip
async def test_what_people_say_and_see(world: World, text: str, shown: list[str]) -> None:
    """A command, a bare address, a near miss and small talk each have their answer."""
    reply = await world.teams.say(text)
    assert reply.status == 200
    for words in shown:
        assert words in reply.text


@pytest.mark.parametrize("kind", [Kind.GROUP, Kind.CHANNEL])
async def test_a_mention_in_a_group_or_channel(world: World, kind: Kind) -> None:
    """Where people talk to each other, the bot is mentioned, and understands the rest."""
    directory = world.teams.directory
    conversation: Conversation = directory.group() if kind is Kind.GROUP else directory.channel()
    reply = await world.teams.say("mailcheck info@contoso.com", conversation=conversation, mention=True, user=BEN)
    assert "Healthy" in reply.text


async def test_installing_greets_once(world: World) -> None:
    """Teams tells an installation twice; the greeting comes once."""
    replies = await world.teams.install(user=BEN)
    assert [reply.status for reply in replies] == [200, 200]
    assert len([post for reply in replies for post in reply.posts]) == 1


async def test_a_button_of_a_real_card_works(world: World) -> None:
    """Check again and Explain, as the card of a broken mailbox carries them, by another operator in a group."""
    group = world.teams.directory.group()
    asked = await world.teams.say("mailcheck no-imap@contoso.com", conversation=group, mention=True)
    (post,) = asked.posts
    buttons = [one for one in _actions(post.cards[0]) if one["type"] == "Action.Execute"]
    again = next(one for one in buttons if one["verb"] == "check")
    before = len(post.versions)
    reply = await world.teams.press(again, post, conversation=group, user=BEN)
    assert "Degraded" in reply.text
    assert len(post.versions) > before, "everybody sees the new one"
    explain = next(one for one in buttons if one["verb"] == "explain")
    explained = await world.teams.press(explain, post, conversation=group, user=BEN)
    assert "IMAP is switched off for this mailbox" in explained.text


async def test_a_status_is_of_the_real_app(world: World) -> None:
    """The certificate is read and a token bought, without any mailbox."""
    reply = await world.teams.say("status")
    assert "89 days left" in reply.text
    assert "IMAP.AccessAsApp" in reply.text
    assert "botbuilder-core" in reply.text


async def test_ten_mailboxes_at_once(world: World) -> None:
    """Healthy, broken and degraded ones in one card, and what is no address beside them."""
    names = ["shared", "info", "empty", "no-imap", "no-pop", "not-granted", "deleted", "alias", "unavailable"]
    text = "mailcheck " + ", ".join(f"{name}@contoso.com" for name in names) + " x@localhost"
    reply = await world.teams.say(text)
    for name in names:
        assert f"{name}@contoso.com" in reply.text
    assert "the domain is not a host name" in reply.text


def _actions(node: object) -> list[dict[str, Any]]:
    """Every action in a card."""
    if isinstance(node, list):
        return [action for child in node for action in _actions(child)]
    if not isinstance(node, dict):
        return []
    own = [node] if str(node.get("type", "")).startswith("Action.") else []
    return own + [action for child in node.values() for action in _actions(child)]


async def test_the_same_activity_again_does_nothing(world: World) -> None:
    """What Teams sends a second time is answered 200 and left alone."""
    reply = await world.teams.say("/mailcheck info@contoso.com")
    again = await world.teams.deliver(reply.activity, reply.conversation)
    assert (again.status, again.posts) == (200, [])


async def test_no_token_is_refused(world: World, app: App) -> None:
    """A request without a token is 401, whatever else is wrong with it: no JSON, or far too much of it."""
    honest = await world.teams.say("help")
    assert (await world.teams.deliver({**honest.activity, "id": "x"}, honest.conversation, signed=False)).status == 401
    assert (await app.send("POST", "/api/messages", data=b"{")).status == 401
    assert (await app.send("POST", "/api/messages", data=b"[]")).status == 401
    large = await app.send("POST", "/api/messages", data=b"{" + b" " * 300_000 + b"}")
    assert (large.status, large.body) == (401, b"")


async def test_the_bots_own_token_is_genuine(world: World) -> None:
    """The connector verified the bot's token on each call and refused none."""
    await world.teams.say("help")
    assert world.teams.connector.refused == []


@pytest.mark.parametrize(
    "proof, change",
    [
        ("secret", {}),
        ("certificate", {"MicrosoftAppPassword": "", "MAILCHECK_BOT_CERTIFICATE": BOT_CERTIFICATE}),
        ("managed identity", {"MicrosoftAppType": "UserAssignedMSI", "MicrosoftAppPassword": ""}),
    ],
)  # fmt: skip
async def test_the_bot_proves_itself_in_three_ways(
    world: World, proof: str, change: dict[str, str], tmp_path: Path
) -> None:
    """By a secret, by a certificate out of the vault, or as a managed identity: the connector takes its answer."""
    seen = len(world.entra.sightings)
    async with another_app(world, tmp_path, **change) as log:
        assert (await world.teams.say("help")).posts
    assert world.teams.connector.refused == []
    asked = {sighting.credential for sighting in world.entra.sightings[seen:] if sighting.client_id == BOT_CLIENT_ID}
    assert asked == ({proof} - {"managed identity"})  # the platform gives that token, and Entra sees no request
    assert_clean("the log", log.read_text(), world)


async def test_an_explanation_links_to_the_guide(world: World, tmp_path: Path) -> None:
    """Where MAILCHECK_GUIDE_URL says where the guide can be read, `explain` leads to the diagnosis in it."""
    async with another_app(world, tmp_path, MAILCHECK_GUIDE_URL="https://guide.contoso.com"):
        reply = await world.teams.say("explain pop-sign-in-refused")
    (post,) = reply.posts
    links = {one["title"]: one["url"] for one in _actions(post.cards[0]) if one["type"] == "Action.OpenUrl"}
    assert links["Guide"] == "https://guide.contoso.com#pop-sign-in-refused"


async def test_a_bot_without_its_certificate_says_so_in_the_log(world: World, tmp_path: Path) -> None:
    """The vault has no certificate of that name: nothing can be posted, Teams hears 200, and the log says why."""
    async with another_app(world, tmp_path, MicrosoftAppPassword="", MAILCHECK_BOT_CERTIFICATE="another") as log:
        reply = await world.teams.say("help")
    assert (reply.status, reply.posts) == (200, [])
    assert "the bot's certificate could not be had: SecretNotFound" in log.read_text()
    assert_clean("the log", log.read_text(), world)


async def test_only_operators_are_answered(world: World, tmp_path: Path) -> None:
    """With MAILCHECK_OPERATORS set, others are told their object id, and no check is made."""
    async with another_app(world, tmp_path, MAILCHECK_OPERATORS=ANNA.object_id):
        seen = len(world.exchange.sightings)
        refused = await world.teams.say("/mailcheck info@contoso.com", user=BEN)
        assert BEN.object_id in refused.text
        assert len(world.exchange.sightings) == seen
        assert "Healthy" in (await world.teams.say("/mailcheck info@contoso.com", user=ANNA)).text


async def test_the_log_of_the_deployed_app_is_its_audit(world: World, tmp_path: Path) -> None:
    """Who asked where for which mailbox, what came of it, how long it took: a check, a domain kept out, a stranger."""
    operators, domains = ANNA.object_id, "contoso.com"
    async with another_app(world, tmp_path, MAILCHECK_OPERATORS=operators, MAILCHECK_DOMAINS=domains) as log:
        await world.teams.say("no-imap@contoso.com")
        kept_out = await world.teams.say("a@fabrikam.com")
        await world.teams.say("info@contoso.com", user=BEN)
    assert "MAILCHECK_DOMAINS does not have the domain fabrikam.com" in kept_out.text
    anna, ben = (f"who='{one.object_id}' where='personal:a:1{one.object_id}'" for one in (ANNA, BEN))
    expected = [
        f"{anna} mailbox='no-imap@contoso.com' verdict='degraded' answered='yes' ms=",
        f"{anna} mailbox='a@fabrikam.com' verdict='domain not allowed' answered='yes' ms=",
        f"{ben} mailbox='info@contoso.com' verdict='not an operator' answered='yes' ms=",
    ]
    told = [line[line.index("who=") :] for line in log.read_text().splitlines() if "who=" in line]
    assert len(told) == len(expected)
    assert all(line.startswith(start) for line, start in zip(told, expected, strict=True)), told
    assert_clean("the log", log.read_text(), world)


async def test_missing_settings_are_said_in_the_chat(world: World, tmp_path: Path) -> None:
    """A bot with an identity and nothing else names the settings that a check needs."""
    async with another_app(world, tmp_path, MAILCHECK_CERTIFICATE=""):
        assert "MAILCHECK_CERTIFICATE" in (await world.teams.say("/mailcheck info@contoso.com")).text


async def test_no_secret_in_conversations_or_log(world: World, app: App) -> None:
    """Cards in all their versions, of every chat, and the app's log after all of these talks."""
    told = await world.teams.say("/mailcheck not-granted@contoso.com")
    assert told.posts
    for conversation in world.teams.directory.conversations.values():
        for post in conversation.posts.values():
            assert_clean("a card", json.dumps(post.versions, default=str), world)
    assert_clean("the log", app.log.read_text(), world)
