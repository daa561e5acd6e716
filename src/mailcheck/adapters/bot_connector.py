# ruff: noqa: ARG002 - the overridden signatures are those of the SDK
"""Talking to Teams: the SDK's adapter and its genuine ConnectorClient, behind one method.

https://learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-connector-send-and-receive-messages
A message that is not delivered ends in one line of the log and a value. The turn goes on, and Teams gets its 200:
on any other answer it would send the same activity again, and the work would be done twice.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from copy import copy
from functools import partial
from http import HTTPStatus
from typing import Any

import requests
from azure.core.exceptions import DeserializationError  # what msrest raises
from botbuilder.core import TurnContext
from botbuilder.core.cloud_adapter_base import CloudAdapterBase
from botbuilder.schema import Activity, ActivityImportance, ActivityTypes, ResourceResponse
from botframework.connector.aio import ConnectorClient
from botframework.connector.auth import AuthenticateRequestResult, BotFrameworkAuthentication, ClaimsIdentity
from botframework.connector.auth.connector_factory import ConnectorFactory
from botframework.connector.bot_framework_sdk_client_async import BotFrameworkConnectorConfiguration
from msrest.authentication import Authentication
from msrest.pipeline.async_abc import AsyncPipeline

from mailcheck.adapters.bot_credentials import BotCredentials
from mailcheck.adapters.bot_sender import TIMEOUTS, ConnectorSender
from mailcheck.adapters.bot_tries import LEAST_TIME, Pause, Tries
from mailcheck.adapters.one_flight import in_thread
from mailcheck.model.delivery import QUIET, Undelivered

# The context of the turn, and when the turn has to have ended, on the running loop's clock.
type Turn = Callable[[TurnContext, float], Awaitable[None]]
type Delivered = ResourceResponse | Undelivered


class TeamsChannel:
    """Runs turns of a bot for activities that the guard has admitted.

    In a turn, `send_activity` and `update_activity` give a `ResourceResponse`, whose id may be None, or an
    `Undelivered`; they have ended by the turn's deadline, whatever the connector does. What passes is tried again as
    long as there is time. An activity of `importance` `low` is progress that the next one makes up for, and leaves that
    the time: an update is tried once, and not waited for long; a new message is not sent late. Where an update was
    given up, what is put in its place later is put there again once it has ended. The mark is for this adapter, and
    Teams does not see it.

    Args:
        credentials: The bot's token for the connector.
        session: The HTTP session, with its trust, from `http_session`; shared, and left open.
        pause: Waits so many seconds before another try.
        chance: From 0 to 1, anew each time: spreads the tries of many turns.
        timeouts: Seconds of one call: to connect, and for the whole answer; never beyond the turn's deadline.
    """

    def __init__(
        self,
        *,
        credentials: BotCredentials,
        session: requests.Session,
        pause: Pause = asyncio.sleep,
        chance: Callable[[], float] = random.random,
        timeouts: tuple[float, float] = TIMEOUTS,
    ) -> None:
        self._credentials = credentials
        self._session = session
        self._pause = pause
        self._chance = chance
        self._timeouts = timeouts
        # The client wants credentials, and builds a pipeline of its own around them, which `_Connectors` replaces.
        self._configuration = BotFrameworkConnectorConfiguration(Authentication(), base_url=None)

    async def process(self, activity: Mapping[str, Any], turn: Turn, deadline: float) -> tuple[int, object]:
        """Runs one turn, which has to end by this time of the running loop's clock.

        Gives the HTTP status and JSON body (or none) that Teams is to be answered: 200, also where nothing could be
        said; 400 for JSON that is no activity; 501 for an invoke that the bot does not answer.

        The SDK is given the result of an authentication, not the header: its own validation is weaker than the guard
        that has just let this activity in (`bot_guard.py` says where), would fetch keys on the event loop, and
        could only refuse what the guard takes, such as a key younger than its cache.
        """
        try:
            parsed = await in_thread(partial(Activity().deserialize, activity))  # of 256 KiB: a quarter of a second
        except (DeserializationError, RecursionError):
            return HTTPStatus.BAD_REQUEST, None
        # Asked for another, the SDK would answer the request with what the chat is to be told. Teams asks for none.
        parsed.delivery_mode = None

        async def logic(context: TurnContext) -> None:
            await turn(context, deadline)

        sender = ConnectorSender(self._credentials, self._session, deadline=deadline, timeouts=self._timeouts)
        connectors = _Connectors(self._configuration, sender)
        adapter = _Adapter(connectors, sender, Tries(self._pause, self._chance), deadline)
        authenticated = AuthenticateRequestResult()
        authenticated.connector_factory = connectors  # and no claims: the SDK does nothing with them in such a turn
        answer = await adapter.process_activity(authenticated, parsed, logic)
        return (HTTPStatus.OK, None) if answer is None else (int(answer.status), answer.body)


class _Adapter(CloudAdapterBase):  # type: ignore[misc] # the SDK has no annotations
    """The SDK's adapter for one turn; what could not be sent or updated is a value instead of an exception."""

    def __init__(self, connectors: "_Connectors", sender: ConnectorSender, tries: Tries, deadline: float) -> None:
        super().__init__(_GuardedAuthentication(connectors))
        self._sender = sender
        self._tries = tries
        self._deadline = deadline

    async def send_activities(self, context: TurnContext, activities: list[Activity]) -> list[Delivered]:
        # One by one: the SDK's loop would forget what was sent before a failure.
        return [await self._send(context, activity) for activity in activities]

    async def update_activity(self, context: TurnContext, activity: Activity) -> Delivered:
        unmarked, followed = _unmarked(activity)

        async def update() -> ResourceResponse:
            await super(_Adapter, self).update_activity(context, unmarked)
            return ResourceResponse(id=activity.id)

        outcome: Delivered = await self._deliver("update", update, update=True, followed=followed)
        if followed or isinstance(outcome, Undelivered):
            return outcome
        # Teams may carry out an update that was given up after this one, which would then be gone from the chat.
        if await self._sender.end_given_up(self._deadline - LEAST_TIME):
            outcome = await self._deliver("update", update, update=True, followed=False)
        return outcome

    async def _send(self, context: TurnContext, activity: Activity) -> Delivered:
        unmarked, followed = _unmarked(activity)

        async def send() -> ResourceResponse:
            if followed:  # a token may be long in coming
                await self._sender.have_token(self._deadline - QUIET)
            sent: list[ResourceResponse] = await super(_Adapter, self).send_activities(context, [unmarked])
            return sent[0]

        if activity.type == ActivityTypes.invoke_response:  # this one does not go to the connector
            return await send()
        kind = ActivityTypes(activity.type).value
        return await self._deliver(kind, send, update=False, followed=followed)

    async def _deliver(
        self, what: str, call: Callable[[], Awaitable[ResourceResponse]], *, update: bool, followed: bool
    ) -> Delivered:
        return await self._tries.deliver(what, call, deadline=self._deadline, update=update, followed=followed)


