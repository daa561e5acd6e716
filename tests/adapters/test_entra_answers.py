"""What else may answer at Entra's address: broken servers, silent ones, strangers, and nobody."""

import asyncio
import ssl

import pytest
import requests

from lab.pki import Authority
from lab.tenant import EXCHANGE_RESOURCE, MAIL_CLIENT_ID, TENANT_ID
from mailcheck.model.credential import ClientSecret, Token
from mailcheck.model.evidence import Fault
from mailcheck.model.secret import Secret
from tests.adapters.azure_kit import (
    Answer,
    Peer,
    certificate_of,
    document,
    in_turn,
    now,
    page,
    served,
)
from tests.adapters.entra_kit import DISCOVERY, PAIR, TOKEN, entra_of, evidence, peer_of, tokens_of
from tests.adapters.mail_kit import serving

DESCRIBED = "AADSTS90033: A transient error has occurred.\r\nTrace ID: 1\r\nCorrelation ID: 2"
JWT_TEXT = "eyJhbGciOiJQUzI1NiJ9.eyJhdWQiOiJ4In0.c2ln"


@pytest.mark.parametrize(
    "answer, signal, said, asked",
    [
        (document(503, {"error": "temporarily_unavailable", "error_codes": [90033, 1]}), "AADSTS90033", "", 2),
        (
            document(503, {"error": "server_error", "error_description": DESCRIBED}),
            "AADSTS90033",
            "AADSTS90033: A transient error has occurred.",
            2,
        ),
        (document(400, {"error": "invalid_client"}), "invalid_client", "", 1),
        (document(400, {"error": "odd", "error_description": f"got {JWT_TEXT}"}), "odd", "got <token withheld>", 1),
        (document(400, {"error": ["odd"], "error_codes": "90033", "trace_id": 7}), "400", "", 1),
        (document(400, {"error_codes": [10**400]}), "400", "", 1),
        (document(400, {"error_codes": [True, -1]}), "400", "", 1),
        (document(400, ["odd"]), "400", "", 1),
        (document(302, {}, Location="https://elsewhere.example/"), "302", "", 1),
        (document(503, {"error": "temporarily_unavailable"}), "temporarily_unavailable", "", 2),
        (document(400, {"error": "temporarily_unavailable", "error_codes": [1]}), "AADSTS1", "", 2),
        (document(503, {"error_codes": [90033]}, Retry_After="30"), "AADSTS90033", "", 1),
        (document(503, {"error_codes": [90055]}), "AADSTS90055", "", 1),
        (document(400, {"error_codes": [50196]}), "AADSTS50196", "", 1),
        (document(429, {"error": "temporarily_unavailable", "error_codes": [90033]}), "AADSTS90033", "", 1),
        (page(429), "429", "", 1),
        (page(500), "500", "", 2),
        (page(502), "502", "", 2),
        (page(200), Fault.MALFORMED, "the answer is no JSON object", 1),
        (document(200, ["odd"]), Fault.MALFORMED, "the answer is no JSON object", 1),
        (document(200, {}), Fault.MALFORMED, "the token response has no access token", 1),
        (document(200, {"access_token": 7}), Fault.MALFORMED, "the token response has no access token", 1),
        (
            document(200, {"access_token": JWT_TEXT, "expires_in": "soon"}),
            Fault.MALFORMED,
            "the token response has no access token",
            1,
        ),
        (
            document(200, {"access_token": "opaque", "expires_in": 3599}),
            Fault.MALFORMED,
            "the access token is no JSON Web Token",
            1,
        ),
    ],
)
async def test_odd_answers_to_the_token_request(
    answer: Answer, signal: str, said: str, asked: int, session: requests.Session, tls: ssl.SSLContext
) -> None:
    """What is not a token is told by the code in it, or the HTTP status; only what passes is asked for once more."""
    async with peer_of(tls, session, answer) as peer:
        seen = evidence(await tokens_of(f"{peer.url}/{TENANT_ID}", session).token(certificate_of(PAIR)))
        assert peer.asked == [f"GET {DISCOVERY}", *[f"POST {TOKEN}"] * asked]
    assert (seen.signal, seen.said) == (signal, said)
    assert seen.details["thumbprint"] == PAIR.thumbprint


@pytest.mark.parametrize(
    "answer, signal, asked",
    [
        (page(500), "500", 2),
        (page(404), "404", 1),
        (page(200), Fault.MALFORMED, 1),
        (document(200, {}), Fault.MALFORMED, 1),
        (document(200, {"authorization_endpoint": "https://x/a", "token_endpoint": "http://x/b"}), Fault.MALFORMED, 1),
        (document(200, {"authorization_endpoint": "https://x/a", "token_endpoint": "https://["}), Fault.MALFORMED, 1),
        (document(200, {"authorization_endpoint": "https://x/a", "token_endpoint": 7}), Fault.MALFORMED, 1),
    ],
)
async def test_odd_answers_about_the_tenant(
    answer: Answer, signal: str, asked: int, session: requests.Session, tls: ssl.SSLContext
) -> None:
    """Without the tenant's endpoints nothing is sent, and nothing is kept."""
    async with served(Peer(tls), session) as peer:
        peer.answers[DISCOVERY] = answer
        tokens = tokens_of(f"{peer.url}/{TENANT_ID}", session)
        assert evidence(await tokens.token(certificate_of(PAIR))).signal == signal
        assert evidence(await tokens.token(certificate_of(PAIR))).signal == signal
        assert peer.asked == [f"GET {DISCOVERY}"] * asked * 2


BESIDE: list[dict[str, object]] = [
    {"id_token": "odd"},
    {"id_token": 7},
    {"client_info": "odd"},
    {"scope": 7},
    {"expires_on": "soon"},
    {"id_token_claims": "odd"},
]


