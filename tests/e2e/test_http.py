"""The HTTP API, from the socket to the mail servers and back: function_app.py under Microsoft's own runtime."""

import asyncio
import json
import logging

import azure.functions as func
import pytest

from lab.world import World
from mailcheck.compose import Application
from mailcheck.settings import Settings
from tests.e2e.kit import App

pytestmark = pytest.mark.asyncio(loop_scope="session")

# mailbox -> status, IMAP's diagnosis, POP's diagnosis
SCENARIOS = [
    ("shared@contoso.com", "healthy", None, None),
    ("SHARED@Contoso.com", "healthy", None, None),
    ("info@contoso.com", "healthy", None, None),
    ("empty@contoso.com", "healthy", None, None),
    ("no-imap@contoso.com", "degraded", "imap-not-connected", None),
    ("no-pop@contoso.com", "degraded", None, "pop-sign-in-refused"),
    ("not-granted@contoso.com", "broken", "imap-sign-in-refused", "pop-sign-in-refused"),
    ("unknown@contoso.com", "broken", "imap-sign-in-refused", "pop-sign-in-refused"),
    ("throttled@contoso.com", "broken", "throttled", "throttled"),
]


@pytest.mark.parametrize("mailbox, status, imap, pop", SCENARIOS)
async def test_each_scenario_has_its_verdict(
    app: App, mailbox: str, status: str, imap: str | None, pop: str | None
) -> None:
    """A check that ran is 200 whatever its verdict; each protocol is healthy or names its diagnosis."""
    report = await app.check(mailbox)
    assert report["status"] == status
    found = {name: one.get("diagnosis", {}).get("id") for name, one in report["protocols"].items()}
    assert found == {"imap": imap, "pop": pop}


async def test_the_report_of_a_healthy_mailbox(app: App) -> None:
    """Every part of the contract is there, with what the lab's mailbox really holds."""
    report = await app.check("shared@contoso.com")
    assert set(report) == {
        "schema", "id", "mailbox", "status", "checkedAt", "durationMs", "certificate", "token", "steps", "notices",
        "canary", "protocols",
    }  # fmt: skip
    assert (report["schema"], report["mailbox"]) == (1, "shared@contoso.com")
    assert report["certificate"]["daysLeft"] in {89, 90}
    assert report["token"]["audience"] == "https://outlook.office365.com"
    assert report["token"]["roles"] == ["IMAP.AccessAsApp", "POP.AccessAsApp", "SMTP.SendAsApp"]
    imap, pop = report["protocols"]["imap"], report["protocols"]["pop"]
    assert len(imap["folders"]) > 30
    by_path = {tuple(folder["path"]): folder for folder in imap["folders"]}
    assert by_path["INBOX",]["role"] == "inbox"
    assert ("Kunder", "Øst & Vest", "Århus") in by_path
    assert not by_path["Kunder",]["selectable"]
    assert {folder["role"] for folder in imap["folders"]} >= {"sent", "drafts", "trash", "junk", "inbox"}
    assert pop["messages"] > 0
    assert [step["name"] for step in imap["steps"]] == ["dns", "connect", "tls", "greeting", "auth", "list", "logout"]
    assert imap["transcript"][0].startswith("S: * OK The Microsoft Exchange IMAP4 service is ready.")
    assert "withheld" in imap["transcript"][1]


async def test_the_commands_carry_the_administrators_values(app: App) -> None:
    """The mailbox and the service principal of this tenant stand in the commands that mend it."""
    report = await app.check("not-granted@contoso.com", "imap")
    fixes = [line for cause in report["protocols"]["imap"]["diagnosis"]["causes"] for line in cause["fix"]]
    assert (
        "Add-MailboxPermission -Identity 'not-granted@contoso.com' "
        "-User '22222222-aaaa-4bbb-8ccc-0000000000ee' -AccessRights FullAccess"
    ) in fixes


async def test_smtp_is_checked_when_asked(app: App) -> None:
    """Each protocol finds something of its own; SMTP signs in, and is told the limit for a message."""
    report = await app.check("info@contoso.com", "imap", "pop", "smtp")
    assert report["status"] == "healthy"
    smtp = report["protocols"]["smtp"]
    assert smtp["sizeLimit"] == 157_286_400
    assert [step["name"] for step in smtp["steps"]] == [
        "dns", "connect", "greeting", "capability", "starttls", "tls", "capability", "auth", "logout",
    ]  # fmt: skip


async def test_only_the_asked_protocol_is_checked(app: App) -> None:
    """`protocols` chooses."""
    assert list((await app.check("shared@contoso.com", "pop"))["protocols"]) == ["pop"]


async def test_many_checks_at_once(app: App) -> None:
    """Twenty at the same time end as one would, each with an id of its own."""
    reports = await asyncio.gather(*(app.check("info@contoso.com") for _ in range(20)))
    assert {report["status"] for report in reports} == {"healthy"}
    assert len({report["id"] for report in reports}) == 20


