"""Managed identity and Key Vault: what goes wrong on the way to the certificate."""

from mailcheck.diagnosis.entry import Entry, Explanation, When
from mailcheck.diagnosis.text import azure_cli, step
from mailcheck.model.evidence import Fault, Stage
from mailcheck.model.report import Likelihood

_IDENTITY_PAGE = "https://learn.microsoft.com/azure/app-service/overview-managed-identity"
_ERRORS_PAGE = "https://learn.microsoft.com/azure/key-vault/general/rest-error-codes"
_RBAC_PAGE = "https://learn.microsoft.com/azure/key-vault/general/rbac-guide"
_NETWORK_PAGE = "https://learn.microsoft.com/azure/key-vault/general/network-security"
_CERTIFICATE_PAGE = "https://learn.microsoft.com/azure/key-vault/certificates/about-certificates"

_GRANT = azure_cli(
    'az role assignment create --role "Key Vault Secrets User" --assignee-object-id {object_id} '
    '--assignee-principal-type ServicePrincipal --scope "$(az keyvault show --name {vault_name} --query id -o tsv)"'
)

ENTRIES = (
    Entry(
        "no-managed-identity",
        When((Stage.IDENTITY,), (Fault.NO_ENDPOINT,)),
        "mailcheck has no identity to open the key vault with",
        (
            Explanation(
                "No managed identity is switched on for the Function App",
                Likelihood.LIKELY,
                "the process found no identity endpoint and no other credential",
                (
                    step("Azure portal: the Function App, Settings, Identity, System assigned: On"),
                    azure_cli("az functionapp identity assign --name {function_app} --resource-group {resource_group}"),
                ),
            ),
            Explanation(
                "mailcheck runs outside Azure and nobody is signed in",
                Likelihood.POSSIBLE,
                "on a workstation the Azure CLI's sign-in is used instead",
                (azure_cli("az login --tenant {tenant_id}"),),
            ),
        ),
        _IDENTITY_PAGE,
    ),
    Entry(
        "managed-identity-refused",
        When((Stage.IDENTITY,)),
        "The managed identity gave no token for the key vault",
        (
            Explanation(
                "The identity that AZURE_CLIENT_ID names is not assigned to the Function App",
                Likelihood.LIKELY,
                "the identity endpoint answers this way when it does not have the identity that was asked for",
                (
                    step("Azure portal: the Function App, Settings, Identity: assign it, or correct AZURE_CLIENT_ID"),
                    step("With a system-assigned identity, remove AZURE_CLIENT_ID from the app settings"),
                ),
            ),
            Explanation(
                "The identity endpoint is starting up or has a passing fault",
                Likelihood.POSSIBLE,
                "it can fail for a short time after a start",
                (step("Wait a minute and check again"),),
            ),
        ),
        _IDENTITY_PAGE,
    ),
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
                (step("Link the zone privatelink.vaultcore.azure.net to the virtual network"),),
            ),
        ),
        _NETWORK_PAGE,
    ),
    Entry(
        "vault-role-missing",
        When((Stage.VAULT,), ("ForbiddenByRbac",)),
        "mailcheck's identity may not read secrets of the key vault",
        (
            Explanation(
                "The role Key Vault Secrets User is not assigned to it",
                Likelihood.CERTAIN,
                "the vault decides by roles and found none for this caller; a role granted minutes ago may not be "
                "in force yet",
                (_GRANT, step("Wait some minutes, then check again")),
            ),
        ),
        _RBAC_PAGE,
    ),
    Entry(
        "vault-policy-missing",
        When((Stage.VAULT,), ("AccessDenied",)),
        "mailcheck's identity has no access policy in the key vault",
        (
            Explanation(
                "No access policy lets it get secrets",
                Likelihood.CERTAIN,
                "the vault decides by access policies and found none for this caller",
                (
                    azure_cli(
                        "az keyvault set-policy --name {vault_name} --object-id {object_id} --secret-permissions get"
                    ),
                ),
            ),
        ),
        "https://learn.microsoft.com/azure/key-vault/general/assign-access-policy",
    ),
    Entry(
        "vault-firewall",
        When((Stage.VAULT,), ("ForbiddenByFirewall",)),
        "The key vault's firewall does not let mailcheck in",
        (
            Explanation(
                "The Function App's outbound address {client_address} is not allowed",
                Likelihood.CERTAIN,
                "the vault says so; code in a Function App does not count as a trusted Microsoft service",
                (
                    azure_cli("az keyvault network-rule add --name {vault_name} --ip-address {client_address}"),
                    step("Better: a private endpoint for the vault and VNet integration for the Function App"),
                ),
            ),
        ),
        _NETWORK_PAGE,
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
                    azure_cli("az keyvault update --name {vault_name} --public-network-access Enabled"),
                ),
            ),
        ),
        _NETWORK_PAGE,
    ),
    Entry(
        "certificate-disabled",
        When((Stage.VAULT,), ("SecretDisabled",)),
        'The certificate "{certificate}" is disabled in the key vault',
        (
            Explanation(
                "Its current version was disabled",
                Likelihood.LIKELY,
                "the vault does not hand out a disabled version",
                (
                    azure_cli(
                        "az keyvault certificate set-attributes --vault-name {vault_name} --name {certificate} "
                        "--enabled true"
                    ),
                ),
            ),
            Explanation(
                "It is still being issued",
                Likelihood.POSSIBLE,
                "until the signed certificate is merged, the secret behind a pending one stays disabled",
                (azure_cli("az keyvault certificate pending show --vault-name {vault_name} --name {certificate}"),),
            ),
        ),
        _CERTIFICATE_PAGE,
    ),
    Entry(
        "certificate-not-in-vault",
        When((Stage.VAULT,), ("SecretNotFound", "404")),
        'The key vault has no certificate "{certificate}"',
        (
            Explanation(
                "MAILCHECK_CERTIFICATE has a wrong name, or the certificate was deleted",
                Likelihood.CERTAIN,
                "the vault was reached and opened, and has no such object",
                (
                    azure_cli('az keyvault certificate list --vault-name {vault_name} --query "[].name" -o tsv'),
                    azure_cli("az keyvault certificate recover --vault-name {vault_name} --name {certificate}"),
                    step("Correct MAILCHECK_CERTIFICATE in the app settings"),
                ),
            ),
        ),
        _CERTIFICATE_PAGE,
    ),
    Entry(
        "vault-throttled",
        When((Stage.VAULT,), ("429",)),
        "The key vault is asked too often",
        (
            Explanation(
                "The vault's limit for transactions is used up",
                Likelihood.CERTAIN,
                "it answered 429; the limit counts every application that uses the vault",
                (step("Wait {retry_after} seconds and check again; give this certificate a vault of its own"),),
            ),
        ),
        "https://learn.microsoft.com/azure/key-vault/general/overview-throttling",
    ),
    Entry(
        "vault-address-wrong",
        When((Stage.VAULT,), (Fault.CHALLENGE_MISMATCH,)),
        "What answers at {vault_url} is not the key vault of that name",
        (
            Explanation(
                "MAILCHECK_VAULT_URL has the suffix of another cloud, or a proxy or a custom domain stands in between",
                Likelihood.LIKELY,
                "the answer asks for a token for {challenge_resource}, which is not the domain of the vault; it was not sent",
                (
                    azure_cli("az keyvault show --name {vault_name} --query properties.vaultUri -o tsv"),
                    step("Put that address into MAILCHECK_VAULT_URL, and let no proxy answer for it"),
                ),
            ),
        ),
        _ERRORS_PAGE,
    ),
    Entry(
        "vault-refused",
        When((Stage.VAULT,), ("401", "403", "Unauthorized", "Forbidden", "AKV10000", "AKV10022", "AKV10032")),
        "The key vault does not accept mailcheck's identity",
        (
            Explanation(
                "The vault belongs to another tenant or cloud than the identity",
                Likelihood.POSSIBLE,
                "the vault was reached and refused the token itself",
                (
                    azure_cli("az keyvault show --name {vault_name} --query properties.tenantId -o tsv"),
                    step("Correct MAILCHECK_VAULT_URL, or use an identity of the vault's tenant"),
                ),
            ),
            Explanation(
                "The identity has no right to read secrets",
                Likelihood.POSSIBLE,
                "the vault gave no closer reason",
                (_GRANT,),
            ),
        ),
        _ERRORS_PAGE,
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
                Fault.HOST_MISMATCH,
                Fault.TLS_FAILED,
                "500",
                "502",
                "503",
                "504",
            ),
        ),
        "The key vault could not be reached",
        (
            Explanation(
                "The way out of the Function App's network does not lead to {vault_url}",
                Likelihood.LIKELY,
                "no answer of the vault itself came back",
                (step("Allow HTTPS (443) from the Function App to the vault; look at routes, proxy and DNS"),),
            ),
            Explanation(
                "Key Vault has a passing fault",
                Likelihood.POSSIBLE,
                "it happens, and passes",
                (step("Check again in some minutes; look at https://azure.status.microsoft"),),
            ),
        ),
        _NETWORK_PAGE,
    ),
)
