"""Entra's judgement on what mailcheck signs in with: the certificate and the request it signs, or the client secret.

Matched on AADSTS numbers, never on their texts.
"""

from dataclasses import replace

from mailcheck.diagnosis.entry import Entry, Explanation, Given, aadsts, answers
from mailcheck.diagnosis.remedies import CLOCK, CREATE, IMPORT, POLICY, QUOTE_REQUEST, RENEW, RENEW_SECRET, UPLOAD
from mailcheck.diagnosis.text import azure_cli, step
from mailcheck.model.report import Likelihood

_CODES_PAGE = "https://learn.microsoft.com/entra/identity-platform/reference-error-codes"
_ASSERTION_PAGE = "https://learn.microsoft.com/entra/identity-platform/certificate-credentials"

_BETWEEN = Explanation(
    "MAILCHECK_AUTHORITY is not Entra's own address, or a proxy rewrites the request",
    Likelihood.LIKELY,
    "mailcheck sends a request with the app's own credential in it, and Entra saw another one",
    (step("Where MAILCHECK_AUTHORITY is set, remove it from the app settings; let requests to Entra pass unchanged"),),
)
_OUR_FAULT = Explanation(
    "There is a fault in mailcheck",
    Likelihood.POSSIBLE,
    "mailcheck leaves it to Microsoft's library to build the request, but a fault is not ruled out",
    (step("Report the evidence line and the version of mailcheck"), QUOTE_REQUEST),
)
# Where the app has a certificate: mailcheck sent no secret, and Entra judged one.
_NO_SECRET_SENT = tuple(replace(one, shift=((Given.SECRET_USED, None),)) for one in (_BETWEEN, _OUR_FAULT))

