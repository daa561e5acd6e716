"""Exchange as a whole in each of its states: what its servers say, through a world that was asked for it by name."""

import ssl

import pytest

from lab.exchange.pop import FRONT_END_LIMIT
from lab.exchange.protocols import Protocol
from lab.scenario import Kind
from lab.scenarios import SCENARIOS
from lab.tenant import EXCHANGE_RESOURCE
from lab.world import World
from tests.lab.exchange_kit import SMTP_GREETING, SMTP_HELLO, SMTP_STARTTLS, Peer, xoauth2

SHARED = "shared@contoso.com"
IMAP_GREETING = "S: * OK The Microsoft Exchange IMAP4 service is ready. [...]\n"
POP_GREETING = "S: +OK The Microsoft Exchange POP3 service is ready. [...]\n"
FRONT_END = "S: +OK Microsoft Exchange POP3 server ready (tcpproxy/15.20.9137.005). [...]\n"
SMTP_BEGINS = SMTP_GREETING + SMTP_STARTTLS + SMTP_HELLO
IMAP_SIGN_IN = IMAP_GREETING + "C: a AUTHENTICATE XOAUTH2 {response}\nS: a "
POP_SIGN_IN = POP_GREETING + "C: AUTH XOAUTH2\nS: + \nC: {response}\nS: "
SMTP_SIGN_IN = SMTP_BEGINS + "C: AUTH XOAUTH2\nS: 334 \nC: {response}\nS: "
IMAP_NO = IMAP_SIGN_IN + "NO AUTHENTICATE failed."
POP_NO = POP_SIGN_IN + "-ERR Authentication failure: unknown user name or bad password."
SMTP_NO = SMTP_SIGN_IN + "535 5.7.3 Authentication unsuccessful [...]"
IMAP_OPENS = IMAP_SIGN_IN + "OK AUTHENTICATE completed."
POP_OPENS = POP_SIGN_IN + "+OK User successfully authenticated."
SMTP_OPENS = SMTP_SIGN_IN + "235 2.7.0 Authentication successful"
NO_STARTTLS = SMTP_STARTTLS.replace("S: 250-STARTTLS\n", "").partition("C: STARTTLS")[0]
OLD_TLS = "421 4.7.66 TLS 1.0 and 1.1 are not supported."
SMTP_IS_OFF = SMTP_SIGN_IN + (
    "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant."
    " Visit https://aka.ms/smtp_auth_disabled for more information. [...]"
)
POP_HANGS_UP = POP_SIGN_IN.replace(POP_GREETING, FRONT_END) + (
    "-ERR Protocol error. Connection is closed. 10\nS: <closed>"
)
IMAP_FILTERED = IMAP_GREETING + (
    "C: a CAPABILITY\nS: * CAPABILITY IMAP4 IMAP4rev1 AUTH=PLAIN SASL-IR ...\nS: a OK ...\n"
    "C: a AUTHENTICATE XOAUTH2 {response}\nS: a BAD Command Argument Error. 11"
)
POP_FILTERED = POP_GREETING + (
    "C: CAPA\nS: +OK\nS: TOP\nS: UIDL\nS: SASL PLAIN\nS: USER\nS: .\nC: AUTH XOAUTH2\nS: -ERR Protocol error. 19"
)
SMTP_FILTERED = SMTP_BEGINS.replace("AUTH LOGIN XOAUTH2", "AUTH LOGIN") + (
    "C: AUTH XOAUTH2\nS: 504 5.7.4 Unrecognized authentication type [...]"
)
TURNED_AWAY = (
    "S: * BYE Connection closed. 14\nS: <closed>",
    "S: -ERR Server Unavailable. 21\nS: <closed>",
    "S: 421 4.3.2 LB0P... Service not available, closing transmission channel\nS: <closed>",
)
REFUSED = (IMAP_NO, POP_NO, SMTP_NO)
OPENS = (IMAP_OPENS, POP_OPENS, SMTP_OPENS)
# The handshake itself fails.
NO_TLS = ("", "", "")

