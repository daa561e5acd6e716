"""The bot's cards through Microsoft's own library, as strict hosts of 1.5 in Teams' three themes, wide and narrow.

The lab's terminal chat is held to it.

Pictures of all of them go to artifacts/cards/: wide, narrow, and narrow with everything opened.
"""

from pathlib import Path

import pytest

from mailcheck.faces.teams.card_parts import Element
from mailcheck.faces.teams.pressed import pressed
from tests.faces.teams.card_examples import CARDS
from tests.interop import terminal_card
from tests.interop.card_reader import Sighting, look

pytestmark = pytest.mark.interop

_PICTURES = Path(__file__).parents[2] / "artifacts" / "cards"


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> list[Sighting]:
    """Every example, in every theme, at every width."""
    return look(CARDS, tmp_path_factory.mktemp("cards"), _PICTURES)


@pytest.mark.parametrize("name", CARDS)
def test_a_card_is_read_without_a_warning_and_can_be_read_by_a_person(seen: list[Sighting], name: str) -> None:
    """No warning of the library, nothing cut off or torn, the contrast that WCAG asks for, and buttons that work."""
    looks = [one for one in seen if one.card == name]
    assert {(one.theme, one.width) for one in looks} == {
        (theme, width) for theme in ("light", "dark", "high contrast") for width in (320, 660)
    }
    assert {f"{one.theme}, {one.width}: {fault}" for one in looks for fault in one.faults()} == set()


@pytest.mark.parametrize("name", CARDS)
def test_the_colours_of_a_theme_take_no_word_away(seen: list[Sighting], name: str) -> None:
    """High contrast, where all colours are one, shows the same text as the others: no colour was the only signal."""
    assert len({one.text for one in seen if one.card == name and one.width == 660}) == 1


@pytest.mark.parametrize("name", CARDS)
def test_the_terminal_chat_draws_the_same_card(seen: list[Sighting], name: str) -> None:
    """Word for word what Microsoft's library shows, and so does each button and row that opens something."""
    told = next(one for one in seen if (one.card, one.theme, one.width) == (name, "light", 660))
    assert terminal_card.shown(CARDS[name]) == terminal_card.words(told.text)
    opened = [frozenset(terminal_card.words(" ".join(control["shows"]))) for control in told.controls]
    assert list(terminal_card.pressed(CARDS[name])) == opened


def test_what_a_button_hands_to_the_host_is_understood_by_the_bot(seen: list[Sighting]) -> None:
    """Each Action.Execute that the library fires carries a verb and data that the bot turns into an intent."""
    fired = [action for one in seen for control in one.controls for action in control["executed"]]
    assert fired
    for action in fired:
        if action["type"] == "Action.Execute":
            assert pressed({"action": action}) is not None, action


def test_markdown_is_processed(seen: list[Sighting]) -> None:
    """What was escaped is read as it was meant, with no backslash left, also where it looks like Markdown."""
    note = next(one for one in seen if one.card == "help-with-note")
    assert '"[x](http://evil.example)" is not a mailbox address' in note.text
    assert "\\" not in note.text


def _card(*body: object, **more: object) -> Element:
    return {"type": "AdaptiveCard", "version": "1.5", "body": list(body), **more}


def _text(text: str = "some text", **style: object) -> Element:
    return {"type": "TextBlock", "text": text, "wrap": True, **style}


def _toggle(title: str, *targets: str) -> Element:
    return {"type": "Action.ToggleVisibility", "title": title, "targetElements": list(targets)}


