"""The HTTP API: requests in, reports and problems out."""

import json
import time
from http import HTTPStatus

import azure.functions as func

from mailcheck.faces.asking import check_request
from mailcheck.faces.audit import record, verdict_of
from mailcheck.faces.problem import not_configured, problem, setting_json
from mailcheck.faces.report_json import report_json
from mailcheck.faces.wording import not_allowed
from mailcheck.model.problem import Problems
from mailcheck.model.report import NotAllowed
from mailcheck.model.request import CheckRequest, MailProtocol
from mailcheck.usecases.check import CheckMailbox

BODY_LIMIT = 16 * 1024  # bytes; a check's body is below 1 KiB, and nothing larger is even parsed
_JSON = "application/json"
# What the audit has of who calls: the host compares function keys, and does not tell which one it was. Its own record
# of the request, with the caller's address, has the same invocation id as the line.
_CALLER = "function key"
_HERE = "http"


class HttpApi:
    """The routes of the API; `check` is the use case, or what keeps it from being configured."""

    def __init__(
        self, version: str, check: CheckMailbox | Problems, protocols: tuple[MailProtocol, ...], bot: Problems
    ) -> None:
        self._version = version
        self._check = check
        self._protocols = protocols
        self._bot = bot

    async def create_check(self, request: func.HttpRequest) -> func.HttpResponse:
        """`POST /api/checks`: runs a check now. 200 whatever the verdict; 400, 403, 413, 415 and 503 as problems."""
        if isinstance(self._check, tuple):
            return not_configured(self._check)
        asked = self._asked(request)
        if isinstance(asked, func.HttpResponse):
            return asked
        started = time.monotonic()
        outcome = await self._check(asked)
        record(
            who=_CALLER,
            where=_HERE,
            mailboxes=asked.mailbox.address,
            verdict=verdict_of(outcome),
            answered="yes",
            seconds=time.monotonic() - started,
        )
        if isinstance(outcome, NotAllowed):
            return problem(HTTPStatus.FORBIDDEN, not_allowed(outcome))
        return _answer(report_json(outcome))

    async def health(self, _request: func.HttpRequest) -> func.HttpResponse:
        """`GET /api/health`: alive, and configured or the names of what is missing; no values."""
        check = self._check if isinstance(self._check, tuple) else ()
        return _answer(
            {
                "status": "alive",
                "version": self._version,
                "configured": not check,
                "settings": [setting_json(one) for one in check],
                "bot": {"configured": not self._bot, "settings": [setting_json(one) for one in self._bot]},
            }
        )

    async def not_found(self, request: func.HttpRequest) -> func.HttpResponse:
        """Every other route below `/api`: 404."""
        return problem(HTTPStatus.NOT_FOUND, f"There is nothing to {request.method} at this address")

    def _asked(self, request: func.HttpRequest) -> CheckRequest | func.HttpResponse:
        body = request.get_body()
        if len(body) > BODY_LIMIT:
            return problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"The body may have {BODY_LIMIT} bytes")
        media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media_type != _JSON:
            return problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"The body must be {_JSON}")
        try:
            parsed = json.loads(body)
        except (ValueError, RecursionError):
            return problem(HTTPStatus.BAD_REQUEST, "The body is not JSON")
        asked = check_request(parsed, self._protocols)
        if isinstance(asked, CheckRequest):
            return asked
        errors = [{"field": bad.field, "problem": bad.problem} for bad in asked]
        return problem(HTTPStatus.BAD_REQUEST, "The body does not describe a check", errors=errors)


def _answer(document: dict[str, object]) -> func.HttpResponse:
    return func.HttpResponse(json.dumps(document, ensure_ascii=False), mimetype=_JSON)
