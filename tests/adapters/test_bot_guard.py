"""The guard: what it lets in, what it refuses, and what the SDK alone would have let in."""

import asyncio
import base64
import datetime as dt
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from botbuilder.schema import Activity
from botframework.connector.auth import (
    AuthenticationConfiguration,
    AuthenticationConstants,
    ChannelValidation,
    JwtTokenExtractor,
    JwtTokenValidation,
    SimpleCredentialProvider,
)

from lab.signing import SigningKey
from lab.tenant import BOT_CLIENT_ID, TENANT_ID
from mailcheck.adapters.bot_guard import LEEWAY, TOKEN_LIMIT, Admitted, BotGuard, Rejected
from tests.adapters.bot_kit import OTHER_ID, SERVICE_URL, Issued, activity, issued

_STRANGER = SigningKey.generate()
# What the SDK takes for a token of the Bot Framework Emulator: one of Entra's for any app of any tenant.
_EMULATOR = {
    "iss": "https://sts.windows.net/d6d49420-f39b-4df7-a1dc-d59a935871db/",
    "appid": BOT_CLIENT_ID,
    "ver": "1.0",
    "without": ["serviceurl"],
}
_EVIL = "https://evil.example/"


@pytest.fixture
async def world() -> AsyncIterator[Issued]:
    """An issuer with its guard."""
    async with issued() as made:
        yield made


def _bearer(token: str) -> str:
    return f"Bearer {token}"


def _part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


@dataclass(frozen=True)
class Forgery:
    """A request that is wrong in one way, and a word of the reason for which it is refused."""

    name: str
    reason: str
    token: dict[str, Any] = field(default_factory=dict)
    changes: dict[str, Any] = field(default_factory=dict)
    header: Callable[[str], str] = _bearer


def _edited(token: str, part: int, edit: Callable[[dict[str, Any]], object]) -> str:
    """The token with one of its JSON parts changed after signing."""
    parts = token.split(".")
    decoded = json.loads(base64.urlsafe_b64decode(parts[part] + "=="))
    parts[part] = _part(edit(decoded))
    return ".".join(parts)


def _hours(hours: float) -> dt.timedelta:
    return dt.timedelta(hours=hours)


