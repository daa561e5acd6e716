"""Exchange's refusal of an app's sign-in by SMTP, which has two set-ups: an application role, or RBAC in Exchange."""

from dataclasses import replace

from mailcheck.diagnosis.causes_mail import (
    ADDRESS,
    AUDIENCE,
    CONSENT_STEPS,
    DELEGATED,
    FULL_ACCESS,
    OTHER_OBJECT_ID,
    PASSING,
    REGISTER,
    SHOW_GRANTED,
    SHOW_REGISTERED,
    not_registered,
)
from mailcheck.diagnosis.entry import Entry, Explanation, Given, When
from mailcheck.diagnosis.remedies import OWN_SERVERS, SUBMISSION_PAGE
from mailcheck.diagnosis.text import exchange, step
from mailcheck.model.evidence import Stage
from mailcheck.model.report import Likelihood
from mailcheck.model.request import MailProtocol

_RBAC_PAGE = "https://learn.microsoft.com/exchange/client-developer/legacy-protocols/smtp-app-rbac-onboarding"

_ROLE_SET_UP = Explanation(
    "If the app is to send by its application role: the token lacks SMTP.SendAsApp",
    None,
    "it carries the roles: {roles}; one of the two set-ups for SMTP is this role and a permission for each mailbox",
    (*CONSENT_STEPS, FULL_ACCESS),
    (
        (Given.CANARY_OPENED, None),
        (Given.OTHER_AUDIENCE, None),
        (Given.DELEGATED, None),
        (Given.ROLE_MISSING, Likelihood.LIKELY),
    ),
)
_RBAC_SET_UP = Explanation(
    "If the app is to send without that role: RBAC for Applications does not cover this mailbox",
    None,
    "the other set-up has no role in the token, but an assignment of Application SMTP.SendAsApp in Exchange",
    (
        exchange(
            "Test-ServicePrincipalAuthorization -Identity {service_principal} -Resource {mailbox} | "
            "Format-Table RoleName,ScopeType,InScope"
        ),
        step("If Application SMTP.SendAsApp is not listed with InScope True, put the mailbox into a group and assign:"),
        exchange("$group = Get-DistributionGroup -Identity {group}"),
        exchange(
            "New-ManagementScope -Name 'mailcheck' "
            "-RecipientRestrictionFilter \"MemberOfGroup -eq '$($group.DistinguishedName)'\""
        ),
        exchange(
            "New-ManagementRoleAssignment -App {service_principal} -Role 'Application SMTP.SendAsApp' "
            "-CustomResourceScope 'mailcheck'"
        ),
        step("Such an assignment can take up to two hours to be in force; then check again"),
    ),
    ((Given.OTHER_AUDIENCE, None), (Given.DELEGATED, None), (Given.ROLE_MISSING, Likelihood.LIKELY)),
)
_ASKED = (
    "a token that carries SMTP.SendAsApp makes Exchange ask for a permission, whatever RBAC for Applications allows"
)
_GRANT = (
    FULL_ACCESS,
    exchange("Add-RecipientPermission -Identity {mailbox} -Trustee {service_principal} -AccessRights SendAs"),
    step("Where RBAC for Applications is to decide instead, take SMTP.SendAsApp from the app's permissions"),
)
_NOT_GRANTED = Explanation(
    "The app may not send for this mailbox: it is not registered in Exchange, or has no permission for the mailbox",
    Likelihood.LIKELY,
    _ASKED,
    (
        SHOW_REGISTERED,
        step("If nothing is listed, register the app:"),
        REGISTER,
        step("Then grant it the mailbox, and for mail from another address SendAs on that address:"),
        *_GRANT,
    ),
    (
        (Given.CANARY_REFUSED, None),
        (Given.SIBLING_OPENED, None),
        (Given.CANARY_OPENED, None),
        (Given.OTHER_AUDIENCE, Likelihood.POSSIBLE),
        (Given.ROLE_MISSING, Likelihood.POSSIBLE),
    ),
)
# Exchange knows the app, as the canary shows, and the role has it ask for a permission: what is left is this mailbox.
_NO_PERMISSION = Explanation(
    "The app has no FullAccess permission for this mailbox",
    None,
    _ASKED,
    (
        SHOW_GRANTED,
        step(
            "If the app is not listed, grant it the mailbox, and for mail from another address SendAs on that address:"
        ),
        *_GRANT,
    ),
    ((Given.SIBLING_OPENED, None), (Given.CANARY_BY_ROLE, Likelihood.LIKELY)),
    speaks=(Given.CANARY_OPENED,),
)


def _without(one: Explanation, *findings: Given) -> Explanation:
    """The cause, less findings that do not go with SMTP."""
    return replace(one, shift=tuple(pair for pair in one.shift if pair[0] not in findings))


ENTRIES = (
    Entry(
        "smtp-sign-in-refused",
        When((Stage.AUTH,), ("535",), MailProtocol.SMTP),
        "Exchange refuses the app's sign-in by SMTP",
        (
            AUDIENCE,
            DELEGATED,
            _ROLE_SET_UP,
            _RBAC_SET_UP,
            _NOT_GRANTED,
            _NO_PERMISSION,
            not_registered(Likelihood.LIKELY),
            _without(OTHER_OBJECT_ID, Given.SMTP_OPENED),
            replace(_without(ADDRESS, Given.SMTP_OPENED), ahead=None),
            PASSING,
        ),
        _RBAC_PAGE,
        (
            "transcript smtp/refused",
            "transcript smtp/refused-in-the-older-form",
            "transcript smtp/refused-with-challenge",
            "transcript smtp/refused-without-status-code",
            "mailbox not-granted smtp",
            "scenario role-missing-smtp smtp",
            "scenario exchange-incident smtp",
        ),
        "535 5.7.3 Authentication unsuccessful",
    ),
    Entry(
        "smtp-refused",
        When((Stage.GREETING, Stage.CAPABILITY, Stage.STARTTLS, Stage.AUTH), (), MailProtocol.SMTP),
        "The SMTP server refused at the step {stage}",
        (
            Explanation(
                "The server takes no mail from here, or is not Exchange Online",
                Likelihood.POSSIBLE,
                "Exchange Online has no such answer at this point that mailcheck knows of",
                (OWN_SERVERS, step("Let SMTP to {host} pass without a proxy")),
            ),
            PASSING,
        ),
        SUBMISSION_PAGE,
        ("transcript smtp/greeting-554", "fault smtp/greeting/no"),
    ),
)
