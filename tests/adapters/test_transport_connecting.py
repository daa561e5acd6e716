"""The stages before the first word: names, addresses, certificates."""

import asyncio
import datetime as dt
import socket
import ssl
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import contextmanager

import pytest

from lab.pki import Authority
from mailcheck.adapters.addresses import Address, Resolve
from mailcheck.adapters.transport import MailTransport
from mailcheck.model.evidence import Fault, Stage
from mailcheck.model.request import Endpoint
from tests.adapters.mail_kit import evidence, read, saying, serving, talk
from tests.stalls import undisturbed

NOW = dt.datetime.now(dt.UTC)
DAY = dt.timedelta(days=1)
GREETING = b"* OK ready\r\n"


def resolving(*addresses: Address) -> Resolve:
    """A resolver that gives these for every name."""

    async def resolve(_: Endpoint) -> Sequence[Address]:
        return addresses

    return resolve


def failing(error: Exception) -> Resolve:
    """A resolver that fails in this way."""

    async def resolve(_: Endpoint) -> Sequence[Address]:
        raise error

    return resolve


@contextmanager
def bound(family: int = socket.AF_INET, host: str = "127.0.0.1") -> Iterator[tuple[socket.socket, Address]]:
    """A port that is taken; nobody listens until the test does."""
    with socket.socket(family) as holder:
        holder.bind((host, 0))
        yield holder, Address(family, (host, holder.getsockname()[1]))


# --- DNS


@pytest.mark.parametrize(
    "error, fault, said",
    [
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), Fault.NAME_NOT_FOUND, "Name or service"),
        (socket.gaierror(socket.EAI_NODATA, "No address"), Fault.NAME_NOT_FOUND, "No address"),
        (socket.gaierror(socket.EAI_AGAIN, "Temporary failure"), Fault.UNREACHABLE, "Temporary failure"),
        (UnicodeError("label too long"), Fault.NAME_NOT_FOUND, "label too long"),
    ],
    ids=["no-name", "no-data", "no-answer", "no-host-name"],
)
async def test_a_name_that_has_no_address(trust: ssl.SSLContext, error: Exception, fault: Fault, said: str) -> None:
    """What the resolver reports is evidence of the stage `dns`, and no later stage was entered."""
    conversation = await talk(MailTransport(trust, resolve=failing(error)), Endpoint("mail.invalid", 993), read())
    found = evidence(conversation)
    assert (found.stage, found.signal) == (Stage.DNS, fault)
    assert found.said.startswith(said)
    assert [(step.name, step.ok, step.detail) for step in conversation.steps] == [("dns", False, fault)]


async def test_a_resolver_that_does_not_answer(trust: ssl.SSLContext) -> None:
    """The deadline holds for the look-up too."""

    async def resolve(_: Endpoint) -> Sequence[Address]:
        await asyncio.get_running_loop().create_future()  # never done
        return ()

    conversation = await talk(MailTransport(trust, resolve=resolve), Endpoint("localhost", 1), read(), patience=0.1)
    assert (evidence(conversation).stage, evidence(conversation).signal) == (Stage.DNS, Fault.TIMEOUT)
    assert evidence(conversation).details["awaited"] == "the addresses of the host"


async def test_the_system_resolves_names(transport: MailTransport, tls: ssl.SSLContext) -> None:
    """Unless told otherwise the operating system's resolver is asked; the step shows what it found."""
    async with serving(saying(GREETING), tls) as peer:
        conversation = await talk(transport, Endpoint("localhost", peer.endpoint.port), read())
    assert conversation.outcome == b"* OK ready"
    assert "127.0.0.1" in conversation.steps[0].detail.split(", ")
    assert conversation.steps[1].detail == "127.0.0.1"


# --- addresses


