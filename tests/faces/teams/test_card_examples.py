"""The examples of cards: all that the bot can show, and each of them valid."""

import importlib
import inspect
import pkgutil

import pytest

import mailcheck.faces.teams as room
from tests.faces.teams import card_examples
from tests.faces.teams.card_examples import CARDS
from tests.faces.teams.card_rules import assert_valid


def _builders() -> set[str]:
    """The functions of the room that are named `*_card` and are no other module's."""
    modules = [importlib.import_module(f"{room.__name__}.{one.name}") for one in pkgutil.iter_modules(room.__path__)]
    return {
        name
        for module in modules
        for name, value in inspect.getmembers(module, inspect.isfunction)
        if name.endswith("_card") and not name.startswith("_") and value.__module__ == module.__name__
    }


def test_every_card_has_an_example() -> None:
    """A function that builds a card is used by the examples, which the foreign readers are shown."""
    assert _builders() <= set(vars(card_examples))


@pytest.mark.parametrize("name", CARDS)
def test_an_example_keeps_to_the_schema(name: str) -> None:
    """Every example keeps to Adaptive Cards 1.5 and to the rules for text."""
    assert_valid(CARDS[name])
