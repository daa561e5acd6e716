"""The bot's turn by the SDK: an activity becomes what was asked, and what is said becomes activities."""

import time
from collections.abc import Callable, Coroutine, Iterable, Mapping
from http import HTTPStatus
from typing import Any, Final

from botbuilder.core import TurnContext
from botbuilder.schema import Activity, ActivityImportance, ActivityTypes, Attachment, InvokeResponse, TextFormatTypes

from mailcheck.faces.audit import record
from mailcheck.faces.teams.answering import Answers, Asker, Done, NoButton, Pressed
from mailcheck.faces.teams.card_parts import Element
from mailcheck.faces.teams.cards import welcome_card
from mailcheck.faces.teams.chat import Message
from mailcheck.faces.teams.intent import Intent
from mailcheck.faces.teams.mention import bot_mentions, hear
from mailcheck.faces.teams.pressed import pressed
from mailcheck.faces.teams.said import understand
from mailcheck.model.delivery import Undelivered

CARD_TYPE: Final = "application/vnd.microsoft.card.adaptive"
TEXT_TYPE: Final = "application/vnd.microsoft.activity.message"
ERROR_TYPE: Final = "application/vnd.microsoft.error"
_PERSONAL: Final = "personal"
_KIND: Final = 16  # characters of a kind of conversation that the audit shows; the longest is groupChat
_PRESSED: Final = "adaptiveCard/action"


class MailcheckBot:
    """Answers messages and buttons, greets where it is installed, and ignores every other activity.

    No `TeamsActivityHandler`: that calls the connector for each member of a team that it is told of.

    Args:
        answers: Knows what to answer.
        clock: Monotonic seconds.
    """

    def __init__(self, answers: Answers, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._answers = answers
        self._clock = clock

    async def on_turn(self, turn: TurnContext, deadline: float) -> None:
        """One activity, by this time of the running loop's clock."""
        activity = turn.activity
        _strip(activity)
        if activity.type == ActivityTypes.message:
            work = self._answers.message(_intent(activity), _asker(activity), _Chat(turn), deadline)
            await self._audited(activity, work)
        elif activity.type == ActivityTypes.invoke and activity.name == _PRESSED:
            await self._audited(activity, self._press(turn, deadline))
        elif activity.type == ActivityTypes.installation_update and activity.action == "add":
            # An installation is told twice, by a conversationUpdate too: this one is answered.
            await Message(_Chat(turn)).show(welcome_card())

    async def _press(self, turn: TurnContext, deadline: float) -> Done:
        activity = turn.activity
        intent, asker = pressed(activity.value), _asker(activity)
        done, answer = await self._answers.press(intent, asker, _Chat(turn), activity.reply_to_id or None, deadline)
        await turn.send_activity(Activity(type=ActivityTypes.invoke_response, value=_invoke_response(answer)))
        return done

    async def _audited(self, activity: Activity, work: Coroutine[Any, Any, Done]) -> None:
        started = self._clock()
        done = Done("turn failed")
        try:
            done = await work
        finally:
            _record(activity, done, self._clock() - started)


class _Chat:
    """The conversation of a turn."""

    def __init__(self, turn: TurnContext) -> None:
        self._turn = turn
        self.conversation_id = str(turn.activity.conversation.id)

    async def post(self, said: Element | str, *, passing: bool = False) -> str | Undelivered:
        sent = await self._turn.send_activity(_activity(said, passing=passing))
        return sent if isinstance(sent, Undelivered) else str((sent.id if sent else None) or "")

    async def replace(self, message_id: str, said: Element | str, *, passing: bool = False) -> Undelivered | None:
        message = _activity(said, passing=passing)
        message.id = message_id
        outcome = await self._turn.update_activity(message)
        return outcome if isinstance(outcome, Undelivered) else None


def _activity(said: Element | str, *, passing: bool) -> Activity:
    """A message with this card alone, or this text: Teams splits one with a text beside the card in two."""
    importance = ActivityImportance.low if passing else None  # to the adapter: another one makes up for it
    if isinstance(said, str):
        return Activity(
            type=ActivityTypes.message, text=said, text_format=TextFormatTypes.plain, importance=importance
        )  # fmt: skip
    attachment = Attachment(content_type=CARD_TYPE, content=said)
    # The summary is what a notification says.
    return Activity(
        type=ActivityTypes.message, summary=said["speak"], attachments=[attachment], importance=importance
    )  # fmt: skip


def _strip(activity: Activity) -> None:
    """Takes off what the SDK would send back with each call: values of any size and depth, written on the event loop.

    Teams sends none, and takes none.
    """
    for account in filter(None, (activity.conversation, activity.from_property, activity.recipient)):
        account.properties = None


def _invoke_response(answer: Pressed) -> InvokeResponse:
    """The answer to a pressed button; the HTTP status is 200 whatever it says.

    https://learn.microsoft.com/adaptive-cards/authoring-cards/universal-action-model
    """
    status, kind, value = HTTPStatus.OK, CARD_TYPE, answer
    if isinstance(answer, NoButton):
        status, kind, value = HTTPStatus.BAD_REQUEST, ERROR_TYPE, {"code": "BadRequest", "message": answer.text}
    elif isinstance(answer, str):
        kind = TEXT_TYPE
    return InvokeResponse(status=HTTPStatus.OK.value, body={"statusCode": status.value, "type": kind, "value": value})


def _intent(activity: Activity) -> Intent:
    recipient = activity.recipient
    mentions = bot_mentions(_entities(activity.entities or ()), str(recipient.id) if recipient else "")
    heard = hear(activity.text or "", mentions, (recipient.name or "") if recipient else "")
    return understand(heard, personal=bool(activity.conversation.conversation_type == _PERSONAL))


def _entities(entities: Iterable[Any]) -> Iterable[Mapping[str, Any]]:
    # The SDK knows no kinds of entities: what it read is in `additional_properties`, all but the type.
    return ({**entity.additional_properties, "type": entity.type} for entity in entities)


def _asker(activity: Activity) -> Asker:
    sender = activity.from_property
    return Asker(
        name=(sender.name if sender else None) or "",
        object_id=(sender.aad_object_id if sender else None) or None,
        # The guard has seen it here and in the conversation, where the SDK looks for it under another spelling.
        tenant_id=str(activity.channel_data["tenant"]["id"]),
    )


def _record(activity: Activity, done: Done, seconds: float) -> None:
    kind = str(activity.conversation.conversation_type)[:_KIND]
    where = f"{kind}:{activity.conversation.id}"
    who = (_asker(activity).object_id or "unknown").lower()
    answered = done.trouble.trouble.value if done.trouble else "yes"
    record(who=who, where=where, mailboxes=done.mailboxes, verdict=done.verdict, answered=answered, seconds=seconds)
