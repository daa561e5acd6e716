"""The bot's turn: who asks, what for, the check, and the card that answers."""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from typing import Any, Final, Protocol

from botbuilder.core import TurnContext
from botbuilder.schema import Activity, ActivityTypes, Attachment

from mailcheck.faces.teams.card_parts import Element
from mailcheck.faces.teams.cards import (
    checking_card,
    help_card,
    not_allowed_card,
    not_configured_card,
    refused_card,
)
from mailcheck.faces.teams.intent import Check, Explain, Help, Intent, Status, WhoAmI
from mailcheck.faces.teams.mention import bot_mentions, hear
from mailcheck.faces.teams.report_card import report_card
from mailcheck.faces.teams.said import understand
from mailcheck.model.delivery import Undelivered
from mailcheck.model.problem import SettingProblem
from mailcheck.model.report import NotAllowed, Report
from mailcheck.model.request import CheckRequest, MailProtocol

EVERYONE: Final = "*"
CARD_TYPE: Final = "application/vnd.microsoft.card.adaptive"
_PERSONAL: Final = "personal"

# One line for each request: who asked where for what, and what came of it.
_audit = logging.getLogger("mailcheck.audit")


class Checker(Protocol):
    """The use case."""

    def __call__(self, request: CheckRequest) -> Coroutine[Any, Any, Report | NotAllowed]:
        """Runs one check; never raises for what happens in the field."""


class MailcheckBot:
    """Answers messages, greets where it is installed, and ignores every other activity.

    No `TeamsActivityHandler`: that calls the connector for each member of a team that it is told of.

    Args:
        check: The use case, or what keeps it from being configured.
        protocols: What is checked where the message names none.
        operators: Object ids, lower-case, of the people it works for; `*`: everybody in the tenant.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        *,
        check: Checker | tuple[SettingProblem, ...],
        protocols: Sequence[MailProtocol],
        operators: frozenset[str],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._check = check
        self._protocols = tuple(protocols)
        self._operators = operators
        self._clock = clock

    async def on_turn(self, turn: TurnContext, deadline: float) -> None:  # noqa: ARG002
        """One activity, by this time of the running loop's clock."""
        activity = turn.activity
        if activity.type == ActivityTypes.message:
            started = self._clock()
            mailbox, verdict = "-", "turn failed"
            try:
                mailbox, verdict = await self._message(turn)
            finally:
                _record(activity, mailbox, verdict, round((self._clock() - started) * 1000))
        elif activity.type == ActivityTypes.installation_update and activity.action == "add":
            # An installation is told twice, by a conversationUpdate too: this one is answered.
            await turn.send_activity(_message_of(help_card()))

    async def _message(self, turn: TurnContext) -> tuple[str, str]:
        """Answers a message; gives mailbox and verdict for the audit."""
        activity = turn.activity
        asker = _object_id(activity)
        if asker is None or not self._operators & {asker, EVERYONE}:
            await turn.send_activity(_message_of(refused_card(asker)))
            return "-", "not an operator"
        match _intent(activity):
            case Help(note):
                await turn.send_activity(_message_of(help_card(note)))
                return "-", "help"
            case Check(mailboxes, protocols):
                request = CheckRequest(mailboxes[0], protocols or self._protocols)
                return request.mailbox.address, await self._answer(turn, request)
            case Explain() | WhoAmI() | Status():
                await turn.send_activity(_message_of(help_card()))
                return "-", "help"

    async def _answer(self, turn: TurnContext, request: CheckRequest) -> str:
        if isinstance(self._check, tuple):
            await turn.send_activity(_message_of(not_configured_card(self._check)))
            return "not configured"
        async with asyncio.TaskGroup() as group:  # a slow connector does not keep the check waiting
            checking = group.create_task(self._check(request))
            await turn.send_activity(Activity(type=ActivityTypes.typing))
            shown = await turn.send_activity(_message_of(checking_card(request.mailbox, request.protocols)))
        outcome = checking.result()
        card = not_allowed_card(outcome) if isinstance(outcome, NotAllowed) else report_card(outcome)
        await _replace(turn, None if isinstance(shown, Undelivered) else shown.id, card)
        return "domain not allowed" if isinstance(outcome, NotAllowed) else outcome.status.value


async def _replace(turn: TurnContext, activity_id: str | None, card: Element) -> None:
    """Shows a card in place of one that was sent; as a new message if there is none, or it cannot be replaced."""
    if activity_id:
        message = _message_of(card)
        message.id = activity_id
        if not isinstance(await turn.update_activity(message), Undelivered):
            return
    await turn.send_activity(_message_of(card))


def _message_of(card: Element) -> Activity:
    """A message with this card alone: Teams splits one with a text beside the card in two."""
    attachment = Attachment(content_type=CARD_TYPE, content=card)
    return Activity(type=ActivityTypes.message, attachments=[attachment])


def _intent(activity: Activity) -> Intent:
    recipient = activity.recipient
    mentions = bot_mentions(_entities(activity.entities or ()), str(recipient.id) if recipient else "")
    heard = hear(activity.text or "", mentions, (recipient.name or "") if recipient else "")
    return understand(heard, personal=bool(activity.conversation.conversation_type == _PERSONAL))


def _entities(entities: Iterable[Any]) -> Iterable[Mapping[str, Any]]:
    # The SDK knows no kinds of entities: what it read is in `additional_properties`, all but the type.
    return ({**entity.additional_properties, "type": entity.type} for entity in entities)


def _object_id(activity: Activity) -> str | None:
    """The asker's object id in Entra, lower-case."""
    sender = activity.from_property
    return sender.aad_object_id.lower() if sender and sender.aad_object_id else None


def _record(activity: Activity, mailbox: str, verdict: str, ms: int) -> None:
    # %r: no name from outside can end the line and begin another.
    where = f"{activity.conversation.conversation_type}:{activity.conversation.id}"
    asker = _object_id(activity) or "unknown"
    _audit.info("who=%r where=%r mailbox=%r verdict=%r ms=%d", asker[:64], where[:256], mailbox, verdict, ms)