# name -> a card that is wrong on purpose, and a part of what has to be said of it.
_PLANTED: dict[str, tuple[Element, str]] = {
    "unknown element": (_card({"type": "Sparkline"}), "Sparkline"),
    "an element of 1.6": (_card({"type": "Carousel", "pages": []}), "Carousel"),
    "a version of 1.6": (_card(_text(), version="1.6"), "1.6"),
    "wrong enum": (_card(_text(size="Huge")), "Huge"),
    "unknown member": (_card(_text(colour="good")), 'no "colour"'),
    "unknown action": (_card(_text(), actions=[{"type": "Action.Dance", "title": "x"}]), "Action.Dance"),
    "one id twice": (_card(_text(id="a"), _text(id="a")), "Duplicate"),
    "wide column": (
        _card({"type": "ColumnSet", "columns": [{"type": "Column", "width": "400px", "items": [_text()]}]}),
        "stands out of the card",
    ),
    "long word among facts": (
        _card({"type": "FactSet", "facts": [{"title": "A title", "value": "x" * 60}]}),
        "stands out of the card",
    ),
    "line that is not wrapped": (_card(_text("word " * 30, wrap=False)), "stands out of the card"),
    "address without room": (
        _card(
            {
                "type": "ColumnSet",
                "columns": [
                    {"type": "Column", "width": "stretch", "items": [_text("scanner@contoso.com")]},
                    {"type": "Column", "width": "auto", "items": [_text("IMAP opened the mailbox", wrap=False)]},
                ],
            }
        ),
        "torn over two lines: scanner@contoso.com",
    ),
    "green on green": (
        _card({"type": "Container", "style": "good", "items": [_text(color="good")]}),
        "too little contrast",
    ),
    "link on green": (
        _card({"type": "Container", "style": "good", "items": [_text("[a link](https://contoso.com)")]}),
        "too little contrast",
    ),
    "faint text that a button shows": (
        _card(_text("warning", id="a", color="warning", isVisible=False), actions=[_toggle("Show", "a")]),
        "too little contrast after 'Show'",
    ),
    "button without a title": (
        _card(_text(), actions=[{"type": "Action.Execute", "verb": "check", "title": ""}]),
        "no title",
    ),
    "row that opens and does not say so": (
        _card(
            {"type": "Container", "items": [_text()], "selectAction": _toggle("", "a")},
            _text("more", id="a", isVisible=False),
        ),
        "which a screen reader needs",
    ),
    "fold that stays open": (
        _card(
            _text("more", id="a", isVisible=False),
            actions=[_toggle("Open", "a") | {"targetElements": [{"elementId": "a", "isVisible": True}]}],
        ),
        "a second press on 'Open' does not undo the first",
    ),
    "faint text that two buttons show": (
        _card(
            {
                "type": "Container",
                "id": "a",
                "isVisible": False,
                "items": [
                    _text("warning", id="b", color="warning", isVisible=False),
                    {"type": "ActionSet", "actions": [_toggle("Then this", "b")]},
                ],
            },
            actions=[_toggle("First this", "a")],
        ),
        "too little contrast after 'Then this'",
    ),
    "toggle of nothing": (_card(_text(), actions=[_toggle("Folders", "nowhere")]), "shows and hides nothing"),
}
# Only what the host itself chooses: any of its grounds, with text that names no colour, and a link on the card's own.
_PLAIN = _card(
    _text("[a link](https://contoso.com)"),
    *(
        {"type": "Container", "style": style, "items": [_text(), _text(isSubtle=True)]}
        for style in ("default", "emphasis", "accent", "good", "attention", "warning")
    ),
)


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """The faults of each planted card, and of the plain one, in all themes and widths together."""
    cards = {name: card for name, (card, _) in _PLANTED.items()} | {"plain": _PLAIN}
    faults: dict[str, set[str]] = {name: set() for name in cards}
    for one in look(cards, tmp_path_factory.mktemp("planted")):
        faults[one.card].update(one.faults())
    return faults


@pytest.mark.parametrize("name", _PLANTED)
def test_the_reader_reports_what_is_wrong(planted: dict[str, set[str]], name: str) -> None:
    """What the examples must not have is found where it was planted."""
    assert any(_PLANTED[name][1] in fault for fault in planted[name]), planted[name]


def test_what_the_host_chooses_is_readable(planted: dict[str, set[str]]) -> None:
    """Text without a colour of its own passes on every ground: too little contrast is a choice of the card."""
    assert planted["plain"] == set()
