"""The report as JSON and as text: complete, stable, and harmless whatever a server put into it."""

import dataclasses
import datetime as dt
import json
from types import MappingProxyType

import pytest

from mailcheck.faces.report_json import report_json
from mailcheck.faces.report_text import report_text
from mailcheck.model.evidence import Stage
from mailcheck.model.report import (
    Broken,
    Canary,
    CanaryOutcome,
    Cause,
    CertificateFacts,
    Command,
    Diagnosis,
    Folder,
    Healthy,
    Likelihood,
    Listing,
    Maildrop,
    Notice,
    ProtocolReport,
    Report,
    Severity,
    Step,
    Submission,
    TokenFacts,
    Waiting,
)
from mailcheck.model.request import Mailbox, MailProtocol

NOW = dt.datetime(2026, 11, 23, 18, 41, 22, tzinfo=dt.UTC)
IMAP, POP = MailProtocol.IMAP, MailProtocol.POP
FOLDERS = (Folder(("INBOX",), "inbox"), Folder(("A",), None, selectable=False), Folder(("A", "Århus")))
OPENED = ProtocolReport(Healthy(Listing(FOLDERS)), 512, (Step(Stage.TLS, True, 31, "TLSv1.3"),), ("S: * OK",))
REFUSED = ProtocolReport(
    Broken(
        Diagnosis(
            "pop-sign-in-refused",
            "Exchange refuses the app's sign-in by POP",
            "-ERR Authentication failure",
            (
                Cause(
                    "POP is switched off",
                    Likelihood.LIKELY,
                    "it has a switch",
                    (Command("Set-CASMailbox -PopEnabled $true"), "Wait some minutes"),
                ),
            ),
            "https://learn.microsoft.com/x",
            "docs/diagnoses.md#pop-sign-in-refused",
        )
    ),
    40,
    (Step(Stage.AUTH, False, 9),),
)


def report(**protocols: ProtocolReport) -> Report:
    """A report with these protocols, by name."""
    return Report(
        id="id-1",
        mailbox=Mailbox("shared@contoso.com"),
        checked_at=NOW,
        duration_ms=1812,
        protocols=MappingProxyType({MailProtocol(name): one for name, one in protocols.items()}),
        preparation=(Step(Stage.VAULT, True, 120),),
        certificate=CertificateFacts("AB12", NOW + dt.timedelta(days=83), 83),
        token=TokenFacts("https://outlook.office365.com", ("IMAP.AccessAsApp",), NOW + dt.timedelta(hours=1)),
    )


def test_the_json_contract() -> None:
    """The shape that clients rely on, to the letter."""
    assert report_json(report(imap=OPENED, pop=REFUSED)) == {
        "schema": 1,
        "id": "id-1",
        "mailbox": "shared@contoso.com",
        "status": "degraded",
        "checkedAt": "2026-11-23T18:41:22Z",
        "durationMs": 1812,
        "certificate": {"thumbprint": "AB12", "notAfter": "2027-02-14T18:41:22Z", "daysLeft": 83},
        "token": {
            "audience": "https://outlook.office365.com",
            "roles": ["IMAP.AccessAsApp"],
            "expiresAt": "2026-11-23T19:41:22Z",
        },
        "steps": [{"name": "vault", "status": "ok", "ms": 120, "detail": ""}],
        "notices": [],
        "canary": None,
        "protocols": {
            "imap": {
                "status": "healthy",
                "durationMs": 512,
                "folders": [
                    {"name": "INBOX", "path": ["INBOX"], "role": "inbox", "selectable": True},
                    {"name": "A", "path": ["A"], "role": None, "selectable": False},
                    {"name": "Århus", "path": ["A", "Århus"], "role": None, "selectable": True},
                ],
                "steps": [{"name": "tls", "status": "ok", "ms": 31, "detail": "TLSv1.3"}],
                "transcript": ["S: * OK"],
            },
            "pop": {
                "status": "broken",
                "durationMs": 40,
                "messages": None,
                "diagnosis": {
                    "id": "pop-sign-in-refused",
                    "title": "Exchange refuses the app's sign-in by POP",
                    "evidence": "-ERR Authentication failure",
                    "causes": [
                        {
                            "cause": "POP is switched off",
                            "likelihood": "likely",
                            "why": "it has a switch",
                            "fix": ["Set-CASMailbox -PopEnabled $true", "Wait some minutes"],
                        }
                    ],
                    "reference": "https://learn.microsoft.com/x",
                    "explanation": "docs/diagnoses.md#pop-sign-in-refused",
                    "waitMs": None,
                },
                "steps": [{"name": "auth", "status": "failed", "ms": 9, "detail": ""}],
                "transcript": [],
            },
        },
    }


