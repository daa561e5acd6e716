"""The codes and reasons inside a server's sentence."""

from collections.abc import Mapping

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mailcheck.model.evidence import Evidence, Fault, Stage
from mailcheck.model.report import Maildrop
from mailcheck.model.request import MailProtocol
from mailcheck.protocol.refusal import UNREAD, on_server, refusal, throttled
from mailcheck.protocol.server_text import internal_server_name, smtp_server_name
from tests.linear import cpu_seconds
from tests.protocol.referee import assert_fit_to_show
from tests.protocol.replay import TOKEN


@pytest.mark.parametrize(
    "text, details",
    [
        ("AUTHENTICATE failed.", {}),
        ("[AUTHENTICATIONFAILED] no", {"code": "AUTHENTICATIONFAILED"}),
        ("[sys/temp] later", {"code": "SYS/TEMP"}),
        ("[REFERRAL imap://x.example/] moved", {"code": "REFERRAL"}),
        ("see [RFC5530]", {}),
        ("[never closed", {"code": "NEVER"}),
        ('no [Error="A B" C=8] D', {"reason": 'Error="A B" C=8'}),
        ('[Error="A]B"] no', {"reason": 'Error="A]B"'}),
        (
            "[AUTHENTICATIONFAILED] AuthFailed:LogonDenied-BasicAuthBlocked-<UserType:OutlookCom>",
            {
                "code": "AUTHENTICATIONFAILED",
                "reason": "AuthFailed:LogonDenied-BasicAuthBlocked-<UserType:OutlookCom>",
            },
        ),
        ('no [Error="AuthFailed:LogonDenied torn', {"reason": "AuthFailed:LogonDenied torn"}),
    ],
)
def test_details(text: str, details: Mapping[str, str]) -> None:
    """A response code at the beginning, Exchange's diagnostics wherever they stand."""
    expected = Evidence(Stage.AUTH, "NO", text, MailProtocol.IMAP, details)

    assert refusal(MailProtocol.IMAP, Stage.AUTH, "NO", text) == expected


@pytest.mark.parametrize(
    "text, details",
    [
        ("Request is throttled. Suggested Backoff Time: 61002 milliseconds", {"backoff_ms": "61002"}),
        ("Request is throttled.", {}),
        ("Request is throttled", {}),
        ("Request is throttled. Suggested Backoff Time: soon", {}),
    ],
)
@pytest.mark.parametrize("signal", ["NO", "BAD", "BYE", "-ERR"])
def test_throttling_has_one_name(signal: str, text: str, details: Mapping[str, str]) -> None:
    """The sentence decides, since it comes under more than one code; the time to wait is taken when it is there."""
    evidence = refusal(MailProtocol.POP, Stage.LIST, signal, text)

    assert (evidence.signal, evidence.details) == (Fault.THROTTLED, details)
    assert throttled(text)


def test_challenge_goes_into_the_details() -> None:
    """What the server explained before it refused stands beside its refusal."""
    evidence = refusal(MailProtocol.IMAP, Stage.AUTH, "NO", "[X] no", {"status": "401"})

    assert evidence.details == {"status": "401", "code": "X"}


def test_a_reason_behind_the_user_is_kept() -> None:
    """Withholding the user does not withhold the reason that follows the name."""
    text = 'no [Error="x" AuthResultFromPopImapEnd=8 User: anna@fabrikam.example NoADRecipient]'

    details = refusal(MailProtocol.IMAP, Stage.AUTH, "NO", text).details

    assert details == {"reason": 'Error="x" AuthResultFromPopImapEnd=8 User:<withheld> NoADRecipient'}


def test_a_refusal_before_the_token_is_marked() -> None:
    """What was refused before the server had read the token says so in its details."""
    assert refusal(MailProtocol.POP, Stage.AUTH, "-ERR", "[IN-USE]", UNREAD).details == {
        "token": "unread",
        "code": "IN-USE",
    }


