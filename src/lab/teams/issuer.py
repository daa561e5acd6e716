"""The Bot Framework's token issuer: signs what Teams sends to a bot, and publishes the keys that prove it.

Also forges: every way in which a token can be wrong is an argument, so that a guard can be tested against each.
https://learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-connector-authentication (connector to bot)
"""

import asyncio
import datetime as dt
import hmac
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from aiohttp import web
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding

from lab.signing import SigningKey, compact

ISSUER = "https://api.botframework.com"
METADATA_PATH = "/v1/.well-known/openidconfiguration"
KEYS_PATH = "/v1/.well-known/keys"
# A selection of the channels that the public document endorses its keys for; the bot must find its own among several.
ENDORSEMENTS = ("msteams", "webchat", "directline", "email", "skype")
_LIFETIME = dt.timedelta(hours=1)


@dataclass(frozen=True)
class PublishedKey:
    """A key of the JWKS document.

    Attributes:
        key: The key.
        endorsements: The channels that it is good for; None publishes it without that member.
        members: Further members, or other values for the usual ones.
    """

    key: SigningKey
    endorsements: Sequence[str] | None = ENDORSEMENTS
    members: Mapping[str, object] = field(default_factory=dict)

    def jwk(self) -> dict[str, object]:
        """As it stands in the document."""
        endorsed = {} if self.endorsements is None else {"endorsements": list(self.endorsements)}
        return self.key.jwk(**{**endorsed, **self.members})


class Issuer:
    """Signs tokens as https://api.botframework.com does and serves the two documents that verify them.

    Args:
        audience: The bot's app id, the `aud` of its tokens.
        clock: The time now, UTC; `nbf` and `exp` are reckoned from it.

    Attributes:
        published: The keys in the JWKS document; the last one signs. Tests may edit the list.
        metadata_fetches: How often the OpenID document was asked for.
        key_fetches: How often the JWKS document was asked for.
        delay: Seconds that the JWKS document takes.
    """

    def __init__(self, *, audience: str, clock: Callable[[], dt.datetime]) -> None:
        self._audience = audience
        self._clock = clock
        self.published = [PublishedKey(SigningKey.generate())]
        self.metadata_fetches = 0
        self.key_fetches = 0
        self.delay = 0.0

    @property
    def key(self) -> SigningKey:
        """The key that signs now."""
        return self.published[-1].key

    def rotate(self, *, keep_old: bool = True, endorsements: Sequence[str] | None = ENDORSEMENTS) -> SigningKey:
        """Publishes a new key, signs with it from now on, and returns it; the old ones stay published on request."""
        new = PublishedKey(SigningKey.generate(), endorsements)
        self.published = [*(self.published if keep_old else []), new]
        return new.key

    def token(
        self,
        service_url: str,
        *,
        audience: object = None,
        lifetime: dt.timedelta = _LIFETIME,
        key: SigningKey | None = None,
        header: Mapping[str, object] | None = None,
        without: Collection[str] = (),
        **claims: object,
    ) -> str:
        """A token for one request to the bot; with arguments beyond the first, a forged one.

        Args:
            service_url: The activity's `serviceUrl`, repeated in the claim `serviceurl`.
            audience: Another `aud` than the bot's app id; a list is put in as it is.
            lifetime: From now to `exp`; negative for an expired token.
            key: Signs instead of the published key; the header still names this key's own `kid`.
            header: JOSE header members that replace the usual ones; None as a value removes one. `alg` chooses how the
                signature is made: RS256, RS512, PS256, HS256 (keyed with the public key, the classic confusion) or
                none; by any other name it is that of RS256.
            without: Names of claims left out.
            claims: Further claims, or other values for the usual ones.
        """
        key = key or self.key
        now = int(self._clock().timestamp())
        usual = {
            "serviceurl": service_url,
            "nbf": now,
            "exp": now + int(lifetime.total_seconds()),
            "iss": ISSUER,
            "aud": self._audience if audience is None else audience,
        }
        usual_header = {"alg": "RS256", "kid": key.kid, "x5t": key.kid, "typ": "JWT"}
        return _compact(
            {name: value for name, value in {**usual_header, **(header or {})}.items() if value is not None},
            {name: value for name, value in {**usual, **claims}.items() if name not in without},
            key,
        )

    def routes(self) -> list[web.RouteDef]:
        """The OpenID document and the JWKS document, at the paths of login.botframework.com."""
        return [web.get(METADATA_PATH, self._metadata), web.get(KEYS_PATH, self._keys)]

    async def _metadata(self, request: web.Request) -> web.Response:
        self.metadata_fetches += 1
        here = f"{request.scheme}://{request.host}"
        return web.json_response(
            {
                "issuer": ISSUER,
                "authorization_endpoint": "https://invalid.botframework.com",
                "jwks_uri": here + KEYS_PATH,
                "id_token_signing_alg_values_supported": ["RS256"],
                "token_endpoint_auth_methods_supported": ["private_key_jwt"],
            }
        )

    async def _keys(self, _request: web.Request) -> web.Response:
        self.key_fetches += 1
        await asyncio.sleep(self.delay)
        return web.json_response({"keys": [published.jwk() for published in self.published]})


def _compact(header: Mapping[str, object], claims: Mapping[str, object], key: SigningKey) -> str:
    """RFC 7515 section 7.1, by hand: a library refuses to make half of the tokens that a guard must refuse."""
    sign = _SIGNATURES.get(str(header.get("alg")), _SIGNATURES["RS256"])
    return compact(json.dumps(header).encode(), json.dumps(claims).encode(), lambda data: sign(key, data))


def _public_pem(key: SigningKey) -> bytes:
    return key.key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


_SIGNATURES: dict[str, Callable[[SigningKey, bytes], bytes]] = {
    "RS256": SigningKey.rs256,
    "RS512": lambda key, data: key.key.sign(data, padding.PKCS1v15(), hashes.SHA512()),
    "PS256": lambda key, data: key.key.sign(data, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256()),
    "HS256": lambda key, data: hmac.digest(_public_pem(key), data, "sha256"),
    "none": lambda _key, _data: b"",
}
