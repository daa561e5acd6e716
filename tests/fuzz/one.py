"""Runs one target under Atheris: `python -m tests.fuzz.one TARGET [options and folders of libFuzzer]`.

A process of its own: libFuzzer ends it, and what it measures has to be imported under its eyes.
"""

import importlib
import sys

import atheris


def main() -> None:
    """Fuzz until libFuzzer has had enough, or has found something."""
    name, *options = sys.argv[1:]
    with atheris.instrument_imports(include=["mailcheck"]):
        target = importlib.import_module(f"tests.fuzz.targets.{name}")
    itself = f"{sys.executable} -m tests.fuzz.one {name}"  # what libFuzzer's merging has a shell start once more
    atheris.Setup([itself, *options], target.one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