@pytest.mark.parametrize(
    "text, details",
    [
        ("5.7.139 Authentication unsuccessful, basic", {"code": "5.7.139"}),
        ("4.3.2", {"code": "4.3.2"}),
        ("5.7.3: no", {"code": "5.7.3"}),
        ("Authentication unsuccessful 5.7.3", {}),
        ("5.7.3.1 no", {}),
        ("5.7.1234 no", {}),
        ("3.7.1 no", {}),
        ("5.7.3no", {}),
        ("[AUTH] no", {}),
        ("192.0.2.7 is not welcome", {}),
    ],
)
def test_enhanced_status_codes(text: str, details: Mapping[str, str]) -> None:
    """In SMTP the code is the enhanced status code at the beginning (RFC 2034), and brackets have none."""
    expected = Evidence(Stage.AUTH, "535", text, MailProtocol.SMTP, details)

    assert refusal(MailProtocol.SMTP, Stage.AUTH, "535", text) == expected


def test_server_is_named_in_evidence_only() -> None:
    """A known name joins the evidence, and does not replace one that is there; what was found stays as it is."""
    evidence = Evidence(Stage.AUTH, "NO", details={"code": "X"})
    named = Evidence(Stage.AUTH, "NO", details={"code": "X", "server": "a.b"})

    assert on_server(Maildrop(1, 2), "a.b") == Maildrop(1, 2)
    assert on_server(evidence, None) is evidence
    assert on_server(evidence, "a.b") == named
    assert on_server(named, "c.d") == named


_WORDS = st.one_of(
    st.text(max_size=30),
    st.sampled_from(["[", "]", ' [Error="', '"', "AuthFailed:", "User:", " <", ">", " ", "@"]),
    st.sampled_from(["Request is throttled. Suggested Backoff Time: 1", "5.7.139 ", " milliseconds"]),
    st.sampled_from([TOKEN.reveal(), f"Bearer {TOKEN.reveal()}", "x" * 600, "9" * 40]),
)


@pytest.mark.parametrize("protocol", MailProtocol)
@given(st.lists(_WORDS, max_size=8).map("".join))
@example(f"[{'A' * 600}] no")
@example(f"[{TOKEN.reveal()}] no")
@example(f'[Error="{TOKEN.reveal()}"] no')
@example(f"5.7.3 {TOKEN.reveal()}")
def test_any_refusal_is_fit_to_show(protocol: MailProtocol, text: str) -> None:
    """Whatever a server says, its words and every detail of them are bounded, printable and without the token."""
    evidence = refusal(protocol, Stage.AUTH, "NO", text)

    assert_fit_to_show(evidence.said, *evidence.details.values())
    assert TOKEN.reveal().upper() not in str(evidence.details)


@pytest.mark.parametrize(
    "text",
    [
        "[" * 400_000,
        "[a" * 200_000,
        'Error="' * 60_000,
        'Error="x" ' * 40_000,
        "AuthFailed:" * 40_000,
        "User:" * 80_000,
        "User: a b" + " " * 400_000,
        "User:a" + "@" * 400_000,
        "User:x-" * 60_000,
        " a" * 200_000,
        "x" * 199 + " " + "x" * 400_000,
        "a." * 200_000,
        "[a.bc" * 80_000,
        "[a.bc]" + " " * 400_000 + "x",
        "Request is throttled" * 20_000,
    ],
    ids=lambda text: text[:12],
)
@pytest.mark.parametrize("protocol", MailProtocol)
def test_long_sentences_are_read_in_linear_time(protocol: MailProtocol, text: str) -> None:
    """No pattern goes back over what it has read: quadratic time would be minutes here."""

    def read() -> None:
        refusal(protocol, Stage.AUTH, "NO", text)
        internal_server_name(text)
        smtp_server_name(text)

    assert cpu_seconds(read, 3.0) < 3
