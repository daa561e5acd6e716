"""No secret leaves: tokens, keys, PFX, assertions, SASL strings and passwords are searched for in every output."""

import asyncio
import json
import logging
import re

import pytest

from lab.world import World
from mailcheck.compose import build_check
from mailcheck.faces.report_json import report_json
from mailcheck.faces.report_text import report_text
from mailcheck.model.report import Report
from mailcheck.model.request import CheckRequest, Mailbox
from mailcheck.settings import CheckSettings, Settings
from tests.e2e.kit import App, Terminal

pytestmark = pytest.mark.asyncio(loop_scope="session")

MAILBOXES = ["shared@contoso.com", "no-imap@contoso.com", "not-granted@contoso.com", "unknown@contoso.com"]
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
    known["the private key"] = world.app_certificate.key_pem.decode().splitlines()[5]
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
        "".join(world.app_certificate.certificate_pem.decode().splitlines()[1:-1]),
        world.settings()["MicrosoftAppPassword"],
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


async def test_nothing_at_debug_level(
    world: World, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every logger of every library at DEBUG, the report and its repr: a whole check in this process."""
    for name, value in world.identity.environment().items():
        monkeypatch.setenv(name, value)
    settings = Settings.read(world.settings()).check
    assert isinstance(settings, CheckSettings)
    check = build_check(settings)
    caplog.set_level(logging.DEBUG)
    for name in ("azure", "msal", "urllib3", "asyncio"):
        caplog.set_level(logging.DEBUG, logger=name)
    for mailbox in MAILBOXES:
        report = await asyncio.wait_for(check(CheckRequest(Mailbox(mailbox), settings.protocols)), 20)
        assert isinstance(report, Report)
        outputs = [repr(report), report_text(report), json.dumps(report_json(report))]
        assert_clean(f"the report of {mailbox}", "\n".join(outputs), world)
    assert "login" in caplog.text or "token" in caplog.text, "the libraries did not log at DEBUG"
    assert_clean("the debug log", caplog.text, world)
