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
    """

    authority: str
    scope: str
    mail_host: str


CLOUDS: Mapping[str, Cloud] = MappingProxyType(
    {
        "public": Cloud(
            "https://login.microsoftonline.com", "https://outlook.office365.com/.default", "outlook.office365.com"
        ),
        "usgov": Cloud(
            "https://login.microsoftonline.us", "https://outlook.office365.us/.default", "outlook.office365.us"
        ),
        "usdod": Cloud(
            "https://login.microsoftonline.us", "https://outlook-dod.office365.us/.default", "outlook-dod.office365.us"
        ),
        "china": Cloud(
            "https://login.partner.microsoftonline.cn", "https://partner.outlook.cn/.default", "partner.outlook.cn"
        ),
    }
)