_HEADERS = (
    Forgery("no header", "bearer", header=lambda _: ""),
    Forgery("no scheme", "bearer", header=lambda token: token),
    Forgery("another scheme", "bearer", header=lambda token: f"Basic {token}"),
    Forgery("scheme alone", "bearer", header=lambda _: "Bearer "),
    Forgery("two tokens", "bearer", header=lambda token: f"Bearer {token}, Bearer {token}"),
    Forgery("two tokens, one scheme", "bearer", header=lambda token: f"Bearer {token} {token}"),
    Forgery("line break in it", "bearer", header=lambda token: f"Bearer {token}\r\nX: y"),
    Forgery("garbage", "bearer", header=lambda _: "Bearer garbage"),
    Forgery("garbage in three parts", "header", header=lambda _: "Bearer a.b.c"),
    Forgery("signature cut off", "bearer", header=lambda token: _bearer(token.rpartition(".")[0] + ".")),
    Forgery("far too long", "bearer", header=lambda token: _bearer(token + "A" * TOKEN_LIMIT)),
    Forgery(
        "header nested a thousand levels deep", "header",
        header=lambda _: _bearer(base64.urlsafe_b64encode(b'{"alg":' + b"[" * 5000).rstrip(b"=").decode() + ".e30.e30"),
    ),
)  # fmt: skip
_SIGNATURES = (
    Forgery("alg none", "bearer", token={"header": {"alg": "none"}}),
    Forgery("alg none with a signature", "header", {"header": {"alg": "none"}}, header=lambda t: _bearer(t + "AA")),
    Forgery("HS256 keyed with the public key", "header", token={"header": {"alg": "HS256"}}),
    Forgery("RS512", "header", token={"header": {"alg": "RS512"}}),
    Forgery("no kid", "header", token={"header": {"kid": None}}),
    Forgery("kid is a number", "header", token={"header": {"kid": 7}}),
    Forgery("kid is endless", "header", token={"header": {"kid": "k" * 1000}}),
    Forgery("unknown kid", "no published key", token={"header": {"kid": "unknown"}}),
    Forgery("stranger's key under its own kid", "no published key", token={"key": _STRANGER}),
    Forgery("critical extension", "header", token={"header": {"crit": ["exp2"], "exp2": 1}}),
    Forgery("brings its own key", "no published key", token={"key": _STRANGER, "header": {"jwk": _STRANGER.jwk()}}),
    Forgery("stranger's key under the true kid", "verify", token={"key": _STRANGER, "header": {"kid": "true"}}),
    Forgery("claims changed after signing", "verify", header=lambda t: _bearer(_edited(t, 1, lambda c: {**c, "x": 1}))),
    Forgery("header changed after signing", "verify", header=lambda t: _bearer(_edited(t, 0, lambda h: {**h, "x": 1}))),
    Forgery("claims are a list", "malformed", header=lambda t: _bearer(_edited(t, 1, lambda _: []))),
)  # fmt: skip
_CLAIMS = (
    Forgery("another audience", "aud", token={"audience": OTHER_ID}),
    Forgery("audience is a list with ours", "aud", token={"audience": [BOT_CLIENT_ID]}),
    Forgery("no audience", "aud", token={"without": ["aud"]}),
    Forgery("empty audience", "aud", token={"audience": ""}),
    Forgery("another issuer", "iss", token={"iss": "https://sts.windows.net/x/"}),
    Forgery("issuer with a slash more", "iss", token={"iss": "https://api.botframework.com/"}),
    Forgery("no issuer", "iss", token={"without": ["iss"]}),
    Forgery("expired", "exp", token={"lifetime": -_hours(1)}),
    Forgery("expired just past the leeway", "exp", token={"lifetime": dt.timedelta(seconds=-LEEWAY)}),
    Forgery("no exp", "exp", token={"without": ["exp"]}),
    Forgery("exp is a text", "exp", token={"exp": "9999999999"}),
    Forgery("exp is infinite", "exp", token={"exp": float("inf")}),
    Forgery("exp is true", "exp", token={"exp": True}),
    Forgery("no nbf", "nbf", token={"without": ["nbf"]}),
    Forgery("nbf in the future", "nbf", token={"nbf": 4102444800}),
    Forgery("another serviceurl", "serviceurl", token={"serviceurl": _EVIL}),
    Forgery("no serviceurl", "serviceurl", token={"without": ["serviceurl"]}),
    Forgery("emulator token", "iss", token=_EMULATOR),
)  # fmt: skip
_ACTIVITIES = (
    Forgery("no channelId", "channelId", changes={"channelId": None}),
    Forgery("webchat", "channelId", changes={"channelId": "webchat"}),
    Forgery("emulator", "channelId", changes={"channelId": "emulator"}),
    Forgery("channelId in another case", "channelId", changes={"channelId": "MSTeams"}),
    Forgery("channelId is a list", "channelId", changes={"channelId": ["msteams"]}),
    Forgery("no serviceUrl", "serviceUrl", changes={"serviceUrl": None}),
    Forgery("serviceUrl is no text", "serviceUrl", changes={"serviceUrl": {"a": 1}}),
    Forgery("an attacker's serviceUrl", "serviceUrl", changes={"serviceUrl": _EVIL}),
    Forgery("serviceUrl one slash shorter", "serviceurl", changes={"serviceUrl": SERVICE_URL.rstrip("/")}),
    Forgery("serviceUrl in clear", "serviceUrl", changes={"serviceUrl": "http://smba.trafficmanager.net/emea/"}),
    Forgery("serviceUrl is a file", "serviceUrl", changes={"serviceUrl": "file:///etc/passwd"}),
    Forgery("serviceUrl is broken", "serviceUrl", changes={"serviceUrl": "https://["}),
    Forgery("another tenant", "another tenant", changes={"conversation": {"id": "a", "tenantId": OTHER_ID}}),
    Forgery("no tenant in the conversation", "twice", changes={"conversation": {"id": "a"}}),
    Forgery("no conversation", "twice", changes={"conversation": None}),
    Forgery("conversation is a text", "twice", changes={"conversation": TENANT_ID}),
    Forgery("another tenant in channelData", "another tenant", changes={"channelData": {"tenant": {"id": OTHER_ID}}}),
    Forgery("no channelData", "twice", changes={"channelData": None}),
    Forgery("channelData is a list", "twice", changes={"channelData": [{"tenant": {"id": TENANT_ID}}]}),
    Forgery("tenant is a number", "twice", changes={"channelData": {"tenant": {"id": 1}}}),
)
_FORGERIES = (*_HEADERS, *_SIGNATURES, *_CLAIMS, *_ACTIVITIES)


