"""A Dovecot for this folder's tests, the tokens that it takes, and a mailbox that is new in each test."""

import datetime as dt
import itertools
from collections.abc import AsyncIterator, Generator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from lab.pki import Authority
from lab.world import World
from tests.interop.dovecot import Dovecot
from tests.interop.product_kit import Product
from tests.interop.tokens import AppToken

_numbers = itertools.count(1)
_LOG_SHOWN = 4000  # characters of the server's log under a failed test


@pytest.fixture(scope="session")
def microsoft() -> World:
    """Entra and a vault, not started: what its Entra signs, Dovecot takes."""
    return World()


@pytest.fixture(scope="session")
def app_token(microsoft: World) -> AppToken:
    """A factory of app-only Exchange tokens: `app_token()`, `app_token(exp=0)`, `app_token(roles=None)`."""
    return AppToken(microsoft.entra.signing)


@pytest.fixture(scope="session")
def authority() -> Authority:
    """Who signs the certificates of mail servers."""
    return Authority(dt.datetime.now(dt.UTC))


@pytest.fixture(scope="session")
def dovecot(authority: Authority, app_token: AppToken) -> Iterator[Dovecot]:
    """One running Dovecot that takes the tokens of `app_token`."""
    with Dovecot(authority, app_token.key) as server:
        yield server


@pytest.fixture
def mailbox(dovecot: Dovecot) -> Iterator[str]:
    """A new mailbox of two messages with all the folders; the app holds a grant on it."""
    address = f"mailbox{next(_numbers)}@contoso.com"
    dovecot.add_mailbox(address, messages=2)
    dovecot.grant(address)
    yield address
    dovecot.remove_mailbox(address)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def started(microsoft: World) -> AsyncIterator[World]:
    """Entra and the vault, started."""
    async with microsoft as world:
        yield world


@pytest.fixture(scope="session")
def product(started: World, dovecot: Dovecot, tmp_path_factory: pytest.TempPathFactory) -> Product:
    """The whole product, in front of Entra, the vault and this Dovecot."""
    anchors = tmp_path_factory.mktemp("anchors") / "authorities.pem"
    theirs = Path(started.settings()["MAILCHECK_CA_FILE"])
    anchors.write_bytes(theirs.read_bytes() + dovecot.ca_file.read_bytes())
    return Product(started, dovecot, anchors)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Shows the end of the server's log under a test that failed."""
    report = yield
    server = getattr(item, "funcargs", {}).get("dovecot")
    # In the last teardown the server and its log are gone.
    if report.failed and report.when != "teardown" and isinstance(server, Dovecot):
        report.sections.append(("Dovecot's log", server.log[-_LOG_SHOWN:]))
    return report
