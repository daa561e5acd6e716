"""Every scenario, by the protocols that it concerns: what its mailbox answers, and how it is described."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from lab.exchange.mailboxes import Mailbox
from lab.exchange.protocols import Protocol
from lab.exchange.server import Exchange
from lab.exchange.session import MAX_LINE
from lab.exchange.standard import scenarios, standard_mailboxes
from lab.exchange.troubles import Blocked, NotConnected, Trouble
from lab.tenant import MAIL_PRINCIPAL_ID, TENANT_DOMAIN
from tests.lab.exchange_kit import Peer, app_token, new_exchange, play_imap, play_pop, play_smtp, xoauth2

type Told = tuple[str, str]  # a talk, and what is recorded of it

IMAP_SIGN_IN = "C: a1 AUTHENTICATE XOAUTH2 {response}\n"
IMAP_SIGNED_IN = f"{IMAP_SIGN_IN}S: a1 OK AUTHENTICATE completed.\n"
IMAP_NO = f"{IMAP_SIGN_IN}S: a1 NO AUTHENTICATE failed."
IMAP_OPENS = (
    f'{IMAP_SIGNED_IN}C: a2 LIST "" INBOX\nS: * LIST (...) "/" INBOX\nS: a2 OK LIST completed.',
    "opened",
)
IMAP_NOT_CONNECTED = "BAD User is authenticated but not connected."
IMAP_BYE = "S: * BYE Connection closed. 14\nS: <closed>"
IMAP_IS_OFF = (
    f"""{IMAP_SIGNED_IN}
