"""The Microsoft clouds and their addresses (Entra's page on national clouds, Exchange's endpoint lists)."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Cloud:
    """One Microsoft cloud.

    Attributes:
        authority: Where Entra gives out tokens, without the tenant.
        scope: What an app-only token for Exchange Online is asked for.
        mail_host: The host of IMAP and POP.
        smtp_host: The host of SMTP AUTH (client submission).
    """

    authority: str
    scope: str
    mail_host: str
    smtp_host: str


CLOUDS: Mapping[str, Cloud] = MappingProxyType(
    {
        "public": Cloud(
            authority="https://login.microsoftonline.com",
            scope="https://outlook.office365.com/.default",
            mail_host="outlook.office365.com",
            smtp_host="smtp.office365.com",
        ),
        "usgov": Cloud(
            authority="https://login.microsoftonline.us",
            scope="https://outlook.office365.us/.default",
            mail_host="outlook.office365.us",
            smtp_host="outlook.office365.us",
        ),
        "usdod": Cloud(
            authority="https://login.microsoftonline.us",
            scope="https://outlook-dod.office365.us/.default",
            mail_host="outlook-dod.office365.us",
            smtp_host="outlook-dod.office365.us",
        ),
        "china": Cloud(
            authority="https://login.partner.microsoftonline.cn",
            scope="https://partner.outlook.cn/.default",
            mail_host="partner.outlook.cn",
            smtp_host="smtp.partner.outlook.cn",
        ),
    }
)
