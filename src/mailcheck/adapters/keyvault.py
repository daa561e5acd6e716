"""The app's certificate from Key Vault, read as the secret of the same name; each refusal told apart.

The Azure SDKs cost some 200 ms to import, and a cold start pays for every import at the top of a file: they are
imported where they are used, on the first check.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from mailcheck.adapters import certificates
from mailcheck.adapters.https import fault_of, one_line
from mailcheck.adapters.one_flight import OneFlight
from mailcheck.model.credential import Certificate
from mailcheck.model.evidence import Evidence, Fault, Stage
from mailcheck.model.secret import Secret

if TYPE_CHECKING:
    import requests
    from azure.core.credentials import AccessToken, TokenCredential
    from azure.core.exceptions import HttpResponseError
    from azure.keyvault.secrets import KeyVaultSecret, SecretClient

# Seconds. A whole check has ten; the SDK's own (300 s, three retries with back-off) would outlive it by far.
CONNECT_TIMEOUT: Final = 3.0
READ_TIMEOUT: Final = 4.0
CLI_TIMEOUT: Final = 5  # for `az` and `azd`, which the developer's chain runs

# One more try, at once, for what a second try often mends. Not for 429 or where Retry-After is given: the vault asked
# to be left alone; nor for time-outs, which have used up the time that a second try would need.
_TRANSIENT: Final = frozenset({"500", "502", "503", "504", Fault.CLOSED})
_OK: Final = 200
_THROTTLED: Final = 429
_SERVER_ERROR: Final = 500

_VAULT_CODE: Final = re.compile(r"(AKV\d{5}):")  # opens the message of a 401, whose code is "Unauthorized" for all
_FACTS: Final = {  # written by the vault into its messages, for the administrator to act on
    "app_id": re.compile(r"\bappid=([0-9A-Fa-f-]{36})\b"),
    "object_id": re.compile(r"\boid=([0-9A-Fa-f-]{36})\b"),
    "client_address": re.compile(r"\bClient address: ([0-9A-Fa-f.:]{2,45})(?=[\s,;]|$)"),
    "action": re.compile(r"\bAction: '([\w./*]{1,120})'"),
}
_CHALLENGE: Final = re.compile(r"challenge resource '([^'\s]{1,253})'")


@dataclass(frozen=True, slots=True)
class Identity:
    """As whom this process asks the vault.

    Attributes:
        managed: Azure gives this process a managed identity: IDENTITY_ENDPOINT is set. Where it is not, the
            developer's credentials are tried in turn (`DefaultAzureCredential`).
        client_id: The client id of a user-assigned identity; none for the system-assigned one.
    """

    managed: bool
    client_id: str | None = None


class KeyVaultCertificates:
    """The latest version of one certificate of one vault.

    A certificate is held in memory for `max_age`; then the vault is asked again, so that a renewed one is picked up
    without a restart. When the vault does not give it then, that is what is answered: a certificate that could not
    be had today would only hide the failure until the next cold start. Failures are not held.

    Args:
        vault_url: `https://<name>.vault.azure.net`.
        name: The certificate's name, which is also its secret's.
        session: The HTTP session, with its trust; shared, and left open.
        identity: As whom to ask.
        max_age: Seconds for which a certificate is used without asking again.
        clock: Monotonic seconds.
        read_timeout: Seconds for a whole answer.
    """

    def __init__(
        self,
        *,
        vault_url: str,
        name: str,
        session: "requests.Session",
        identity: Identity,
        max_age: float,
        clock: Callable[[], float],
        read_timeout: float = READ_TIMEOUT,
    ) -> None:
        self._vault_url = vault_url
        self._name = name
        self._session = session
        self._identity = identity
        self._max_age = max_age
        self._clock = clock
        self._read_timeout = read_timeout
        self._flight: OneFlight[Certificate | Evidence] = OneFlight()
        self._client: SecretClient | None = None
        self._held: tuple[float, Certificate] | None = None

    async def credential(self) -> Certificate | Evidence:
        """The app's certificate, or why there is none (stages `IDENTITY`, `VAULT`, `CERTIFICATE`).

        Concurrent callers make one request. It runs in a thread, which outlives a caller that gives up, for at most
        the sum of its time-outs.
        """
        if self._held is not None and self._clock() - self._held[0] < self._max_age:
            return self._held[1]
        return await self._flight.join(self._name, self._load)

    def _load(self) -> Certificate | Evidence:
        answer = self._ask()
        if isinstance(answer, Evidence) and _worth_another_try(answer):
            answer = self._ask()
        if isinstance(answer, Evidence):
            return answer
        version = answer.properties.version or ""
        if self._held is not None and self._held[1].version == version:
            certificate: Certificate | Evidence = self._held[1]
        else:
            value = Secret(answer.value or "")
            certificate = certificates.read(value, answer.properties.content_type, version=version)
        if isinstance(certificate, Certificate):
            self._held = (self._clock(), certificate)
        return certificate

    def _ask(self) -> "KeyVaultSecret | Evidence":
        from azure.core.exceptions import AzureError, HttpResponseError  # noqa: PLC0415 - see the top of the file

        if self._client is None:
            self._client = _client(self._vault_url, self._session, self._identity, self._read_timeout)
        try:
            return self._client.get_secret(self._name)
        except _NoToken as failure:
            return failure.evidence
        except HttpResponseError as error:  # an answer that is not the secret
            return self._refusal(error)
        except AzureError as error:  # no answer: ServiceRequestError, ServiceResponseError
            fault, said = fault_of(error.inner_exception or error)
            return Evidence(Stage.VAULT, fault, said=said, details=self._host())
        except (ValueError, AttributeError, RecursionError) as error:
            # ValueError is also how the SDK refuses to send one service's token to another's host; and it takes the
            # shape of a 200, and the depth of any JSON, on trust.
            return self._mismatch(str(error)) or self._malformed()

    def _refusal(self, error: "HttpResponseError") -> Evidence:
        response: Any = error.response  # the SDK's own annotation leaves out the headers
        if response is None:  # the body broke off
            fault, said = fault_of(error.inner_exception or error)
            return Evidence(Stage.VAULT, fault, said=said, details=self._host())
        if response.status_code == _OK:  # DecodeError: it called itself JSON
            return self._malformed()
        status, (code, inner, message) = int(response.status_code), _error_of(response.text())
        by_status = status == _THROTTLED or status >= _SERVER_ERROR
        vault_code = found[1] if (found := _VAULT_CODE.match(message)) else ""
        signal = inner or (str(status) if by_status else vault_code or code or str(status))
        details = {**self._host(), "status": str(status), **_facts(message)}
        retry_after = response.headers.get("Retry-After", "")
        if retry_after.isascii() and retry_after.isdigit():
            details["retry_after"] = retry_after
        return Evidence(Stage.VAULT, signal, said=one_line(message), details=details)

    def _mismatch(self, said: str) -> Evidence | None:
        found = _CHALLENGE.search(said)
        if found is None:
            return None
        # The rest of the SDK's sentence advises to switch the check off.
        said = one_line(said.partition(" Pass ")[0])
        details = {**self._host(), "challenge_resource": one_line(found[1])}
        return Evidence(Stage.VAULT, Fault.CHALLENGE_MISMATCH, said=said, details=details)

    def _malformed(self) -> Evidence:
        return Evidence(Stage.VAULT, Fault.MALFORMED, said="the answer is no secret in JSON", details=self._host())

    def _host(self) -> dict[str, str]:
        return {"host": urlsplit(self._vault_url).hostname or ""}


class _NoToken(Exception):  # noqa: N818 - it carries an answer through the SDK's pipeline
    """The credential gave no token; `evidence` says why."""

    def __init__(self, evidence: Evidence) -> None:
        super().__init__(evidence.signal)
        self.evidence = evidence


class _Credential:
    """A credential whose failures cannot be taken for the vault's: both raise ClientAuthenticationError."""

    def __init__(self, credential: "TokenCredential", identity: Identity) -> None:
        self._credential = credential
        self._identity = identity

    def get_token(self, *scopes: str, **options: Any) -> "AccessToken":  # noqa: ANN401 - the SDK's protocol
        from azure.core.exceptions import AzureError, ClientAuthenticationError  # noqa: PLC0415 - see the top

        try:
            return self._credential.get_token(*scopes, **options)
        except ClientAuthenticationError as error:
            raise _NoToken(_no_identity(error.message, self._identity)) from error
        except AzureError as error:
            _, said = fault_of(error.inner_exception or error)
            raise _NoToken(Evidence(Stage.IDENTITY, Fault.IDENTITY_FAILED, said=said)) from error
        except (ValueError, RecursionError) as error:  # no JSON, too deep, or no number where one belongs
            said = "the identity endpoint's answer cannot be read"
            raise _NoToken(Evidence(Stage.IDENTITY, Fault.IDENTITY_FAILED, said=said)) from error