C: a2 CAPABILITY
S: * CAPABILITY ... CLIENTACCESSRULES ...
S: a2 OK CAPABILITY completed.
C: a3 LIST "" "*"
S: a3 {IMAP_NOT_CONNECTED}
C: a4 NOOP
S: a4 {IMAP_NOT_CONNECTED}
{IMAP_BYE}""",
    "switched off",
)
IMAP_DOES_NOT_CONNECT = (
    f'{IMAP_SIGNED_IN}C: a2 LIST "" "*"\nS: a2 {IMAP_NOT_CONNECTED}\n{IMAP_BYE}',
    "not connected",
)
IMAP_CANNOT_LIST = (
    f'{IMAP_SIGNED_IN}C: a2 LIST "" "*"\nS: a2 NO Server Unavailable. 15\nC: a3 NOOP\nS: a3 OK NOOP completed.',
    "unavailable",
)
IMAP_CLOSES = (f"{IMAP_SIGNED_IN}{IMAP_BYE}", "hung up")
THROTTLED = "Request is throttled. Suggested Backoff Time: 89000 milliseconds"

POP_SIGN_IN = "C: AUTH XOAUTH2\nS: + \nC: {response}\n"
POP_OPENS = (f"{POP_SIGN_IN}S: +OK User successfully authenticated.\nC: STAT\nS: +OK ...", "opened")
POP_NO = f"{POP_SIGN_IN}S: -ERR Authentication failure: unknown user name or bad password."

SMTP_SIGN_IN = "C: AUTH XOAUTH2\nS: 334 \nC: {response}\n"
SMTP_OPENS = (f"{SMTP_SIGN_IN}S: 235 2.7.0 Authentication successful", "opened")
SMTP_NO = f"{SMTP_SIGN_IN}S: 535 5.7.3 Authentication unsuccessful [LB0P...]"
SMTP_POLICY = f"{SMTP_SIGN_IN}S: 535 5.7.139 Authentication unsuccessful, "
SMTP_IS_OFF = (f"{SMTP_POLICY}SmtpClientAuthentication is disabled for the Mailbox. [...]", "switched off")
CRITERIA = "the request did not meet the criteria to be authenticated successfully. Contact your administrator. [...]"
SMTP_IS_BLOCKED = (f"{SMTP_POLICY}{CRITERIA}", "blocked")
LIMIT = "Concurrent connections limit exceeded. Visit https://aka.ms/concurrent_sending for more information."
SMTP_IS_BUSY = (f"{SMTP_SIGN_IN}S: 432 4.3.2 {LIMIT} [Hostname=...]", "throttled")
SMTP_IS_UNAVAILABLE = (f"{SMTP_SIGN_IN}S: 454 4.7.0 Temporary authentication failure [...]", "unavailable")

OPENS = (IMAP_OPENS, POP_OPENS, SMTP_OPENS)


def refused(outcome: str, diagnostics: str = "") -> tuple[Told, Told, Told]:
    """All three protocols refuse; SMTP has no diagnostics."""
    said = f" {diagnostics}" if diagnostics else ""
    return ((f"{IMAP_NO}{said}", outcome), (f"{POP_NO}{said}", outcome), (SMTP_NO, outcome))


def throttled(status: str, said: str = THROTTLED) -> Told:
    """IMAP throttles the sign-in: with BAD it hangs up, with NO it stays."""
    end = IMAP_BYE if status == "BAD" else "C: a2 NOOP\nS: a2 OK NOOP completed."
    return (f"{IMAP_SIGN_IN}S: a1 {status} {said}\n{end}", "throttled")


DIAGNOSTICS = '[Error="{error}" AuthResultFromPopImapEnd=8 User:{name}@contoso.com]'
LOGON_DENIED = "AuthFailed:LogonDenied-None-OAuthLog:AuthExc_Auth Failed."

# What IMAP, POP and SMTP say, and what is recorded.
SCENARIOS: dict[str, tuple[Told, Told, Told]] = {
    **dict.fromkeys(("shared", "info", "empty", "many-folders", "odd-names", "smtp-on"), OPENS),
    "no-imap": (IMAP_IS_OFF, POP_OPENS, SMTP_OPENS),
    "no-pop": (IMAP_OPENS, (POP_NO, "switched off"), SMTP_OPENS),
    "no-smtp": (IMAP_OPENS, POP_OPENS, SMTP_IS_OFF),
    **dict.fromkeys(("not-granted", "wrong-object-id", "app-rbac"), refused("no FullAccess")),
    "logon-denied": refused("no FullAccess", DIAGNOSTICS.format(error=LOGON_DENIED, name="logon-denied")),
    "no-recipient": refused("no such mailbox", DIAGNOSTICS.format(error="NoADRecipient", name="no-recipient")),
    "unknown": refused("no such mailbox"),
    "alias": refused("an alias"),
    "deleted": refused("soft-deleted"),
    "group": refused("a group"),
    "not-connected": (IMAP_DOES_NOT_CONNECT, POP_OPENS, SMTP_OPENS),
    "closed": (
        IMAP_CLOSES,
        (f"{POP_SIGN_IN}S: +OK User successfully authenticated.\nS: <closed>", "hung up"),
        (f"{SMTP_OPENS[0]}\nS: <closed>", "hung up"),
    ),
    **dict.fromkeys(
        ("unavailable", "flaky"),
        (IMAP_CANNOT_LIST, (f"{POP_SIGN_IN}S: -ERR Server Unavailable. 21", "unavailable"), SMTP_IS_UNAVAILABLE),
    ),
    "policy": (IMAP_OPENS, POP_OPENS, SMTP_IS_BLOCKED),
    "busy": (IMAP_OPENS, POP_OPENS, SMTP_IS_BUSY),
    "throttled": (
        throttled("BAD"),
        (f"{POP_SIGN_IN}S: -ERR {THROTTLED}\nS: <closed>", "throttled"),
        SMTP_IS_BUSY,
    ),
    "throttled-untimed": (
        throttled("BAD", "Request is throttled."),
        (f"{POP_SIGN_IN}S: -ERR Request is throttled.\nS: <closed>", "throttled"),
        SMTP_IS_BUSY,
    ),
    "throttled-no": (throttled("NO"), POP_OPENS, SMTP_OPENS),
    "throttled-no-untimed": (throttled("NO", "Request is throttled."), POP_OPENS, SMTP_OPENS),
    "throttled-list": (
        (f'{IMAP_SIGNED_IN}C: a2 LIST "" "*"\nS: a2 BAD {THROTTLED}\n{IMAP_BYE}', "throttled"),
        POP_OPENS,
        SMTP_OPENS,
    ),
}
# Those that time is a part of have tests of their own.
SLOW = {"slow", "silent"}


@pytest.fixture
async def exchange() -> AsyncIterator[Exchange]:
    """A server with the standard scenarios."""
    async with new_exchange() as server:
        yield server


def mailbox(exchange: Exchange, name: str) -> Mailbox:
    """A mailbox of the server."""
    found = exchange.mailboxes.find(f"{name}@{TENANT_DOMAIN}")
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


@pytest.mark.parametrize("name", [name for name in SCENARIOS if name not in {"unknown", "app-rbac"}])
async def test_only_who_may_open_a_mailbox_learns_its_state(exchange: Exchange, name: str) -> None:
    """With a token that is none, every mailbox answers alike, whatever is the matter with it."""
    response = xoauth2(f"{name}@{TENANT_DOMAIN}", "not.a.token")
    for play, talk in ((play_imap, IMAP_NO), (play_pop, POP_NO), (play_smtp, SMTP_NO)):
        await play(exchange, talk, response=response)


async def test_a_fault_that_passes(exchange: Exchange) -> None:
    """Of two sign-ins by one protocol the first meets the fault and the second opens; the next two do the same."""
    response = xoauth2(f"flaky@{TENANT_DOMAIN}")
    for play, fault, opens in zip((play_imap, play_pop, play_smtp), SCENARIOS["flaky"], OPENS, strict=True):
        for talk, _ in (fault, opens, fault, opens):
            await play(exchange, talk, response=response)


@pytest.mark.parametrize(
    "trouble, talks",
    [
        (NotConnected(1), (IMAP_DOES_NOT_CONNECT[0], POP_NO, SMTP_NO)),
        (Blocked(), (IMAP_NO, POP_NO, SMTP_IS_BLOCKED[0])),
    ],
)
async def test_troubles_by_protocols_that_no_scenario_has(
    exchange: Exchange, trouble: Trouble, talks: tuple[str, str, str]
) -> None:
    """A trouble may be set for any protocol; where one has no words for it, it refuses as always."""
    mailbox(exchange, "info").troubles = dict.fromkeys(Protocol, trouble)
    for play, talk in zip((play_imap, play_pop, play_smtp), talks, strict=True):
        await play(exchange, talk, response=xoauth2(f"info@{TENANT_DOMAIN}"))


async def test_rbac_for_applications_alone(exchange: Exchange) -> None:
    """An assignment opens SMTP to a token without SMTP's role, and nothing else."""
    response = xoauth2(f"app-rbac@{TENANT_DOMAIN}", app_token()(roles=["IMAP.AccessAsApp", "POP.AccessAsApp"]))
    for play, talk in ((play_imap, IMAP_NO), (play_pop, POP_NO), (play_smtp, SMTP_OPENS[0])):
        await play(exchange, talk, response=response)


