"""Verification of signed tokens against a clock that is given."""

import datetime as dt

import pytest

from lab.signing import Rejected, SigningKey

KEY = SigningKey.generate()
NOW = dt.datetime(2031, 5, 6, 7, 8, 9, tzinfo=dt.UTC)  # far from any machine's clock
SECONDS = int(NOW.timestamp())


def signed(**changes: object) -> str:
    """A token that is good for a minute on either side of NOW, with these claims changed; None leaves one out."""
    usual = {"aud": "resource", "iss": "issuer", "nbf": SECONDS - 60, "exp": SECONDS + 60}
    return KEY.sign({name: value for name, value in {**usual, **changes}.items() if value is not None})


@pytest.mark.parametrize("changes", [{}, {"nbf": None}, {"nbf": SECONDS}, {"exp": SECONDS + 0.5}, {"iat": SECONDS + 9}])
def test_the_clock_is_the_one_given(changes: dict[str, object]) -> None:
    """A token is good from `nbf` on and until `exp`, by the time given."""
    assert KEY.verify(signed(**changes), audience=["other", "resource"], issuer="issuer", now=NOW)["aud"] == "resource"


@pytest.mark.parametrize(
    "changes, reason",
    [
        ({"exp": SECONDS}, "ExpiredSignatureError"),
        ({"exp": None}, "MissingRequiredClaimError"),
        ({"exp": "tomorrow"}, "DecodeError"),
        ({"exp": True}, "DecodeError"),
        ({"nbf": SECONDS + 1}, "ImmatureSignatureError"),
        ({"nbf": {}}, "DecodeError"),
        ({"aud": 5}, "InvalidAudienceError"),
        ({"iss": "stranger"}, "InvalidIssuerError"),
    ],
)
def test_what_does_not_fit_is_rejected(changes: dict[str, object], reason: str) -> None:
    """Each fault is told by the name of PyJWT's exception."""
    with pytest.raises(Rejected, match=reason):
        KEY.verify(signed(**changes), audience="resource", issuer="issuer", now=NOW)


def test_what_is_no_text_is_rejected() -> None:
    """A header's octets that are no UTF-8 arrive as surrogates, and are a malformed token."""
    with pytest.raises(Rejected, match="malformed"):
        KEY.verify("\udcff.\udcff.\udcff", audience="resource", now=NOW)
