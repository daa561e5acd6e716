"""Whatever a server does at whatever stage: the check ends in time, in the right diagnosis, and leaves nothing."""

from itertools import batched

import pytest
import pytest_asyncio

from tests.faults.expected import CASES, Case
from tests.faults.world import Outcome, World, is_slow

pytestmark = pytest.mark.asyncio(loop_scope="module")

_TOGETHER = 12
_SLOW = [case for case in CASES if is_slow(case) and case.area != "identity"]


@pytest.mark.parametrize("case", [case for case in CASES if case not in _SLOW], ids=str)
async def test_fault(case: Case, world: World) -> None:
    """One fault at one stage of one service or protocol."""
    [outcome] = await world.run([case])
    outcome.verify()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def waited(request: pytest.FixtureRequest, world: World) -> dict[Case, Outcome]:
    """The outcomes of all selected cases that wait for a silent server, run together."""
    items = [item for item in request.session.items if isinstance(item, pytest.Function)]
    selected = {item.callspec.id for item in items if item.originalname == test_waiting_for_a_fault.__name__}
    wanted = [case for case in _SLOW if str(case) in selected]
    outcomes: dict[Case, Outcome] = {}
    for cases in batched(wanted, _TOGETHER, strict=False):
        outcomes |= {outcome.case: outcome for outcome in await world.run(cases)}
    return outcomes


@pytest.mark.parametrize("case", _SLOW, ids=str)
async def test_waiting_for_a_fault(case: Case, waited: dict[Case, Outcome]) -> None:
    """One server that makes the check wait."""
    waited[case].verify()