@pytest.mark.parametrize("protocol", Protocol)
async def test_a_slow_mailbox(exchange: Exchange, protocol: Protocol) -> None:
    """The sign-in is answered after a while, and all goes on as with any other mailbox."""
    mailbox(exchange, "slow").delay = 0.3
    play = (play_imap, play_pop, play_smtp)[list(Protocol).index(protocol)]
    began = asyncio.get_running_loop().time()
    await play(exchange, OPENS[list(Protocol).index(protocol)][0], response=xoauth2(f"slow@{TENANT_DOMAIN}"))
    assert asyncio.get_running_loop().time() - began >= 0.3


@pytest.mark.parametrize("protocol", Protocol)
async def test_a_silent_mailbox(exchange: Exchange, protocol: Protocol) -> None:
    """The sign-in is not answered, and the session ends when the client leaves."""
    index = list(Protocol).index(protocol)
    before = asyncio.all_tasks()
    play, (talk, _) = (play_imap, play_pop, play_smtp)[index], OPENS[index]
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(play(exchange, talk, response=xoauth2(f"silent@{TENANT_DOMAIN}")), 0.3)
    async with asyncio.timeout(5):
        while sessions := asyncio.all_tasks() - before:
            await asyncio.wait(sessions)
    assert exchange.sightings[-1].outcome == "opened"


async def test_a_flood_in_silence(exchange: Exchange) -> None:
    """Who floods the server while it is silent is hung up on."""
    async with Peer.connected(exchange.imap_port) as peer:
        await peer.line()
        response = xoauth2(f"silent@{TENANT_DOMAIN}")
        await peer.send(f"a1 AUTHENTICATE XOAUTH2 {response}\r\n".encode() + b"x" * (MAX_LINE + 1))
        await peer.play(IMAP_BYE)


