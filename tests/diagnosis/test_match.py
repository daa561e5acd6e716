"""From evidence to diagnosis: which entry it is, the order of causes, and what is shown as evidence."""

import pytest

from mailcheck.diagnosis.catalogue import CATALOGUE
from mailcheck.diagnosis.entry import Circumstances
from mailcheck.diagnosis.findings import IN_WORDS
from mailcheck.diagnosis.match import EVIDENCE_LIMIT, diagnose
from mailcheck.model.evidence import Evidence, Fault, Stage
from mailcheck.model.report import Likelihood
from tests.diagnosis.kit import (
    IMAP,
    NOT_CONNECTED,
    POP,
    POP_REFUSED,
    REFUSED,
    SMTP,
    SMTP_REFUSED,
    at,
    known,
)

# Evidence -> the entry that it is, and a part of its first cause where nothing else is known.
MATCHES = [
    (REFUSED, "imap-sign-in-refused", "FullAccess"),
    (NOT_CONNECTED, "imap-not-connected", "switched off"),
    (POP_REFUSED, "pop-sign-in-refused", "FullAccess"),
    # lines at the sign-in that are not about the app
    (at(Stage.AUTH, "-ERR", "Server Unavailable. 21", POP), "server-unavailable", "passing fault"),
    (at(Stage.AUTH, "-ERR", "[SYS/TEMP] later", POP, code="SYS/TEMP"), "server-unavailable", "passing fault"),
    (at(Stage.AUTH, "NO", "[UNAVAILABLE] later", IMAP, code="UNAVAILABLE"), "server-unavailable", "passing fault"),
    (at(Stage.AUTH, "NO", "Server Unavailable. 15", IMAP), "server-unavailable", "passing fault"),
    (at(Stage.AUTH, "-ERR", "[IN-USE] locked", POP, code="IN-USE"), "mailbox-in-use", "Another client"),
    (at(Stage.AUTH, "BAD", "Command received in Invalid state.", IMAP), "command-out-of-order", "proxy"),
    (at(Stage.AUTH, "-ERR", "no", POP, token="unread"), "sign-in-not-begun", "proxy"),
    (at(Stage.CAPABILITY, "NO", "no", IMAP), "imap-refused", "proxy"),
    # SMTP goes by codes; where Exchange uses one code for several refusals, by the name of the setting
    (at(Stage.AUTH, "535", "x", SMTP), "smtp-sign-in-refused", "may not send"),
    (at(Stage.AUTH, "535", "5.7.139 x", SMTP, code="5.7.139"), "smtp-policy-blocked", "Conditional Access"),
    (at(Stage.AUTH, "535", "x, SmtpClientAuthentication is disabled for the Tenant. x", SMTP, code="5.7.139"),
     "smtp-auth-off-for-tenant", "organization's switch"),
    (at(Stage.AUTH, "535", "x, SmtpClientAuthentication is disabled for the Mailbox. x", SMTP, code="5.7.139"),
     "smtp-auth-off-for-mailbox", "mailbox's own switch"),
    (at(Stage.AUTH, "432", "x", SMTP, code="4.3.2"), "smtp-connections-limit", "three connections"),
    (at(Stage.AUTH, "430", "x", SMTP), "smtp-busy", "passing fault"),
    (at(Stage.CAPABILITY, "421", "x", SMTP, code="4.7.66"), "smtp-tls-too-old", "proxy"),
    (at(Stage.CAPABILITY, "421", "x", SMTP), "smtp-busy", "passing fault"),
    (at(Stage.AUTH, "500", "x", SMTP, code="5.3.3"), "smtp-not-understood", "proxy"),
    (at(Stage.STARTTLS, "501", "x", SMTP), "smtp-not-understood", "proxy"),
    (at(Stage.AUTH, "550", "x", SMTP, code="5.7.30"), "smtp-basic-authentication", "with a password"),
    (at(Stage.AUTH, "550", "x", SMTP, code="5.7.1"), "smtp-refused", "takes no mail"),
    # the name, or whoever should know it
    (at(Stage.DNS, Fault.NAME_NOT_FOUND, "", IMAP), "server-not-found", "settings"),
    (at(Stage.DNS, Fault.UNREACHABLE, "", IMAP), "dns-silent", "DNS servers"),
    (at(Stage.DNS, Fault.TIMEOUT, "", IMAP), "dns-silent", "DNS servers"),
    # after a good sign-in
    (at(Stage.LIST, Fault.TOO_MUCH, "", IMAP, limit="20,000 lines"), "listing-too-large", "folders"),
    (at(Stage.LIST, Fault.MALFORMED, "", IMAP), "listing-unreadable", "proxy"),
    (at(Stage.GREETING, Fault.TOO_MUCH, "", IMAP), "not-a-mail-server", "Another service"),
    # the vault
    (at(Stage.VAULT, "ForbiddenByRbac"), "vault-role-missing", "Secrets User"),
    (at(Stage.VAULT, "AKV10000"), "vault-token-lost", "proxy"),
    (at(Stage.VAULT, "AKV10022"), "vault-of-another-cloud", "another cloud"),
    (at(Stage.VAULT, "AKV10032"), "vault-of-another-tenant", "another tenant"),
    (at(Stage.VAULT, "AKV19999"), "vault-refused", "no right"),
    (at(Stage.VAULT, Fault.MALFORMED), "vault-unreachable", "network"),
]  # fmt: skip


@pytest.mark.parametrize("evidence, entry, first", MATCHES)
def test_evidence_is_told_apart(evidence: Evidence, entry: str, first: str) -> None:
    """By stage, signal and code, and by a sentence only where there is no code. Of causes: decisions.py."""
    diagnosis = diagnose(evidence, known())
    assert diagnosis.id == entry
    assert first in diagnosis.causes[0].cause


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


@pytest.mark.parametrize(
    "evidence, circumstances, why",
    [
        (NOT_CONNECTED, known(opened=(POP,)), "POP opened the same mailbox with the same token, so the app, its "),
        (REFUSED, known(opened=(POP,)), "POP opened the same mailbox with the same token, so the app, its "),
        (REFUSED, known(opened=(POP, SMTP)), "POP opened the same mailbox with the same token, so the app, its "),
        (POP_REFUSED, known(opened=(IMAP,)), "IMAP opened the same mailbox with the same token, so the app, its "),
        (at(Stage.AUTH, "NO", "x", IMAP, reason="AuthFailed:LogonDenied-None"), known(),
         "Exchange says in brackets that it denies the logon; Exchange knows the app by "),
        (SMTP_REFUSED, known(canary_opened=(SMTP,)), "the canary opened by SMTP with the same token; a token that "),
        (REFUSED, known(), "Exchange knows the app by the object id "),
    ],
)  # fmt: skip
def test_why_we_think_so_is_told(evidence: Evidence, circumstances: Circumstances, why: str) -> None:
    """What this check has found stands before what is always true of the cause."""
    assert diagnose(evidence, circumstances).causes[0].why.startswith(why)


def test_every_finding_that_speaks_has_words() -> None:
    """And no words are kept for a finding that speaks for nothing."""
    speaking = {given for entry in CATALOGUE for one in entry.explanations for given in one.speaks}
    assert speaking == set(IN_WORDS)
