"""Every published failure has its entry, or a reason why a check cannot meet it."""

import pytest

from mailcheck.diagnosis.catalogue import CATALOGUE
from mailcheck.diagnosis.entry import Given
from mailcheck.model.report import Likelihood
from tests.diagnosis.coverage import COVERAGE, HEARSAY

BY_ID = {entry.id: entry for entry in CATALOGUE}
ROWS = {"KV": 20, "MI": 5, "C": 10, "T": 26, "A": 9, "N": 9, "I": 24, "L": 10, "P": 11, "S": 15}
# Entries that no row is about: what RFCs, the lab, foreign servers and the fault matrix taught, and the last resorts.
OWN = {
    "our-bug", "unknown", "entra-refused", "vault-refused", "vault-unreachable", "vault-busy", "vault-no-secret",
    "certificate-not-rsa", "dns-silent", "server-not-trusted", "tls-failed", "no-starttls", "listing-too-large",
    "listing-unreadable", "not-a-mail-server", "mailbox-in-use", "sign-in-not-begun",
    "imap-refused", "pop-refused", "smtp-refused",
    "client-secret-unreadable", "client-secret-expired", "client-secret-not-yet-valid",
}  # fmt: skip


def test_every_row_is_answered_for() -> None:
    """The numbers run through: none is forgotten, none is made up."""
    assert list(COVERAGE) == [f"{letter}{number}" for letter, last in ROWS.items() for number in range(1, last + 1)]


@pytest.mark.parametrize("row", COVERAGE)
def test_the_entries_of_a_row_exist(row: str) -> None:
    """A row leads to entries, or says in a sentence why it cannot."""
    covered = COVERAGE[row]
    assert covered
    if not isinstance(covered, str):
        assert set(covered) <= set(BY_ID)


def test_every_entry_comes_from_somewhere() -> None:
    """An entry is about a published failure, or is listed as our own."""
    published = {name for covered in COVERAGE.values() if not isinstance(covered, str) for name in covered}
    assert published | OWN == set(BY_ID)
    assert not published & OWN


@pytest.mark.parametrize("row, name, part", [(row, *pair) for row, pairs in HEARSAY.items() for pair in pairs])
def test_hearsay_is_never_more_than_possible(row: str, name: str, part: str) -> None:
    """What only one person has concluded, or what is known from code alone, is a possible cause.

    The canary may raise a cause: that is evidence of our own.
    """
    assert name in COVERAGE[row]
    causes = [one for one in BY_ID[name].explanations if part in one.cause]
    assert causes
    for one in causes:
        ours = {given for given, _ in one.shift} & {Given.CANARY_REFUSED}
        told = [one.likelihood, *(likelihood for given, likelihood in one.shift if given not in ours)]
        assert set(told) <= {Likelihood.POSSIBLE, None}
