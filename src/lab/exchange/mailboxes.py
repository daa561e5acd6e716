"""The lab's mailboxes: each address is a scenario, with the settings an administrator could have made."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from lab.exchange import folders
from lab.exchange.folders import Folder
from lab.exchange.protocols import Protocol
from lab.exchange.troubles import Throttled, Trouble

_BACKOFF = 89_000  # milliseconds; Exchange has been seen to ask for one and a half to five minutes


@dataclass
class Mailbox:
    """One mailbox and what Exchange knows about it.

    Attributes:
        address: Its primary SMTP address.
        purpose: The scenario in one sentence, for the people who run the lab.
        folders: In the order of LIST.
        messages: How many messages the inbox holds.
        imap_enabled: `Set-CASMailbox -ImapEnabled`.
        pop_enabled: `Set-CASMailbox -PopEnabled`.
        smtp_auth_disabled: `Set-CASMailbox -SmtpClientAuthenticationDisabled`; None leaves it to the organisation.
        grants: Object ids of the enterprise applications with FullAccess (`Add-MailboxPermission`).
        smtp_assignments: Object ids of the enterprise applications that `Application SMTP.SendAsApp` is assigned to,
            with this mailbox in the scope (`New-ManagementRoleAssignment`).
        absent: Why nothing opens under this address, which the directory knows; empty for a mailbox that is there.
        diagnostics: Whether its server puts Exchange's diagnostics behind a refusal.
        troubles: What goes wrong at a sign-in, by protocol.
        passing: Whether a trouble is over at the next try: it meets every other sign-in by its protocol.
        delay: Seconds until a sign-in that is not refused is answered.
    """

    address: str
    purpose: str
    folders: tuple[Folder, ...]
    messages: int = 0
    imap_enabled: bool = True
    pop_enabled: bool = True
    smtp_auth_disabled: bool | None = None
    grants: set[str] = field(default_factory=set)
    smtp_assignments: set[str] = field(default_factory=set)
    absent: str = ""
    diagnostics: bool = False
    troubles: dict[Protocol, Trouble] = field(default_factory=dict)
    passing: bool = False
    delay: float = 0.0
    _met: set[Protocol] = field(default_factory=set, repr=False)

    def next_trouble(self, protocol: Protocol) -> Trouble | None:
        """What goes wrong at this sign-in; a trouble that passes does so for the next one."""
        trouble = self.troubles.get(protocol)
        if trouble is None or not self.passing:
            return trouble
        if protocol in self._met:
            self._met.remove(protocol)
            return None
        self._met.add(protocol)
        return trouble


class Mailboxes:
    """The mailboxes of a tenant, found by address without regard to case."""

    def __init__(self, mailboxes: Iterable[Mailbox]) -> None:
        self._by_address = {mailbox.address.casefold(): mailbox for mailbox in mailboxes}

    def find(self, address: str) -> Mailbox | None:
        """The mailbox with this primary address, or None."""
        return self._by_address.get(address.casefold())

    def __iter__(self) -> Iterator[Mailbox]:
        return iter(self._by_address.values())


def standard_mailboxes(domain: str, principal_id: str) -> Mailboxes:
    """The lab's mailboxes.

    Args:
        domain: What follows the @ of each address.
        principal_id: The enterprise application that holds FullAccess wherever the scenario does not deny it.
    """

    def granted(name: str, purpose: str, tree: tuple[Folder, ...] = folders.PLAIN, *, messages: int = 3) -> Mailbox:
        return Mailbox(f"{name}@{domain}", purpose, tree, messages, grants={principal_id})

    shared = granted("shared", "Healthy: many folders in five languages, awkward names.", folders.WELL_USED, messages=7)
    info = granted("info", "Healthy: the default folders, no special-use attributes.")
    no_imap = granted("no-imap", "IMAP is switched off for the mailbox; POP works.")
    no_imap.imap_enabled = False
    no_pop = granted("no-pop", "POP is switched off for the mailbox; IMAP works.")
    no_pop.pop_enabled = False
    not_granted = granted("not-granted", "The app has no FullAccess to the mailbox.")
    not_granted.grants.clear()
    empty = granted("empty", "Healthy: nothing but an inbox without mail.", folders.BARE, messages=0)
    throttled = granted("throttled", "Exchange throttles the mailbox and names the time to wait.")
    throttled.troubles = dict.fromkeys(Protocol, Throttled(_BACKOFF))
    no_smtp = granted("no-smtp", "SMTP AUTH is switched off for the mailbox; IMAP and POP work.")
    no_smtp.smtp_auth_disabled = True
    return Mailboxes((shared, info, no_imap, no_pop, no_smtp, not_granted, empty, throttled))


def scenarios(domain: str) -> tuple[tuple[str, str], ...]:
    """Rows of (address, purpose) for people; the last address is one that the tenant does not have."""
    rows = tuple((mailbox.address, mailbox.purpose) for mailbox in standard_mailboxes(domain, principal_id=""))
    return (*rows, (f"unknown@{domain}", "There is no such mailbox."))