def _no_identity(message: str, identity: Identity) -> Evidence:
    if not identity.managed:
        attempts = message.rpartition("Attempted credentials:")[2]
        return Evidence(Stage.IDENTITY, Fault.NO_ENDPOINT, said=one_line(attempts))
    # What the SDK puts before the endpoint's own words blames the environment, which is in order.
    said = one_line(message.rpartition("Token request error:")[2])
    details = {"identity_client_id": identity.client_id} if identity.client_id else {}
    return Evidence(Stage.IDENTITY, Fault.IDENTITY_FAILED, said=said, details=details)


def _client(vault_url: str, session: "requests.Session", identity: Identity, read_timeout: float) -> "SecretClient":
    from azure.core.pipeline.transport import RequestsTransport  # noqa: PLC0415 - see the top of the file
    from azure.identity import DefaultAzureCredential, ManagedIdentityCredential  # noqa: PLC0415
    from azure.keyvault.secrets import SecretClient  # noqa: PLC0415

    transport = RequestsTransport(
        session=session, session_owner=False, connection_timeout=CONNECT_TIMEOUT, read_timeout=read_timeout
    )
    credential: TokenCredential
    if identity.managed:
        credential = ManagedIdentityCredential(client_id=identity.client_id, transport=transport, retry_total=0)
    else:
        credential = DefaultAzureCredential(
            # Those left are tried in turn, within one check's time: the slow and the interactive ones are not.
            exclude_interactive_browser_credential=True,
            exclude_broker_credential=True,
            exclude_powershell_credential=True,
            exclude_shared_token_cache_credential=True,
            exclude_visual_studio_code_credential=True,
            managed_identity_client_id=identity.client_id,
            process_timeout=CLI_TIMEOUT,
            transport=transport,
            retry_total=0,
        )
    return SecretClient(vault_url, _Credential(credential, identity), transport=transport, retry_total=0)


def _worth_another_try(seen: Evidence) -> bool:
    return seen.signal in _TRANSIENT and "retry_after" not in seen.details


def _error_of(body: str) -> tuple[str, str, str]:
    """Code, inner code and message of a Key Vault error (page "Azure Key Vault REST API error codes"); "" for none."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return "", "", ""
    error = _object(_object(document).get("error"))
    inner = _object(error.get("innererror") or error.get("innerError"))
    code, inner_code, message = (
        value if isinstance(value, str) else ""
        for value in (error.get("code"), inner.get("code"), error.get("message"))
    )
    return one_line(code), one_line(inner_code), message


def _object(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _facts(message: str) -> dict[str, str]:
    return {name: found[1] for name, pattern in _FACTS.items() if (found := pattern.search(message))}
