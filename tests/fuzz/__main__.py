"""Fuzzes the targets one after the other, and tells what came of it. `make fuzz` calls this.

python -m tests.fuzz [--seconds N] [TARGET ...]     fuzz; exits with 1 when something was found
python -m tests.fuzz --replay FILE TARGET           one input again, without Atheris: a traceback, or nothing
python -m tests.fuzz --keep [TARGET ...]            the shortest inputs of this machine go into the repository
"""

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from tests.fuzz.places import CORPUS_LIMIT, TARGETS, WORDS, Target

_INPUT_LIMIT = 4096  # bytes: beyond, an input is slow and says nothing that a short one does not
_SLOW = 5  # seconds for one input: a hundred times what the slowest takes
_MEMORY = 1024  # MiB
_GRACE = 60  # seconds beyond the time asked for; a run that does not end then is itself a finding
_DONE = re.compile(r"DONE\s+cov: (\d+) ft: (\d+) corp: (\d+)/")
_EXECUTED = re.compile(r"number_of_executed_units: (\d+)")


def main() -> int:
    """What the command line asks for; the exit code."""
    names = [target.name for target in TARGETS]
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"all of them, or some of: {', '.join(names)}")
    parser.add_argument("--seconds", type=int, default=20, help="for each target (default: 20)")
    parser.add_argument("--replay", type=Path, metavar="FILE", help="run one input again")
    parser.add_argument("--keep", action="store_true", help="put the inputs that this machine has found in the corpus")
    asked = parser.parse_args()
    if unknown := set(asked.targets) - set(names):
        parser.error(f"there is no target {', '.join(unknown)}")
    chosen = [target for target in TARGETS if target.name in (asked.targets or names)]
    if asked.replay:
        for target in chosen:
            target.one_input(asked.replay.read_bytes())
        return 0
    if asked.keep:
        for target in chosen:
            _keep(target)
        return 0
    print(f"{'target':<16}{'executions':>12}{'per second':>12}{'edges':>8}{'features':>10}{'inputs':>8}")
    failed = [target for target in chosen if not _fuzz(target, asked.seconds)]
    return 1 if failed else 0


def _fuzz(target: Target, seconds: int) -> bool:
    """Runs one target and prints its line; whether nothing was found."""
    for folder in (target.work / "corpus", target.corpus):
        folder.mkdir(parents=True, exist_ok=True)
    options = [f"-max_total_time={seconds}", f"-timeout={_SLOW}", f"-dict={WORDS}", "-print_final_stats=1"]
    options += [f"-artifact_prefix={target.work}/", f"-max_len={_INPUT_LIMIT}", f"-rss_limit_mb={_MEMORY}"]
    known = set(target.work.iterdir())
    with tempfile.TemporaryDirectory() as seeds:
        _write(Path(seeds), target.seeds())
        code, log = _libfuzzer(target, [*options, target.work / "corpus", target.corpus, Path(seeds)], seconds + _GRACE)
    target.work.joinpath("log.txt").write_text(log)
    edges, features, inputs = done.groups() if (done := _DONE.search(log)) else ("-", "-", "-")
    runs = int(executed[1]) if (executed := _EXECUTED.search(log)) else 0
    print(f"{target.name:<16}{runs:>12,}{runs / seconds:>12,.0f}{edges:>8}{features:>10}{inputs:>8}", flush=True)
    if code == 0 and runs:
        return True
    _tell(target, log, set(target.work.iterdir()) - known)
    return False


def _libfuzzer(target: Target, arguments: Sequence[str | Path], limit: float) -> tuple[int, str]:
    command = [sys.executable, "-m", "tests.fuzz.one", target.name, *map(str, arguments)]
    try:
        ended = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=limit, check=False)
    except subprocess.TimeoutExpired as exc:
        return 1, f"{(exc.stdout or b'').decode(errors='replace')}\nIt did not end within {limit} seconds."
    return ended.returncode, ended.stdout.decode(errors="replace")


def _tell(target: Target, log: str, written: set[Path]) -> None:
    """What was found, and how to see it again."""
    told = log.partition("=== Uncaught Python exception: ===")[2] or log[-2000:]
    print(f"\n{target.name}: {told.partition('SUMMARY:')[0].strip()}\n", file=sys.stderr)
    for found in sorted(written - {target.work / "log.txt", target.work / "corpus"}):
        print(f"again: .venv/bin/python -m tests.fuzz --replay {_shown(found)} {target.name}", file=sys.stderr)
    print(f"its log: {_shown(target.work / 'log.txt')}", file=sys.stderr)


def _shown(path: Path) -> Path:
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def _keep(target: Target) -> None:
    """Replaces the corpus by the shortest inputs, its own and this machine's, that reach all that can be reached."""
    with tempfile.TemporaryDirectory() as name:
        seeds, merged = Path(name, "seeds"), Path(name, "merged")
        seeds.mkdir()
        merged.mkdir()
        _write(seeds, target.seeds())
        code, log = _libfuzzer(target, ["-merge=1", merged, target.corpus, target.work / "corpus", seeds], 600)
        if code:
            sys.exit(log)
        shutil.rmtree(target.corpus)
        target.corpus.mkdir()
        known = set(target.seeds())
        left = CORPUS_LIMIT
        for path in sorted(merged.iterdir(), key=lambda path: (path.stat().st_size, path.name)):
            data = path.read_bytes()
            if data not in known and (left := left - len(data)) >= 0:
                target.corpus.joinpath(path.name[:12]).write_bytes(data)
    print(f"{target.name}: {len(list(target.corpus.iterdir()))} inputs, {CORPUS_LIMIT - max(left, 0):,} bytes")


def _write(folder: Path, inputs: Iterable[bytes]) -> None:
    for number, data in enumerate(inputs):
        folder.joinpath(f"{number:04}").write_bytes(data)


if __name__ == "__main__":
    sys.exit(main())
