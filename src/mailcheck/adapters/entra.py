"""The access token from Entra: client credentials with a certificate or a secret, by MSAL; each refusal told apart.

MSAL is imported where it is used, on the first check: a cold start pays for every import at the top of a file.
"""

import json
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from mailcheck.adapters.https import asks_to_wait, fault_of, json_object, line_of, time_to_wait
from mailcheck.adapters.one_flight import OneFlight
from mailcheck.adapters.token_claims import read_claims
from mailcheck.model.credential import Certificate, Credential, Token
from mailcheck.model.evidence import Evidence, Fault, Stage
from mailcheck.model.secret import Secret

if TYPE_CHECKING:
    import requests
    from msal import ConfidentialClientApplication

# Seconds, for each of two requests: the tenant's endpoints, then the token. A whole check has ten.
CONNECT_TIMEOUT: Final = 3.0
READ_TIMEOUT: Final = 4.0

# One more try, at once, for what Entra's page on its codes calls passing: these numbers (MsodsServiceUnavailable,
# RequestBudgetExceededError, RetryableError and others), this error, a 5xx of whatever stands before it, a connection
# that was closed. Not where a time to wait is given, nor for 90055 and 50196, by which Entra asks to be left alone;
# nor for time-outs, which have used up the time that a second try would need.
_TRANSIENT: Final = frozenset(
    {"AADSTS90033", "AADSTS90024", "AADSTS50033", "AADSTS90006", "AADSTS90012", "AADSTS90090", Fault.CLOSED}
)
_TRANSIENT_ERROR: Final = "temporarily_unavailable"
_TRANSIENT_STATUSES: Final = frozenset({"500", "502", "503", "504"})
_THROTTLED: Final = frozenset({"429", "AADSTS90055", "AADSTS50196"})

_CODE: Final = re.compile(r"AADSTS\d{4,8}")
_CODE_LIMIT: Final = 10**8  # as many digits as in a sentence
_CODES_KEPT: Final = 8  # the first decides; the others are for the reader
_TRAILER: Final = re.compile(r"\s*(?:Trace ID|Correlation ID|Timestamp):")  # follows the sentence, for support
_ENDPOINT: Final = re.compile(r"https://[\w.-]+(?::\d+)?/\S+")  # what MSAL takes: https, a host, and a path
_LIFETIMES: Final = ("expires_in", "ext_expires_in", "refresh_in")
_LIFETIME_LIMIT: Final = 2**31  # seconds: what a clock of 32 bits counts to
_SENT_SECRETS: Final = ("client_secret", "client_assertion")
_IDS: Final = ("trace_id", "correlation_id")


