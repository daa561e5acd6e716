# ruff: noqa: ARG002 - the overridden signatures are those of the SDK
"""Talking to Teams: the SDK's adapter and its genuine ConnectorClient, behind one method.

https://learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-connector-send-and-receive-messages
A call to the connector that fails ends in one line of the log and a value. The turn goes on, and Teams gets its 200:
on any other answer it would send the same activity again, and the work would be done twice.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from http import HTTPStatus
from typing import Any, Final

import requests
from azure.core.exceptions import DeserializationError  # what msrest raises
from botbuilder.core import TurnContext
from botbuilder.core.cloud_adapter_base import CloudAdapterBase
from botbuilder.schema import Activity, ActivityTypes, ResourceResponse
from botframework.connector.aio import ConnectorClient
from botframework.connector.auth import (
    AuthenticateRequestResult,
    AuthenticationConstants,
    BotFrameworkAuthentication,
    ClaimsIdentity,
)
from botframework.connector.auth.connector_factory import ConnectorFactory
from msrest.authentication import Authentication
from msrest.pipeline import Request, Response
from msrest.pipeline.async_abc import AsyncHTTPSender, AsyncPipeline
from msrest.pipeline.universal import RawDeserializer
from msrest.universal_http import ClientRequest
from msrest.universal_http.async_requests import AsyncRequestsClientResponse

from mailcheck.adapters.bot_credentials import BotCredentials, NoToken
from mailcheck.adapters.https import fault_of, one_line
from mailcheck.adapters.one_flight import in_thread
from mailcheck.model.secret import Secret

CONNECT_TIMEOUT: Final = 3.0  # seconds; Teams waits 15 for the whole turn
READ_TIMEOUT: Final = 5.0
# Statuses for which Microsoft asks for another try ("Optimize your bot with rate limiting in Teams"), and 500 and 503.
AGAIN: Final = frozenset({412, 429, 500, 502, 503, 504})
_TAKEN: Final = frozenset({200, 201, 202})
LONGEST_PAUSE: Final = 2.0  # seconds of Retry-After that are waited for; a longer one would eat up the turn
USUAL_PAUSE: Final = 1.0  # where there is no Retry-After

_log = logging.getLogger(__name__)

# The context of the turn, and when the turn has to have ended, on the running loop's clock.
type Turn = Callable[[TurnContext, float], Awaitable[None]]
type Pause = Callable[[float], Awaitable[None]]
type Sent = Request[ClientRequest]
type Answered = Response[ClientRequest, AsyncRequestsClientResponse]


class TeamsChannel:
    """Runs turns of a bot for activities that the guard has admitted.

    Args:
        app_id: The bot's application (client) id.
        credentials: Its token for the connector.
        session: The HTTP session, with its trust; shared, and left open.
        pause: Waits so many seconds before a second try.
    """

    def __init__(
        self, *, app_id: str, credentials: BotCredentials, session: requests.Session, pause: Pause = asyncio.sleep
    ) -> None:
        self._app_id = app_id
        self._factory = _Connectors(credentials, session, pause)
        self._adapter = _Adapter(self._factory)

    async def process(self, activity: Mapping[str, Any], turn: Turn, deadline: float) -> tuple[int, object]:
        """Runs one turn, and gives the HTTP status and JSON body (or none) that Teams is to be answered.

        The turn has to end by this time of the running loop's clock.

        200; 400 for JSON that is no activity; 501 for an invoke that the bot does not answer.

        The SDK is given the result of an authentication, not the header: its own validation is weaker than the guard
        that has just let this activity in (`bot_guard.py` says where), would fetch keys on the event loop, and
        could only refuse what the guard takes, such as a key younger than its cache.
        """
        try:
            parsed = Activity().deserialize(activity)
        except (DeserializationError, RecursionError):
            return HTTPStatus.BAD_REQUEST, None

        async def logic(context: TurnContext) -> None:
            await turn(context, deadline)

        answer = await self._adapter.process_activity(self._authenticated(parsed.service_url), parsed, logic)
        return (HTTPStatus.OK, None) if answer is None else (int(answer.status), answer.body)

    def _authenticated(self, service_url: str) -> AuthenticateRequestResult:
        claims = {
            AuthenticationConstants.AUDIENCE_CLAIM: self._app_id,
            AuthenticationConstants.SERVICE_URL_CLAIM: service_url,
        }
        result = AuthenticateRequestResult()
        result.claims_identity = ClaimsIdentity(claims, is_authenticated=True)
        result.audience = AuthenticationConstants.TO_CHANNEL_FROM_BOT_OAUTH_SCOPE
        result.connector_factory = self._factory
        return result


class _Adapter(CloudAdapterBase):  # type: ignore[misc] # the SDK has no annotations
    """The SDK's adapter; what could not be sent or updated is None instead of an exception."""

    def __init__(self, factory: "_Connectors") -> None:
        super().__init__(_GuardedAuthentication(factory))

    async def send_activities(
        self, context: TurnContext, activities: list[Activity]
    ) -> list[ResourceResponse | None]:  # fmt: skip
        # One by one: the SDK's loop would forget what was sent before a failure.
        return [await self._send(context, activity) for activity in activities]

    async def update_activity(self, context: TurnContext, activity: Activity) -> ResourceResponse | None:
        try:
            await super().update_activity(context, activity)
        except (_NotDoneError, DeserializationError) as error:
            _log.warning("Teams' connector did not take the update: %s", one_line(str(error)))
            return None
        return ResourceResponse(id=activity.id)

    async def _send(self, context: TurnContext, activity: Activity) -> ResourceResponse | None:
        try:
            sent: list[ResourceResponse] = await super().send_activities(context, [activity])
        except (_NotDoneError, DeserializationError) as error:  # the latter: it took it, and answered no JSON
            kind = ActivityTypes(activity.type).value
            _log.warning("Teams' connector did not take the %s: %s", kind, one_line(str(error)))
            return None
        return sent[0]


