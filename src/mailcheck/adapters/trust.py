# ruff: noqa: ANN401, ARG002 - the overridden signatures are those of requests
"""Whom we trust over TLS: one context for every connection, the system's anchors and MAILCHECK_CA_FILE's.

One context is built per process and shared: loading the trust store costs some 24 ms of CPU each time.
"""

import ssl
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import LocationValueError

from mailcheck.adapters.bounded import POOLS, read_body


def tls_context(ca_file: Path | None) -> ssl.SSLContext:
    """A client context: TLS 1.2 or newer, certificate and host name verified, the system's trust anchors.

    Args:
        ca_file: PEM file of further trust anchors, or none.

    Raises:
        OSError: the file cannot be read, or holds no certificate (`ssl.SSLError` is one).
    """
    context = _SharedContext(ssl.PROTOCOL_TLS_CLIENT)  # verifies, and the rest as `ssl.create_default_context` has it
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN | ssl.VERIFY_X509_STRICT
    context.load_default_certs()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if ca_file is not None:
        context.load_verify_locations(cafile=ca_file)
    return context


def http_session(context: ssl.SSLContext) -> requests.Session:
    """An HTTP session for MSAL and the Azure SDKs that verifies servers by this context and nothing else.

    `requests` alone knows either its own bundle or another file, and REQUESTS_CA_BUNDLE in the environment overrides
    what a library asked for; mounting the context settles it for every request, behind a proxy too. Answers are
    bounded (bounded.py): the read time-out is the time for a whole answer, and `stream` makes no difference. No
    redirect is followed, and no cookie kept.
    """
    session = _Session()
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
    session.auth = _as_it_is
    for scheme in POOLS:
        session.mount(f"{scheme}://", _Adapter(context))
    return session


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """None: requests looks where none is to be followed too, and raises ValueError where that is no address."""
        return None


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """No credentials but those that the SDKs have put there: left to itself, requests prefers those of ~/.netrc."""
    return request


class _SharedContext(ssl.SSLContext):
    def set_alpn_protocols(self, alpn_protocols: Any) -> None:
        """Nothing: urllib3 sets HTTP on each connection, and mail servers would be offered it ever after."""


class _Adapter(HTTPAdapter):
    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        super().__init__()

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        try:
            response = super().send(request, *args, **kwargs)
        except LocationValueError as error:  # of a label that is empty or too long, which requests lets through
            raise requests.exceptions.InvalidURL(error, request=request) from error
        read_body(response)
        return response

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs, ssl_context=self._context)
        self.poolmanager.pool_classes_by_scheme = POOLS

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        if proxy.lower().startswith("https://"):
            kwargs["proxy_ssl_context"] = self._context  # for the connection to the proxy itself
        manager = super().proxy_manager_for(proxy, **kwargs, ssl_context=self._context)
        manager.pool_classes_by_scheme = POOLS
        return manager

    def build_connection_pool_key_attributes(
        self, request: requests.PreparedRequest, verify: bool | str, cert: Any = None
    ) -> Any:
        # `verify` may carry a bundle from the environment; the context alone decides.
        host, pool = super().build_connection_pool_key_attributes(request, True, cert)
        pool.pop("ca_certs", None)
        pool.pop("ca_cert_dir", None)
        return host, {**pool, "cert_reqs": "CERT_REQUIRED"}

    def cert_verify(self, conn: Any, url: str, verify: bool | str, cert: Any) -> None:
        # requests would load its bundle into the shared context, on each connection.
        conn.cert_reqs = "CERT_REQUIRED"
        conn.ca_certs = None
        conn.ca_cert_dir = None
