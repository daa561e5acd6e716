"""How a request to the bot is forged: what the rows of tests/forgeries.py are made of.

A forgery is an honest request that is wrong in one way. Many are signed by the issuer's own key: what a token for
another bot, channel or tenant says is as genuine as ours.
"""

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from lab.signing import SigningKey, base64url
from lab.teams.issuer import Issuer, PublishedKey

type Maker = Callable[[Issuer, str], str]

STRANGER = SigningKey.generate()
OTHER_ID = "99999999-aaaa-4bbb-8ccc-000000000009"
EVIL = "https://evil.example/"


class Sdk(StrEnum):
    """What botbuilder 4.17.1 makes of a request without the guard."""

    ACCEPTS = "lets it in"
    REFUSES = "401"
    RAISES = "an exception, so 500"


@dataclass(frozen=True)
class Forgery:
    """A request that is wrong in one way.

    Attributes:
        name: What is wrong with it.
        reason: A word of the reason for which the guard refuses it.
        sdk: What the bare SDK does with it.
        token: Makes the token for the activity's `serviceUrl`.
        header: The Authorization header that carries it.
        edit: Changes the activity; a member of None is left out.
        body: Changes the activity's JSON.
        url: Makes the `serviceUrl` of activity and token out of the honest one.
        by_http: Whether a client can send it at all.
    """

    name: str
    reason: str
    sdk: Sdk
    token: Maker = lambda issuer, url: issuer.token(url)
    header: Callable[[str], str] = lambda token: f"Bearer {token}"
    edit: Callable[[Mapping[str, Any]], Mapping[str, Any]] = dict
    body: Callable[[bytes], bytes] = bytes
    url: Callable[[str], str] = str
    by_http: bool = True

    def request(self, issuer: Issuer, honest: Mapping[str, Any]) -> tuple[str, bytes]:
        """The Authorization header and the body of the forgery of an honest activity."""
        url = self.url(str(honest["serviceUrl"]))
        edited = self.edit({**honest, "serviceUrl": url})
        activity = {name: value for name, value in edited.items() if value is not None}
        return self.header(self.token(issuer, url)), self.body(json.dumps(activity).encode())


def signed(**arguments: Any) -> Maker:  # noqa: ANN401 - those of Issuer.token
    """A token of the issuer's with these arguments."""
    return lambda issuer, url: issuer.token(url, **arguments)


def headed(**members: object) -> Maker:
    """A token whose header has these members; None leaves one out."""
    return signed(header=members)


def published(name: str) -> Maker:
    """A token that is signed by one of the keys in `HOSTILE`."""
    return signed(key=HOSTILE[name].key)


def changed(**members: object) -> Callable[[Mapping[str, Any]], Mapping[str, Any]]:
    """An edit of the activity that replaces members; None leaves one out."""
    return lambda activity: {**activity, **members}


def inside(*path: str, value: object) -> Callable[[Mapping[str, Any]], Mapping[str, Any]]:
    """An edit of the activity that replaces the member at a path."""

    def edit(activity: Mapping[str, Any]) -> Mapping[str, Any]:
        name, *rest = path
        inner = inside(*rest, value=value)(activity.get(name, {})) if rest else value
        return {**activity, name: inner}

    return edit


def tampered(part: int, edit: Callable[[dict[str, Any]], object]) -> Maker:
    """An honest token, one of whose JSON parts is changed after signing."""

    def make(issuer: Issuer, url: str) -> str:
        parts = issuer.token(url).split(".")
        document = edit(json.loads(base64.urlsafe_b64decode(parts[part] + "==")))
        parts[part] = base64url(json.dumps(document).encode())
        return ".".join(parts)

    return make


def _weak(bits: int, exponent: int) -> SigningKey:
    return SigningKey(rsa.generate_private_key(public_exponent=exponent, key_size=bits))


def _spilt() -> PublishedKey:
    key = SigningKey.generate()
    return PublishedKey(key, members=RSAAlgorithm.to_jwk(key.key, as_dict=True))


def _key(**members: object) -> PublishedKey:
    return PublishedKey(SigningKey.generate(), members=members)


# Keys in the issuer's own document that are not to be taken. A guard fetches it once for all of them.
HOSTILE: Mapping[str, PublishedKey] = {
    "no endorsements": PublishedKey(SigningKey.generate(), None),
    "endorsed for no channel": PublishedKey(SigningKey.generate(), ()),
    "endorsed for another channel": PublishedKey(SigningKey.generate(), ("webchat",)),
    "endorsed for the channel in capitals": PublishedKey(SigningKey.generate(), ("MSTEAMS",)),
    "endorsements are a text": _key(endorsements="msteams"),
    "for encryption": _key(use="enc"),
    "for another algorithm": _key(alg="RS512"),
    "1024 bits": PublishedKey(_weak(1024, 65537)),
    "exponent 3": PublishedKey(_weak(2048, 3)),
    "with its private half": _spilt(),
    "symmetric": _key(kty="oct", k=base64url(b"k" * 32)),
    "no modulus": _key(n=None),
    "exponent 1": _key(e=base64url(b"\1")),
}


def publish(issuer: Issuer) -> None:
    """Adds the hostile keys to the issuer's document; its own still signs."""
    issuer.published = [*HOSTILE.values(), *issuer.published]
