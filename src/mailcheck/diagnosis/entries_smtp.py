"""Exchange's refusals of client submission (SMTP AUTH): its own switches, and its limits.

Matched on reply codes and enhanced status codes (RFC 3463). Exchange uses 5.7.139 for several refusals: there alone a
sentence decides, by the name of the setting in it.
"""

import re

from mailcheck.diagnosis.causes_mail import PASSING
from mailcheck.diagnosis.entry import Again, Entry, Explanation, When
from mailcheck.diagnosis.remedies import HEALTH_PAGE, OAUTH_PAGE, OWN_SERVERS, SIGN_INS, SUBMISSION_PAGE
from mailcheck.diagnosis.text import exchange, step
from mailcheck.model.evidence import Stage
from mailcheck.model.report import Likelihood
from mailcheck.model.request import MailProtocol

_LIMITS_PAGE = "https://learn.microsoft.com/office365/servicedescriptions/exchange-online-service-description/exchange-online-limits"
_ANYWHERE = (Stage.GREETING, Stage.CAPABILITY, Stage.STARTTLS, Stage.AUTH)

_SHOW_SWITCHES = (
    exchange("Get-CASMailbox -Identity {mailbox} | Format-List SmtpClientAuthenticationDisabled"),
    exchange("Get-TransportConfig | Format-List SmtpClientAuthenticationDisabled"),
)
_IN_FORCE = step("Wait some minutes, at times about an hour, until the change is in force; then check again")
_ON_FOR_MAILBOX = exchange("Set-CASMailbox -Identity {mailbox} -SmtpClientAuthenticationDisabled $false")
_ALTERED = Explanation(
    "A proxy or gateway between changes what mailcheck sends",
    Likelihood.LIKELY,
    "Exchange Online takes the commands that mailcheck sends, in the order in which it sends them",
    (OWN_SERVERS, step("Let SMTP to {host} pass without a proxy")),
)

