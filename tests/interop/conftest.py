"""A Dovecot for this folder's tests, the tokens that it takes, and a mailbox that is new in each test."""

import datetime as dt
import itertools
from collections.abc import Generator, Iterator

import pytest

from lab.pki import Authority
from lab.signing import SigningKey
from tests.interop.dovecot import Dovecot
from tests.interop.tokens import AppToken

_numbers = itertools.count(1)
_LOG_SHOWN = 4000  # characters of the server's log under a failed test


@pytest.fixture(scope="session")
def app_token() -> AppToken:
    """A factory of app-only Exchange tokens: `app_token()`, `app_token(exp=0)`, `app_token(roles=None)`."""
    return AppToken(SigningKey.generate())


@pytest.fixture(scope="session")
def dovecot(app_token: AppToken) -> Iterator[Dovecot]:
    """One running Dovecot that takes the tokens of `app_token`."""
    with Dovecot(Authority(dt.datetime.now(dt.UTC)), app_token.key) as server:
        yield server


@pytest.fixture
def mailbox(dovecot: Dovecot) -> Iterator[str]:
    """A new mailbox of two messages with all the folders; the app holds a grant on it."""
    address = f"mailbox{next(_numbers)}@contoso.com"
    dovecot.add_mailbox(address, messages=2)
    dovecot.grant(address)
    yield address
    dovecot.remove_mailbox(address)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Shows the end of the server's log under a test that failed."""
    report = yield
    server = getattr(item, "funcargs", {}).get("dovecot")
    # In the last teardown the server and its log are gone.
    if report.failed and report.when != "teardown" and isinstance(server, Dovecot):
        report.sections.append(("Dovecot's log", server.log[-_LOG_SHOWN:]))
    return report
