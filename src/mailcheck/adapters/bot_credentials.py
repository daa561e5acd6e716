"""The bot's own token for the Bot Connector: by client secret or by managed identity, fetched off the event loop.

https://learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-connector-authentication, "Bot to connector".
The SDK's own factories ask for a token on the event loop, without a time-out, in each turn, and end a refusal with
`KeyError('access_token')`.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

import requests

from mailcheck.adapters.https import fault_of, one_line
from mailcheck.adapters.one_flight import OneFlight
from mailcheck.model.secret import Secret

if TYPE_CHECKING:
    from azure.identity import ManagedIdentityCredential
    from msal import ConfidentialClientApplication

SCOPE: Final = "https://api.botframework.com/.default"
CONNECT_TIMEOUT: Final = 3.0  # seconds; Teams waits 15 for the whole turn
READ_TIMEOUT: Final = 4.0
REFUSED_FOR: Final = 10.0  # seconds for which a refusal is taken for the next answer: a turn has three calls
REFRESH_AHEAD: Final = 300.0  # seconds before its end that a token is replaced
LAST_MOMENT: Final = 30.0  # where that fails, it is used until so many seconds before its end


@dataclass(frozen=True, slots=True)
class BotToken:
    """A token, and the seconds that it has left."""

    value: Secret[str]
    lifetime: float


@dataclass(frozen=True, slots=True)
class NoToken:
    """Why there is none; one line, for the log."""

    reason: str


class TokenSource(Protocol):
    """Who gives tokens; blocks."""

    def fetch(self) -> BotToken | NoToken:
        """A token for `SCOPE`."""


class BotCredentials:
    """One token for all turns, replaced ahead of its end.

    Args:
        source: Asked in a thread, by one caller at a time.
        clock: Monotonic seconds.
    """

    def __init__(self, source: TokenSource, *, clock: Callable[[], float]) -> None:
        self._source = source
        self._clock = clock
        self._flight: OneFlight[BotToken | NoToken] = OneFlight()
        self._held: Secret[str] | None = None
        self._ends = 0.0
        self._refused: tuple[float, NoToken] | None = None

    async def token(self) -> Secret[str] | NoToken:
        """The token to call the connector with; what is held when it is good for some time, else a new one."""
        if self._held is not None and self._left() > REFRESH_AHEAD:
            return self._held
        answer = self._recent_refusal() or await self._flight.join(SCOPE, self._source.fetch)
        if isinstance(answer, NoToken):
            self._refused = self._refused if self._recent_refusal() else (self._clock(), answer)
            return self._held if self._held is not None and self._left() > LAST_MOMENT else answer
        self._held, self._ends = answer.value, self._clock() + answer.lifetime
        return answer.value

    def _recent_refusal(self) -> NoToken | None:
        at, refusal = self._refused or (float("-inf"), None)
        return refusal if self._clock() - at < REFUSED_FOR else None

    def _left(self) -> float:
        return self._ends - self._clock()


class SecretTokens:
    """Tokens from Entra for a client secret (`MicrosoftAppType` = `SingleTenant`), by MSAL.

    Args:
        app_id: The bot's application (client) id.
        password: Its client secret.
        authority: `https://login.microsoftonline.com/<tenant>`, or another cloud's.
        session: The HTTP session, with its trust; shared, and left open.
    """

    def __init__(self, *, app_id: str, password: Secret[str], authority: str, session: requests.Session) -> None:
        self._app_id = app_id
        self._password = password
        self._authority = authority
        self._http = _Http(session)
        self._app: ConfidentialClientApplication | None = None

    def fetch(self) -> BotToken | NoToken:
        """A token, or why there is none: Entra's words, such as `AADSTS7000215: Invalid client secret provided`."""
        try:
            answer: Mapping[str, Any] = self._client().acquire_token_for_client([SCOPE])
        except requests.RequestException as error:
            return NoToken(f"Entra gave no answer: {' '.join(fault_of(error))}")
        except ValueError as error:  # MSAL: the authority does not answer with an OpenID configuration
            return NoToken(f"Entra does not know the tenant: {one_line(str(error))}")
        if not isinstance(answer.get("access_token"), str):
            said = answer.get("error_description") or answer.get("error") or "an answer without a token"
            return NoToken(f"Entra refused: {one_line(str(said))}")
        return BotToken(Secret(answer["access_token"]), float(answer.get("expires_in", 0)))

    def _client(self) -> "ConfidentialClientApplication":
        if self._app is None:
            from msal import ConfidentialClientApplication  # noqa: PLC0415 - a bot with an identity needs none

            self._app = ConfidentialClientApplication(
                self._app_id,
                client_credential=self._password.reveal(),
                authority=self._authority,
                http_client=self._http,
                # The authority is the administrator's setting; see adapters/entra.py.
                instance_discovery=False,
            )
        return self._app


class IdentityTokens:
    """Tokens from the platform for a user-assigned managed identity (`MicrosoftAppType` = `UserAssignedMSI`).

    Args:
        app_id: The identity's client id, which is the bot's app id.
        session: The HTTP session; shared, and left open.
        now: The time now, UTC: the platform gives the end of a token by the wall clock.
    """

    def __init__(self, *, app_id: str, session: requests.Session, now: Callable[[], dt.datetime]) -> None:
        self._app_id = app_id
        self._session = session
        self._now = now
        self._credential: ManagedIdentityCredential | None = None

    def fetch(self) -> BotToken | NoToken:
        """A token, or why there is none: no endpoint in this process, or the identity is not assigned to the app."""
        from azure.core.exceptions import AzureError  # noqa: PLC0415 - a bot with a secret needs none

        try:
            answer = self._client().get_token(SCOPE)
        except AzureError as error:
            return NoToken(f"the managed identity gave no token: {one_line(error.message or str(error))}")
        return BotToken(Secret(answer.token), answer.expires_on - self._now().timestamp())

    def _client(self) -> "ManagedIdentityCredential":
        if self._credential is None:
            from azure.core.pipeline.transport import RequestsTransport  # noqa: PLC0415 - as above
            from azure.identity import ManagedIdentityCredential  # noqa: PLC0415 - as above

            self._credential = ManagedIdentityCredential(
                client_id=self._app_id,
                transport=RequestsTransport(
                    session=self._session,
                    session_owner=False,
                    connection_timeout=CONNECT_TIMEOUT,
                    read_timeout=READ_TIMEOUT,
                ),
                retry_total=0,  # whoever asks again asks for a token again
            )
        return self._credential


class _Http:
    """MSAL's `http_client`: the session with time-outs, and without redirects, which would carry the secret away."""

    def __init__(self, session: requests.Session) -> None:
        self._session = session

    def get(self, url: str, **options: Any) -> requests.Response:  # noqa: ANN401 - MSAL's interface
        return self._send("GET", url, options)

    def post(self, url: str, **options: Any) -> requests.Response:  # noqa: ANN401 - MSAL's interface
        return self._send("POST", url, options)

    def close(self) -> None:
        """Nothing: the session is shared."""

    def _send(self, method: str, url: str, options: dict[str, Any]) -> requests.Response:
        return self._session.request(
            method, url, timeout=(CONNECT_TIMEOUT, READ_TIMEOUT), allow_redirects=False, **options
        )
