"""Entra's token endpoint: what it answers instead of a token. Matched on AADSTS numbers, never on their texts."""

from mailcheck.diagnosis.entry import Entry, Explanation, When
from mailcheck.diagnosis.text import azure_cli, powershell, step
from mailcheck.model.evidence import Fault, Stage
from mailcheck.model.report import Likelihood

_CODES_PAGE = "https://learn.microsoft.com/entra/identity-platform/reference-error-codes"
_ASSERTION_PAGE = "https://learn.microsoft.com/entra/identity-platform/certificate-credentials"
_OAUTH_PAGE = (
    "https://learn.microsoft.com/exchange/client-developer/legacy-protocols/"
    "how-to-authenticate-an-imap-pop-smtp-application-by-using-oauth"
)
_UPLOAD = (
    azure_cli("az keyvault certificate download --vault-name {vault_name} --name {certificate} --file certificate.pem"),
    azure_cli('az ad app credential reset --id {client_id} --cert "@certificate.pem" --append'),
)


_TRANSIENT = (90033, 90024, 50033, 90006, 90012, 90090, 90055, 50196)


def _codes(*numbers: int) -> tuple[str, ...]:
    return tuple(f"AADSTS{number}" for number in numbers)


def _coded(*numbers: int) -> When:
    return When((Stage.TOKEN,), _codes(*numbers))