ENTRIES = (
    Entry(
        "certificate-not-registered",
        aadsts(700027),
        "The app registration does not know the certificate that mailcheck signs with",
        (
            Explanation(
                "The certificate {thumbprint} is not uploaded to the app registration {client_id}",
                Likelihood.LIKELY,
                "Entra found no certificate of that thumbprint on the app; a renewal in Key Vault does not upload the "
                "new certificate by itself",
                (
                    azure_cli(
                        'az ad app credential list --id {client_id} --cert --query "[].customKeyIdentifier" -o tsv'
                    ),
                    step("If {thumbprint} is not among these, upload the certificate; the others stay:"),
                    *UPLOAD,
                    step("Wait a minute, then check again"),
                ),
            ),
            Explanation(
                "MAILCHECK_CLIENT_ID names another app registration than the one with the certificate",
                Likelihood.POSSIBLE,
                "the certificate may be registered, but elsewhere",
                (step("Compare MAILCHECK_CLIENT_ID with the application (client) id in {portal}: App registrations"),),
            ),
        ),
        _ASSERTION_PAGE,
        (*answers(700027), "scenario certificate-not-registered"),
    ),
    Entry(
        "certificate-refused-by-entra",
        aadsts(1000502),
        "Entra says that the certificate {thumbprint} is not valid now",
        (
            Explanation(
                "The certificate has expired or is not valid yet",
                Likelihood.LIKELY,
                "Entra judges it by its own clock",
                (*RENEW, step("Check again; then remove the old certificate from the app registration")),
            ),
            Explanation(
                "This machine's clock is wrong",
                Likelihood.POSSIBLE,
                "by this machine's clock the certificate is valid, and by Entra's it is not",
                (CLOCK,),
            ),
        ),
        _ASSERTION_PAGE,
        answers(1000502),
    ),
    Entry(
        "certificate-revoked",
        aadsts(7000214, 7000277),
        "Entra says that the certificate {thumbprint} has been revoked",
        (
            Explanation(
                "The certificate was revoked",
                Likelihood.CERTAIN,
                "Entra does not take a revoked certificate again",
                (*RENEW, step("Then remove the revoked certificate from the app registration")),
            ),
        ),
        _CODES_PAGE,
        (*answers(7000214, 7000277), "scenario certificate-revoked"),
    ),
    Entry(
        "assertion-signature-wrong",
        aadsts(7000274),
        "The signature does not fit the certificate {thumbprint}",
        (
            Explanation(
                "The private key in the key vault is not the key of the certificate that Entra has",
                Likelihood.LIKELY,
                "Entra found the certificate and could not verify the signature with it",
                (
                    step("Import the certificate again, with its own key, by the first line; or make a new one:"),
                    IMPORT,
                    POLICY,
                    CREATE,
                    *UPLOAD,
                ),
            ),
        ),
        _ASSERTION_PAGE,
        answers(7000274),
    ),
    Entry(
        "assertion-out-of-time",
        aadsts(700024),
        "The signed request was not valid at the time when Entra read it",
        (
            Explanation(
                "This machine's clock is wrong",
                Likelihood.LIKELY,
                "a signed request is valid for some minutes from the time that this machine's clock shows; the "
                "evidence names both times",
                (CLOCK,),
            ),
        ),
        _ASSERTION_PAGE,
        (*answers(700024), "scenario clock-slow"),
    ),
    Entry(
        "assertion-malformed",
        aadsts(50012, 50027, 50048, 700030),
        "Entra cannot accept the form of the signed request",
        (_BETWEEN, _OUR_FAULT),
        _ASSERTION_PAGE,
        answers(50012, 50027, 50048, 700030),
    ),
    Entry(
        "request-altered",
        aadsts(7000216, 7000218, 900144, 901002),
        "The request reached Entra in another form than mailcheck sends it",
        (_BETWEEN, _OUR_FAULT),
        _CODES_PAGE,
        answers(7000216, 7000218, 900144, 901002),
    ),
    Entry(
        "client-secret-wrong",
        aadsts(7000215),
        "Entra does not accept the client secret",
        (
            Explanation(
                "What the key vault holds is not the value of a secret of this app",
                None,
                "Entra compared it with the secrets of {client_id}; the ID that the portal shows beside each secret is "
                "not the secret",
                RENEW_SECRET,
                ((Given.SECRET_USED, Likelihood.LIKELY),),
            ),
            Explanation(
                "MAILCHECK_CLIENT_ID names another app registration than the one with the secret",
                None,
                "the secret may be good, but for another app",
                (step("Compare MAILCHECK_CLIENT_ID with the application (client) id in {portal}: App registrations"),),
                ((Given.SECRET_USED, Likelihood.POSSIBLE),),
            ),
            *_NO_SECRET_SENT,
        ),
        _CODES_PAGE,
        (*answers(7000215), "scenario secret-wrong"),
    ),
    Entry(
        "client-secret-expired-in-entra",
        aadsts(7000222),
        "Entra says that the client secret has expired",
        (
            Explanation(
                "It was not renewed in time",
                None,
                "Entra keeps an end date for each secret, and it is past",
                (*RENEW_SECRET, step("Check again; then remove the old secret from the app registration")),
                ((Given.SECRET_USED, Likelihood.CERTAIN),),
            ),
            *_NO_SECRET_SENT,
        ),
        _CODES_PAGE,
        (*answers(7000222), "scenario secret-expired-in-entra"),
    ),
    Entry(
        "app-is-public-client",
        aadsts(700025),
        "The app is a public client, and Entra takes no credential from one",
        (
            Explanation(
                'The app registration allows public client flows ("Allow public client flows: Yes")',
                Likelihood.LIKELY,
                "Entra says that the client is public",
                (
                    azure_cli("az ad app update --id {client_id} --is-fallback-public-client false"),
                    step("Or in {portal}: the app registration, Authentication, Allow public client flows: No"),
                ),
            ),
        ),
        _CODES_PAGE,
        (*answers(700025), "scenario app-public-client"),
    ),
)