class EntraTokens:
    """Access tokens of one app registration for one resource.

    MSAL keeps a token until five minutes before it expires, and with it the tenant's endpoints; both are kept for
    one credential, and dropped when it is replaced. A token says what was true when it was bought: a check that went
    well may rest on one up to an hour old, and on a credential or a consent that has gone since. Whoever finds that
    it did not do says so by `forget`. Failures are not kept: MSAL itself would answer a repeated request from memory
    for a minute, and who has just mended a setting asks again sooner. Nor does a failure hide behind a token that is
    still good: where MSAL renews one early, the refusal is the answer.

    Args:
        authority: `https://login.microsoftonline.com/<tenant>`, or another cloud's.
        client_id: Application (client) id.
        scope: `<resource>/.default`.
        session: The HTTP session, with its trust; shared, and left open.
        read_timeout: Seconds for a whole answer.
    """

    def __init__(
        self,
        *,
        authority: str,
        client_id: str,
        scope: str,
        session: "requests.Session",
        read_timeout: float = READ_TIMEOUT,
    ) -> None:
        self._authority = authority
        self._client_id = client_id
        self._scope = scope
        self._http = _Http(session, read_timeout)
        self._flight: OneFlight[Token | Evidence] = OneFlight()
        self._app: tuple[str, ConfidentialClientApplication] | None = None

    async def token(self, credential: Credential) -> Token | Evidence:
        """An access token, or why there is none (stage `TOKEN`).

        Concurrent callers make one request. It runs in a thread, which outlives a caller that gives up, for at most
        the sum of its time-outs.
        """
        return await self._flight.join(_name(credential), lambda: self._buy(credential))

    def forget(self) -> None:
        """Have the next token bought from Entra: the one that is kept did not do, and may be older than the mending."""
        if self._app is not None:
            self._app[1].remove_tokens_for_client()

    def _buy(self, credential: Credential) -> Token | Evidence:
        answer = self._ask(credential)
        if isinstance(answer, Evidence) and _worth_another_try(answer):
            answer = self._ask(credential)
        if isinstance(answer, Evidence):
            return answer
        value = Secret[str](answer["access_token"])
        claims = read_claims(value.reveal())
        if claims is None:
            said = "the access token is no JSON Web Token"
            return Evidence(Stage.TOKEN, Fault.MALFORMED, said, details=_ours(credential))
        return Token(value, claims)

    def _ask(self, credential: Credential) -> dict[str, Any] | Evidence:
        try:
            answer: dict[str, Any] = self._app_of(credential).acquire_token_for_client([self._scope])
        except _Refused as refused:
            seen = refused.evidence
            return Evidence(seen.stage, seen.signal, seen.said, details={**seen.details, **_ours(credential)})
        return answer

    def _app_of(self, credential: Credential) -> "ConfidentialClientApplication":
        """MSAL's client for this credential; making one asks the authority for the tenant's endpoints."""
        if self._app is not None and self._app[0] == _name(credential):
            return self._app[1]
        from msal import ConfidentialClientApplication  # noqa: PLC0415 - see the top of the file

        app = ConfidentialClientApplication(
            self._client_id,
            client_credential=_for_msal(credential),
            authority=self._authority,
            http_client=self._http,
            # The authority is the administrator's setting; asking login.microsoftonline.com whether it knows it
            # would add a request, and fail in a closed network.
            instance_discovery=False,
        )
        self._app = (_name(credential), app)
        return app


def _name(credential: Credential) -> str:
    return credential.thumbprint if isinstance(credential, Certificate) else f"secret {credential.version}"


def _ours(credential: Credential) -> dict[str, str]:
    return {"thumbprint": credential.thumbprint} if isinstance(credential, Certificate) else {}


def _for_msal(credential: Credential) -> str | dict[str, str]:
    """MSAL's `client_credential`.

    Without a SHA-1 `thumbprint` MSAL signs PS256 and names the certificate by x5t#S256, the form that "Microsoft
    identity platform application authentication certificate credentials" documents; with one, RS256 and x5t. The price
    is an x5c header with the certificate, which Entra reads for subject-name trust only.
    """
    if isinstance(credential, Certificate):
        return {"private_key": credential.private_key.reveal(), "public_certificate": credential.public}
    return credential.value.reveal()


def _worth_another_try(seen: Evidence) -> bool:
    if asks_to_wait(seen.details) or seen.signal in _THROTTLED or seen.details.get("status") in _THROTTLED:
        return False
    return (
        seen.signal in _TRANSIENT
        or seen.details.get("error") == _TRANSIENT_ERROR
        or seen.details.get("status") in _TRANSIENT_STATUSES
    )


class _Refused(Exception):  # noqa: N818 - it carries an answer through MSAL
    """There is no token in this answer, or no answer; `evidence` says why."""

    def __init__(self, evidence: Evidence) -> None:
        super().__init__(evidence.signal)
        self.evidence = evidence


