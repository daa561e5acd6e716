"""From evidence to diagnosis: the decision table, the order of causes, and what is shown as evidence."""

import pytest

from mailcheck.diagnosis.entry import Circumstances
from mailcheck.diagnosis.match import EVIDENCE_LIMIT, diagnose
from mailcheck.model.evidence import Evidence, Fault, Stage
from mailcheck.model.report import Likelihood
from tests.diagnosis.kit import (
    CERTAIN,
    DENIED,
    EXCHANGE,
    GRAPH,
    HUNG_UP,
    IMAP,
    NOT_CONNECTED,
    ONLY_IMAP,
    ONLY_POP,
    POP,
    POP_REFUSED,
    REFUSED,
    UNKNOWN_RECIPIENT,
    at,
    known,
)

# evidence, circumstances -> entry, the first cause's key word, its likelihood, a key word that must not occur
DECISIONS = [
    (REFUSED, known(), "imap-sign-in-refused", "FullAccess", Likelihood.LIKELY, None),
    (REFUSED, known(roles=ONLY_POP), "imap-sign-in-refused", "IMAP.AccessAsApp", Likelihood.CERTAIN, "FullAccess"),
    (REFUSED, known(opened=(POP,)), "imap-sign-in-refused", "switched off", Likelihood.LIKELY, "FullAccess"),
    (REFUSED, known(audience="https://graph.microsoft.com"), "imap-sign-in-refused", "graph", Likelihood.LIKELY, None),
    (DENIED, known(), "imap-sign-in-refused", "FullAccess", Likelihood.LIKELY, None),
    (UNKNOWN_RECIPIENT, known(), "imap-sign-in-refused", "primary address", Likelihood.LIKELY, None),
    (NOT_CONNECTED, known(), "imap-not-connected", "switched off", Likelihood.LIKELY, None),
    (NOT_CONNECTED, known(opened=(POP,)), "imap-not-connected", "switched off", Likelihood.LIKELY, "FullAccess"),
    (POP_REFUSED, known(), "pop-sign-in-refused", "FullAccess", Likelihood.LIKELY, None),
    (POP_REFUSED, known(roles=ONLY_IMAP), "pop-sign-in-refused", "POP.AccessAsApp", Likelihood.CERTAIN, "FullAccess"),
    (POP_REFUSED, known(opened=(IMAP,)), "pop-sign-in-refused", "POP is switched off", Likelihood.LIKELY, "FullAccess"),
    # a token for something else has none of Exchange's roles: the audience is what has to be mended
    (REFUSED, known(audience=GRAPH, roles=()), "imap-sign-in-refused", "for https://graph", Likelihood.LIKELY, "lacks"),
    (NOT_CONNECTED, known(audience=GRAPH, roles=()), "imap-not-connected", "https://graph", Likelihood.LIKELY, "lacks"),
    # ... unless it has opened the mailbox elsewhere, or Exchange is meant by another of its names
    (REFUSED, known(audience="https://x", roles=ONLY_POP, opened=(POP,)),
     "imap-sign-in-refused", "lacks", Likelihood.CERTAIN, "token is for"),
    (REFUSED, known(audience="https://x", opened=(POP,)),
     "imap-sign-in-refused", "switched off", Likelihood.LIKELY, "token is for"),
    (REFUSED, known(audience=EXCHANGE + "/"), "imap-sign-in-refused", "FullAccess", Likelihood.LIKELY, "token is for"),
    (REFUSED, known(audience="00000002-0000-0ff1-ce00-000000000000"),
     "imap-sign-in-refused", "FullAccess", Likelihood.LIKELY, "token is for"),
    (REFUSED, known(audience="https://ps.outlook.com/"),
     "imap-sign-in-refused", "FullAccess", Likelihood.LIKELY, "token is for"),
    # a user's token
    (REFUSED, known(roles=(), scopes=("IMAP.AccessAsUser.All",)),
     "imap-sign-in-refused", "stands for a user", Likelihood.CERTAIN, "lacks"),
    (REFUSED, known(audience=GRAPH, roles=(), scopes=("Mail.Read",)),
     "imap-sign-in-refused", "for https://graph", Likelihood.LIKELY, "stands for a user"),
    # lines at the sign-in that are not about the app
    (at(Stage.AUTH, "-ERR", "Server Unavailable. 21", POP), known(),
     "server-unavailable", "passing fault", Likelihood.LIKELY, "FullAccess"),
    (at(Stage.AUTH, "-ERR", "[SYS/TEMP] later", POP, code="SYS/TEMP"), known(),
     "server-unavailable", "passing fault", Likelihood.LIKELY, "FullAccess"),
    (at(Stage.AUTH, "NO", "[UNAVAILABLE] later", IMAP, code="UNAVAILABLE"), known(),
     "server-unavailable", "passing fault", Likelihood.LIKELY, "FullAccess"),
    (at(Stage.AUTH, "NO", "Server Unavailable. 15", IMAP), known(),
     "server-unavailable", "passing fault", Likelihood.LIKELY, "FullAccess"),
    (at(Stage.AUTH, "-ERR", "[IN-USE] locked", POP, code="IN-USE"), known(),
     "mailbox-in-use", "Another client", Likelihood.LIKELY, "FullAccess"),
    (HUNG_UP, known(token_length=4097), "pop-protocol-error", "too long", Likelihood.LIKELY, "FullAccess"),
    (HUNG_UP, known(), "pop-protocol-error", "passing fault", Likelihood.LIKELY, "FullAccess"),
    (at(Stage.AUTH, "-ERR", "Command is not valid in this state.", POP), known(),
     "command-out-of-order", "proxy", Likelihood.LIKELY, "FullAccess"),
    (at(Stage.AUTH, "BAD", "Command received in Invalid state.", IMAP, server="a.b"), known(),
     "command-out-of-order", "passing fault", Likelihood.LIKELY, "FullAccess"),
    (at(Stage.AUTH, "-ERR", "no", POP, token="unread"), known(roles=()),
     "sign-in-not-begun", "proxy", Likelihood.LIKELY, "lacks"),
    (at(Stage.AUTH, "NO", "no", IMAP, token="unread"), known(roles=()),
     "sign-in-not-begun", "proxy", Likelihood.LIKELY, "lacks"),
    (at(Stage.AUTH, "BAD", "Command Error. 10", IMAP), known(),
     "command-not-understood", "proxy", Likelihood.LIKELY, "FullAccess"),
    (at(Stage.CAPABILITY, "BAD", "no", IMAP), known(), "imap-refused", "proxy", Likelihood.LIKELY, None),
    (at(Stage.CAPABILITY, "NO", "no", IMAP), known(), "imap-refused", "proxy", Likelihood.LIKELY, None),
    # the name, or whoever should know it
    (at(Stage.DNS, Fault.NAME_NOT_FOUND, "", IMAP), known(), "server-not-found", "settings", Likelihood.LIKELY, None),
    (at(Stage.DNS, Fault.UNREACHABLE, "", IMAP), known(), "dns-silent", "DNS servers", Likelihood.LIKELY, "settings"),
    (at(Stage.DNS, Fault.TIMEOUT, "", IMAP), known(), "dns-silent", "DNS servers", Likelihood.LIKELY, "settings"),
    # after a good sign-in
    (at(Stage.LIST, Fault.TOO_MUCH, "", IMAP, limit="20,000 lines"), known(),
     "listing-too-large", "folders", Likelihood.LIKELY, "Another service"),
    (at(Stage.LIST, Fault.MALFORMED, "", IMAP), known(),
     "listing-unreadable", "proxy", Likelihood.LIKELY, "Another service"),
    (at(Stage.GREETING, Fault.TOO_MUCH, "", IMAP), known(),
     "not-a-mail-server", "Another service", Likelihood.LIKELY, None),
    # identity and vault
    (at(Stage.IDENTITY, Fault.IDENTITY_FAILED, "400, none assigned"), known(),
     "managed-identity-refused", "AZURE_CLIENT_ID is not set", Likelihood.LIKELY, "which AZURE_CLIENT_ID names"),
    (at(Stage.IDENTITY, Fault.IDENTITY_FAILED, "400, not assigned", identity_client_id="77"), known(),
     "managed-identity-refused", "The identity 77, which AZURE_CLIENT_ID", Likelihood.LIKELY, "is not set"),
    (at(Stage.IDENTITY, Fault.IDENTITY_FAILED, "timed out"), known(),
     "managed-identity-refused", "starting up", Likelihood.LIKELY, None),
    (at(Stage.IDENTITY, Fault.IDENTITY_FAILED, "502, bad gateway", identity_client_id="77"), known(),
     "managed-identity-refused", "starting up", Likelihood.LIKELY, "is not set"),
    (at(Stage.VAULT, "SecretNotFound"), known(), "certificate-not-in-vault", "MAILCHECK_CERTIFICATE", CERTAIN, None),
    (at(Stage.VAULT, "404"), known(), "vault-address-wrong", "MAILCHECK_VAULT_URL", Likelihood.POSSIBLE, None),
    (at(Stage.VAULT, Fault.CHALLENGE_MISMATCH, challenge_resource="x.example"), known(),
     "vault-address-wrong", "MAILCHECK_VAULT_URL", Likelihood.LIKELY, None),
    (at(Stage.VAULT, "ForbiddenByRbac"), known(), "vault-role-missing", "Secrets User", Likelihood.LIKELY, None),
    (at(Stage.VAULT, Fault.REFUSED), known(), "vault-unreachable", "network", Likelihood.LIKELY, "clock"),
    (at(Stage.VAULT, Fault.EXPIRED), known(), "vault-unreachable", "inspects TLS", Likelihood.LIKELY, "network"),
    (at(Stage.VAULT, Fault.NOT_YET_VALID), known(), "vault-unreachable", "inspects TLS", Likelihood.LIKELY, "network"),
    (at(Stage.VAULT, Fault.MALFORMED), known(), "vault-unreachable", "network", Likelihood.LIKELY, "clock"),
    (at(Stage.TOKEN, Fault.NOT_YET_VALID), known(), "entra-unreachable", "inspects TLS", Likelihood.LIKELY, "network"),
]  # fmt: skip


