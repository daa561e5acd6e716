"""The arrows of ARCHITECTURE.md: who may import whom, read from the source."""

import ast
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]
_PRODUCT = _ROOT / "src" / "mailcheck"
_LAB = _ROOT / "src" / "lab"
_TRIGGERS = _ROOT / "function_app.py"

# Room -> the rooms and the names of mailcheck that it may import, besides itself.
_ARROWS: dict[str, frozenset[str]] = {
    "model": frozenset(),
    "protocol": frozenset({"model"}),
    "diagnosis": frozenset({"model"}),
    "usecases": frozenset({"model", "protocol", "diagnosis"}),
    "adapters": frozenset({"model", "protocol"}),
    "faces": frozenset({"model", "diagnosis", "usecases"}),
    "settings": frozenset({"model"}),
    "compose": frozenset({"model", "usecases", "adapters", "faces", "settings", "__version__"}),
    "__main__": frozenset({"faces", "application", "__version__"}),
    "__init__": frozenset({"compose"}),
    "function_app": frozenset({"application"}),
}
# Room -> what it may import that has to be installed; the others do with the standard library.
_INSTALLED: dict[str, tuple[str, ...]] = {
    "adapters": (
        "azure.core",
        "azure.identity",
        "azure.keyvault",
        "cryptography",
        "jwt",
        "msal",
        "requests",
        "urllib3",
    ),
    "faces": ("azure.functions",),
    "compose": ("azure.functions", "requests"),
    "function_app": ("azure.functions",),
}
_BOT_SDKS = ("botbuilder", "botframework", "msrest")
# Rooms without await, clock, socket, file, environment, log or chance: the same input gives the same answer.
_PURE = ("model", "protocol", "diagnosis")
_PURE_MODULES = frozenset(
    {"base64", "binascii", "collections", "dataclasses", "datetime", "enum", "itertools", "json", "re"}
    | {"shlex", "string", "types", "typing", "unicodedata", "mailcheck"}
)
_EFFECTS = frozenset({"now", "utcnow", "today", "open", "print", "input"})
# Modules that reach the network -> the adapters that may import them.
_NETWORK: dict[str, frozenset[str]] = {
    "socket": frozenset({"transport", "addresses", "arrivals", "bounded", "faults"}),
    "http.client": frozenset({"bounded", "faults", "https", "trust"}),
} | dict.fromkeys(("imaplib", "poplib", "smtplib", "telnetlib", "ftplib", "urllib.request"), frozenset())


