"""The keys' cache against documents that are late, large, wrong, elsewhere or gone."""

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
import requests
from aiohttp import web

from lab.pki import Authority
from lab.serving import WebServer
from lab.signing import SigningKey
from mailcheck.adapters import bot_keys
from mailcheck.adapters.bot_keys import SigningKeys
from mailcheck.adapters.bounded import BODY_LIMIT
from tests.adapters.bot_kit import Clock

_KEY = SigningKey.generate()
_JWK = _KEY.jwk(endorsements=["msteams"])


class Documents:
    """Serves an OpenID document at /openid and keys at /keys, in whatever form a test wants."""

    def __init__(self, session: requests.Session) -> None:
        self.session = session
        self.clock = Clock()
        self.openid: Mapping[str, Any] | None = None
        self.jwks: object = {"keys": [_JWK]}
        self.status = 200
        self.location = ""
        self.asked: list[str] = []
        self.go_on = asyncio.Event()
        self.go_on.set()
        self.server = WebServer([web.get("/openid", self._openid), web.get("/keys", self._keys)])

    def keys(self, *, wait: float = bot_keys.WAIT) -> SigningKeys:
        """A cache of these documents."""
        return SigningKeys(f"{self.server.url}/openid", session=self.session, clock=self.clock.monotonic, wait=wait)

    async def _openid(self, _request: web.Request) -> web.Response:
        self.asked.append("openid")
        if self.location:
            return web.Response(status=302, headers={"Location": self.location})
        document = {"jwks_uri": f"{self.server.url}/keys"} if self.openid is None else self.openid
        return web.json_response(document, status=self.status)

    async def _keys(self, _request: web.Request) -> web.Response:
        self.asked.append("keys")
        await self.go_on.wait()
        if isinstance(self.jwks, bytes):
            return web.Response(body=self.jwks)
        return web.Response(text=self.jwks if isinstance(self.jwks, str) else json.dumps(self.jwks))


@pytest.fixture
async def documents(session: requests.Session) -> AsyncIterator[Documents]:
    """The two documents on loopback, for the product's HTTP session."""
    made = Documents(session)
    await made.server.start()
    yield made
    await made.server.stop()


@pytest.fixture
def keys(documents: Documents) -> SigningKeys:
    """The cache, pointed at them."""
    return documents.keys()


async def test_a_published_key_is_found(keys: SigningKeys) -> None:
    """A key is found by its id, with the channels that it is endorsed for."""
    found = await keys.find(_KEY.kid)
    assert found is not None
    assert found.public.public_numbers() == _KEY.key.public_key().public_numbers()
    assert found.endorsements == {"msteams"}


async def test_a_known_key_costs_nothing(keys: SigningKeys, documents: Documents) -> None:
    """The documents are fetched once for half a day of requests."""
    for _ in range(3):
        assert await keys.find(_KEY.kid)
        documents.clock.seconds += bot_keys.FRESH / 3
    assert documents.asked == ["openid", "keys"]
    documents.clock.seconds += 1
    assert await keys.find(_KEY.kid)
    await keys.find("another")  # waits for the fetch that has begun
    assert documents.asked == ["openid", "keys"] * 2


async def test_nobody_waits_for_documents_who_has_the_key(keys: SigningKeys, documents: Documents) -> None:
    """A key that is held is given at once, however long the documents take to be brought up to date."""
    assert await keys.find(_KEY.kid)
    documents.clock.seconds += bot_keys.FRESH + 1
    looking = asyncio.ensure_future(keys.find(_KEY.kid))
    await asyncio.sleep(0)
    assert looking.done()
    assert looking.result()


async def test_invented_key_ids_cause_one_fetch_a_minute(keys: SigningKeys, documents: Documents) -> None:
    """However many unknown ids arrive, the documents are asked for again after a pause only."""
    assert await keys.find(_KEY.kid) is not None
    for number in range(40):
        assert await keys.find(f"invented-{number}") is None
        documents.clock.seconds += 3
    assert documents.asked.count("openid") == 3


async def test_a_key_that_is_new_is_found_at_once(keys: SigningKeys, documents: Documents) -> None:
    """As often as the issuer changes its key: the pause is for ids that were looked for in vain."""
    for _ in range(3):
        assert await keys.find(_KEY.kid) is not None
        new = SigningKey.generate()
        documents.jwks = {"keys": [_JWK, new.jwk(endorsements=["msteams"])]}
        assert await keys.find(new.kid) is not None
    assert documents.asked.count("openid") == 4


