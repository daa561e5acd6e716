"""Reports as real checks end in them: the diagnoses are those of the catalogue, for one mailbox of contoso.com."""

import dataclasses
import datetime as dt

from mailcheck.diagnosis.entry import Circumstances
from mailcheck.diagnosis.match import diagnose
from mailcheck.diagnosis.notices import expiring
from mailcheck.faces.teams.status_card import StatusFacts
from mailcheck.model.cloud import PUBLIC
from mailcheck.model.credential import Certificate, Claims
from mailcheck.model.evidence import Evidence, Fault, Stage
from mailcheck.model.inspection import Inspection
from mailcheck.model.problem import Problems
from mailcheck.model.report import (
    Broken,
    Canary,
    CanaryOutcome,
    CertificateFacts,
    Folder,
    Healthy,
    Listing,
    Maildrop,
    ProtocolReport,
    Report,
    Step,
    Submission,
    TokenFacts,
    Waiting,
)
from mailcheck.model.request import App, Endpoint, Mailbox, MailProtocol
from mailcheck.model.secret import Secret

IMAP, POP, SMTP = MailProtocol
NOW = dt.datetime(2026, 11, 23, 18, 41, 22, tzinfo=dt.UTC)
APP = App(
    "11111111-2222-4333-8444-555555555555",
    "22222222-3333-4444-8555-666666666666",
    "https://kv-mailcheck.vault.azure.net",
    "mailcheck",
)
_AUDIENCE = "https://outlook.office365.com"
_ROLES = ("IMAP.AccessAsApp", "POP.AccessAsApp", "SMTP.SendAsApp")
_ENDPOINTS = {
    IMAP: Endpoint("outlook.office365.com", 993),
    POP: Endpoint("outlook.office365.com", 995),
    SMTP: Endpoint("smtp.office365.com", 587),
}
_STEPS = (
    Step(Stage.DNS, ok=True, ms=14, detail="52.98.241.2, 2603:1026:c0d:1::2"),
    Step(Stage.CONNECT, ok=True, ms=21, detail="52.98.241.2"),
    Step(Stage.TLS, ok=True, ms=48, detail="TLSv1.3 TLS_AES_256_GCM_SHA384"),
    Step(Stage.GREETING, ok=True, ms=23),
    Step(Stage.AUTH, ok=True, ms=212),
)
_NAMES = (
    (("Archive",), "archive"), (("Archive", "2024"), None), (("Archive", "2025"), None),
    (("Archive", "2025", "Q1"), None), (("Calendar",), None), (("Deleted Items",), "trash"),
    (("Drafts",), "drafts"), (("INBOX",), "inbox"), (("INBOX", "Invoices"), None),
    (("INBOX", "Invoices", "Unpaid & overdue"), None), (("Junk Email",), "junk"), (("Kunder",), None),
    (("Kunder", "Øst & Vest"), None), (("Kunder", "Øst & Vest", "Århus"), None), (("Notes",), None),
    (("Sent Items",), "sent"), (("予定表",), None), (("予定表", "会議・出張"), None),
    (("[click](http://evil.example)",), None),
)  # fmt: skip
FOLDERS = tuple(Folder(path, role, selectable=path[0] != "Kunder" or len(path) == 3) for path, role in _NAMES)
LISTED = ProtocolReport(
    Healthy(Listing(FOLDERS)),
    512,
    (*_STEPS, Step(Stage.LIST, ok=True, ms=31), Step(Stage.LOGOUT, ok=True, ms=11)),
    (
        "S: * OK The Microsoft Exchange IMAP4 service is ready. [TABPADYAUAAxADIAMwBDAEEAMAAxADcA]",
        "C: A1 AUTHENTICATE XOAUTH2 <2,412 bytes withheld>",
        "S: A1 OK AUTHENTICATE completed.",
        'C: A2 LIST "" "*"',
        'S: * LIST (\\HasChildren \\Archive) "/" Archive',
        "S: A2 OK LIST completed.",
        "C: A3 LOGOUT",
    ),
)
COUNTED = ProtocolReport(Healthy(Maildrop(1204, 88_231_007)), 420, _STEPS, ("S: +OK The Microsoft Exchange POP3",))
SUBMITTED = ProtocolReport(
    Healthy(Submission(157_286_400)), 618, _STEPS, ("S: 220 AM6PR01CA0001.outlook.office365.com",)
)
NOT_CONNECTED = Evidence(Stage.LIST, "BAD", "User is authenticated but not connected.", IMAP)
REFUSED = Evidence(Stage.AUTH, "NO", "AUTHENTICATE failed.", IMAP)
POP_REFUSED = Evidence(Stage.AUTH, "-ERR", "Authentication failure: unknown user name or bad password.", POP)
SMTP_OFF = Evidence(
    Stage.AUTH, "535", "5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant.", SMTP
)
NO_VAULT = Evidence(Stage.VAULT, Fault.NAME_NOT_FOUND, "Name or service not known")
SILENT = {
    protocol: Evidence(Stage.AUTH, Fault.TIMEOUT, "", protocol, {"awaited": "an answer to the sign-in"})
    for protocol in MailProtocol
}


