"""What the bot does for whom: everything between what was asked and the cards that answer it, without the SDK."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from mailcheck.diagnosis.entry import GUIDE
from mailcheck.diagnosis.explained import explain
from mailcheck.faces.audit import NOT_CONFIGURED, NOTHING, verdict_of
from mailcheck.faces.teams.card_parts import Element
from mailcheck.faces.teams.cards import (
    help_card,
    looking_card,
    not_configured_card,
    refused_card,
    thanks_card,
    whoami_card,
)
from mailcheck.faces.teams.chat import Chat, Message
from mailcheck.faces.teams.checking import PACE, Checker, Checking
from mailcheck.faces.teams.explain_card import explain_card
from mailcheck.faces.teams.intent import Check, Explain, Help, Intent, Status, Thanks, WhoAmI
from mailcheck.faces.teams.rate_limit import RateLimits
from mailcheck.faces.teams.status_card import StatusFacts, status_card
from mailcheck.faces.teams.together import Together
from mailcheck.faces.teams.untrusted import ID_LIMIT, clean
from mailcheck.model.delivery import CLOSING, Undelivered
from mailcheck.model.inspection import Inspection
from mailcheck.model.problem import Problems
from mailcheck.model.request import EVERYONE, CheckRequest, MailProtocol

# What whoever pressed a button is told, and nobody else.
_NOT_AN_OPERATOR: Final = "This button is for the people who may use this bot. Your object id in Microsoft Entra: "
_ID_UNKNOWN: Final = "Teams did not tell it"
_EXPLAINED: Final = "The explanation is in the chat, below."
_NOT_SHOWN: Final = "The chat did not take the explanation. Write: explain "
_NO_BUTTON: Final = "This button is not one of mine, or it is of another version. Write: mailcheck, and an address."
_BEING_CHECKED: Final = "This is being checked already. The card tells what is found."
# The verdict that the audit notes of a check that somebody else has begun, and that has not ended for who joined it.
_UNDER_WAY: Final = "under way"
# The verdict that the audit notes of somebody whom the bot does not work for.
_STRANGER: Final = "not an operator"


class Inspector(Protocol):
    """The use case that looks at the app itself."""

    def __call__(self, deadline: float) -> Coroutine[Any, Any, Inspection]:
        """What is there now, by this time of the running loop's clock."""


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, as Teams tells it.

    Attributes:
        name: Their display name; may be empty.
        object_id: Their object id in Entra; none: nobody of the tenant.
        tenant_id: The tenant, which the guard has compared.
    """

    name: str
    object_id: str | None
    tenant_id: str


@dataclass(frozen=True, slots=True)
class Done:
    """What the audit says of a request.

    Attributes:
        verdict: What came of it.
        mailboxes: The mailboxes that were asked for, whether they were checked or not, separated by commas; `-`: none.
        trouble: Why the answer did not get there; none: it did.
    """

    verdict: str
    mailboxes: str = NOTHING
    trouble: Undelivered | None = None


@dataclass(frozen=True, slots=True)
class NoButton:
    """A button that cannot be answered; the text says so."""

    text: str


# What a button is answered: a card in the place of the one it stands on, or a line of text.
type Pressed = Element | str | NoButton


class Answers:
    """Answers what is asked, for those it is to work for.

    Args:
        check: The use case, or what keeps it from being configured.
        inspect: Looks at the app itself, or what keeps it from being configured.
        protocols: What is checked where nothing is named.
        operators: Object ids, lower-case, of the people it works for; `*`: everybody in the tenant.
        facts: What a status tells, made of what the look at the app found.
        guide: Address at which the guide of all diagnoses can be read; empty: in mailcheck's folder.
        pace: Seconds between two states of a card that changes.
    """

    def __init__(
        self,
        *,
        check: Checker | Problems,
        inspect: Inspector | Problems,
        protocols: Sequence[MailProtocol],
        operators: frozenset[str],
        facts: Callable[[Inspection | Problems], StatusFacts],
        guide: str = "",
        pace: float = PACE,
    ) -> None:
        self._checking = check if isinstance(check, tuple) else Checking(check, pace=pace)
        self._inspect = inspect
        self._protocols = tuple(protocols)
        self._operators = operators
        self._facts = facts
        self._guide = guide or GUIDE
        self._pace = pace
        self._together: Together[tuple[Done, Element]] = Together()
        self._limits = RateLimits()

    async def message(self, intent: Intent, asker: Asker, chat: Chat, deadline: float) -> Done:
        """Answers what was written, by this time of the running loop's clock."""
        with self._limits.share(chat.conversation_id, deadline) as share:
            return await self._answer(intent, asker, Message(chat, share=share), share.deadline)

    async def _answer(self, intent: Intent, asker: Asker, message: Message, deadline: float) -> Done:
        if isinstance(intent, WhoAmI):
            card = whoami_card(asker.name, asker.object_id, asker.tenant_id, operator=self._serves(asker))
            return await _shown(message, card, "whoami")
        if not self._serves(asker):
            return await _shown(message, refused_card(asker.object_id), _STRANGER, _mailboxes(intent))
        match intent:
            case Check():
                done, _ = await self._check(intent, asker, message, deadline)
                return done
            case Status():
                return await self._status(message, deadline)
            case Help(note):
                card, verdict = help_card(note), "help"
            case Explain(diagnosis_id):
                card, verdict = self._explanation(diagnosis_id), "explain"
            case Thanks():
                card, verdict = thanks_card(), "thanks"
        return await _shown(message, card, verdict)

    async def press(
        self, intent: Intent | None, asker: Asker, chat: Chat, message_id: str | None, deadline: float
    ) -> tuple[Done, Pressed]:
        """Answers a button of the card in this message; the answer is for whoever pressed it.

        What everybody is to see goes to the chat, as for a message.
        """
        if not self._serves(asker):
            return Done(_STRANGER, _mailboxes(intent)), _NOT_AN_OPERATOR + clean(
                asker.object_id or _ID_UNKNOWN, ID_LIMIT
            )
        match intent:
            case Check():
                return await self._again(intent, asker, chat, message_id, deadline)
            case Explain(diagnosis_id):
                with self._limits.share(chat.conversation_id, deadline) as share:
                    done = await _shown(Message(chat, share=share), self._explanation(diagnosis_id), "explain")
                return done, _NOT_SHOWN + diagnosis_id if done.trouble else _EXPLAINED
            case _:
                return Done("unknown button"), NoButton(_NO_BUTTON)

    async def _again(
        self, asked: Check, asker: Asker, chat: Chat, message_id: str | None, deadline: float
    ) -> tuple[Done, Pressed]:  # fmt: skip
        """Checks once for all who press the button meanwhile: it is one card, in one chat that has its limits."""

        async def check() -> tuple[Done, Element]:
            with self._limits.share(chat.conversation_id, deadline) as share:
                return await self._check(asked, asker, Message(chat, message_id, share), share.deadline)

        if message_id is None:
            return await check()
        done = await self._together.do((chat.conversation_id, message_id, asked), check, deadline)
        return done or (Done(_UNDER_WAY, _mailboxes(asked)), _BEING_CHECKED)

    async def _check(self, asked: Check, asker: Asker, message: Message, deadline: float) -> tuple[Done, Element]:
        """Runs the checks; gives what the audit notes, and the card that was left in the message."""
        mailboxes = _mailboxes(asked)
        if isinstance(self._checking, tuple):
            card = not_configured_card(self._checking)
            return await _shown(message, card, NOT_CONFIGURED, mailboxes), card
        requests = [CheckRequest(mailbox, asked.protocols or self._protocols) for mailbox in asked.mailboxes]
        checked = await self._checking.run(requests, asked.refused, message, deadline, asker.object_id)
        verdicts = ",".join(map(verdict_of, checked.outcomes))
        return Done(verdicts, mailboxes, message.trouble), checked.card

    async def _status(self, message: Message, deadline: float) -> Done:
        if isinstance(self._inspect, tuple):
            return await _shown(message, status_card(self._facts(self._inspect)), "status")
        async with asyncio.TaskGroup() as group:
            look = group.create_task(self._inspect(deadline - CLOSING))
            await asyncio.wait({look}, timeout=self._pace / 2)  # as a rule it is over by then, and needs no other card
            if not look.done():
                await message.pass_by(looking_card())
        return await _shown(message, status_card(self._facts(look.result())), "status")

    def _explanation(self, diagnosis_id: str) -> Element:
        found = explain(diagnosis_id)
        return explain_card(found, self._guide) if found else help_card(f"There is no diagnosis {diagnosis_id}.")

    def _serves(self, asker: Asker) -> bool:
        return asker.object_id is not None and bool(self._operators & {asker.object_id.lower(), EVERYONE})


def _mailboxes(intent: Intent | None) -> str:
    """What `Done.mailboxes` says of what was asked."""
    return ",".join(mailbox.address for mailbox in intent.mailboxes) if isinstance(intent, Check) else NOTHING


async def _shown(message: Message, card: Element, verdict: str, mailboxes: str = NOTHING) -> Done:
    await message.show(card)
    return Done(verdict, mailboxes, message.trouble)
