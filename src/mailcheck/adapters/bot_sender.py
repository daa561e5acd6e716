"""One call of Teams' connector, as msrest has it made: by `requests`, in a thread, with the bot's token.

msrest's own sender would put the token into the session, which others use too; it repeats a PUT and a refused
connection four times over some seconds, and a POST never.
"""

import asyncio
import re
from collections.abc import Mapping
from functools import partial
from typing import Any, Final

import requests
from msrest.pipeline import Request, Response
from msrest.pipeline.async_abc import AsyncHTTPSender
from msrest.pipeline.universal import RawDeserializer
from msrest.universal_http import ClientRequest
from msrest.universal_http.async_requests import AsyncRequestsClientResponse

from mailcheck.adapters.bot_answers import OUT_OF_TIME, NotTakenError, Setback, refused, unanswered
from mailcheck.adapters.bot_credentials import BotCredentials, NoToken
from mailcheck.adapters.https import fault_of, json_object, line_of
from mailcheck.adapters.one_flight import in_thread
from mailcheck.model.chat_id import is_chat_id
from mailcheck.model.delivery import Trouble, Undelivered
from mailcheck.model.evidence import Fault
from mailcheck.model.secret import Secret

# Seconds to connect, and for the whole answer (bounded.py).
TIMEOUTS: Final = (3.0, 5.0)
_TAKEN: Final = frozenset({200, 201, 202})
_B64TOKEN: Final = re.compile(r"[A-Za-z0-9._~+/-]+=*")  # RFC 6750 section 2.1
_CODE_LIMIT: Final = 64  # characters; Teams' codes are below 40

type Sent = Request[ClientRequest]
type Answered = Response[ClientRequest, AsyncRequestsClientResponse]


class ConnectorSender(AsyncHTTPSender[ClientRequest, AsyncRequestsClientResponse]):
    """Sends once: bounded in time and size, not redirected. A second time only with a new token for a refused one.

    Args:
        credentials: The bot's token.
        session: From `http_session`, which bounds what is read; shared, and left open.
        deadline: No time-out is longer than until then, on the running loop's clock. It is kept by who calls: what a
            thread does after it, such as looking up a name, is waited for by nobody.
        timeouts: Seconds to connect, and for the whole answer.
    """

    def __init__(
        self,
        credentials: BotCredentials,
        session: requests.Session,
        *,
        deadline: float,
        timeouts: tuple[float, float],
    ) -> None:
        self._credentials = credentials
        self._session = session
        self._deadline = deadline
        self._timeouts = timeouts
        self._given_up: set[asyncio.Future[Answered | Setback]] = set()

    async def __aexit__(self, *_: object) -> None:
        """Closes nothing: the session is shared."""

    async def send(self, request: Sent, **_config: Any) -> Answered:  # noqa: ANN401 - msrest's interface
        """The connector's answer, its JSON with the id alone.

        Raises:
            NotTakenError: no token, no answer, or a refusal.
        """
        token = await self._token()
        outcome = await self._once(request, token)
        if isinstance(outcome, Setback) and outcome.stale:
            self._credentials.forget()
            renewed = await self._token()
            if renewed is not token:  # not that of a moment ago again, which another call has had bought
                outcome = await self._once(request, renewed)
        if isinstance(outcome, Setback):
            raise NotTakenError(outcome)
        return outcome

    async def have_token(self, by: float) -> None:
        """Returns when there is a token to send with.

        Raises:
            NotTakenError: there is none, or not by this time of the running loop's clock.
        """
        try:
            async with asyncio.timeout_at(by):
                await self._token()
        except TimeoutError:
            raise NotTakenError(OUT_OF_TIME) from None

    async def end_given_up(self, until: float) -> bool:
        """Whether there were calls that whoever made them has given up; they have ended, or it is that late.

        Teams may act on such a call after one that was made later.
        """
        given_up, self._given_up = self._given_up, set()
        if given_up:
            await asyncio.wait(given_up, timeout=max(0.0, until - asyncio.get_running_loop().time()))
        return bool(given_up)

    async def _token(self) -> Secret[str]:
        token = await self._credentials.token()
        if isinstance(token, NoToken):
            raise NotTakenError(Setback(Undelivered(Trouble.UNREACHED, token.reason)))
        if not _B64TOKEN.fullmatch(token.reveal()):  # requests would quote it in its exception
            raise NotTakenError(Setback(Undelivered(Trouble.UNREACHED, "the bot's token is none by RFC 6750")))
        return token

    async def _once(self, request: Sent, token: Secret[str]) -> Answered | Setback:
        left = max(0.1, self._deadline - asyncio.get_running_loop().time())  # requests takes no 0
        connect, read = (min(seconds, left) for seconds in self._timeouts)
        exchange = in_thread(partial(self._exchange, request, token, (connect, read)))
        try:
            return await asyncio.shield(exchange)
        except asyncio.CancelledError:
            self._given_up.add(exchange)
            raise

    def _exchange(self, request: Sent, token: Secret[str], timeouts: tuple[float, float]) -> Answered | Setback:
        """Blocks; what can be long, such as reading JSON, is done here."""
        call = request.http_request
        try:
            response = self._session.request(
                call.method,
                call.url,
                headers={**call.headers, "Authorization": f"Bearer {token.reveal()}"},
                data=call.data,
                timeout=timeouts,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            fault, words = fault_of(error)
            return unanswered(fault, words, may_be_taken=_may_be_taken(error, fault), update=_is_update(call))
        document = json_object(response.content.decode(errors="replace")) or {}
        if response.status_code not in _TAKEN:
            return refused(response.status_code, _code(document), response.headers, update=_is_update(call))
        # What else it says, in whatever form, is nothing to the SDK; a message without an id cannot be replaced.
        said = {"id": document["id"]} if is_chat_id(document.get("id")) else {}
        context = {RawDeserializer.CONTEXT_NAME: said}
        return Response(request, AsyncRequestsClientResponse(call, response), context)


def _is_update(call: ClientRequest) -> bool:
    return bool(call.method == "PUT")


def _may_be_taken(error: requests.RequestException, fault: Fault) -> bool:
    """Whether the connector may have acted on a call that ended in a fault that passes.

    It has not where there was no connection. One that is closed before a word of an answer is, as a rule, one that
    was kept for the next call and had been given up by the other side; one that was silent has had the request.
    """
    if fault is Fault.TIMEOUT:
        return not isinstance(error, requests.ConnectTimeout)
    # `requests` tells a connection that ended in the middle of an answer by another exception.
    return fault is Fault.CLOSED and not isinstance(error, requests.ConnectionError)


def _code(document: Mapping[str, object]) -> str:
    """Such as `BotNotInConversationRoster`."""
    error = document.get("error")
    return line_of(error.get("code"), _CODE_LIMIT) if isinstance(error, dict) else ""
