"""The way to the key vault: its address, its network rules, and what stands in between."""

from mailcheck.diagnosis.entry import Entry, Explanation, Given, When
from mailcheck.diagnosis.remedies import CLOCK_WRONG, inspected
from mailcheck.diagnosis.text import azure_cli, step, when_known
from mailcheck.model.evidence import Fault, Stage
from mailcheck.model.report import Likelihood

_ERRORS_PAGE = "https://learn.microsoft.com/azure/key-vault/general/rest-error-codes"
_NETWORK_PAGE = "https://learn.microsoft.com/azure/key-vault/general/network-security"

_ADDRESS = (
    azure_cli("az keyvault show --name {vault_name} --query properties.vaultUri -o tsv"),
    step("Put that address into MAILCHECK_VAULT_URL, and let no proxy answer for it"),
)

ENTRIES = (
    Entry(
        "vault-not-found",
        When((Stage.VAULT,), (Fault.NAME_NOT_FOUND,)),
        "There is no key vault at {vault_url}",
        (
            Explanation(
                "MAILCHECK_VAULT_URL has a wrong name or the suffix of another cloud, or the vault was deleted",
                Likelihood.LIKELY,
                "the vault's name is not in DNS, and deleted vaults leave it",
                (
                    azure_cli('az keyvault list --query "[].properties.vaultUri" -o tsv'),
                    azure_cli('az keyvault list-deleted --query "[].name" -o tsv'),
                    step("Correct MAILCHECK_VAULT_URL in the app settings"),
                ),
            ),
            Explanation(
                "A private DNS zone is not linked to the Function App's network",
                Likelihood.POSSIBLE,
                "with a private endpoint the name is known inside the linked networks only",
                (
                    step("Link the private DNS zone that this names to the virtual network:"),
                    azure_cli("az keyvault private-link-resource list --vault-name {vault_name}"),
                ),
            ),
        ),
        _NETWORK_PAGE,
        ("scenario vault-unknown",),
    ),
    Entry(
        "vault-firewall",
        When((Stage.VAULT,), ("ForbiddenByFirewall",)),
        "The key vault's firewall does not let mailcheck in",
        (
            Explanation(
                "The address that the Function App calls from is not allowed",
                Likelihood.CERTAIN,
                "the vault says so; code in a Function App does not count as a trusted Microsoft service",
                (
                    when_known(
                        azure_cli("az keyvault network-rule add --name {vault_name} --ip-address {client_address}")
                    ),
                    step(
                        "Allow all outbound addresses of the Function App; better, give the vault a private endpoint "
                        "and the Function App VNet integration"
                    ),
                ),
            ),
        ),
        _NETWORK_PAGE,
        ("scenario vault-firewall",),
    ),
    Entry(
        "vault-private",
        When((Stage.VAULT,), ("ForbiddenByConnection",)),
        "The key vault is closed to the public network",
        (
            Explanation(
                "The call did not come through an approved private endpoint",
                Likelihood.CERTAIN,
                "public network access is disabled; often the private DNS zone is not linked, and the name still "
                "leads to the public address",
                (
                    step("Create a private endpoint, and link its private DNS zone to the Function App's network"),
                    step("Or, if the vault need not be closed, open it to the internet; its firewall then decides:"),
                    azure_cli("az keyvault update --name {vault_name} --public-network-access Enabled"),
                ),
            ),
        ),
        _NETWORK_PAGE,
        ("scenario vault-private",),
    ),
    Entry(
        "vault-address-wrong",
        When((Stage.VAULT,), (Fault.CHALLENGE_MISMATCH, "404")),
        "What answers at {vault_url} does not seem to be the key vault of that name",
        (
            Explanation(
                "MAILCHECK_VAULT_URL has the suffix of another cloud, or a proxy or a custom domain stands in between",
                Likelihood.POSSIBLE,
                "what answers there does not answer as a vault does",
                (
                    when_known(
                        step("The answer asked for a token for {challenge_resource}; mailcheck did not send it one")
                    ),
                    *_ADDRESS,
                ),
                ((Given.OTHER_CHALLENGE, Likelihood.LIKELY),),
            ),
        ),
        _ERRORS_PAGE,
        ("scenario vault-challenge", "fault vault/secret/status-404"),
    ),
    Entry(
        "vault-of-another-cloud",
        When((Stage.VAULT,), ("AKV10022",)),
        "The key vault takes no token for the service that MAILCHECK_VAULT_URL stands for",
        (
            Explanation(
                "MAILCHECK_VAULT_URL has the suffix of another cloud than the vault",
                Likelihood.LIKELY,
                "each cloud has a vault service of its own, and a token is for one of them",
                _ADDRESS,
            ),
        ),
        _ERRORS_PAGE,
        ("scenario vault-wrong-audience",),
    ),
    Entry(
        "vault-token-lost",
        When((Stage.VAULT,), ("AKV10000",)),
        "No token reached the key vault",
        (
            Explanation(
                "A proxy takes the Authorization header out of the request",
                Likelihood.LIKELY,
                "mailcheck had a token and sent it",
                (step("Let requests to {vault_url} pass unchanged"),),
            ),
        ),
        _ERRORS_PAGE,
        ("scenario vault-no-token",),
    ),
    Entry(
        "vault-busy",
        When((Stage.VAULT,), ("500", "502", "503", "504")),
        "The key vault is busy or has a passing fault",
        (
            Explanation(
                "Key Vault has a passing fault",
                Likelihood.LIKELY,
                "a status that begins with 5 is about the service, and not about who asks or for what",
                (step("Check again in some minutes; look at https://azure.status.microsoft"),),
            ),
            Explanation(
                "A proxy or gateway stands in between, and does not reach the vault",
                Likelihood.POSSIBLE,
                "such a device answers with 502, 503 or 504 in the vault's place",
                (step("Look at the routes, the proxy and DNS between the Function App and {vault_url}"),),
            ),
        ),
        _ERRORS_PAGE,
        ("scenario vault-error", "scenario vault-busy", "fault vault/secret/status-503"),
    ),
    Entry(
        "vault-unreachable",
        When(
            (Stage.VAULT,),
            (
                Fault.TIMEOUT,
                Fault.REFUSED,
                Fault.UNREACHABLE,
                Fault.CLOSED,
                Fault.UNTRUSTED,
                Fault.EXPIRED,
                Fault.NOT_YET_VALID,
                Fault.HOST_MISMATCH,
                Fault.TLS_FAILED,
                Fault.TOO_MUCH,
                Fault.MALFORMED,
            ),
        ),
        "The key vault could not be reached",
        (
            Explanation(
                "The way out of the Function App's network does not lead to {vault_url}",
                Likelihood.LIKELY,
                "no answer of the vault itself came back",
                (step("Allow HTTPS (443) from the Function App to the vault; look at routes, proxy and DNS"),),
                ((Given.UNTRUSTED, None),),
            ),
            inspected(Likelihood.POSSIBLE, step("Exclude {vault_url} from TLS inspection")),
            CLOCK_WRONG,
            Explanation(
                "Key Vault has a passing fault",
                Likelihood.POSSIBLE,
                "it happens, and passes",
                (step("Check again in some minutes; look at https://azure.status.microsoft"),),
                ((Given.UNTRUSTED, None),),
            ),
        ),
        _NETWORK_PAGE,
        (
            "scenario vault-page",
            "fault vault/connect/refused",
            "fault vault/tls/silent",
        ),
    ),
)
