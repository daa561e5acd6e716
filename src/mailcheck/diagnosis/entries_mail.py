"""Exchange's refusals: signing in, and opening the mailbox."""

import re

from mailcheck.diagnosis.entry import Entry, Explanation, Given, When
from mailcheck.diagnosis.text import Line, azure_cli, powershell, step
from mailcheck.model.evidence import Stage
from mailcheck.model.report import Likelihood
from mailcheck.model.request import MailProtocol

_OAUTH_PAGE = (
    "https://learn.microsoft.com/exchange/client-developer/legacy-protocols/"
    "how-to-authenticate-an-imap-pop-smtp-application-by-using-oauth"
)
_SWITCH_PAGE = "https://learn.microsoft.com/powershell/module/exchangepowershell/set-casmailbox"
_NOT_CONNECTED = re.compile(r"authenticated but not connected", re.IGNORECASE)

_CONSENT = Explanation(
    "The token lacks the application role {role}",
    None,
    "it carries the roles: {roles}; without {role} Exchange refuses every mailbox",
    (
        step(
            "Entra portal: the app registration, API permissions, Add a permission, APIs my organization uses, "
            "Office 365 Exchange Online, Application permissions: {role}"
        ),
        step("Then: Grant admin consent for the organization"),
        azure_cli("az ad app permission admin-consent --id {client_id}"),
    ),
    ((Given.ROLE_MISSING, Likelihood.CERTAIN),),
)
_AUDIENCE = Explanation(
    "The token is for {audience}, not for {resource}",
    None,
    "Exchange takes tokens for itself only",
    (step("Remove MAILCHECK_SCOPE from the app settings"),),
    ((Given.OTHER_AUDIENCE, Likelihood.LIKELY),),
)
_GRANT = (
    powershell("Get-ServicePrincipal | Where-Object AppId -eq {client_id} | Format-List DisplayName,AppId,ObjectId"),
    powershell("New-ServicePrincipal -AppId {client_id} -ObjectId {service_principal} -DisplayName 'mailcheck'"),
    powershell("Add-MailboxPermission -Identity {mailbox} -User {service_principal} -AccessRights FullAccess"),
)
_PRIMARY = powershell("Get-Mailbox -Identity {mailbox} | Format-List PrimarySmtpAddress,UserPrincipalName")


def _not_granted(otherwise: Likelihood) -> Explanation:
    return Explanation(
        "The app may not open this mailbox: it is not registered in Exchange, registered with another object id, or "
        "has no FullAccess permission",
        otherwise,
        "Exchange wants the object id of the enterprise application, {service_principal}; the app registration's "
        "own object id does not work",
        _GRANT,
        (
            (Given.SIBLING_OPENED, None),
            (Given.LOGON_DENIED, Likelihood.LIKELY),
            (Given.RECIPIENT_UNKNOWN, Likelihood.POSSIBLE),
        ),
    )


def _address(otherwise: Likelihood) -> Explanation:
    return Explanation(
        "There is no mailbox of this primary address",
        otherwise,
        "aliases and user principal names do not work here, only the primary address of an existing mailbox",
        (_PRIMARY,),
        ((Given.SIBLING_OPENED, None), (Given.RECIPIENT_UNKNOWN, Likelihood.LIKELY)),
    )


def _switched_off(protocol: str, command: Line, otherwise: Likelihood) -> Explanation:
    return Explanation(
        f"{protocol} is switched off for this mailbox",
        otherwise,
        "the mailbox has a switch for each protocol",
        (powershell("Get-CASMailbox -Identity {mailbox} | Format-List ImapEnabled,PopEnabled"), command),
        ((Given.SIBLING_OPENED, Likelihood.LIKELY),),
    )


_IMAP_ON = powershell("Set-CASMailbox -Identity {mailbox} -ImapEnabled $true")
_POP_ON = powershell("Set-CASMailbox -Identity {mailbox} -PopEnabled $true")
_PASSING = Explanation(
    "Exchange has a passing fault, or a change of some minutes ago is not in force yet",
    Likelihood.POSSIBLE,
    "changes in Exchange take from minutes to about an hour",
    (step("Check again later; look at the service health in the Microsoft 365 admin center"),),
)

ENTRIES = (
    Entry(
        "imap-not-connected",
        When((Stage.LIST,), ("BAD", "NO"), MailProtocol.IMAP, _NOT_CONNECTED),
        "Exchange accepts the app, but does not open the mailbox by IMAP",
        (
            _CONSENT,
            _switched_off("IMAP", _IMAP_ON, Likelihood.LIKELY),
            _not_granted(Likelihood.POSSIBLE),
            _PASSING,
        ),
        _SWITCH_PAGE,
    ),
    Entry(
        "imap-sign-in-refused",
        When((Stage.AUTH,), ("NO", "BAD"), MailProtocol.IMAP),
        "Exchange refuses the app's sign-in by IMAP",
        (
            _CONSENT,
            _AUDIENCE,
            _not_granted(Likelihood.LIKELY),
            _address(Likelihood.POSSIBLE),
            _switched_off("IMAP", _IMAP_ON, Likelihood.POSSIBLE),
            _PASSING,
        ),
        _OAUTH_PAGE,
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
                (step("Check again in some minutes"), powershell("Get-MailboxStatistics -Identity {mailbox}")),
            ),
        ),
        "https://admin.microsoft.com/#/servicehealth",
    ),
    Entry(
        "pop-sign-in-refused",
        When((Stage.AUTH,), ("-ERR",), MailProtocol.POP),
        "Exchange refuses the app's sign-in by POP",
        (
            _CONSENT,
            _AUDIENCE,
            _not_granted(Likelihood.LIKELY),
            _switched_off("POP", _POP_ON, Likelihood.POSSIBLE),
            _address(Likelihood.POSSIBLE),
            _PASSING,
        ),
        _OAUTH_PAGE,
    ),
    Entry(
        "pop-refused",
        When((Stage.GREETING, Stage.CAPABILITY, Stage.LIST), ("-ERR",), MailProtocol.POP),
        "The POP server refused at {stage}",
        (
            Explanation(
                "The mailbox server has a passing fault, or another client holds the mailbox",
                Likelihood.LIKELY,
                "this is not the answer to a sign-in",
                (step("Check again in some minutes"),),
            ),
        ),
        "https://admin.microsoft.com/#/servicehealth",
    ),
)