def broken(
    evidence: Evidence, address: str = "shared@contoso.com", *, opened: tuple[MailProtocol, ...] = (), waited: float = 0
) -> ProtocolReport:
    """A protocol that failed so; `waited`: there was no more time after so many seconds."""
    claims = Claims(_AUDIENCE, _ROLES, APP.tenant_id, APP.client_id, "99999999-aaaa-4bbb-8ccc-0000000000ee", None)
    endpoint = _ENDPOINTS[evidence.protocol] if evidence.protocol else None
    known = Circumstances(APP, address, claims=claims, endpoint=endpoint, opened=frozenset(opened))
    steps = tuple(step for step in _STEPS if step.name is not evidence.stage) if evidence.protocol else ()
    steps += (Step(evidence.stage, ok=False, ms=212, detail=evidence.signal),) if evidence.protocol else ()
    waiting = Waiting(evidence.stage, str(endpoint or "Key Vault"), waited) if waited else None
    talk = (f"S: A1 {evidence.signal} {evidence.said}",) if evidence.protocol else ()
    return ProtocolReport(Broken(diagnose(evidence, known)), 330, steps, talk, waiting)


def report(
    address: str, protocols: dict[MailProtocol, ProtocolReport], *, canary: bool = False, days: int = 83
) -> Report:
    """A report on this mailbox; `days` are left of the certificate."""
    ends = NOW + dt.timedelta(days=days)
    notice = expiring(Certificate(Secret("planted"), "public", "AB" * 20, NOW, ends, "1"), NOW, APP, PUBLIC)
    return Report(
        id="0b5c17aa-4d0e-4c58-9a1c-0a61e8f5d001",
        mailbox=Mailbox(address),
        checked_at=NOW,
        duration_ms=812,
        protocols=protocols,
        preparation=(Step(Stage.VAULT, ok=True, ms=80), Step(Stage.TOKEN, ok=True, ms=140)),
        certificate=CertificateFacts("AB" * 20, ends, days),
        token=TokenFacts(_AUDIENCE, _ROLES, NOW + dt.timedelta(hours=1)),
        canary=Canary(Mailbox("canary@contoso.com"), {IMAP: CanaryOutcome.OPENED}) if canary else None,
        notices=(notice,) if notice else (),
    )


def inspection(*, days: int = 83, evidence: Evidence | None = None) -> Inspection:
    """A look at the app; with evidence, credential or token failed so."""
    found = report("shared@contoso.com", {}, days=days)
    diagnosis = diagnose(evidence, Circumstances(APP, "")) if evidence else None
    return Inspection(
        app=APP,
        cloud="public",
        endpoints=_ENDPOINTS,
        timeout=10,
        domains=frozenset({"contoso.com", "fabrikam.example"}),
        canary=Mailbox("canary@contoso.com"),
        checked_at=NOW,
        duration_ms=220,
        steps=(Step(Stage.VAULT, ok=False, ms=12),) if evidence else found.preparation,
        certificate=None if evidence else found.certificate,
        token=None if evidence else found.token,
        diagnosis=diagnosis,
        notices=found.notices,
    )


def status_facts(app: Inspection | Problems) -> StatusFacts:
    """What a status tells of this app, by a bot of three operators."""
    return StatusFacts(
        app,
        bot_kind="SingleTenant",
        bot_id="33333333-4444-4555-8666-777777777777",
        operators=3,
        protocols=(IMAP, POP),
        versions=(("mailcheck", "0.4.0"), ("Python", "3.13.5"), ("botbuilder-core", "4.17.1")),
    )


HEALTHY = report("shared@contoso.com", {IMAP: LISTED, POP: COUNTED, SMTP: SUBMITTED})
DEGRADED = report(
    "no-imap@contoso.com", {IMAP: broken(NOT_CONNECTED, "no-imap@contoso.com", opened=(POP,)), POP: COUNTED}
)
BROKEN = report(
    "not-granted@contoso.com",
    {IMAP: broken(REFUSED, "not-granted@contoso.com"), POP: broken(POP_REFUSED, "not-granted@contoso.com")},
)
WAITING = report("slow@contoso.com", {IMAP: broken(SILENT[IMAP], waited=9.2), POP: COUNTED})
STOPPED = dataclasses.replace(
    report("shared@contoso.com", {IMAP: broken(NO_VAULT), POP: broken(NO_VAULT)}),
    preparation=(Step(Stage.IDENTITY, ok=True, ms=31), Step(Stage.VAULT, ok=False, ms=12)),
    certificate=None,
    token=None,
)
