"""Refusals of a mail server that are not about the app or the mailbox, whatever their stage.

Matched on response codes where there are any (RFC 3206, RFC 2449, RFC 5530), and else on a few sentences of Exchange's
that have been stable for years.
"""

import re

from mailcheck.diagnosis.entry import Again, Entry, Explanation, Given, When
from mailcheck.diagnosis.remedies import HEALTH_PAGE, OAUTH_PAGE, OWN_SERVERS, QUOTE_SERVER, SHORTER_TOKEN
from mailcheck.diagnosis.text import step
from mailcheck.model.evidence import Stage
from mailcheck.model.report import Likelihood
from mailcheck.model.request import MailProtocol

_REFUSED = ("NO", "BAD", "-ERR")
_BEFORE_MAILBOX = (Stage.GREETING, Stage.CAPABILITY, Stage.AUTH)
_LATER = step("Check again in some minutes; look at the service health in the Microsoft 365 admin center")

_PASSING = Explanation(
    "The mail server has a passing fault",
    Likelihood.POSSIBLE,
    "this is not how Exchange refuses an app or a mailbox",
    (_LATER, QUOTE_SERVER),
    ((Given.EXCHANGE_GREETED, Likelihood.LIKELY),),
)
_BETWEEN = Explanation(
    "The server is not Exchange Online, or a proxy or gateway stands in between",
    Likelihood.LIKELY,
    "Exchange Online takes the commands that mailcheck sends",
    (OWN_SERVERS, step("Let {protocol} to {host} pass without a proxy")),
    ((Given.EXCHANGE_GREETED, Likelihood.POSSIBLE),),
)

ENTRIES = (
    Entry(
        "server-unavailable",
        When(
            (*_BEFORE_MAILBOX, Stage.LIST),
            _REFUSED,
            codes=("SYS/TEMP", "UNAVAILABLE"),
            said=re.compile(r"\bserver unavailable\b", re.IGNORECASE),
        ),
        "The mail server is not available at the moment",
        (
            Explanation(
                "The mail server has a passing fault",
                Likelihood.LIKELY,
                "the server speaks of itself, and not of the app or the mailbox",
                (_LATER, QUOTE_SERVER),
            ),
        ),
        HEALTH_PAGE,
        (
            "transcript pop/server-unavailable",
            "transcript pop/greeting-refused",
            "transcript imap/command-refused",
            "mailbox unavailable pop",
            "mailbox unavailable imap",
            "transcript imap/list-refused",
            "transcript pop/stat-refused",
        ),
        "-ERR Server Unavailable. 21",
        again=Again.ONCE,
    ),
    Entry(
        "mailbox-in-use",
        When((Stage.AUTH, Stage.LIST), _REFUSED, codes=("IN-USE", "INUSE")),
        "Another client holds the mailbox",
        (
            Explanation(
                "Another client has the mailbox open, or has just left it",
                Likelihood.LIKELY,
                "the server says so by its response code; it says nothing of the configuration",
                (step("Close the other client, or check again in some minutes"),),
            ),
        ),
        "https://www.rfc-editor.org/rfc/rfc2449#section-8.1.2",
        ("transcript pop/in-use",),
    ),
    Entry(
        "pop-protocol-error",
        When((Stage.AUTH,), ("-ERR",), MailProtocol.POP, said=re.compile(r"^protocol error\b", re.IGNORECASE)),
        "The POP server broke the sign-in off, and did not judge the token",
        (
            Explanation(
                "The token is too long for the server",
                Likelihood.POSSIBLE,
                "since 2025 POP servers of Exchange are reported to refuse tokens of more than some 4,096 characters",
                (*SHORTER_TOKEN, step("Or open the mailbox by IMAP, for which no such limit is known")),
                ((Given.LONG_TOKEN, Likelihood.LIKELY),),
            ),
            _BETWEEN,
            _PASSING,
        ),
        OAUTH_PAGE,
        (
            "transcript pop/protocol-error",
            "scenario token-too-long pop",
        ),
        "-ERR Protocol error. Connection is closed. 10",
    ),
    Entry(
        "command-out-of-order",
        When(
            (Stage.CAPABILITY, Stage.AUTH, Stage.LIST),
            _REFUSED,
            said=re.compile(r"\b(?:not valid in this|in invalid) state\b", re.IGNORECASE),
        ),
        "{endpoint} takes the {protocol} commands for out of order",
        (_BETWEEN, _PASSING),
        OAUTH_PAGE,
        ("transcript pop/command-refused",),
        "-ERR Command is not valid in this state.",
    ),
    Entry(
        "sign-in-not-begun",
        When((Stage.AUTH,), _REFUSED, unread=True),
        "{endpoint} refuses the sign-in before it has read the token",
        (_BETWEEN, _PASSING),
        OAUTH_PAGE,
        ("transcript imap/bad-twice",),
    ),
    Entry(
        "command-not-understood",
        When(
            (Stage.AUTH,),
            ("BAD",),
            MailProtocol.IMAP,
            said=re.compile(r"\bcommand (?:argument )?error\b", re.IGNORECASE),
        ),
        "{endpoint} does not understand the sign-in command",
        (_BETWEEN, _PASSING),
        OAUTH_PAGE,
        ("transcript imap/token-not-understood",),
        "BAD Command Argument Error. 11",
    ),
    Entry(
        "imap-refused",
        When((Stage.CAPABILITY,), ("NO", "BAD"), MailProtocol.IMAP),
        "The IMAP server understood neither the sign-in nor the question for its capabilities",
        (_BETWEEN, _PASSING),
        OAUTH_PAGE,
        ("transcript imap/bad-and-capability-refused",),
    ),
    Entry(
        "pop-refused",
        When((Stage.GREETING, Stage.CAPABILITY, Stage.LIST), ("-ERR",), MailProtocol.POP),
        "The POP server refused at the step {stage}",
        (
            Explanation(
                "The mailbox server has a passing fault, or another client holds the mailbox",
                Likelihood.LIKELY,
                "this is not the answer to a sign-in",
                (_LATER, QUOTE_SERVER),
            ),
        ),
        HEALTH_PAGE,
        ("transcript pop/stat-failed",),
    ),
)
