"""Requests to the bot that are not to be let in: one table for the guard, for the app behind HTTP and for the bare SDK.

docs/forgeries.md is written from it (tests/forgeries_page.py).
"""

import base64
import datetime as dt
import json
from collections.abc import Mapping, Sequence

from lab.signing import base64url, compact
from lab.teams.issuer import Issuer
from lab.tenant import BOT_CLIENT_ID, BOT_RESOURCE, TENANT_ID
from mailcheck.adapters.bot_guard import LEEWAY, TOKEN_LIMIT
from tests.forging import (
    EVIL,
    HOSTILE,
    OTHER_ID,
    STRANGER,
    Forgery,
    Maker,
    Sdk,
    changed,
    headed,
    inside,
    published,
    signed,
    tampered,
)

ACCEPTS, REFUSES, RAISES = Sdk.ACCEPTS, Sdk.REFUSES, Sdk.RAISES
_HOUR = dt.timedelta(hours=1)
_HOST = "https://smba.trafficmanager.net"
_TENANT = ("channelData", "tenant", "id")


def _written(header: str = "", claims: str = "") -> Maker:
    """An honest token with this text before its header's first member, and this before its claims' first."""

    def make(issuer: Issuer, url: str) -> str:
        parts = [base64.urlsafe_b64decode(part + "==") for part in issuer.token(url).split(".")[:2]]
        head, body = (b"{" + more.encode() + part[1:] for more, part in zip((header, claims), parts, strict=True))
        return compact(head, body, issuer.key.rs256)

    return make


def _ends(text: str) -> Maker:
    """An honest token whose claims end with this text."""

    def make(issuer: Issuer, url: str) -> str:
        parts = [base64.urlsafe_b64decode(part + "==") for part in issuer.token(url).split(".")[:2]]
        return compact(
            parts[0], parts[1].rstrip()[:-1] + text.encode(errors="surrogateescape") + b"}", issuer.key.rs256
        )

    return make


def _doubled(name: str, value: object) -> Maker:
    """An honest token with one claim twice: a wrong one, and after it the right one."""
    return _written(claims=f"{json.dumps(name)}: {json.dumps(value)}, ")


def _as_the_true_key(issuer: Issuer, url: str) -> str:
    return issuer.token(url, key=STRANGER, header={"kid": issuer.key.kid})


def _kid_with(more: str) -> Maker:
    return lambda issuer, url: issuer.token(url, header={"kid": issuer.key.kid + more})


def _other_case(issuer: Issuer, url: str) -> str:
    return issuer.token(url, header={"kid": issuer.key.kid.swapcase()})


def _exponent_one(issuer: Issuer, url: str) -> str:
    """By a key of exponent 1 the padded digest would be its own signature: no private key is needed."""
    digest_info = bytes.fromhex("3031300d060960864801650304020105000420")
    block = b"\0\1" + b"\xff" * (256 - 3 - len(digest_info) - 32) + b"\0" + digest_info + b"\0" * 32
    header = {"alg": "RS256", "kid": HOSTILE["exponent 1"].key.kid}
    claims = base64.urlsafe_b64decode(issuer.token(url).split(".")[1] + "==")
    return compact(json.dumps(header).encode(), claims, lambda _: block)


def _nested(levels: int) -> str:
    return ".".join((base64url(b'{"alg":' + b"[" * levels), "e30", "e30"))


