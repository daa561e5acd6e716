"""The card of the app itself: what ends or fails first, then the configuration, and no secret."""

import dataclasses

import pytest

from lab.teams.card_text import draw
from mailcheck.faces.teams.status_card import status_card
from mailcheck.model.evidence import Stage
from mailcheck.model.inspection import Inspection
from mailcheck.model.problem import Problems, SettingProblem
from mailcheck.model.report import Cause, Command, Diagnosis, Likelihood, Notice, Severity, Step, TokenFacts
from tests.faces.teams.card_rules import assert_valid
from tests.faces.teams.real_kit import NO_VAULT, inspection, status_facts

_SECRET = dataclasses.replace(
    inspection(), certificate=None, steps=(Step(Stage.SECRET, ok=True, ms=0, detail="until 2027-02-14"),)
)
_UNSET = (SettingProblem("MAILCHECK_VAULT_URL", "is missing: put the vault's address there"),)


@pytest.mark.parametrize(
    "app, sentences",
    [
        (
            inspection(),
            ["✔ The app gets its token", "Configuration", "Certificate 83 days left (until 2027-02-14)",
             "Token with IMAP.AccessAsApp, POP.AccessAsApp, SMTP.SendAsApp", "22222222-3333-4444-8555-666666666666",
             "https://kv-mailcheck.vault.azure.net", "IMAP and POP", "outlook.office365.com:993", "10 s",
             "contoso.com, fabrikam.example", "canary@contoso.com", "SingleTenant", "3 operators", "0.4.0"],
        ),
        (
            inspection(days=5),
            ["▲ The app gets its token, but look at what follows", "Certificate 5 days left",
             '▲ Urgent: The certificate "mailcheck" expires in 5 days'],
        ),
        (inspection(evidence=NO_VAULT),
         ["✘ The app gets no token", "What was seen at the step vault", "Name or service not known",
          "MAILCHECK_VAULT_URL"]),
        (_SECRET, ["Client secret until 2027-02-14"]),
        (_UNSET, ["✘ Not configured yet", "MAILCHECK_VAULT_URL", "is missing: put the vault's address there", "0.4.0"]),
    ],
    ids=["ready", "ends-soon", "no-token", "secret", "not-configured"],
)  # fmt: skip
def test_what_an_operator_sees(app: Inspection | Problems, sentences: list[str]) -> None:
    """The verdict and the credential's days first; a fault with what mends it; configuration, bot and versions."""
    card = status_card(status_facts(app))
    assert_valid(card)
    drawn = draw(card, width=160)
    for sentence in sentences:
        assert sentence in drawn
    assert drawn.index(sentences[0]) < drawn.index("Versions")


@pytest.mark.parametrize(
    "app, line",
    [
        (inspection(), "✔ Certificate 83 days left (until 2027-02-14)"),
        (inspection(days=5), "▲ Certificate 5 days left (until 2026-11-28)"),
        (inspection(days=-2), "✘ Certificate expired on 2026-11-21"),
        (_SECRET, "✔ Client secret until 2027-02-14"),
        (dataclasses.replace(_SECRET, notices=inspection(days=5).notices), "▲ Client secret until 2027-02-14"),
        (
            dataclasses.replace(_SECRET, steps=(Step(Stage.SECRET, ok=False, ms=0, detail="until 2026-11-01"),)),
            "✘ Client secret until 2026-11-01",
        ),
    ],
)
def test_the_credential_has_a_mark(app: Inspection, line: str) -> None:
    """In force, soon to end, out of force."""
    drawn = draw(status_card(status_facts(app)), width=120)
    assert line in [" ".join(one.strip("│ ┃").split()) for one in drawn.splitlines()]


def test_everybody_may_be_an_operator() -> None:
    """A star is told in words."""
    open_to_all = dataclasses.replace(status_facts(_UNSET), operators="*")
    assert "everybody in the tenant" in draw(status_card(open_to_all), width=120)


@pytest.mark.parametrize("text", ["x" * 5000, "ü" * 5000, "[click](http://evil.example) " * 200, "\n"])
def test_whatever_entra_says_the_card_fits(text: str) -> None:
    """Roles, evidence and remedies are cut; a server cannot draw on the card."""
    causes = (Cause(text, Likelihood.LIKELY, text, (Command(text[:600]), text[:600]) * 4),) * 9
    hostile = dataclasses.replace(
        inspection(),
        token=TokenFacts(text, (text,) * 30, None),
        diagnosis=Diagnosis("an-id", text, text, causes, "https://x.example", text),
        notices=(Notice("n", Severity.URGENT, text, (Command(text[:600]),)),) * 9,
        domains=frozenset(f"{number}.example" for number in range(999)),
    )
    assert_valid(status_card(status_facts(hostile)))


def test_many_problems_are_counted() -> None:
    """Of very many problems the first are shown, and how many more there are."""
    card = status_card(status_facts(_UNSET * 500))
    assert_valid(card)
    assert "and 480 more" in draw(card, width=120)
    few = draw(status_card(status_facts(_UNSET * 20)), width=120)
    assert "An administrator has to look at these app settings" in few
    assert "more" not in few
