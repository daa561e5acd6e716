"""Remedies and explanations that several entries share."""

from mailcheck.diagnosis.entry import Explanation, Given
from mailcheck.diagnosis.text import Line, azure_cli, graph, step, when_known
from mailcheck.model.report import Likelihood

EXCHANGE_ID = "00000002-0000-0ff1-ce00-000000000000"  # Office 365 Exchange Online, the same in every tenant
GRANT_SCOPES = ("AppRoleAssignment.ReadWrite.All", "Application.Read.All")  # to give an app its roles
OAUTH_PAGE = (
    "https://learn.microsoft.com/exchange/client-developer/legacy-protocols/"
    "how-to-authenticate-an-imap-pop-smtp-application-by-using-oauth"
)
SUBMISSION_PAGE = (
    "https://learn.microsoft.com/exchange/clients-and-mobile-in-exchange-online/authenticated-client-smtp-submission"
)
HEALTH_PAGE = "https://learn.microsoft.com/microsoft-365/enterprise/view-service-health"

UPLOAD = (
    azure_cli("az keyvault certificate download --vault-name {vault_name} --name {certificate} --file certificate.pem"),
    azure_cli('az ad app credential reset --id {client_id} --cert "@certificate.pem" --append'),
)
POLICY = azure_cli(
    "az keyvault certificate show --vault-name {vault_name} --name {certificate} --query policy > policy.json"
)
CREATE = azure_cli(
    'az keyvault certificate create --vault-name {vault_name} --name {certificate} --policy "@policy.json"'
)
RENEW = (POLICY, CREATE, *UPLOAD)
# The new secret goes from one command into the other, and is never on a screen or in a history.
RENEW_SECRET = (
    azure_cli(
        "az keyvault secret set --vault-name {vault_name} --name {secret} "
        '--value="$(az ad app credential reset --id {client_id} --append --query password -o tsv)" --output none'
    ),
)
IMPORT = azure_cli(
    "az keyvault certificate import --vault-name {vault_name} --name {certificate} --file with-private-key.pfx"
)
SIGN_INS = step(
    "In {portal}, Microsoft Entra ID: Sign-in logs, Service principal sign-ins: what was refused, and by which policy"
)
# After an import: the vault may keep the name for what it has, and the app may know another certificate.
IMPORTED = (
    IMPORT,
    step("If the vault refuses the name, take another one, and put it into MAILCHECK_CERTIFICATE"),
    step("If it is another certificate than the app registration has, upload its public part:"),
    *UPLOAD,
)
CLOCK = step("Compare the machine's clock with UTC, and correct it")
OWN_SERVERS = step(
    "Where MAILCHECK_IMAP, MAILCHECK_POP or MAILCHECK_SMTP is set, correct or remove it; "
    "MAILCHECK_CLOUD names the right servers"
)
NO_SCOPE = step("Remove MAILCHECK_SCOPE from the app settings; the scope then follows from MAILCHECK_CLOUD")
# For Microsoft's support, which asks for one of them; shown only where it was told.
QUOTE_SERVER = when_known(step("If it stays so, tell Microsoft's support the name of the server: {server}"))
QUOTE_REQUEST = when_known(step("If it stays so, tell Microsoft's support the correlation id: {correlation_id}"))
SHORTER_TOKEN = (
    when_known(step("This token has {token_length} characters")),
    step("Use an app with no other permissions than it needs: each one makes the token longer"),
)

ENABLE_EXCHANGE = (
    graph(
        f"Get-MgServicePrincipal -Filter \"AppId eq '{EXCHANGE_ID}'\" | "
        "ForEach-Object {{ Update-MgServicePrincipal -ServicePrincipalId $_.Id -AccountEnabled:$true }}",
        "Application.ReadWrite.All",
    ),
)

CLOCK_WRONG = Explanation(
    "This machine's clock is wrong",
    None,
    "the certificate is not valid at the time that this machine shows",
    (CLOCK,),
    ((Given.OUT_OF_DATE, Likelihood.POSSIBLE),),
)


def inspected(otherwise: Likelihood, exempt: Line) -> Explanation:
    """A proxy that inspects TLS; likely where the certificate does not hold."""
    return Explanation(
        "A proxy that inspects TLS stands in between",
        otherwise,
        "it answers with certificates of its own, or in its own words",
        (exempt, step("Or name a file with the proxy's certificate authority in MAILCHECK_CA_FILE")),
        ((Given.UNTRUSTED, Likelihood.LIKELY),),
    )
