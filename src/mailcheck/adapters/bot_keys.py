"""The keys that sign what Teams sends to a bot: the Bot Framework's OpenID document and the keys it names, cached.

https://learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-connector-authentication, "Connector to bot".
The SDK's own cache is not used: it fetches on the event loop without a time-out, takes keys without endorsements, and
does not see a new key for up to a day.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from types import MappingProxyType
from typing import Final
from urllib.parse import urlsplit

import requests
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt import InvalidKeyError
from jwt.algorithms import RSAAlgorithm

from mailcheck.adapters.https import fault_of, json_object, one_line
from mailcheck.adapters.one_flight import OneFlight
from mailcheck.model.plain_url import is_loopback

CONNECT_TIMEOUT: Final = 3.0  # seconds, for each of two documents
READ_TIMEOUT: Final = 4.0
WAIT: Final = 4.0  # seconds that one request waits for both: the rest of its turn has to end some 7 later
DOCUMENT_LIMIT: Final = 256 * 1024  # bytes; Microsoft's are below 16 KiB
KEYS_LIMIT: Final = 100  # Microsoft publishes fewer than ten
KEY_BITS: Final = range(2048, 4096 + 1)  # RFC 7518 section 3.3: at least these; more would be slow to verify by
EXPONENTS: Final = range(2**16 + 1, 2**32)  # FIPS 186-5 appendix A.1.1: above 2^16; Microsoft's are 2^16 + 1
FRESH: Final = 12 * 3600.0  # seconds until the documents are asked for again
KEPT: Final = 24 * 3600.0  # seconds for which they are used where that fails: Microsoft asks for a refresh each day
CHASE_PAUSE: Final = 60.0  # seconds between two fetches for ids that are not there: a stranger can invent any number
RETRY_PAUSE: Final = 5.0  # the same after a fetch that failed

_FOR_SIGNING: Final = (("kty", "RSA"), ("use", "sig"), ("alg", "RS256"))  # where a key has these at all

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SigningKey:
    """One published key, and the channels (`msteams`) whose activities it may sign for."""

    public: RSAPublicKey
    endorsements: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Fetched:
    """What the documents said; `at` and `tried` are seconds of the clock."""

    keys: Mapping[str, SigningKey]
    at: float
    tried: float
    failed: bool


class SigningKeys:
    """The keys by their ids.

    Args:
        metadata: Where the OpenID document is: `https://`, or `http://` on loopback.
        session: From `http_session`, which bounds what is read; shared, and left open.
        clock: Monotonic seconds.
        wait: Seconds that one caller waits for a fetch.
    """

    def __init__(
        self, metadata: str, *, session: requests.Session, clock: Callable[[], float], wait: float = WAIT
    ) -> None:  # fmt: skip
        self._metadata = metadata
        self._session = session
        self._clock = clock
        self._wait = wait
        self._flight: OneFlight[None] = OneFlight()
        self._fetched: _Fetched | None = None
        self._chased = float("-inf")  # when an id was last looked for that is not there
        self._refreshing: asyncio.Future[None] | None = None  # kept, so that it is not collected before its end

    async def find(self, kid: str) -> SigningKey | None:
        """The published key of this id, or none: also where it is not known in time.

        An unknown id makes the documents be fetched again, so that a new key works at once; but not more often than
        the pauses allow. Concurrent callers make one fetch, in a thread, which goes on for the next of them when they
        have waited for long enough. Nobody waits for it who has the key: the documents are only brought up to date
        then.
        """
        key = self._held(kid)
        if self._is_due(kid):
            self._refreshing = refreshing = asyncio.ensure_future(self._flight.join("documents", self._refresh))
            if key is None:
                self._chased = self._clock()
                for done in (await asyncio.wait((refreshing,), timeout=self._wait))[0]:
                    done.result()
                key = self._held(kid)
                if key is not None:  # no invention
                    self._chased = float("-inf")
        return key

    def _held(self, kid: str) -> SigningKey | None:
        fetched = self._fetched
        if fetched is None or self._clock() - fetched.at > KEPT:
            return None
        return fetched.keys.get(kid)

    def _is_due(self, kid: str) -> bool:
        fetched = self._fetched
        if fetched is None:
            return True
        now = self._clock()
        if fetched.failed:
            return now - fetched.tried >= RETRY_PAUSE
        is_stale, is_unknown = now - fetched.at > FRESH, kid not in fetched.keys
        return is_stale or (is_unknown and (self._is_refreshing() or now - self._chased >= CHASE_PAUSE))

    def _is_refreshing(self) -> bool:
        """Whether the documents are on their way: they may have the key of whoever comes meanwhile."""
        return self._refreshing is not None and not self._refreshing.done()

    def _refresh(self) -> None:
        before = self._fetched or _Fetched(MappingProxyType({}), at=float("-inf"), tried=0.0, failed=True)
        try:
            keys = self._load()
        except _UnusableError as error:
            _log.warning("the keys that sign Teams' requests could not be had: %s", one_line(str(error)))
            self._fetched = _Fetched(before.keys, before.at, tried=self._clock(), failed=True)
        else:
            now = self._clock()
            self._fetched = _Fetched(keys, at=now, tried=now, failed=False)

    def _load(self) -> Mapping[str, SigningKey]:
        address = self._document(self._metadata).get("jwks_uri")
        if not isinstance(address, str) or not self._may_fetch(address):
            raise _UnusableError("the OpenID document names no usable jwks_uri")
        listed = self._document(address).get("keys")
        if not isinstance(listed, list) or len(listed) > KEYS_LIMIT:
            raise _UnusableError("the JWKS document has no usable list of keys")
        keys = dict(filter(None, map(_read_key, listed)))
        if not keys:
            raise _UnusableError("the JWKS document has no key that signs RS256 and is endorsed for a channel")
        return MappingProxyType(keys)

    def _may_fetch(self, url: str) -> bool:
        """`https://`; in a lab, whose OpenID document is on loopback itself, that too."""
        return _is_https(url) or (is_loopback(url) and is_loopback(self._metadata))

    def _document(self, url: str) -> Mapping[str, object]:
        try:
            response = self._session.get(url, timeout=(CONNECT_TIMEOUT, READ_TIMEOUT), allow_redirects=False)
        except requests.RequestException as error:
            raise _UnusableError(": ".join((url, *fault_of(error)))) from error
        if response.status_code != HTTPStatus.OK:
            raise _UnusableError(f"{url} answered {response.status_code}")
        if len(response.content) > DOCUMENT_LIMIT:
            raise _UnusableError(f"{url} is longer than {DOCUMENT_LIMIT} bytes")
        document = json_object(response.content)
        if document is None:
            raise _UnusableError(f"{url} is no JSON object")
        return document


class _UnusableError(Exception):
    """Carries why there are no keys to `_refresh`, and no further."""


def _read_key(member: object) -> tuple[str, SigningKey] | None:
    """One member of the JWKS document (RFC 7517): its id and the key; none where that cannot be used at all.

    A key without endorsements cannot: it would be good for no channel; nor can one whose private half is there (`d`),
    which everybody can sign with.
    """
    if not isinstance(member, dict) or any(member.get(name, usual) != usual for name, usual in _FOR_SIGNING):
        return None
    kid, endorsements = member.get("kid"), member.get("endorsements")
    if not isinstance(kid, str) or not kid or not isinstance(endorsements, list) or "d" in member:
        return None
    channels = frozenset(channel for channel in endorsements if isinstance(channel, str))
    try:
        public = RSAAlgorithm.from_jwk(member)
    except (InvalidKeyError, ValueError, TypeError):  # TypeError: a member of another type than the RFC's
        return None
    if not isinstance(public, RSAPublicKey) or not channels:
        return None
    if public.key_size not in KEY_BITS or public.public_numbers().e not in EXPONENTS:
        return None
    return kid, SigningKey(public, channels)


def _is_https(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme == "https" and bool(parts.hostname)
