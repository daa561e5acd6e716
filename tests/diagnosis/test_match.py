"""From evidence to diagnosis: the decision table, the values in the texts, and what is shown as evidence."""

from types import MappingProxyType

import pytest

from mailcheck.diagnosis.entry import Circumstances
from mailcheck.diagnosis.match import EVIDENCE_LIMIT, diagnose
from mailcheck.model.credential import Claims
from mailcheck.model.evidence import Evidence, Fault, Stage
from mailcheck.model.report import Likelihood
from mailcheck.model.request import App, Endpoint, MailProtocol

APP = App("contoso.com", "22222222-3333-4444-8555-666666666666", "https://kv.vault.azure.net", "mailcheck")
EXCHANGE = "https://outlook.office365.com"
ONLY_IMAP, ONLY_POP = ("IMAP.AccessAsApp",), ("POP.AccessAsApp",)
ALL_ROLES = ONLY_IMAP + ONLY_POP
IMAP, POP = MailProtocol.IMAP, MailProtocol.POP


def known(
    *, roles: tuple[str, ...] = ALL_ROLES, audience: str = EXCHANGE, opened: tuple[MailProtocol, ...] = ()
) -> Circumstances:
    """What else a check has found."""
    claims = Claims(audience, roles, "tenant", APP.client_id, "99999999-aaaa-4bbb-8ccc-0000000000ee", None)
    endpoint = Endpoint("outlook.office365.com", 993)
    return Circumstances(APP, "o'brien@contoso.com", EXCHANGE, endpoint, claims, frozenset(opened))


REFUSED = Evidence(Stage.AUTH, "NO", "AUTHENTICATE failed.", IMAP)
DENIED = Evidence(
    Stage.AUTH, "NO", "AUTHENTICATE failed.", IMAP, MappingProxyType({"reason": "AuthFailed:LogonDenied-None"})
)
UNKNOWN_RECIPIENT = Evidence(
    Stage.AUTH, "NO", "AUTHENTICATE failed.", IMAP, MappingProxyType({"reason": "NoADRecipient"})
)
NOT_CONNECTED = Evidence(Stage.LIST, "BAD", "User is authenticated but not connected.", IMAP)
POP_REFUSED = Evidence(Stage.AUTH, "-ERR", "Authentication failure: unknown user name or bad password.", POP)

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


def test_commands_carry_the_administrators_own_values_quoted() -> None:
    """The mailbox, the app and the service principal stand in the commands, each as one PowerShell literal."""
    fix = next(one for one in diagnose(REFUSED, known()).causes if "FullAccess" in one.cause).fix
    grant = next(line for line in fix if line.startswith("Add-MailboxPermission"))
    assert "-Identity 'o''brien@contoso.com'" in grant
    assert "-User '99999999-aaaa-4bbb-8ccc-0000000000ee'" in grant
    register = next(line for line in fix if line.startswith("New-ServicePrincipal"))
    assert f"-AppId '{APP.client_id}'" in register


def test_an_unknown_value_stays_visible_as_a_placeholder() -> None:
    """Where a value is not known, the command shows what to put there."""
    fix = diagnose(Evidence(Stage.VAULT, "ForbiddenByRbac"), known()).causes[0].fix
    assert "'<object id>'" in fix[0]


def test_a_value_from_the_evidence_is_used() -> None:
    """The vault names the caller's object id; the command grants to it."""
    seen = Evidence(Stage.VAULT, "ForbiddenByRbac", details=MappingProxyType({"object_id": "abc-123"}))
    assert "--assignee-object-id abc-123 " in diagnose(seen, known()).causes[0].fix[0]


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


def test_braces_in_a_value_are_text() -> None:
    """A value with braces is put in as it is; it cannot name another value."""
    seen = Evidence(Stage.VAULT, "ForbiddenByRbac", details=MappingProxyType({"object_id": "{client_id}"}))
    assert "'{client_id}'" in diagnose(seen, known()).causes[0].fix[0]
