"""Every scenario, by the protocols that it concerns: what its mailbox answers, and how it is described."""

from collections.abc import AsyncIterator

import pytest

from lab.exchange.mailboxes import Mailbox, scenarios, standard_mailboxes
from lab.exchange.protocols import Protocol
from lab.exchange.server import Exchange
from lab.tenant import MAIL_PRINCIPAL_ID, TENANT_DOMAIN
from tests.lab.exchange_kit import new_exchange, play_imap, play_pop, play_smtp, xoauth2

IMAP_OPENS = """
C: a1 AUTHENTICATE XOAUTH2 {response}
S: a1 OK AUTHENTICATE completed.
C: a2 LIST "" INBOX
S: * LIST (...) "/" INBOX
S: a2 OK LIST completed.
"""
IMAP_REFUSES = """
C: a1 AUTHENTICATE XOAUTH2 {response}
S: a1 NO AUTHENTICATE failed.
"""
IMAP_DOES_NOT_CONNECT = """
C: a1 AUTHENTICATE XOAUTH2 {response}
S: a1 OK AUTHENTICATE completed.
C: a2 CAPABILITY
S: * CAPABILITY ... CLIENTACCESSRULES ...
S: a2 OK CAPABILITY completed.
C: a3 LIST "" "*"
S: a3 BAD User is authenticated but not connected.
C: a4 NOOP
S: a4 BAD User is authenticated but not connected.
S: * BYE Connection closed. 14
S: <closed>
"""
IMAP_THROTTLES = """
C: a1 AUTHENTICATE XOAUTH2 {response}
S: a1 BAD Request is throttled. Suggested Backoff Time: 89000 milliseconds
S: * BYE Connection closed. 14
S: <closed>
"""
POP_SIGN_IN = """
C: AUTH XOAUTH2
S: +...
C: {response}
"""
POP_OPENS = POP_SIGN_IN + "S: +OK User successfully authenticated.\nC: STAT\nS: +OK ..."
POP_REFUSES = POP_SIGN_IN + "S: -ERR Authentication failure: unknown user name or bad password."
POP_THROTTLES = POP_SIGN_IN + "S: -ERR Request is throttled. Suggested Backoff Time: 89000 milliseconds\nS: <closed>"

SMTP_SIGN_IN = "C: AUTH XOAUTH2\nS: 334 \nC: {response}\n"
SMTP_OPENS = SMTP_SIGN_IN + "S: 235 2.7.0 Authentication successful"
SMTP_REFUSES = SMTP_SIGN_IN + "S: 535 5.7.3 Authentication unsuccessful [...]"
SMTP_IS_OFF = SMTP_SIGN_IN + (
    "S: 535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Mailbox. [...]"
)
SMTP_THROTTLES = SMTP_SIGN_IN + (
    "S: 432 4.3.2 Concurrent connections limit exceeded. Visit https://aka.ms/concurrent_sending for more information."
    " [Hostname=...]"
)

# name: (talk, what is recorded of it) of IMAP, POP and SMTP
SCENARIOS = {
    "shared": ((IMAP_OPENS, "opened"), (POP_OPENS, "opened"), (SMTP_OPENS, "opened")),
    "info": ((IMAP_OPENS, "opened"), (POP_OPENS, "opened"), (SMTP_OPENS, "opened")),
    "empty": ((IMAP_OPENS, "opened"), (POP_OPENS, "opened"), (SMTP_OPENS, "opened")),
    "no-imap": ((IMAP_DOES_NOT_CONNECT, "switched off"), (POP_OPENS, "opened"), (SMTP_OPENS, "opened")),
    "no-pop": ((IMAP_OPENS, "opened"), (POP_REFUSES, "switched off"), (SMTP_OPENS, "opened")),
    "no-smtp": ((IMAP_OPENS, "opened"), (POP_OPENS, "opened"), (SMTP_IS_OFF, "switched off")),
    "not-granted": (
        (IMAP_REFUSES, "no FullAccess"),
        (POP_REFUSES, "no FullAccess"),
        (SMTP_REFUSES, "no FullAccess"),
    ),
    "unknown": (
        (IMAP_REFUSES, "no such mailbox"),
        (POP_REFUSES, "no such mailbox"),
        (SMTP_REFUSES, "no such mailbox"),
    ),
    "throttled": ((IMAP_THROTTLES, "throttled"), (POP_THROTTLES, "throttled"), (SMTP_THROTTLES, "throttled")),
}


@pytest.fixture
async def exchange() -> AsyncIterator[Exchange]:
    """A server with the standard scenarios."""
    async with new_exchange() as server:
        yield server


def mailbox(name: str) -> Mailbox:
    """A mailbox of the standard scenarios."""
    found = standard_mailboxes(TENANT_DOMAIN, MAIL_PRINCIPAL_ID).find(f"{name}@{TENANT_DOMAIN}")
    assert found is not None
    return found


@pytest.mark.parametrize("name", SCENARIOS)
async def test_scenario(exchange: Exchange, name: str) -> None:
    """The mailbox answers on each protocol as its scenario says, and the server records the true outcome."""
    address = f"{name}@{TENANT_DOMAIN}"
    for play, (talk, _) in zip((play_imap, play_pop, play_smtp), SCENARIOS[name], strict=True):
        await play(exchange, talk, response=xoauth2(address))
    outcomes = (outcome for _, outcome in SCENARIOS[name])
    assert exchange.sightings == list(zip(Protocol, [address] * 3, outcomes, strict=True))


async def test_a_throttled_mailbox_still_checks_the_token(exchange: Exchange) -> None:
    """Only who may open a mailbox learns that it is throttled, or switched off."""
    for name in ("throttled", "no-imap"):
        await play_imap(exchange, IMAP_REFUSES, response=xoauth2(f"{name}@{TENANT_DOMAIN}", "not.a.token"))


async def test_addresses_have_no_case(exchange: Exchange) -> None:
    """A mailbox opens by its address in any case of letters."""
    await play_imap(exchange, IMAP_OPENS, response=xoauth2("Shared@CONTOSO.com"))


def test_every_scenario_is_described_and_exercised() -> None:
    """The rows for people name exactly the scenarios of the table above, each with a sentence."""
    rows = scenarios(TENANT_DOMAIN)
    assert {address for address, _ in rows} == {f"{name}@{TENANT_DOMAIN}" for name in SCENARIOS}
    assert all(purpose.endswith(".") for _, purpose in rows)


def test_the_shared_mailbox_has_every_kind_of_folder() -> None:
    """The healthy mailbox holds what breaks parsers: depth, alphabets, quotes, special use, Noselect, Markdown."""
    folders = mailbox("shared").folders
    names = ["/".join(folder.path) for folder in folders]
    flags = {flag for folder in folders for flag in folder.flags}
    assert len(names) == len(set(names)) > 30
    assert max(len(folder.path) for folder in folders) >= 4
    assert flags == {r"\Drafts", r"\Junk", r"\Marked", r"\Sent", r"\Trash"}
    assert any(not folder.selectable for folder in folders)
    assert {"INBOX", "R&D", 'Say "hello"', "back\\slash", "[click](evil.example)"} <= set(names)
    assert all("" not in folder.path for folder in folders)
    for character in "øßżł予🚀":
        assert any(character in name for name in names)


def test_the_plain_mailboxes_show_no_special_use() -> None:
    """In some tenants LIST shows no special use, and a mailbox may hold nothing but its inbox."""
    assert all(not folder.flags for folder in mailbox("info").folders if folder.path != ("INBOX",))
    assert [folder.path for folder in mailbox("empty").folders] == [("INBOX",)]
