"""The bot's own token for the Bot Connector: by client secret, certificate or managed identity, off the event loop.

https://learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-connector-authentication, "Bot to connector".
The SDK's own factories ask for a token on the event loop, without a time-out, in each turn, and end a refusal with
`KeyError('access_token')`.
"""

import asyncio
import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

import requests

from mailcheck.adapters.entra import EntraTokens
from mailcheck.adapters.one_flight import OneFlight
from mailcheck.adapters.vault_identity import Identity, NotGivenError, VaultIdentity
from mailcheck.model.credential import ClientSecret, Credential
from mailcheck.model.evidence import Evidence
from mailcheck.model.secret import Secret

SCOPE: Final = "https://api.botframework.com/.default"
CONNECT_TIMEOUT: Final = 3.0  # seconds; Teams waits 15 for the whole turn
READ_TIMEOUT: Final = 4.0
REFUSED_FOR: Final = 10.0  # seconds for which a refusal is taken for the next answer: a turn has three calls
REFRESH_AHEAD: Final = 300.0  # seconds before its end that a token is replaced, beside the turns that use it
LAST_MOMENT: Final = 30.0  # until that is done, it is used until so many seconds before its end
FORGET_PAUSE: Final = 10.0  # seconds in which no second token is forgotten: what refuses each would have each bought


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
    """Who gives tokens."""

    async def fetch(self) -> BotToken | NoToken:
        """A token for `SCOPE`. Callers at the same time share one request, which runs in a thread."""

    def forget(self) -> None:
        """The token did not do: whatever is kept of it is to be dropped."""


class BotCredentials:
    """One token for all turns, replaced ahead of its end, while it is in use.

    Args:
        source: Asked when there is no token that is good for some time.
        clock: Monotonic seconds.
    """

    def __init__(self, source: TokenSource, *, clock: Callable[[], float]) -> None:
        self._source = source
        self._clock = clock
        self._held: Secret[str] | None = None
        self._ends = 0.0
        self._refused: tuple[float, NoToken] | None = None
        self._forgotten = float("-inf")
        self._renewal: asyncio.Task[BotToken | NoToken] | None = None  # kept, so that it is not collected meanwhile

    async def token(self) -> Secret[str] | NoToken:
        """The token to call the connector with; nobody waits for another whose token is good for a while yet."""
        held = self._held
        if held is None or self._left() <= LAST_MOMENT:
            answer = self._recent_refusal() or await self._renew()
            return answer if isinstance(answer, NoToken) else answer.value
        under_way = self._renewal is not None and not self._renewal.done()
        if self._left() <= REFRESH_AHEAD and not (under_way or self._recent_refusal()):
            self._renewal = asyncio.create_task(self._renew())
        return held

    async def _renew(self) -> BotToken | NoToken:
        answer = await self._source.fetch()
        if isinstance(answer, NoToken):
            self._refused = self._clock(), answer
        else:
            self._held, self._ends = answer.value, self._clock() + answer.lifetime
        return answer

    def forget(self) -> None:
        """The token did not do: the next one is to be bought.

        A second one within `FORGET_PAUSE` is kept: calls that were refused together forget one token, and a connector
        that refuses them all does not have each of them bought.
        """
        if self._clock() - self._forgotten < FORGET_PAUSE:
            return
        self._forgotten = self._clock()
        self._held = None
        self._source.forget()

    def _recent_refusal(self) -> NoToken | None:
        at, refusal = self._refused or (float("-inf"), None)
        return refusal if self._clock() - at < REFUSED_FOR else None

    def _left(self) -> float:
        return self._ends - self._clock()


class CredentialSource(Protocol):
    """Where the bot's certificate or client secret comes from."""

    async def credential(self) -> Credential | Evidence:
        """The credential, or why there is none."""

    def forget(self) -> None:
        """The credential did not do: the next one is to be read anew."""


class ConfiguredSecret:
    """A client secret that stands in the settings: there is no other before the next start."""

    def __init__(self, value: Secret[str]) -> None:
        self._secret = ClientSecret(value, version="settings")

    async def credential(self) -> Credential:
        """The secret."""
        return self._secret

    def forget(self) -> None:
        """Nothing."""


class AppTokens:
    """Tokens from Entra for the bot's app registration (`MicrosoftAppType` = `SingleTenant`).

    Args:
        credentials: Asked when a token is to be bought; told when Entra refused what it gave, so that a certificate
            that was renewed in the vault needs no restart.
        entra: Entra, for the bot's app id and `SCOPE`.
        now: The time now, UTC.
    """

    def __init__(
        self, credentials: CredentialSource, *, entra: EntraTokens, now: Callable[[], dt.datetime]
    ) -> None:  # fmt: skip
        self._credentials = credentials
        self._entra = entra
        self._now = now

    async def fetch(self) -> BotToken | NoToken:
        """A token, or why there is none: Entra's words, such as `AADSTS7000215: Invalid client secret provided`."""
        credential = await self._credentials.credential()
        if isinstance(credential, Evidence):
            return NoToken(f"the bot's certificate could not be had: {_words(credential.signal, credential.said)}")
        token = await self._entra.token(credential)
        if isinstance(token, Evidence):
            self._credentials.forget()
            return NoToken(f"Entra gave the bot no token: {_words(token.signal, token.said)}")
        ends = token.claims.expires_at
        return BotToken(token.value, (ends - self._now()).total_seconds() if ends else 0.0)

    def forget(self) -> None:
        """Has MSAL drop the token, too."""
        self._entra.forget()


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
        self._flight: OneFlight[BotToken | NoToken] = OneFlight()
        self._identity: VaultIdentity | None = None

    async def fetch(self) -> BotToken | NoToken:
        """A token, or why there is none: no endpoint in this process, or the identity is not assigned to the app."""
        return await self._flight.join(SCOPE, self._ask)

    def forget(self) -> None:
        """Has the SDK drop the token; the platform's endpoint keeps one, too, and gives it out again."""
        self._identity = None

    def _ask(self) -> BotToken | NoToken:
        identity = self._identity or self._new()
        self._identity = identity
        try:
            answer = identity.get_token(SCOPE)
        except NotGivenError as none:
            status = none.evidence.details.get("status", "")
            return NoToken(f"the managed identity gave no token: {_words(status, none.evidence.said)}")
        if not isinstance(answer.token, str):  # the SDK takes it on trust
            return NoToken("the managed identity gave no token: its answer has none")
        return BotToken(Secret(answer.token), answer.expires_on - self._now().timestamp())

    def _new(self) -> VaultIdentity:
        from azure.core.pipeline.transport import RequestsTransport  # noqa: PLC0415 - a bot with a secret needs none

        transport = RequestsTransport(
            session=self._session,
            session_owner=False,
            connection_timeout=CONNECT_TIMEOUT,
            read_timeout=READ_TIMEOUT,
        )
        # Never the developer's credentials: they are not the bot. So there is no vault whose cloud would matter.
        return VaultIdentity(Identity(managed=True, client_id=self._app_id), "", transport)


def _words(signal: str, said: str) -> str:
    """Signal and words in one line; some words, such as Entra's, begin with the signal."""
    return said if said.startswith(signal) else f"{signal} {said}".strip()
