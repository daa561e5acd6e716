"""The fuzz targets as ordinary tests: all inputs that are kept, without Atheris, so that no target rots."""

from pathlib import Path

import pytest

from tests.fuzz.places import CORPUS_LIMIT, HERE, TARGETS, Target

_each = pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)


@_each
def test_seeds_keep_the_promises(target: Target) -> None:
    """There are seeds, and each goes through."""
    seeds = list(target.seeds())
    assert len(seeds) >= 5
    for seed in seeds:
        target.one_input(seed)


@_each
def test_the_corpus_keeps_the_promises(target: Target) -> None:
    """What fuzzing has found to reach something new goes through, and is small."""
    inputs = sorted(target.corpus.iterdir())
    assert inputs
    for path in inputs:
        target.one_input(path.read_bytes())
    assert sum(path.stat().st_size for path in inputs) <= CORPUS_LIMIT


def test_every_corpus_has_a_target() -> None:
    """No folder of inputs is left over, and the whole is below 200 KB."""
    assert {path.name for path in HERE.joinpath("corpus").iterdir()} == {target.name for target in TARGETS}
    assert sum(path.stat().st_size for path in HERE.joinpath("corpus").rglob("*") if path.is_file()) < 200_000


def test_the_readme_names_every_target() -> None:
    """Whoever reads tests/fuzz/README.md sees what is fuzzed."""
    text = Path(HERE, "README.md").read_text()
    assert [target.name for target in TARGETS if f"`{target.name}`" not in text] == []