def _unmarked(activity: Activity) -> tuple[Activity, bool]:
    """The activity as Teams is to have it, and whether another one makes up for it."""
    if activity.importance != ActivityImportance.low:
        return activity, False
    plain = copy(activity)
    plain.importance = None
    return plain, True


class _GuardedAuthentication(BotFrameworkAuthentication):  # type: ignore[misc] # the SDK has no annotations
    """What CloudAdapterBase asks for. It authenticates nothing: `BotGuard` has, or nobody gets here."""

    def __init__(self, connectors: "_Connectors") -> None:
        self._connectors = connectors

    async def authenticate_request(self, activity: Activity, auth_header: str) -> AuthenticateRequestResult:
        raise PermissionError("requests are authenticated by the guard")

    async def authenticate_streaming_request(
        self, auth_header: str, channel_id_header: str
    ) -> AuthenticateRequestResult:
        raise PermissionError("this bot takes no streams")

    def create_connector_factory(self, claims_identity: ClaimsIdentity) -> ConnectorFactory:
        return self._connectors

    async def create_user_token_client(self, claims_identity: ClaimsIdentity) -> None:
        """None: the bot signs nobody in."""


class _Connectors(ConnectorFactory):  # type: ignore[misc] # the SDK has no annotations
    """Makes ConnectorClients that send by this sender, from a configuration that stays as it is.

    One costs milliseconds to make: msrest looks for each of 999 statuses in a list of 501 that are not tried again.
    """

    def __init__(self, configuration: BotFrameworkConnectorConfiguration, sender: ConnectorSender) -> None:
        self._configuration = configuration
        self._sender = sender

    async def create(self, service_url: str, audience: str) -> ConnectorClient:
        configuration = copy(self._configuration)
        configuration.base_url = service_url
        client = ConnectorClient(configuration.credentials, custom_configuration=configuration)
        client.config.pipeline = AsyncPipeline([client.config.user_agent_policy], self._sender)
        return client
