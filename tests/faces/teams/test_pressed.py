"""What buttons carry, and what comes back from a client as the value of an invoke."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.teams.activities import execute
from mailcheck.diagnosis.catalogue import CATALOGUE
from mailcheck.faces.teams.intent import MAILBOX_LIMIT, Check, Explain
from mailcheck.faces.teams.pressed import check_data, explain_data, pressed
from mailcheck.model.request import Mailbox, MailProtocol

IMAP, POP, SMTP = MailProtocol
_A, _C = Mailbox("a@b.example"), Mailbox("c@d.example")


def _invoke(button: dict[str, Any]) -> object:
    """The value of the invoke that Teams makes of a pressed button, after its way through two clients."""
    return json.loads(json.dumps(execute({"type": "Action.Execute", "title": "Press", **button})))


def _value(verb: object, data: object, **more: object) -> dict[str, object]:
    return {"action": {"type": "Action.Execute", "verb": verb, "data": data, **more}, "trigger": "manual"}


_ADDRESSES = st.from_regex(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]{1,12}@[a-z0-9]{1,8}\.example", fullmatch=True)
_MAILBOXES = st.lists(st.builds(Mailbox, _ADDRESSES), min_size=1, max_size=MAILBOX_LIMIT, unique=True).map(tuple)
_PROTOCOLS = st.sets(st.sampled_from(MailProtocol)).map(lambda some: tuple(p for p in MailProtocol if p in some))


@given(_MAILBOXES, _PROTOCOLS)
def test_a_check_comes_back_as_it_was(mailboxes: tuple[Mailbox, ...], protocols: tuple[MailProtocol, ...]) -> None:
    """A button that checks some mailboxes by some protocols asks for just that."""
    assert pressed(_invoke(check_data(mailboxes, protocols))) == Check(mailboxes, protocols)


@pytest.mark.parametrize("diagnosis", [entry.id for entry in CATALOGUE])
def test_an_explanation_comes_back_as_it_was(diagnosis: str) -> None:
    """Each diagnosis of the catalogue can be asked for by a button."""
    assert pressed(_invoke(explain_data(diagnosis))) == Explain(diagnosis)


@pytest.mark.parametrize(
    "value, intent",
    [
        (_value("check", {"mailboxes": ["a@b.example"], "protocols": []}), Check((_A,))),
        (_value("check", {"mailboxes": ["a@B.Example"], "protocols": ["imap"]}), Check((_A,), (IMAP,))),
        (_value("check", {"mailboxes": ["a@b.example"], "protocols": ["smtp", "imap"]}), Check((_A,), (IMAP, SMTP))),
        (_value("check", {"mailboxes": ["a@b.example"], "protocols": ["pop", "pop"]}), Check((_A,), (POP,))),
        (_value("check", {"mailboxes": ["c@d.example", "a@b.example", "c@D.example"], "protocols": []}),
         Check((_C, _A))),
        (_value("check", {"mailboxes": ["a@b.example"], "protocols": [], "msteams": {}}, id="x", title="y"),
         Check((_A,))),
        (_value("explain", {"id": "imap-sign-in-refused", "x": 1}), Explain("imap-sign-in-refused")),
    ],
)  # fmt: skip
def test_what_is_understood(value: object, intent: object) -> None:
    """Order and repetition do not matter, members that are not ours do not disturb."""
    assert pressed(value) == intent


@pytest.mark.parametrize(
    "value",
    [
        None,
        5,
        "check",
        [],
        {},
        {"action": None},
        {"action": "Action.Execute"},
        {"verb": "check", "data": {"mailboxes": ["a@b.example"], "protocols": []}},
        {"action": {"verb": "check", "data": {"mailboxes": ["a@b.example"], "protocols": []}}},
        {"action": {"type": "Action.Submit", "verb": "check", "data": {"mailboxes": ["a@b.example"], "protocols": []}}},
        _value("delete", {"mailboxes": ["a@b.example"], "protocols": []}),
        _value("Check", {"mailboxes": ["a@b.example"], "protocols": []}),
        _value(None, {"mailboxes": ["a@b.example"], "protocols": []}),
        _value(["check"], {"mailboxes": ["a@b.example"], "protocols": []}),
        _value("check", None),
        _value("check", []),
        _value("check", '{"mailboxes": ["a@b.example"], "protocols": []}'),
        _value("check", {}),
        _value("check", {"mailboxes": ["a@b.example"]}),
        _value("check", {"mailboxes": [], "protocols": []}),
        _value("check", {"mailboxes": "a@b.example", "protocols": []}),
        _value("check", {"mailboxes": {"a@b.example": 1}, "protocols": []}),
        _value("check", {"mailboxes": ["a@b.example", 5], "protocols": []}),
        _value("check", {"mailboxes": ["a@b.example", ["c@d.example"]], "protocols": []}),
        _value("check", {"mailboxes": ["a@b.example", "shared"], "protocols": []}),
        _value("check", {"mailboxes": ["a@b.example\r\nA1 LOGOUT"], "protocols": []}),
        _value("check", {"mailboxes": ['a"; Remove-Mailbox@b.example'], "protocols": []}),
        _value("check", {"mailboxes": ["x" * 400 + "@b.example"], "protocols": []}),
        _value("check", {"mailboxes": [f"a{n}@b.example" for n in range(MAILBOX_LIMIT + 1)], "protocols": []}),
        _value("check", {"mailboxes": ["a@b.example"], "protocols": None}),
        _value("check", {"mailboxes": ["a@b.example"], "protocols": "imap"}),
        _value("check", {"mailboxes": ["a@b.example"], "protocols": ["imap", "ews"]}),
        _value("check", {"mailboxes": ["a@b.example"], "protocols": ["IMAP"]}),
        _value("check", {"mailboxes": ["a@b.example"], "protocols": [["imap"]]}),
        _value("check", {"mailboxes": ["a@b.example"], "protocols": ["imap"] * 4}),
        _value("explain", {}),
        _value("explain", {"id": None}),
        _value("explain", {"id": ["unknown"]}),
        _value("explain", {"id": "no-such-diagnosis"}),
        _value("explain", {"id": "IMAP-SIGN-IN-REFUSED"}),
        _value("explain", {"mailboxes": ["a@b.example"], "protocols": []}),
        _value("check", {"id": "unknown"}),
        _value("delete", {"id": "imap-sign-in-refused"}),
    ],
)
def test_what_no_button_of_ours_carries_is_nothing(value: object) -> None:
    """A verb, a shape, an address, a protocol or a number of them that we did not write: no intent at all."""
    assert pressed(value) is None


_WORDS = st.sampled_from(
    ["action", "type", "Action.Execute", "verb", "check", "explain", "data", "mailboxes", "protocols", "id", "unknown"]
)
_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | _WORDS | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_WORDS, inner, max_size=4),
    max_leaves=12,
)


_DATA = st.fixed_dictionaries(
    {
        "mailboxes": st.lists(
            st.sampled_from(["a@b.example", "c@d.example", "c@D.example", "shared", "", 5]), max_size=12
        ),
        "protocols": st.lists(st.sampled_from([*MailProtocol, "ews", None]), max_size=4),
        "id": _WORDS | _JSON,
    }
)


@given(_JSON | st.builds(_value, _WORDS | _JSON, _DATA | _JSON) | st.builds(_value, st.just("check"), _DATA))
def test_any_value_is_looked_through(value: object) -> None:
    """Whatever a client sends back is nothing, or an intent that a message could have had as well."""
    match pressed(value):
        case Check(mailboxes, protocols, refused):
            assert 1 <= len(mailboxes) <= MAILBOX_LIMIT
            assert all(Mailbox.parse(mailbox.address) == mailbox for mailbox in mailboxes)
            assert len(set(protocols)) == len(protocols)
            assert not refused
        case Explain(diagnosis):
            assert any(entry.id == diagnosis for entry in CATALOGUE)
        case None:
            pass
