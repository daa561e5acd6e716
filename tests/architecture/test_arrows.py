"""The arrows of ARCHITECTURE.md: who may import whom, read from the source."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]
_PRODUCT = _ROOT / "src" / "mailcheck"
_LAB = _ROOT / "src" / "lab"

# Room -> the rooms of mailcheck that it may import, besides itself.
_ARROWS: dict[str, frozenset[str]] = {
    "model": frozenset(),
    "protocol": frozenset({"model"}),
    "diagnosis": frozenset({"model"}),
    "usecases": frozenset({"model", "protocol", "diagnosis"}),
    "adapters": frozenset({"model", "protocol"}),
    "faces": frozenset({"model", "usecases"}),
    "settings": frozenset({"model"}),
    "compose": frozenset({"model", "usecases", "adapters", "faces", "settings"}),
    "__main__": frozenset({"faces"}),
    "__init__": frozenset({"compose"}),
}
_SDKS = ("azure.identity", "azure.keyvault", "azure.core", "msal", "requests", "cryptography", "jwt", "aiohttp")
_BOT_SDKS = ("botbuilder", "botframework", "msrest")
# Rooms without await, clock, socket, environment, log or chance: the same input gives the same answer.
_PURE = ("model", "protocol", "diagnosis")
_IMPURE_MODULES = ("asyncio", "socket", "ssl", "time", "os", "logging", "random", "secrets", "threading", "subprocess")


def _sources(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.py"))


def _room(path: Path) -> str:
    return path.relative_to(_PRODUCT).parts[0].removesuffix(".py")


def _imports(path: Path) -> Iterator[str]:
    """Every module that a file imports, also those imported inside functions."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide the arrows"
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _starts(module: str, prefixes: tuple[str, ...]) -> bool:
    return any(module == prefix or module.startswith(f"{prefix}.") for prefix in prefixes)


def _ids(path: Path) -> str:
    return str(path.relative_to(_ROOT))


@pytest.mark.parametrize("path", _sources(_PRODUCT), ids=_ids)
def test_arrows_point_down(path: Path) -> None:
    """A room imports only from the rooms below it; siblings are strangers."""
    room = _room(path)
    allowed = _ARROWS[room] | {room}
    for module in _imports(path):
        if module.startswith("mailcheck."):
            target = module.split(".")[1]
            if target in {"__version__", "application"}:
                continue
            assert target in allowed, f"{room} -> {target} is not an arrow of the house"


@pytest.mark.parametrize("path", _sources(_PRODUCT), ids=_ids)
def test_the_product_does_not_know_the_lab(path: Path) -> None:
    """The product never imports lab: they meet over TCP and a settings mapping."""
    assert not [module for module in _imports(path) if _starts(module, ("lab",))]


@pytest.mark.parametrize("path", _sources(_LAB), ids=_ids)
def test_the_lab_does_not_know_the_product(path: Path) -> None:
    """The lab never imports mailcheck: it must not share its misreadings."""
    assert not [module for module in _imports(path) if _starts(module, ("mailcheck",))]


@pytest.mark.parametrize("path", [*_sources(_ROOT / "src"), _ROOT / "function_app.py"], ids=_ids)
def test_nothing_is_imported_through_src(path: Path) -> None:
    """`import src.x` would load a module a second time, and its types would be strangers to themselves."""
    assert not [module for module in _imports(path) if _starts(module, ("src",))]


@pytest.mark.parametrize("path", [p for p in _sources(_PRODUCT) if _room(p) in _PURE], ids=_ids)
def test_the_cellar_is_pure(path: Path) -> None:
    """model, protocol and diagnosis have no await, clock, socket, environment, log or chance."""
    impure = [module for module in _imports(path) if _starts(module, _IMPURE_MODULES)]
    assert not impure
    tree = ast.parse(path.read_text())
    asynchronous = (ast.Await, ast.AsyncFunctionDef, ast.AsyncFor, ast.AsyncWith)
    assert not [node for node in ast.walk(tree) if isinstance(node, asynchronous)]


@pytest.mark.parametrize("path", [p for p in _sources(_PRODUCT) if _room(p) == "model"], ids=_ids)
def test_the_model_needs_the_standard_library_only(path: Path) -> None:
    """The vocabulary imports nothing that has to be installed."""
    foreign = {module.split(".")[0] for module in _imports(path)} - set(sys.stdlib_module_names) - {"mailcheck"}
    assert not foreign


@pytest.mark.parametrize("path", _sources(_PRODUCT), ids=_ids)
def test_sdks_stay_in_their_rooms(path: Path) -> None:
    """SDKs are known to the adapters; botbuilder to the bot's files, azure.functions to the HTTP faces."""
    room, name = _room(path), path.name
    for module in _imports(path):
        if _starts(module, _SDKS):
            assert room == "adapters" or path == _PRODUCT / "compose.py", f"{module} in {room}"
        if _starts(module, _BOT_SDKS):
            assert (room, name) == ("faces", "bot.py") or (room == "adapters" and name.startswith("bot_")), module
        if _starts(module, ("azure.functions",)):
            assert room == "faces" or path == _PRODUCT / "compose.py", f"{module} in {room}"


@pytest.mark.parametrize("path", [p for p in _sources(_PRODUCT) if p.name != "compose.py"], ids=_ids)
def test_the_environment_is_read_in_compose_only(path: Path) -> None:
    """Everyone else is given settings; os.environ and os.getenv have one reader."""
    text = path.read_text()
    assert "environ" not in text.replace("environment", "")
    assert "getenv" not in text


@pytest.mark.parametrize("path", [p for p in _sources(_PRODUCT) if p.name != "transport.py"], ids=_ids)
def test_the_transport_owns_the_only_mail_socket(path: Path) -> None:
    """Nobody else opens a connection by hand; an adapter may name the socket module's errors."""
    for opener in ("socket.socket(", "create_connection", "open_connection", "sock_connect", "wrap_socket", "wrap_bio"):
        assert opener not in path.read_text()
