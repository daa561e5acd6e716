"""A Secret masks itself everywhere but at reveal()."""

import json
import logging
import pickle
import traceback

import pytest

from mailcheck.model.credential import Claims, Token
from mailcheck.model.secret import Secret

PLANTED = "planted-secret-value"


def test_no_way_of_printing_shows_it(caplog: pytest.LogCaptureFixture) -> None:
    """repr, str, format, f-strings, containers, dataclasses, logs and tracebacks show its length at most."""
    secret = Secret(PLANTED)
    token = Token(secret, Claims("aud", (), "tid", "app", "oid", None))
    shown = [repr(secret), str(secret), f"{secret}", f"{secret!r:>40}", f"{secret}", repr([secret]), repr(token)]
    logging.getLogger("x").warning("token %s %r", secret, token)
    shown.append("".join(traceback.format_exception(ValueError(secret))))
    assert not [text for text in [*shown, caplog.text] if PLANTED in text]
    assert repr(secret) == "<20 characters withheld>"
    assert repr(Secret(b"12")) == "<2 bytes withheld>"


def test_reveal_gives_the_value() -> None:
    """reveal() is the way to the value, at the wire."""
    assert Secret(PLANTED).reveal() == PLANTED
    assert len(Secret(PLANTED)) == len(PLANTED)


def test_it_is_neither_pickled_nor_json() -> None:
    """What would write it down by accident fails instead."""
    with pytest.raises(TypeError):
        pickle.dumps(Secret(PLANTED))
    with pytest.raises(TypeError):
        json.dumps(Secret(PLANTED))
