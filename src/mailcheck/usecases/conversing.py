"""The conversations of a check: one per protocol, all at the same time, each begun a second time where that may help.

A second try is for what the catalogue calls passing (`Entry.again`), and is begun only while a good part of the check's
time is left. Nothing is tried a third time, and a server that asks to be left alone is left alone.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from mailcheck.diagnosis.entry import Again
from mailcheck.diagnosis.match import second_try
from mailcheck.model.credential import Token
from mailcheck.model.evidence import Evidence, Fault, Stage
from mailcheck.model.progress import Ended, Entered
from mailcheck.model.report import Opened
from mailcheck.model.request import Endpoint, Mailbox, MailProtocol
from mailcheck.model.secret import Secret
from mailcheck.protocol import DIALOGUES
from mailcheck.protocol.effects import Conversation, Dialogue
from mailcheck.usecases.guarded import Guard, Within, milliseconds_since

IPV4, IPV6 = 4, 6  # the versions of IP, as a conversation tells them
# Past the deadline a conversation is only being closed; this much later it is given up whatever it does.
_GRACE = 0.25
# The part of a check's time that has to be left for a second try: four round trips to the other side of the world.
_WORTH_A_TRY = 0.25


class Mail(Protocol):
    """How a dialogue reaches a mail server."""

    async def converse[T](
        self,
        endpoint: Endpoint,
        protocol: MailProtocol,
        dialogue: Dialogue[T | Evidence],
        *,
        deadline: float,
        starttls: bool,
        version: int | None,
        secrets: tuple[Secret[str], ...],
        entered: Callable[[Stage], None],
    ) -> Conversation[T]:
        """Drives the dialogue to its end; `deadline` is on the running loop's clock; `entered` is told each stage.

        With `starttls` the talk begins in clear, and the dialogue asks for TLS. With a `version` of IP, 4 or 6, only
        addresses of that version are used.
        """


@dataclass(frozen=True, slots=True)
class Talk:
    """What came of one protocol.

    Attributes:
        conversation: The last conversation, with the steps and the transcript of both where there were two.
        first: What the first try met, where there was a second.
        again: How the second try differed from the first.
        late: Whether it lasted until there was no more time.
    """

    conversation: Conversation[Opened]
    first: Evidence | None = None
    again: Again = Again.NEVER
    late: bool = False

    @property
    def outcome(self) -> Opened | Evidence:
        """What was found in the end."""
        return self.conversation.outcome


class Conversations:
    """Holds the conversations of any number of checks.

    Args:
        mail: The way to the servers.
        endpoints: The server of each protocol.
        timeout: Seconds of one whole check.
        guard: Turns what must not happen into evidence.
    """

    def __init__(self, mail: Mail, endpoints: Mapping[MailProtocol, Endpoint], timeout: float, guard: Guard) -> None:
        self._mail = mail
        self._endpoints = endpoints
        self._worth_a_try = timeout * _WORTH_A_TRY
        self._guard = guard

    async def hold(
        self, mailbox: Mailbox, protocols: Iterable[MailProtocol], token: Token, within: Within
    ) -> dict[MailProtocol, Talk]:
        """One talk for each protocol; ends shortly after the deadline at the latest."""
        asked = tuple(protocols)
        talks = await asyncio.gather(*(self._watched(mailbox, protocol, token, within) for protocol in asked))
        return dict(zip(asked, talks, strict=True))

    async def _watched(self, mailbox: Mailbox, protocol: MailProtocol, token: Token, within: Within) -> Talk:
        talk = replace(await self._talk(mailbox, protocol, token, within), late=within.is_over())
        within.watch(Ended(protocol, not isinstance(talk.outcome, Evidence)))
        return talk

    async def _talk(self, mailbox: Mailbox, protocol: MailProtocol, token: Token, within: Within) -> Talk:
        first = await self._converse(mailbox, protocol, token, within)
        if not isinstance(first.outcome, Evidence):
            return Talk(first)
        again = second_try(first.outcome)
        late = asyncio.get_running_loop().time() > within.deadline - self._worth_a_try
        there_is_ipv4 = first.version == IPV6 and IPV4 in first.versions
        if late or again is Again.NEVER or (again is Again.OVER_IPV4 and not there_is_ipv4):
            return Talk(first)
        version = IPV4 if again is Again.OVER_IPV4 else None
        second = await self._converse(mailbox, protocol, token, within, version)
        if again is Again.OVER_IPV4 and not _was_heard(second.outcome):
            second = replace(second, outcome=first.outcome, version=first.version)
        return Talk(_joined(first, second, version), first.outcome, again)

    async def _converse(
        self, mailbox: Mailbox, protocol: MailProtocol, token: Token, within: Within, version: int | None = None
    ) -> Conversation[Opened]:
        started = asyncio.get_running_loop().time()
        dialogue: Dialogue[Opened | Evidence] = DIALOGUES[protocol](mailbox, token.value)
        talk: Awaitable[Conversation[Opened] | Evidence] = self._mail.converse(
            self._endpoints[protocol],
            protocol,
            dialogue,
            deadline=within.deadline,
            starttls=protocol.starttls,
            version=version,
            secrets=(token.value,),
            entered=lambda stage: within.watch(Entered(stage, protocol)),
        )
        outcome: Conversation[Opened] | Evidence = await self._guard.until(
            within.deadline + _GRACE, Stage.CONNECT, talk, protocol
        )
        if isinstance(outcome, Evidence):
            if outcome.signal == Fault.TIMEOUT:  # the transport keeps the deadline itself: only its closing can be late
                outcome = replace(outcome, stage=Stage.LOGOUT)
            return Conversation(outcome, (), (), milliseconds_since(started))
        return outcome


def _was_heard(outcome: Opened | Evidence) -> bool:
    """Whether the server came to speak of the mailbox; where no way leads over a version of IP, it did not."""
    return not isinstance(outcome, Evidence) or (
        outcome.stage in {Stage.AUTH, Stage.LIST} and outcome.signal not in {Fault.TIMEOUT, Fault.CLOSED}
    )


def _joined(first: Conversation[Opened], second: Conversation[Opened], version: int | None) -> Conversation[Opened]:
    how = f", over IPv{version}" if version else ""
    return replace(
        second,
        steps=first.steps + second.steps,
        transcript=(*first.transcript, f"-- second try{how}", *second.transcript),
        duration_ms=first.duration_ms + second.duration_ms,
    )
