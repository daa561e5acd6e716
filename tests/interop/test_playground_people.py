"""Several people and one bot in Microsoft's own Teams emulator, without its page."""

import sys
import time
from collections.abc import AsyncIterator, Iterator

import pytest

from lab.teams.conversation import ANNA, CHLOE
from tests.interop.playground_headless import Headless
from tests.interop.playground_kit import PlaygroundCommand

pytestmark = pytest.mark.interop

_SHARED = "shared@contoso.com"
_AT_ONCE = 1.0  # seconds, in which the first card has to be there
_BUSY = 5.0  # how many times longer a machine may need that tests much else at the same time


@pytest.fixture(scope="module")
def playground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PlaygroundCommand]:
    """The running command."""
    with PlaygroundCommand(tmp_path_factory.mktemp("people")) as command:
        yield command


@pytest.fixture
async def people(playground: PlaygroundCommand) -> AsyncIterator[Headless]:
    """Everybody in the group chat."""
    async with Headless(playground.url) as client:
        yield client


async def test_the_first_card_is_there_at_once(people: Headless, capsys: pytest.CaptureFixture[str]) -> None:
    """From a message to the card that says that the check runs, and to its verdict, as the Playground gets them."""
    firsts, verdicts = [], []
    for _ in range(3):
        asked = time.monotonic()
        message = await people.say(ANNA, _SHARED)
        await people.shown(message, "Healthy")
        firsts.append(message.times[0] - asked)
        verdicts.append(message.times[-1] - asked)
        assert "Checking" in message.cards[0]["speak"]
    with capsys.disabled():
        sys.stdout.write(f"\nfirst card after {_ms(firsts)} ms, verdict after {_ms(verdicts)} ms\n")
    assert min(firsts) < _AT_ONCE
    assert max(firsts) < _AT_ONCE * _BUSY


def _ms(times: list[float]) -> str:
    return ", ".join(f"{1000 * one:.0f}" for one in times)


async def test_a_stranger_is_refused_and_nothing_is_checked(people: Headless) -> None:
    """Chloe, who is no operator, is told her object id in place of a verdict."""
    message = await people.say(CHLOE, _SHARED)
    assert len(message.cards) == 1
    assert CHLOE.object_id in str(message.card)
