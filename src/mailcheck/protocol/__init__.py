"""What the bytes mean: one dialogue per mail protocol, without a socket, a clock or a log.

What belongs here: generators that yield effects and end in what they found. What never does: an await, a timeout,
a limit on size (the transport bounds what it reads), or a word to the administrator (diagnosis has those).
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from mailcheck.model.evidence import Evidence
from mailcheck.model.report import Opened
from mailcheck.model.request import Mailbox, MailProtocol
from mailcheck.model.secret import Secret
from mailcheck.protocol.effects import Dialogue
from mailcheck.protocol.imap import list_folders
from mailcheck.protocol.pop import count_messages
from mailcheck.protocol.smtp import sign_in

# How each protocol is talked: from the mailbox and the token to a dialogue that ends in what it opened, or in evidence.
# A further protocol is one more file, one more row here, and its transcripts.
DIALOGUES: Mapping[MailProtocol, Callable[[Mailbox, Secret[str]], Dialogue[Opened | Evidence]]] = MappingProxyType(
    {
        MailProtocol.IMAP: list_folders,
        MailProtocol.POP: count_messages,
        MailProtocol.SMTP: sign_in,
    }
)