async def test_addresses_have_no_case(exchange: Exchange) -> None:
    """A mailbox opens by its address in any case of letters."""
    await play_imap(exchange, IMAP_OPENS[0], response=xoauth2("Shared@CONTOSO.com"))


def test_every_scenario_is_described_and_exercised() -> None:
    """The rows for people name exactly the scenarios of the table above, each with a sentence."""
    rows = scenarios(TENANT_DOMAIN)
    assert {address for address, _ in rows} == {f"{name}@{TENANT_DOMAIN}" for name in SCENARIOS.keys() | SLOW}
    assert all(purpose.endswith(".") and len(purpose) < 100 for _, purpose in rows)


def test_two_worlds_share_no_mailbox() -> None:
    """What is changed in one tenant's mailboxes does not show in another's."""
    one, other = (standard_mailboxes(TENANT_DOMAIN, MAIL_PRINCIPAL_ID) for _ in range(2))
    for mailbox in one:
        mailbox.grants.clear()
        mailbox.smtp_assignments.add("somebody")
        mailbox.troubles.clear()
    assert [mailbox.grants for mailbox in other if mailbox.address.startswith("shared@")] == [{MAIL_PRINCIPAL_ID}]
    assert not any("somebody" in mailbox.smtp_assignments for mailbox in other)
    assert any(mailbox.troubles for mailbox in other)


async def test_odd_names_on_the_wire(exchange: Exchange) -> None:
    """Literals, NIL and empty delimiters, NIL as a name: each of them as RFC 3501 writes it."""
    deep = "/".join(["deep"] * 40)
    lines = (
        r'(\Marked \HasNoChildren) "/" INBOX',
        r'(\HasNoChildren) "/" {12}',
        "Literal Name",
        r'(\HasNoChildren) "/" "Quoted \"and\" escaped"',
        r'(\HasNoChildren) "/" NIL',
        r'(\HasNoChildren) NIL "No delimiter"',
        r'(\HasNoChildren) "" "Empty delimiter"',
        r'(\HasNoChildren \NonExistent) "/" Gone',
        r'(\HasNoChildren \Noinferiors) "/" Childless',
        r'(\HasNoChildren) "/" " leading and trailing "',
        rf'(\HasNoChildren) "/" {"x" * 200}',
        rf'(\HasNoChildren) "/" {deep}',
    )
    listed = "\n".join(f"S: {line}" if line == "Literal Name" else f"S: * LIST {line}" for line in lines)
    talk = f'{IMAP_SIGNED_IN}C: a2 LIST "" "*"\n{listed}\nS: a2 OK LIST completed.'
    await play_imap(exchange, talk, response=xoauth2(f"odd-names@{TENANT_DOMAIN}"))


async def test_many_folders_are_listed_quickly(exchange: Exchange) -> None:
    """Three thousand folders are one answer of well under a second."""
    count = len(mailbox(exchange, "many-folders").folders)
    assert count > 3000
    async with Peer.connected(exchange.imap_port) as peer, asyncio.timeout(5):
        await peer.line()
        await peer.play(IMAP_SIGNED_IN, response=xoauth2(f"many-folders@{TENANT_DOMAIN}"))
        await peer.play('C: a2 LIST "" "*"' + '\nS: * LIST (...) "/" ...' * count + "\nS: a2 OK LIST completed.")


def test_the_shared_mailbox_has_every_kind_of_folder(exchange: Exchange) -> None:
    """The healthy mailbox holds what breaks parsers: depth, alphabets, quotes, special use, Noselect, Markdown."""
    folders = mailbox(exchange, "shared").folders
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


def test_the_plain_mailboxes_show_no_special_use(exchange: Exchange) -> None:
    """In some tenants LIST shows no special use, and a mailbox may hold nothing but its inbox."""
    assert all(not folder.flags for folder in mailbox(exchange, "info").folders if folder.path != ("INBOX",))
    assert [folder.path for folder in mailbox(exchange, "empty").folders] == [("INBOX",)]
