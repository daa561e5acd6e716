"""A mailbox address, alone and in a JSON body."""

import json
from collections.abc import Iterable

from mailcheck.faces.asking import check_request
from mailcheck.model.request import ADDRESS_LIMIT, CheckRequest, InvalidAddress, Mailbox, MailProtocol

_ALLOWED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+/=?^_`{|}~-.@")


def one_input(data: bytes) -> None:
    """An address that is accepted is harmless and stays what it is; a body is a request or named problems."""
    text = data.decode("utf-8", "surrogateescape")  # JSON can spell lone surrogates too
    match Mailbox.parse(text):
        case Mailbox(address) as parsed:
            assert len(address) <= ADDRESS_LIMIT
            assert set(address) <= _ALLOWED
            assert address.count("@") == 1
            assert Mailbox.parse(address) == parsed
        case InvalidAddress(reason):
            assert reason
    _body({"mailbox": text})
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        return
    _body(body)


def seeds() -> Iterable[bytes]:
    """Addresses and bodies, good and bad."""
    texts = [
        "shared@contoso.com",
        " o'brien+x@mail.contoso.co.uk\n",
        "a.b-c_d@xn--bcher-kva.example",
        "x';Remove-Mailbox y;'@contoso.com",
        "a@b@contoso.com",
        '"quoted"@contoso.com',
        "größe@contoso.com",
        '{"mailbox": "anna@contoso.com", "protocols": ["pop", "imap"]}',
        '{"mailbox": 1, "protocols": [null, {}], "x": 1e999}',
        "[[[]]]",
    ]
    return (text.encode() for text in texts)


def _body(body: object) -> None:
    match check_request(body, (MailProtocol.IMAP,)):
        case CheckRequest(mailbox, protocols):
            assert Mailbox.parse(mailbox.address) == mailbox
            assert protocols
        case problems:
            assert problems
            assert all(len(bad.field) + len(bad.problem) < 500 for bad in problems)
            json.dumps([(bad.field, bad.problem) for bad in problems])
