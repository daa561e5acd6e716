"""Exchange's refusals that are about the app or the mailbox: signing in, and opening it."""

import re

from mailcheck.diagnosis.entry import Again, Entry, Explanation, Given, When
from mailcheck.diagnosis.remedies import EXCHANGE_ID, HEALTH_PAGE, NO_SCOPE, OAUTH_PAGE, QUOTE_SERVER
from mailcheck.diagnosis.text import Line, powershell, step
from mailcheck.model.evidence import Stage
from mailcheck.model.report import Likelihood
from mailcheck.model.request import MailProtocol

_SWITCH_PAGE = "https://learn.microsoft.com/powershell/module/exchangepowershell/set-casmailbox"
_NOT_CONNECTED = re.compile(r"authenticated but not connected", re.IGNORECASE)

_AUDIENCE = Explanation(
    "The token is for {audience}, not for Exchange Online, {resource}",
    None,
    "Exchange takes tokens for itself only, and a token for another resource cannot have its roles",
    (NO_SCOPE,),
    ((Given.OTHER_AUDIENCE, Likelihood.LIKELY),),
)
_DELEGATED = Explanation(
    "The token stands for a user, not for the app",
    None,
    "it has delegated permissions, {scopes}, and no application role; Entra gives an app that signs in with its "
    "certificate no such token",
    (step("Remove MAILCHECK_AUTHORITY from the app settings, so that Entra itself is asked"),),
    ((Given.OTHER_AUDIENCE, None), (Given.DELEGATED, Likelihood.CERTAIN)),
)
_CONSENT = Explanation(
    "The token lacks the application role {role}",
    None,
    "it carries the roles: {roles}; without {role} Exchange refuses every mailbox",
    (
        step(
            "Entra portal: the app registration, API permissions, Add a permission, APIs my organization uses, "
            "Office 365 Exchange Online, Application permissions: {role}"
        ),
        step("Then: Grant admin consent for the organization. Or both in PowerShell:"),
        powershell("Connect-MgGraph -Scopes AppRoleAssignment.ReadWrite.All,Application.Read.All"),
        powershell(f"$exchange = Get-MgServicePrincipal -Filter \"AppId eq '{EXCHANGE_ID}'\""),
        powershell("$role = $exchange.AppRoles | Where-Object Value -eq {role}"),
        powershell(
            "New-MgServicePrincipalAppRoleAssignment -ServicePrincipalId {service_principal} "
            "-PrincipalId {service_principal} -ResourceId $exchange.Id -AppRoleId $role.Id"
        ),
    ),
    ((Given.OTHER_AUDIENCE, None), (Given.DELEGATED, None), (Given.ROLE_MISSING, Likelihood.CERTAIN)),
)
_REGISTER = powershell("New-ServicePrincipal -AppId {client_id} -ObjectId {service_principal} -DisplayName 'mailcheck'")
_FULL_ACCESS = powershell(
    "Add-MailboxPermission -Identity {mailbox} -User {service_principal} -AccessRights FullAccess"
)
_OTHER_OBJECT_ID = Explanation(
    "The app is registered in Exchange with another object id than {service_principal}",
    Likelihood.POSSIBLE,
    "Exchange wants the object id of the enterprise application; the app registration's own does not work",
    (
        powershell(
            "Get-ServicePrincipal | Where-Object {{ $_.AppId -eq {client_id} -and $_.ObjectId -ne "
            "{service_principal} }} | ForEach-Object {{ Remove-ServicePrincipal -Identity $_.ObjectId }}"
        ),
        _REGISTER,
        _FULL_ACCESS,
        step("Grant the other mailboxes again too: what was granted to the old object id is of no use"),
    ),
    ((Given.SIBLING_OPENED, None),),
)
_PASSING = Explanation(
    "Exchange has a passing fault, or a change of some minutes ago is not in force yet",
    Likelihood.POSSIBLE,
    "changes in Exchange take from minutes to about an hour",
    (
        step("Check again later; look at the service health in the Microsoft 365 admin center"),
        QUOTE_SERVER,
    ),
)


def _not_granted(otherwise: Likelihood) -> Explanation:
    return Explanation(
        "The app may not open this mailbox: it is not registered in Exchange, or has no FullAccess permission",
        otherwise,
        "Exchange knows the app by the object id of its enterprise application, {service_principal}, and wants a "
        "permission for each mailbox",
        (
            powershell("Get-ServicePrincipal | Where-Object AppId -eq {client_id} | Format-List AppId,ObjectId"),
            step("If nothing is listed, register the app:"),
            _REGISTER,
            step("Then grant it the mailbox:"),
            _FULL_ACCESS,
        ),
        (
            (Given.SIBLING_OPENED, None),
            (Given.OTHER_AUDIENCE, Likelihood.POSSIBLE),
            (Given.LOGON_DENIED, Likelihood.LIKELY),
            (Given.RECIPIENT_UNKNOWN, Likelihood.POSSIBLE),
        ),
    )


