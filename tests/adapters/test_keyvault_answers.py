"""What else may answer at a vault's address: broken servers, silent ones, strangers, and nobody."""

import asyncio
import ssl
from collections.abc import AsyncGenerator

import pytest

from lab.keyvault import KeyVault
from lab.pki import Authority
from mailcheck.adapters.trust import http_session
from mailcheck.model.credential import ClientSecret
from mailcheck.model.evidence import Evidence, Fault
from mailcheck.model.request import CredentialKind
from tests.adapters.azure_kit import Answer, Peer, document, in_turn, new_pair, now, page, served
from tests.adapters.azure_world import NAME, World, certificate, evidence, world_of
from tests.adapters.mail_kit import serving

SECRET = f"/secrets/{NAME}/"
RENEWED = new_pair()
DEEP = "[" * 200_000  # deeper than any JSON reader goes


@pytest.fixture
async def world(authority: Authority, trust: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[World]:
    """The world, and the HTTP session of the product in it."""
    with http_session(trust) as session:
        async with world_of(authority, session, monkeypatch) as world:
            yield world


@pytest.mark.parametrize(
    "answers, signal, asked",
    [
        ([page(503)], "503", 2),
        ([document(500, {"error": {"code": "InternalError", "message": "odd"}})], "500", 2),
        ([page(503), page(502)], "502", 2),
        ([page(503), document(403, {"error": {"code": "Forbidden", "message": ""}})], "Forbidden", 2),
        ([document(503, {}, Retry_After="30")], "503", 1),
        ([page(429)], "429", 1),
        ([page(404)], "404", 1),
        ([page(403)], "403", 1),
        ([document(403, {"error": {"code": "Forbidden", "innerError": {"code": "AccessDenied"}}})], "AccessDenied", 1),
        ([document(400, {"error": {"code": 7, "message": ["odd"], "innererror": "odd"}})], "400", 1),
        ([document(400, {"error": "odd"})], "400", 1),
        ([document(400, ["odd"])], "400", 1),
        (
            [document(401, {"error": {"code": "Unauthorized", "message": "AKV10022: Invalid audience."}})],
            "AKV10022",
            1,
        ),
        # No challenge came, and so no token was sent: that one is missing says nothing of the identity.
        ([document(401, {"error": {"code": "Unauthorized", "message": "odd"}})], Fault.MALFORMED, 1),
        ([document(401, {"error": {"code": "Unauthorized", "message": "AKV10000: No token."}})], Fault.MALFORMED, 1),
        ([page(401)], Fault.MALFORMED, 1),
        ([page(302)], "302", 1),
        ([document(302, {}, Location="https://elsewhere.invalid/")], "302", 1),
        ([page(403, DEEP)], "403", 1),
        ([page(403, DEEP, "application/json")], Fault.MALFORMED, 1),
        ([page(200, DEEP, "application/json")], Fault.MALFORMED, 1),
        ([page(200, " " * 2**21, "application/json")], Fault.MALFORMED, 1),
        ([page(200)], Fault.MALFORMED, 1),
        ([page(200, "", "application/json")], Fault.MALFORMED, 1),
        ([page(200, "{", "application/json")], Fault.MALFORMED, 1),
        ([document(200, None)], Fault.MALFORMED, 1),
        ([document(200, ["odd"])], Fault.MALFORMED, 1),
        ([document(200, {"value": "x", "id": 7})], Fault.MALFORMED, 1),
        ([document(200, {})], Fault.UNREADABLE, 1),
    ],
)
async def test_odd_answers_of_a_vault(
    answers: list[Answer], signal: str, asked: int, world: World, tls: ssl.SSLContext
) -> None:
    """Codes before statuses; what a second try may mend is asked for once more, and nothing else is."""
    async with served(Peer(tls), world.session) as peer:
        peer.answers[SECRET] = in_turn(answers)
        seen = await world.certificates(url=peer.url).credential()
        assert len(peer.asked) == asked
    assert isinstance(seen, Evidence)
    assert seen.signal == signal


# --- no answer


async def test_a_vault_that_is_down(world: World) -> None:
    """A vault that does not listen is a refused connection; once it is back, so is the certificate."""
    certificates = world.certificates()
    world.session.close()
    await world.vault.stop()
    assert evidence(await certificates.credential()).signal == Fault.REFUSED
    await world.vault.start()
    certificate(await certificates.credential())


async def test_an_answer_that_breaks_off(world: World, tls: ssl.SSLContext) -> None:
    """A body that ends before its length is a closed connection, and worth a second try."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{")
        writer.close()

    async with serving(script, tls) as peer:
        certificates = world.certificates(url=f"https://{peer.endpoint}")
        assert evidence(await certificates.credential()).signal == Fault.CLOSED
        assert peer.connections == 2
        world.session.close()


async def test_a_vault_that_we_do_not_trust(world: World) -> None:
    """A certificate of an unknown authority ends it before anything is sent."""
    async with served(KeyVault(world.entra, Authority(now()), now=now), world.session) as vault:
        assert evidence(await world.certificates(url=vault.url).credential()).signal == Fault.UNTRUSTED
        assert vault.requests == []


async def test_silence_ends_by_our_time_out(world: World, tls: ssl.SSLContext) -> None:
    """A vault that never answers costs the read time-out once: there is no time for a second try."""
    async with served(Peer(tls), world.session) as peer:
        peer.answers[SECRET] = peer.silence
        seen = evidence(await world.certificates(url=peer.url, read_timeout=0.1).credential())
        assert len(peer.asked) == 1
        peer.let_go.set()
    assert seen.signal == Fault.TIMEOUT


async def test_a_caller_that_gives_up_does_not_ask_again(world: World, tls: ssl.SSLContext) -> None:
    """A request outlives its caller, and the next caller gets its answer."""
    async with served(Peer(tls), world.session) as peer:
        peer.answers[SECRET] = peer.silence
        certificates = world.certificates(url=peer.url)
        first = asyncio.create_task(certificates.credential())
        await asyncio.wait_for(peer.waits.wait(), 10)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        second = asyncio.create_task(certificates.credential())
        await asyncio.sleep(0)
        peer.answers[SECRET] = page(404)
        peer.let_go.set()
        assert evidence(await second).signal == "404"
        assert len(peer.asked) == 2  # 504, and its second try


@pytest.mark.parametrize(
    "attributes",
    [{"exp": "soon"}, {"exp": 10**30}, {"exp": 1893456000000}, {"exp": 1e308}, {"nbf": [1]}, {"exp": -(10**12)}, 7],
    ids=str,
)
async def test_a_date_that_cannot_be_read_is_none(attributes: object, world: World, tls: ssl.SSLContext) -> None:
    """The SDK hands on what it could not make a date of; the client secret is used all the same, and Entra judges."""
    async with served(Peer(tls), world.session) as peer:
        secret = {"value": "planted", "id": f"{peer.url}{SECRET}1", "attributes": attributes}
        peer.answers[SECRET] = document(200, secret)
        found = await world.certificates(url=peer.url, kind=CredentialKind.SECRET).credential()
    assert isinstance(found, ClientSecret)
    assert (found.not_before, found.not_after) == (None, None)
