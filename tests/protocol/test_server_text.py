"""A server's words, made fit to keep."""

import base64

import pytest

from mailcheck.protocol.server_text import (
    SENTENCE_LIMIT,
    WORD_LIMIT,
    internal_server_name,
    printable,
    sentence,
    smtp_server_name,
)

_NAME = "AB1PR02CA0007.EXAMPLE02.PROD.FABRIKAM.EXAMPLE"


@pytest.mark.parametrize(
    "text, shown",
    [
        (b"plain", "plain"),
        ("Grüße, 日本語 🙂", "Grüße, 日本語 🙂"),
        (b"caf\xe9", "caf\ufffd"),
        ("a\r\nb\tc\x00d\x7fe\x9bf", "a\ufffd\ufffdb\ufffdc\ufffdd\ufffde\ufffdf"),
        ("line\u2028end", "line\ufffdend"),
        ("turned \u202eround\u2066", "turned \ufffdround\ufffd"),
        ("half \ud800", "half \ufffd"),
    ],
)
def test_printable(text: bytes | str, shown: str) -> None:
    """What controls a line or cannot be encoded is replaced; every script of the world is not."""
    assert printable(text) == shown


@pytest.mark.parametrize(
    "text, shown",
    [
        ("User:<anna@fabrikam.example>", "User:<withheld>"),
        ("User: anna smith", "User:<withheld>"),
        ("user:anna; Server:x", "User:<withheld>; Server:x"),
        ('"User:FABRIKAM\\anna" Code=8]', '"User:<withheld>" Code=8]'),
        ("User:anna@fabrikam.example NoADRecipient Proxy:x", "User:<withheld> NoADRecipient Proxy:x"),
        ("User: anna@fabrikam.example NoADRecipient]", "User:<withheld> NoADRecipient]"),
        ("User:  anna@fabrikam.example", "User:<withheld>"),
        ("User: anna smith Code=8 NoADRecipient", "User:<withheld> Code=8 NoADRecipient"),
        ("User: anna smith Proxy:x]", "User:<withheld> Proxy:x]"),
        ("User:", "User:<withheld>"),
        ("<UserType:OutlookCom>", "<UserType:OutlookCom>"),
        ("SuperUser:x", "SuperUser:x"),
    ],
)
def test_users_are_withheld(text: str, shown: str) -> None:
    """The user in Exchange's diagnostics is somebody's name."""
    assert sentence(text) == shown


@pytest.mark.parametrize(
    "length, shown",
    [
        (WORD_LIMIT - 1, "unknown " + "x" * (WORD_LIMIT - 1)),
        (WORD_LIMIT, f"unknown <{WORD_LIMIT} characters withheld>"),
        (5000, "unknown <5,000 characters withheld>"),
    ],
)
def test_long_words_are_withheld(length: int, shown: str) -> None:
    """A word as long as a token may be one."""
    assert sentence("unknown " + "x" * length) == shown


def test_sentences_are_bounded() -> None:
    """A sentence has at most SENTENCE_LIMIT characters, and shows where it was cut."""
    assert len(sentence("so " * 1000)) == SENTENCE_LIMIT
    assert sentence("so " * 1000).endswith("…")


@pytest.mark.parametrize(
    "greeting, name",
    [
        (f"ready. [{base64.b64encode(_NAME.encode('utf-16-le')).decode()}]", _NAME),
        ("ready. []", None),
        ("ready.", None),
        ("[ALERT]", None),  # base64 by chance, and no UTF-16
        ("[CAPABILITY IMAP4rev1] ready", None),
        (f"ready. [{base64.b64encode(_NAME.encode()).decode()}]", None),
        (f"ready. [{base64.b64encode('no host'.encode('utf-16-le')).decode()}]", None),
        (f"ready. [{base64.b64encode(_NAME.encode('utf-16-le')).decode()[:-2]}]", None),
    ],
)
def test_internal_server_name(greeting: str, name: str | None) -> None:
    """Exchange's greetings end in the server's own name, as base64 of UTF-16LE; other brackets are none."""
    assert internal_server_name(greeting) == name


@pytest.mark.parametrize(
    "reply, name",
    [
        (f"5.7.3 no [{_NAME} 2026-11-23T18:41:23.117Z 08DE2A1B3C4D5E6F]", _NAME),
        (f"5.7.3 no [{_NAME}]", _NAME),
        (f"5.7.3 no [{_NAME}] ", _NAME),
        (f"4.3.2 later [Hostname={_NAME}]", _NAME),
        (f"{_NAME} Microsoft ESMTP MAIL Service ready at Mon, 23 Nov 2026 18:41:22 +0000 [08DE2A1B3C4D5E6F]", _NAME),
        (f"{_NAME} ESMTP Postfix", None),
        (f"no [{_NAME}] and more", None),
        ("no [08DE2A1B3C4D5E6F]", None),
        ("connection refused for [192.0.2.7]", None),
        ("connection refused for [2001:db8::7]", None),
        ("no []", None),
        (f"no [{_NAME} torn", None),
        (f"no [{_NAME}_1]", None),
        (f"no [{'a' * 64}.example]", None),
        (f"no [{f'{"a" * 60}.' * 4}{'b' * 9}]", f"{f'{"a" * 60}.' * 4}{'b' * 9}"),
        (f"no [{f'{"a" * 60}.' * 4}{'b' * 10}]", None),
    ],
)
def test_smtp_server_name(reply: str, name: str | None) -> None:
    """Exchange's SMTP replies name the server: a greeting begins with it, a refusal ends in it."""
    assert smtp_server_name(reply) == name
