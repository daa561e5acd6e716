"""The claims of an access token, read but not verified: Exchange does that."""

import base64
import datetime as dt

from mailcheck.adapters.https import json_object, line_of
from mailcheck.model.credential import Claims


def read_claims(token: str) -> Claims | None:
    """The claims in an access token (a JSON Web Token, RFC 7519), its signature not looked at: Exchange does that.

    Claims of the wrong type are as good as absent: Exchange would not take them either.

    Returns:
        None when the token is opaque: not three parts of ASCII, or no JSON object in the second.
    """
    parts = token.split(".")
    if len(parts) != 3 or not token.isascii():  # noqa: PLR2004 - header, payload, signature: RFC 7515 section 3.1
        return None
    try:
        payload = base64.b64decode(parts[1] + "=" * (-len(parts[1]) % 4), altchars=b"-_", validate=True).decode()
    except ValueError:
        return None
    claims = json_object(payload)
    if claims is None:
        return None
    audience, roles = claims.get("aud"), claims.get("roles")
    if isinstance(audience, list):  # RFC 7519 section 4.1.3 allows several; Entra writes one
        audience = next(iter(audience), "")
    return Claims(
        audience=line_of(audience),
        roles=tuple(line_of(role) for role in roles if isinstance(role, str)) if isinstance(roles, list) else (),
        tenant_id=line_of(claims.get("tid")),
        app_id=line_of(claims.get("appid")) or line_of(claims.get("azp")),
        object_id=line_of(claims.get("oid")),
        expires_at=_moment(claims.get("exp")),
        scopes=tuple(line_of(claims.get("scp")).split()),
    )


def _moment(value: object) -> dt.datetime | None:
    """A NumericDate (RFC 7519 section 2) as UTC."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return dt.datetime.fromtimestamp(value, dt.UTC)
    except (ValueError, OverflowError, OSError):
        return None
