"""The client secret that Key Vault holds: what goes wrong before Entra is asked."""

from mailcheck.diagnosis.entry import Entry, Explanation, Given, When
from mailcheck.diagnosis.remedies import CLOCK, RENEW_SECRET
from mailcheck.diagnosis.text import azure_cli, step
from mailcheck.model.evidence import Fault, Stage
from mailcheck.model.report import Likelihood

_SECRETS_PAGE = "https://learn.microsoft.com/azure/key-vault/secrets/about-secrets"

ENTRIES = (
    Entry(
        "client-secret-unreadable",
        When((Stage.SECRET,), (Fault.UNREADABLE,)),
        'What the key vault holds under the name "{secret}" is no client secret',
        (
            Explanation(
                "The ID of the client secret was stored, and not its value",
                None,
                "the portal shows both side by side, and the value only once, when the secret is made",
                (step("Make a new client secret for the app and store its value:"), *RENEW_SECRET),
                ((Given.FOUND_ID, Likelihood.LIKELY),),
            ),
            Explanation(
                "The value was stored with a space or the end of a line",
                None,
                "a client secret is one word; files and clipboards add the end of a line",
                (step("Store the value again without it, or make a new one:"), *RENEW_SECRET),
                ((Given.FOUND_SPACE, Likelihood.LIKELY),),
            ),
            Explanation(
                "The app signs in with a certificate, and MAILCHECK_CREDENTIAL says secret",
                Likelihood.POSSIBLE,
                "a certificate is kept in the vault under the same kind of name",
                (step("Remove MAILCHECK_CREDENTIAL, and put the certificate's name into MAILCHECK_CERTIFICATE"),),
                (
                    (Given.FOUND_CERTIFICATE, Likelihood.LIKELY),
                    (Given.FOUND_ID, None),
                    (Given.FOUND_SPACE, None),
                ),
            ),
            Explanation(
                "Something else was stored under that name",
                Likelihood.LIKELY,
                "a client secret is one line of some forty characters",
                (step("Make a new client secret for the app and store its value:"), *RENEW_SECRET),
                (
                    (Given.FOUND_CERTIFICATE, Likelihood.POSSIBLE),
                    (Given.FOUND_ID, Likelihood.POSSIBLE),
                    (Given.FOUND_SPACE, Likelihood.POSSIBLE),
                ),
            ),
        ),
        _SECRETS_PAGE,
        (
            "scenario secret-empty",
            "scenario secret-id",
            "scenario secret-with-line-end",
            "scenario secret-is-certificate",
        ),
    ),
    Entry(
        "client-secret-expired",
        When((Stage.SECRET,), (Fault.EXPIRED,)),
        'By its date in the key vault the client secret "{secret}" expired on {not_after}',
        (
            Explanation(
                "It was not renewed in time",
                Likelihood.LIKELY,
                "the vault notes the date and still gives the secret out",
                RENEW_SECRET,
            ),
            Explanation(
                "It was renewed in Entra, and the date in the vault was left as it was",
                Likelihood.POSSIBLE,
                "the two dates are kept apart, and nothing brings them together",
                (
                    azure_cli(
                        "az ad app credential list --id {client_id} --query "
                        '"[].{{name:displayName,hint:hint,end:endDateTime}}" -o table'
                    ),
                    step("If the secret is still good there, correct its expiry date in the vault"),
                ),
            ),
        ),
        _SECRETS_PAGE,
        ("scenario secret-expired-in-vault",),
    ),
    Entry(
        "client-secret-not-yet-valid",
        When((Stage.SECRET,), (Fault.NOT_YET_VALID,)),
        'By its date in the key vault the client secret "{secret}" is not valid before {not_before}',
        (
            Explanation(
                "It was stored for a later date",
                Likelihood.LIKELY,
                "its validity has not begun by this machine's clock",
                (step("Wait until then, or correct its activation date in the vault"),),
            ),
            Explanation(
                "This machine's clock is slow",
                Likelihood.POSSIBLE,
                "to a clock that lags, today's date lies ahead",
                (CLOCK,),
            ),
        ),
        _SECRETS_PAGE,
        ("scenario secret-not-yet-valid",),
    ),
)
