"""The guard: what it lets in, and what it refuses."""

import asyncio
import datetime as dt
import json
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
import requests
from hypothesis import given
from hypothesis import strategies as st

from lab.tenant import BOT_CLIENT_ID, TENANT_ID
from mailcheck.adapters.bot_guard import LEEWAY, Admitted, BotGuard, Rejected
from mailcheck.adapters.bot_hosts import ServiceHosts
from mailcheck.adapters.bot_keys import SigningKeys
from tests.adapters.bot_kit import SERVICE_URL, Clock, Issued, activity, issued
from tests.forgeries import FORGERIES
from tests.forging import EVIL, Forgery, publish


@pytest.fixture
async def world() -> AsyncIterator[Issued]:
    """An issuer with its guard."""
    async with issued() as made:
        yield made


def _bearer(token: str) -> str:
    return f"Bearer {token}"


def _body(**changes: object) -> bytes:
    return json.dumps(activity(**changes)).encode()


_BODY = _body()


async def test_an_honest_request_is_admitted(world: Issued) -> None:
    """A token for our bot with an activity of our tenant is let in, for as long as the token is good."""
    token = world.issuer.token(SERVICE_URL, exp=int(world.clock.now().timestamp()) + 3600)
    until = world.clock.now().replace(microsecond=0) + dt.timedelta(hours=1, seconds=LEEWAY)
    assert await world.guard.admit(_bearer(token), _BODY) == Admitted(activity(), until)


@pytest.mark.parametrize("scheme", ["bearer", "BEARER", "Bearer "])
async def test_the_scheme_is_read_as_http_wants_it(world: Issued, scheme: str) -> None:
    """The scheme's case does not matter (RFC 9110 section 11.1)."""
    decision = await world.guard.admit(f"{scheme} {world.issuer.token(SERVICE_URL)}", _BODY)
    assert decision.admitted


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def besieged() -> AsyncIterator[Issued]:
    """A guard whose issuer publishes hostile keys beside its own."""
    async with issued() as made:
        publish(made.issuer)
        yield made


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("forgery", FORGERIES, ids=lambda forgery: forgery.name)
async def test_a_forgery_is_refused(besieged: Issued, forgery: Forgery) -> None:
    """Whatever is wrong with a request, it is refused for that reason, in words that hold nothing of it."""
    header, body = forgery.request(besieged.issuer, activity())
    decision = await besieged.guard.admit(header, body)
    assert isinstance(decision, Rejected)
    assert forgery.reason in decision.reason
    assert not header or header[-20:] not in decision.reason
    assert EVIL not in decision.reason


@pytest.mark.asyncio(loop_scope="module")
async def test_an_honest_request_is_admitted_beside_them(besieged: Issued) -> None:
    """The control: the same guard lets in what none of the forgeries is."""
    assert (await besieged.guard.admit(_bearer(besieged.issuer.token(SERVICE_URL)), _BODY)).admitted


@pytest.mark.parametrize("seconds", [-LEEWAY + 1, 0, 3599 + LEEWAY])
async def test_clocks_may_differ_a_little(world: Issued, seconds: int) -> None:
    """A token is good from five minutes before its time to five minutes after it."""
    token = world.issuer.token(SERVICE_URL, lifetime=dt.timedelta(hours=1))
    world.clock.seconds += seconds
    assert (await world.guard.admit(_bearer(token), _BODY)).admitted


async def test_ids_are_compared_without_their_case(world: Issued) -> None:
    """A GUID in capitals is the same GUID: in the settings, and in the activity."""
    guard = BotGuard(
        app_id=BOT_CLIENT_ID.upper(), tenant_id=TENANT_ID.upper(),
        keys=world.keys, hosts=world.hosts, now=world.clock.now,
    )  # fmt: skip
    decision = await guard.admit(
        _bearer(world.issuer.token(SERVICE_URL)), _body(channelData={"tenant": {"id": TENANT_ID.upper()}})
    )
    assert decision.admitted


@pytest.mark.parametrize("ids", [("", TENANT_ID), (" ", TENANT_ID), (BOT_CLIENT_ID, "")])
async def test_an_empty_id_never_means_everybody(world: Issued, ids: tuple[str, str]) -> None:
    """A guard without an app id or a tenant cannot be made."""
    with pytest.raises(ValueError, match="app id and a tenant id"):
        BotGuard(app_id=ids[0], tenant_id=ids[1], keys=world.keys, hosts=world.hosts, now=world.clock.now)


