"""Why Exchange does not open a mailbox: the causes that IMAP, POP and SMTP share, each with what speaks for it.

The order of a cause's shifts is the order of trust: what a mailbox that opened proves comes before what Exchange says.
"""

from mailcheck.diagnosis.entry import Explanation, Given
from mailcheck.diagnosis.remedies import EXCHANGE_ID, GRANT_SCOPES, NO_SCOPE, QUOTE_SERVER
from mailcheck.diagnosis.text import exchange, graph, step
from mailcheck.model.report import Likelihood

CONSENT_STEPS = (
    step(
        "In {portal}: the app registration, API permissions, Add a permission, APIs my organization uses, "
        "Office 365 Exchange Online, Application permissions: {role}"
    ),
    step("Then: Grant admin consent for the organization. Or both in PowerShell:"),
    graph(f"$exchange = Get-MgServicePrincipal -Filter \"AppId eq '{EXCHANGE_ID}'\"", *GRANT_SCOPES),
    graph("$role = $exchange.AppRoles | Where-Object Value -eq {role}"),
    graph(
        "New-MgServicePrincipalAppRoleAssignment -ServicePrincipalId {service_principal} "
        "-PrincipalId {service_principal} -ResourceId $exchange.Id -AppRoleId $role.Id",
        *GRANT_SCOPES,
    ),
)
REGISTER = exchange("New-ServicePrincipal -AppId {client_id} -ObjectId {service_principal} -DisplayName 'mailcheck'")
SHOW_GRANTED = exchange("Get-MailboxPermission -Identity {mailbox} | Format-Table User,AccessRights,Deny")
FULL_ACCESS = exchange("Add-MailboxPermission -Identity {mailbox} -User {service_principal} -AccessRights FullAccess")
SHOW_REGISTERED = exchange("Get-ServicePrincipal | Where-Object AppId -eq {client_id} | Format-List AppId,ObjectId")

AUDIENCE = Explanation(
    "The token is for {audience}, not for Exchange Online, {resource}",
    None,
    "Exchange takes tokens for itself only, and a token for another resource cannot have its roles",
    (NO_SCOPE,),
    ((Given.OTHER_AUDIENCE, Likelihood.LIKELY),),
)
DELEGATED = Explanation(
    "The token stands for a user, not for the app",
    None,
    "it has delegated permissions, {scopes}, and no application role; Entra gives an app that signs in as itself no "
    "such token",
    (step("Remove MAILCHECK_AUTHORITY from the app settings, so that Entra itself is asked"),),
    ((Given.CANARY_OPENED, None), (Given.OTHER_AUDIENCE, None), (Given.DELEGATED, Likelihood.CERTAIN)),
)
ROLE = Explanation(
    "The token lacks the application role {role}",
    None,
    "it carries the roles: {roles}; without {role} Exchange refuses every mailbox",
    CONSENT_STEPS,
    (
        (Given.CANARY_OPENED, None),
        (Given.OTHER_AUDIENCE, None),
        (Given.DELEGATED, None),
        (Given.ROLE_MISSING, Likelihood.CERTAIN),
    ),
)
OTHER_OBJECT_ID = Explanation(
    "The app is registered in Exchange with another object id than {service_principal}",
    Likelihood.POSSIBLE,
    "Exchange wants the object id of the enterprise application; the app registration's own does not work",
    (
        SHOW_REGISTERED,
        step("If it lists another ObjectId, remove that registration; what was granted to it is of no use to the app:"),
        exchange(
            "Get-ServicePrincipal | Where-Object {{ $_.AppId -eq {client_id} -and $_.ObjectId -ne "
            "{service_principal} }} | ForEach-Object {{ Remove-ServicePrincipal -Identity $_.ObjectId }}"
        ),
        step("Then register the app by the right one, and grant it this mailbox and each of the others again:"),
        REGISTER,
        FULL_ACCESS,
    ),
    ((Given.SIBLING_OPENED, None), (Given.SMTP_OPENED, None), (Given.CANARY_OPENED, None)),
)
PASSING = Explanation(
    "Exchange has a passing fault, or a change of some minutes ago is not in force yet",
    Likelihood.POSSIBLE,
    "changes in Exchange take from minutes to about an hour",
    (
        step("Check again later; look at the service health in the Microsoft 365 admin center"),
        QUOTE_SERVER,
    ),
    ((Given.CANARY_REFUSED, Likelihood.LIKELY),),
    speaks=(Given.CANARY_REFUSED,),
)
IPV6 = Explanation(
    "The way to Exchange over IPv6 has a fault, and the one over IPv4 has not",
    Likelihood.POSSIBLE,
    "people have reported that the same mailbox opens on one network and not on another",
    (step("Check from a network without IPv6, or switch IPv6 off for the Function App's way out, and compare"),),
    ((Given.SIBLING_OPENED, None), (Given.CANARY_OPENED, None), (Given.OVER_IPV4, None)),
)


