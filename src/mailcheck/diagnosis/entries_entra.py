"""Entra's token endpoint itself: busy, out of reach, or refusing for a reason that has no entry of its own."""

from mailcheck.diagnosis.entry import Entry, Explanation, Given, When, aadsts, answers
from mailcheck.diagnosis.remedies import CLOCK_WRONG, QUOTE_REQUEST, SIGN_INS, inspected
from mailcheck.diagnosis.text import step, when_known
from mailcheck.model.evidence import Fault, Stage
from mailcheck.model.report import Likelihood

_CODES_PAGE = "https://learn.microsoft.com/entra/identity-platform/reference-error-codes"
_CLOUDS_PAGE = "https://learn.microsoft.com/entra/identity-platform/authentication-national-cloud"
_THROTTLED = aadsts(90055, 50196).signals
_TRANSIENT = aadsts(90033, 90024, 50033, 90006, 90012, 90090).signals

ENTRIES = (
    Entry(
        "entra-throttled",
        When((Stage.TOKEN,), ("429", *_THROTTLED)),
        "Entra is asked for tokens too often",
        (
            Explanation(
                "This app or its tenant asks for too many tokens in a short time",
                Likelihood.LIKELY,
                "mailcheck keeps a token until shortly before it expires; other programs may use the same app",
                (
                    when_known(step("Entra asks to wait {backoff}")),
                    step("Wait some minutes, then check again; look for other programs that sign in as {client_id}"),
                ),
            ),
        ),
        _CODES_PAGE,
        (*answers(90055, 50196), "scenario entra-throttled", "fault token/token/status-429"),
    ),
    Entry(
        "entra-busy",
        When((Stage.TOKEN,), ("500", "502", "503", "504", "temporarily_unavailable", *_TRANSIENT)),
        "Entra is busy or has a passing fault",
        (
            Explanation(
                "The fault is on Microsoft's side",
                Likelihood.LIKELY,
                "an answer like this one is given for the moment: the same request may succeed later",
                (step("Check again in some minutes; look at https://status.cloud.microsoft"), QUOTE_REQUEST),
            ),
        ),
        _CODES_PAGE,
        (
            *answers(90033, 90024, 50033, 90006, 90012, 90090),
            "scenario entra-busy",
            "scenario entra-error",
            "fault token/tenant/status-503",
        ),
    ),
    Entry(
        "entra-unreachable",
        When(
            (Stage.TOKEN,),
            (
                Fault.TIMEOUT,
                Fault.NAME_NOT_FOUND,
                Fault.REFUSED,
                Fault.UNREACHABLE,
                Fault.CLOSED,
                Fault.UNTRUSTED,
                Fault.HOST_MISMATCH,
                Fault.EXPIRED,
                Fault.NOT_YET_VALID,
                Fault.TLS_FAILED,
                Fault.TOO_MUCH,
                Fault.MALFORMED,
            ),
        ),
        "Entra's token endpoint could not be reached",
        (
            Explanation(
                "The way out of the Function App's network does not lead to Entra",
                Likelihood.LIKELY,
                "no answer in Entra's own form came back",
                (
                    when_known(
                        step("Allow HTTPS (443) from the Function App to {host}; look at routes, proxy and DNS")
                    ),
                    step("If MAILCHECK_AUTHORITY is set, remove it; MAILCHECK_CLOUD names the right address"),
                ),
                ((Given.UNTRUSTED, None),),
            ),
            inspected(Likelihood.POSSIBLE, step("Exclude Entra's login host from TLS inspection")),
            CLOCK_WRONG,
        ),
        _CLOUDS_PAGE,
        ("scenario entra-page", "fault token/connect/refused", "fault token/tls/silent"),
    ),
    Entry(
        "entra-refused",
        When((Stage.TOKEN,)),
        "Entra gave no token, for a reason that mailcheck does not know: {signal}",
        (
            Explanation(
                "Not known",
                Likelihood.POSSIBLE,
                "the catalogue has no entry for this answer",
                (
                    when_known(
                        step("Look the number up: https://login.microsoftonline.com/error?code={aadsts}"),
                    ),
                    SIGN_INS,
                    QUOTE_REQUEST,
                ),
            ),
        ),
        _CODES_PAGE,
        (*answers(999999), "fault token/tenant/status-403"),
    ),
)
