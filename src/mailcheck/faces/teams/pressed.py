"""What a pressed button asks for, and what a button carries so that it asks for that (pure).

The data comes back from a client, which may have changed it: it is parsed like anything else that a person writes.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeIs

from mailcheck.diagnosis.catalogue import CATALOGUE
from mailcheck.faces.teams.intent import MAILBOX_LIMIT, Check, Explain
from mailcheck.model.request import InvalidAddress, Mailbox, MailProtocol

_CHECK: Final = "check"
_EXPLAIN: Final = "explain"
_KNOWN: Final = frozenset(entry.id for entry in CATALOGUE)


def check_data(mailboxes: Iterable[Mailbox], protocols: Iterable[MailProtocol]) -> dict[str, Any]:
    """`verb` and `data` of an Action.Execute that checks these mailboxes; no protocols: those that are set."""
    data = {
        "mailboxes": [mailbox.address for mailbox in mailboxes],
        "protocols": [protocol.value for protocol in protocols],
    }
    return {"verb": _CHECK, "data": data}


def explain_data(diagnosis_id: str) -> dict[str, Any]:
    """`verb` and `data` of an Action.Execute that explains this diagnosis."""
    return {"verb": _EXPLAIN, "data": {"id": diagnosis_id}}


def pressed(value: object) -> Check | Explain | None:
    """The intent of an `adaptiveCard/action` invoke, from its untrusted value; None: no button of ours made it.

    The shape is that of Universal Actions for Adaptive Cards: `{"action": {"type": "Action.Execute", "verb": ...,
    "data": ...}, "trigger": ...}`. Members beside these are passed over: Teams adds some, and may add more.
    """
    match value:
        case {"action": {"type": "Action.Execute", "verb": str(verb), "data": dict(data)}}:
            pass
        case _:
            return None
    if verb == _CHECK:
        return _check(data)
    diagnosis = data.get("id")
    if verb == _EXPLAIN and isinstance(diagnosis, str) and diagnosis in _KNOWN:
        return Explain(diagnosis)
    return None


def _check(data: Mapping[str, object]) -> Check | None:
    texts, names = data.get("mailboxes"), data.get("protocols")
    if not _are_texts(texts, MAILBOX_LIMIT) or not _are_texts(names, len(MailProtocol)):
        return None
    parsed = [Mailbox.parse(text) for text in texts]
    mailboxes = tuple(dict.fromkeys(one for one in parsed if isinstance(one, Mailbox)))
    protocols = tuple(protocol for protocol in MailProtocol if protocol in names)
    if not mailboxes or any(isinstance(one, InvalidAddress) for one in parsed) or len(protocols) < len(set(names)):
        return None
    return Check(mailboxes, protocols)


def _are_texts(value: object, limit: int) -> TypeIs[list[str]]:
    return isinstance(value, list) and len(value) <= limit and all(isinstance(one, str) for one in value)
