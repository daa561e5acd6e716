r"""SASL XOAUTH2: the one line that carries the token, and the challenge that explains a refusal.

Not an RFC: Microsoft's "Authenticate an IMAP, POP or SMTP connection using OAuth" and Google's "OAuth 2.0 mechanism"
define it. The client sends base64 of `user=<address>^Aauth=Bearer <token>^A^A`. A server that refuses may first send
a challenge, base64 of JSON such as `{"status":"401","schemes":"bearer","scope":"mail"}`, and waits for an empty
answer before it gives the refusal itself. Exchange skips the challenge; others send it.
"""

import base64
import binascii
import json
from collections.abc import Mapping

from mailcheck.model.evidence import NO_DETAILS
from mailcheck.model.request import Mailbox
from mailcheck.model.secret import Secret
from mailcheck.protocol.server_text import sentence

MECHANISM = "XOAUTH2"
# base64 characters. Those seen have about a hundred; brackets nested deep enough to trouble json have far more.
CHALLENGE_LIMIT = 2048
_EXPLAINS = ("status", "schemes", "scope")


def xoauth2(mailbox: Mailbox, token: Secret[str]) -> Secret[bytes]:
    """The client's only message, in base64: as secret as the token that it holds."""
    message = f"user={mailbox}\x01auth=Bearer {token.reveal()}\x01\x01"
    return Secret(base64.b64encode(message.encode()))


def explanation(challenge: str) -> Mapping[str, str]:
    """What an error challenge says: its `status`, `schemes` and `scope`, those that are there.

    Empty for a challenge that is not base64 of a JSON object, that is too long, or that is empty, as the go-ahead of
    a server that takes no initial response is.
    """
    if len(challenge) > CHALLENGE_LIMIT:
        return NO_DETAILS
    try:
        document = json.loads(binascii.a2b_base64(challenge + "==").decode("utf-8", "replace"))
    except ValueError:  # of either decoder
        return NO_DETAILS
    if not isinstance(document, dict):
        return NO_DETAILS
    return {
        name: sentence(str(document[name])) for name in _EXPLAINS if isinstance(document.get(name), (str, int, float))
    }
