"""As whom the vault is asked: the managed identity, or the developer's credentials; and why there was no token.

A bot that is a managed identity has its own token by the same way (bot_credentials.py).
azure-identity is imported where it is used, on the first check: a cold start pays for what is imported at the top.
"""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from mailcheck.adapters.https import fault_of, one_line
from mailcheck.model.cloud import CLOUDS
from mailcheck.model.evidence import Evidence, Fault, Stage

if TYPE_CHECKING:
    from azure.core.credentials import AccessToken, TokenCredential
    from azure.core.pipeline import PipelineResponse
    from azure.core.pipeline.transport import RequestsTransport

CLI_TIMEOUT: Final = 5  # seconds for `az` and `azd`, which the developer's chain runs

# What the identity endpoint answers while it starts. Not 500, which it also gives for a resource that it does not know.
_STARTING: Final = frozenset({502, 503, 504})
_NOT_ASKED: Final = 0  # in place of a status
# MSAL puts an OAuth error of its own choice before the endpoint's status and words.
_INVENTED: Final = re.compile(r"\(\w{1,40}\) ")
_USUAL: Final = ("ManagedIdentityCredential", "AzureCliCredential")  # what the remedies speak of


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


class NotGivenError(Exception):
    """Carries through the SDK's pipeline why the identity gave no token."""

    def __init__(self, evidence: Evidence) -> None:
        super().__init__(evidence.signal)
        self.evidence = evidence


class VaultIdentity:
    """A `TokenCredential` whose failures cannot be taken for the vault's: both raise ClientAuthenticationError.

    An identity endpoint that is still starting (502, 503, 504, a closed connection) is asked once more, at once, unless
    it tells how long to wait. A failure is not kept: MSAL would answer from memory for a minute, so what failed is
    replaced.

    Args:
        identity: As whom to ask.
        vault_host: The vault's host name, which tells the cloud whose Entra the developer's credentials need.
        transport: The HTTP transport of the SDKs.
    """

    def __init__(self, identity: Identity, vault_host: str, transport: "RequestsTransport") -> None:
        self._identity = identity
        self._vault_host = vault_host
        self._transport = transport
        self._status = _NOT_ASKED
        self._to_wait = False
        self._credential: TokenCredential | None = None

    def get_token(self, *scopes: str, **options: Any) -> "AccessToken":  # noqa: ANN401 - the SDK's protocol
        """A token for the vault, or for another resource.

        Raises:
            NotGivenError: there is none.
        """
        answer = self._ask(scopes, options)
        if isinstance(answer, Evidence) and self._is_starting(answer):
            answer = self._ask(scopes, options)
        if isinstance(answer, Evidence):
            raise NotGivenError(answer)
        return answer

    def _ask(self, scopes: tuple[str, ...], options: dict[str, Any]) -> "AccessToken | Evidence":
        if self._credential is None:
            self._credential = self._managed() if self._identity.managed else self._developers()
        answer = self._by(self._credential, scopes, options)
        if isinstance(answer, Evidence):
            self._credential = None
        return answer

    def _by(
        self, credential: "TokenCredential", scopes: tuple[str, ...], options: dict[str, Any]
    ) -> "AccessToken | Evidence":
        from azure.core.exceptions import AzureError, ClientAuthenticationError  # noqa: PLC0415 - see the top

        self._status, self._to_wait = _NOT_ASKED, False
        try:
            return credential.get_token(*scopes, **options)
        except ClientAuthenticationError as error:
            return self._refused(error.message)
        except AzureError as error:
            fault, said = fault_of(error.inner_exception or error)
            return self._failed(said, closed=fault is Fault.CLOSED)
        except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
            # No JSON, too deep, or another shape than the SDK takes on trust.
            return self._failed("the identity endpoint's answer cannot be read")

    def _refused(self, message: str) -> Evidence:
        if not self._identity.managed:
            return Evidence(Stage.IDENTITY, Fault.NO_ENDPOINT, said=one_line(_attempts(message)))
        # What the SDK puts before the endpoint's own words blames the environment, which is in order.
        return self._failed(_INVENTED.sub("", message.rpartition("Token request error:")[2], count=1))

    def _failed(self, said: str, *, closed: bool = False) -> Evidence:
        details = {"closed": "true"} if closed else {}
        if self._status != _NOT_ASKED:
            details["status"] = str(self._status)
        if self._identity.client_id:
            details["identity_client_id"] = self._identity.client_id
        return Evidence(Stage.IDENTITY, Fault.IDENTITY_FAILED, said=one_line(said), details=details)

    def _is_starting(self, seen: Evidence) -> bool:
        starting = self._status in _STARTING or "closed" in seen.details
        return self._identity.managed and starting and not self._to_wait

    def _managed(self) -> "TokenCredential":
        from azure.identity import ManagedIdentityCredential  # noqa: PLC0415 - see the top of the file

        return ManagedIdentityCredential(
            client_id=self._identity.client_id, transport=self._transport, retry_total=0, raw_response_hook=self._note
        )

    def _note(self, response: "PipelineResponse[Any, Any]") -> None:
        """What the SDK's exceptions do not tell."""
        self._status = int(response.http_response.status_code)
        self._to_wait = "Retry-After" in response.http_response.headers

    def _developers(self) -> "TokenCredential":
        from azure.identity import DefaultAzureCredential  # noqa: PLC0415 - see the top of the file

        # A vault takes the tokens of its own cloud's Entra, wherever the mailboxes are. `az` and `azd` know their cloud
        # themselves; for a vault by another name, AZURE_AUTHORITY_HOST tells it to the SDK.
        authorities = (each.authority for each in CLOUDS.values() if self._vault_host.endswith(each.vault_suffix))
        return DefaultAzureCredential(
            # Those left are tried in turn, within one check's time: the slow and the interactive ones are not.
            exclude_interactive_browser_credential=True,
            exclude_broker_credential=True,
            exclude_powershell_credential=True,
            exclude_shared_token_cache_credential=True,
            exclude_visual_studio_code_credential=True,
            managed_identity_client_id=self._identity.client_id,
            authority=next(authorities, None),
            process_timeout=CLI_TIMEOUT,
            transport=self._transport,
            retry_total=0,
        )


def _attempts(message: str) -> str:
    """The first line of what each credential said, the usual ones first: a card has no room for all of them."""
    attempts = message.rpartition("Attempted credentials:")[2].split("\n\t")
    lines = [attempt.strip().partition("\n")[0].rstrip(".") for attempt in attempts]
    return "; ".join(sorted(filter(None, lines), key=lambda line: not line.startswith(_USUAL)))