JSON = {"Content-Type": "application/json"}
BAD_REQUESTS = [
    (b'{"mailbox": "shared"}', JSON, 400, {"mailbox": 'it has no "@"'}),
    (b'{"mailbox": 7}', JSON, 400, {"mailbox": "must be a text: the address to check"}),
    (b"{}", JSON, 400, {"mailbox": "is missing: the address to check"}),
    (b'{"mailbox": "a@b.example", "protocols": []}', JSON, 400,
     {"protocols": "must be a list with at least one of: imap, pop, smtp"}),
    (b'{"mailbox": "a", "protocols": ["imap", "nntp"], "x": 1}', JSON, 400,
     {"mailbox": 'it has no "@"', "protocols": "nntp cannot be checked; this version knows: imap, pop, smtp",
      "x": "is not a field of a check"}),
    (b'{"mailbox": "x\';Remove-Mailbox y;\'@contoso.com"}', JSON, 400,
     {"mailbox": 'the part before the "@" has a character that a mailbox name cannot have: semicolon (U+003B)'}),
    (b'{"mailbox": "a@b.example", "protocols": ["\\ud800"]}', JSON, 400, None),
    (b"[]", JSON, 400, {"": 'the body must be a JSON object such as {"mailbox": "shared@contoso.com"}'}),
    (b"", JSON, 400, None),
    (b"{", JSON, 400, None),
    (b"\xff\xfe", JSON, 400, None),
    (b"[" * 9000, JSON, 400, None),
    (b'{"mailbox": "a@b.example"}', {"Content-Type": "text/plain"}, 415, None),
    (b'{"mailbox": "a@b.example"}' + b" " * 16384, JSON, 413, None),
]  # fmt: skip


@pytest.mark.parametrize("body, headers, status, errors", BAD_REQUESTS)
async def test_a_bad_request_is_told_what_is_wrong(
    app: App, body: bytes, headers: dict[str, str], status: int, errors: dict[str, str] | None
) -> None:
    """RFC 9457 problems: 400 names each bad field, 413 and 415 what is allowed."""
    answer = await app.send("POST", "/api/checks", data=body, headers=headers)
    assert (answer.status, answer.media_type) == (status, "application/problem+json")
    assert answer.document["status"] == status
    assert answer.document["detail"]
    if errors is not None:
        assert {one["field"]: one["problem"] for one in answer.document["errors"]} == errors


@pytest.mark.parametrize(
    "method, path", [("GET", "/api/checks"), ("GET", "/api/"), ("POST", "/api/nothing/here"), ("DELETE", "/api/health")]
)
async def test_what_is_not_there_is_a_problem_too(app: App, method: str, path: str) -> None:
    """404 as problem+json, also for a method that a route does not have."""
    answer = await app.send(method, path)
    assert (answer.status, answer.media_type) == (404, "application/problem+json")


async def test_health_of_a_configured_app(app: App) -> None:
    """Alive and configured, without a key."""
    answer = await app.send("GET", "/api/health")
    assert answer.status == 200
    assert answer.document["configured"] is True
    assert answer.document["bot"] == {"configured": True, "settings": []}


async def test_an_app_without_settings_says_what_is_missing(bare_app: App) -> None:
    """It indexes, and each face names every setting it lacks, and no value."""
    health = (await bare_app.send("GET", "/api/health")).document
    assert health["status"] == "alive"
    assert health["configured"] is False
    missing = ["MAILCHECK_TENANT_ID", "MAILCHECK_CLIENT_ID", "MAILCHECK_VAULT_URL", "MAILCHECK_CERTIFICATE"]
    assert [one["name"] for one in health["settings"]] == missing
    key = {"x-functions-key": "planted-function-key"}
    answer = await bare_app.send("POST", "/api/checks", json={"mailbox": "a@b.example"}, headers=key)
    assert answer.status == 503
    assert [one["name"] for one in answer.document["settings"]] == missing
    answer = await bare_app.send("POST", "/api/messages", json={"type": "message"})
    assert answer.status == 503
    bot = ["MicrosoftAppType", "MicrosoftAppId", "MicrosoftAppTenantId"]
    assert [one["name"] for one in answer.document["settings"]] == bot


async def test_a_check_wants_the_function_key(bare_app: App) -> None:
    """With keys asked for, as in Azure, only health and the bot's endpoint answer without one."""
    body = json.dumps({"mailbox": "a@b.example"})
    assert (await bare_app.send("POST", "/api/checks", data=body)).status == 401
    assert (await bare_app.send("POST", "/api/checks?code=wrong", data=body)).status == 401
    assert (await bare_app.send("POST", "/api/checks?code=planted-function-key", data=body)).status == 503
    assert (await bare_app.send("GET", "/api/health")).status == 200


async def test_each_check_is_one_line_of_the_audit(
    world: World, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which mailbox, what came of it and how long it took; also where the domain keeps it from being opened."""
    settings = {**world.settings(), "MAILCHECK_DOMAINS": "contoso.com"}
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    api = Application(Settings.read(settings)).http
    with caplog.at_level(logging.INFO, logger="mailcheck.audit"):
        statuses = [
            (await api.create_check(_asks(mailbox))).status_code
            for mailbox in ("no-imap@contoso.com", "a@fabrikam.com", "no address")
        ]
    assert statuses == [200, 403, 400]
    opened, kept_out = [record.getMessage() for record in caplog.records if record.name == "mailcheck.audit"]
    who = "who='function key' where='http'"
    assert opened.startswith(f"{who} mailbox='no-imap@contoso.com' verdict='degraded' answered='yes' ms=")
    assert kept_out.startswith(f"{who} mailbox='a@fabrikam.com' verdict='domain not allowed' answered='yes' ms=")


def _asks(mailbox: str) -> func.HttpRequest:
    body = json.dumps({"mailbox": mailbox}).encode()
    return func.HttpRequest(method="POST", url="/", headers={"content-type": "application/json"}, body=body)
