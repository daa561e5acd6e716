"""The certificate that Key Vault holds: what goes wrong before Entra is asked."""

from mailcheck.diagnosis.entry import Entry, Explanation, When
from mailcheck.diagnosis.text import azure_cli, step
from mailcheck.model.evidence import Fault, Stage
from mailcheck.model.report import Likelihood

_CERTIFICATE_PAGE = "https://learn.microsoft.com/azure/key-vault/certificates/about-certificates"

_RENEW = (
    azure_cli('az keyvault certificate create --vault-name {vault_name} --name {certificate} --policy "@policy.json"'),
    azure_cli("az keyvault certificate download --vault-name {vault_name} --name {certificate} --file certificate.pem"),
    azure_cli('az ad app credential reset --id {client_id} --cert "@certificate.pem" --append'),
)

ENTRIES = (
    Entry(
        "certificate-without-key",
        When((Stage.CERTIFICATE,), (Fault.NO_PRIVATE_KEY,)),
        'The certificate "{certificate}" comes without its private key',
        (
            Explanation(
                "It was made with a key that cannot be exported",
                Likelihood.LIKELY,
                "the vault gives the key out only where the policy's key is exportable and not in an HSM",
                (step('Set "exportable": true and "keyType": "RSA" in the policy, then:'), *_RENEW),
            ),
            Explanation(
                "A public certificate was stored as a secret of that name",
                Likelihood.POSSIBLE,
                "such a secret has no key in it",
                (
                    azure_cli(
                        "az keyvault certificate import --vault-name {vault_name} --name {certificate} "
                        "--file with-private-key.pfx"
                    ),
                ),
            ),
        ),
        _CERTIFICATE_PAGE,
    ),
    Entry(
        "certificate-not-rsa",
        When((Stage.CERTIFICATE,), (Fault.NOT_RSA,)),
        'The key of "{certificate}" is not an RSA key',
        (
            Explanation(
                "The certificate was made with an elliptic-curve key",
                Likelihood.CERTAIN,
                "client assertions for Entra are signed with RSA (RS256 or PS256)",
                (step('Set "keyType": "RSA" and "keySize": 2048 or more in the policy, then:'), *_RENEW),
            ),
        ),
        "https://learn.microsoft.com/entra/identity-platform/certificate-credentials",
    ),
    Entry(
        "certificate-unreadable",
        When((Stage.CERTIFICATE,), (Fault.UNREADABLE,)),
        'The secret "{certificate}" holds no certificate that can be read',
        (
            Explanation(
                "It is a plain secret, not a certificate, or was stored in another form than PFX or PEM",
                Likelihood.LIKELY,
                "Key Vault certificates are read as base64 PFX or as PEM, without a password",
                (
                    azure_cli(
                        "az keyvault secret show --vault-name {vault_name} --name {certificate} --query contentType"
                    ),
                    azure_cli(
                        "az keyvault certificate import --vault-name {vault_name} --name {certificate} "
                        "--file with-private-key.pfx"
                    ),
                ),
            ),
        ),
        _CERTIFICATE_PAGE,
    ),
    Entry(
        "certificate-expired",
        When((Stage.CERTIFICATE,), (Fault.EXPIRED,)),
        'The certificate "{certificate}" expired on {not_after}',
        (
            Explanation(
                "It was not renewed in time",
                Likelihood.CERTAIN,
                "the vault still gives it out, Entra does not take it any more",
                (*_RENEW, step("Check again; then remove the old certificate from the app registration")),
            ),
        ),
        _CERTIFICATE_PAGE,
    ),
    Entry(
        "certificate-not-yet-valid",
        When((Stage.CERTIFICATE,), (Fault.NOT_YET_VALID,)),
        'The certificate "{certificate}" is valid from {not_before} on only',
        (
            Explanation(
                "It was made for a later date",
                Likelihood.LIKELY,
                "its validity has not begun by this machine's clock",
                (step("Wait until then, or go back to the former version:"), *_RENEW),
            ),
            Explanation(
                "This machine's clock is slow",
                Likelihood.POSSIBLE,
                "a clock that lags makes a new certificate look like one of tomorrow",
                (step("Compare the machine's time with UTC"),),
            ),
        ),
        _CERTIFICATE_PAGE,
    ),
)
