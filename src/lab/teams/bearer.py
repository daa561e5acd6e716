"""Who calls the connector: the bot's own token, verified for real."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from lab.signing import Rejected

# Takes a compact token for the audience https://api.botframework.com, gives its claims, or raises Rejected.
type Verify = Callable[[str], Mapping[str, Any]]


@dataclass(frozen=True)
class BotBearer:
    """The rule for the Authorization header of a connector call.

    Attributes:
        verify: Verifies a token of Entra's for the Bot Framework's audience.
        bot_id: The app id that must have asked for the token.
    """

    verify: Verify
    bot_id: str

    def refusal(self, header: str | None) -> str | None:
        """Why this Authorization header is refused; None if it is the bot's."""
        scheme, _, token = (header or "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            return "no bearer token"
        try:
            claims = self.verify(token)
        except Rejected as reason:
            return str(reason)
        # Version 1 tokens name the client in `appid`, version 2 tokens in `azp`.
        client = claims.get("appid", claims.get("azp"))
        return None if client == self.bot_id else f"the token was given to {client!r}, not to the bot"


def denied() -> web.Response:
    """The connector's 401: ASP.NET's words, without the error object that its other answers have."""
    return web.json_response({"message": "Authorization has been denied for this request."}, status=401)