async def test_an_honest_request_is_admitted(world: Issued) -> None:
    """A token of the issuer's for our bot with an activity of our tenant is let in, and says where to answer."""
    token = world.issuer.token(SERVICE_URL)
    assert await world.guard.admit(_bearer(token), activity()) == Admitted(SERVICE_URL)


@pytest.mark.parametrize("scheme", ["bearer", "BEARER", "Bearer "])
async def test_the_scheme_is_read_as_http_wants_it(world: Issued, scheme: str) -> None:
    """The scheme's case does not matter (RFC 9110 section 11.1)."""
    decision = await world.guard.admit(f"{scheme} {world.issuer.token(SERVICE_URL)}", activity())
    assert decision.admitted


@pytest.mark.parametrize("forgery", _FORGERIES, ids=lambda forgery: forgery.name)
async def test_a_forgery_is_refused(world: Issued, forgery: Forgery) -> None:
    """Whatever is wrong with a request, it is refused for that reason, in words that hold nothing of it."""
    arguments = dict(forgery.token)
    if arguments.get("header") == {"kid": "true"}:
        arguments["header"] = {"kid": world.issuer.key.kid}
    token = world.issuer.token(SERVICE_URL, **arguments)
    decision = await world.guard.admit(forgery.header(token), activity(**forgery.changes))
    assert isinstance(decision, Rejected)
    assert forgery.reason in decision.reason
    assert token[:20] not in decision.reason
    assert _EVIL not in decision.reason


@pytest.mark.parametrize("seconds", [-LEEWAY + 1, 0, 3599 + LEEWAY])
async def test_clocks_may_differ_a_little(world: Issued, seconds: int) -> None:
    """A token is good from five minutes before its time to five minutes after it."""
    token = world.issuer.token(SERVICE_URL, lifetime=_hours(1))
    world.clock.seconds += seconds
    assert (await world.guard.admit(_bearer(token), activity())).admitted


async def test_ids_are_compared_without_their_case(world: Issued) -> None:
    """A GUID in capitals is the same GUID: in the settings, and in the activity."""
    guard = BotGuard(
        app_id=BOT_CLIENT_ID.upper(), tenant_id=TENANT_ID.upper(),
        keys=world.keys, hosts=world.hosts, now=world.clock.now,
    )  # fmt: skip
    decision = await guard.admit(
        _bearer(world.issuer.token(SERVICE_URL)), activity(channelData={"tenant": {"id": TENANT_ID.upper()}})
    )
    assert decision.admitted


@pytest.mark.parametrize("ids", [("", TENANT_ID), (" ", TENANT_ID), (BOT_CLIENT_ID, "")])
async def test_an_empty_id_never_means_everybody(world: Issued, ids: tuple[str, str]) -> None:
    """A guard without an app id or a tenant cannot be made."""
    with pytest.raises(ValueError, match="app id and a tenant id"):
        BotGuard(app_id=ids[0], tenant_id=ids[1], keys=world.keys, hosts=world.hosts, now=world.clock.now)


@pytest.mark.parametrize(
    "endorsements, reason",
    [(None, "no published key"), ((), "no published key"), (("webchat",), "endorsed for the channel")],
)
async def test_a_key_must_be_endorsed_for_teams(
    world: Issued, endorsements: tuple[str, ...] | None, reason: str
) -> None:
    """A key that is published without endorsements, or with those of another channel, is good for nothing."""
    world.issuer.rotate(endorsements=endorsements)
    decision = await world.guard.admit(_bearer(world.issuer.token(SERVICE_URL)), activity())
    assert reason in decision.reason