class _Http:
    """MSAL's `http_client`: the session, with time-outs, which hands MSAL nothing but the documents it expects.

    Whatever else comes back is read here, where status and body are known. MSAL would tell a tenant's refusal by a
    sentence of its own, drop the body of a 5xx, and log what is not JSON.
    """

    def __init__(self, session: "requests.Session", read_timeout: float) -> None:
        self._session = session
        self._timeout = (CONNECT_TIMEOUT, read_timeout)

    def get(self, url: str, **options: Any) -> "requests.Response":  # noqa: ANN401 - MSAL's interface
        response, document = self._send("GET", url, options)
        if not all(_is_endpoint(document.get(name)) for name in ("authorization_endpoint", "token_endpoint")):
            raise _Refused(_malformed(url, "the tenant's OpenID configuration names no endpoints"))
        return response

    def post(self, url: str, **options: Any) -> "requests.Response":  # noqa: ANN401 - MSAL's interface
        response, document = self._send("POST", url, options)
        lifetimes = {name: document[name] for name in _LIFETIMES if name in document}
        token = document.get("access_token")
        if not (isinstance(token, str) and all(map(_is_lifetime, lifetimes.values()))):
            raise _Refused(_malformed(url, "the token response has no access token"))
        # MSAL reads whatever else stands there, and takes its form on trust.
        response._content = json.dumps({"access_token": token, **lifetimes}).encode()  # noqa: SLF001 - see read_body
        return response

    def close(self) -> None:
        """Nothing: the session is shared."""

    def _send(self, method: str, url: str, options: dict[str, Any]) -> "tuple[requests.Response, Mapping[str, object]]":
        import requests  # noqa: PLC0415 - see the top of the file

        try:
            # A redirect would carry the signed assertion elsewhere; Entra sends none here.
            response = self._session.request(method, url, timeout=self._timeout, allow_redirects=False, **options)
        except requests.RequestException as error:
            fault, said = fault_of(error)
            raise _Refused(Evidence(Stage.TOKEN, fault, said, details=_host(url))) from error
        # JSON is UTF-8, and a reader may overlook a mark before it (RFC 8259 section 8.1); requests would guess.
        response.encoding = "utf-8-sig"
        document = json_object(response.text)
        if response.status_code != HTTPStatus.OK:
            retry_after = response.headers.get("Retry-After", "")
            words = _without(document or {}, options.get("data"))
            raise _Refused(_refusal(url, response.status_code, words, retry_after))
        if document is None:
            raise _Refused(_malformed(url, "the answer is no JSON object"))
        return response, document


def _refusal(url: str, status: int, document: Mapping[str, object], retry_after: str) -> Evidence:
    """The evidence in an OAuth error response (RFC 6749 section 5.2, with Entra's `error_codes`)."""
    error, description = (line_of(document.get(name)) for name in ("error", "error_description"))
    listed = document.get("error_codes")
    codes = [str(code) for code in listed[:_CODES_KEPT] if _is_code(code)] if isinstance(listed, list) else []
    spoken = _CODE.search(description)
    signal = f"AADSTS{codes[0]}" if codes else spoken[0] if spoken else error or str(status)
    details = {"status": str(status), "error": error, "codes": ",".join(codes)}
    details |= {name: line_of(document.get(name), 64) for name in _IDS}
    details |= time_to_wait(retry_after)
    said = _TRAILER.split(description, maxsplit=1)[0]
    return Evidence(
        Stage.TOKEN, signal, said, details=_host(url) | {name: text for name, text in details.items() if text}
    )


def _without(document: Mapping[str, object], sent: object) -> Mapping[str, object]:
    """The document without the credential that was sent, which whoever answers in Entra's place may repeat."""
    values = (sent.get(name) for name in _SENT_SECRETS) if isinstance(sent, dict) else ()
    secrets = [value for value in values if isinstance(value, str) and value]

    def withheld(value: object) -> object:
        if isinstance(value, str):
            for secret in secrets:
                value = value.replace(secret, "<withheld>")
        return value

    return {name: withheld(value) for name, value in document.items()}


def _malformed(url: str, said: str) -> Evidence:
    return Evidence(Stage.TOKEN, Fault.MALFORMED, said, details=_host(url))


def _host(url: str) -> dict[str, str]:
    return {"host": urlsplit(url).hostname or ""}


def _is_code(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < _CODE_LIMIT


def _is_lifetime(value: object) -> bool:
    return isinstance(value, int) and abs(value) < _LIFETIME_LIMIT


def _is_endpoint(value: object) -> bool:
    return isinstance(value, str) and _ENDPOINT.fullmatch(value) is not None
