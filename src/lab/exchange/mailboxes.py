"""The lab's mailboxes: each address is a scenario, with the settings an administrator could have made."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from lab.exchange import folders
from lab.exchange.folders import Folder

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
        grants: Object ids of the enterprise applications with FullAccess (`Add-MailboxPermission`).
        backoff: Milliseconds that its clients are told to wait; 0 when it is not throttled.
    """

    address: str
    purpose: str
    folders: tuple[Folder, ...]
    messages: int = 0
    imap_enabled: bool = True
    pop_enabled: bool = True
    grants: set[str] = field(default_factory=set)
    backoff: int = 0


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
    throttled.backoff = _BACKOFF
    return Mailboxes((shared, info, no_imap, no_pop, not_granted, empty, throttled))


def scenarios(domain: str) -> tuple[tuple[str, str], ...]:
    """Rows of (address, purpose) for people; the last address is one that the tenant does not have."""
    rows = tuple((mailbox.address, mailbox.purpose) for mailbox in standard_mailboxes(domain, principal_id=""))
    return (*rows, (f"unknown@{domain}", "There is no such mailbox."))