@pytest.mark.parametrize("beside", BESIDE, ids=str)
async def test_what_stands_beside_the_token_is_not_read(
    beside: dict[str, object], authority: Authority, session: requests.Session, tls: ssl.SSLContext
) -> None:
    """Client credentials bring a token and its lifetime (RFC 6749 section 4.4.3); what else comes is let be."""
    async with entra_of(authority, session) as entra:
        token = entra.mint(entra.tenant.applications[MAIL_CLIENT_ID], EXCHANGE_RESOURCE)
    async with peer_of(tls, session, document(200, {"access_token": token, **beside})) as peer:
        found = await tokens_of(f"{peer.url}/{TENANT_ID}", session).token(certificate_of(PAIR))
    assert isinstance(found, Token)
    assert found.value.reveal() == token


async def test_a_lifetime_is_a_number_of_seconds(session: requests.Session, tls: ssl.SSLContext) -> None:
    """One that no clock can count to is none."""
    endless = document(200, {"access_token": JWT_TEXT, "expires_in": 10**400})
    async with peer_of(tls, session, endless) as peer:
        seen = evidence(await tokens_of(f"{peer.url}/{TENANT_ID}", session).token(certificate_of(PAIR)))
    assert seen.signal == Fault.MALFORMED


@pytest.mark.parametrize("field", ["error", "error_description", "trace_id", "correlation_id"])
async def test_a_client_secret_that_comes_back_is_withheld(
    field: str, session: requests.Session, tls: ssl.SSLContext
) -> None:
    """Whoever answers in Entra's place may repeat what it was sent, also where the words are cut off."""
    planted = "planted~client.secret-of_forty.characters"
    for before in ("", "x" * 380):
        echo = document(400, {"error_codes": [7000215], field: f"{before}got {planted}"})
        async with peer_of(tls, session, echo) as peer:
            tokens = tokens_of(f"{peer.url}/{TENANT_ID}", session)
            seen = evidence(await tokens.token(ClientSecret(Secret(planted), "1")))
        assert seen.signal == "AADSTS7000215"
        assert "planted" not in str(seen)


@pytest.mark.parametrize("passing", [document(503, {"error": "server_error", "error_codes": [90012]}), page(502)])
async def test_what_passes_does_no_harm(
    passing: Answer, authority: Authority, session: requests.Session, tls: ssl.SSLContext
) -> None:
    """An answer that Entra calls passing is followed by a second try at once, whose token is the answer."""
    async with entra_of(authority, session) as entra:
        token = entra.mint(entra.tenant.applications[MAIL_CLIENT_ID], EXCHANGE_RESOURCE)
        good = document(200, {"access_token": token, "expires_in": 3599})
        async with peer_of(tls, session, in_turn([passing, good])) as peer:
            found = await tokens_of(f"{peer.url}/{TENANT_ID}", session).token(certificate_of(PAIR))
            assert len(peer.asked) == 3
    assert isinstance(found, Token)
    assert found.value.reveal() == token


async def test_a_connection_that_is_closed_is_made_once_more(session: requests.Session, tls: ssl.SSLContext) -> None:
    """A server that hangs up in the middle of its answer is asked twice, and no more."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{")
        writer.close()

    async with serving(script, tls) as peer:
        seen = evidence(await tokens_of(f"https://{peer.endpoint}/{TENANT_ID}", session).token(certificate_of(PAIR)))
        assert peer.connections == 2
        session.close()
    assert seen.signal == Fault.CLOSED


async def test_an_authority_that_is_not_there(authority: Authority, session: requests.Session) -> None:
    """A server that is down is a refused connection, with the host that was asked."""
    async with entra_of(authority, session) as entra:
        tokens = tokens_of(entra.authority_url, session)
    seen = evidence(await tokens.token(certificate_of(PAIR)))
    assert seen.signal == Fault.REFUSED
    assert seen.details == {"host": "localhost", "thumbprint": PAIR.thumbprint}


async def test_an_authority_that_we_do_not_trust(session: requests.Session) -> None:
    """A certificate of an unknown authority ends it: nothing is sent."""
    async with entra_of(Authority(now()), session) as entra:
        seen = evidence(await tokens_of(entra.authority_url, session).token(certificate_of(PAIR)))
    assert seen.signal == Fault.UNTRUSTED


async def test_silence_ends_by_our_time_out(session: requests.Session, tls: ssl.SSLContext) -> None:
    """A server that never answers costs the read time-out, and is not asked twice."""
    async with served(Peer(tls), session) as peer:
        peer.answers[DISCOVERY] = peer.silence
        tokens = tokens_of(f"{peer.url}/{TENANT_ID}", session, read_timeout=0.1)
        seen = evidence(await tokens.token(certificate_of(PAIR)))
        assert peer.asked == [f"GET {DISCOVERY}"]
        peer.let_go.set()
    assert seen.signal == Fault.TIMEOUT


async def test_a_caller_that_gives_up_does_not_ask_again(session: requests.Session, tls: ssl.SSLContext) -> None:
    """A request outlives its caller, and the next caller gets its answer."""
    async with served(Peer(tls), session) as peer:
        peer.answers[DISCOVERY] = peer.silence
        tokens = tokens_of(f"{peer.url}/{TENANT_ID}", session)
        first = asyncio.create_task(tokens.token(certificate_of(PAIR)))
        await asyncio.wait_for(peer.waits.wait(), 10)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        second = asyncio.create_task(tokens.token(certificate_of(PAIR)))
        await asyncio.sleep(0)
        peer.let_go.set()
        assert evidence(await second).signal == "504"
        assert len(peer.asked) == 2  # 504, and its second try