@pytest.mark.parametrize("evidence, circumstances, entry, first, likelihood, absent", DECISIONS)
def test_the_rest_of_the_check_decides(
    evidence: Evidence,
    circumstances: Circumstances,
    entry: str,
    first: str,
    likelihood: Likelihood,
    absent: str | None,
) -> None:
    """Claims, the sibling protocol and the server's reason decide between causes that share one line of refusal."""
    diagnosis = diagnose(evidence, circumstances)
    assert diagnosis.id == entry
    assert first in diagnosis.causes[0].cause
    assert diagnosis.causes[0].likelihood is likelihood
    if absent:
        assert not [one for one in diagnosis.causes if absent in one.cause]


def test_causes_are_ordered_by_likelihood() -> None:
    """The likeliest cause comes first."""
    causes = diagnose(NOT_CONNECTED, known()).causes
    order = [Likelihood.CERTAIN, Likelihood.LIKELY, Likelihood.POSSIBLE]
    assert [one.likelihood for one in causes] == sorted((one.likelihood for one in causes), key=order.index)


@pytest.mark.parametrize(
    "evidence, shown",
    [
        (REFUSED, "NO AUTHENTICATE failed."),
        (POP_REFUSED, "-ERR Authentication failure: unknown user name or bad password."),
        (Evidence(Stage.TOKEN, "AADSTS700027", "AADSTS700027: no such key"), "AADSTS700027: no such key"),
        (Evidence(Stage.CONNECT, Fault.REFUSED), "connection refused"),
        (Evidence(Stage.TLS, Fault.UNTRUSTED, "self-signed certificate"), "self-signed certificate"),
        (Evidence(Stage.GREETING, Fault.TIMEOUT), "no answer before the deadline"),
    ],
)  # fmt: skip
def test_evidence_is_shown_in_the_other_sides_words(evidence: Evidence, shown: str) -> None:
    """The code and the words that came, or what we saw where nobody said a word."""
    assert diagnose(evidence, known()).evidence == shown


def test_evidence_is_bounded() -> None:
    """A server cannot fill a report with its words."""
    assert len(diagnose(Evidence(Stage.AUTH, "NO", "x" * 10_000, IMAP), known()).evidence) == EVIDENCE_LIMIT


@pytest.mark.parametrize(
    "evidence, wait_ms",
    [
        (at(Stage.LIST, Fault.THROTTLED, "Request is throttled.", IMAP, backoff_ms="89117"), 89_117),
        (at(Stage.VAULT, "429", "too many", retry_after="7"), 7_000),
        (at(Stage.LIST, Fault.THROTTLED, "Request is throttled.", IMAP), None),
        (REFUSED, None),
    ],
)
def test_who_asks_to_wait_is_heard(evidence: Evidence, wait_ms: int | None) -> None:
    """The time for which the other side wants to be left alone is a number of its own, in milliseconds."""
    assert diagnose(evidence, known()).wait_ms == wait_ms
