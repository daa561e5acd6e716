"""The issuer's documents prove its tokens to foreign validators, and each forgery is the forgery that it says."""

import asyncio
import base64
import datetime as dt
import hmac
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import jwt
import pytest
from botbuilder.schema import Activity
from botframework.connector.auth import (
    AuthenticationConfiguration,
    ChannelValidation,
    ClaimsIdentity,
    JwtTokenValidation,
    SimpleCredentialProvider,
)
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding

from lab.serving import WebServer
from lab.signing import SigningKey
from lab.teams.issuer import ISSUER, METADATA_PATH, Issuer
from lab.tenant import BOT_CLIENT_ID
from tests.lab.common import utc_now

SERVICE_URL = "http://127.0.0.1:1/teams/"


@pytest.fixture
def issuer() -> Issuer:
    """An issuer for the lab's bot."""
    return Issuer(audience=BOT_CLIENT_ID, clock=utc_now)


@pytest.fixture
async def served(issuer: Issuer) -> AsyncIterator[str]:
    """The URL of its OpenID document."""
    async with WebServer(issuer.routes()) as server:
        yield server.url + METADATA_PATH


async def keys_of(metadata_url: str) -> jwt.PyJWKSet:
    """The keys that a client finds by way of the OpenID document."""
    async with aiohttp.ClientSession() as session:
        async with session.get(metadata_url) as response:
            document = await response.json()
        assert document["issuer"] == ISSUER
        assert document["id_token_signing_alg_values_supported"] == ["RS256"]
        async with session.get(document["jwks_uri"]) as response:
            return jwt.PyJWKSet.from_dict(await response.json())


async def test_the_documents_prove_a_token(issuer: Issuer, served: str) -> None:
    """PyJWT, with nothing but the address of the OpenID document, accepts the issuer's token."""
    token = issuer.token(SERVICE_URL)
    keys = await keys_of(served)

    claims = jwt.decode(
        token, keys[jwt.get_unverified_header(token)["kid"]], ["RS256"], audience=BOT_CLIENT_ID, issuer=ISSUER
    )

    assert claims["serviceurl"] == SERVICE_URL
    assert claims["exp"] - claims["nbf"] == 3600
    assert (issuer.metadata_fetches, issuer.key_fetches) == (1, 1)


async def test_the_sdk_accepts_a_token(issuer: Issuer, served: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK's own channel validation accepts the token for Teams, whose channel the key is endorsed for."""
    # It fetches by blocking calls, so it gets its own thread and loop, or this server could not answer.
    monkeypatch.setattr(ChannelValidation, "open_id_metadata_endpoint", served)
    activity = Activity(channel_id="msteams", service_url=SERVICE_URL)

    def validate() -> ClaimsIdentity:
        return asyncio.run(
            JwtTokenValidation.authenticate_request(
                activity,
                f"Bearer {issuer.token(SERVICE_URL)}",
                SimpleCredentialProvider(BOT_CLIENT_ID, "unused"),
                None,
                AuthenticationConfiguration(),
            )
        )

    identity = await asyncio.to_thread(validate)

    assert identity.is_authenticated


@pytest.mark.parametrize(
    "forgery, error",
    [
        ({"audience": "somebody-else"}, jwt.InvalidAudienceError),
        ({"lifetime": dt.timedelta(hours=-1)}, jwt.ExpiredSignatureError),
        ({"key": SigningKey.generate(), "header": {"kid": None}}, jwt.InvalidSignatureError),
        ({"without": ["exp"]}, jwt.MissingRequiredClaimError),
        ({"without": ["aud"]}, jwt.MissingRequiredClaimError),
        ({"iss": "https://sts.windows.net/x/"}, jwt.InvalidIssuerError),
        ({"nbf": 4102444800}, jwt.ImmatureSignatureError),
        ({"header": {"alg": "none"}}, jwt.InvalidAlgorithmError),
        ({"header": {"alg": "HS256"}}, jwt.InvalidAlgorithmError),
        ({"header": {"alg": "RS512"}}, jwt.InvalidAlgorithmError),
    ],
)
async def test_a_forgery_fails_for_its_own_reason(
    issuer: Issuer, forgery: dict[str, Any], error: type[jwt.InvalidTokenError]
) -> None:
    """A forged token differs from an honest one in the one point that it was forged in."""
    token = issuer.token(SERVICE_URL, **forgery)

    with pytest.raises(error):
        jwt.decode(
            token,
            issuer.key.key.public_key(),
            ["RS256"],
            audience=BOT_CLIENT_ID,
            issuer=ISSUER,
            options={"require": ["exp", "aud", "iss"]},
        )


@pytest.mark.parametrize("alg", ["RS512", "HS256"])
def test_a_foreign_algorithm_is_signed_truly(issuer: Issuer, alg: str) -> None:
    """A guard that only looks at the signature would accept these: that is what makes them worth refusing."""
    token = issuer.token(SERVICE_URL, header={"alg": alg})
    signed, _, signature = token.rpartition(".")
    pem = issuer.key.key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )

    raw = base64.urlsafe_b64decode(signature + "==")
    if alg == "RS512":
        issuer.key.key.public_key().verify(raw, signed.encode(), padding.PKCS1v15(), hashes.SHA512())
    else:
        assert raw == hmac.digest(pem, signed.encode(), "sha256")


async def test_a_rollover_keeps_the_old_key_on_request(issuer: Issuer, served: str) -> None:
    """After a rollover new tokens carry the new kid; the old key is published as long as it is kept."""
    old = issuer.key.kid
    new = issuer.rotate().kid

    assert jwt.get_unverified_header(issuer.token(SERVICE_URL))["kid"] == new
    assert [key.key_id for key in (await keys_of(served)).keys] == [old, new]

    newest = issuer.rotate(keep_old=False).kid

    assert [key.key_id for key in (await keys_of(served)).keys] == [newest]


async def test_a_key_can_be_published_without_endorsements(issuer: Issuer, served: str) -> None:
    """The endorsements are a list in the JWKS document, or absent where the test wants them absent."""
    issuer.rotate(endorsements=None)

    async with aiohttp.ClientSession() as session, session.get(served) as response:
        keys_url = (await response.json())["jwks_uri"]
    async with aiohttp.ClientSession() as session, session.get(keys_url) as response:
        first, second = (await response.json())["keys"]

    assert "msteams" in first["endorsements"]
    assert "endorsements" not in second
