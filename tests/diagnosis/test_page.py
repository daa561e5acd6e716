"""docs/diagnoses.md: current, complete, and every link in it leads somewhere."""

import re
from pathlib import Path

import pytest

from mailcheck.diagnosis.catalogue import CATALOGUE
from mailcheck.diagnosis.entry import GUIDE, Entry
from mailcheck.diagnosis.explained import findings_of
from mailcheck.diagnosis.page import markdown
from mailcheck.model.evidence import Fault

ROOT = Path(__file__).parents[2]
# What says no, and nothing more: such a line is known by what stands behind it.
BARE = {"NO", "BAD", "-ERR"}
PAGE = (ROOT / GUIDE).read_text(encoding="utf-8")


def anchors(page: str) -> set[str]:
    """The anchor of each heading, as GitHub makes it: lower case, no punctuation, hyphens for spaces."""
    headings = re.findall(r"(?m)^#+ (.+)$", page)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_page_is_current() -> None:
    """What is in the repository is what the catalogue says: `make docs` writes it."""
    assert markdown() == PAGE


def test_every_diagnosis_has_an_anchor() -> None:
    """The link of every report leads to a heading, and so does every link of the page to itself."""
    there = anchors(PAGE)
    assert {entry.explained_in(GUIDE) for entry in CATALOGUE} <= {f"{GUIDE}#{anchor}" for anchor in there}
    assert set(re.findall(r"\]\(#([^)]+)\)", PAGE)) <= there


@pytest.mark.parametrize("entry", CATALOGUE, ids=lambda entry: entry.id)
def test_each_code_is_found(entry: Entry) -> None:
    """Every code of the other side, and every line that stands for one, is in the table of what was seen."""
    told = {entry.seen} if entry.seen else {*entry.when.codes, *entry.when.signals} - set(Fault) - BARE
    table = PAGE.partition("## What was seen")[2].partition("\n## ")[0]
    rows = set(re.findall(r"(?m)^\| `(.+?)` \| [^|]+ \| \[([a-z0-9-]+)\]\(#\2\) \|$", table))
    assert {code for code, name in rows if name == entry.id} == {code.replace("*", "…") for code in told}


@pytest.mark.parametrize("entry", CATALOGUE, ids=lambda entry: entry.id)
def test_one_order_of_findings_fits_all_causes(entry: Entry) -> None:
    """The table that tells causes apart is read from the top: the order is that of each cause."""
    order = findings_of(entry)
    for one in entry.explanations:
        given = [finding for finding, _ in one.shift]
        assert given == sorted(given, key=order.index)


def test_the_page_keeps_its_names_visible() -> None:
    """A name in angle brackets outside code is escaped: Markdown would take it for a tag and show nothing."""
    prose = re.sub(r"(?ms)^ *```.*?^ *```$|`[^`\n]*`|<https://[^>]+>", "", PAGE)
    assert not re.findall(r"(?<!\\)[<>]", prose)