ENTRIES = (
    Entry(
        "certificate-not-registered",
        _coded(700027),
        "The app registration does not know the certificate that mailcheck signs with",
        (
            Explanation(
                "The certificate {thumbprint} is not uploaded to the app registration {client_id}",
                Likelihood.LIKELY,
                "Entra found no certificate of that thumbprint on the app; a renewal in Key Vault does not upload the "
                "new certificate by itself",
                (
                    azure_cli(
                        'az ad app credential list --id {client_id} --cert --query "[].customKeyIdentifier" -o tsv'
                    ),
                    *_UPLOAD,
                ),
            ),
            Explanation(
                "MAILCHECK_CLIENT_ID names another app registration than the one with the certificate",
                Likelihood.POSSIBLE,
                "the certificate may be registered, but elsewhere",
                (step("Compare MAILCHECK_CLIENT_ID with the application (client) id in the Entra portal"),),
            ),
        ),
        _ASSERTION_PAGE,
    ),
    Entry(
        "certificate-refused-by-entra",
        _coded(1000502, 7000214, 7000277, 7000274, 50012, 50027, 50048, 700030, 700024, 700021, 700023, 5002741),
        "Entra does not accept what the certificate {thumbprint} signed",
        (
            Explanation(
                "The certificate is expired, not yet valid, or revoked",
                Likelihood.LIKELY,
                "Entra checks the validity of the certificate and of the signed request",
                _UPLOAD,
            ),
            Explanation(
                "The clock of the machine is wrong",
                Likelihood.POSSIBLE,
                "a signed request is valid for some minutes only",
                (step("Compare the machine's time with UTC"),),
            ),
        ),
        _ASSERTION_PAGE,
    ),
    Entry(
        "client-secret-wrong",
        _coded(7000215, 7000222),
        "Entra does not accept the client secret",
        (
            Explanation(
                "The secret expired, or its id was stored instead of its value",
                Likelihood.LIKELY,
                "Entra names the secret as the fault",
                (azure_cli("az ad app credential reset --id {client_id} --append --query password -o tsv"),),
            ),
        ),
        _CODES_PAGE,
    ),
    Entry(
        "app-not-found",
        _coded(700016, 7000229),
        "The tenant does not know the app {client_id}",
        (
            Explanation(
                "MAILCHECK_CLIENT_ID or MAILCHECK_TENANT_ID has a wrong value",
                Likelihood.LIKELY,
                "Entra looked for this app in this tenant and did not find it",
                (
                    azure_cli('az ad app list --all --query "[].[appId,displayName]" -o tsv'),
                    step("Correct MAILCHECK_CLIENT_ID and MAILCHECK_TENANT_ID in the app settings"),
                ),
            ),
            Explanation(
                "The app registration has no enterprise application in this tenant",
                Likelihood.POSSIBLE,
                "an app of another tenant needs a service principal here",
                (powershell("New-MgServicePrincipal -AppId {client_id}"),),
            ),
        ),
        _CODES_PAGE,
    ),
    Entry(
        "app-disabled",
        _coded(7000112),
        "The app is disabled in the tenant",
        (
            Explanation(
                'The enterprise application is set to "Enabled for users to sign-in: No"',
                Likelihood.CERTAIN,
                "Entra says that the application is disabled",
                (
                    powershell(
                        "Get-MgServicePrincipal -Filter \"AppId eq '$({client_id})'\" | "
                        "ForEach-Object {{ Update-MgServicePrincipal -ServicePrincipalId $_.Id -AccountEnabled }}"
                    ),
                ),
            ),
        ),
        _CODES_PAGE,
    ),
    Entry(
        "exchange-not-in-tenant",
        _coded(500011, 500014, 650052),
        "The tenant has no working Exchange Online for this scope",
        (
            Explanation(
                "MAILCHECK_SCOPE or MAILCHECK_CLOUD does not fit the tenant",
                Likelihood.LIKELY,
                "Entra does not know the resource of the scope in this tenant",
                (step("Remove MAILCHECK_SCOPE, and set MAILCHECK_CLOUD to public, usgov, usdod or china"),),
            ),
            Explanation(
                'The enterprise application "Office 365 Exchange Online" is missing or disabled',
                Likelihood.POSSIBLE,
                "without it no token for Exchange can be made",
                (powershell("Get-MgServicePrincipal -Filter \"AppId eq '00000002-0000-0ff1-ce00-000000000000'\""),),
            ),
        ),
        _OAUTH_PAGE,
    ),
    Entry(
        "scope-wrong",
        _coded(1002012, 70011, 700022, 28002, 28003, 901002),
        "The scope is not one that an app may ask for",
        (
            Explanation(
                "MAILCHECK_SCOPE is not one resource followed by /.default",
                Likelihood.CERTAIN,
                "client credentials take no other form",
                (step("Remove MAILCHECK_SCOPE from the app settings"),),
            ),
        ),
        _OAUTH_PAGE,
    ),
    Entry(
        "tenant-not-found",
        _coded(90002, 900023, 90038, 900382, 900432, 50049, 9001023, 50059, 50194),
        "Entra does not know the tenant {tenant_id}",
        (
            Explanation(
                "MAILCHECK_TENANT_ID has a wrong value",
                Likelihood.LIKELY,
                "no tenant of that id or domain is in this cloud",
                (azure_cli("az account show --query tenantId -o tsv"), step("Correct MAILCHECK_TENANT_ID")),
            ),
            Explanation(
                "The tenant lives in another cloud",
                Likelihood.POSSIBLE,
                "each national cloud has an Entra of its own",
                (step("Set MAILCHECK_CLOUD to usgov, usdod or china"),),
            ),
        ),
        "https://learn.microsoft.com/entra/identity-platform/authentication-national-cloud",
    ),
    Entry(
        "conditional-access",
        _coded(53003),
        "Conditional Access for workload identities blocks the app",
        (
            Explanation(
                "A policy for service principals does not allow the address that mailcheck calls from",
                Likelihood.LIKELY,
                "Entra names Conditional Access as the reason; policies for users do not apply here",
                (
                    step("Entra portal: Sign-in logs, Service principal sign-ins: the entry names the policy"),
                    step("Exclude the app from it, or add the Function App's outbound addresses to a named location"),
                ),
            ),
        ),
        "https://learn.microsoft.com/entra/identity/conditional-access/workload-identity",
    ),
    Entry(
        "entra-busy",
        When(
            (Stage.TOKEN,),
            ("429", "500", "502", "503", "504", "temporarily_unavailable", *_codes(*_TRANSIENT)),
        ),
        "Entra is busy or has a passing fault",
        (
            Explanation(
                "The fault is on Microsoft's side",
                Likelihood.LIKELY,
                "Entra marks this answer as one to try again",
                (step("Check again in some minutes; look at https://status.cloud.microsoft"),),
            ),
        ),
        _CODES_PAGE,
    ),
    Entry(
        "entra-unreachable",
        When(
            (Stage.TOKEN,),
            (
                Fault.TIMEOUT,
                Fault.NAME_NOT_FOUND,
                Fault.REFUSED,
                Fault.UNREACHABLE,
                Fault.CLOSED,
                Fault.UNTRUSTED,
                Fault.HOST_MISMATCH,
                Fault.EXPIRED,
                Fault.TLS_FAILED,
                Fault.MALFORMED,
            ),
        ),
        "Entra's token endpoint could not be reached",
        (
            Explanation(
                "The network, or a proxy that inspects TLS, stands between mailcheck and Entra",
                Likelihood.LIKELY,
                "no answer in Entra's own form came back",
                (step("Allow HTTPS (443) to the cloud's login host without inspection"),),
            ),
        ),
        "https://learn.microsoft.com/entra/identity-platform/authentication-national-cloud",
    ),
)
