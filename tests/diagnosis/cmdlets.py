"""The commands that remedies may use, each with the parameters that its reference page has and a remedy needs.

learn.microsoft.com/powershell/module/exchangepowershell/NAME, .../module/microsoft.graph.applications/NAME (and
.authentication for Connect-MgGraph), .../module/microsoft.powershell.core/NAME and .utility for PowerShell's own,
learn.microsoft.com/cli/azure/NAME.
"""

from collections.abc import Mapping

CMDLETS: Mapping[str, frozenset[str]] = {
    # Exchange Online
    "Connect-ExchangeOnline": frozenset({"-ExchangeEnvironmentName"}),
    "Get-ServicePrincipal": frozenset(),
    "New-ServicePrincipal": frozenset({"-AppId", "-ObjectId", "-DisplayName"}),
    "Remove-ServicePrincipal": frozenset({"-Identity"}),
    "Test-ServicePrincipalAuthorization": frozenset({"-Identity", "-Resource"}),
    "Get-Mailbox": frozenset({"-Identity", "-SoftDeletedMailbox"}),
    "Get-Recipient": frozenset({"-Identity"}),
    "Get-MailboxStatistics": frozenset({"-Identity"}),
    "Get-MailboxPermission": frozenset({"-Identity"}),
    "Add-MailboxPermission": frozenset({"-Identity", "-User", "-AccessRights"}),
    "Add-RecipientPermission": frozenset({"-Identity", "-Trustee", "-AccessRights"}),
    "Get-CASMailbox": frozenset({"-Identity"}),
    "Set-CASMailbox": frozenset({"-Identity", "-ImapEnabled", "-PopEnabled", "-SmtpClientAuthenticationDisabled"}),
    "Get-TransportConfig": frozenset(),
    "Set-TransportConfig": frozenset({"-SmtpClientAuthenticationDisabled"}),
    "Get-DistributionGroup": frozenset({"-Identity"}),
    "New-ManagementScope": frozenset({"-Name", "-RecipientRestrictionFilter"}),
    "New-ManagementRoleAssignment": frozenset({"-App", "-Role", "-CustomResourceScope"}),
    # Microsoft Graph
    "Connect-MgGraph": frozenset({"-Scopes", "-Environment"}),
    "Get-MgServicePrincipal": frozenset({"-Filter", "-All"}),
    "New-MgServicePrincipal": frozenset({"-AppId"}),
    "Update-MgServicePrincipal": frozenset({"-ServicePrincipalId", "-AccountEnabled"}),
    "New-MgServicePrincipalAppRoleAssignment": frozenset(
        {"-ServicePrincipalId", "-PrincipalId", "-ResourceId", "-AppRoleId"}
    ),
    # PowerShell itself; -eq and -in are parameters of Where-Object where no script block is given
    "Where-Object": frozenset({"-eq", "-in"}),
    "ForEach-Object": frozenset(),
    "Format-List": frozenset(),
    "Format-Table": frozenset(),
}
_JSON = frozenset({"--query", "-o", "--output"})
AZ: Mapping[str, frozenset[str]] = {
    "login": frozenset({"--tenant"}),
    "cloud set": frozenset({"--name"}),
    "account show": _JSON,
    "functionapp identity show": frozenset({"--name", "--resource-group"}),
    "functionapp identity assign": frozenset({"--name", "--resource-group"}),
    "role assignment create": frozenset({"--role", "--assignee-object-id", "--assignee-principal-type", "--scope"}),
    "keyvault list": _JSON,
    "keyvault list-deleted": _JSON,
    "keyvault show": _JSON | {"--name"},
    "keyvault update": frozenset({"--name", "--public-network-access"}),
    "keyvault set-policy": frozenset({"--name", "--object-id", "--secret-permissions"}),
    "keyvault private-link-resource list": frozenset({"--vault-name"}),
    "keyvault network-rule add": frozenset({"--name", "--ip-address"}),
    "keyvault certificate show": _JSON | {"--vault-name", "--name"},
    "keyvault certificate list": _JSON | {"--vault-name"},
    "keyvault certificate list-deleted": _JSON | {"--vault-name"},
    "keyvault certificate recover": frozenset({"--vault-name", "--name"}),
    "keyvault certificate create": frozenset({"--vault-name", "--name", "--policy"}),
    "keyvault certificate import": frozenset({"--vault-name", "--name", "--file"}),
    "keyvault certificate download": frozenset({"--vault-name", "--name", "--file"}),
    "keyvault certificate set-attributes": frozenset({"--vault-name", "--name", "--enabled"}),
    "keyvault certificate pending show": frozenset({"--vault-name", "--name"}),
    "keyvault secret show": _JSON | {"--vault-name", "--name"},
    "keyvault secret list": _JSON | {"--vault-name"},
    "keyvault secret list-deleted": _JSON | {"--vault-name"},
    "keyvault secret recover": frozenset({"--vault-name", "--name"}),
    "keyvault secret set": _JSON | {"--vault-name", "--name", "--value"},
    "keyvault secret set-attributes": frozenset({"--vault-name", "--name", "--enabled"}),
    "ad app list": _JSON | {"--all"},
    "ad app update": frozenset({"--id", "--is-fallback-public-client"}),
    "ad app credential list": _JSON | {"--id", "--cert"},
    "ad app credential reset": _JSON | {"--id", "--cert", "--append"},
    "ad sp update": frozenset({"--id", "--set"}),
}