HEADERS = (
    Forgery("no header", "bearer", REFUSES, header=lambda _: ""),
    Forgery("a token without a scheme", "bearer", REFUSES, header=lambda token: token),
    Forgery("another scheme", "bearer", REFUSES, header=lambda token: f"Basic {token}"),
    Forgery("the scheme alone", "bearer", RAISES, header=lambda _: "Bearer "),
    Forgery("two schemes", "bearer", REFUSES, header=lambda token: f"Bearer Bearer {token}"),
    Forgery("two headers, which a host joins", "bearer", REFUSES, header=lambda t: f"Bearer {t}, Bearer {t}"),
    Forgery("two headers, the second honest", "bearer", REFUSES, header=lambda token: f"Bearer a.b.c, Bearer {token}"),
    Forgery("two tokens behind one scheme", "bearer", REFUSES, header=lambda token: f"Bearer {token} {token}"),
    Forgery("a list of two tokens", "bearer", RAISES, header=lambda token: f"Bearer {token},{token}"),
    Forgery("a tab for the blank", "bearer", REFUSES, header=lambda token: f"Bearer\t{token}"),
    Forgery("a no-break space for the blank", "bearer", REFUSES, header=lambda token: f"Bearer\u00a0{token}"),
    Forgery("a line break in it", "bearer", REFUSES, header=lambda token: f"Bearer {token}\r\nX: y", by_http=False),
    Forgery("a zero byte in it", "bearer", RAISES, header=lambda token: f"Bearer {token}\0", by_http=False),
    Forgery("in quotes", "bearer", RAISES, header=lambda token: f'Bearer "{token}"'),
    Forgery("garbage", "bearer", RAISES, header=lambda _: "Bearer garbage"),
    Forgery("garbage in three parts", "header", RAISES, header=lambda _: "Bearer a.b.c"),
    Forgery("a letter in full width", "bearer", RAISES, header=lambda token: f"Bearer \uff45{token[1:]}"),
    Forgery("padding behind the parts", "bearer", RAISES, header=lambda token: f"Bearer {token}="),
    Forgery("a fourth part", "bearer", RAISES, header=lambda token: f"Bearer {token}.e30"),
    Forgery("the five parts of an encrypted token", "bearer", RAISES, header=lambda token: f"Bearer {token}.e30.e30"),
    Forgery("without its signature", "bearer", RAISES, header=lambda token: f"Bearer {token.rpartition('.')[0]}."),
    Forgery("without its last letter", "malformed", RAISES, header=lambda token: f"Bearer {token[:-1]}"),
    Forgery("far too long", "bearer", RAISES, header=lambda token: f"Bearer {token}{'A' * TOKEN_LIMIT}"),
)  # fmt: skip
MEMBERS = (
    Forgery("alg none", "bearer", RAISES, headed(alg="none")),
    Forgery("alg none with a signature", "header", RAISES, headed(alg="none"), header=lambda t: f"Bearer {t}AA"),
    Forgery("alg NONE", "header", RAISES, headed(alg="NONE")),
    Forgery("no alg", "header", RAISES, headed(alg=None)),
    Forgery("alg is a list", "header", RAISES, headed(alg=["RS256"])),
    Forgery("alg in lower case", "header", RAISES, headed(alg="rs256")),
    Forgery("HS256 keyed with the public key", "header", RAISES, headed(alg="HS256")),
    Forgery("RS512", "header", RAISES, headed(alg="RS512")),
    Forgery("PS256", "header", RAISES, headed(alg="PS256")),
    Forgery("ES256", "header", RAISES, headed(alg="ES256")),
    Forgery("alg twice, the last one honest", "header", ACCEPTS, _written(header='"alg": "none", ')),
    Forgery("kid twice, the last one honest", "header", ACCEPTS, _written(header='"kid": "x", ')),
    Forgery("no kid", "header", RAISES, headed(kid=None)),
    Forgery("an empty kid", "header", RAISES, headed(kid="")),
    Forgery("kid is a number", "header", RAISES, headed(kid=7)),
    Forgery("kid is a list", "header", RAISES, headed(kid=["x"])),
    Forgery("kid is endless", "header", RAISES, headed(kid="k" * 1000)),
    Forgery("an unknown kid", "no published key", RAISES, headed(kid="unknown")),
    Forgery("kid is a path", "no published key", RAISES, headed(kid="../../../dev/null")),
    Forgery("kid is a query", "no published key", RAISES, headed(kid="' OR 1=1 --")),
    Forgery("kid in another case", "no published key", RAISES, _other_case),
    Forgery("kid with a blank behind it", "no published key", RAISES, _kid_with(" ")),
    Forgery("kid with a zero byte behind it", "no published key", RAISES, _kid_with("\0")),
    Forgery("a critical extension", "header", RAISES, headed(crit=["exp2"], exp2=1)),
    Forgery("an empty list of critical extensions", "header", RAISES, headed(crit=[])),
    Forgery("b64 false", "header", RAISES, headed(b64=False)),
    Forgery("b64 false, declared critical", "header", RAISES, headed(b64=False, crit=["b64"])),
    Forgery("compressed", "header", ACCEPTS, headed(zip="DEF")),
    Forgery("encrypted", "header", ACCEPTS, headed(enc="A256GCM")),
    Forgery("typ of an access token", "header", ACCEPTS, headed(typ="at+jwt")),
    Forgery("typ of a proof of possession", "header", ACCEPTS, headed(typ="pop")),
    Forgery("typ is a list", "header", ACCEPTS, headed(typ=["JWT"])),
    Forgery("nested a thousand levels deep", "header", RAISES, header=lambda _: f"Bearer {_nested(1500)}"),
)  # fmt: skip
KEYS = (
    Forgery("a stranger's key under its own kid", "no published key", RAISES, signed(key=STRANGER)),
    Forgery("a stranger's key under the true kid", "verify", RAISES, _as_the_true_key),
    Forgery(
        "brings its own key (jwk)", "no published key", RAISES, signed(key=STRANGER, header={"jwk": STRANGER.jwk()})
    ),
    Forgery(
        "says where its key is (jku)", "no published key", RAISES,
        signed(key=STRANGER, header={"jku": f"{EVIL}keys", "x5u": f"{EVIL}cert"}),
    ),
    Forgery("claims changed after signing", "verify", RAISES, tampered(1, lambda claims: {**claims, "x": 1})),
    Forgery("header changed after signing", "verify", RAISES, tampered(0, lambda header: {**header, "x": 1})),
    Forgery("a key without endorsements", "no published key", ACCEPTS, published("no endorsements")),
    Forgery("a key endorsed for no channel", "no published key", ACCEPTS, published("endorsed for no channel")),
    Forgery("a key endorsed for another channel", "endorsed", RAISES, published("endorsed for another channel")),
    Forgery(
        "a key endorsed for the channel in capitals", "endorsed", RAISES,
        published("endorsed for the channel in capitals"),
    ),
    Forgery("a key whose endorsements are a text", "no published", ACCEPTS, published("endorsements are a text")),
    Forgery("a key for encryption", "no published key", ACCEPTS, published("for encryption")),
    Forgery("a key for another algorithm", "no published key", ACCEPTS, published("for another algorithm")),
    Forgery("a key of 1024 bits", "no published key", ACCEPTS, published("1024 bits")),
    Forgery("a key of exponent 3", "no published key", ACCEPTS, published("exponent 3")),
    Forgery("a key of exponent 1, signed without its private half", "no published key", RAISES, _exponent_one),
    Forgery("a key whose private half is published", "no published key", RAISES, published("with its private half")),
    Forgery("a symmetric key", "no published key", RAISES, published("symmetric")),
    Forgery("a key without a modulus", "no published key", RAISES, published("no modulus")),
)  # fmt: skip
CLAIMS = (
    Forgery("another audience", "aud", REFUSES, signed(audience=OTHER_ID)),
    Forgery("audience is a list with ours", "aud", REFUSES, signed(audience=[BOT_CLIENT_ID])),
    Forgery("audience is a list with ours and another", "aud", REFUSES, signed(audience=[OTHER_ID, BOT_CLIENT_ID])),
    Forgery("no audience", "aud", REFUSES, signed(without=["aud"])),
    Forgery("an empty audience", "aud", REFUSES, signed(audience="")),
    Forgery("audience with a blank", "aud", REFUSES, signed(audience=f"{BOT_CLIENT_ID} ")),
    Forgery("audience by its address", "aud", REFUSES, signed(audience=f"api://{BOT_CLIENT_ID}")),
    Forgery("audience in full width", "aud", REFUSES, signed(audience=BOT_CLIENT_ID.replace("3", "\uff13"))),
    Forgery("audience twice, the last one ours", "claims", ACCEPTS, _doubled("aud", OTHER_ID)),
    Forgery("another issuer", "iss", REFUSES, signed(iss="https://sts.windows.net/x/")),
    Forgery("issuer with a slash more", "iss", REFUSES, signed(iss="https://api.botframework.com/")),
    Forgery("issuer in capitals", "iss", REFUSES, signed(iss="HTTPS://API.BOTFRAMEWORK.COM")),
    Forgery("issuer of the government's cloud", "iss", REFUSES, signed(iss="https://api.botframework.us")),
    Forgery("issuer is a list", "iss", REFUSES, signed(iss=["https://api.botframework.com"])),
    Forgery("no issuer", "iss", RAISES, signed(without=["iss"])),
    Forgery("issuer twice, the last one true", "claims", ACCEPTS, _doubled("iss", "https://evil.example")),
    Forgery("expired", "exp", RAISES, signed(lifetime=-_HOUR)),
    Forgery("expired just past the leeway", "exp", RAISES, signed(lifetime=dt.timedelta(seconds=-LEEWAY))),
    Forgery("no exp", "exp", ACCEPTS, signed(without=["exp"])),
    Forgery("exp is null", "exp", RAISES, signed(exp=None)),
    Forgery("exp is a text", "exp", ACCEPTS, signed(exp="9999999999")),
    Forgery("exp is a fraction", "exp", ACCEPTS, signed(exp=4102444800.5)),
    Forgery("exp is infinite", "claims", RAISES, signed(exp=float("inf"))),
    Forgery("exp is not a number", "claims", RAISES, signed(exp=float("nan"))),
    Forgery("exp is true", "exp", RAISES, signed(exp=True)),
    Forgery("exp in a hundred years", "exp", ACCEPTS, signed(exp=4102444800 + 10**9)),
    Forgery("exp of four hundred digits", "exp", ACCEPTS, signed(exp=10**400)),
    Forgery("exp in milliseconds", "exp", ACCEPTS, signed(exp=4102444800000)),
    Forgery("exp twice, the last one honest", "claims", ACCEPTS, _doubled("exp", 1)),
    Forgery("no nbf", "nbf", ACCEPTS, signed(without=["nbf"])),
    Forgery("nbf in the future", "nbf", RAISES, signed(nbf=4102444800)),
    Forgery("nbf is a text", "nbf", ACCEPTS, signed(nbf="0")),
    Forgery("another serviceurl", "serviceurl", REFUSES, signed(serviceurl=EVIL)),
    Forgery("no serviceurl", "serviceurl", REFUSES, signed(without=["serviceurl"])),
    Forgery("serviceurl is a list", "serviceurl", REFUSES, lambda issuer, url: issuer.token(url, serviceurl=[url])),
    Forgery("serviceurl under another name", "serviceurl", REFUSES, signed(without=["serviceurl"], serviceUrl=EVIL)),
    Forgery("claims are a list", "malformed", RAISES, tampered(1, lambda _: [])),
    Forgery("claims with a byte that is not UTF-8", "claims", RAISES, _ends(', "x": "\udcff"')),
)  # fmt: skip
STRANGERS = (
    Forgery("of the emulator, v1", "iss", ACCEPTS, signed(
        iss="https://sts.windows.net/d6d49420-f39b-4df7-a1dc-d59a935871db/", appid=BOT_CLIENT_ID, ver="1.0",
        without=["serviceurl"],
    )),
    Forgery("of the emulator, v2", "iss", ACCEPTS, signed(
        iss="https://login.microsoftonline.com/d6d49420-f39b-4df7-a1dc-d59a935871db/v2.0", azp=BOT_CLIENT_ID, ver="2.0",
        without=["serviceurl"],
    )),
    Forgery("of the emulator, for any audience", "iss", ACCEPTS, signed(
        iss="https://sts.windows.net/f8cdef31-a31e-4b4a-93e4-5f571e91255a/", appid=BOT_CLIENT_ID, ver="1.0",
        audience=BOT_RESOURCE,
    )),
    Forgery("of the emulator, with an attacker's serviceUrl", "iss", ACCEPTS, signed(
        iss="https://sts.windows.net/d6d49420-f39b-4df7-a1dc-d59a935871db/", appid=BOT_CLIENT_ID, ver="1.0",
        without=["serviceurl"],
    ), edit=changed(serviceUrl=EVIL)),
    Forgery("of a skill", "iss", REFUSES, signed(
        iss="https://sts.windows.net/d6d49420-f39b-4df7-a1dc-d59a935871db/", appid=OTHER_ID, ver="1.0",
    )),
    Forgery("of nobody's skill", "iss", REFUSES, signed(
        iss="https://sts.windows.net/d6d49420-f39b-4df7-a1dc-d59a935871db/", appid="AnonymousSkill",
    )),
    Forgery("the bot's own, for the connector", "iss", REFUSES, signed(
        iss=f"https://sts.windows.net/{TENANT_ID}/", appid=BOT_CLIENT_ID, audience=BOT_RESOURCE, ver="1.0",
    )),
)  # fmt: skip
ACTIVITIES = (
    Forgery("no channelId", "channelId", ACCEPTS, edit=changed(channelId=None)),
    Forgery("an empty channelId", "channelId", ACCEPTS, edit=changed(channelId="")),
    Forgery("webchat", "channelId", ACCEPTS, edit=changed(channelId="webchat")),
    Forgery("emulator", "channelId", RAISES, edit=changed(channelId="emulator")),
    Forgery("channelId in another case", "channelId", RAISES, edit=changed(channelId="MSTeams")),
    Forgery("channelId with a blank", "channelId", RAISES, edit=changed(channelId="msteams ")),
    Forgery("channelId is a list", "channelId", RAISES, edit=changed(channelId=["msteams"])),
    Forgery(
        "channelId twice, the last one Teams'", "one meaning", ACCEPTS,
        body=lambda body: b'{"channelId": "webchat", ' + body[1:],
    ),
    Forgery("another tenant", "another tenant", ACCEPTS, edit=inside("conversation", "tenantId", value=OTHER_ID)),
    Forgery("no tenant in the conversation", "twice", ACCEPTS, edit=inside("conversation", "tenantId", value=None)),
    Forgery("no conversation", "twice", ACCEPTS, edit=changed(conversation=None)),
    Forgery("conversation is a text", "twice", RAISES, edit=changed(conversation=TENANT_ID)),
    Forgery("another tenant in channelData", "another tenant", ACCEPTS, edit=inside(*_TENANT, value=OTHER_ID)),
    Forgery("no tenant in channelData", "twice", ACCEPTS, edit=inside("channelData", "tenant", value=None)),
    Forgery("tenant elsewhere in channelData", "twice", ACCEPTS, edit=changed(channelData={"tenantId": TENANT_ID})),
    Forgery("tenant of the sender alone", "twice", ACCEPTS, edit=changed(
        channelData={}, **{"from": {"id": "29:x", "tenantId": TENANT_ID}}
    )),
    Forgery("no channelData", "twice", ACCEPTS, edit=changed(channelData=None)),
    Forgery("channelData is a list", "twice", ACCEPTS, edit=changed(channelData=[{"tenant": {"id": TENANT_ID}}])),
    Forgery("tenant is a number", "twice", ACCEPTS, edit=inside(*_TENANT, value=1)),
    Forgery("tenant is a list", "twice", ACCEPTS, edit=inside(*_TENANT, value=[TENANT_ID])),
    Forgery("tenant with a blank", "another tenant", ACCEPTS, edit=inside(*_TENANT, value=f" {TENANT_ID}")),
    Forgery("tenant in braces", "another tenant", ACCEPTS, edit=inside(*_TENANT, value=f"{{{TENANT_ID}}}")),
    Forgery("a tenant that begins like ours", "another tenant", ACCEPTS, edit=inside(*_TENANT, value=TENANT_ID[:-1])),
    Forgery(
        "tenant twice, the last one ours", "one meaning", ACCEPTS,
        body=lambda body: body.replace(b'"tenant": {', b'"tenant": {"id": "' + OTHER_ID.encode() + b'", '),
    ),
)  # fmt: skip
BODIES = (
    Forgery("empty", "one JSON", RAISES, body=lambda _: b""),
    Forgery("no JSON", "one JSON", RAISES, body=lambda body: body[:-1]),
    Forgery("a list of the activity", "one JSON", RAISES, body=lambda body: b"[" + body + b"]"),
    Forgery("two activities", "one JSON", RAISES, body=lambda body: body + body),
    Forgery("a byte order mark before it", "one JSON", ACCEPTS, body=lambda body: b"\xef\xbb\xbf" + body),
    Forgery("UTF-16", "one JSON", ACCEPTS, body=lambda body: body.decode().encode("utf-16")),
    Forgery("NaN in it", "one JSON", ACCEPTS, body=lambda body: b'{"x": NaN, ' + body[1:]),
    Forgery("a number beyond all others", "one JSON", ACCEPTS, body=lambda body: b'{"x": 1e400, ' + body[1:]),
    Forgery("ten thousand levels deep", "one JSON", RAISES, body=lambda body: b'{"x": ' + b"[" * 10_000 + body[1:]),
)  # fmt: skip
ADDRESSES = (
    Forgery("no serviceUrl", "serviceUrl", ACCEPTS, edit=changed(serviceUrl=None)),
    Forgery("an empty serviceUrl", "serviceUrl", ACCEPTS, edit=changed(serviceUrl="")),
    Forgery("serviceUrl is no text", "serviceUrl", REFUSES, edit=changed(serviceUrl={"a": 1})),
    Forgery("an attacker's serviceUrl", "serviceUrl", REFUSES, edit=changed(serviceUrl=EVIL)),
    Forgery("another region's serviceUrl", "serviceurl", REFUSES, edit=changed(serviceUrl=f"{_HOST}/apac/")),
    Forgery(
        "serviceUrl a slash shorter", "serviceurl", REFUSES,
        edit=lambda activity: {**activity, "serviceUrl": activity["serviceUrl"].rstrip("/")},
    ),
    Forgery(
        "serviceUrl twice, the last one honest", "one meaning", ACCEPTS,
        body=lambda body: b'{"serviceUrl": "https://evil.example/", ' + body[1:],
    ),
)  # fmt: skip


