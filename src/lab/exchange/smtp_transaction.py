"""One mail transaction (RFC 5321, section 3.3): MAIL, RCPT, DATA and their extensions. It never comes to a mail."""

import re

from lab.exchange import smtp_reply
from lab.exchange.mailboxes import Mailbox
from lab.exchange.session import Lines, UnreadableError

SIZE_LIMIT = 157_286_400  # octets, what EHLO says
_CHUNK_LIMIT = 1024 * 1024  # octets of one BDAT that are read and dropped
_PATH = re.compile(r"(?:FROM|TO):<(?P<address>[^<>\s]*)>(?: (?P<parameters>.+))?", re.IGNORECASE)
_PARAMETERS = frozenset({"SIZE", "BODY", "SMTPUTF8", "AUTH", "RET", "ENVID", "NOTIFY", "ORCPT"})
_NUMBER = re.compile(r"[0-9]{1,20}")

_NO_SENDER = "503 5.5.2 Need mail command"
_NO_RECIPIENT = "503 5.5.2 Need rcpt command"
_TOO_LARGE = "552 5.3.4 Message size exceeds fixed maximum message size"
_NOT_ASCII = "550 5.6.7 Non-ASCII addresses need SMTPUTF8"  # RFC 6531 section 3.5
_NOT_AS_THIS_SENDER = "550 5.7.60 SMTP; Client does not have permissions to send as this sender"
_TAKES_NO_MAIL = "554 5.3.2 System not accepting messages: the lab takes no mail"


class Transaction:
    """From MAIL to the refusal of its data, for the mailbox that the client signed in to."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox
        self._sender: str | None = None
        self._recipients = 0

    @property
    def open(self) -> bool:
        """Whether MAIL was accepted and the transaction has not ended."""
        return self._sender is not None

    def reset(self) -> None:
        """Ends the transaction."""
        self._sender = None
        self._recipients = 0

    def mail(self, argument: str) -> str:
        """The reply to MAIL."""
        found = _parameters(argument, "FROM")
        if found is None:
            return smtp_reply.INVALID_ARGUMENTS
        if self.open:
            return smtp_reply.BAD_SEQUENCE
        address, parameters = found
        size = parameters.get("SIZE", "0")
        if not _NUMBER.fullmatch(size):
            return smtp_reply.INVALID_ARGUMENTS
        if int(size) > SIZE_LIMIT:
            return _TOO_LARGE
        if not address.isascii() and "SMTPUTF8" not in parameters:
            return _NOT_ASCII
        self._sender = address
        return "250 2.1.0 Sender OK"

    def rcpt(self, argument: str) -> str:
        """The reply to RCPT."""
        found = _parameters(argument, "TO")
        if not found or not found[0]:
            return smtp_reply.INVALID_ARGUMENTS
        if not self.open:
            return _NO_SENDER
        self._recipients += 1
        return "250 2.1.5 Recipient OK"

    def data(self) -> str:
        """The reply to DATA, whose message is not asked for, and to BDAT, whose octets were dropped."""
        if not self._recipients:
            return _NO_RECIPIENT if self.open else _NO_SENDER
        own = self._sender is not None and self._sender.casefold() == self._mailbox.address.casefold()
        self.reset()
        return _TAKES_NO_MAIL if own else _NOT_AS_THIS_SENDER


async def drop_chunk(argument: str, lines: Lines) -> bool:
    """Reads the octets of a BDAT into nothing; whether its arguments said how many there are.

    They follow the command unasked (RFC 3030 section 2), whatever the reply will be.

    Raises:
        PeerGoneError: The connection has ended.
        UnreadableError: They are too many, or did not come in time.
    """
    size, _, last = argument.partition(" ")
    if not _NUMBER.fullmatch(size) or last.upper() not in ("", "LAST"):
        return False
    if int(size) > _CHUNK_LIMIT:
        raise UnreadableError
    await lines.read_octets(int(size))
    return True


def _parameters(argument: str, word: str) -> tuple[str, dict[str, str]] | None:
    """The address of MAIL or RCPT and the extensions' parameters; None when they break the grammar."""
    found = _PATH.fullmatch(argument)
    if found is None or not argument.upper().startswith(word):
        return None
    pairs = [pair.partition("=") for pair in (found["parameters"] or "").split()]
    parameters = {name.upper(): value for name, _, value in pairs}
    return (found["address"], parameters) if set(parameters) <= _PARAMETERS else None
