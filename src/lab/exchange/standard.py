"""The lab's mailboxes: each address is a scenario, listed by `python -m lab --scenarios`."""

import math
from dataclasses import replace

from lab.exchange import folders
from lab.exchange.folders import Folder
from lab.exchange.mailboxes import Mailbox, Mailboxes
from lab.exchange.protocols import Protocol
from lab.exchange.troubles import Blocked, HungUp, NotConnected, Throttled, Trouble, Unavailable
from lab.tenant import MAIL_REGISTRATION_ID

_BACKOFF = 89_000  # milliseconds; Exchange has been seen to ask for one and a half to five minutes
_SLOW = 3.0  # seconds, of the ten that a check has
_APP = "the app"  # stands for its id in the rows below


def _opens(name: str, purpose: str, tree: tuple[Folder, ...] = folders.PLAIN, *, messages: int = 3) -> Mailbox:
    return Mailbox(name, purpose, tree, messages, grants={_APP})


def _granted(name: str, purpose: str, *grants: str) -> Mailbox:
    """A mailbox that only these have FullAccess to."""
    return Mailbox(name, purpose, folders.PLAIN, 3, grants=set(grants))


def _troubled(name: str, purpose: str, trouble: Trouble, *protocols: Protocol) -> Mailbox:
    """By all protocols when none is named."""
    return replace(_opens(name, purpose), troubles=dict.fromkeys(protocols or Protocol, trouble))


_HEALTHY = (
    _opens("shared", "Healthy: many folders in five languages, awkward names.", folders.WELL_USED, messages=7),
    _opens("info", "Healthy: the default folders, no special-use attributes."),
    _opens("empty", "Healthy: nothing but an inbox without mail.", folders.BARE, messages=0),
    _opens("many-folders", "Healthy: some three thousand folders.", folders.MANY),
    _opens("odd-names", "Healthy: names and delimiters that only other servers send.", folders.ODD),
    replace(_opens("slow", f"Healthy: a sign-in is answered after {_SLOW:.0f} seconds."), delay=_SLOW),
)
_SETTINGS = (
    replace(_opens("no-imap", "IMAP is switched off for the mailbox; POP and SMTP work."), imap_enabled=False),
    replace(_opens("no-pop", "POP is switched off for the mailbox; IMAP and SMTP work."), pop_enabled=False),
    replace(
        _opens("no-smtp", "SMTP AUTH is switched off for the mailbox; IMAP and POP work."), smtp_auth_disabled=True
    ),
    replace(
        _opens("smtp-on", "SMTP AUTH is switched on for the mailbox, even where the organisation has it off."),
        smtp_auth_disabled=False,
    ),
    _granted("not-granted", "The app has no FullAccess to the mailbox."),
    _granted("wrong-object-id", "FullAccess went to the object id of the app registration.", MAIL_REGISTRATION_ID),
    replace(
        _granted("app-rbac", "RBAC for Applications allows SMTP; there is no FullAccess, and SMTP's role asks for it."),
        smtp_assignments={_APP},
    ),
    replace(_granted("logon-denied", "No FullAccess, and Exchange says so: LogonDenied."), diagnostics=True),
)
_ABSENT = (
    replace(_opens("alias", "A second address of another mailbox, not its primary one."), absent="an alias"),
    replace(_opens("deleted", "The mailbox is soft-deleted."), absent="soft-deleted"),
    replace(_opens("group", "A distribution group has this address, no mailbox."), absent="a group"),
    replace(
        _opens("no-recipient", "There is no such mailbox, and Exchange says so: NoADRecipient."),
        absent="no such mailbox",
        diagnostics=True,
    ),
)
_FAULTS = (
    _troubled(
        "not-connected", "IMAP signs in and hangs up at the first command; POP works.", NotConnected(1), Protocol.IMAP
    ),
    _troubled("closed", "The connection is closed right behind the sign-in.", HungUp()),
    _troubled("unavailable", "The server that has the mailbox does not answer.", Unavailable()),
    replace(
        _troubled("flaky", "The server that has the mailbox does not answer once; the next try works.", Unavailable()),
        passing=True,
    ),
    replace(_opens("silent", "A sign-in is never answered."), delay=math.inf),
    _troubled("policy", "A policy of the organisation blocks SMTP sign-ins.", Blocked(), Protocol.SMTP),
)
_LIMITS = (
    _troubled("throttled", "Exchange throttles the mailbox and names the time to wait.", Throttled(_BACKOFF)),
    _troubled("throttled-untimed", "Exchange throttles the mailbox and names no time.", Throttled(None)),
    _troubled(
        "throttled-no", "Throttled: IMAP says NO in place of BAD, and stays.", Throttled(_BACKOFF, closing=False),
        Protocol.IMAP,
    ),
    _troubled(
        "throttled-no-untimed", "Throttled: IMAP says NO, and names no time.", Throttled(None, closing=False),
        Protocol.IMAP,
    ),
    _troubled(
        "throttled-list", "Throttled: IMAP says so to LIST, after the sign-in.", Throttled(_BACKOFF, listing=True),
        Protocol.IMAP,
    ),
    _troubled("busy", "Too many SMTP connections to the mailbox; IMAP and POP work.", Throttled(None), Protocol.SMTP),
)  # fmt: skip
_ROWS = (*_HEALTHY, *_SETTINGS, *_ABSENT, *_FAULTS, *_LIMITS)


def standard_mailboxes(domain: str, principal_id: str) -> Mailboxes:
    """The lab's mailboxes.

    Args:
        domain: What follows the @ of each address.
        principal_id: The enterprise application that holds FullAccess wherever the scenario does not deny it.
    """

    def ids(holders: set[str]) -> set[str]:
        return {principal_id if holder == _APP else holder for holder in holders}

    return Mailboxes(
        replace(
            row,
            address=f"{row.address}@{domain}",
            grants=ids(row.grants),
            smtp_assignments=ids(row.smtp_assignments),
            troubles=dict(row.troubles),
        )
        for row in _ROWS
    )


def scenarios(domain: str) -> tuple[tuple[str, str], ...]:
    """Rows of (address, purpose) for people; the last address is one that the tenant does not have."""
    rows = tuple((mailbox.address, mailbox.purpose) for mailbox in standard_mailboxes(domain, principal_id=""))
    return (*rows, (f"unknown@{domain}", "There is no such mailbox."))
