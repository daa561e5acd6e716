"""The lab's managed identity endpoint, in the form that App Service and Functions give to code.

learn.microsoft.com/azure/app-service/overview-managed-identity, "REST endpoint reference".
"""

import hmac
from collections.abc import Iterable, Mapping

import jwt
from aiohttp import web

from lab.entra import Entra, Sighting
from lab.planned import Page, Plan
from lab.serving import WebServer
from lab.tenant import BOT_CLIENT_ID, IDENTITY_CLIENT_ID, Application
from lab.token_request import check_enabled

_PATH = "/msi/token"
_API_VERSION = "2019-08-01"
_OTHER_SELECTORS = ("mi_res_id", "object_id", "principal_id")


class ManagedIdentity(WebServer):
    """Hands out tokens of the identities that are assigned to "the app", to whoever knows its header.

    They are the system-assigned one, and the bot's, which is user-assigned.

    Args:
        entra: Mints the tokens; the identities are applications of its tenant.
        header: The value that X-IDENTITY-HEADER must have: what keeps forged requests out.
        system_assigned: Client id of the system-assigned identity; None when it is off.

    Attributes:
        system_assigned: As given.
        audience: What its tokens are for, where that is not the resource that was asked for: a fault.
        planned: What it answers in place of its own decision.
        sightings: The token requests, in order; `outcome` is `issued` or the HTTP status.
    """

    def __init__(self, entra: Entra, *, header: str, system_assigned: str | None = IDENTITY_CLIENT_ID) -> None:
        super().__init__()
        self.audience: str | None = None
        self.planned: Plan[Page] = Plan()
        self.sightings: list[Sighting] = []
        self._entra = entra
        self._header = header
        self.system_assigned = system_assigned

    def environment(self) -> dict[str, str]:
        """The variables by which App Service tells code of the endpoint."""
        return {"IDENTITY_ENDPOINT": self.url + _PATH, "IDENTITY_HEADER": self._header}

    def routes(self) -> Iterable[web.RouteDef]:
        """The token path only."""
        return (web.get(_PATH, self._token),)

    async def _token(self, request: web.Request) -> web.Response:
        header = request.headers.get("X-IDENTITY-HEADER", "")
        if hmac.compare_digest(header.encode(errors="surrogateescape"), self._header.encode()):
            page = self.planned.take()
            answer = page.response() if page else self._decide(request.query)
        else:
            answer = _refused(401, "The header X-IDENTITY-HEADER is missing or wrong.")
        outcome = "issued" if answer.status == web.HTTPOk.status_code else str(answer.status)
        client_id = request.query.get("client_id") or self.system_assigned or ""
        self.sightings.append(Sighting(client_id, "managed identity", outcome))
        return answer

    def _decide(self, query: Mapping[str, str]) -> web.Response:
        resource = query.get("resource")
        if query.get("api-version") != _API_VERSION:
            return _refused(400, f"The api-version must be {_API_VERSION}.")
        if not resource:
            return _refused(400, "The parameter resource is missing.")
        application = self._identity(query)
        if application is None:
            return _refused(400, "No managed identity that is assigned to this app fits the request.")
        if refusal := check_enabled(application) or self._entra.check_resource(resource):
            return _refused(400, f"{refusal.code}: {refusal.text}")
        token = self._entra.mint(application, self.audience or resource)
        claims = jwt.decode(token, options={"verify_signature": False})  # minted above
        return web.json_response(
            {
                "access_token": token,
                "client_id": application.client_id,
                "expires_on": str(claims["exp"]),
                "not_before": str(claims["nbf"]),
                "resource": resource,
                "token_type": "Bearer",
            }
        )

    def _identity(self, query: Mapping[str, str]) -> Application | None:
        """The identity that the request selects; the system-assigned one when it selects none."""
        if any(name in query for name in _OTHER_SELECTORS):
            return None  # the lab's identities are named by client id only
        client_id = query.get("client_id")
        if client_id is not None and client_id.lower() != BOT_CLIENT_ID:
            return None
        return self._entra.tenant.find(client_id or self.system_assigned or "")


def _refused(status: int, message: str) -> web.Response:
    """The endpoint's own form of an error: MSAL shows `statusCode` and `message`."""
    return web.json_response({"statusCode": status, "message": message}, status=status)
