"""Folders of the lab's mailboxes: their names in Unicode, and what LIST says about each."""

from dataclasses import dataclass
from enum import Enum, auto
from typing import Self

DELIMITER = "/"


class Form(Enum):
    """How a name stands in a LIST response (RFC 3501, `astring`)."""

    ATOM = auto()
    QUOTED = auto()
    LITERAL = auto()


@dataclass(frozen=True)
class Folder:
    r"""One folder of a mailbox.

    Attributes:
        path: Names from the top level down, in Unicode.
        flags: Attributes of its own: `\Marked`, and special use (RFC 6154). LIST adds `\HasChildren` or
            `\HasNoChildren`, and `\Noselect`.
        selectable: False for a level of the hierarchy that holds no mail.
        form: How LIST must send the name; None leaves it to the name, as Exchange does.
        delimiter: The hierarchy delimiter that LIST names; None is NIL, for a name of one level.
    """

    path: tuple[str, ...]
    flags: tuple[str, ...] = ()
    selectable: bool = True
    form: Form | None = None
    delimiter: str | None = DELIMITER

    @classmethod
    def at(cls, name: str, *flags: str, selectable: bool = True, form: Form | None = None) -> Self:
        """The folder whose levels are separated by `/` in this name."""
        return cls(tuple(name.split(DELIMITER)), flags, selectable, form)


INBOX = Folder.at("INBOX", r"\Marked")

# What a mailbox has on its first day, in a tenant whose LIST shows no special use.
PLAIN = (
    Folder.at("Archive"),
    Folder.at("Calendar"),
    Folder.at("Contacts"),
    Folder.at("Deleted Items"),
    Folder.at("Drafts"),
    INBOX,
    Folder.at("Journal"),
    Folder.at("Junk Email"),
    Folder.at("Notes"),
    Folder.at("Outbox"),
    Folder.at("Sent Items"),
    Folder.at("Tasks"),
)

# A shared mailbox that people of five languages have used for years. Each name is a trap for somebody's parser.
WELL_USED = (
    Folder.at("Archive"),
    Folder.at("Archive/2024"),
    Folder.at("Archive/2025"),
    Folder.at("Archive/2025/Q1"),
    Folder.at("Archive/2025/Q1/January"),
    Folder.at("Calendar"),
    Folder.at("Calendar/Fødselsdage"),
    Folder.at("Calendar/Helligdage i Danmark"),
    Folder.at("Contacts"),
    Folder.at("Deleted Items", r"\Trash"),
    Folder.at("Drafts", r"\Drafts"),
    INBOX,
    Folder.at("INBOX/Invoices"),
    Folder.at("INBOX/Invoices/Unpaid & overdue"),
    Folder.at("Journal"),
    Folder.at("Junk Email", r"\Junk"),
    Folder.at("Notes"),
    Folder.at("Outbox"),
    Folder.at("Sent Items", r"\Sent"),
    Folder.at("Sent Items/2025"),
    Folder.at("Tasks"),
    Folder.at("Kunder", selectable=False),
    Folder.at("Kunder/Øst & Vest", selectable=False),
    Folder.at("Kunder/Øst & Vest/Århus"),
    Folder.at("Projekte", selectable=False),
    Folder.at("Projekte/Größe und Maß"),
    Folder.at('Projekte/Rückfragen "dringend"'),
    Folder.at("Przesyłki"),
    Folder.at("Przesyłki/Zażółć gęślą jaźń"),
    Folder.at("予定表"),
    Folder.at("予定表/会議・出張"),
    Folder.at("🚀 Launch"),
    Folder.at("R&D"),
    Folder.at("&-"),
    Folder.at("~peter"),
    Folder.at("100% *starred*"),
    Folder.at('Say "hello"'),
    Folder.at("back\\slash"),
    Folder.at("{7}"),
    Folder.at("NIL"),
    Folder.at("Plain", form=Form.LITERAL),
    Folder.at("Quoted", form=Form.QUOTED),
    Folder.at("[click](evil.example)"),
)

BARE = (INBOX,)

# What other servers send and RFC 3501 allows: Exchange does not, a proxy in front of it might.
ODD = (
    INBOX,
    Folder.at("Literal Name", form=Form.LITERAL),
    Folder.at('Quoted "and" escaped', form=Form.QUOTED),
    Folder.at("NIL", form=Form.ATOM),
    Folder(("No delimiter",), delimiter=None),
    Folder(("Empty delimiter",), delimiter=""),
    Folder.at("Gone", r"\NonExistent"),
    Folder.at("Childless", r"\Noinferiors"),
    Folder.at(" leading and trailing "),
    Folder.at("x" * 200),
    Folder.at("/".join("deep" for _ in range(40))),
)

# More folders than anyone clicks through.
MANY = (INBOX, *(Folder.at(f"Cases/{number // 100:02}/Case {number:04}") for number in range(3000)))
