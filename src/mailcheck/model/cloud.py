"""The Microsoft clouds: their addresses, and how each of the administrator's tools is told which one is meant.

Sources: Entra's page on national clouds, Exchange's endpoint lists, the reference pages of `Connect-ExchangeOnline`,
`Connect-MgGraph` and `az cloud`, and Key Vault's page on its DNS suffixes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Cloud:
    """One Microsoft cloud.

    Attributes:
        name: As MAILCHECK_CLOUD has it.
        authority: Where Entra gives out tokens, without the tenant.
        scope: What an app-only token for Exchange Online is asked for.
        mail_host: The host of IMAP and POP.
        smtp_host: The host of SMTP AUTH (client submission).
        vault_suffix: What follows a vault's name in its address.
        portal: The Azure portal, in which Entra's app registrations are as well.
        exchange_environment: `Connect-ExchangeOnline -ExchangeEnvironmentName`; empty where it is the default.
        graph_environment: `Connect-MgGraph -Environment`; empty where it is the default.
        azure_cloud: `az cloud set --name`; empty where it is the default.
    """

    name: str
    authority: str
    scope: str
    mail_host: str
    smtp_host: str
    vault_suffix: str
    portal: str
    exchange_environment: str = ""
    graph_environment: str = ""
    azure_cloud: str = ""

    @property
    def resource(self) -> str:
        """Exchange Online's audience: what a token is for when its servers are to take it."""
        return self.scope.removesuffix("/.default")


PUBLIC = Cloud(
    name="public",
    authority="https://login.microsoftonline.com",
    scope="https://outlook.office365.com/.default",
    mail_host="outlook.office365.com",
    smtp_host="smtp.office365.com",
    vault_suffix=".vault.azure.net",
    portal="https://portal.azure.com",
)
CLOUDS: Mapping[str, Cloud] = MappingProxyType(
    {
        "public": PUBLIC,
        "usgov": Cloud(
            name="usgov",
            authority="https://login.microsoftonline.us",
            scope="https://outlook.office365.us/.default",
            mail_host="outlook.office365.us",
            smtp_host="outlook.office365.us",
            vault_suffix=".vault.usgovcloudapi.net",
            portal="https://portal.azure.us",
            exchange_environment="O365USGovGCCHigh",
            graph_environment="USGov",
            azure_cloud="AzureUSGovernment",
        ),
        "usdod": Cloud(
            name="usdod",
            authority="https://login.microsoftonline.us",
            scope="https://outlook-dod.office365.us/.default",
            mail_host="outlook-dod.office365.us",
            smtp_host="outlook-dod.office365.us",
            vault_suffix=".vault.usgovcloudapi.net",
            portal="https://portal.azure.us",
            exchange_environment="O365USGovDoD",
            graph_environment="USGovDoD",
            azure_cloud="AzureUSGovernment",
        ),
        "china": Cloud(
            name="china",
            authority="https://login.partner.microsoftonline.cn",
            scope="https://partner.outlook.cn/.default",
            mail_host="partner.outlook.cn",
            smtp_host="smtp.partner.outlook.cn",
            vault_suffix=".vault.azure.cn",
            portal="https://portal.azure.cn",
            exchange_environment="O365China",
            graph_environment="China",
            azure_cloud="AzureChinaCloud",
        ),
    }
)
