"""A mailbox with the settings that an administrator could have made, and those of a tenant, found by address."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from lab.exchange.folders import Folder
from lab.exchange.protocols import Protocol
from lab.exchange.troubles import Trouble


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
    _met: set[Protocol] = field(default_factory=set, init=False, repr=False)

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