def _sources(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.py"))


def _room(path: Path) -> str:
    return "function_app" if path == _TRIGGERS else path.relative_to(_PRODUCT).parts[0].removesuffix(".py")


_OURS = [*_sources(_PRODUCT), _TRIGGERS]


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def _named(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """The modules that these nodes import; `from a import b` may mean the module a or the module a.b."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide the arrows"
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _imports(path: Path) -> Iterator[str]:
    """Every module that a file imports, also those imported inside functions."""
    return _named(ast.walk(_tree(path)))


def _for_types(tree: ast.Module) -> Iterator[ast.AST]:
    """Everything under `if TYPE_CHECKING`, which does not run."""
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            yield from (inner for line in node.body for inner in ast.walk(line))


def _installed(modules: Iterable[str]) -> list[str]:
    return [module for module in modules if module.split(".")[0] not in sys.stdlib_module_names | {"mailcheck"}]


def _starts(module: str, prefixes: tuple[str, ...]) -> bool:
    return any(module == prefix or module.startswith(f"{prefix}.") for prefix in prefixes)


def _ids(path: Path) -> str:
    return str(path.relative_to(_ROOT))


@pytest.mark.parametrize("path", _OURS, ids=_ids)
def test_arrows_point_down(path: Path) -> None:
    """A room imports only from the rooms below it; siblings are strangers, and only the ways in ask for application."""
    room = _room(path)
    allowed = _ARROWS[room] | {room}
    for module in _imports(path):
        if module.startswith("mailcheck."):
            target = module.split(".")[1]
            assert target in allowed, f"{room} -> {target} is not an arrow of the house"
    whole = [alias for node in ast.walk(_tree(path)) if isinstance(node, ast.Import) for alias in node.names]
    assert "mailcheck" not in {alias.name for alias in whole}, "`import mailcheck` hides the arrows"


@pytest.mark.parametrize("path", _sources(_PRODUCT), ids=_ids)
def test_the_product_does_not_know_the_lab(path: Path) -> None:
    """The product never imports lab: they meet over TCP and a settings mapping."""
    assert not [module for module in _imports(path) if _starts(module, ("lab",))]


@pytest.mark.parametrize("path", _sources(_LAB), ids=_ids)
def test_the_lab_does_not_know_the_product(path: Path) -> None:
    """The lab never imports mailcheck: it must not share its misreadings."""
    assert not [module for module in _imports(path) if _starts(module, ("mailcheck",))]


@pytest.mark.parametrize("path", [*_OURS, *_sources(_LAB)], ids=_ids)
def test_nothing_is_imported_by_a_string(path: Path) -> None:
    """Each import is a statement, which these tests can read: in the product and in the lab.

    The versions of what is installed, which importlib.metadata reads, are no import.
    """
    found = [module for module in _imports(path) if not _starts(module, ("importlib.metadata",))]
    assert not [module for module in found if _starts(module, ("importlib", "pkgutil", "runpy"))]
    names = {node.id for node in ast.walk(_tree(path)) if isinstance(node, ast.Name)}
    assert not names & {"__import__", "eval", "exec"}


@pytest.mark.parametrize("path", [*_OURS, *_sources(_LAB)], ids=_ids)
def test_nothing_is_imported_through_src(path: Path) -> None:
    """`import src.x` would load a module a second time, and its types would be strangers to themselves."""
    assert not [module for module in _imports(path) if _starts(module, ("src",))]


@pytest.mark.parametrize("path", [p for p in _OURS if _room(p) in _PURE], ids=_ids)
def test_the_cellar_is_pure(path: Path) -> None:
    """model, protocol and diagnosis have no await, clock, socket, file, environment, log or chance."""
    assert {module.split(".")[0] for module in _imports(path)} <= _PURE_MODULES
    nodes = list(ast.walk(_tree(path)))
    asynchronous = (ast.Await, ast.AsyncFunctionDef, ast.AsyncFor, ast.AsyncWith)
    assert not [node for node in nodes if isinstance(node, asynchronous)]
    called = {node.func.id for node in nodes if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    attributes = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    assert not (called | attributes) & _EFFECTS


@pytest.mark.parametrize("path", _OURS, ids=_ids)
def test_installed_packages_stay_in_their_rooms(path: Path) -> None:
    """SDKs are known to the adapters, botbuilder to the bot's files, azure.functions to the HTTP faces."""
    place = path.relative_to(_ROOT).as_posix()
    bot = place.startswith("src/mailcheck/adapters/bot_") or place == "src/mailcheck/faces/teams/bot.py"
    allowed = _INSTALLED.get(_room(path), ()) + (_BOT_SDKS if bot else ())
    assert not [module for module in _installed(_imports(path)) if not _starts(module, allowed)]


def test_compose_knows_packages_as_types_only() -> None:
    """What is installed is loaded by the room that uses it; compose.py names it in annotations."""
    tree = _tree(_PRODUCT / "compose.py")
    annotating = {id(node) for node in _for_types(tree)}
    assert not _installed(_named(node for node in ast.walk(tree) if id(node) not in annotating))


def test_importing_mailcheck_loads_nothing_of_it() -> None:
    """Azure imports the package to index the app: compose.py is loaded by the first call of application."""
    assert not [module for module in _named(_tree(_PRODUCT / "__init__.py").body) if _starts(module, ("mailcheck",))]


@pytest.mark.parametrize("path", [p for p in _OURS if _room(p) != "compose"], ids=_ids)
def test_the_environment_is_read_in_compose_only(path: Path) -> None:
    """Everyone else is given settings; os.environ and os.getenv have one reader."""
    text = path.read_text()
    assert "environ" not in text.replace("environment", "")
    assert "getenv" not in text


@pytest.mark.parametrize("path", _OURS, ids=_ids)
def test_the_network_has_few_users(path: Path) -> None:
    """No other mail or HTTP client: mail goes through the transport, HTTP through requests as trust.py sets it up."""
    adapter = path.stem if _room(path) == "adapters" else ""
    for module in _imports(path):
        for reached, adapters in _NETWORK.items():
            assert adapter in adapters or not _starts(module, (reached,)), module


@pytest.mark.parametrize("path", [p for p in _OURS if p != _PRODUCT / "adapters/transport.py"], ids=_ids)
def test_the_transport_owns_the_only_mail_socket(path: Path) -> None:
    """Nobody else opens a connection by hand; an adapter may name the socket module's errors."""
    text = path.read_text()
    for opener in ("socket.socket(", "create_connection", "open_connection", "sock_connect", "wrap_socket", "wrap_bio"):
        assert opener not in text
    assert not [module for module in _imports(path) if _starts(module, ("socket.socket", "asyncio.streams"))]
