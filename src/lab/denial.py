"""The refusals of the lab's Key Vault: `error.code`, `error.innererror.code` and the message that goes with them.

learn.microsoft.com/azure/key-vault/general/rest-error-codes.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

from aiohttp import web


class Denial(StrEnum):
    """The ways in which a whole vault refuses; the value is `error.innererror.code`, or `error.code` for the last."""

    RBAC = "ForbiddenByRbac"
    ACCESS_POLICY = "AccessDenied"
    FIREWALL = "ForbiddenByFirewall"
    CONNECTION = "ForbiddenByConnection"
    THROTTLED = "Throttled"


# With fields to fill in. What stands around them is the real vault's form, since clients read the caller's ids and
# address out of it; the sentences are not.
MESSAGES: Final[Mapping[Denial, str]] = {
    Denial.RBAC: (
        "The caller may not do this. A role that was assigned just now may need time.\r\n{caller}\r\n"
        "Action: '{action}'\r\nResource: '{path}'\r\nAssignment: (not found)\r\n"
        "DecisionReason: 'DeniedWithNoValidRBAC'\r\n{vault}"
    ),
    Denial.ACCESS_POLICY: "No access policy lets the caller do this.\r\n{caller}\r\nAction: '{action}'\r\n{vault}",
    Denial.FIREWALL: "The client's address is not allowed.\r\nClient address: {address}\r\n{caller}\r\n{vault}",
    Denial.CONNECTION: "Public network access is off, and this is no private link.\r\n{caller}\r\n{vault}",
    Denial.THROTTLED: "Too many requests; slow down.",
}


def not_found(what: str) -> web.Response:
    """404 for a secret, or a version of one."""
    return error(404, "SecretNotFound", f"There is no secret {what} in this vault; it may have been deleted.")


def error(
    status: int, code: str, message: str, *, inner: str | None = None, headers: Mapping[str, str] | None = None
) -> web.Response:
    """An error document.

    Args:
        status: HTTP status.
        code: `error.code`.
        message: `error.message`.
        inner: `error.innererror.code`, where there is one.
        headers: More response headers.
    """
    document: dict[str, Any] = {"code": code, "message": message}
    if inner:
        document["innererror"] = {"code": inner}
    return web.json_response({"error": document}, status=status, headers=headers)