async def test_a_port_where_nobody_listens(transport: MailTransport) -> None:
    """A refused connection is evidence in the operating system's words."""
    with bound() as (_, address):
        conversation = await talk(transport, Endpoint("127.0.0.1", address.sockaddr[1]), read())
    found = evidence(conversation)
    assert (found.stage, found.signal) == (Stage.CONNECT, Fault.REFUSED)
    assert found.said == "127.0.0.1: Connection refused"
    assert [(step.name, step.ok) for step in conversation.steps] == [("dns", True), ("connect", False)]


async def test_the_next_address_is_tried(trust: ssl.SSLContext, tls: ssl.SSLContext) -> None:
    """Where the first address refuses, the second gets its turn; the step names the one that accepted."""
    async with serving(saying(GREETING), tls) as peer:
        with bound(socket.AF_INET6, "::1") as (_, refusing):
            answering = Address(socket.AF_INET, (peer.endpoint.host, peer.endpoint.port))
            transport = MailTransport(trust, resolve=resolving(refusing, answering))
            conversation = await talk(transport, peer.endpoint, read())
    assert conversation.outcome == b"* OK ready"
    assert [step.detail for step in conversation.steps[:2]] == ["::1, 127.0.0.1", "127.0.0.1"]


async def test_one_version_of_ip_can_be_asked_for(trust: ssl.SSLContext, tls: ssl.SSLContext) -> None:
    """With a version only its addresses are tried; the conversation tells which it was, and which there are."""
    async with serving(saying(GREETING), tls) as peer:
        answering = Address(socket.AF_INET, (peer.endpoint.host, peer.endpoint.port))
        elsewhere = Address(socket.AF_INET6, ("::1", 1))
        transport = MailTransport(trust, resolve=resolving(elsewhere, answering))
        conversation = await talk(transport, peer.endpoint, read(), version=4)
        nowhere = await talk(transport, peer.endpoint, read(), version=6)
    assert conversation.outcome == b"* OK ready"
    assert (conversation.version, conversation.versions) == (4, frozenset({4, 6}))
    assert [step.detail for step in conversation.steps[:2]] == ["127.0.0.1", "127.0.0.1"]
    assert evidence(nowhere).signal is Fault.REFUSED
    assert (nowhere.version, nowhere.versions) == (0, frozenset({4, 6}))


@pytest.fixture
async def black_hole() -> AsyncGenerator[Address]:
    """An address that neither accepts nor refuses: its queue of connections is full."""
    loop = asyncio.get_running_loop()
    with bound() as (holder, address):
        holder.listen(0)
        with socket.socket() as first:
            first.setblocking(False)
            await loop.sock_connect(first, address.sockaddr)
            yield address


async def test_a_black_hole_leaves_time_for_the_next_address(
    trust: ssl.SSLContext, tls: ssl.SSLContext, black_hole: Address
) -> None:
    """An address that swallows packets uses up its share of the deadline, a third here, not all of it."""
    async with serving(saying(GREETING), tls) as peer:
        answering = Address(socket.AF_INET, (peer.endpoint.host, peer.endpoint.port))
        transport = MailTransport(trust, resolve=resolving(black_hole, answering))
        conversation = await undisturbed(lambda: talk(transport, peer.endpoint, read(), patience=1.0))
    assert conversation.outcome == b"* OK ready"
    assert 300 <= conversation.steps[1].ms < 900


async def test_a_black_hole_alone(trust: ssl.SSLContext, black_hole: Address) -> None:
    """Where no address answers, the deadline ends it, in the stage `connect`."""
    transport = MailTransport(trust, resolve=resolving(black_hole))
    conversation = await talk(transport, Endpoint("localhost", 993), read(), patience=0.2)
    found = evidence(conversation)
    assert (found.stage, found.signal, found.details["awaited"]) == (Stage.CONNECT, Fault.TIMEOUT, "a connection")


async def test_the_first_address_speaks_for_all(trust: ssl.SSLContext, black_hole: Address) -> None:
    """Where all addresses fail, the signal is that of the first, and every one is in what was said."""
    with bound(socket.AF_INET6, "::1") as (_, refusing):
        transport = MailTransport(trust, resolve=resolving(refusing, black_hole))
        conversation = await talk(transport, Endpoint("localhost", 993), read(), patience=0.2)
    assert evidence(conversation).signal is Fault.REFUSED
    assert evidence(conversation).said == "::1: Connection refused; 127.0.0.1: timeout"


