"""The app's credential from Key Vault, its certificate or its client secret; each refusal told apart.

A certificate is read as the secret of the same name, which has its private key. The Azure SDKs cost some 200 ms to
import, and a cold start pays for every import at the top of a file: they are imported where they are used, on the first
check.
"""

import datetime as dt
from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from mailcheck.adapters import certificates, client_secrets
from mailcheck.adapters.https import asks_to_wait, fault_of
from mailcheck.adapters.one_flight import OneFlight
from mailcheck.adapters.vault_answers import malformed, mismatch, refusal
from mailcheck.adapters.vault_identity import Identity, NotGivenError, VaultIdentity
from mailcheck.model.credential import Certificate, Credential
from mailcheck.model.evidence import Evidence, Fault, Stage
from mailcheck.model.request import CredentialKind
from mailcheck.model.secret import Secret

if TYPE_CHECKING:
    import requests
    from azure.core.exceptions import AzureError, HttpResponseError
    from azure.keyvault.secrets import KeyVaultSecret, SecretClient, SecretProperties

__all__ = ["Identity", "KeyVaultCredentials"]

# Seconds. A whole check has ten; the SDK's own (300 s, three retries with back-off) would outlive it by far.
CONNECT_TIMEOUT: Final = 3.0
READ_TIMEOUT: Final = 4.0

# One more try, at once, for what a second try often mends. Not for 429 or where Retry-After is given: the vault asked
# to be left alone; nor for time-outs, which have used up the time that a second try would need.
_TRANSIENT: Final = frozenset({"500", "502", "503", "504", Fault.CLOSED})


class KeyVaultCredentials:
    """The latest version of one certificate, or of one client secret, of one vault.

    It is held in memory for `max_age`; then the vault is asked again, so that a renewed one is picked up without a
    restart. When the vault does not give it then, that is what is answered: a credential that could not be had today
    would only hide the failure until the next cold start. Failures are not held.

    Args:
        vault_url: `https://<name>.vault.azure.net`.
        kind: What the object is.
        name: The object's name; a certificate's is also its secret's.
        session: The HTTP session, with its trust; shared, and left open.
        identity: As whom to ask.
        max_age: Seconds for which a credential is used without asking again.
        clock: Monotonic seconds.
        read_timeout: Seconds for a whole answer.
    """

    def __init__(
        self,
        *,
        vault_url: str,
        kind: CredentialKind,
        name: str,
        session: "requests.Session",
        identity: Identity,
        max_age: float,
        clock: Callable[[], float],
        read_timeout: float = READ_TIMEOUT,
    ) -> None:
        self._vault_url = vault_url
        self._host = urlsplit(vault_url).hostname or ""
        self._kind = kind
        self._name = name
        self._session = session
        self._identity = identity
        self._max_age = max_age
        self._clock = clock
        self._read_timeout = read_timeout
        self._flight: OneFlight[Credential | Evidence] = OneFlight()
        self._client: SecretClient | None = None
        self._held: tuple[float, Credential] | None = None

    async def credential(self) -> Credential | Evidence:
        """The app's credential, or why there is none (stages `IDENTITY`, `VAULT`, `CERTIFICATE` or `SECRET`).

        Concurrent callers make one request. It runs in a thread, which outlives a caller that gives up, for at most
        the sum of its time-outs.
        """
        if self._held is not None and self._clock() - self._held[0] < self._max_age:
            return self._held[1]
        return await self._flight.join(self._name, self._load)

    def forget(self) -> None:
        """Have the vault asked the next time: what is held did not do, and may be older than the mending."""
        self._held = None

    def _load(self) -> Credential | Evidence:
        answer = self._ask()
        if isinstance(answer, Evidence) and _worth_another_try(answer):
            answer = self._ask()
        credential = answer if isinstance(answer, Evidence) else self._read(answer)
        if not isinstance(credential, Evidence):
            self._held = (self._clock(), credential)
        return credential

    def _read(self, secret: "KeyVaultSecret") -> Credential | Evidence:
        properties = secret.properties
        version, value = properties.version or "", Secret(secret.value or "")
        if self._kind is CredentialKind.SECRET:
            # Read anew each time: unlike a certificate's, its dates can change without a new version.
            not_before, not_after = _dates(properties)
            return client_secrets.read(
                value, properties.content_type, version=version, not_before=not_before, not_after=not_after
            )
        held = self._held[1] if self._held is not None else None
        if isinstance(held, Certificate) and held.version == version:
            return held
        managed = bool(properties.managed)
        return certificates.read(value, properties.content_type, version=version, managed=managed)

    def _ask(self) -> "KeyVaultSecret | Evidence":
        from azure.core.exceptions import AzureError, HttpResponseError  # noqa: PLC0415 - see the top of the file

        if self._client is None:
            self._client = self._new_client()
        try:
            return self._client.get_secret(self._name)
        except NotGivenError as failure:
            return failure.evidence
        except HttpResponseError as error:  # an answer that is not the secret
            return self._refusal(error)
        except AzureError as error:  # no answer: ServiceRequestError, ServiceResponseError
            return self._unanswered(error)
        except (ValueError, AttributeError, RecursionError) as error:
            # ValueError is also how the SDK refuses to send one service's token to another's host; and it takes the
            # shape of a 200, and the depth of any JSON, on trust.
            return mismatch(self._host, str(error)) or malformed(self._host)

    def _refusal(self, error: "HttpResponseError") -> Evidence:
        response: Any = error.response  # the SDK's own annotation leaves out the headers
        if response is None:  # the body broke off
            return self._unanswered(error)
        if response.status_code == HTTPStatus.OK:  # DecodeError: it called itself JSON
            return malformed(self._host)
        asked = "Authorization" in response.request.headers
        return refusal(self._host, int(response.status_code), response.text(), response.headers, with_token=asked)

    def _unanswered(self, error: "AzureError") -> Evidence:
        fault, said = fault_of(error.inner_exception or error)
        return Evidence(Stage.VAULT, fault, said=said, details={"host": self._host})

    def _new_client(self) -> "SecretClient":
        from azure.core.pipeline.transport import RequestsTransport  # noqa: PLC0415 - see the top of the file
        from azure.keyvault.secrets import SecretClient  # noqa: PLC0415

        transport = RequestsTransport(
            session=self._session,
            session_owner=False,
            connection_timeout=CONNECT_TIMEOUT,
            read_timeout=self._read_timeout,
        )
        identity = VaultIdentity(self._identity, self._host, transport)
        # A vault redirects nobody: whoever does is no vault, and is told nothing more.
        return SecretClient(self._vault_url, identity, transport=transport, retry_total=0, permit_redirects=False)


def _worth_another_try(seen: Evidence) -> bool:
    return seen.signal in _TRANSIENT and not asks_to_wait(seen.details)


def _dates(properties: "SecretProperties") -> tuple[dt.datetime | None, dt.datetime | None]:
    """From when and until when; none for what is no date: the SDK hands on a number or a text that it cannot read."""
    try:
        dates = properties.not_before, properties.expires_on
    except AttributeError:  # the attributes are no object
        return None, None
    begins, ends = (date if isinstance(date, dt.datetime) else None for date in dates)
    return begins, ends