async def test_all_who_bring_a_new_key_at_once_wait_for_it(keys: SigningKeys, documents: Documents) -> None:
    """When the issuer changes its key, whoever comes while it is fetched is let in with the first one."""
    assert await keys.find(_KEY.kid) is not None
    new = SigningKey.generate()
    documents.jwks = {"keys": [_JWK, new.jwk(endorsements=["msteams"])]}
    found = await asyncio.gather(*(keys.find(new.kid) for _ in range(5)))
    assert all(found)
    assert documents.asked.count("openid") == 2


async def test_an_invention_delays_a_new_key_by_the_pause_at_most(keys: SigningKeys, documents: Documents) -> None:
    """A stranger's invented ids can keep a new key out for a minute, and not longer."""
    assert await keys.find("invented") is None
    new = SigningKey.generate()
    documents.jwks = {"keys": [_JWK, new.jwk(endorsements=["msteams"])]}
    assert await keys.find(new.kid) is None
    documents.clock.seconds += bot_keys.CHASE_PAUSE
    assert await keys.find("another invention") is None
    assert await keys.find(new.kid) is not None


async def test_a_request_waits_for_slow_documents_so_long_and_no_longer(documents: Documents) -> None:
    """When the time of one request is over it goes without a key; the fetch goes on, and serves the next."""
    keys = documents.keys(wait=0.05)
    documents.go_on.clear()
    assert await asyncio.wait_for(keys.find(_KEY.kid), 10) is None
    assert await asyncio.wait_for(keys.find(_KEY.kid), 10) is None
    documents.go_on.set()
    async with asyncio.timeout(10):
        while await keys.find(_KEY.kid) is None:
            pass
    assert documents.asked == ["openid", "keys"]


async def test_documents_that_never_come_are_given_up(documents: Documents) -> None:
    """A fetch that hangs ends by itself, so that the next one can be made: it keeps nobody out for ever."""
    keys = documents.keys(wait=60.0)
    documents.go_on.clear()
    assert await asyncio.wait_for(keys.find(_KEY.kid), bot_keys.READ_TIMEOUT + 10.0) is None
    documents.go_on.set()
    documents.clock.seconds += bot_keys.RETRY_PAUSE
    assert await keys.find(_KEY.kid) is not None


async def test_a_failed_fetch_is_tried_again_soon(
    keys: SigningKeys, documents: Documents, caplog: pytest.LogCaptureFixture
) -> None:
    """While the documents cannot be had nobody is let in; some seconds after they are back, everybody is."""
    documents.status = 503
    with caplog.at_level(logging.WARNING):
        assert await keys.find(_KEY.kid) is None
    assert "answered 503" in caplog.text
    documents.status = 200
    assert await keys.find(_KEY.kid) is None
    assert documents.asked == ["openid"]
    documents.clock.seconds += bot_keys.RETRY_PAUSE
    assert await keys.find(_KEY.kid) is not None


async def test_old_keys_bridge_an_outage_for_a_day(keys: SigningKeys, documents: Documents) -> None:
    """When the documents cannot be fetched anew, what is held is used until it is a day old, and not longer."""
    assert await keys.find(_KEY.kid)
    documents.status = 500
    documents.clock.seconds += bot_keys.KEPT
    assert await keys.find(_KEY.kid) is not None
    documents.clock.seconds += 1
    assert await keys.find(_KEY.kid) is None


async def test_the_issuer_is_gone(documents: Documents, keys: SigningKeys, caplog: pytest.LogCaptureFixture) -> None:
    """A refused connection is a warning in the log, and no key."""
    await documents.server.stop()
    with caplog.at_level(logging.WARNING):
        assert await keys.find(_KEY.kid) is None
    assert "refused" in caplog.text


async def test_redirects_are_not_followed(documents: Documents, keys: SigningKeys) -> None:
    """A document that is said to be elsewhere is not fetched there."""
    documents.location = f"{documents.server.url}/keys"
    assert await keys.find(_KEY.kid) is None
    assert documents.asked == ["openid"]


