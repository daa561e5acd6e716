"""What Key Vault answers in place of a secret, as evidence: its codes, and the facts that it writes into its messages.

The form is that of the page "Azure Key Vault REST API error codes".
"""

import re
from collections.abc import Mapping
from typing import Final

from mailcheck.adapters.https import json_object, line_of, one_line, time_to_wait
from mailcheck.model.evidence import Evidence, Fault, Stage

_UNAUTHORIZED: Final = 401
_THROTTLED: Final = 429
_SERVER_ERROR: Final = 500

_VAULT_CODE: Final = re.compile(r"(AKV\d{5}):")  # opens the message of a 401, whose code is "Unauthorized" for all
_MISSING: Final = "AKV10000"  # it came without a token
_FACTS: Final = {  # written by the vault into its messages, for the administrator to act on
    "app_id": re.compile(r"\bappid=([0-9A-Fa-f-]{36})\b"),
    "object_id": re.compile(r"\boid=([0-9A-Fa-f-]{36})\b"),
    "client_address": re.compile(r"\bClient address: ([0-9A-Fa-f.:]{2,45})(?=[\s,;]|$)"),
    "action": re.compile(r"\bAction: '([\w./*]{1,120})'"),
}
_CHALLENGE: Final = re.compile(r"challenge resource '([^'\s]{1,253})'")


def refusal(host: str, status: int, body: str, headers: Mapping[str, str], *, with_token: bool) -> Evidence:
    """The evidence in an answer that is not a secret.

    Args:
        host: The vault's host name.
        status: HTTP status.
        body: The text of the answer.
        headers: Its headers.
        with_token: Whether the request had a token. One that had none is a question for the vault's challenge.
    """
    code, inner, message = _error_of(body)
    by_status = status == _THROTTLED or status >= _SERVER_ERROR
    vault_code = found[1] if (found := _VAULT_CODE.match(message)) else ""
    if status == _UNAUTHORIZED and not with_token and vault_code in {"", _MISSING}:
        return malformed(host, "the answer asks for a token and does not say for which service")
    signal = inner or (str(status) if by_status else vault_code or code or str(status))
    wait = time_to_wait(headers.get("Retry-After", ""))
    details = {"host": host, "status": str(status), **_facts(message), **wait}
    return Evidence(Stage.VAULT, signal, said=one_line(message), details=details)


def mismatch(host: str, said: str) -> Evidence | None:
    """The evidence in the SDK's refusal to send one service's token to another's host; none in any other words."""
    found = _CHALLENGE.search(said)
    if found is None:
        return None
    # The rest of the SDK's sentence advises to switch the check off.
    said = one_line(said.partition(" Pass ")[0])
    details = {"host": host, "challenge_resource": one_line(found[1])}
    return Evidence(Stage.VAULT, Fault.CHALLENGE_MISMATCH, said=said, details=details)


def malformed(host: str, said: str = "the answer is no secret in JSON") -> Evidence:
    """The evidence in what no vault answers, such as a 200 that is no secret."""
    return Evidence(Stage.VAULT, Fault.MALFORMED, said=said, details={"host": host})


def _error_of(body: str) -> tuple[str, str, str]:
    """Code, inner code and message of an error; "" for none."""
    error = _object((json_object(body) or {}).get("error"))
    inner = _object(error.get("innererror") or error.get("innerError"))
    message = error.get("message")
    return line_of(error.get("code")), line_of(inner.get("code")), message if isinstance(message, str) else ""


def _object(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _facts(message: str) -> dict[str, str]:
    return {name: found[1] for name, pattern in _FACTS.items() if (found := pattern.search(message))}
