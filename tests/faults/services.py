"""The healthy answers of the three services that are asked before a mail server, with a place in them for the fault.

The managed identity's endpoint, the key vault and Entra, as one script for each: they speak HTTP/1.1 on a connection
that stays open, and hand each answer of their stage to the fault.
"""

import base64
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace

from tests.faults.tls_faults import Contexts, Handshake
from tests.faults.wire import Line

TENANT = "88888888-2222-4333-8444-555555555555"
NAME = "mailcheck"
IDENTITY_PATH = "/msi/token"

type HttpFault = Callable[[Line, "Response"], Awaitable[None]]


@dataclass(frozen=True)
class Request:
    """What matters of a request."""

    method: str
    path: str
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Response:
    """One answer, before it is bytes.

    Attributes:
        path: Of its request.
        sized: Whether a `Content-Length` is added, where there is none.
    """

    status: str
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})
    path: str = ""
    sized: bool = True

    @property
    def head(self) -> bytes:
        """Status line and headers, with the empty line."""
        headers = {"Content-Length": str(len(self.body)), **self.headers} if self.sized else self.headers
        lines = (f"{name}: {value}\r\n" for name, value in headers.items())
        return f"HTTP/1.1 {self.status}\r\n{''.join(lines)}\r\n".encode()

    @property
    def wire(self) -> bytes:
        """All of it."""
        return self.head + self.body

    def but(self, body: bytes | None = None, **headers: str) -> "Response":
        """The same with another body, or with these headers; an underscore in a header's name stands for a hyphen."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return replace(self, body=self.body if body is None else body, headers={**self.headers, **named})


@dataclass
class Service:
    """One HTTP server: what it answers, at which stage it has a fault, and how TLS begins."""

    answers: Callable[[Request], tuple[str, Response]]
    stage: str = ""
    fault: HttpFault | None = None
    handshake: Handshake | None = None
    contexts: Contexts = field(default_factory=dict)

    async def __call__(self, line: Line) -> None:
        """Serves one connection."""
        if self.handshake is not None:
            await self.handshake(line, self.contexts)
        while True:
            request = await _request(line)
            stage, response = self.answers(request)
            if stage == self.stage and self.fault is not None:
                await self.fault(line, replace(response, path=request.path))
            else:
                await line.send(response.wire)


async def _request(line: Line) -> Request:
    method, path, _ = (await line.read_line()).decode().split()
    headers = {}
    while header := await line.read_line():
        name, _, value = header.decode().partition(":")
        headers[name.lower()] = value.strip()
    await line.read_exactly(int(headers.get("content-length", "0")))
    return Request(method, path.partition("?")[0], headers)


def ok(document: object) -> Response:
    """200 with this document."""
    return Response("200 OK", json.dumps(document).encode())


def first_time(fault: HttpFault) -> HttpFault:
    """The fault for the first request, and the healthy answer for those that come later."""
    faults = iter([fault])

    async def answer(line: Line, response: Response) -> None:
        await next(faults, _healthy)(line, response)

    return answer


async def _healthy(line: Line, response: Response) -> None:
    await line.send(response.wire)


def identity(token: str) -> Callable[[Request], tuple[str, Response]]:
    """The endpoint of App Service that gives the process a token for the vault."""

    def answers(request: Request) -> tuple[str, Response]:
        assert request.path == IDENTITY_PATH, request
        expires = str(int(time.time()) + 3600)
        return "answer", ok({"access_token": token, "expires_on": expires, "resource": "any", "token_type": "Bearer"})

    return answers


def vault(value: str, content_type: str, version: str) -> Callable[[Request], tuple[str, Response]]:
    """A key vault at 127.0.0.1 that holds one secret; who comes without a token is told where to get one."""

    def answers(request: Request) -> tuple[str, Response]:
        assert request.path.startswith(f"/secrets/{NAME}"), request
        if "authorization" not in request.headers:
            # The SDK takes challenges for a domain that the host lies under; it compares names as text.
            resource = f"https://{request.headers['host'].replace('127.0.0.1', '0.0.1')}"
            challenge = f'Bearer authorization="https://login.example/{TENANT}", resource="{resource}"'
            refusal = ok({"error": {"code": "Unauthorized", "message": "AKV10000: Request is missing a token."}})
            return "challenge", replace(refusal, status="401 Unauthorized").but(WWW_Authenticate=challenge)
        found = f"https://{request.headers['host']}/secrets/{NAME}/{version}"
        return "secret", ok({"value": value, "contentType": content_type, "id": found, "attributes": {"enabled": True}})

    return answers


def entra(token: str) -> Callable[[Request], tuple[str, Response]]:
    """A tenant's OpenID document, and its token endpoint."""

    def answers(request: Request) -> tuple[str, Response]:
        base = f"https://{request.headers['host']}/{TENANT}"
        if request.path == f"/{TENANT}/v2.0/.well-known/openid-configuration":
            endpoints = {
                "issuer": f"{base}/v2.0",
                "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
                "token_endpoint": f"{base}/oauth2/v2.0/token",
            }
            return "tenant", ok(endpoints)
        assert (request.method, request.path) == ("POST", f"/{TENANT}/oauth2/v2.0/token"), request
        return "token", ok({"token_type": "Bearer", "expires_in": 3599, "access_token": token})

    return answers


def access_token(audience: str, *roles: str) -> str:
    """A JSON Web Token with these claims; nobody here looks at its signature."""
    claims = {"aud": audience, "roles": roles, "tid": TENANT, "exp": int(time.time()) + 3600}
    parts = (json.dumps({"alg": "RS256", "typ": "JWT"}).encode(), json.dumps(claims).encode(), b"signature" * 30)
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)