ENTRIES = (
    Entry(
        "smtp-auth-off-for-tenant",
        When(
            (Stage.AUTH,), ("535",), MailProtocol.SMTP, said=re.compile(r"SmtpClientAuthentication is disabled.*Tenant")
        ),
        "SMTP AUTH is switched off for the organization",
        (
            Explanation(
                "The organization's switch is off, and this mailbox does not override it",
                Likelihood.CERTAIN,
                "Exchange names the switch; a value at the mailbox would come before the organization's",
                (
                    *_SHOW_SWITCHES,
                    step("Switch it on for this mailbox only, which is the smaller change:"),
                    _ON_FOR_MAILBOX,
                    step("Or for every mailbox that has no value of its own:"),
                    exchange("Set-TransportConfig -SmtpClientAuthenticationDisabled $false"),
                    _IN_FORCE,
                ),
            ),
        ),
        SUBMISSION_PAGE,
        (
            "transcript smtp/smtp-auth-off-for-tenant",
            "scenario smtp-off smtp",
        ),
        "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant.",
    ),
    Entry(
        "smtp-auth-off-for-mailbox",
        When(
            (Stage.AUTH,),
            ("535",),
            MailProtocol.SMTP,
            said=re.compile(r"SmtpClientAuthentication is disabled.*Mailbox"),
        ),
        "Exchange says that SMTP AUTH is disabled for this mailbox",
        (
            Explanation(
                "The mailbox's own switch is off",
                Likelihood.POSSIBLE,
                "Exchange's sentence names it; Microsoft documents the switch, but not this sentence, so look first. A "
                "value at the mailbox comes before the organization's",
                (
                    *_SHOW_SWITCHES,
                    step("If the mailbox says True, switch SMTP AUTH on for it:"),
                    _ON_FOR_MAILBOX,
                    step("Or have the mailbox follow the organization:"),
                    exchange("Set-CASMailbox -Identity {mailbox} -SmtpClientAuthenticationDisabled $null"),
                    _IN_FORCE,
                ),
            ),
        ),
        SUBMISSION_PAGE,
        (
            "transcript smtp/smtp-auth-off-for-mailbox",
            "mailbox no-smtp smtp",
        ),
        "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Mailbox.",
    ),
    Entry(
        "smtp-policy-blocked",
        When((Stage.AUTH,), ("535",), MailProtocol.SMTP, codes=("5.7.139",)),
        "A policy of the organization does not let the app sign in by SMTP",
        (
            Explanation(
                "Conditional Access blocks it",
                Likelihood.POSSIBLE,
                "people have reported this status for requests that do not meet a policy's criteria",
                (
                    SIGN_INS,
                    step("Exclude the app from that policy, or have the policy allow the address that it calls from"),
                    step("Exchange's authentication policies need no change: they are about sign-ins with a password"),
                ),
            ),
            Explanation(
                "Security defaults are on",
                Likelihood.POSSIBLE,
                "people have reported this status under security defaults, mostly for sign-ins with a password",
                (
                    step("In {portal}, Microsoft Entra ID: Properties, Manage security defaults: are they on?"),
                    step("They protect every account: ask Microsoft's support before you switch them off"),
                ),
            ),
            Explanation(
                "SMTP AUTH is switched off, for the organization or for the mailbox",
                Likelihood.POSSIBLE,
                "Exchange refuses a switched-off SMTP AUTH with the same status",
                (
                    *_SHOW_SWITCHES,
                    step("If the first says True, or nothing while the second says True:"),
                    _ON_FOR_MAILBOX,
                    _IN_FORCE,
                ),
            ),
        ),
        SUBMISSION_PAGE,
        (
            "transcript smtp/conditional-access",
            "transcript smtp/security-defaults",
            "transcript smtp/credentials-incorrect",
            "transcript smtp/basic-authentication-disabled",
            "mailbox policy smtp",
        ),
        "535 5.7.139",
    ),
    Entry(
        "smtp-basic-authentication",
        When((Stage.AUTH,), codes=("5.7.30",), protocol=MailProtocol.SMTP),
        "Exchange takes the sign-in for one with a password (Basic authentication)",
        (
            Explanation(
                "A proxy or gateway between signs in with a password in the app's place",
                Likelihood.POSSIBLE,
                "mailcheck signs in by OAuth and never with a password, and this status is for passwords",
                (
                    OWN_SERVERS,
                    step("Let SMTP to {host} pass without a proxy"),
                    step("A device that is told this itself, such as a scanner, has to sign in by OAuth"),
                ),
            ),
            PASSING,
        ),
        SUBMISSION_PAGE,
        ("transcript smtp/basic-authentication-retired",),
        "550 5.7.30",
    ),
    Entry(
        "smtp-connections-limit",
        When(_ANYWHERE, ("432",), MailProtocol.SMTP),
        "Too many clients hand in mail for this mailbox at the same time",
        (
            Explanation(
                "More than three connections are open for the mailbox",
                Likelihood.LIKELY,
                "Exchange takes three at a time, and says so by this status; it says nothing of the configuration",
                (
                    step(
                        "Find the other clients of this mailbox and have them send one after another; then check again"
                    ),
                ),
            ),
        ),
        _LIMITS_PAGE,
        (
            "transcript smtp/concurrent-connections",
            "transcript smtp/sender-threads",
            "mailbox busy smtp",
        ),
        "432 4.3.2",
    ),
    Entry(
        "smtp-tls-too-old",
        When(_ANYWHERE, codes=("4.7.66",), protocol=MailProtocol.SMTP),
        "Exchange sees TLS below 1.2, and mailcheck speaks 1.2 or newer",
        (
            Explanation(
                "A proxy that inspects TLS speaks an old version to Exchange",
                Likelihood.LIKELY,
                "the connection that Exchange sees is not the one that mailcheck made",
                (step("Exclude {host} from TLS inspection, or have the proxy speak TLS 1.2"),),
            ),
        ),
        SUBMISSION_PAGE,
        (
            "transcript smtp/tls-too-old",
            "scenario smtp-old-tls smtp",
        ),
        "421 4.7.66",
    ),
    Entry(
        "smtp-not-understood",
        When(_ANYWHERE, ("50*",), MailProtocol.SMTP),
        "{endpoint} does not understand, at the step {stage}, what mailcheck says",
        (_ALTERED, PASSING),
        OAUTH_PAGE,
        (
            "transcript smtp/command-not-recognized",
            "transcript smtp/command-refused-in-words-only",
            "transcript smtp/ehlo-500",
            "transcript smtp/ehlo-501-name",
            "transcript smtp/mechanism-not-recognized",
            "transcript smtp/token-not-understood",
            "fault smtp/auth/bad",
        ),
        "500 5.3.3",
    ),
    Entry(
        "smtp-busy",
        When(_ANYWHERE, ("4*",), MailProtocol.SMTP),
        "The SMTP server asks to come back later",
        (
            Explanation(
                "Exchange has a passing fault",
                Likelihood.LIKELY,
                "a reply that begins with 4 says that the same request may succeed later (RFC 5321 section 4.2.1)",
                (step("Check again in some minutes; look at the service health in the Microsoft 365 admin center"),),
            ),
        ),
        HEALTH_PAGE,
        (
            "transcript smtp/temporary-failure",
            "transcript smtp/closing-at-sign-in",
            "transcript smtp/greeting-421",
            "transcript smtp/starttls-454",
            "transcript smtp/ehlo-after-tls-refused",
            "scenario exchange-busy smtp",
        ),
        "454 4.7.0",
        again=Again.ONCE,
    ),
)
