"""The bot behind its endpoint, over HTTP, with the lab's Teams on the other side: nothing in between is replaced."""

import asyncio
import datetime as dt
import ssl
from collections.abc import AsyncIterator

import azure.functions as func
import pytest
from aiohttp import web

from lab.serving import WebServer
from lab.signing import SigningKey
from lab.teams.conversation import ANNA
from lab.teams.service import Teams
from lab.tenant import BOT_CLIENT_ID, BOT_RESOURCE, TENANT_ID
from mailcheck.adapters.bot_connector import TeamsChannel
from mailcheck.adapters.bot_credentials import BotCredentials, BotToken, NoToken
from mailcheck.adapters.bot_guard import BotGuard
from mailcheck.adapters.bot_hosts import ServiceHosts
from mailcheck.adapters.bot_keys import SigningKeys
from mailcheck.adapters.trust import http_session
from mailcheck.faces.teams.answering import Answers
from mailcheck.faces.teams.bot import MailcheckBot
from mailcheck.faces.teams.endpoint import TeamsEndpoint
from mailcheck.faces.teams.seen import SeenActivities
from mailcheck.model.evidence import Stage
from mailcheck.model.inspection import Inspection
from mailcheck.model.problem import Problems
from mailcheck.model.progress import Entered, Watch
from mailcheck.model.report import NotAllowed, Report
from mailcheck.model.request import CheckRequest, MailProtocol
from mailcheck.model.secret import Secret
from tests.faces.teams.card_kit import DEGRADED
from tests.faces.teams.real_kit import inspection, status_facts

_ENTRA = SigningKey.generate()


def now() -> dt.datetime:
    """The time now: the lab and the guard share it."""
    return dt.datetime.now(dt.UTC)


class Checks:
    """A use case that keeps what it is asked, and answers what it is told to, when it is told to."""

    def __init__(self) -> None:
        self.asked: list[CheckRequest] = []
        self.answer: Report | NotAllowed = DEGRADED
        self.left = 0.0  # seconds that the last one was given
        self.go_on = asyncio.Event()
        self.go_on.set()

    async def __call__(self, request: CheckRequest, *, watch: Watch, deadline: float) -> Report | NotAllowed:
        self.asked.append(request)
        self.left = deadline - asyncio.get_running_loop().time()
        watch(Entered(Stage.VAULT))
        await self.go_on.wait()
        return self.answer


class Tokens:
    """Tokens as Entra would give them to the bot, or the reason why there are none."""

    def __init__(self) -> None:
        self.refusal: NoToken | None = None

    async def fetch(self) -> BotToken | NoToken:
        if self.refusal:
            return self.refusal
        claims = {"aud": BOT_RESOURCE, "appid": BOT_CLIENT_ID, "iss": "https://sts.windows.net/lab/"}
        return BotToken(Secret(_ENTRA.sign({**claims, "exp": int(now().timestamp()) + 3600})), 3600.0)

    def forget(self) -> None:
        pass


class World:
    """Teams, the bot, and what the bot is built of."""

    def __init__(self, teams: Teams) -> None:
        self.teams = teams
        self.checks = Checks()
        self.inspect = Inspect()
        self.tokens = Tokens()
        self.endpoint: TeamsEndpoint | None = None

    def build(
        self,
        *,
        operators: frozenset[str] = frozenset({ANNA.object_id}),
        check: Problems | None = None,
    ) -> None:
        """The bot of these operators, as compose builds it."""
        context = ssl.create_default_context()
        session = http_session(context)
        session.trust_env = False
        clock = asyncio.get_running_loop().time
        keys = SigningKeys(self.teams.metadata_url, session=session, clock=clock)
        hosts = ServiceHosts(metadata=self.teams.metadata_url)
        self.endpoint = TeamsEndpoint(
            guard=BotGuard(app_id=BOT_CLIENT_ID, tenant_id=TENANT_ID, keys=keys, hosts=hosts, now=now),
            channel=TeamsChannel(
                credentials=BotCredentials(self.tokens, clock=clock),
                session=session,
                pause=_no_pause,
            ),
            turn=MailcheckBot(
                Answers(
                    check=check or self.checks,
                    inspect=check or self.inspect,
                    protocols=(MailProtocol.IMAP, MailProtocol.POP),
                    operators=operators,
                    facts=status_facts,
                    pace=0.05,
                ),
                clock=clock,
            ).on_turn,
            seen=SeenActivities(now),
        )

    async def receive(self, request: web.Request) -> web.Response:
        """What the Functions host does with a request."""
        assert self.endpoint is not None
        answer = await self.endpoint.messages(
            func.HttpRequest(
                method="POST", url=str(request.url), headers=dict(request.headers), body=await request.read()
            ),
            asyncio.get_running_loop().time(),
        )
        return web.Response(status=answer.status_code, body=answer.get_body(), content_type=answer.mimetype)


class Inspect:
    """A look at an app that is in order.

    Attributes:
        left: Seconds that the last one was given.
    """

    def __init__(self) -> None:
        self.left = 0.0

    async def __call__(self, deadline: float) -> Inspection:
        self.left = deadline - asyncio.get_running_loop().time()
        return inspection()


async def _no_pause(_seconds: float) -> None:
    return


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """A bot that Anna may use."""
    teams = Teams(
        bot_url="",
        bot_id=BOT_CLIENT_ID,
        tenant_id=TENANT_ID,
        verify=lambda token: _ENTRA.verify(token, audience=BOT_RESOURCE, now=now()),
        clock=now,
    )
    made: list[World] = []

    async def receive(request: web.Request) -> web.Response:
        return await made[0].receive(request)

    server = WebServer([web.post("/api/messages", receive)])
    await server.start()
    async with teams:
        teams.bot_url = f"{server.url}/api/messages"
        made.append(World(teams))
        made[0].build()
        yield made[0]
    await server.stop()
