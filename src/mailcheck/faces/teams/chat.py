"""What the bot asks of the chat that it answers in, and how it says one thing there whatever becomes of it."""

from typing import Protocol

from mailcheck.faces.teams.card_parts import Element
from mailcheck.faces.teams.card_plain import plain_text
from mailcheck.faces.teams.rate_limit import Share
from mailcheck.model.delivery import Trouble, Undelivered


class Chat(Protocol):
    """One conversation, during one turn."""

    @property
    def conversation_id(self) -> str:
        """Its id, the same in each turn."""

    async def post(self, said: Element | str, *, passing: bool = False) -> str | Undelivered:
        """Sends a card, or plain text, as a new message; gives its id, which may be empty.

        `passing`: another one will follow, so it is not sent late.
        """

    async def replace(self, message_id: str, said: Element | str, *, passing: bool = False) -> Undelivered | None:
        """Puts a card, or plain text, in the place of a message; none: it is there.

        `passing`: it is out of date in a second, and not worth a second try.
        """


class Message:
    """One message of the bot's, which may change until its turn ends.

    A client that does not take the card is given the same as plain text; where the message that was to be replaced
    is gone, a new one takes its place.

    Args:
        chat: Where it stands.
        message_id: The message that it is to take the place of; none: it is new.
        share: How much of the chat it may use; none: nobody else says anything there.

    Attributes:
        trouble: What the last thing said came to; none: it was delivered.
    """

    def __init__(self, chat: Chat, message_id: str | None = None, share: Share | None = None) -> None:
        self._chat = chat
        self._id = message_id
        self._share = share
        self._plain = False
        self._nameless = False  # it is there, and cannot be replaced
        self.trouble: Undelivered | None = None

    async def pass_by(self, card: Element) -> bool:
        """Shows a card that another will follow; not where none could, or where the chat is in trouble.

        False: there was no place for it just now, and there may be a little later.
        """
        if self.trouble or self._nameless:
            return True
        return await self._put(card, passing=True)

    async def show(self, card: Element) -> None:
        """Shows the card that is to stay."""
        if self.trouble and self.trouble.trouble is Trouble.SHUT_OUT:
            return
        if not self._plain:
            await self._put(card)
        if self._plain:
            await self._put(plain_text(card))

    async def _put(self, said: Element | str, *, passing: bool = False) -> bool:
        """Says it in the message's place, or as a new message, and keeps what came of it; whether there was a place."""
        if not await self._placed(passing=passing):
            return False
        outcome: str | Undelivered | None
        if self._id is None:
            outcome = await self._chat.post(said, passing=passing)
            self._id = outcome or None if isinstance(outcome, str) else None
            self._nameless = outcome == ""
        else:
            outcome = await self._chat.replace(self._id, said, passing=passing)
            if outcome and outcome.trouble is Trouble.LOST:
                self._id = None
                return await self._put(said, passing=passing)
        self.trouble = outcome if isinstance(outcome, Undelivered) else None
        self._plain = self._plain or (self.trouble is not None and self.trouble.trouble is Trouble.UNFIT)
        return True

    async def _placed(self, *, passing: bool) -> bool:
        """Whether there is a place for the next call; for one that is to stay, there is after a while."""
        if self._share and passing:
            return self._share.take_place(first=self._id is None)
        if self._share:
            await self._share.wait_for_place()
        return True
