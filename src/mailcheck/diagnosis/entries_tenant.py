"""Entra's refusals for the app, the tenant, the cloud, the scope and the permissions.

Matched on AADSTS numbers, never on their texts.
"""

from mailcheck.diagnosis.entry import Entry, Explanation, aadsts, answers
from mailcheck.diagnosis.remedies import ENABLE_EXCHANGE, EXCHANGE_ID, NO_SCOPE, OAUTH_PAGE
from mailcheck.diagnosis.text import azure_cli, graph, step
from mailcheck.model.report import Likelihood

_CODES_PAGE = "https://learn.microsoft.com/entra/identity-platform/reference-error-codes"
_CLOUDS_PAGE = "https://learn.microsoft.com/entra/identity-platform/authentication-national-cloud"

_SHOW_TENANT = azure_cli("az account show --query tenantId -o tsv")
_CLOUD = step("Set MAILCHECK_CLOUD to the tenant's cloud: public, usgov, usdod or china")
_OTHER_SCOPE = Explanation(
    "MAILCHECK_SCOPE names another resource than Exchange Online",
    Likelihood.POSSIBLE,
    "the evidence names the resource",
    (NO_SCOPE,),
)

ENTRIES = (
    Entry(
        "app-not-found",
        aadsts(700016),
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
                "The app belongs to another tenant, and nobody has consented to it in this one",
                Likelihood.POSSIBLE,
                "an app of another tenant is known here once it has an enterprise application",
                (
                    graph("New-MgServicePrincipal -AppId {client_id}", "Application.ReadWrite.All"),
                    step("Then grant admin consent to the app's permissions"),
                ),
            ),
        ),
        _CODES_PAGE,
        (*answers(700016), "scenario app-not-found"),
    ),
    Entry(
        "app-not-in-tenant",
        aadsts(7000229),
        "The app {client_id} has no enterprise application in the tenant",
        (
            Explanation(
                "The service principal of the app was never created in this tenant, or was deleted",
                Likelihood.CERTAIN,
                "Entra knows the app and misses its service principal",
                (
                    graph("New-MgServicePrincipal -AppId {client_id}", "Application.ReadWrite.All"),
                    step("Then grant admin consent to the app's permissions"),
                ),
            ),
        ),
        _CODES_PAGE,
        (*answers(7000229), "scenario app-not-in-tenant"),
    ),
    Entry(
        "app-disabled",
        aadsts(7000112),
        "The app is disabled in the tenant",
        (
            Explanation(
                'The enterprise application is set to "Enabled for users to sign-in: No"',
                Likelihood.CERTAIN,
                "Entra says that the application is disabled",
                (azure_cli("az ad sp update --id {client_id} --set accountEnabled=true"),),
            ),
        ),
        _CODES_PAGE,
        (*answers(7000112), "scenario app-disabled"),
    ),
    Entry(
        "tenant-not-found",
        aadsts(90002),
        "Entra does not know the tenant {tenant_id}",
        (
            Explanation(
                "MAILCHECK_TENANT_ID has a wrong value",
                Likelihood.LIKELY,
                "no tenant of that id or domain is in this cloud",
                (_SHOW_TENANT, step("Correct MAILCHECK_TENANT_ID in the app settings")),
            ),
            Explanation(
                "The tenant lives in another cloud",
                Likelihood.POSSIBLE,
                "each national cloud has an Entra of its own",
                (_CLOUD,),
            ),
        ),
        _CLOUDS_PAGE,
        (*answers(90002), "scenario tenant-not-found"),
    ),
    Entry(
        "tenant-malformed",
        aadsts(900023),
        "{tenant_id} is neither the id nor a domain of a tenant",
        (
            Explanation(
                "MAILCHECK_TENANT_ID is not in the form of a tenant",
                Likelihood.CERTAIN,
                "Entra takes the tenant's id (a GUID) or one of its verified domains, not its display name",
                (_SHOW_TENANT, step("Put that id into MAILCHECK_TENANT_ID")),
            ),
        ),
        _CODES_PAGE,
        answers(900023),
    ),
    Entry(
        "tenant-not-named",
        aadsts(9001023, 50059, 50194),
        "The request names no tenant of its own",
        (
            Explanation(
                "MAILCHECK_TENANT_ID or MAILCHECK_AUTHORITY says common or organizations",
                Likelihood.LIKELY,
                "an app signs in to one tenant; only people may leave the choice to Entra",
                (_SHOW_TENANT, step("Put that id into MAILCHECK_TENANT_ID, and remove MAILCHECK_AUTHORITY")),
            ),
        ),
        _CODES_PAGE,
        answers(9001023, 50059, 50194),
    ),
    Entry(
        "wrong-cloud",
        aadsts(90038, 900382, 900432, 50049),
        "The tenant {tenant_id} lives in another cloud",
        (
            Explanation(
                "MAILCHECK_CLOUD or MAILCHECK_AUTHORITY names another cloud than the tenant's",
                Likelihood.LIKELY,
                "each national cloud has an Entra of its own, and this one sends us on",
                (_CLOUD, step("Where MAILCHECK_AUTHORITY is set, remove it: MAILCHECK_CLOUD names the right one")),
            ),
            Explanation(
                "MAILCHECK_TENANT_ID has a wrong value",
                Likelihood.POSSIBLE,
                "another tenant than yours may live there",
                (_SHOW_TENANT, step("Correct MAILCHECK_TENANT_ID in the app settings")),
            ),
        ),
        _CLOUDS_PAGE,
        (*answers(90038, 900382, 900432, 50049), "scenario tenant-other-cloud"),
    ),
    Entry(
        "authority-regional",
        aadsts(100007),
        "MAILCHECK_AUTHORITY is a regional endpoint, which serves managed identities only",
        (
            Explanation(
                "MAILCHECK_AUTHORITY is not the global address of Entra",
                Likelihood.LIKELY,
                "the regional endpoints know managed identities, and no app registrations",
                (step("Remove MAILCHECK_AUTHORITY from the app settings"),),
            ),
        ),
        _CODES_PAGE,
        answers(100007),
    ),
    Entry(
        "exchange-not-in-tenant",
        aadsts(500011),
        "The tenant does not have the resource that the token is asked for",
        (
            Explanation(
                "MAILCHECK_SCOPE or MAILCHECK_CLOUD does not fit the tenant",
                Likelihood.LIKELY,
                "Entra does not know the resource of the scope in this tenant; each cloud has its own for Exchange",
                (NO_SCOPE, _CLOUD),
            ),
            Explanation(
                "The tenant has no Exchange Online",
                Likelihood.POSSIBLE,
                'without it there is no enterprise application "Office 365 Exchange Online"',
                (
                    graph(f"Get-MgServicePrincipal -Filter \"AppId eq '{EXCHANGE_ID}'\"", "Application.Read.All"),
                    step("If nothing is listed, check the tenant's subscriptions in the Microsoft 365 admin center"),
                ),
            ),
        ),
        OAUTH_PAGE,
        (*answers(500011), "scenario exchange-missing", "scenario scope-unknown"),
    ),
    Entry(
        "exchange-disabled",
        aadsts(500014),
        "The resource that the token is asked for is disabled in the tenant",
        (
            Explanation(
                'The enterprise application "Office 365 Exchange Online" is disabled',
                Likelihood.LIKELY,
                "Entra gives out no token for a disabled resource",
                ENABLE_EXCHANGE,
            ),
            _OTHER_SCOPE,
        ),
        _CODES_PAGE,
        (*answers(500014), "scenario exchange-disabled"),
    ),
    Entry(
        "exchange-not-subscribed",
        aadsts(650052),
        "The tenant has no subscription to the service, or has disabled it",
        (
            Explanation(
                'The enterprise application "Office 365 Exchange Online" is disabled, or its subscription has ended',
                Likelihood.LIKELY,
                "Entra says that the organization does not have the service",
                (
                    *ENABLE_EXCHANGE,
                    step("Check the subscriptions in the Microsoft 365 admin center: Billing, Your products"),
                ),
            ),
            _OTHER_SCOPE,
        ),
        _CODES_PAGE,
        answers(650052),
    ),
)
