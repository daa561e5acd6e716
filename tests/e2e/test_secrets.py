"""No secret leaves: tokens, keys, PFX, assertions, SASL strings and passwords are searched for in every output."""

import json
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from lab.app_process import AppProcess
from lab.serving import WebServer
from lab.teams import faults
from lab.world import World
from mailcheck.compose import Application
from mailcheck.faces.report_json import report_json
from mailcheck.faces.report_text import report_text
from mailcheck.model.report import Report, Status
from mailcheck.settings import Settings
from tests.e2e.conftest import clean_environment
from tests.e2e.kit import ROOT, App, Checker, Terminal, turn_of

pytestmark = pytest.mark.asyncio(loop_scope="session")

MAILBOXES = ["shared@contoso.com", "no-imap@contoso.com", "not-granted@contoso.com", "unknown@contoso.com"]
_TROUBLES: tuple[faults.Trouble, ...] = (
    faults.BOT_NOT_REGISTERED, faults.SERVICE_ERROR, faults.HungUp(), faults.TOO_BIG, faults.BAD_ARGUMENT,
)  # fmt: skip
# What every secret of a run looks like, so that none has to be known beforehand.
SHAPES = {
    "a JSON Web Token: access token or client assertion": re.compile(r"eyJ[\w-]{16,}"),
    "a SASL XOAUTH2 string (base64 of user=...)": re.compile(r"dXNlcj[01][\w+/]{8,}"),
    "base64 of DER: PFX, key or certificate": re.compile(r"MII[\w+/]{24,}"),
    "a PEM key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
}


def assert_clean(what: str, text: str, world: World) -> None:
    """Fails when a secret of this world, or anything of a secret's shape, stands in this text."""
    settings = world.settings()
    known = {name: settings[name] for name in ("MicrosoftAppPassword", "IDENTITY_HEADER")}
    known["the client secret"] = world.app_secret
    known["the private key"] = world.app_certificate.key_pem.decode().splitlines()[5]
    known["the bot's private key"] = world.bot_certificate.key_pem.decode().splitlines()[5]
    for name, value in known.items():
        assert value not in text, f"{name} is in {what}"
    for name, shape in SHAPES.items():
        found = shape.search(text)
        assert found is None, f"{name} is in {what}: {text[max(0, found.start() - 80) : found.start() + 12]}"


async def test_the_shapes_find_what_they_are_for(world: World) -> None:
    """The search can fail: it finds the real things."""
    token = world.entra.mint(world.mail_app, "https://outlook.office365.com")
    for planted in (
        token,
        "dXNlcj1zaGFyZWRAY29udG9zby5jb20B",
        world.app_certificate.key_pem.decode(),
        world.bot_certificate.key_pem.decode().splitlines()[5],
        "".join(world.app_certificate.certificate_pem.decode().splitlines()[1:-1]),
        world.settings()["MicrosoftAppPassword"],
        world.app_secret,
    ):
        with pytest.raises(AssertionError, match="is in the planted text"):
            assert_clean("the planted text", f"before {planted} after", world)


async def test_nothing_in_answers_and_the_apps_log(world: World, app: App) -> None:
    """HTTP reports of good and bad mailboxes, a bad request, and all that the app logged."""
    for mailbox in MAILBOXES:
        assert_clean(f"the report of {mailbox}", json.dumps(await app.check(mailbox)), world)
    refused = await app.send("POST", "/api/checks", json={"mailbox": "x"})
    assert_clean("a problem", refused.body.decode(), world)
    assert_clean("the log", app.log.read_text(), world)


async def test_nothing_in_the_terminal(world: World, terminal: Terminal) -> None:
    """Text and JSON of the command, and what it writes to stderr."""
    for arguments in (("check", "shared@contoso.com"), ("check", "not-granted@contoso.com", "--json")):
        ended = await terminal.run(*arguments)
        assert_clean(f"the output of {arguments}", ended.out + ended.err, world)


