"""The table of scenarios: its names, how one is asked for, and that each changes a world and nothing but its own."""

import re
from pathlib import Path

import aiohttp
import pytest

from lab.aadsts import NUMBERS
from lab.exchange.standard import scenarios
from lab.scenario import Family, Kind, UnknownScenario
from lab.scenarios import SCENARIOS, find, listing
from lab.scenarios_page import markdown
from lab.tenant import BOT_CLIENT_ID, BOT_RESOURCE
from lab.world import World

NAMES = [row.name for row in SCENARIOS]


def test_names_are_unique_words() -> None:
    """Names are lower-case words with hyphens, each once, and none is a mailbox's."""
    assert len(set(NAMES)) == len(NAMES)
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name) for name in NAMES)
    assert not set(NAMES) & {address.partition("@")[0] for address, _ in scenarios("contoso.com")}


def test_purposes_are_sentences() -> None:
    """Each purpose is one sentence for people, and no two are the same."""
    purposes = [row.purpose for row in SCENARIOS]
    assert all(re.fullmatch(r"[A-Z].*\.", purpose) and len(purpose) < 100 for purpose in purposes)
    assert len(set(purposes)) == len(purposes)


@pytest.mark.parametrize("name", NAMES)
def test_a_scenario_is_found_by_its_name(name: str) -> None:
    """Case and spaces around do not count; one that takes a value is found with it."""
    row = next(row for row in SCENARIOS if row.name == name)
    asked = f"{name}=53003" if isinstance(row, Family) else name
    assert find(f" {asked.upper()} ").name == asked


@pytest.mark.parametrize(
    "asked, nearest",
    [
        ("vault-fierwall", "the nearest is vault-firewall"),
        ("secretgood", "the nearest is secret-good"),
        ("entra-answer", "the nearest is entra-answers=NUMBER"),
        ("entra-answers", "is asked for as entra-answers=NUMBER"),
        ("entra-answers=", "is asked for as entra-answers=NUMBER"),
        ("entra-answers=AADSTS53003", "is no AADSTS number"),
        ("vault-firewall=1", "is asked for as vault-firewall"),
        ("", "the nearest is "),
    ],
)
def test_a_name_that_there_is_not(asked: str, nearest: str) -> None:
    """The nearest name is told, or how the scenario is asked for."""
    with pytest.raises(UnknownScenario, match=re.escape(nearest)):
        find(asked)


def test_a_world_with_an_unknown_scenario_is_not_made() -> None:
    """The mistake is told before anything starts."""
    with pytest.raises(UnknownScenario):
        World(scenario="nonsense")


def test_each_scenario_is_listed_once() -> None:
    """The listing has every row, under the heading of its kind, in the order of a check."""
    groups = list(listing())
    assert [usage for _, rows in groups for usage, _ in rows] == [
        row.usage for kind in Kind for row in SCENARIOS if row.kind is kind
    ]
    assert len({heading for heading, _ in groups}) == len(groups)


def test_every_number_of_the_facts_can_be_answered() -> None:
    """A number that Entra is known to answer has its status and OAuth error in the table; `--scenario` takes any."""
    assert {53003, 7000229, 90055, 500014, 90033} <= NUMBERS
    assert find("entra-answers=1").name == "entra-answers=1"


@pytest.mark.parametrize("asked", [row.usage.replace("NUMBER", "50012") for row in SCENARIOS])
async def test_the_bot_is_left_alone(asked: str) -> None:
    """In every scenario the world starts, its settings have no empty value, and the bot gets its own token."""
    async with World(scenario=asked) as world:
        settings = world.settings()
        assert all(settings.values())
        form = {
            "grant_type": "client_credentials",
            "client_id": BOT_CLIENT_ID,
            "client_secret": settings["MicrosoftAppPassword"],
            "scope": f"{BOT_RESOURCE}/.default",
        }
        url = f"{world.entra.direct_url}/{world.tenant.id}/oauth2/v2.0/token"
        async with aiohttp.ClientSession() as session, session.post(url, data=form, ssl=False) as response:
            assert response.status == 200, await response.text()


def test_the_page_is_current() -> None:
    """docs/scenarios.md is what the tables say: `make docs` writes it."""
    assert (Path(__file__).parents[2] / "docs/scenarios.md").read_text(encoding="utf-8") == markdown()
