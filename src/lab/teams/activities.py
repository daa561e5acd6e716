"""The activities that Teams sends to a bot, in the shapes of the Bot Framework's Activity schema; pure functions.

https://learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-connector-api-reference (Activity object)
"""

import datetime as dt
import html
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lab.teams.conversation import Conversation, Kind, Person
from lab.teams.directory import CHANNEL_ID, TEAM_ID, TEAM_NAME

BOT_NAME = "mailcheck"
_LOCALE = "en-GB"
_TIMEZONE = "Etc/UTC"


@dataclass(frozen=True)
class Envelope:
    """What every activity carries.

    Attributes:
        id: The activity's id.
        now: When it was made, with a time zone.
        service_url: Where the bot answers.
        conversation: Where it was made.
        user: Who made it.
        bot_id: The bot's app id.
    """

    id: str
    now: dt.datetime
    service_url: str
    conversation: Conversation
    user: Person
    bot_id: str

    def activity(self, kind: str, **more: object) -> dict[str, Any]:
        """The members common to all activities, and those given."""
        now = self.now.astimezone(dt.UTC)
        return {
            "type": kind,
            "id": self.id,
            "timestamp": now.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "channelId": "msteams",
            "serviceUrl": self.service_url,
            "from": {"id": self.user.id, "name": self.user.name, "aadObjectId": self.user.object_id},
            "conversation": conversation_account(self.conversation),
            "recipient": bot_account(self.bot_id),
            "channelData": _channel_data(self.conversation),
            "locale": _LOCALE,
            **more,
        }


def bot_account(bot_id: str) -> dict[str, str]:
    """The bot as a ChannelAccount: Teams puts `28:` before its app id."""
    return {"id": f"28:{bot_id}", "name": BOT_NAME}


def conversation_account(conversation: Conversation) -> dict[str, Any]:
    """A ConversationAccount."""
    account: dict[str, Any] = {
        "conversationType": conversation.kind.value,
        "tenantId": conversation.tenant_id,
        "id": conversation.id,
    }
    if conversation.kind is not Kind.PERSONAL:
        account["isGroup"] = True
    if conversation.name:
        account["name"] = conversation.name
    return account


def message(envelope: Envelope, text: str, *, mention: bool = False) -> dict[str, Any]:
    """A message as a person types it; with `mention`, it begins with an @mention of the bot.

    Beside the plain text, Teams sends the same as HTML in an attachment.
    """
    bot = bot_account(envelope.bot_id)
    at = f"<at>{bot['name']}</at>"
    entities: list[dict[str, Any]] = [_client_info()]
    markup = html.escape(text, quote=False)
    if mention:
        entities.insert(0, {"type": "mention", "mentioned": bot, "text": at})
        text = f"{at} {text}"
        markup = f'<span itemscope itemtype="http://schema.skype.com/Mention" itemid="0">{bot["name"]}</span> {markup}'
    return envelope.activity(
        "message",
        text=text,
        textFormat="plain",
        attachments=[{"contentType": "text/html", "content": f"<p>{markup}</p>"}],
        entities=entities,
        **_local_time(envelope.now),
    )


def invoke(envelope: Envelope, name: str, value: Mapping[str, Any], *, reply_to: str | None = None) -> dict[str, Any]:
    """An invoke, whose HTTP answer matters; `reply_to` is the id of the message with the pressed button."""
    more: dict[str, Any] = {}
    if reply_to:
        source = {"source": {"name": "message"}}
        more = {"replyToId": reply_to, "channelData": _channel_data(envelope.conversation) | source}
    return envelope.activity(
        "invoke", name=name, value=dict(value), entities=[_client_info()], **_local_time(envelope.now), **more
    )


def execute(action: Mapping[str, Any]) -> dict[str, Any]:
    """The value of an `adaptiveCard/action` invoke for a pressed Action.Execute.

    https://learn.microsoft.com/adaptive-cards/authoring-cards/universal-action-model
    """
    kept = {name: action[name] for name in ("id", "title", "verb", "data") if name in action}
    return {"action": {"type": "Action.Execute", **kept}, "trigger": "manual"}


def submit(envelope: Envelope, action: Mapping[str, Any], *, reply_to: str) -> dict[str, Any]:
    """The message without text that a pressed Action.Submit sends: the action's data as its `value`."""
    return envelope.activity(
        "message",
        value=action.get("data"),
        replyToId=reply_to,
        entities=[_client_info()],
        **_local_time(envelope.now),
    )


def installation_update(envelope: Envelope, *, action: str = "add") -> dict[str, Any]:
    """The app was installed (`add`) or removed (`remove`) in this conversation."""
    return envelope.activity("installationUpdate", action=action, entities=[_client_info()])


def members_added(envelope: Envelope) -> dict[str, Any]:
    """The bot, and in a personal chat the user too, joined the conversation."""
    joined = [bot_account(envelope.bot_id)]
    if envelope.conversation.kind is Kind.PERSONAL:
        joined.insert(0, {"id": envelope.user.id, "aadObjectId": envelope.user.object_id})
    return envelope.activity("conversationUpdate", membersAdded=joined)


def member(person: Person, tenant_id: str) -> dict[str, Any]:
    """A TeamsChannelAccount, as the members calls give it."""
    given, _, surname = person.name.partition(" ")
    return {
        "id": person.id,
        "name": person.name,
        "objectId": person.object_id,
        "aadObjectId": person.object_id,
        "givenName": given,
        "surname": surname,
        "email": person.email,
        "userPrincipalName": person.email,
        "tenantId": tenant_id,
        "userRole": "user",
    }


def _channel_data(conversation: Conversation) -> dict[str, Any]:
    data: dict[str, Any] = {"tenant": {"id": conversation.tenant_id}}
    if conversation.kind is Kind.CHANNEL:
        data |= {
            "teamsChannelId": CHANNEL_ID,
            "teamsTeamId": TEAM_ID,
            "channel": {"id": CHANNEL_ID},
            "team": {"id": TEAM_ID, "name": TEAM_NAME},
        }
    return data


def _local_time(now: dt.datetime) -> dict[str, str]:
    return {"localTimestamp": now.astimezone(dt.UTC).isoformat(timespec="milliseconds"), "localTimezone": _TIMEZONE}


def _client_info() -> dict[str, str]:
    return {"type": "clientInfo", "locale": _LOCALE, "country": "GB", "platform": "Web", "timezone": _TIMEZONE}
