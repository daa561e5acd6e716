"""The managed identity: what goes wrong before the key vault is asked."""

from mailcheck.diagnosis.entry import Entry, Explanation, Given, When
from mailcheck.diagnosis.text import azure_cli, step
from mailcheck.model.evidence import Fault, Stage
from mailcheck.model.report import Likelihood

_IDENTITY_PAGE = "https://learn.microsoft.com/azure/app-service/overview-managed-identity"
_SHOW = azure_cli("az functionapp identity show --name {function_app} --resource-group {resource_group}")

ENTRIES = (
    Entry(
        "no-managed-identity",
        When((Stage.IDENTITY,), (Fault.NO_ENDPOINT,)),
        "mailcheck has no identity to open the key vault with",
        (
            Explanation(
                "If mailcheck runs in Azure: no managed identity is switched on for the Function App",
                Likelihood.LIKELY,
                "the process found no identity endpoint and no other credential",
                (
                    step("In {portal}: the Function App, Settings, Identity, System assigned: On; or:"),
                    azure_cli("az functionapp identity assign --name {function_app} --resource-group {resource_group}"),
                ),
            ),
            Explanation(
                "If it runs elsewhere, such as on a workstation: nobody is signed in there",
                Likelihood.LIKELY,
                "outside Azure the sign-in of the Azure CLI is used, and there is none",
                (
                    azure_cli("az login --tenant {tenant_id}"),
                    step("Who signs in needs the role Key Vault Secrets User on the vault"),
                ),
            ),
        ),
        _IDENTITY_PAGE,
        ("scenario identity-none",),
    ),
    Entry(
        "managed-identity-refused",
        When((Stage.IDENTITY,)),
        "The managed identity gave no token for the key vault",
        (
            Explanation(
                "The identity endpoint is starting up, or fails for the moment",
                Likelihood.POSSIBLE,
                "for a short time after a start it answers with an error, or not at all",
                (step("Wait a minute and check again"),),
                ((Given.IDENTITY_SILENT, Likelihood.LIKELY),),
            ),
            Explanation(
                "The identity {identity_client_id}, which AZURE_CLIENT_ID names, is not assigned to the Function App",
                None,
                "the identity endpoint refuses when it does not have the identity that is asked for",
                (
                    _SHOW,
                    step("Assign the identity (the Function App, Settings, Identity), or correct AZURE_CLIENT_ID"),
                    step("To use the system-assigned identity, remove AZURE_CLIENT_ID from the app settings"),
                ),
                ((Given.IDENTITY_NAMED, Likelihood.LIKELY),),
            ),
            Explanation(
                "The Function App has only a user-assigned identity, and AZURE_CLIENT_ID is not set",
                Likelihood.LIKELY,
                "without AZURE_CLIENT_ID the system-assigned identity is asked for",
                (
                    _SHOW,
                    step("Set AZURE_CLIENT_ID to the client id of the user-assigned identity, not to its object id"),
                ),
                ((Given.IDENTITY_NAMED, None), (Given.IDENTITY_SILENT, Likelihood.POSSIBLE)),
            ),
        ),
        _IDENTITY_PAGE,
        (
            "scenario identity-not-assigned",
            "scenario identity-user-assigned-only",
            "scenario identity-down",
            "fault identity/answer/silent",
        ),
    ),
)
