"""Reports for the tests of the cards."""

import datetime as dt

from mailcheck.model.evidence import Stage
from mailcheck.model.report import (
    Broken,
    Cause,
    CertificateFacts,
    Command,
    Diagnosis,
    Folder,
    Healthy,
    Likelihood,
    Listing,
    Maildrop,
    ProtocolReport,
    Report,
    Step,
    TokenFacts,
)
from mailcheck.model.request import Mailbox, MailProtocol

NOW = dt.datetime(2026, 11, 23, 18, 41, 22, tzinfo=dt.UTC)
STEPS = (
    Step(Stage.DNS, ok=True, ms=3, detail="127.0.0.1"),
    Step(Stage.CONNECT, ok=True, ms=11, detail="127.0.0.1"),
    Step(Stage.TLS, ok=True, ms=31, detail="TLSv1.3 TLS_AES_256_GCM_SHA384"),
    Step(Stage.AUTH, ok=True, ms=120),
)
FOLDERS = (
    Folder(("Inbox",), "inbox"),
    Folder(("Projects",), selectable=False),
    Folder(("Projects", "2026 *draft*")),
    Folder(("Sent Items",), "sent"),
)
LISTED = ProtocolReport(
    Healthy(Listing(FOLDERS)), 512, STEPS, ("S: * OK ready", "C: A1 AUTHENTICATE XOAUTH2 <2 412 bytes withheld>")
)
COUNTED = ProtocolReport(Healthy(Maildrop(12, 34567)), 420, STEPS, ("S: +OK",))
DIAGNOSIS = Diagnosis(
    "pop-sign-in-refused",
    "Exchange refuses the app's sign-in by POP",
    "-ERR Authentication failure: unknown user name or bad password.",
    (
        Cause(
            "POP is switched off for this mailbox",
            Likelihood.LIKELY,
            "IMAP opened the mailbox: the grant is fine",
            (Command("Set-CASMailbox -Identity 'shared_box@contoso.com' -PopEnabled $true"), "Wait for about an hour"),
        ),
        Cause(
            "The app may not open this mailbox",
            Likelihood.POSSIBLE,
            "no FullAccess",
            (Command("Add-MailboxPermission"),),
        ),
    ),
    "https://learn.microsoft.com/powershell/module/exchangepowershell/set-casmailbox",
    "docs/diagnoses.md#pop-sign-in-refused",
)
REFUSED = ProtocolReport(Broken(DIAGNOSIS), 300, STEPS, ("S: -ERR Authentication failure",))


def report(protocols: dict[MailProtocol, ProtocolReport], mailbox: str = "shared_box@contoso.com") -> Report:
    """A report of these protocols, with certificate and token."""
    parsed = Mailbox.parse(mailbox)
    assert isinstance(parsed, Mailbox)
    return Report(
        id="0b5c-17",
        mailbox=parsed,
        checked_at=NOW,
        duration_ms=812,
        protocols=protocols,
        preparation=(Step(Stage.VAULT, ok=True, ms=80), Step(Stage.TOKEN, ok=True, ms=140)),
        certificate=CertificateFacts("AB" * 20, NOW + dt.timedelta(days=83), 83),
        token=TokenFacts("https://outlook.office365.com", ("IMAP.AccessAsApp", "POP.AccessAsApp"), NOW),
    )


HEALTHY = report({MailProtocol.IMAP: LISTED, MailProtocol.POP: COUNTED})
DEGRADED = report({MailProtocol.IMAP: LISTED, MailProtocol.POP: REFUSED})
BROKEN = report({MailProtocol.IMAP: REFUSED, MailProtocol.POP: REFUSED})
