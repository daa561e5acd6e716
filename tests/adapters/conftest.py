"""What the tests of the mail socket share: an authority, who trusts it, and a server's certificate."""

import datetime as dt
import ssl
from pathlib import Path

import pytest

from lab.pki import Authority
from mailcheck.adapters.transport import MailTransport
from mailcheck.adapters.trust import tls_context


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


@pytest.fixture(scope="session")
def tls(authority: Authority) -> ssl.SSLContext:
    """A server's context with a certificate for loopback."""
    return authority.server_context()


@pytest.fixture
def transport(trust: ssl.SSLContext) -> MailTransport:
    """The transport, as the product builds it."""
    return MailTransport(trust)