def _address(name: str, url: str) -> Forgery:
    return Forgery(name, "serviceUrl", ACCEPTS, url=lambda _: url)


# Each is the claim and the activity's own: the Bot Framework itself has signed it.
SIGNED_ADDRESSES = (
    _address("of a stranger", EVIL),
    _address("of the metadata service", "http://169.254.169.254/metadata/identity/"),
    _address("in clear", "http://smba.trafficmanager.net/emea/"),
    _address("of a file", "file:///etc/passwd"),
    _address("broken", "https://["),
    _address("another name under trafficmanager.net", "https://evil.trafficmanager.net/emea/"),
    _address("a stranger's name that begins with the host's", f"{_HOST}.evil.example/"),
    _address("another port", f"{_HOST}:8443/emea/"),
    _address("a user before a stranger's host", f"{_HOST}@evil.example/emea/"),
    _address("a user before the host", "https://x@smba.trafficmanager.net/emea/"),
    _address("a backslash before the host", "https://evil.example\\@smba.trafficmanager.net/"),
    _address("a fragment before the host", "https://evil.example#@smba.trafficmanager.net/"),
    _address("a query", f"{_HOST}/emea/?x=y"),
    _address("a fragment", f"{_HOST}/emea/#x"),
    _address("a dot behind the host", f"{_HOST}./emea/"),
    _address("the host in capitals", "https://SMBA.TRAFFICMANAGER.NET/emea/"),
    _address("ideographic dots", "https://smba\u3002trafficmanager\u3002net/emea/"),
    _address("a Cyrillic letter", "https://smb\u0430.trafficmanager.net/emea/"),
    _address("Punycode", "https://xn--smb-8cd.trafficmanager.net/emea/"),
    _address("two dots in the path", f"{_HOST}/emea/../../x"),
    _address("an escape in the path", f"{_HOST}/%2e%2e/emea/"),
    _address("a blank before it", f" {_HOST}/emea/"),
    _address("a line break behind it", f"{_HOST}/emea/\n"),
    _address("of another machine that calls itself this one", "http://127.0.0.1.evil.example/teams/"),
)
SECTIONS: Mapping[str, Sequence[Forgery]] = {
    "The Authorization header": HEADERS,
    "The token's header": MEMBERS,
    "The key and the signature": KEYS,
    "The claims": CLAIMS,
    "Genuine tokens of others": STRANGERS,
    "The body": BODIES,
    "The activity": ACTIVITIES,
    "Where to answer": ADDRESSES,
    "Where to answer, signed": SIGNED_ADDRESSES,
}
FORGERIES = tuple(forgery for section in SECTIONS.values() for forgery in section)
