r"""SASL XOAUTH2: the one line that carries the token, and the challenge that explains a refusal.

Not an RFC: Microsoft's "Authenticate an IMAP, POP or SMTP connection using OAuth" and Google's "OAuth 2.0 mechanism"
define it. The client sends base64 of `user=<address>^Aauth=Bearer <token>^A^A`. A server that refuses may first send
a challenge, base64 of JSON such as `{"status":"401","schemes":"bearer","scope":"mail"}`, and waits for an empty
answer before it gives the refusal itself. Exchange skips the challenge; others send it.
"""

import base64
import binascii
import json
from collections.abc import Callable, Mapping

from mailcheck.model.evidence import NO_DETAILS
from mailcheck.model.request import Mailbox
from mailcheck.model.secret import Secret
from mailcheck.protocol.effects import Dialogue, Send
from mailcheck.protocol.server_text import sentence

MECHANISM = "XOAUTH2"
# What a challenge is answered with: the empty line that lets the refusal come, and for a second one, which is no part
# of XOAUTH2, the cancellation (RFC 3501 section 6.2.2, RFC 5034 section 4, RFC 4954 section 4). Never the token again.
_ANSWERS = (Send(b"\r\n"), Send(b"*\r\n"))
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


def answer_challenges[R](
    reply: R, challenge: Callable[[R], str | None], read: Callable[[], Dialogue[R]]
) -> Dialogue[tuple[R, Mapping[str, str]]]:
    """Gets the verdict on a token that the server has, through the challenges that may come before it.

    Args:
        reply: What came in answer to the token.
        challenge: The challenge in a reply, in base64; none when the reply is another thing.
        read: Reads the next reply.

    Returns:
        The first reply that is no challenge, and what the challenges before it explained. A server that goes on after
        the cancellation has its third challenge returned.
    """
    explained: Mapping[str, str] = NO_DETAILS
    for answer in _ANSWERS:
        asked = challenge(reply)
        if asked is None:
            break
        explained = explained or explanation(asked)
        yield answer
        reply = yield from read()
    return reply, explained