# --- TLS


@pytest.mark.parametrize(
    "hosts, begins, ends, fault, said",
    [
        (("localhost",), -9, 9, Fault.HOST_MISMATCH, "IP address mismatch"),
        (("127.0.0.1",), -9, -1, Fault.EXPIRED, "certificate has expired"),
        (("127.0.0.1",), 1, 9, Fault.NOT_YET_VALID, "certificate is not yet valid"),
    ],
)
async def test_a_certificate_that_does_not_fit(
    transport: MailTransport,
    authority: Authority,
    hosts: tuple[str, ...],
    begins: int,
    ends: int,
    fault: Fault,
    said: str,
) -> None:
    """What is wrong with the server's certificate is evidence in OpenSSL's words."""
    pair = authority.issue(hosts, not_before=NOW + begins * DAY, not_after=NOW + ends * DAY)
    async with serving(saying(GREETING), authority.server_context(pair)) as peer:
        conversation = await talk(transport, peer.endpoint, read())
    found = evidence(conversation)
    assert (found.stage, found.signal) == (Stage.TLS, fault)
    assert found.said.startswith(said)
    assert [(step.name, step.ok) for step in conversation.steps] == [("dns", True), ("connect", True), ("tls", False)]


async def test_a_host_name_that_is_not_in_the_certificate(transport: MailTransport, authority: Authority) -> None:
    """The certificate has to carry the name that was asked for, whatever else it carries."""
    context = authority.server_context(authority.issue(("127.0.0.1", "mail.example")))
    async with serving(saying(GREETING), context) as peer:
        conversation = await talk(transport, Endpoint("localhost", peer.endpoint.port), read())
    assert evidence(conversation).signal is Fault.HOST_MISMATCH
    assert evidence(conversation).said.startswith("Hostname mismatch")


async def test_a_certificate_of_nobody_we_trust(transport: MailTransport) -> None:
    """A certificate from another authority is not trusted, though it fits in everything else."""
    async with serving(saying(GREETING), Authority(NOW).server_context()) as peer:
        conversation = await talk(transport, peer.endpoint, read())
    assert (evidence(conversation).stage, evidence(conversation).signal) == (Stage.TLS, Fault.UNTRUSTED)
    assert evidence(conversation).said == "unable to get local issuer certificate"


async def test_a_port_that_does_not_speak_tls(transport: MailTransport) -> None:
    """A greeting in clear where TLS belongs is no TLS."""
    async with serving(saying(GREETING)) as peer:
        conversation = await talk(transport, peer.endpoint, read())
    found = evidence(conversation)
    assert (found.stage, found.signal, found.said) == (Stage.TLS, Fault.TLS_FAILED, "WRONG_VERSION_NUMBER")


async def test_a_server_that_is_too_old(transport: MailTransport) -> None:
    """A server that knows no TLS 1.2 answers with an alert (RFC 5246 section 7.2), which is in what was said."""

    async def protocol_version(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"\x15\x03\x02\x00\x02\x02\x46")  # alert, TLS 1.1, two octets: fatal, protocol_version

    async with serving(protocol_version) as peer:
        conversation = await talk(transport, peer.endpoint, read())
    found = evidence(conversation)
    assert (found.stage, found.signal, found.said) == (Stage.TLS, Fault.TLS_FAILED, "TLSV1_ALERT_PROTOCOL_VERSION")


async def test_a_connection_that_ends_in_the_handshake(transport: MailTransport) -> None:
    """A peer that hangs up on the first word of TLS has closed the connection."""

    async def hanging_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.transport.abort()

    async with serving(hanging_up) as peer:
        conversation = await talk(transport, peer.endpoint, read())
    assert (evidence(conversation).stage, evidence(conversation).signal) == (Stage.TLS, Fault.CLOSED)