@pytest.mark.parametrize(
    "jwks",
    [
        "no JSON", "[" * 100_000, [], {}, {"keys": {}}, {"keys": []}, {"keys": [1, None, "x"]},
        {"keys": [_JWK] * (bot_keys.KEYS_LIMIT + 1)},
        {"keys": [_JWK], "padding": "x" * bot_keys.DOCUMENT_LIMIT},
        {"keys": [_JWK], "padding": "x" * BODY_LIMIT},
        json.dumps({"keys": [_JWK], "padding": "?"}).encode().replace(b"?", b"\xff"),
        {"keys": [{**_JWK, "kty": "EC"}]}, {"keys": [{**_JWK, "use": "enc"}]}, {"keys": [{**_JWK, "kid": ""}]},
        {"keys": [{**_JWK, "kid": 5}]}, {"keys": [{**_JWK, "n": "???"}]}, {"keys": [{**_JWK, "n": 7}]},
        {"keys": [{**_JWK, "e": "AA"}]}, {"keys": [{k: v for k, v in _JWK.items() if k != "n"}]},
        {"keys": [{**_JWK, "endorsements": []}]}, {"keys": [{**_JWK, "endorsements": "msteams"}]},
        {"keys": [{**_JWK, "endorsements": [1]}]}, {"keys": [{**_JWK, "n": "AQAB"}]},
    ],
    ids=lambda value: str(value)[:40],
)  # fmt: skip
async def test_unusable_keys_are_no_keys(keys: SigningKeys, documents: Documents, jwks: object) -> None:
    """A document that is malformed or too large, and keys of another kind, size or form, give no key."""
    documents.jwks = jwks
    assert await keys.find(_KEY.kid) is None


async def test_a_bad_key_does_not_hide_a_good_one(keys: SigningKeys, documents: Documents) -> None:
    """One unusable member leaves the others in force."""
    documents.jwks = {"keys": [{**_JWK, "kid": "bad", "n": "???"}, _JWK]}
    assert await keys.find(_KEY.kid) is not None
    assert await keys.find("bad") is None


async def test_a_published_private_half_is_not_reckoned_with(keys: SigningKeys, documents: Documents) -> None:
    """Nobody looks for its primes, which for a long one holds the whole process up for half a minute."""
    documents.jwks = {"keys": [{**_JWK, "kid": "bad", "d": "a" * 200_000}, _JWK]}
    began = time.process_time()
    assert await keys.find(_KEY.kid) is not None
    assert await keys.find("bad") is None
    assert time.process_time() - began < 1.0


@pytest.mark.parametrize("address", [None, 5, "ftp://127.0.0.1/keys", "http://keys.example/", "https://["])
async def test_keys_are_not_fetched_in_clear(keys: SigningKeys, documents: Documents, address: object) -> None:
    """A jwks_uri that is neither https nor the lab's own loopback is not followed."""
    documents.openid = {"jwks_uri": address}
    assert await keys.find(_KEY.kid) is None
    assert documents.asked == ["openid"]


async def test_where_the_keys_are_said_to_be_is_one_line_of_the_log(
    documents: Documents, caplog: pytest.LogCaptureFixture
) -> None:  # fmt: skip
    """An address of the document's stands there without what would end the line or colour a terminal, and in short."""
    documents.openid = {"jwks_uri": f"https://127.0.0.1:1/\nINFO who='x'\x1b[31m\u202e\ud800{'x' * 1000}"}
    with caplog.at_level(logging.WARNING):
        assert await documents.keys(wait=60).find(_KEY.kid) is None
    (told,) = (message for message in caplog.messages if "127.0.0.1:1/" in message)
    assert "https://127.0.0.1:1/ INFO who='x'" in told
    assert told.isprintable()
    assert len(told) < 500


async def test_a_genuine_document_leads_nobody_to_this_machine(documents: Documents, authority: Authority) -> None:
    """Where the OpenID document is had over TLS, keys on loopback, which serve a lab, are not fetched."""
    own_keys = {"jwks_uri": f"{documents.server.url}/keys"}

    async def openid(_request: web.Request) -> web.Response:
        documents.asked.append("openid over TLS")
        return web.json_response(own_keys)

    routes = [web.get("/openid", openid)]
    async with WebServer(routes, host="localhost", tls=authority.server_context()) as server:
        keys = SigningKeys(f"{server.url}/openid", session=documents.session, clock=documents.clock.monotonic)
        assert await keys.find(_KEY.kid) is None
    assert documents.asked == ["openid over TLS"]
