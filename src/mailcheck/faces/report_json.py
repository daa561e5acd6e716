"""The report as JSON: a public contract (`"schema": 1`), the same in the HTTP API and from `--json`."""

import datetime as dt
from typing import Any

from mailcheck.model.report import (
    Broken,
    Diagnosis,
    Folder,
    Healthy,
    Listing,
    Maildrop,
    Notice,
    ProtocolReport,
    Report,
    Step,
    Submission,
    Verdict,
)
from mailcheck.model.request import MailProtocol

SCHEMA = 1
_FOUND = {MailProtocol.IMAP: "folders", MailProtocol.POP: "messages", MailProtocol.SMTP: "sizeLimit"}


def report_json(report: Report) -> dict[str, Any]:
    """The whole report; times are RFC 3339 in UTC, durations are milliseconds."""
    certificate, token = report.certificate, report.token
    return {
        "schema": SCHEMA,
        "id": report.id,
        "mailbox": report.mailbox.address,
        "status": report.status,
        "checkedAt": _time(report.checked_at),
        "durationMs": report.duration_ms,
        "certificate": certificate
        and {
            "thumbprint": certificate.thumbprint,
            "notAfter": _time(certificate.not_after),
            "daysLeft": certificate.days_left,
        },
        "token": token
        and {"audience": token.audience, "roles": list(token.roles), "expiresAt": _time(token.expires_at)},
        "steps": [_step(step) for step in report.preparation],
        "notices": [_notice(one) for one in report.notices],
        "canary": report.canary
        and {
            "mailbox": report.canary.mailbox.address,
            "protocols": {protocol.value: outcome for protocol, outcome in report.canary.outcomes.items()},
        },
        "protocols": {protocol.value: _protocol(protocol, one) for protocol, one in report.protocols.items()},
    }


def _notice(notice: Notice) -> dict[str, Any]:
    return {"id": notice.id, "severity": notice.severity, "title": notice.title, "fix": list(notice.fix)}


def _protocol(protocol: MailProtocol, one: ProtocolReport) -> dict[str, Any]:
    return {
        "status": "healthy" if isinstance(one.verdict, Healthy) else "broken",
        "durationMs": one.duration_ms,
        **_found(protocol, one.verdict),
        "steps": [_step(step) for step in one.steps],
        "transcript": list(one.transcript),
    }


def _found(protocol: MailProtocol, verdict: Verdict) -> dict[str, Any]:
    # What a protocol finds has its name there also when it was not found.
    nothing: dict[str, Any] = {_FOUND[protocol]: None}
    if isinstance(verdict, Broken):
        return {**nothing, "diagnosis": diagnosis_json(verdict.diagnosis)}
    match verdict.found:
        case Listing(folders, unreadable, samples):
            listed = {"folders": [_folder(folder) for folder in folders]}
            left_out = {"unreadableFolders": unreadable, "unreadableSamples": list(samples)}
            return {**listed, **left_out} if unreadable else listed
        case Maildrop(messages, octets):
            return {"messages": messages, "octets": octets}
        case Submission(size_limit):
            return {"sizeLimit": size_limit}


def _folder(folder: Folder) -> dict[str, Any]:
    return {"name": folder.name, "path": list(folder.path), "role": folder.role, "selectable": folder.selectable}


def _step(step: Step) -> dict[str, Any]:
    return {"name": step.name, "status": "ok" if step.ok else "failed", "ms": step.ms, "detail": step.detail}


def diagnosis_json(diagnosis: Diagnosis) -> dict[str, Any]:
    """One diagnosis: the likeliest cause first."""
    return {
        "id": diagnosis.id,
        "title": diagnosis.title,
        "evidence": diagnosis.evidence,
        "causes": [
            {"cause": one.cause, "likelihood": one.likelihood, "why": one.why, "fix": list(one.fix)}
            for one in diagnosis.causes
        ],
        "reference": diagnosis.reference,
        "explanation": diagnosis.explanation,
        "waitMs": diagnosis.wait_ms,
    }


def _time(moment: dt.datetime | None) -> str | None:
    return None if moment is None else f"{moment.astimezone(dt.UTC):%Y-%m-%dT%H:%M:%SZ}"
