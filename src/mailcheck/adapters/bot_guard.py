"""The guard before the bot: lets in what Teams sends from our tenant, and nothing else.

https://learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-connector-authentication, "Connector to bot",
and more than it asks for. It stands before the SDK because the SDK alone lets in tokens without `exp`, keys without
endorsements, other channels and tenants, activities that leave out `channelId` or `serviceUrl`, and "emulator" tokens
that any tenant's administrator can get.
"""

import base64
import binascii
import datetime as dt
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import jwt

from mailcheck.adapters.bot_hosts import ServiceHosts
from mailcheck.adapters.bot_keys import SigningKeys
from mailcheck.model.strict_json import strict_object

ISSUER: Final = "https://api.botframework.com"
CHANNEL: Final = "msteams"
ALGORITHM: Final = "RS256"
LEEWAY: Final = 300  # seconds that the two clocks may differ; Microsoft's page allows five minutes
LONGEST: Final = dt.timedelta(days=1)  # from now to the end of a token; a genuine one is good for about an hour
TOKEN_LIMIT: Final = 4 * 1024  # characters; a genuine one has about a thousand
KID_LIMIT: Final = 256
# RFC 7515 section 4.1.11, RFC 7797, RFC 7516: members that change what the signature says, or how the rest is read.
_MEANINGFUL: Final = frozenset({"crit", "b64", "zip", "enc"})

# RFC 6750 section 2.1 with a compact JWS (RFC 7515 section 7.1) for the token; two tokens or an empty signature do
# not fit.
_BEARER: Final = re.compile(r"(?i:bearer) +([\w-]+\.[\w-]+\.[\w-]+)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Admitted:
    """The request is from Teams, for us, from our tenant.

    Attributes:
        activity: What was sent. It is this object that was checked, and no other is to be read from the body.
        until: Until when the same request would be admitted again, UTC: it is to be remembered for as long.
    """

    activity: Mapping[str, Any]
    until: dt.datetime
    admitted: Literal[True] = True


@dataclass(frozen=True, slots=True)
class Rejected:
    """The request is not let in; `reason` is for the log. It is one of our own sentences: nothing of the request."""

    reason: str
    admitted: Literal[False] = False


class BotGuard:
    """Authenticates requests to the messaging endpoint.

    Args:
        app_id: The bot's application (client) id, the only audience taken.
        tenant_id: The only tenant taken.
        keys: Who may sign.
        hosts: Where the bot may answer.
        now: The time now, UTC.

    Raises:
        ValueError: an id is empty. To the SDK an empty app id means "let everybody in"; here it cannot.
    """

    def __init__(
        self, *, app_id: str, tenant_id: str, keys: SigningKeys, hosts: ServiceHosts, now: Callable[[], dt.datetime]
    ) -> None:  # fmt: skip
        if not app_id.strip() or not tenant_id.strip():
            raise ValueError("the guard needs an app id and a tenant id")
        self._app_id = app_id.lower()
        self._tenant_id = tenant_id.lower()
        self._keys = keys
        self._hosts = hosts
        self._now = now

    async def admit(self, authorization: str, body: bytes) -> Admitted | Rejected:
        """Whether the bot may see this request.

        The token comes first: who has none of ours has nothing read that could be long.

        Args:
            authorization: The Authorization header; empty where there is none.
            body: The activity, as it came.
        """
        claims = await self._claims(authorization)
        if isinstance(claims, Rejected):
            return claims
        fault = self._untrue(claims)
        if fault:
            return Rejected(fault)
        activity = strict_object(body)
        if activity is None:
            return Rejected("the body is not one JSON object of one meaning")
        fault = self._unfit(activity, claims)
        return Rejected(fault) if fault else Admitted(activity, _moment(claims["exp"] + LEEWAY))

    async def _claims(self, authorization: str) -> Mapping[str, Any] | Rejected:
        """The claims of the token, its signature verified by a key that is endorsed for the channel."""
        bearer = _BEARER.fullmatch(authorization) if len(authorization) <= TOKEN_LIMIT else None
        if bearer is None:
            return Rejected("the Authorization header is not one bearer token")
        kid = _kid(bearer[1])
        if kid is None:
            return Rejected(f"the token's header is not that of a JWT by {ALGORITHM} and a key's id")
        key = await self._keys.find(kid)
        if key is None:
            return Rejected("the token is signed by no published key that is endorsed")
        if CHANNEL not in key.endorsements:
            return Rejected("the token's key is not endorsed for the channel")
        try:
            # The signature here; the claims in `_untrue`, all of them in one table, and by our clock.
            payload = jwt.PyJWS().decode(bearer[1], key.public, algorithms=[ALGORITHM])
        except jwt.InvalidTokenError:
            return Rejected("the token's signature does not verify, or it is malformed")
        claims = strict_object(payload)
        return Rejected("the token's claims are malformed") if claims is None else claims

    def _untrue(self, claims: Mapping[str, Any]) -> str:
        """Which claim keeps the token from being for us and now; empty when none does."""
        now, last = self._now().timestamp(), (self._now() + LONGEST).timestamp()
        audience, expires, begins = (claims.get(name) for name in ("aud", "exp", "nbf"))
        faults = (
            (claims.get("iss") != ISSUER, "iss is not the Bot Framework"),
            (not isinstance(audience, str) or audience.lower() != self._app_id, "aud is not this bot"),
            (type(expires) is not int or expires + LEEWAY <= now, "exp is missing or has passed"),
            (type(expires) is int and expires > last, "exp is more than a day away"),
            (type(begins) is not int or begins - LEEWAY > now, "nbf is missing or has not come"),
        )
        return next((reason for wrong, reason in faults if wrong), "")

    def _unfit(self, activity: Mapping[str, Any], claims: Mapping[str, Any]) -> str:
        """What is wrong with the activity; empty when it says that it is for us, and the token agrees."""
        service_url = activity.get("serviceUrl")
        tenants = (
            _inside(activity, "conversation", "tenantId"),
            _inside(activity, "channelData", "tenant", "id"),
        )
        faults = (
            (activity.get("channelId") != CHANNEL, f"channelId is not {CHANNEL}"),
            (not isinstance(service_url, str) or not self._hosts.takes(service_url), "serviceUrl is not one of Teams'"),
            (claims.get("serviceurl") != service_url, "serviceurl is not the activity's serviceUrl"),
            (not all(isinstance(tenant, str) for tenant in tenants), "the activity does not name its tenant twice"),
            (any(str(tenant).lower() != self._tenant_id for tenant in tenants), "the activity is of another tenant"),
        )
        return next((reason for wrong, reason in faults if wrong), "")


def _kid(token: str) -> str | None:
    """The key id in the header of a JWT that is signed by RS256; none for any other token."""
    try:
        header = strict_object(base64.urlsafe_b64decode(f"{token.partition('.')[0]}=="))
    except binascii.Error:
        return None
    if header is None or not _MEANINGFUL.isdisjoint(header):
        return None
    kid, kind = header.get("kid"), header.get("typ", "JWT")
    fits = header.get("alg") == ALGORITHM and isinstance(kind, str) and kind.upper() == "JWT"
    return kid if fits and isinstance(kid, str) and 0 < len(kid) <= KID_LIMIT else None


def _moment(seconds: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(seconds, dt.UTC)


def _inside(document: Mapping[str, Any], *path: str) -> object:
    """The member at this path; none where an object on the way is missing or is something else."""
    value: object = document
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value