class _GuardedAuthentication(BotFrameworkAuthentication):  # type: ignore[misc] # the SDK has no annotations
    """What CloudAdapterBase asks for. It authenticates nothing: `BotGuard` has, or nobody gets here."""

    def __init__(self, factory: "_Connectors") -> None:
        self._factory = factory

    async def authenticate_request(self, activity: Activity, auth_header: str) -> AuthenticateRequestResult:
        raise PermissionError("requests are authenticated by the guard")

    async def authenticate_streaming_request(
        self, auth_header: str, channel_id_header: str
    ) -> AuthenticateRequestResult:
        raise PermissionError("this bot takes no streams")

    def create_connector_factory(self, claims_identity: ClaimsIdentity) -> ConnectorFactory:
        return self._factory

    async def create_user_token_client(self, claims_identity: ClaimsIdentity) -> None:
        """None: the bot signs nobody in."""


class _Connectors(ConnectorFactory):  # type: ignore[misc] # the SDK has no annotations
    """Makes ConnectorClients that send by `_Sender`."""

    def __init__(self, credentials: BotCredentials, session: requests.Session, pause: Pause) -> None:
        self._sender = _Sender(credentials, session, pause)

    async def create(self, service_url: str, audience: str) -> ConnectorClient:
        # The client wants credentials, and builds a pipeline of its own around them; ours replaces it.
        client = ConnectorClient(Authentication(), base_url=service_url)
        client.config.pipeline = AsyncPipeline([client.config.user_agent_policy, RawDeserializer()], self._sender)
        return client


class _NotDoneError(Exception):
    """Carries why a call came to nothing through msrest to the adapter above: no token, no answer, or a refusal.

    msrest's own HttpOperationError is not relied on: it is lost, and the status with it, where a gateway answers HTML.
    """


class _Sender(AsyncHTTPSender[ClientRequest, AsyncRequestsClientResponse]):
    """Sends by `requests` in a thread: with the bot's token, bounded, not redirected, again where asked to.

    msrest's own would put the token into the session, which others use too; it repeats a PUT and a refused connection
    four times over some seconds, and a POST never.
    """

    def __init__(self, credentials: BotCredentials, session: requests.Session, pause: Pause) -> None:
        self._credentials = credentials
        self._session = session
        self._pause = pause

    async def __aexit__(self, *_: object) -> None:
        """Closes nothing: the session is shared."""

    async def send(self, request: Sent, **_config: Any) -> Answered:  # noqa: ANN401 - msrest's interface
        token = await self._credentials.token()
        if isinstance(token, NoToken):
            raise _NotDoneError(token.reason)
        response = await in_thread(partial(self._once, request.http_request, token))
        pause = _pause_before_retry(response.status_code, response.headers.get("Retry-After"))
        if pause is not None:
            await self._pause(pause)
            response = await in_thread(partial(self._once, request.http_request, token))
        if response.status_code not in _TAKEN:
            raise _NotDoneError(f"{response.status_code} {_code(response)}")
        return Response(request, AsyncRequestsClientResponse(request.http_request, response))

    def _once(self, request: ClientRequest, token: Secret[str]) -> requests.Response:
        try:
            return self._session.request(
                request.method,
                request.url,
                headers={**request.headers, "Authorization": f"Bearer {token.reveal()}"},
                data=request.data,
                timeout=(CONNECT_TIMEOUT, READ_TIMEOUT),
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise _NotDoneError(" ".join(fault_of(error))) from error


def _code(response: requests.Response) -> str:
    """The code in the connector's error object, such as `BotNotInConversationRoster`."""
    try:
        error = response.json()["error"]["code"]
    except (ValueError, LookupError, TypeError, RecursionError):
        error = None
    return error if isinstance(error, str) else "without a code"


def _pause_before_retry(status: int, retry_after: str | None) -> float | None:
    """Seconds to wait before the second try; none where there is to be no second try."""
    if status not in AGAIN:
        return None
    if retry_after is None:
        return USUAL_PAUSE
    # The other form of Retry-After, a date, is not what the connector sends.
    seconds = float(retry_after) if retry_after.isascii() and retry_after.isdigit() else LONGEST_PAUSE + 1
    return seconds if seconds <= LONGEST_PAUSE else None
