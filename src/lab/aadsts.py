"""Entra's refusals: the AADSTS number, the OAuth error and the HTTP status that go together, and the JSON around them.

The numbers are Microsoft's (learn.microsoft.com/entra/identity-platform/reference-error-codes, and logs in public issue
threads where that page is silent); the sentences are the lab's own. What Entra puts beside a number as `error` and as
status is not documented as a whole: where no log shows it, RFC 6749 section 5.2 decides, and a client must not.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any

# AADSTS number: (`error` of RFC 6749 section 5.2, HTTP status).
_ANSWERS: dict[int, tuple[str, int]] = {
    28002: ("invalid_scope", 400),  # several resources in one scope
    28003: ("invalid_scope", 400),  # an empty scope
    50012: ("invalid_client", 401),  # AuthenticationFailed
    50027: ("invalid_request", 400),  # InvalidJwtToken
    50033: ("temporarily_unavailable", 503),  # RetryableError
    50048: ("invalid_client", 401),  # SubjectMismatchesIssuer
    50049: ("invalid_instance", 400),  # NoSuchInstanceForDiscovery
    50059: ("invalid_request", 400),  # MissingTenantRealm
    50194: ("invalid_request", 400),  # a single-tenant app at /common
    50196: ("invalid_grant", 400),  # LoopDetected
    53003: ("invalid_grant", 400),  # BlockedByConditionalAccess
    65001: ("invalid_grant", 400),  # DelegationDoesNotExist
    65005: ("invalid_resource", 400),  # MisconfiguredApplication
    70003: ("unsupported_grant_type", 400),  # UnsupportedGrantType
    70011: ("invalid_scope", 400),  # InvalidScope
    90002: ("invalid_request", 400),  # InvalidTenantName
    90006: ("server_error", 500),  # ExternalServerRetryableError
    90012: ("temporarily_unavailable", 503),  # RequestTimeout
    90024: ("temporarily_unavailable", 503),  # RequestBudgetExceededError
    90033: ("temporarily_unavailable", 503),  # MsodsServiceUnavailable
    90038: ("invalid_request", 400),  # NationalCloudTenantRedirection
    90055: ("temporarily_unavailable", 429),  # TenantThrottlingError
    90090: ("server_error", 500),  # GraphRetryableError
    100007: ("invalid_request", 400),  # a regional endpoint, which is for managed identities
    500011: ("invalid_resource", 400),  # InvalidResourceServicePrincipalNotFound
    500014: ("invalid_resource", 400),  # InvalidResourceServicePrincipalDisabled
    500021: ("invalid_request", 403),  # access to the tenant is denied: tenant restrictions
    500022: ("invalid_request", 403),  # the same
    530032: ("invalid_grant", 400),  # BlockedByConditionalAccessOnSecurityPolicy
    530035: ("invalid_grant", 400),  # BlockedBySecurityDefaults
    650052: ("invalid_client", 400),  # the organization has no subscription to the service
    650056: ("invalid_client", 400),  # MisconfiguredApplication
    650057: ("invalid_resource", 400),  # InvalidResource
    700016: ("unauthorized_client", 400),  # UnauthorizedClient_DoesNotMatchRequest
    700022: ("invalid_scope", 400),  # InvalidMultipleResourcesScope
    700024: ("invalid_client", 401),  # the assertion is outside its time
    700025: ("invalid_client", 401),  # InvalidClientPublicClientWithCredential
    700027: ("invalid_client", 401),  # the certificate is not registered
    700030: ("invalid_client", 401),  # the certificate's subject is not authorized
    900023: ("invalid_request", 400),  # the tenant identifier is malformed
    900144: ("invalid_request", 400),  # a parameter is missing
    900382: ("invalid_client", 400),  # a confidential client in a cross-cloud request
    900432: ("invalid_client", 400),  # the same
    901002: ("invalid_request", 400),  # `resource` at the v2.0 endpoint
    1000502: ("invalid_client", 401),  # the certificate is outside its validity
    1002012: ("invalid_scope", 400),  # a scope without /.default
    7000112: ("unauthorized_client", 400),  # UnauthorizedClientApplicationDisabled
    7000214: ("invalid_client", 401),  # CertificateHasBeenRevoked
    7000215: ("invalid_client", 401),  # InvalidClientSecret
    7000216: ("invalid_client", 401),  # no credential in a client_credentials request
    7000218: ("invalid_client", 401),  # no credential in the body
    7000222: ("invalid_client", 401),  # InvalidClientSecretExpiredKeysProvided
    7000229: ("unauthorized_client", 400),  # no service principal in the tenant
    7000274: ("invalid_client", 401),  # the assertion's signature is wrong
    7000277: ("invalid_client", 401),  # CertificateWasRevoked
    9001023: ("invalid_request", 400),  # /common and /organizations are for users
}
_UNLISTED = ("invalid_request", 400)
NUMBERS = frozenset(_ANSWERS)


@dataclass(frozen=True)
class Refusal:
    """One answer of Entra that is not a token.

    Attributes:
        number: The AADSTS number; one that is not in the table is a bad request.
        text: What follows "AADSTSnnn: " in the description.
        retry_after: Seconds in a Retry-After header, if there is one.
    """

    number: int
    text: str
    retry_after: int | None = None

    @property
    def status(self) -> int:
        """The HTTP status."""
        return _ANSWERS.get(self.number, _UNLISTED)[1]

    @property
    def code(self) -> str:
        """The number as descriptions begin with it: `AADSTS700027`."""
        return f"AADSTS{self.number}"

    @property
    def headers(self) -> dict[str, str]:
        """The headers that this answer has of its own."""
        return {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}

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
            "error": _ANSWERS.get(self.number, _UNLISTED)[0],
            "error_description": (
                f"{self.code}: {self.text} Trace ID: {trace_id} Correlation ID: {correlation_id} Timestamp: {stamp}"
            ),
            "error_codes": [self.number],
            "timestamp": stamp,
            "trace_id": trace_id,
            "correlation_id": correlation_id,
            "error_uri": f"{url}/error?code={self.number}",
        }
