"""The lab's Entra ID: discovery documents, the token endpoint for client credentials, and signed app-only tokens."""

import asyncio
import datetime as dt
import re
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

from lab.aadsts import Refusal
from lab.grants import Grant, Grants
from lab.pki import Authority
from lab.planned import Page, Plan
from lab.serving import WebServer
from lab.signing import Rejected, SigningKey, app_only_fault, base64url
from lab.tenant import Application, Tenant

TOKEN_LIFETIME = dt.timedelta(seconds=3599)  # what Entra's expires_in says
_BACKDATED = 300  # seconds: iat and nbf lie this far back, for resources whose clocks are behind
_FOR_USERS = ("common", "organizations")  # in a tenant's place; they have discovery, and no client credentials
_LABEL = r"[0-9A-Za-z](?:[0-9A-Za-z-]*[0-9A-Za-z])?"
_TENANT_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_NO_STORE = {"Cache-Control": "no-store, no-cache", "Pragma": "no-cache"}  # RFC 6749 section 5.1


@dataclass(frozen=True)
class Sighting:
    """One token request that the server saw.

    Attributes:
        client_id: The `client_id` that it named; empty when it named none.
        credential: `certificate`, `secret`, `managed identity` or `none`.
        outcome: `issued`, or the code of the refusal, such as `AADSTS700027`, or the status of a page.
    """

    client_id: str
    credential: str
    outcome: str


