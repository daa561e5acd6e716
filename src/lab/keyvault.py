"""The lab's Key Vault: secrets and certificates' secrets by the REST API of the data plane, read only.

learn.microsoft.com/rest/api/keyvault/secrets and .../azure/key-vault/general/rest-error-codes.
"""

import datetime as dt
import uuid
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import jwt
from aiohttp import web

from lab.denial import MESSAGES, Denial, error, not_found
from lab.entra import Entra, issuer_of
from lab.pki import Authority, KeyPair
from lab.planned import Page, Plan
from lab.serving import WebServer
from lab.signing import Rejected
from lab.vault_contents import Content, exported

__all__ = ["Denial", "KeyVault", "VaultRequest"]

_GET = "Microsoft.KeyVault/vaults/secrets/getSecret/action"
_LIST = "Microsoft.KeyVault/vaults/secrets/readMetadata/action"
_RETRY_AFTER = "1"  # seconds
_ADDRESS = "127.0.0.1"
# Those that the SDK knows, the newest being what it sends.
_API_VERSIONS = frozenset(("7.0", "7.1", "7.2", "7.3", "7.4", "7.5", "7.6", "2025-07-01", "2026-04-01"))
# Why PyJWT refused a token: the vault's number and words for it. The rest is AKV10001.
_TOKEN_FAULTS: Final[Mapping[type[BaseException | None], tuple[str, str]]] = {
    jwt.InvalidIssuerError: ("AKV10032", "Invalid issuer. Expected one of {issuer}, found {iss}."),
    jwt.InvalidAudienceError: ("AKV10022", "Invalid audience. Expected {resource}, found: {aud}."),
    jwt.InvalidSignatureError: ("AKV10046", "The key that signed the token is unknown."),
}


@dataclass(frozen=True)
class VaultRequest:
    """One request that the vault answered: its path, the status, and the caller's object id if its token was good."""

    path: str
    status: int
    principal_id: str | None


@dataclass(frozen=True)
class _Version:
    id: str
    content: Content
    enabled: bool
    created: int  # seconds since the epoch, as all times of the API

    def item(self, url: str) -> dict[str, Any]:
        """What lists show: all but the value."""
        content = self.content
        attributes: dict[str, Any] = {"enabled": self.enabled, "created": self.created, "updated": self.created}
        bounds = {"nbf": content.not_before, "exp": content.not_after}
        attributes |= {name: _seconds(moment) for name, moment in bounds.items() if moment is not None}
        document: dict[str, Any] = {"id": url, "attributes": attributes}
        if content.managed:
            document["managed"] = True
        if content.content_type:
            document["contentType"] = content.content_type
        return document


