"""Key Vault's own refusals: rights, and the certificate that is asked for."""

from mailcheck.diagnosis.entry import Entry, Explanation, Given, When
from mailcheck.diagnosis.text import azure_cli, step, when_known
from mailcheck.model.evidence import Stage
from mailcheck.model.report import Likelihood

_ERRORS_PAGE = "https://learn.microsoft.com/azure/key-vault/general/rest-error-codes"
_RBAC_PAGE = "https://learn.microsoft.com/azure/key-vault/general/rbac-guide"
_CERTIFICATE_PAGE = "https://learn.microsoft.com/azure/key-vault/certificates/about-certificates"

_GRANT = azure_cli(
    'az role assignment create --role "Key Vault Secrets User" --assignee-object-id {object_id} '
    '--assignee-principal-type ServicePrincipal --scope "$(az keyvault show --name {vault_name} --query id -o tsv)"'
)
_RECENT = Explanation(
    "The right was granted some minutes ago and is not in force yet",
    Likelihood.POSSIBLE,
    "a change takes some minutes to reach the vault, and until then it refuses in the same words",
    (step("Wait some minutes, then check again"),),
)

ENTRIES = (
    Entry(
        "vault-role-missing",
        When((Stage.VAULT,), ("ForbiddenByRbac",)),
        "mailcheck's identity may not read secrets of the key vault",
        (
            Explanation(
                "The role Key Vault Secrets User is not assigned to it",
                Likelihood.LIKELY,
                "the vault decides by roles and found none for this caller",
                (_GRANT, step("Wait some minutes, then check again")),
            ),
            _RECENT,
        ),
        _RBAC_PAGE,
        (
            "scenario vault-role-missing",
            "scenario identity-not-granted",
        ),
    ),
    Entry(
        "vault-policy-missing",
        When((Stage.VAULT,), ("AccessDenied",)),
        "mailcheck's identity has no access policy in the key vault",
        (
            Explanation(
                "No access policy lets it get secrets",
                Likelihood.LIKELY,
                "the vault decides by access policies and found none for this caller",
                (
                    azure_cli(
                        "az keyvault set-policy --name {vault_name} --object-id {object_id} --secret-permissions get"
                    ),
                    step("Wait some minutes, then check again"),
                ),
            ),
            _RECENT,
        ),
        "https://learn.microsoft.com/azure/key-vault/general/assign-access-policy",
        ("scenario vault-policy-missing",),
    ),
    Entry(
        "certificate-disabled",
        When((Stage.VAULT,), ("SecretDisabled",)),
        'What the key vault holds under the name "{certificate}" is disabled',
        (
            Explanation(
                "The current version of the certificate was disabled",
                Likelihood.LIKELY,
                "the vault does not hand out a disabled version",
                (
                    azure_cli(
                        "az keyvault certificate set-attributes --vault-name {vault_name} --name {certificate} "
                        "--enabled true"
                    ),
                ),
                ((Given.SECRET_USED, None),),
            ),
            Explanation(
                "The certificate is still being issued",
                Likelihood.POSSIBLE,
                "until the signed certificate is merged, the secret behind a pending one stays disabled",
                (
                    azure_cli("az keyvault certificate pending show --vault-name {vault_name} --name {certificate}"),
                    step("If it is pending, have its request signed and merge the answer: that ends it"),
                ),
                ((Given.SECRET_USED, None),),
            ),
            Explanation(
                "The current version of the secret was disabled",
                None,
                "the vault does not hand out a disabled version",
                (
                    azure_cli(
                        "az keyvault secret set-attributes --vault-name {vault_name} --name {secret} --enabled true"
                    ),
                ),
                ((Given.SECRET_USED, Likelihood.LIKELY),),
            ),
        ),
        _CERTIFICATE_PAGE,
        (
            "scenario certificate-disabled",
            "scenario certificate-pending",
            "scenario secret-disabled",
        ),
    ),
    Entry(
        "certificate-not-in-vault",
        When((Stage.VAULT,), ("SecretNotFound",)),
        'The key vault has nothing by the name "{certificate}"',
        (
            Explanation(
                "MAILCHECK_CERTIFICATE has a wrong name, or the certificate was deleted",
                Likelihood.CERTAIN,
                "the vault was reached and opened, and has no such object",
                (
                    azure_cli('az keyvault certificate list --vault-name {vault_name} --query "[].name" -o tsv'),
                    step("If it is there by another name, correct MAILCHECK_CERTIFICATE. If it was deleted:"),
                    azure_cli(
                        'az keyvault certificate list-deleted --vault-name {vault_name} --query "[].name" -o tsv'
                    ),
                    azure_cli("az keyvault certificate recover --vault-name {vault_name} --name {certificate}"),
                ),
                ((Given.SECRET_USED, None),),
            ),
            Explanation(
                "MAILCHECK_SECRET has a wrong name, or the secret was deleted",
                None,
                "the vault was reached and opened, and has no such object",
                (
                    azure_cli('az keyvault secret list --vault-name {vault_name} --query "[].name" -o tsv'),
                    step("If it is there by another name, correct MAILCHECK_SECRET. If it was deleted:"),
                    azure_cli('az keyvault secret list-deleted --vault-name {vault_name} --query "[].name" -o tsv'),
                    azure_cli("az keyvault secret recover --vault-name {vault_name} --name {secret}"),
                ),
                ((Given.SECRET_USED, Likelihood.CERTAIN),),
            ),
        ),
        _CERTIFICATE_PAGE,
        (
            "scenario certificate-not-found",
            "scenario certificate-deleted",
            "scenario secret-not-found",
        ),
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
                (
                    when_known(step("The vault asks to wait {backoff}")),
                    step("Wait before you check again; if it happens often, give mailcheck a vault of its own"),
                ),
            ),
        ),
        "https://learn.microsoft.com/azure/key-vault/general/overview-throttling",
        ("scenario vault-throttled", "fault vault/secret/status-429"),
    ),
    Entry(
        "vault-of-another-tenant",
        When((Stage.VAULT,), ("AKV10032",)),
        "The key vault belongs to another tenant than mailcheck's identity",
        (
            Explanation(
                "MAILCHECK_VAULT_URL names a vault of another tenant",
                Likelihood.LIKELY,
                "the vault says that the token comes from a tenant that is not its own",
                (
                    azure_cli("az keyvault show --name {vault_name} --query properties.tenantId -o tsv"),
                    step("Correct MAILCHECK_VAULT_URL, or use an identity of the vault's tenant"),
                ),
            ),
        ),
        _ERRORS_PAGE,
        ("scenario vault-other-tenant",),
    ),
    Entry(
        "vault-refused",
        When((Stage.VAULT,), ("401", "403", "Unauthorized", "Forbidden", "AKV*")),
        "The key vault does not accept mailcheck's identity",
        (
            Explanation(
                "The identity has no right to read secrets",
                Likelihood.POSSIBLE,
                "the vault gave no closer reason",
                (_GRANT,),
            ),
            Explanation(
                "The vault belongs to another tenant or cloud than the identity",
                Likelihood.POSSIBLE,
                "the vault was reached and refused",
                (
                    azure_cli("az keyvault show --name {vault_name} --query properties.tenantId -o tsv"),
                    step("Correct MAILCHECK_VAULT_URL, or use an identity of the vault's tenant"),
                ),
            ),
        ),
        _ERRORS_PAGE,
        ("response vault-refused",),
    ),
    Entry(
        "vault-no-secret",
        When((Stage.VAULT,), ("2*", "3*", "4*", "5*")),
        "{vault_url} answers with the HTTP status {signal}, and no secret",
        (
            Explanation(
                "A proxy or another service answers in the key vault's place",
                Likelihood.LIKELY,
                "Key Vault gives a reason of its own with its refusals, and there is none",
                (
                    azure_cli("az keyvault show --name {vault_name} --query properties.vaultUri -o tsv"),
                    step("Put that address into MAILCHECK_VAULT_URL, and let no proxy answer for it"),
                ),
            ),
            Explanation(
                "Key Vault has a passing fault",
                Likelihood.POSSIBLE,
                "it happens, and passes",
                (step("Check again in some minutes; look at https://azure.status.microsoft"),),
            ),
        ),
        _ERRORS_PAGE,
        ("fault vault/secret/status-409",),
    ),
)
