"""Reading a check request out of untrusted JSON: every bad field is named at once."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from mailcheck.model.request import CheckRequest, InvalidAddress, Mailbox, MailProtocol

_FIELDS = ("mailbox", "protocols")
_KNOWN = ", ".join(MailProtocol)


@dataclass(frozen=True, slots=True)
class BadField:
    """A field of the body that cannot be used, and why; for the caller."""

    field: str
    problem: str


def check_request(body: object, default: tuple[MailProtocol, ...]) -> CheckRequest | tuple[BadField, ...]:
    """The request in a parsed JSON body, or everything that is wrong with it.

    `default` is checked when the body names no protocols.
    """
    if not isinstance(body, dict):
        return (BadField("", 'the body must be a JSON object such as {"mailbox": "shared@contoso.com"}'),)
    strangers = [BadField(_short(name), "is not a field of a check") for name in body if name not in _FIELDS]
    mailbox = _mailbox(body)
    protocols = _protocols(body["protocols"]) if "protocols" in body else default
    if isinstance(mailbox, Mailbox) and not isinstance(protocols, BadField) and not strangers:
        return CheckRequest(mailbox, protocols)
    return (*(bad for bad in (mailbox, protocols) if isinstance(bad, BadField)), *strangers)


def _mailbox(body: dict[str, Any]) -> Mailbox | BadField:
    if "mailbox" not in body:
        return BadField("mailbox", "is missing: the address to check")
    if not isinstance(body["mailbox"], str):
        return BadField("mailbox", "must be a text: the address to check")
    parsed = Mailbox.parse(body["mailbox"])
    return BadField("mailbox", parsed.reason) if isinstance(parsed, InvalidAddress) else parsed


def _protocols(value: object) -> tuple[MailProtocol, ...] | BadField:
    if not isinstance(value, list) or not value:
        return BadField("protocols", f"must be a list with at least one of: {_KNOWN}")
    unknown = [one for one in value if not isinstance(one, str) or one not in tuple(MailProtocol)]
    if unknown:
        return BadField("protocols", f"{_listed(unknown)} cannot be checked; this version knows: {_KNOWN}")
    return tuple(protocol for protocol in MailProtocol if protocol in value)


def _listed(values: Iterable[object]) -> str:
    return ", ".join(_short(value) for value in list(values)[:3])


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 40 else f"{text[:39]}…"  # noqa: PLR2004 - enough to find the field by