def test_an_open_maildrop_and_unreadable_folders_in_json() -> None:
    """POP tells messages and octets; folders that could not be read are counted, and the first of them shown."""
    listed = ProtocolReport(Healthy(Listing(FOLDERS[:1], unreadable=2, samples=('() "/" "x',))))
    document = report_json(report(imap=listed, pop=ProtocolReport(Healthy(Maildrop(3, 1200)))))
    assert document["protocols"]["imap"]["unreadableFolders"] == 2
    assert document["protocols"]["imap"]["unreadableSamples"] == ['() "/" "x']
    assert (document["protocols"]["pop"]["messages"], document["protocols"]["pop"]["octets"]) == (3, 1200)
    json.dumps(document)


@pytest.mark.parametrize(
    "one, found",
    [
        (ProtocolReport(Healthy(Submission(157_286_400))), {"status": "healthy", "sizeLimit": 157_286_400}),
        (ProtocolReport(Healthy(Submission())), {"status": "healthy", "sizeLimit": None}),
        (REFUSED, {"status": "broken", "sizeLimit": None}),
    ],
)
def test_an_accepted_submission_in_json(one: ProtocolReport, found: dict[str, object]) -> None:
    """SMTP tells the server's limit for the size of messages; none where it names none, and where it refused."""
    document = report_json(report(smtp=one))["protocols"]["smtp"]
    assert found.items() <= document.items()
    assert ("diagnosis" in document) == (document["status"] == "broken")


@pytest.mark.parametrize(
    "found, shown",
    [
        (Submission(157_286_400), "✔ SMTP accepted the sign-in: takes messages of up to 150 MB (40 ms)"),
        (Submission(), "✔ SMTP accepted the sign-in: names no limit for the size of messages (40 ms)"),
    ],
)
def test_an_accepted_submission_for_people(found: Submission, shown: str) -> None:
    """Nothing was opened, and nothing was sent: the sign-in was accepted."""
    assert shown in report_text(report(smtp=ProtocolReport(Healthy(found), 40))).splitlines()


@pytest.mark.parametrize(
    "shown",
    [
        "▲ shared@contoso.com opens by IMAP, not by POP (1,812 ms)",
        "  certificate AB12, 83 days left (until 2027-02-14)",
        "✔ IMAP opened the mailbox: 3 folders (512 ms)",
        "    A  (holds folders only)",
        "      Århus",
        "    INBOX  [inbox]",
        "✘ POP Exchange refuses the app's sign-in by POP",
        "  auth 9 ms (failed)",
        "  seen: -ERR Authentication failure",
        "  1. POP is switched off (likely)",
        "       Set-CASMailbox -PopEnabled $true",
        "     - Wait some minutes",
    ],
)
def test_the_text_for_people(shown: str) -> None:
    """Verdict, certificate, folders as a tree, causes with likelihood, commands on lines of their own."""
    assert shown in report_text(report(imap=OPENED, pop=REFUSED)).splitlines()


def test_prose_keeps_to_the_width() -> None:
    """What was seen and the steps are broken into lines of 100 columns, and lose no word; a command stays whole."""
    seen = "535 5.7.139 Authentication unsuccessful, the request did not meet the criteria. " * 3
    command = Command("Set-CASMailbox " * 10)
    cause = Cause("It is off", Likelihood.LIKELY, "it says so", (command,))
    steps = tuple(Step(stage, True, 1234) for stage in Stage)
    broken = Broken(Diagnosis("an-id", "Off", seen, (cause,), "https://example.com", "guide#an-id"))
    lines = report_text(report(smtp=ProtocolReport(broken, 40, steps))).splitlines()
    assert [line for line in lines if len(line) > 100 and command not in line] == []
    text = " ".join(" ".join(lines).split())
    assert f"seen: {seen.strip()} 1. It is off" in text
    assert " · ".join(f"{stage} 1,234 ms" for stage in Stage) in text


