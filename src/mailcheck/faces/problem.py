"""Errors of the HTTP API: RFC 9457 `application/problem+json`."""

import json
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

import azure.functions as func

from mailcheck.model.problem import SettingProblem

_MEDIA_TYPE = "application/problem+json"


def problem(status: HTTPStatus, detail: str, **members: Any) -> func.HttpResponse:  # noqa: ANN401 - JSON
    """A problem document; `type` is absent, so `title` is the status's own phrase (RFC 9457 section 4.2.1)."""
    document = {"status": status.value, "title": status.phrase, "detail": detail, **members}
    # ASCII: a problem may repeat what the caller sent, and JSON can spell what UTF-8 cannot (a lone surrogate).
    return func.HttpResponse(json.dumps(document), status_code=status.value, mimetype=_MEDIA_TYPE)


def not_configured(problems: Iterable[SettingProblem]) -> func.HttpResponse:
    """503: the settings that are missing or cannot be used, each by its name."""
    settings = [setting_json(one) for one in problems]
    names = ", ".join(one["name"] for one in settings)
    return problem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        f"mailcheck is not configured; look at these settings: {names}",
        settings=settings,
    )


def setting_json(one: SettingProblem) -> Mapping[str, str]:
    """A setting's name and what is wrong with it; never its value."""
    return {"name": one.name, "problem": one.problem}
