"""The words that the bot knows (pure)."""

from typing import Final

from mailcheck.model.request import MailProtocol

COMMAND: Final = "mailcheck"
COMMANDS: Final = frozenset({COMMAND, f"@{COMMAND}"})
HELP: Final = "help"
EXPLAIN: Final = "explain"
WHOAMI: Final = "whoami"
STATUS: Final = "status"
ALL: Final = "all"
PROTOCOLS: Final = {
    **{protocol.value: (protocol,) for protocol in MailProtocol},
    **dict.fromkeys(["imap4", "imap4rev1", "imaps"], (MailProtocol.IMAP,)),
    **dict.fromkeys(["pop3", "pop3s", "pops"], (MailProtocol.POP,)),
    "smtps": (MailProtocol.SMTP,),
    ALL: tuple(MailProtocol),
}
# Ways to a mailbox that are asked for and cannot be checked.
FOREIGN: Final = frozenset({"activesync", "ews", "graph", "mapi"})
THANKS: Final = frozenset({"thank", "thanks", "thx"})
_GREETINGS: Final = frozenset({"hello", "hey", "hi", "you"})
# Said around a request and no part of it.
FILLERS: Final = (
    frozenset({"a", "and", "at", "by", "check", "for", "mailbox", "please", "the", "with"}) | _GREETINGS | THANKS
)
