"""The house rules that a file can break by itself: triggers only, sizes, docstrings of the rooms, clean texts."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]
_SOURCES = [
    *sorted((_ROOT / "src").rglob("*.py")),
    *sorted((_ROOT / "infra").glob("*/*.py")),
    _ROOT / "function_app.py",
]
_FILE_LIMIT = 300
_FUNCTION_LIMIT = 50
# path -> why it may be longer. Redesign before adding a line here.
_LONG_FILES: dict[str, str] = {}
_LONG_FUNCTIONS: dict[str, str] = {}


def _ids(path: Path) -> str:
    return str(path.relative_to(_ROOT))


@pytest.mark.parametrize("path", _SOURCES, ids=_ids)
def test_files_and_functions_can_be_held_in_the_head(path: Path) -> None:
    """A file has at most 300 lines, a function at most 50."""
    text = path.read_text()
    name = _ids(path)
    assert len(text.splitlines()) <= _FILE_LIMIT or name in _LONG_FILES
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or 0) - node.lineno + 1
            assert length <= _FUNCTION_LIMIT or f"{name}:{node.name}" in _LONG_FUNCTIONS, f"{node.name}: {length} lines"


def test_function_app_holds_triggers_only() -> None:
    """Each function of function_app.py is a route, a docstring, and one awaited line."""
    tree = ast.parse((_ROOT / "function_app.py").read_text())
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    assert len(functions) >= 3
    for function in functions:
        assert isinstance(function, ast.AsyncFunctionDef)
        assert len(function.decorator_list) == 1
        docstring, line = function.body
        assert isinstance(docstring, ast.Expr)
        assert isinstance(docstring.value, ast.Constant)
        assert isinstance(line, ast.Return)
        assert isinstance(line.value, ast.Await)
    others = [node for node in tree.body if isinstance(node, ast.ClassDef | ast.If | ast.For | ast.Try)]
    assert not others


def test_the_catch_all_route_comes_last() -> None:
    """The Functions host tries functions in the order of their names, so the one for any route has the last name."""
    text = (_ROOT / "function_app.py").read_text()
    names = re.findall(r"(?m)^async def (\w+)", text)
    assert re.search(r'route\("\{\*rest\}".*\n+async def (\w+)', text)[1] == max(names)  # type: ignore[index]


@pytest.mark.parametrize("path", [p for p in _SOURCES if p.name == "__init__.py"], ids=_ids)
def test_each_room_says_what_belongs_there(path: Path) -> None:
    """A package's docstring is the rule of the room."""
    assert ast.get_docstring(ast.parse(path.read_text()))


def _everything(caught: ast.expr | None) -> bool:
    """Whether what is caught is, or has among others, Exception or BaseException."""
    kinds = caught.elts if isinstance(caught, ast.Tuple) else [caught]
    names = {ast.unparse(kind).rpartition(".")[2] if kind else "BaseException" for kind in kinds}
    return bool(names & {"Exception", "BaseException", "ExceptionGroup", "BaseExceptionGroup"})


def _blind(path: Path) -> int:
    """How often a file catches everything and does not raise it again."""
    count = 0
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ExceptHandler) and _everything(node.type):
            passed_on = isinstance(node.body[-1], ast.Raise) and node.body[-1].exc is None
            leaves = any(isinstance(inner, ast.Return) for inner in ast.walk(node))
            count += leaves or not passed_on
        elif isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == "suppress":
            count += any(map(_everything, node.args))
    return count


def test_a_blind_except_exists_once() -> None:
    """Whatever nobody foresaw is caught at one place of usecases/guarded.py, and nowhere else in the product."""
    product = [path for path in _SOURCES if "src/lab" not in _ids(path)]
    assert {_ids(path): count for path in product if (count := _blind(path))} == {
        "src/mailcheck/usecases/guarded.py": 1
    }


def _tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=_ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [_ROOT / line for line in listed.stdout.splitlines() if (_ROOT / line).is_file()]


def test_no_file_names_a_machine_or_a_registry() -> None:
    """Nothing in the repository holds a home folder's path, or the address a package came from."""
    private = re.compile(
        rb"/(?:root|home/[a-z]+)/|files\.pythonhosted\.org|registry\.npmjs\.org|--(?:extra-)?index-url"
    )
    bad = [_ids(path) for path in _tracked() if private.search(path.read_bytes()) and path != Path(__file__)]
    assert not bad


def _pins(name: str) -> dict[str, set[str]]:
    """`package==version` -> its hashes, of a file that `make lock` compiled."""
    blocks = re.split(r"(?m)^(?=[A-Za-z0-9])", (_ROOT / name).read_text())[1:]
    return {block.split()[0]: set(re.findall(r"--hash=(sha256:[0-9a-f]{64})\b", block)) for block in blocks}


def test_requirements_are_pinned_with_hashes() -> None:
    """Every package has one version and its hashes, and what Azure installs is what is tested."""
    azure, tested = _pins("requirements.txt"), _pins("requirements-dev.txt")
    assert azure
    for package, hashes in [*azure.items(), *tested.items()]:
        assert re.fullmatch(r"[a-z0-9._-]+(\[[a-z,]+\])?==[\w.]+", package)
        assert hashes, package
    assert {package: tested.get(package) for package in azure} == azure
