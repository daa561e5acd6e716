"""Entra's refusals for what an app may ask for, and from where: scope, consent, policies.

Matched on AADSTS numbers, never on their texts.
"""

from mailcheck.diagnosis.entry import Entry, Explanation, aadsts, answers
from mailcheck.diagnosis.remedies import EXCHANGE_ID, GRANT_SCOPES, NO_SCOPE, OAUTH_PAGE, SIGN_INS
from mailcheck.diagnosis.text import graph, step
from mailcheck.model.report import Likelihood

_CODES_PAGE = "https://learn.microsoft.com/entra/identity-platform/reference-error-codes"
_CONSENT = (
    step(
        "In {portal}: the app registration, API permissions, Add a permission, APIs my organization uses, "
        "Office 365 Exchange Online, Application permissions: IMAP.AccessAsApp and POP.AccessAsApp, and SMTP.SendAsApp "
        "where the app is to send by its role"
    ),
    step("Then: Grant admin consent for the organization. Or in PowerShell, with the roles that the app is to have:"),
    graph("$app = Get-MgServicePrincipal -All | Where-Object AppId -eq {client_id}", *GRANT_SCOPES),
    graph(f"$exchange = Get-MgServicePrincipal -Filter \"AppId eq '{EXCHANGE_ID}'\"", *GRANT_SCOPES),
    graph(
        "$exchange.AppRoles | Where-Object Value -in 'IMAP.AccessAsApp','POP.AccessAsApp' | ForEach-Object {{ "
        "New-MgServicePrincipalAppRoleAssignment -ServicePrincipalId $app.Id -PrincipalId $app.Id "
        "-ResourceId $exchange.Id -AppRoleId $_.Id }}",
        *GRANT_SCOPES,
    ),
)

ENTRIES = (
    Entry(
        "scope-wrong",
        aadsts(1002012, 70011),
        "The scope is not one that an app may ask for",
        (
            Explanation(
                "MAILCHECK_SCOPE is not one resource followed by /.default",
                Likelihood.CERTAIN,
                "client credentials take no other form",
                (NO_SCOPE,),
            ),
        ),
        OAUTH_PAGE,
        answers(1002012, 70011),
    ),
    Entry(
        "scope-not-single",
        aadsts(700022, 28002, 28003),
        "The scope names no resource, or more than one",
        (
            Explanation(
                "MAILCHECK_SCOPE has a wrong value",
                Likelihood.LIKELY,
                "a token is for one resource",
                (NO_SCOPE,),
            ),
        ),
        _CODES_PAGE,
        answers(700022, 28002, 28003),
    ),
    Entry(
        "consent-missing",
        aadsts(65001),
        "Nobody has consented to the app's permissions",
        (
            Explanation(
                "Admin consent is missing",
                Likelihood.LIKELY,
                "Entra knows the app and finds no grant for what it asks for",
                _CONSENT,
            ),
        ),
        _CODES_PAGE,
        answers(65001),
    ),
    Entry(
        "permissions-wrong",
        aadsts(650056, 650057, 65005),
        "The app registration does not ask for the permissions that its token needs",
        (
            Explanation(
                "Office 365 Exchange Online is missing or wrong among its API permissions",
                Likelihood.LIKELY,
                "Entra compares the resource of the token with the permissions that the app registration lists",
                _CONSENT,
            ),
            Explanation(
                "MAILCHECK_SCOPE names another resource than Exchange Online",
                Likelihood.POSSIBLE,
                "the permissions may be in order, for Exchange",
                (NO_SCOPE,),
            ),
        ),
        _CODES_PAGE,
        answers(650056, 650057, 65005),
    ),
    Entry(
        "conditional-access",
        aadsts(53003),
        "Conditional Access for workload identities blocks the app",
        (
            Explanation(
                "A policy for service principals does not allow the address that mailcheck calls from",
                Likelihood.LIKELY,
                "Entra names Conditional Access as the reason; policies for users do not apply here",
                (
                    SIGN_INS,
                    step("Exclude the app from it, or add the Function App's outbound addresses to a named location"),
                ),
            ),
        ),
        "https://learn.microsoft.com/entra/identity/conditional-access/workload-identity",
        (*answers(53003), "scenario conditional-access"),
    ),
    Entry(
        "security-policy",
        aadsts(530032, 530035),
        "A security policy of the tenant blocks the request",
        (
            Explanation(
                "Security defaults or a policy of the tenant do not allow it",
                Likelihood.LIKELY,
                "Entra names the policy as the reason; it mostly means people, and seldom apps",
                (SIGN_INS, step("Exclude the app from the policy")),
            ),
        ),
        _CODES_PAGE,
        answers(530032, 530035),
    ),
    Entry(
        "tenant-restrictions",
        aadsts(500021, 500022),
        "Tenant restrictions keep the app out of its own tenant",
        (
            Explanation(
                "A proxy on the way adds the header of tenant restrictions, and this tenant is not on its list",
                Likelihood.LIKELY,
                "mailcheck does not send that header",
                (
                    step("Exclude Entra's login host from TLS inspection for the Function App"),
                    step("Or add the tenant {tenant_id} to the proxy's list of permitted tenants"),
                ),
            ),
        ),
        _CODES_PAGE,
        answers(500021, 500022),
    ),
)
