"""The table of forgeries against the app as it is deployed: function_app.py under the genuine runtime, over HTTP."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from lab.app_process import AppProcess
from lab.teams.conversation import ANNA
from lab.world import World
from mailcheck.faces.teams.endpoint import BODY_LIMIT
from tests.e2e.kit import ROOT, Answer, App
from tests.forgeries import FORGERIES
from tests.forging import Forgery, publish

pytestmark = pytest.mark.asyncio(loop_scope="module")
_REFUSED = "a request to the bot was refused: "
_LOG_LIMIT = 20.0  # seconds: the log comes by way of the runtime's channel, and later than the answer


@dataclass
class Siege:
    """An app whose issuer publishes hostile keys beside its own, and an honest activity that it has answered."""

    world: World
    app: App
    honest: Mapping[str, Any]
    refusals: int = 0

    def activity(self, name: str) -> Mapping[str, Any]:
        """The honest activity under an id of its own, which the connector lets the bot answer."""
        self.world.teams.directory.personal(ANNA).received.add(name)
        return {**self.honest, "id": name}

    async def send(self, header: str, body: bytes) -> Answer:
        """One request to the messaging endpoint."""
        headers = {"Content-Type": "application/json", **({"Authorization": header} if header else {})}
        return await self.app.send("POST", "/api/messages", data=body, headers=headers)

    async def reason(self) -> str:
        """What the log has as the reason of the refusal that has just been."""
        self.refusals += 1
        async with asyncio.timeout(_LOG_LIMIT):
            while len(told := self.app.log.read_text().split(_REFUSED)[1:]) < self.refusals:  # noqa: ASYNC110
                await asyncio.sleep(0.01)  # another process writes the file
        assert len(told) == self.refusals
        return told[-1].splitlines()[0]

    @property
    def changes(self) -> int:
        """How often the bot has done something in the conversation."""
        return len(self.world.teams.directory.personal(ANNA).changes)


@asynccontextmanager
async def _besieged(log: Path) -> AsyncIterator[Siege]:
    with log.open("wb") as sink:
        async with World() as world, aiohttp.ClientSession() as http:
            publish(world.teams.issuer)
            async with AppProcess(ROOT, world.settings(), log=sink) as process:
                world.teams.bot_url = f"{process.url}/api/messages"
                honest = await world.teams.say("help")
                assert honest.posts
                yield Siege(world, App(process.url, http, log), honest.activity)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def siege(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Siege]:
    """One app for all of the forgeries."""
    async with _besieged(tmp_path_factory.mktemp("siege") / "host.log") as made:
        yield made


@pytest.mark.parametrize(
    "forgery", [forgery for forgery in FORGERIES if forgery.by_http], ids=lambda forgery: forgery.name
)
async def test_a_forgery_is_refused_without_a_word(siege: Siege, forgery: Forgery) -> None:
    """401 and no body; no turn; and a line in the log with the reason, and nothing of the token."""
    before = siege.changes
    header, body = forgery.request(siege.world.teams.issuer, siege.activity(f"forged: {forgery.name}"))
    answer = await siege.send(header, body)
    assert (answer.status, answer.body) == (401, b"")
    assert forgery.reason in await siege.reason()
    assert siege.changes == before
    assert not header or header[-20:] not in siege.app.log.read_text()


@pytest.mark.parametrize("beyond", [0, 1])
async def test_a_large_request_is_refused_though_it_is_honest(siege: Siege, beyond: int) -> None:
    """A body that has just as many bytes as it may have its turn; with one more it is refused like any forgery."""
    before = siege.changes
    body = json.dumps(siege.activity(f"large: {beyond}")).encode()
    header = f"Bearer {siege.world.teams.issuer.token(siege.honest['serviceUrl'])}"
    answer = await siege.send(header, body.ljust(BODY_LIMIT + beyond))
    assert answer.status == (401 if beyond else 200)
    assert (siege.changes > before) != bool(beyond)
    if beyond:
        assert answer.body == b""
        assert "the body has more than" in await siege.reason()


async def test_an_honest_request_is_still_answered(siege: Siege) -> None:
    """The control: after all of them, what is as it should be has its turn, under the same issuer."""
    before = siege.changes
    header = f"Bearer {siege.world.teams.issuer.token(siege.honest['serviceUrl'])}"
    answer = await siege.send(header, json.dumps(siege.activity("honest")).encode())
    assert answer.status == 200
    assert siege.changes > before


async def test_a_repeated_request_does_nothing(siege: Siege) -> None:
    """A recorded message, sent again: 200, and the bot does nothing; also while the first is still being answered."""
    activity = siege.activity("repeated")
    header = f"Bearer {siege.world.teams.issuer.token(siege.honest['serviceUrl'])}"
    body = json.dumps(activity).encode()
    before = siege.changes
    answers = await asyncio.gather(*(siege.send(header, body) for _ in range(5)))
    once = siege.changes
    answers += [await siege.send(header, body)]
    assert {(answer.status, answer.body) for answer in answers} == {(200, b"")}
    posted = siege.world.teams.directory.personal(ANNA).changes[before:]
    assert len({change.post.id for change in posted}) == len(posted) > 0  # each post once: nothing was said twice
    assert siege.changes == once


async def test_a_repeated_invoke_does_nothing(siege: Siege) -> None:
    """A recorded press of a button, which has had its check, sent again: 200 without a body, and no second check."""
    data = {"mailboxes": ["shared@contoso.com"], "protocols": ["imap"]}
    value = {"action": {"type": "Action.Execute", "verb": "check", "data": data}}
    activity = {**siege.activity("pressed"), "type": "invoke", "name": "adaptiveCard/action", "value": value}
    header = f"Bearer {siege.world.teams.issuer.token(siege.honest['serviceUrl'])}"
    body = json.dumps(activity).encode()
    before = len(siege.world.exchange.sightings)
    first = await siege.send(header, body)
    asked, changed = len(siege.world.exchange.sightings), siege.changes
    assert first.status == 200
    assert b"Healthy: opens by IMAP" in first.body
    assert asked == before + 1
    again = await siege.send(header, body)
    assert (again.status, again.body) == (200, b"")
    assert (len(siege.world.exchange.sightings), siege.changes) == (asked, changed)


async def test_a_new_key_works_at_once(tmp_path: Path) -> None:
    """When the Bot Framework changes its key, the next request is let in; the old key's are refused once it is gone."""
    async with _besieged(tmp_path / "host.log") as siege:
        issuer, url = siege.world.teams.issuer, siege.honest["serviceUrl"]
        stale = issuer.token(url)
        for keep_old in (True, False):
            issuer.rotate(keep_old=keep_old)
            before = siege.changes
            activity = siege.activity(f"new key, old kept: {keep_old}")
            answer = await siege.send(f"Bearer {issuer.token(url)}", json.dumps(activity).encode())
            assert answer.status == 200
            assert siege.changes > before
        answer = await siege.send(f"Bearer {stale}", json.dumps(siege.activity("old key")).encode())
        assert answer.status == 401
        assert "no published key" in await siege.reason()
