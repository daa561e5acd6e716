"""The certificate that Key Vault holds: what goes wrong before Entra is asked."""

from mailcheck.diagnosis.entry import Entry, Explanation, Given, When
from mailcheck.diagnosis.remedies import CLOCK, CREATE, IMPORTED, POLICY, RENEW, UPLOAD
from mailcheck.diagnosis.text import azure_cli, step
from mailcheck.model.evidence import Fault, Stage
from mailcheck.model.report import Likelihood

_CERTIFICATE_PAGE = "https://learn.microsoft.com/azure/key-vault/certificates/about-certificates"

ENTRIES = (
    Entry(
        "certificate-without-key",
        When((Stage.CERTIFICATE,), (Fault.NO_PRIVATE_KEY,)),
        'The certificate "{certificate}" comes without its private key',
        (
            Explanation(
                "It was made with a key that cannot be exported",
                Likelihood.POSSIBLE,
                "the vault gives the key out only where the policy's key is exportable and not in an HSM",
                (
                    POLICY,
                    step('Set "exportable": true and "keyType": "RSA" in policy.json, then:'),
                    CREATE,
                    *UPLOAD,
                ),
                ((Given.WRITTEN_BY_VAULT, Likelihood.CERTAIN),),
            ),
            Explanation(
                "A public certificate was stored as a secret of that name",
                Likelihood.LIKELY,
                "such a secret has no key in it, and the vault does not name it as its own",
                IMPORTED,
                ((Given.WRITTEN_BY_VAULT, None),),
            ),
        ),
        _CERTIFICATE_PAGE,
        (
            "scenario certificate-not-exportable",
            "scenario certificate-public-only",
        ),
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
                (
                    POLICY,
                    step('Set "keyType": "RSA" and "keySize": 2048 or more in policy.json, remove "curve", then:'),
                    CREATE,
                    *UPLOAD,
                ),
            ),
        ),
        "https://learn.microsoft.com/entra/identity-platform/certificate-credentials",
        ("scenario certificate-elliptic",),
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
                    *IMPORTED,
                ),
            ),
        ),
        _CERTIFICATE_PAGE,
        (
            "scenario certificate-encrypted",
            "scenario certificate-plain-text",
        ),
    ),
    Entry(
        "certificate-expired",
        When((Stage.CERTIFICATE,), (Fault.EXPIRED,)),
        'The certificate "{certificate}" expired on {not_after}',
        (
            Explanation(
                "It was not renewed in time",
                Likelihood.CERTAIN,
                "the vault still gives it out, but Entra does not take it any more",
                (*RENEW, step("Check again; then remove the old certificate from the app registration")),
            ),
        ),
        _CERTIFICATE_PAGE,
        ("scenario certificate-expired",),
    ),
    Entry(
        "certificate-not-yet-valid",
        When((Stage.CERTIFICATE,), (Fault.NOT_YET_VALID,)),
        'The certificate "{certificate}" is not valid before {not_before}',
        (
            Explanation(
                "It was made for a later date",
                Likelihood.LIKELY,
                "its validity has not begun by this machine's clock",
                (step("Wait until then, or make a certificate that is valid at once:"), *RENEW),
            ),
            Explanation(
                "This machine's clock is slow",
                Likelihood.POSSIBLE,
                "to a clock that lags, a new certificate is one of tomorrow",
                (CLOCK,),
            ),
        ),
        _CERTIFICATE_PAGE,
        ("scenario certificate-not-yet-valid",),
    ),
)
