"""The ways into a mailbox, and the application permissions that open them."""

from enum import StrEnum


class Protocol(StrEnum):
    """A way into a mailbox."""

    IMAP = "imap"
    POP = "pop"
    SMTP = "smtp"


# Application permissions of "Office 365 Exchange Online".
ROLES = {Protocol.IMAP: "IMAP.AccessAsApp", Protocol.POP: "POP.AccessAsApp", Protocol.SMTP: "SMTP.SendAsApp"}