@contextmanager
def everything_logged(caplog: pytest.LogCaptureFixture, world: World) -> Iterator[None]:
    """Every logger of every library at DEBUG; what they logged is searched at the end."""
    caplog.set_level(logging.DEBUG)
    for name in ("azure", "msal", "urllib3", "asyncio"):
        caplog.set_level(logging.DEBUG, logger=name)
    yield
    assert "login" in caplog.text or "token" in caplog.text, "the libraries did not log at DEBUG"
    assert_clean("the debug log", caplog.text, world)


async def test_nothing_at_debug_level(
    world: World, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every logger of every library at DEBUG, the report and its repr: a whole check in this process."""
    check = Checker(world, monkeypatch)
    with everything_logged(caplog, world):
        for mailbox in MAILBOXES:
            assert_clean(f"the report of {mailbox}", every_form(await check(mailbox)), world)


async def test_nothing_of_a_turn_of_the_bot(
    world: World, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every logger at DEBUG: turns that go well, a connector that makes trouble, and tokens that are refused."""
    for name, value in world.settings().items():
        monkeypatch.setenv(name, value)
    app = Application(Settings.read(world.settings()))

    async with WebServer([web.post("/api/messages", partial(turn_of, app))]) as server:
        monkeypatch.setattr(world.teams, "bot_url", f"{server.url}/api/messages")
        with everything_logged(caplog, world):
            world.teams.connector.faults.extend(_TROUBLES)
            replies = [await world.teams.say("mailcheck shared@contoso.com") for _ in range(1 + len(_TROUBLES))]
            token = world.teams.issuer.token(world.teams.service_url)
            for number, forged in enumerate((f"{token[:-8]}AAAAAAAA", token.replace(".", ".."), "no token")):
                activity = {**replies[-1].activity, "id": f"forged-{number}"}
                refused = await world.teams.deliver(activity, replies[-1].conversation, token=forged)
                assert refused.status == 401
    assert {reply.status for reply in replies} == {200}
    assert "mailbox='shared@contoso.com' verdict='healthy'" in caplog.text


@pytest.mark.parametrize(
    "scenario",
    [
        "secret-good",
        "secret-wrong",
        "secret-with-line-end",
        "secret-expired-in-entra",
        "secret-expired-in-vault",
        "secret-is-certificate",
        "certificate-encrypted",
        "certificate-plain-text",
    ],
)
async def test_nothing_of_a_client_secret(
    scenario: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client secret, good or refused by the vault's reader or by Entra, is in no form of the report and in no log."""
    async with World(scenario=scenario) as world:
        check = Checker(world, monkeypatch)
        with everything_logged(caplog, world):
            report = await check("shared@contoso.com")
        assert (report.status is Status.HEALTHY) == (scenario == "secret-good")
        assert_clean(f"the report in {scenario}", every_form(report), world)


async def test_nothing_of_a_client_secret_in_the_apps_log_and_the_terminal(
    http: aiohttp.ClientSession, tmp_path: Path
) -> None:
    """The app and the command that sign in with a client secret: answers, logs, and both streams."""
    log = tmp_path / "host.log"
    async with World(scenario="secret-good") as world:
        with log.open("wb") as sink:
            async with AppProcess(ROOT, world.settings(), log=sink) as process:
                document = await App(process.url, http, log).check("shared@contoso.com")
        ended = await Terminal(clean_environment(world.settings())).run("check", "shared@contoso.com", "--json")
        assert (document["status"], json.loads(ended.out)["status"]) == ("healthy", "healthy")
        assert_clean("the report", json.dumps(document), world)
        assert_clean("the log", log.read_text(), world)
        assert_clean("the terminal", ended.out + ended.err, world)


def every_form(report: Report) -> str:
    """A report as it can leave the process."""
    return "\n".join((repr(report), report_text(report), json.dumps(report_json(report))))