def test_an_expired_certificate_is_told_by_its_date() -> None:
    """And not by days that are left: there are none."""
    facts = CertificateFacts("AB12", NOW - dt.timedelta(hours=30), -2)
    assert (
        "  certificate AB12, expired on 2026-11-22"
        in report_text(dataclasses.replace(report(), certificate=facts)).splitlines()
    )


def test_notices_and_the_canary_are_told() -> None:
    """In the terminal with their commands; in JSON under names of their own."""
    notice = Notice("certificate-expires-soon", Severity.URGENT, "It expires in 3 days", (Command("az renew"),))
    canary = Canary(Mailbox("canary@contoso.com"), {MailProtocol.IMAP: CanaryOutcome.OPENED})
    told = dataclasses.replace(report(imap=OPENED), notices=(notice,), canary=canary)
    lines = report_text(told).splitlines()
    assert "  ▲ urgent: It expires in 3 days" in lines
    assert "       az renew" in lines
    assert "  canary canary@contoso.com: IMAP opened" in lines
    document = report_json(told)
    assert document["notices"] == [
        {
            "id": "certificate-expires-soon",
            "severity": "urgent",
            "title": "It expires in 3 days",
            "fix": ["az renew"],
        }
    ]
    assert document["canary"] == {"mailbox": "canary@contoso.com", "protocols": {"imap": "opened"}}


def test_what_was_still_waited_for_is_no_failure() -> None:
    """A check that was cut short claims nothing that it does not know."""
    slow = dataclasses.replace(REFUSED, waiting=Waiting(Stage.AUTH, "outlook.office365.com:995", 9.2))
    lines = report_text(report(imap=OPENED, pop=slow)).splitlines()
    assert lines[0] == "… shared@contoso.com opens by IMAP, no answer yet by POP (1,812 ms)"
    assert "… POP still waiting for outlook.office365.com:995 at AUTH after 9 s" in lines
    assert "  if it stays so: Exchange refuses the app's sign-in by POP" in lines


def test_the_same_remedy_is_told_once() -> None:
    """Two protocols that fail for the same cause share its commands."""
    text = report_text(report(imap=REFUSED, pop=REFUSED))
    assert text.count("Set-CASMailbox") == 1
    assert text.count("POP is switched off (likely)") == 2
    assert "see above" in text


def test_a_folder_cannot_drive_the_terminal() -> None:
    """Escape sequences, line breaks and direction marks in a folder's name are shown as replacement characters."""
    hostile = Listing((Folder(("\x1b[2Jgone\r\n\u202efdp.exe",)),))
    text = report_text(report(imap=ProtocolReport(Healthy(hostile))))
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "[2Jgone" in text


def test_a_token_cannot_drive_the_terminal() -> None:
    """Claims are a server's words too."""
    claims = TokenFacts("\x1b[2J", ("\x1b[31mrole",), None)
    assert "\x1b" not in report_text(dataclasses.replace(report(imap=OPENED), token=claims))


def test_unreadable_answers_in_the_text() -> None:
    """What could not be read stands below the folders, harmless."""
    text = report_text(report(imap=ProtocolReport(Healthy(Listing(FOLDERS, 9, ("() \x1b[2J", "() x"))))))
    assert "3 folders, 9 more could not be read" in text
    assert "    could not be read: () \ufffd[2J\n    could not be read: () x\n" in text


def test_colour_is_only_added() -> None:
    """With colours the words are the same; colour is never the only signal."""
    plain, coloured = report_text(report(imap=OPENED)), report_text(report(imap=OPENED), colour=True)
    assert "\x1b[" not in plain
    assert "\x1b[" in coloured
    for word in ("✔", "opens by IMAP", "3 folders"):
        assert word in plain
        assert word in coloured
