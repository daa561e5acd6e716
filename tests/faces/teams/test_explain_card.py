"""The card of one diagnosis: what the guide says of it, whole or with what is missing said."""

from dataclasses import replace

import pytest

from lab.teams.card_text import draw
from mailcheck.diagnosis.catalogue import CATALOGUE
from mailcheck.diagnosis.explained import explain
from mailcheck.faces.teams.explain_card import explain_card
from mailcheck.model.explained import Passage
from tests.faces.teams.card_rules import assert_valid, elements


def _drawn(diagnosis_id: str, *opened: str) -> str:
    explained = explain(diagnosis_id)
    assert explained is not None
    return draw(explain_card(explained), width=160, open_toggles=frozenset(opened))


def test_what_is_not_in_the_catalogue_is_not_explained() -> None:
    """An id that no report has is none."""
    assert explain("no-such-diagnosis") is None


def test_a_diagnosis_with_many_causes() -> None:
    """What you see, the first cause with its commands and placeholders, and each other cause by its title."""
    drawn = _drawn("imap-sign-in-refused")
    for sentence in (
        "Exchange refuses the app's sign-in by IMAP", "NO AUTHENTICATE failed., or any other NO or BAD",
        "the step auth fails.", "Cause 1 of 10 · likely", "New-ServicePrincipal -AppId '<client id>'",
        "Cause 8 of 10 · certain where the token lacks the application role of the protocol",
        "The token lacks the application role IMAP.AccessAsApp", "Read more ↗",
        "If nothing is listed, register the app:",
        "What tells them apart",
    ):  # fmt: skip
        assert sentence in drawn
    assert "Set-CASMailbox" not in drawn


def test_what_is_folded_up() -> None:
    """The commands of a later cause, and what tells the causes apart."""
    drawn = _drawn("imap-sign-in-refused", "cause-4", "apart")
    for sentence in (
        "Set-CASMailbox -Identity '<mailbox>' -ImapEnabled $true",
        "What tells the causes apart", "A cause goes by the first of these that holds",
        "Where IMAP or POP opened the same mailbox: likely: 4; ruled out: 1, 2, 3, 9",
    ):  # fmt: skip
        assert sentence in drawn


def test_an_explanation_is_shown_as_it_is_written() -> None:
    """No mark in it is Markdown's, in its id neither."""
    explained = explain("our-bug")
    assert explained is not None
    cause = replace(explained.causes[0], cause="_a_ *b*", why="_c_ *d*", fix=(Passage(None, ("_e_ *f*",)),))
    decisions = (("_g_ *h*", "_i_ *j*"),)
    marked = replace(explained, id="_k_ *l*", title="_m_ *n*", causes=(cause,), decisions=decisions)
    drawn = draw(explain_card(marked), width=160, open_toggles=frozenset({"apart"}))
    for text in ("_a_ *b*", "_c_ *d*", "_e_ *f*", "Where _g_ *h*: _i_ *j*", "_k_ *l*", "_m_ *n*"):
        assert text in drawn


def test_the_only_cause_has_no_number() -> None:
    """And where nothing tells causes apart, there is no button for that."""
    drawn = _drawn("our-bug")
    assert "Cause · certain" in drawn
    assert "apart" not in drawn


def test_a_guide_with_an_address_is_a_link() -> None:
    """It leads to the diagnosis; a guide in mailcheck's folder is no link, and is named where causes are short."""
    explained = explain("imap-sign-in-refused")
    assert explained is not None
    linked, named = explain_card(explained, "https://guide.contoso.com/mail"), explain_card(explained)
    assert [one["url"] for one in linked["actions"] if one["title"] == "Guide"] == [
        "https://guide.contoso.com/mail#imap-sign-in-refused"
    ]
    assert "Guide" not in [one["title"] for one in named["actions"]]
    short = replace(explained, causes=explained.causes * 6)
    assert "The guide has the rest of it." in draw(explain_card(short, "https://guide.contoso.com/mail"), width=160)
    assert "docs/diagnoses.md, which comes with mailcheck, has the rest of it." in draw(explain_card(short), width=160)


@pytest.mark.parametrize("entry", CATALOGUE, ids=lambda entry: entry.id)
def test_every_diagnosis_fits_a_card(entry: object) -> None:
    """Each entry of the catalogue is a valid card with all its causes, and no command of it is cut."""
    explained = explain(entry.id)  # type: ignore[attr-defined]
    assert explained is not None
    card = explain_card(explained)
    assert_valid(card)
    texts = [one.get("text", "") for one in elements(card)]
    assert sum(text.startswith("Cause") for text in texts) == len(explained.causes)
    shown = set(texts)
    first = [line for passage in explained.causes[0].fix if passage.language for line in passage.lines]
    assert set(first) <= shown
