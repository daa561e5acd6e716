"""Entra's refusals: the AADSTS number, the OAuth error and the HTTP status that go together, and the JSON around them.

The numbers are Microsoft's (learn.microsoft.com/entra/identity-platform/reference-error-codes, and logs in public issue
threads where that page is silent); the sentences are the lab's own.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any

# AADSTS number: (`error` of RFC 6749 section 5.2, HTTP status).
_ANSWERS: dict[int, tuple[str, int]] = {
    50012: ("invalid_client", 401),  # AuthenticationFailed
    50027: ("invalid_request", 400),  # InvalidJwtToken
    50048: ("invalid_client", 401),  # SubjectMismatchesIssuer
    50049: ("invalid_instance", 400),  # NoSuchInstanceForDiscovery
    70003: ("unsupported_grant_type", 400),  # UnsupportedGrantType
    70011: ("invalid_scope", 400),  # InvalidScope
    90002: ("invalid_request", 400),  # InvalidTenantName
    500011: ("invalid_resource", 400),  # InvalidResourceServicePrincipalNotFound
    700016: ("unauthorized_client", 400),  # UnauthorizedClient_DoesNotMatchRequest
    700024: ("invalid_client", 401),  # the assertion is outside its time
    700027: ("invalid_client", 401),  # the certificate is not registered
    900023: ("invalid_request", 400),  # the tenant identifier is malformed
    900144: ("invalid_request", 400),  # a parameter is missing
    901002: ("invalid_request", 400),  # `resource` at the v2.0 endpoint
    1000502: ("invalid_client", 401),  # the certificate is outside its validity
    1002012: ("invalid_scope", 400),  # a scope without /.default
    7000112: ("unauthorized_client", 400),  # UnauthorizedClientApplicationDisabled
    7000215: ("invalid_client", 401),  # InvalidClientSecret
    7000216: ("invalid_client", 401),  # no credential in a client_credentials request
    7000274: ("invalid_client", 401),  # the assertion's signature is wrong
    9001023: ("invalid_request", 400),  # /common and /organizations are for users
}


@dataclass(frozen=True)
class Refusal:
    """One answer of Entra that is not a token.

    Attributes:
        number: The AADSTS number.
        text: What follows "AADSTSnnn: " in the description.
    """

    number: int
    text: str

    @property
    def status(self) -> int:
        """The HTTP status."""
        return _ANSWERS[self.number][1]

    @property
    def code(self) -> str:
        """The number as descriptions begin with it: `AADSTS700027`."""
        return f"AADSTS{self.number}"

    def body(self, *, now: dt.datetime, trace_id: str, correlation_id: str, url: str) -> dict[str, Any]:
        """The JSON document.

        Args:
            now: Time of the answer, UTC.
            trace_id: Entra's own id of this answer.
            correlation_id: The client's id of its request, or one made for it.
            url: Where error pages are looked up: scheme, host and port.
        """
        stamp = f"{now:%Y-%m-%d %H:%M:%SZ}"
        return {
            "error": _ANSWERS[self.number][0],
            "error_description": (
                f"{self.code}: {self.text} Trace ID: {trace_id} Correlation ID: {correlation_id} Timestamp: {stamp}"
            ),
            "error_codes": [self.number],
            "timestamp": stamp,
            "trace_id": trace_id,
            "correlation_id": correlation_id,
            "error_uri": f"{url}/error?code={self.number}",
        }
