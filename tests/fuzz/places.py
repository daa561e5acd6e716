"""The targets, and where their inputs are."""

import importlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

HERE = Path(__file__).parent
WORDS = HERE / "words.dict"
ARTIFACTS = HERE.parents[1] / "artifacts" / "fuzz"  # git-ignored: what was found and has not been looked at
CORPUS_LIMIT = 24 * 1024  # bytes of one target's inputs in the repository


@dataclass(frozen=True, slots=True)
class Target:
    """One thing that is fuzzed, by its name in tests/fuzz/targets."""

    name: str

    @property
    def one_input(self) -> Callable[[bytes], None]:
        """Takes any bytes, and raises when a promise is broken."""
        function: Callable[[bytes], None] = self._module.one_input
        return function

    def seeds(self) -> Iterable[bytes]:
        """Where fuzzing begins: what the tests know already."""
        seeds: Iterable[bytes] = self._module.seeds()
        return seeds

    @property
    def corpus(self) -> Path:
        """Inputs that fuzzing has found to reach something new; in the repository."""
        return HERE / "corpus" / self.name

    @property
    def work(self) -> Path:
        """What runs on this machine have left: inputs, findings, the log of the last."""
        return ARTIFACTS / self.name

    @property
    def _module(self) -> ModuleType:
        return importlib.import_module(f"tests.fuzz.targets.{self.name}")


TARGETS = tuple(Target(path.stem) for path in sorted((HERE / "targets").glob("*.py")) if not path.stem.startswith("_"))