STATES = {
    "smtp-off": (IMAP_OPENS, POP_OPENS, SMTP_IS_OFF),
    "smtp-by-rbac": OPENS,
    "principal-missing": REFUSED,
    "principal-wrong-object-id": REFUSED,
    **dict.fromkeys(("exchange-busy", "exchange-busy-once"), TURNED_AWAY),
    "exchange-incident": REFUSED,
    "imap-incident": (IMAP_NO, POP_OPENS, SMTP_OPENS),
    "token-too-long": (IMAP_OPENS, POP_HANGS_UP, SMTP_OPENS),
    "xoauth2-filtered": (IMAP_FILTERED, POP_FILTERED, SMTP_FILTERED),
    "starttls-filtered": (
        IMAP_OPENS,
        POP_OPENS,
        SMTP_GREETING + NO_STARTTLS + "C: STARTTLS\nS: 500 5.3.3 Unrecognized command 'unknown' [...]",
    ),
    "smtp-old-tls": (
        IMAP_OPENS,
        POP_OPENS,
        f"{SMTP_GREETING}{SMTP_STARTTLS}C: EHLO client.example\nS: {OLD_TLS} ... [...]\nS: <closed>",
    ),
    "server-certificate-other-host": NO_TLS,
    "server-certificate-expired": NO_TLS,
    "server-certificate-untrusted": NO_TLS,
}
VERIFICATION = {
    "server-certificate-other-host": "IP address mismatch|Hostname mismatch|not valid for",
    "server-certificate-expired": "certificate has expired",
    "server-certificate-untrusted": "unable to get local issuer certificate|signature failure|self-signed",
}


def test_every_state_is_exercised() -> None:
    """The tables here and the scenarios of Exchange name the same states."""
    assert set(STATES) == {row.name for row in SCENARIOS if row.kind is Kind.EXCHANGE}
    assert set(VERIFICATION) == {name for name, talks in STATES.items() if talks is NO_TLS}


async def play(world: World, protocol: Protocol, talk: str) -> None:
    """Plays a talk with the app's own token."""
    port = {
        Protocol.IMAP: world.exchange.imap_port,
        Protocol.POP: world.exchange.pop_port,
        Protocol.SMTP: world.exchange.smtp_port,
    }[protocol]
    trust = ssl.create_default_context(cafile=world.settings()["MAILCHECK_CA_FILE"])
    token = world.entra.mint(world.mail_app, EXCHANGE_RESOURCE)
    async with Peer.connected(port, tls=protocol is not Protocol.SMTP, trust=trust) as peer:
        await peer.play(talk, response=xoauth2(SHARED, token))


@pytest.mark.parametrize("name", [name for name, talks in STATES.items() if talks is not NO_TLS])
async def test_state(name: str) -> None:
    """In each state the servers say, by each protocol, what it says in the table."""
    async with World(scenario=name) as world:
        for protocol, talk in zip(Protocol, STATES[name], strict=True):
            await play(world, protocol, talk)


@pytest.mark.parametrize("name", VERIFICATION)
@pytest.mark.parametrize("protocol", Protocol)
async def test_certificate(name: str, protocol: Protocol) -> None:
    """A client that verifies does not come to a conversation under TLS, and its library says why."""
    async with World(scenario=name) as world:
        with pytest.raises(ssl.SSLCertVerificationError, match=VERIFICATION[name]):
            await play(world, protocol, SMTP_GREETING + SMTP_STARTTLS)


@pytest.mark.parametrize("name, later", [("exchange-busy", TURNED_AWAY), ("exchange-busy-once", OPENS)])
async def test_servers_that_turn_clients_away(name: str, later: tuple[str, str, str]) -> None:
    """Busy servers stay so, or are well for the second client of each protocol."""
    async with World(scenario=name) as world:
        for talks in (TURNED_AWAY, later, later):
            for protocol, talk in zip(Protocol, talks, strict=True):
                await play(world, protocol, talk)


async def test_an_ordinary_token_fits_the_newer_front_end() -> None:
    """The front end is not at fault by itself: without the many roles, POP opens."""
    async with World() as world:
        world.exchange.organization.pop_front_end = True
        assert len(xoauth2(SHARED, world.entra.mint(world.mail_app, EXCHANGE_RESOURCE))) < FRONT_END_LIMIT
        await play(world, Protocol.POP, POP_OPENS.replace(POP_GREETING, FRONT_END))


async def test_a_mailbox_may_have_smtp_where_the_organisation_has_it_off() -> None:
    """The switch of the mailbox wins, in the state as in the settings."""
    async with World(scenario="smtp-off") as world:
        token = world.entra.mint(world.mail_app, EXCHANGE_RESOURCE)
        trust = ssl.create_default_context(cafile=world.settings()["MAILCHECK_CA_FILE"])
        async with Peer.connected(world.exchange.smtp_port, tls=False, trust=trust) as peer:
            await peer.play(SMTP_OPENS, response=xoauth2("smtp-on@contoso.com", token))
