"""The claims of an access token, read from tokens that are in order and from odd ones."""

import datetime as dt
import json

import pytest

from lab.signing import base64url
from mailcheck.adapters.token_claims import read_claims
from mailcheck.model.credential import Claims


def jwt_of(payload: object) -> str:
    """A token with this payload and no real signature."""
    parts = ({"alg": "RS256"}, payload)
    encoded = (base64url(json.dumps(part).encode()) for part in parts)
    return ".".join((*encoded, "c2ln"))


ABSENT = Claims(audience="", roles=(), tenant_id="", app_id="", object_id="", expires_at=None)


@pytest.mark.parametrize(
    "payload, field, value",
    [
        ({"aud": "https://outlook.office365.com"}, "audience", "https://outlook.office365.com"),
        ({"aud": ["https://a", "https://b"]}, "audience", "https://a"),
        ({"aud": []}, "audience", ""),
        ({"aud": [7]}, "audience", ""),
        ({"aud": {"a": 1}}, "audience", ""),
        ({"roles": ["IMAP.AccessAsApp", 7, None]}, "roles", ("IMAP.AccessAsApp",)),
        ({"roles": "IMAP.AccessAsApp"}, "roles", ()),
        ({"roles": {"IMAP.AccessAsApp": True}}, "roles", ()),
        ({"tid": "t"}, "tenant_id", "t"),
        ({"tid": 7}, "tenant_id", ""),
        ({"appid": "v1"}, "app_id", "v1"),
        ({"azp": "v2"}, "app_id", "v2"),
        ({"appid": None, "azp": "v2"}, "app_id", "v2"),
        ({"oid": "o"}, "object_id", "o"),
        ({"scp": "IMAP.AccessAsUser.All offline_access"}, "scopes", ("IMAP.AccessAsUser.All", "offline_access")),
        ({"scp": ["IMAP"]}, "scopes", ()),
        ({"exp": 1_800_000_000}, "expires_at", dt.datetime(2027, 1, 15, 8, 0, tzinfo=dt.UTC)),
        ({"exp": 1_800_000_000.5}, "expires_at", dt.datetime(2027, 1, 15, 8, 0, 0, 500_000, tzinfo=dt.UTC)),
        ({"exp": -1}, "expires_at", dt.datetime(1969, 12, 31, 23, 59, 59, tzinfo=dt.UTC)),
        ({"exp": "1800000000"}, "expires_at", None),
        ({"exp": True}, "expires_at", None),
        ({"exp": 10**20}, "expires_at", None),
        ({"exp": 10**400}, "expires_at", None),
        ({"exp": 1e300}, "expires_at", None),
        ({"exp": float("nan")}, "expires_at", None),
        ({"exp": float("inf")}, "expires_at", None),
        ({"aud": "https://a\u202e\x1b[2J\ud800"}, "audience", "https://a\ufffd [2J\ufffd"),
        ({"roles": ["\x1b]0;IMAP\x07"]}, "roles", ("]0;IMAP",)),
        ({"oid": "\ud800"}, "object_id", "\ufffd"),
        ({"scp": "\u2066one two"}, "scopes", ("\ufffdone", "two")),
        ({}, "audience", ""),
    ],
)
def test_claims_of_the_wrong_type_are_absent(payload: object, field: str, value: object) -> None:
    """Each claim is read when it has its type, and is as good as absent when it has not; the others stand."""
    claims = read_claims(jwt_of(payload))
    assert claims is not None
    assert getattr(claims, field) == value
    others = {name: getattr(claims, name) for name in Claims.__dataclass_fields__ if name != field}
    assert others == {name: getattr(ABSENT, name) for name in others}


@pytest.mark.parametrize("length", range(4))
def test_padding_is_left_out_of_tokens(length: int) -> None:
    """base64url stands in a token without padding, whatever its length."""
    claims = read_claims(jwt_of({"tid": "t" * length}))
    assert claims is not None
    assert claims.tenant_id == "t" * length


@pytest.mark.parametrize(
    "token",
    [
        "",
        "opaque",
        "a.b",
        "a.b.c.d.e",
        "a.!!!.c",
        "a.b.c",
        "a.\u00e9.c",
        "a." + base64url(b"\xff\xfe") + ".c",
        jwt_of({"aud": "a signature that cannot be sent"}) + "\ud800",
        jwt_of(["a list"]),
        jwt_of("a text"),
        jwt_of(None),
        "a." + base64url(b"[" * 100_000) + ".c",
    ],
)
def test_an_opaque_token_has_no_claims(token: str) -> None:
    """What is not three parts with a JSON object in the second cannot be read, and nothing is raised."""
    assert read_claims(token) is None
