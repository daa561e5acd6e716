"""What a server says about a refusal: the challenge of XOAUTH2, its sentence, its name, and the evidence made of it."""

import base64
from collections.abc import Iterable

from mailcheck.model.evidence import Stage
from mailcheck.model.request import MailProtocol
from mailcheck.protocol.refusal import refusal
from mailcheck.protocol.sasl import explanation
from mailcheck.protocol.server_text import internal_server_name, smtp_server_name
from tests.protocol.referee import assert_fit_to_show
from tests.protocol.replay import TOKEN


def one_input(data: bytes) -> None:
    """Whatever is said, and whatever of it is kept, is bounded, printable and without the token."""
    text = data.decode("utf-8", "replace").replace("<token>", TOKEN.reveal())
    assert_fit_to_show(*explanation(text).values())
    assert_fit_to_show(*explanation(base64.b64encode(text.encode()).decode()).values())
    assert_fit_to_show(*filter(None, (internal_server_name(text), smtp_server_name(text))))
    for protocol in MailProtocol:
        evidence = refusal(protocol, Stage.AUTH, "NO", text)
        assert_fit_to_show(evidence.said, *evidence.details.values())
        assert TOKEN.reveal().upper() not in str(evidence.details)


def seeds() -> Iterable[bytes]:
    """Challenges, and sentences of Exchange's kind."""
    challenge = '{"status":"401","schemes":"bearer","scope":"mail"}'
    texts = [
        challenge,
        base64.b64encode(challenge.encode()).decode(),
        '{"status":401,"scope":["a"],"schemes":"\\ud800"}',
        "[AUTHENTICATIONFAILED] no <token>",
        '[<token>] no [Error="AuthFailed:LogonDenied-None <token>" User:<anna@fabrikam.example> Code=8]',
        "User: anna smith Proxy:x] [SYS/TEMP] later",
        "Request is throttled. Suggested Backoff Time: 61002 milliseconds",
        "5.7.139 Authentication unsuccessful, the request did not meet the criteria [AB1PR02CA0007.fabrikam.example]",
        f"ready. [{base64.b64encode('AB1.PROD.EXAMPLE'.encode('utf-16-le')).decode()}]",
    ]
    return (text.encode() for text in texts)
