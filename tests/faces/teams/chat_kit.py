"""A chat without an SDK, which keeps what is said and answers as it is told to; and the bot's answers for it."""

import asyncio
from collections import deque
from dataclasses import dataclass, field

from mailcheck.faces.teams.answering import Answers, Inspector
from mailcheck.faces.teams.card_parts import Element
from mailcheck.faces.teams.checking import PACE, Checker
from mailcheck.model.delivery import Trouble, Undelivered
from mailcheck.model.problem import Problems
from mailcheck.model.request import MailProtocol
from tests.faces.teams.real_kit import status_facts

type Said = Element | str


@dataclass
class Wall:
    """A chat of one bot.

    Attributes:
        calls: What was said, oldest first: `post` or `replace`, the message's id, the words, and whether in passing.
        answers: What the next calls come to; None: they are done, as are those after the last answer.
        times: When each call began, on the loop's clock.
        slow: Seconds that each call takes.
        nameless: Whether new messages are taken without an id.
        conversation_id: Which conversation it is.
    """

    calls: list[tuple[str, str, str, bool]] = field(default_factory=list)
    answers: deque[Undelivered | None] = field(default_factory=deque)
    times: list[float] = field(default_factory=list)
    slow: float = 0.0
    nameless: bool = False
    conversation_id: str = "a:1"

    async def post(self, said: Said, *, passing: bool = False) -> str | Undelivered:
        message_id = f"m{1 + sum(call[0] == 'post' for call in self.calls)}"
        outcome = await self._call(("post", message_id, _words(said), passing))
        return outcome or ("" if self.nameless else message_id)

    async def replace(self, message_id: str, said: Said, *, passing: bool = False) -> Undelivered | None:
        return await self._call(("replace", message_id, _words(said), passing))

    async def _call(self, call: tuple[str, str, str, bool]) -> Undelivered | None:
        self.calls.append(call)
        self.times.append(asyncio.get_running_loop().time())
        if self.slow:
            await asyncio.sleep(self.slow)
        return self.answers.popleft() if self.answers else None

    @property
    def said(self) -> list[str]:
        """What was said, in one line each: `post m1: Checking ...`."""
        return [f"{how} {message_id}: {words}" for how, message_id, words, _ in self.calls]


def answers(
    check: Checker | Problems = (), inspect: Inspector | Problems = (), *, operators: str = "*", pace: float = PACE
) -> Answers:
    """The bot's answers, for one operator or all, by IMAP where nothing is named."""
    return Answers(
        check=check,
        inspect=inspect,
        protocols=(MailProtocol.IMAP,),
        operators=frozenset({operators}),
        facts=status_facts,
        pace=pace,
    )


def trouble(kind: Trouble) -> Undelivered:
    """A call that came to this."""
    return Undelivered(kind, "planned")


def _words(said: Said) -> str:
    return f"text {said.splitlines()[0]}" if isinstance(said, str) else str(said["speak"])
