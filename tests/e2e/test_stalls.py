"""The app's event loop goes on while Entra and the Bot Framework's keys take their time."""

import time
from collections.abc import AsyncIterator, Iterator

import pytest
from aiohttp import web

from lab.serving import WebServer
from mailcheck.compose import Application
from mailcheck.settings import Settings
from tests.e2e.elsewhere import Elsewhere, elsewhere
from tests.e2e.kit import turn_of
from tests.stalls import lasting_stall

LIMIT = 0.05  # seconds
SLOW = 3.0  # seconds


class App:
    """The composed application on this loop, behind a server; a new one has nothing in its caches.

    Attributes:
        block: Seconds for which each request holds the loop up, as a blocking call would.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._application = Application(settings)
        self.block: Iterator[float] = iter(())
        self.server = WebServer([web.post("/api/messages", self._receive)])

    def renew(self) -> None:
        """Begins anew: neither keys nor tokens are known."""
        self._application = Application(self._settings)

    async def _receive(self, request: web.Request) -> web.Response:
        time.sleep(next(self.block, 0.0))  # noqa: ASYNC251 - the fault that is planted
        return await turn_of(self._application, request)


@pytest.fixture
async def there() -> AsyncIterator[Elsewhere]:
    """Microsoft's side, elsewhere."""
    async with elsewhere() as made:
        yield made


@pytest.fixture
async def app(there: Elsewhere, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[App]:
    """The app, warm: everything has been imported and has run once."""
    for name, value in there.settings.items():  # what Azure's libraries read
        monkeypatch.setenv(name, value)
    made = App(Settings.read(there.settings))
    async with made.server:
        await _turns(there, made)
        yield made


async def _turns(there: Elsewhere, app: App, delay: float = 0.0) -> None:
    """Two turns at the same time, one of them a check, by an app that knows neither keys nor tokens."""
    app.renew()
    turns = await there.say(f"{app.server.url}/api/messages", "help", "mailcheck shared@contoso.com", delay=delay)
    assert turns == [(200, 1), (200, 1)]


async def test_nothing_stands_still_while_microsoft_is_slow(there: Elsewhere, app: App) -> None:
    """While the keys take 3 s and then Entra 3 s, the loop is never held up for 50 ms."""
    spent = []

    async def work() -> None:
        began = time.monotonic()
        await _turns(there, app, SLOW)
        spent.append(time.monotonic() - began)

    stall = await lasting_stall(work, LIMIT)
    assert stall < LIMIT, f"{stall * 1000:.0f} ms"
    assert min(spent) >= 2 * SLOW  # both were waited for


async def test_a_call_that_blocks_is_found(there: Elsewhere, app: App) -> None:
    """The control: where a request holds the loop up for half a second, each attempt shows it."""
    app.block = iter(lambda: 10 * LIMIT, None)
    assert await lasting_stall(lambda: _turns(there, app), LIMIT) >= LIMIT


async def test_noise_of_the_machine_is_not_taken_for_a_blocking_call(there: Elsewhere, app: App) -> None:
    """The other control: what holds the loop up once, and not again, is not the app's."""
    app.block = iter([10 * LIMIT])
    assert await lasting_stall(lambda: _turns(there, app), LIMIT) < LIMIT