async def test_a_new_key_works_at_once(world: Issued) -> None:
    """After the issuer has changed its key, the next request is let in; the old key is refused once it is gone."""
    old = world.issuer.token(SERVICE_URL)
    assert (await world.guard.admit(_bearer(old), activity())).admitted
    world.clock.seconds += 60
    world.issuer.rotate(keep_old=False)
    assert (await world.guard.admit(_bearer(world.issuer.token(SERVICE_URL)), activity())).admitted
    assert not (await world.guard.admit(_bearer(old), activity())).admitted


async def test_requests_at_the_same_time_fetch_the_keys_once(world: Issued) -> None:
    """Twenty first requests cause one fetch of each document."""
    header = _bearer(world.issuer.token(SERVICE_URL))
    decisions = await asyncio.gather(*(world.guard.admit(header, activity()) for _ in range(20)))
    assert all(decision.admitted for decision in decisions)
    assert (world.issuer.metadata_fetches, world.issuer.key_fetches) == (1, 1)


async def test_what_does_not_look_like_teams_fetches_nothing(world: Issued) -> None:
    """A stranger's request without a well-formed token, or not for us, costs no call to the issuer."""
    await world.guard.admit("Bearer a.b.c", activity())
    await world.guard.admit(_bearer(world.issuer.token(SERVICE_URL)), activity(channelId="webchat"))
    assert world.issuer.metadata_fetches == 0


# What the guard is for: rows of the forgeries above that the SDK's own validation lets in.
_SDK_ACCEPTS = (
    Forgery("no exp", "exp", token={"without": ["exp"]}),
    Forgery("no channelId", "channelId", changes={"channelId": None}),
    Forgery("no serviceUrl", "serviceUrl", changes={"serviceUrl": None}),
    Forgery("webchat", "channelId", changes={"channelId": "webchat"}),
    Forgery("another tenant", "another tenant", changes={"conversation": {"id": "a", "tenantId": OTHER_ID}}),
    Forgery("emulator token, attacker's serviceUrl", "iss", token=_EMULATOR, changes={"serviceUrl": _EVIL}),
)


async def _sdk_lets_in(token: str, body: dict[str, Any]) -> bool:
    identity = await JwtTokenValidation.authenticate_request(
        Activity().deserialize(body),
        _bearer(token),
        SimpleCredentialProvider(BOT_CLIENT_ID, "unused"),
        auth_configuration=AuthenticationConfiguration(),
    )
    return bool(identity.is_authenticated)


@pytest.fixture
def sdk(world: Issued, monkeypatch: pytest.MonkeyPatch) -> Issued:
    """The SDK's validation, pointed at the same issuer."""
    monkeypatch.setattr(ChannelValidation, "open_id_metadata_endpoint", world.metadata_url)
    monkeypatch.setattr(AuthenticationConstants, "TO_BOT_FROM_EMULATOR_OPENID_METADATA_URL", world.metadata_url)
    monkeypatch.setattr(JwtTokenExtractor, "metadataCache", {})
    return world


@pytest.mark.parametrize("forgery", _SDK_ACCEPTS, ids=lambda forgery: forgery.name)
async def test_the_sdk_alone_would_let_it_in(sdk: Issued, forgery: Forgery) -> None:
    """The SDK 4.17.1 accepts these; the guard does not."""
    token, body = sdk.issuer.token(SERVICE_URL, **forgery.token), activity(**forgery.changes)
    assert await asyncio.to_thread(asyncio.run, _sdk_lets_in(token, body))
    assert not (await sdk.guard.admit(_bearer(token), body)).admitted


async def test_the_sdk_alone_would_take_a_key_without_endorsements(sdk: Issued) -> None:
    """A published key without endorsements is good for every channel to the SDK, and for none to the guard."""
    sdk.issuer.rotate(endorsements=None)
    token = sdk.issuer.token(SERVICE_URL)
    assert await asyncio.to_thread(asyncio.run, _sdk_lets_in(token, activity()))
    assert not (await sdk.guard.admit(_bearer(token), activity())).admitted