@pytest.mark.parametrize(
    "endorsements, reason",
    [(None, "no published key"), ((), "no published key"), (("webchat",), "endorsed for the channel")],
)
async def test_a_key_must_be_endorsed_for_teams(
    world: Issued, endorsements: tuple[str, ...] | None, reason: str
) -> None:
    """A key that is published without endorsements, or with those of another channel, is good for nothing."""
    world.issuer.rotate(endorsements=endorsements)
    decision = await world.guard.admit(_bearer(world.issuer.token(SERVICE_URL)), _BODY)
    assert isinstance(decision, Rejected)
    assert reason in decision.reason


async def test_a_new_key_works_at_once(world: Issued) -> None:
    """After the issuer has changed its key, the next request is let in; the old key is refused once it is gone."""
    old = world.issuer.token(SERVICE_URL)
    assert (await world.guard.admit(_bearer(old), _BODY)).admitted
    world.clock.seconds += 60
    world.issuer.rotate(keep_old=False)
    assert (await world.guard.admit(_bearer(world.issuer.token(SERVICE_URL)), _BODY)).admitted
    assert not (await world.guard.admit(_bearer(old), _BODY)).admitted


async def test_requests_at_the_same_time_fetch_the_keys_once(world: Issued) -> None:
    """Twenty first requests cause one fetch of each document."""
    header = _bearer(world.issuer.token(SERVICE_URL))
    decisions = await asyncio.gather(*(world.guard.admit(header, _BODY) for _ in range(20)))
    assert all(decision.admitted for decision in decisions)
    assert (world.issuer.metadata_fetches, world.issuer.key_fetches) == (1, 1)


async def test_a_token_signs_no_body(world: Issued) -> None:
    """What no guard can tell: a token that was had with one activity is as good for another (SECURITY.md)."""
    header = _bearer(world.issuer.token(SERVICE_URL))
    for changes in ({"id": "2"}, {"text": "status"}, {"from": {"id": "29:ben", "aadObjectId": TENANT_ID}}):
        assert (await world.guard.admit(header, _body(**changes))).admitted


async def test_what_is_no_token_fetches_nothing(world: Issued) -> None:
    """A stranger's request without a well-formed token costs no call to the issuer."""
    for header in ("", "Bearer a.b.c", f"Basic {world.issuer.token(SERVICE_URL)}"):
        await world.guard.admit(header, _BODY)
    assert world.issuer.metadata_fetches == 0


async def test_a_strangers_body_is_not_read(world: Issued) -> None:
    """What is wrong with the token is told first: a body of any size and depth costs a stranger's victim nothing."""
    for header, reason in (("Bearer a.b.c", "header"), (_bearer(world.issuer.token(SERVICE_URL, audience="x")), "aud")):
        decision = await world.guard.admit(header, b"{" * 1_000_000)
        assert isinstance(decision, Rejected)
        assert reason in decision.reason


@pytest.mark.asyncio(loop_scope="module")
async def test_every_character_of_a_token_counts(besieged: Issued) -> None:
    """An honest token with any one character changed, left out or doubled is refused."""
    honest = besieged.issuer.token(SERVICE_URL)
    for at, letter in enumerate(honest):
        other = "B" if letter == "A" else "A"
        for forged in (other, "", letter * 2, "."):
            token = honest[:at] + forged + honest[at + 1 :]
            if token != honest:
                assert not (await besieged.guard.admit(_bearer(token), _BODY)).admitted, (at, forged)


@pytest.mark.asyncio(loop_scope="module")
async def test_no_part_of_a_request_will_do(besieged: Issued) -> None:
    """An honest request that broke off, in its header or in its body, is refused wherever it did."""
    honest = _bearer(besieged.issuer.token(SERVICE_URL))
    for end in range(len(honest)):
        assert not (await besieged.guard.admit(honest[:end], _BODY)).admitted, end
    for end in range(len(_BODY)):
        assert not (await besieged.guard.admit(honest, _BODY[:end])).admitted, end


_ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=80)


@given(_ANY_TEXT, st.sampled_from(["", "Bearer ", "Bearer e30.", "Bearer eyJhbGciOiJSUzI1NiIsImtpZCI6IngifQ."]))
def test_any_header_is_refused(text: str, before: str) -> None:
    """Whatever the host hands over, lone surrogates included, the guard answers, and lets nobody in."""
    keys = SigningKeys("http://127.0.0.1:1/", session=requests.Session(), clock=Clock().monotonic)
    guard = BotGuard(
        app_id=BOT_CLIENT_ID, tenant_id=TENANT_ID, keys=keys, hosts=ServiceHosts(), now=Clock().now
    )  # fmt: skip
    assert not asyncio.run(guard.admit(before + text, _BODY)).admitted
