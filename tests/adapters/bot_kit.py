"""What the tests of the bot's adapters share: a clock, the issuer of Teams' tokens on loopback, an honest activity."""

import datetime as dt
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import requests

from lab.serving import WebServer
from lab.teams.issuer import METADATA_PATH, Issuer
from lab.tenant import BOT_CLIENT_ID, TENANT_ID
from mailcheck.adapters.bot_guard import BotGuard
from mailcheck.adapters.bot_hosts import ServiceHosts
from mailcheck.adapters.bot_keys import SigningKeys
from tests.forging import OTHER_ID

SERVICE_URL = "https://smba.trafficmanager.net/emea/"


class Clock:
    """A clock that is set by the test: seconds since its start, and the wall time that belongs to them."""

    def __init__(self) -> None:
        self.seconds = 1000.0
        self._start = dt.datetime.now(dt.UTC)

    def monotonic(self) -> float:
        return self.seconds

    def now(self) -> dt.datetime:
        return self._start + dt.timedelta(seconds=self.seconds - 1000.0)


class Issued:
    """The issuer, and a guard that asks it."""

    def __init__(self, issuer: Issuer, url: str, session: requests.Session, clock: Clock) -> None:
        self.issuer = issuer
        self.clock = clock
        self.metadata_url = url + METADATA_PATH
        self.keys = SigningKeys(self.metadata_url, session=session, clock=clock.monotonic)
        self.hosts = ServiceHosts()
        self.guard = BotGuard(
            app_id=BOT_CLIENT_ID, tenant_id=TENANT_ID, keys=self.keys, hosts=self.hosts, now=clock.now
        )  # fmt: skip


@asynccontextmanager
async def issued() -> AsyncIterator[Issued]:
    """An issuer that serves its documents on loopback."""
    clock = Clock()
    issuer = Issuer(audience=BOT_CLIENT_ID, clock=clock.now)
    server = WebServer(issuer.routes())
    await server.start()
    with requests.Session() as session:
        session.trust_env = False
        try:
            yield Issued(issuer, server.url, session, clock)
        finally:
            await server.stop()


def activity(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """A message as Teams sends it; a change of None leaves the member out."""
    usual = {
        "type": "message",
        "id": "1700000000001",
        "channelId": "msteams",
        "serviceUrl": SERVICE_URL,
        "from": {"id": "29:anna", "aadObjectId": OTHER_ID},
        "conversation": {"id": "a:1", "conversationType": "personal", "tenantId": TENANT_ID},
        "recipient": {"id": f"28:{BOT_CLIENT_ID}", "name": "mailcheck"},
        "channelData": {"tenant": {"id": TENANT_ID}},
        "text": "help",
    }
    return {name: value for name, value in {**usual, **changes}.items() if value is not None}
