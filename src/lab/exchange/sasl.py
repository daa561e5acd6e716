"""What a client sends inside AUTHENTICATE and AUTH: base64 (RFC 4648), and the XOAUTH2 response in it."""

import base64
import binascii
from dataclasses import dataclass, field

_SEPARATOR = "\x01"
_USER = "user="
_BEARER = "auth=Bearer "


@dataclass(frozen=True)
class XOAuth2:
    """An XOAUTH2 client response.

    Attributes:
        user: The mailbox that shall be opened, as the client spelled it.
        token: The bearer token; left out of the repr.
    """

    user: str
    token: str = field(repr=False)


def decode(line: bytes) -> bytes | None:
    """The bytes behind a base64 line; None when it is no base64 of whole groups and the right alphabet."""
    try:
        return base64.b64decode(line, validate=True)
    except binascii.Error:
        return None


def parse(response: bytes) -> XOAuth2 | None:
    """The fields of `user=` address ^A `auth=Bearer ` token ^A ^A; None when the response has another shape.

    Source: https://learn.microsoft.com/exchange/client-developer/legacy-protocols/
    how-to-authenticate-an-imap-pop-smtp-application-by-using-oauth
    """
    try:
        fields = response.decode("utf-8").split(_SEPARATOR)
    except UnicodeDecodeError:
        return None
    match fields:
        case [user, auth, "", ""] if user.startswith(_USER) and auth.startswith(_BEARER):
            return XOAuth2(user.removeprefix(_USER), auth.removeprefix(_BEARER))
        case _:
            return None