def _changes(
    otherwise: Likelihood, *shifts: tuple[Given, Likelihood | None]
) -> tuple[tuple[Given, Likelihood | None], ...]:
    """Those shifts that change something; for findings of which no two hold at once, or which come to the same."""
    return tuple((given, likelihood) for given, likelihood in shifts if likelihood is not otherwise)


# Nobody has documented what Exchange puts into brackets: it may take from a cause, and never makes one likely.
_DOUBTED = (
    (Given.OTHER_AUDIENCE, Likelihood.POSSIBLE),
    (Given.LOGON_DENIED, Likelihood.LIKELY),
    (Given.RECIPIENT_UNKNOWN, Likelihood.POSSIBLE),
)


def not_granted(otherwise: Likelihood) -> Explanation:
    """What is wrong lies between the app and this mailbox, as far as nothing else has opened or failed."""
    return Explanation(
        "The app may not open this mailbox: it is not registered in Exchange, or has no FullAccess permission",
        otherwise,
        "Exchange knows the app by the object id of its enterprise application, {service_principal}, and wants a "
        "permission for each mailbox",
        (
            SHOW_REGISTERED,
            step("If nothing is listed, register the app:"),
            REGISTER,
            step("Then grant it the mailbox:"),
            FULL_ACCESS,
        ),
        (
            (Given.CANARY_REFUSED, None),
            (Given.SIBLING_OPENED, None),
            (Given.SMTP_OPENED, None),
            (Given.CANARY_OPENED, None),
            *(_DOUBTED if otherwise is Likelihood.LIKELY else ()),
        ),
        speaks=(Given.LOGON_DENIED,),
    )


def no_full_access(where_known: Likelihood) -> Explanation:
    """Exchange knows the app, as the canary or SMTP shows: what is left is this mailbox."""
    return Explanation(
        "The app has no FullAccess permission for this mailbox",
        None,
        "Exchange knows the app and its token; this permission is one for each mailbox",
        (
            SHOW_GRANTED,
            step("If the app is not listed, grant it the mailbox:"),
            FULL_ACCESS,
        ),
        (
            (Given.CANARY_REFUSED, None),
            (Given.SIBLING_OPENED, None),
            (Given.SMTP_OPENED, where_known),
            (Given.CANARY_OPENED, where_known),
        ),
        speaks=(Given.CANARY_OPENED, Given.SMTP_OPENED),
    )


def not_registered(where_canary_fails: Likelihood) -> Explanation:
    """The canary fails alike: what is left is the app, or Microsoft today."""
    return Explanation(
        "Exchange does not know the app, or does not know it any more",
        None,
        "the canary has opened before and is refused now as well, so it is not the mailbox; Exchange knows an app by "
        "the object id of its enterprise application, {service_principal}",
        (
            SHOW_REGISTERED,
            step("If nothing is listed, register the app, and grant the mailboxes again:"),
            REGISTER,
            FULL_ACCESS,
        ),
        ((Given.NOTHING_OPENED, where_canary_fails),),
    )


ADDRESS = Explanation(
    "There is no mailbox of this primary address",
    Likelihood.POSSIBLE,
    "aliases and user principal names do not work here, only the primary address of an existing mailbox",
    (
        exchange("Get-Mailbox -Identity {mailbox} | Format-List PrimarySmtpAddress,UserPrincipalName"),
        step("If its PrimarySmtpAddress is another address, use that one, here and in the app"),
        step("If nothing is listed, look for it among what is deleted, on premises, or no mailbox at all:"),
        exchange("Get-Mailbox -SoftDeletedMailbox -Identity {mailbox}"),
        exchange("Get-Recipient -Identity {mailbox} | Format-List RecipientTypeDetails,PrimarySmtpAddress"),
    ),
    ((Given.CANARY_REFUSED, None), (Given.SIBLING_OPENED, None), (Given.SMTP_OPENED, None)),
    ahead=Given.RECIPIENT_UNKNOWN,
    speaks=(Given.RECIPIENT_UNKNOWN,),
)


def switched_off(protocol: str, parameter: str, otherwise: Likelihood) -> Explanation:
    """The mailbox's own switch for IMAP or POP."""
    return Explanation(
        f"{protocol} is switched off for this mailbox",
        otherwise,
        "the mailbox has a switch for each protocol",
        (
            exchange("Get-CASMailbox -Identity {mailbox} | Format-List ImapEnabled,PopEnabled"),
            step(f"If {parameter} says False, switch it on:"),
            exchange(f"Set-CASMailbox -Identity {{mailbox}} -{parameter} $true"),
        ),
        (
            (Given.ONE_PROTOCOL, Likelihood.POSSIBLE),  # somebody may have switched it off for both
            (Given.CANARY_REFUSED, None),
            *_changes(
                otherwise, (Given.SIBLING_OPENED, Likelihood.LIKELY), (Given.OTHER_AUDIENCE, Likelihood.POSSIBLE)
            ),
        ),
        speaks=(Given.SIBLING_OPENED,),
    )
