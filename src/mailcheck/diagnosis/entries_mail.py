"""Exchange's refusals by IMAP and POP that are about the app or the mailbox: signing in, and opening it."""

import re

from mailcheck.diagnosis.causes_mail import (
    ADDRESS,
    AUDIENCE,
    DELEGATED,
    IPV6,
    OTHER_OBJECT_ID,
    PASSING,
    ROLE,
    no_full_access,
    not_granted,
    not_registered,
    switched_off,
)
from mailcheck.diagnosis.entry import Again, Entry, Explanation, When
from mailcheck.diagnosis.remedies import HEALTH_PAGE, OAUTH_PAGE, QUOTE_SERVER
from mailcheck.diagnosis.text import exchange, step
from mailcheck.model.evidence import Stage
from mailcheck.model.report import Likelihood
from mailcheck.model.request import MailProtocol

_SWITCH_PAGE = "https://learn.microsoft.com/powershell/module/exchangepowershell/set-casmailbox"
_NOT_CONNECTED = re.compile(r"authenticated but not connected", re.IGNORECASE)
_TOKEN = (AUDIENCE, DELEGATED, ROLE)

ENTRIES = (
    Entry(
        "imap-not-connected",
        When((Stage.AUTH, Stage.LIST), ("BAD", "NO"), MailProtocol.IMAP, said=_NOT_CONNECTED),
        "Exchange accepts the app, but does not open the mailbox by IMAP",
        (
            *_TOKEN,
            switched_off("IMAP", "ImapEnabled", Likelihood.LIKELY),
            not_granted(Likelihood.POSSIBLE),
            no_full_access(Likelihood.POSSIBLE),
            not_registered(Likelihood.POSSIBLE),
            OTHER_OBJECT_ID,
            ADDRESS,
            PASSING,
            IPV6,
        ),
        _SWITCH_PAGE,
        (
            "transcript imap/not-connected",
            "mailbox no-imap imap",
            "mailbox not-connected imap",
        ),
        "BAD User is authenticated but not connected.",
        again=Again.OVER_IPV4,
    ),
    Entry(
        "imap-sign-in-refused",
        When((Stage.AUTH,), ("NO", "BAD"), MailProtocol.IMAP),
        "Exchange refuses the app's sign-in by IMAP",
        (
            *_TOKEN,
            not_granted(Likelihood.LIKELY),
            no_full_access(Likelihood.LIKELY),
            not_registered(Likelihood.LIKELY),
            OTHER_OBJECT_ID,
            ADDRESS,
            switched_off("IMAP", "ImapEnabled", Likelihood.POSSIBLE),
            PASSING,
        ),
        OAUTH_PAGE,
        (
            "transcript imap/refused",
            "transcript imap/refused-with-reason",
            "transcript imap/refused-with-challenge",
            "mailbox not-granted imap",
            "scenario role-missing-imap",
            "scenario audience-graph",
            "scenario token-delegated",
            "mailbox wrong-object-id imap",
            "mailbox logon-denied imap",
            "mailbox alias imap",
            "mailbox deleted imap",
            "mailbox group imap",
            "mailbox no-recipient imap",
            "mailbox unknown imap",
            "scenario roles-missing",
            "scenario principal-missing",
            "scenario principal-wrong-object-id",
            "scenario imap-incident",
        ),
        "NO AUTHENTICATE failed.",
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
                    exchange("Get-MailboxStatistics -Identity {mailbox}"),
                    QUOTE_SERVER,
                ),
            ),
        ),
        HEALTH_PAGE,
        ("transcript imap/list-failed",),
    ),
    Entry(
        "pop-sign-in-refused",
        When((Stage.AUTH,), ("-ERR",), MailProtocol.POP),
        "Exchange refuses the app's sign-in by POP",
        (
            *_TOKEN,
            not_granted(Likelihood.LIKELY),
            no_full_access(Likelihood.LIKELY),
            not_registered(Likelihood.LIKELY),
            OTHER_OBJECT_ID,
            switched_off("POP", "PopEnabled", Likelihood.POSSIBLE),
            ADDRESS,
            PASSING,
        ),
        OAUTH_PAGE,
        (
            "transcript pop/refused",
            "transcript pop/refused-with-challenge",
            "mailbox not-granted pop",
            "mailbox no-pop pop",
            "scenario role-missing-pop pop",
            "scenario exchange-incident pop",
        ),
        "-ERR Authentication failure: unknown user name or bad password.",
    ),
)
