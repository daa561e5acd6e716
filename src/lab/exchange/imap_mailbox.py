"""IMAP's questions about an open mailbox: LIST, NAMESPACE, SELECT, STATUS and their kin. Nothing is ever written."""

from dataclasses import dataclass

from lab.exchange import imap_list
from lab.exchange.folders import INBOX, Folder
from lab.exchange.imap_command import Command
from lab.exchange.mailboxes import Mailbox

ARGUMENT_ERROR = "BAD Command Argument Error. 11"
COMMAND_ERROR = "BAD Command Error. 10"
# The commands of the authenticated and the selected state that the lab knows.
NAMES = frozenset({"NAMESPACE", "LIST", "LSUB", "SELECT", "EXAMINE", "STATUS", "CLOSE", "UNSELECT"})
_UIDVALIDITY = 14
_FLAGS = r"\Seen \Answered \Flagged \Deleted \Draft"


@dataclass(frozen=True)
class Answer:
    """A tagged status without its tag, and the untagged lines that go before it."""

    status: str
    untagged: tuple[bytes, ...] = ()


def completed(command: Command, *untagged: bytes, code: str = "") -> Answer:
    """The answer to a command that went well; the code is a response code with a space behind it."""
    return Answer(f"OK {code}{command.name} completed.", untagged)


def answer(mailbox: Mailbox, command: Command) -> Answer:
    """What Exchange answers to a command in the authenticated or selected state."""
    match command.name, command.arguments:
        case "NAMESPACE", ():
            return completed(command, b'* NAMESPACE (("" "/")) NIL NIL')
        case "LIST", (str(reference), str(pattern)):
            return completed(command, *imap_list.list_lines(mailbox.folders, reference, pattern))
        case "SELECT" | "EXAMINE", (str(name),):
            return _select(mailbox, command, name)
        case "STATUS", (str(name), (str(), *_) as items):
            return _status(mailbox, command, name, items)
        case "CLOSE" | "UNSELECT", ():
            return completed(command)
        case _:  # LSUB too, whatever its arguments: Exchange keeps no subscriptions
            return Answer(ARGUMENT_ERROR if command.name in NAMES else COMMAND_ERROR)


def _select(mailbox: Mailbox, command: Command, name: str) -> Answer:
    folder = imap_list.find(mailbox.folders, name)
    if folder is None or not folder.selectable:
        return Answer(f"NO {command.name} failed.")
    messages = _messages(mailbox, folder)
    untagged = (
        f"* {messages} EXISTS",
        "* 0 RECENT",
        f"* FLAGS ({_FLAGS})",
        f"* OK [PERMANENTFLAGS ({_FLAGS})] Permanent flags",
        f"* OK [UIDVALIDITY {_UIDVALIDITY}] UIDVALIDITY value",
        f"* OK [UIDNEXT {messages + 1}] The next unique identifier value",
    )
    code = "[READ-WRITE] " if command.name == "SELECT" else "[READ-ONLY] "
    return completed(command, *(line.encode("ascii") for line in untagged), code=code)


def _status(mailbox: Mailbox, command: Command, name: str, items: tuple[object, ...]) -> Answer:
    folder = imap_list.find(mailbox.folders, name)
    if folder is None or not folder.selectable:
        return Answer("NO STATUS failed.")
    messages = _messages(mailbox, folder)
    known: dict[object, int] = {
        "MESSAGES": messages,
        "RECENT": 0,
        "UIDNEXT": messages + 1,
        "UIDVALIDITY": _UIDVALIDITY,
        "UNSEEN": messages,
    }
    wanted = [item.upper() if isinstance(item, str) else item for item in items]
    if any(item not in known for item in wanted):
        return Answer(ARGUMENT_ERROR)
    values = " ".join(f"{item} {known[item]}" for item in wanted)
    return completed(command, b"* STATUS %b (%b)" % (imap_list.render_name(folder), values.encode("ascii")))


def _messages(mailbox: Mailbox, folder: Folder) -> int:
    return mailbox.messages if folder.path == INBOX.path else 0
