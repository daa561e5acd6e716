"""What the tests of the adapters share: an authority, who trusts it, and a server's certificate."""

import datetime as dt
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from lab.pki import Authority
from mailcheck.adapters.transport import MailTransport
from mailcheck.adapters.trust import http_session, tls_context


@pytest.fixture(scope="session")
def authority() -> Authority:
    """The authority that the transport trusts."""
    return Authority(dt.datetime.now(dt.UTC))


@pytest.fixture(scope="session")
def trust(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    """The context of the product, with that authority among its anchors."""
    file: Path = tmp_path_factory.mktemp("trust") / "ca.pem"
    file.write_bytes(authority.pem)
    return tls_context(file)


@pytest.fixture
def session(trust: ssl.SSLContext) -> Iterator[requests.Session]:
    """The HTTP session of the product, which trusts that authority too."""
    with http_session(trust) as session:
        yield session


@pytest.fixture(scope="session")
def tls(authority: Authority) -> ssl.SSLContext:
    """A server's context with a certificate for loopback."""
    return authority.server_context()


@pytest.fixture
def transport(trust: ssl.SSLContext) -> MailTransport:
    """The transport, as the product builds it."""
    return MailTransport(trust)