def _address(otherwise: Likelihood) -> Explanation:
    return Explanation(
        "There is no mailbox of this primary address",
        otherwise,
        "aliases and user principal names do not work here, only the primary address of an existing mailbox",
        (powershell("Get-Mailbox -Identity {mailbox} | Format-List PrimarySmtpAddress,UserPrincipalName"),),
        ((Given.SIBLING_OPENED, None), (Given.RECIPIENT_UNKNOWN, Likelihood.LIKELY)),
    )


def _switched_off(protocol: str, command: Line, otherwise: Likelihood) -> Explanation:
    return Explanation(
        f"{protocol} is switched off for this mailbox",
        otherwise,
        "the mailbox has a switch for each protocol",
        (powershell("Get-CASMailbox -Identity {mailbox} | Format-List ImapEnabled,PopEnabled"), command),
        ((Given.SIBLING_OPENED, Likelihood.LIKELY), (Given.OTHER_AUDIENCE, Likelihood.POSSIBLE)),
    )


_IMAP_ON = powershell("Set-CASMailbox -Identity {mailbox} -ImapEnabled $true")
_POP_ON = powershell("Set-CASMailbox -Identity {mailbox} -PopEnabled $true")
_SMTP_ON = powershell("Set-CASMailbox -Identity {mailbox} -SmtpClientAuthenticationDisabled $false")
_TOKEN = (_AUDIENCE, _DELEGATED, _CONSENT)

ENTRIES = (
    Entry(
        "imap-not-connected",
        When((Stage.AUTH, Stage.LIST), ("BAD", "NO"), MailProtocol.IMAP, said=_NOT_CONNECTED),
        "Exchange accepts the app, but does not open the mailbox by IMAP",
        (
            *_TOKEN,
            _switched_off("IMAP", _IMAP_ON, Likelihood.LIKELY),
            _not_granted(Likelihood.POSSIBLE),
            _OTHER_OBJECT_ID,
            _address(Likelihood.POSSIBLE),
            _PASSING,
        ),
        _SWITCH_PAGE,
        Again.OTHER_VERSION,
    ),
    Entry(
        "imap-sign-in-refused",
        When((Stage.AUTH,), ("NO", "BAD"), MailProtocol.IMAP),
        "Exchange refuses the app's sign-in by IMAP",
        (
            *_TOKEN,
            _not_granted(Likelihood.LIKELY),
            _OTHER_OBJECT_ID,
            _address(Likelihood.POSSIBLE),
            _switched_off("IMAP", _IMAP_ON, Likelihood.POSSIBLE),
            _PASSING,
        ),
        OAUTH_PAGE,
    ),
    Entry(
        "imap-list-refused",
        When((Stage.LIST,), ("BAD", "NO"), MailProtocol.IMAP),
        "Exchange opened the mailbox and then did not list its folders",
        (
            Explanation(
                "The mailbox server has a passing fault",
                Likelihood.LIKELY,
                "the sign-in went well; listing needs the mailbox itself",
                (
                    step("Check again in some minutes"),
                    powershell("Get-MailboxStatistics -Identity {mailbox}"),
                    QUOTE_SERVER,
                ),
            ),
        ),
        HEALTH_PAGE,
    ),
    Entry(
        "pop-sign-in-refused",
        When((Stage.AUTH,), ("-ERR",), MailProtocol.POP),
        "Exchange refuses the app's sign-in by POP",
        (
            *_TOKEN,
            _not_granted(Likelihood.LIKELY),
            _OTHER_OBJECT_ID,
            _switched_off("POP", _POP_ON, Likelihood.POSSIBLE),
            _address(Likelihood.POSSIBLE),
            _PASSING,
        ),
        OAUTH_PAGE,
    ),
    Entry(
        "smtp-sign-in-refused",
        When((Stage.AUTH,), ("535",), MailProtocol.SMTP),
        "Exchange refuses the app's sign-in by SMTP",
        (
            _AUDIENCE,
            _DELEGATED,
            _not_granted(Likelihood.LIKELY),
            _OTHER_OBJECT_ID,
            _switched_off("SMTP AUTH", _SMTP_ON, Likelihood.POSSIBLE),
            _address(Likelihood.POSSIBLE),
            _PASSING,
        ),
        OAUTH_PAGE,
    ),
    Entry(
        "smtp-refused",
        When((Stage.GREETING, Stage.CAPABILITY, Stage.STARTTLS, Stage.AUTH), (), MailProtocol.SMTP),
        "The SMTP server refused at {stage}",
        (_PASSING,),
        OAUTH_PAGE,
    ),
)
