"""The small cards: each is valid, says what it is for in words, and shows foreign text as text."""

import pytest

from lab.teams.card_text import draw
from mailcheck.faces.teams.card_parts import Element
from mailcheck.faces.teams.cards import (
    help_card,
    not_allowed_card,
    not_configured_card,
    refused_card,
    thanks_card,
    whoami_card,
)
from mailcheck.model.problem import SettingProblem
from mailcheck.model.report import NotAllowed
from mailcheck.model.request import Mailbox
from tests.faces.teams.card_rules import assert_valid

_PROBLEM = SettingProblem("MAILCHECK_VAULT_URL", "is missing: put the vault's address there")


@pytest.mark.parametrize(
    "card, sentence",
    [
        (help_card(), "mailcheck shared@contoso.com"),
        (help_card('"[x](http://evil.example)" is no address'), '"[x](http://evil.example)" is no address'),
        (help_card("n" * 100_000), "nnn"),
        (thanks_card(), 'Write "help" for all that I can do.'),
        (refused_card("55555555-aaaa"), "55555555-aaaa"),
        (
            refused_card("55555555-aaaa"),
            "ask an administrator to add your object id to the app setting MAILCHECK_OPERATORS",
        ),
        (whoami_card("Chloe", "55555555-aaaa", "t", operator=False), "ask an administrator to add your object id"),
        (refused_card(None), "did not tell me your object id"),
        (refused_card(""), "did not tell me your object id"),
        (refused_card(" \u200b\u202e"), "did not tell me your object id"),
        (not_allowed_card(NotAllowed(Mailbox("a_b@other.example")), None), "a_b@other.example may not be checked"),
        (not_allowed_card(NotAllowed(Mailbox("a@other.example")), "55555555-aaaa"), "MAILCHECK_DOMAINS"),
        (not_allowed_card(NotAllowed(Mailbox("a@other.example")), "55555555-aaaa"), "55555555-aaaa"),
        (not_configured_card((_PROBLEM,)), "is missing: put the vault's address there"),
        (not_configured_card((_PROBLEM,) * 500), "MAILCHECK_VAULT_URL"),
    ],
)
def test_a_small_card(card: Element, sentence: str) -> None:
    """A reader finds the sentence that the card is for, and the card keeps to the schema."""
    assert_valid(card)
    assert sentence in draw(card, width=160)
