"""One message of the bot's: however the chat takes what is said, as much as can be is said, and nothing twice."""

from collections.abc import Sequence

import pytest

from mailcheck.faces.teams.card_parts import card, said
from mailcheck.faces.teams.chat import Message
from mailcheck.model.delivery import Trouble
from tests.faces.teams.chat_kit import Wall, trouble

_FIRST = card([said("first")], spoken="first")
_SECOND = card([said("second")], spoken="second")
_LAST = card([said("last")], spoken="last")


@pytest.mark.parametrize(
    "planned, heard",
    [
        ((), ["post m1: first", "replace m1: second", "replace m1: last"]),
        # The message was deleted by somebody: a new one takes its place, and is the one that is changed from then on.
        ((None, Trouble.LOST), ["post m1: first", "replace m1: second", "post m2: second", "replace m2: last"]),
        ((None, None, Trouble.LOST), ["post m1: first", "replace m1: second", "replace m1: last", "post m2: last"]),
        # A client that takes no cards is told once, in text.
        ((Trouble.UNFIT,), ["post m1: first", "post m2: text last"]),
        ((None, Trouble.UNFIT), ["post m1: first", "replace m1: second", "replace m1: text last"]),
        (
            (None, None, Trouble.UNFIT),
            ["post m1: first", "replace m1: second", "replace m1: last", "replace m1: text last"],
        ),
        # A chat in trouble is left alone until there is something to say.
        ((Trouble.BUSY,), ["post m1: first", "post m2: last"]),
        ((Trouble.UNREACHED,), ["post m1: first", "post m2: last"]),
        ((None, Trouble.BUSY), ["post m1: first", "replace m1: second", "replace m1: last"]),
        ((None, None, Trouble.BUSY), ["post m1: first", "replace m1: second", "replace m1: last"]),
        # A bot that is not in the chat cannot say anything there.
        ((Trouble.SHUT_OUT,), ["post m1: first"]),
        ((None, Trouble.SHUT_OUT), ["post m1: first", "replace m1: second"]),
    ],
)  # fmt: skip
async def test_what_is_said(planned: Sequence[Trouble | None], heard: list[str]) -> None:
    """Two cards in passing and one to stay, in a chat that answers as planned."""
    wall = Wall()
    wall.answers.extend(trouble(kind) if kind else None for kind in planned)
    message = Message(wall)
    await message.pass_by(_FIRST)
    await message.pass_by(_SECOND)
    await message.show(_LAST)
    assert wall.said == heard


async def test_only_what_is_out_of_date_at_once_is_said_in_passing() -> None:
    """What another card follows leaves it the time; the card that stays has all there is."""
    wall = Wall()
    message = Message(wall)
    await message.pass_by(_FIRST)
    await message.pass_by(_SECOND)
    await message.show(_LAST)
    assert [passing for *_, passing in wall.calls] == [True, True, False]


async def test_a_chat_that_gives_no_ids_is_not_filled_with_progress() -> None:
    """What was posted without an id cannot be replaced: the next thing said there is the one that stays."""
    wall = Wall(nameless=True)
    message = Message(wall)
    await message.pass_by(_FIRST)
    await message.pass_by(_SECOND)
    await message.show(_LAST)
    assert wall.said == ["post m1: first", "post m2: last"]


async def test_a_message_that_is_there_is_replaced() -> None:
    """A button's card is changed in its place."""
    wall = Wall()
    await Message(wall, "card-7").show(_LAST)
    assert wall.said == ["replace card-7: last"]


@pytest.mark.parametrize("kind", [Trouble.SHUT_OUT, Trouble.BUSY, Trouble.UNREACHED])
async def test_what_did_not_get_there_is_known(kind: Trouble) -> None:
    """Who said it can tell."""
    wall = Wall()
    wall.answers.append(trouble(kind))
    message = Message(wall)
    await message.show(_LAST)
    assert message.trouble == trouble(kind)
    assert len(wall.calls) == 1


async def test_a_text_that_is_taken_is_no_trouble() -> None:
    """A card that was not taken, and its text that was: delivered."""
    wall = Wall()
    wall.answers.append(trouble(Trouble.UNFIT))
    message = Message(wall)
    await message.show(_LAST)
    assert message.trouble is None
    assert wall.said == ["post m1: last", "post m2: text last"]