class Entra(WebServer):
    """One tenant's identity provider, at https://localhost (MSAL takes no http authority, and no bare address).

    Args:
        tenant: The directory; read at each request, so that a test can change it.
        authority: Signs the server certificate.
        now: The clock, UTC.

    Attributes:
        tenant: The directory given.
        signing: The key that its tokens are signed with.
        grants: Decides on token requests.
        planned: What its token endpoint answers in place of its own decision, by client id in lower case.
        sightings: The token requests, in order.
        delay: Seconds that its token endpoint takes.
    """

    def __init__(self, tenant: Tenant, authority: Authority, *, now: Callable[[], dt.datetime]) -> None:
        super().__init__(host="localhost", tls=authority.server_context())
        self.tenant = tenant
        self.signing = SigningKey.generate()
        self.grants = Grants(tenant, now=now)
        self.planned: defaultdict[str, Plan[Refusal | Page]] = defaultdict(Plan)
        self.sightings: list[Sighting] = []
        self.delay = 0.0
        self._now = now

    @property
    def authority_url(self) -> str:
        """What clients are configured with: the server and the tenant."""
        return f"{self.url}/{self.tenant.id}"

    @property
    def known_resources(self) -> set[str]:
        """What tokens can be asked for; other servers of the lab add theirs."""
        return self.grants.known_resources

    @property
    def issuer_v1(self) -> str:
        """`iss` of the tokens: resources of Microsoft 365 take the v1 format, whose issuer is this."""
        return issuer_of(self.tenant.id)

    def routes(self) -> Iterable[web.RouteDef]:
        """Discovery and the token endpoint."""
        return (
            web.get("/common/discovery/instance", self._instance),
            web.get("/{tenant}/v2.0/.well-known/openid-configuration", self._configuration),
            web.get("/{tenant}/discovery/v2.0/keys", self._keys),
            web.post("/{tenant}/oauth2/v2.0/token", self._token),
        )

    def mint(
        self, application: Application, resource: str, *, lifetime: dt.timedelta = TOKEN_LIFETIME, **claims: object
    ) -> str:
        """A signed app-only access token, v1 format.

        Args:
            application: Whose token; its consented roles for the resource become `roles`, its `claims` replace others.
            resource: `aud`.
            lifetime: From now until `exp`.
            claims: Claims to replace or add; None leaves the claim out.
        """
        now = int(self._now().timestamp())
        usual: dict[str, object] = {
            "aud": resource,
            "iss": self.issuer_v1,
            "iat": now - _BACKDATED,
            "nbf": now - _BACKDATED,
            "exp": now + int(lifetime.total_seconds()),
            "app_displayname": application.name,
            "appid": application.client_id,
            "appidacr": "2",
            "idp": self.issuer_v1,
            "idtyp": "app",
            "oid": application.principal_id,
            # Without consent there is no claim, rather than an empty one.
            "roles": sorted(application.roles_for(resource)) or None,
            "sub": application.principal_id,
            "tid": self.tenant.id,
            "uti": base64url(uuid.uuid4().bytes),
            "ver": "1.0",
        }
        named = {**usual, **application.claims, **claims}
        return self.signing.sign({name: value for name, value in named.items() if value is not None})

    def verify(self, token: str, audience: str, *, tenant_id: str | None = None) -> dict[str, Any]:
        """The claims of an app-only token that this Entra made for this audience, valid now by its clock.

        Args:
            token: The compact JWS.
            audience: What `aud` must be.
            tenant_id: The tenant that it must be of, where that is not this Entra's.

        Raises:
            Rejected: It is anything else: forged, out of its time, of another audience, issuer or tenant, a user's.
        """
        claims = self.signing.verify(
            token,
            audience=audience,
            issuer=issuer_of(tenant_id or self.tenant.id),
            require=("oid", "appid"),
            now=self._now(),
        )
        if fault := app_only_fault(claims, tenant_id or self.tenant.id):
            raise Rejected(fault)
        return claims

    async def _instance(self, request: web.Request) -> web.Response:
        """Instance discovery: whether a host is one of Entra's, and where a tenant's configuration is.

        MSAL leaves the port out of the URL that it asks about (`Authority.instance` is a bare host name).
        """
        host = urlsplit(self.url).hostname
        endpoint = urlsplit(request.query.get("authorization_endpoint", ""))
        path = endpoint.path.strip("/").split("/")
        if endpoint.scheme != "https" or endpoint.hostname != host or not path[0]:
            return self._refused(request, Refusal(50049, "The instance is unknown or invalid."))
        names = {"preferred_network": host, "preferred_cache": host, "aliases": [host]}
        return web.json_response(
            {
                "tenant_discovery_endpoint": f"{self.url}/{path[0]}/v2.0/.well-known/openid-configuration",
                "api-version": request.query.get("api-version", "1.1"),
                "metadata": [names],
            }
        )

    async def _configuration(self, request: web.Request) -> web.Response:
        name = request.match_info["tenant"].lower()
        if name in _FOR_USERS:
            authority, issuer = f"{self.url}/{name}", f"{self.url}/{{tenantid}}/v2.0"
        elif refusal := self._check_tenant(request):
            return self._refused(request, refusal)
        else:
            authority, issuer = self.authority_url, self._issuer_v2
        return web.json_response(
            {
                "issuer": issuer,
                "authorization_endpoint": f"{authority}/oauth2/v2.0/authorize",
                "token_endpoint": f"{authority}/oauth2/v2.0/token",
                "jwks_uri": f"{authority}/discovery/v2.0/keys",
                "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
                "grant_types_supported": ["client_credentials"],
                "response_types_supported": ["code"],
                "subject_types_supported": ["pairwise"],
                "id_token_signing_alg_values_supported": ["RS256"],
            }
        )

    async def _keys(self, request: web.Request) -> web.Response:
        if refusal := self._check_tenant(request):
            return self._refused(request, refusal)
        return web.json_response({"keys": [self.signing.jwk(issuer=self._issuer_v2)]})

    async def _token(self, request: web.Request) -> web.Response:
        form = await _form(request)
        await asyncio.sleep(self.delay)
        answer = (
            self._planned(form) or self._check_tenant(request) or self.grants.decide(form, self._assertion_audiences)
        )
        self.sightings.append(Sighting(form.get("client_id", ""), _credential(form), _outcome(answer)))
        if isinstance(answer, Page):
            return answer.response()
        if isinstance(answer, Refusal):
            return self._refused(request, answer)
        seconds = int(TOKEN_LIFETIME.total_seconds())
        token = self.mint(answer.application, answer.resource, appidacr=answer.appidacr)
        document = {"token_type": "Bearer", "expires_in": seconds, "ext_expires_in": seconds, "access_token": token}
        return web.json_response(document, headers=_NO_STORE)

    def _planned(self, form: Mapping[str, str]) -> Refusal | Page | None:
        plan = self.planned.get(form.get("client_id", "").lower())
        return plan.take() if plan else None

    def check_resource(self, resource: str) -> Refusal | None:
        """Why no token can be had for a resource, or None."""
        return self.grants.check_resource(resource)

    def _check_tenant(self, request: web.Request) -> Refusal | None:
        name = request.match_info["tenant"]
        if name.lower() in {self.tenant.id, self.tenant.domain}:
            return None
        if name.lower() in _FOR_USERS:
            return Refusal(9001023, f"Client credentials are not for /{name}; name the tenant instead.")
        if not _TENANT_NAME.fullmatch(name):
            return Refusal(900023, f"The tenant identifier '{name}' is neither a DNS name nor an external domain.")
        return Refusal(90002, f"Tenant '{name}' was not found. Check the tenant id, and the cloud.")

    @property
    def _token_endpoint(self) -> str:
        return f"{self.authority_url}/oauth2/v2.0/token"

    @property
    def _issuer_v2(self) -> str:
        return f"{self.authority_url}/v2.0"

    @property
    def _assertion_audiences(self) -> frozenset[str]:
        """The token endpoint by the tenant's id and by its domain, and the v2.0 issuer."""
        by_domain = f"{self.url}/{self.tenant.domain}/oauth2/v2.0/token"
        return frozenset((self._token_endpoint, by_domain, self._issuer_v2))

    def _refused(self, request: web.Request, refusal: Refusal) -> web.Response:
        document: dict[str, Any] = refusal.body(
            now=self._now(),
            trace_id=str(uuid.uuid4()),
            correlation_id=request.headers.get("client-request-id") or str(uuid.uuid4()),
            url=self.url,
        )
        return web.json_response(document, status=refusal.status, headers={**_NO_STORE, **refusal.headers})


def issuer_of(tenant_id: str) -> str:
    """`iss` of a tenant's tokens in the v1 format."""
    return f"https://sts.windows.net/{tenant_id}/"


def _credential(form: Mapping[str, str]) -> str:
    kinds = (("client_assertion", "certificate"), ("client_secret", "secret"))
    return next((kind for field, kind in kinds if form.get(field)), "none")


def _outcome(answer: Grant | Refusal | Page) -> str:
    match answer:
        case Grant():
            return "issued"
        case Refusal():
            return answer.code
        case Page():
            return str(answer.status)


async def _form(request: web.Request) -> dict[str, str]:
    """The parameters of a body; none where it is no form, so that the first one is missed."""
    try:
        posted = await request.post()
    except (ValueError, LookupError):  # octets, a boundary or a charset that do not fit
        return {}
    return {name: value for name, value in posted.items() if isinstance(value, str)}