class KeyVault(WebServer):
    """One vault, at https://127.0.0.1.

    Args:
        entra: Issues and signs the tokens that it takes.
        authority: Signs the server certificate.
        now: The clock, UTC.
        port: The TCP port; 0 lets the system choose.

    Attributes:
        requests: What it answered, in order; a client's first one is a 401, the challenge.
        tenant_id: The tenant that it belongs to and takes tokens of.
        by_roles: Whether roles decide on access, or else access policies.
        headers_lost: Whether something on the way takes the Authorization header off its requests.
        planned: What it answers in place of its own decision, once the caller is known.
    """

    def __init__(
        self, entra: Entra, authority: Authority, *, now: Callable[[], dt.datetime], port: int = 0
    ) -> None:  # fmt: skip
        super().__init__(host=_ADDRESS, tls=authority.server_context(), port=port)
        self.requests: list[VaultRequest] = []
        self.tenant_id = entra.tenant.id
        self.by_roles = True
        self.headers_lost = False
        self.planned: Plan[Page] = Plan()
        self._entra = entra
        self._now = now
        self._secrets: dict[str, list[_Version]] = {}
        self._granted: set[str] = set()
        self._denial: Denial | None = None

    @property
    def resource(self) -> str:
        """The audience of its tokens: the address less its first label.

        Key Vault's clients take a challenge only from a host that lies under the resource's domain, as
        contoso.vault.azure.net lies under vault.azure.net. They compare names as text, so 127.0.0.1 lies under 0.0.1;
        names under localhost would be cleaner, and do not resolve everywhere.
        """
        return f"https://{self.url.partition('.')[2]}"

    async def start(self) -> None:
        """Begins to serve, and becomes a resource that Entra issues tokens for."""
        await super().start()
        self._entra.known_resources.add(self.resource)

    def store(
        self,
        name: str,
        content: KeyPair | Content | str,
        *,
        form: Literal["pfx", "pem", "text"] = "pfx",
        enabled: bool = True,
    ) -> str:
        """Adds a version of a secret, which becomes the current one even when it is disabled; returns its id.

        Args:
            name: Of the secret; case does not count.
            content: A certificate with its key, or any text, which takes no form but `text`, or what else it is to be.
            form: How the certificate is exported: `pfx` in base64 with an empty password, or `pem`, key first.
            enabled: Whether the value can be read.
        """
        match content, form:
            case KeyPair(), "pfx" | "pem":
                content = exported(content, form)
            case str(), "text":
                content = Content(content)
            case Content(), _:
                pass
            case _:
                raise ValueError(f"{type(content).__name__} cannot be stored as {form}")
        assert isinstance(content, Content)  # noqa: S101 - made so above
        version = _Version(uuid.uuid4().hex, content, enabled, _seconds(self._now()))
        self._secrets.setdefault(name.lower(), []).append(version)
        return version.id

    def delete(self, name: str) -> None:
        """Deletes a secret with all its versions, as a deletion in the portal does; it cannot be read any more."""
        del self._secrets[name.lower()]

    def grant(self, principal_id: str) -> None:
        """Assigns the role Key Vault Secrets User, or an access policy, to a principal, by object id."""
        self._granted.add(principal_id)

    def revoke(self, principal_id: str) -> None:
        """Takes that role, or access policy, away again."""
        self._granted.discard(principal_id)

    def deny(self, denial: Denial | None) -> None:
        """Makes the vault refuse everybody in this way, until told otherwise by None."""
        self._denial = denial

    def routes(self) -> Iterable[web.RouteDef]:
        """The reading half of the secrets API; clients that want the current version leave its segment empty."""
        return (
            web.get("/secrets", self._guarded(_LIST, self._list)),
            web.get("/secrets/{name}/versions", self._guarded(_LIST, self._list_versions)),
            web.get("/secrets/{name}", self._guarded(_GET, self._get)),
            web.get("/secrets/{name}/{version:[^/]*}", self._guarded(_GET, self._get)),
        )

    def _guarded(
        self, action: str, handler: Callable[[web.Request], web.Response]
    ) -> Callable[[web.Request], Awaitable[web.Response]]:
        """A handler behind the vault's door: token, network, role; and every answer is noted."""

        async def guarded(request: web.Request) -> web.Response:
            caller = self._caller(request)
            if isinstance(caller, web.Response):
                answer, principal_id = caller, None
            else:
                principal_id = caller["oid"]
                page = self.planned.take()
                answer = page.response() if page else self._refusal(request, action, caller) or handler(request)
            self.requests.append(VaultRequest(request.path, answer.status, principal_id))
            return answer

        return guarded

    def _caller(self, request: web.Request) -> dict[str, Any] | web.Response:
        """The claims of a good token, or the challenge."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token or self.headers_lost:
            return self._challenge("AKV10000: Request is missing a Bearer or PoP token.")
        try:
            return self._entra.verify(token, self.resource, tenant_id=self.tenant_id)
        except Rejected as rejected:
            return self._challenge(self._fault(token, rejected.__cause__))

    def _fault(self, token: str, cause: BaseException | None) -> str:
        if type(cause) not in _TOKEN_FAULTS:
            return "AKV10001: The token cannot be validated."
        number, words = _TOKEN_FAULTS[type(cause)]
        stated = jwt.decode(token, options={"verify_signature": False})  # PyJWT could read it: it found this fault
        found = {"iss": stated.get("iss"), "aud": stated.get("aud")}
        return f"{number}: {words.format(resource=self.resource, issuer=issuer_of(self.tenant_id), **found)}"

    def _challenge(self, message: str) -> web.Response:
        header = f'Bearer authorization="{self._entra.url}/{self.tenant_id}", resource="{self.resource}"'
        return error(401, "Unauthorized", message, headers={"WWW-Authenticate": header})

    def _refusal(self, request: web.Request, action: str, caller: Mapping[str, Any]) -> web.Response | None:
        missing = Denial.RBAC if self.by_roles else Denial.ACCESS_POLICY
        denial = self._denial or (None if caller["oid"] in self._granted else missing)
        if denial:
            message = MESSAGES[denial].format(
                caller=f"Caller: appid={caller['appid']};oid={caller['oid']};iss={caller['iss']}",
                vault=f"Vault: {self.url};location=lab",
                address=request.remote,
                action=action,
                path=request.path,
            )
            if denial is Denial.THROTTLED:
                return error(429, denial, message, headers={"Retry-After": _RETRY_AFTER})
            return error(403, "Forbidden", message, inner=denial)
        if request.query.get("api-version") not in _API_VERSIONS:
            return error(400, "BadParameter", "The parameter api-version is missing, or is no version of this API.")
        return None

    def _get(self, request: web.Request) -> web.Response:
        name, version_id = request.match_info["name"], request.match_info.get("version")
        versions = self._secrets.get(name.lower(), [])
        # The newest version is the current one, whatever its state: a disabled one hides those before it.
        found = [version for version in versions if not version_id or version.id == version_id][-1:]
        if not found:
            return not_found(f"{name}/{version_id or ''}")
        if not found[0].enabled:
            return error(403, "Forbidden", "The secret is disabled, so get is not allowed.", inner="SecretDisabled")
        document = found[0].item(self._id(name, found[0].id))
        if document.get("managed"):
            document["kid"] = f"{self.url}/keys/{name}/{found[0].id}"
        return web.json_response({"value": found[0].content.value, **document})

    def _list(self, request: web.Request) -> web.Response:  # noqa: ARG002 - handlers share a signature
        items = [versions[-1].item(self._id(name)) for name, versions in sorted(self._secrets.items())]
        return web.json_response({"value": items, "nextLink": None})

    def _list_versions(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        versions = self._secrets.get(name.lower())
        if versions is None:
            return not_found(name)
        items = [version.item(self._id(name, version.id)) for version in versions]
        return web.json_response({"value": items, "nextLink": None})

    def _id(self, *segments: str) -> str:
        return "/".join((self.url, "secrets", *segments))


def _seconds(moment: dt.datetime) -> int:
    return int(moment.timestamp())
