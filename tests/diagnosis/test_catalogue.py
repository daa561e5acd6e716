"""The catalogue as a table: complete, unambiguous, and sound whatever the findings are."""

import itertools
import re

import pytest

from mailcheck.diagnosis.catalogue import CATALOGUE
from mailcheck.diagnosis.entry import Circumstances, Entry, Given
from mailcheck.diagnosis.match import diagnose
from mailcheck.model.evidence import Evidence, Fault, Stage
from mailcheck.model.report import Likelihood
from mailcheck.model.request import App, MailProtocol

APP = App("11111111-2222-4333-8444-555555555555", "22222222-3333-4444-8555-666666666666", "https://v.example", "c")
KNOWN = Circumstances(APP, "shared@contoso.com")
MAIL = (
    Stage.DNS,
    Stage.CONNECT,
    Stage.TLS,
    Stage.GREETING,
    Stage.CAPABILITY,
    Stage.STARTTLS,
    Stage.AUTH,
    Stage.LIST,
    Stage.LOGOUT,
)

# What adapters, dialogues and the use case can report at each stage, besides Fault.BUG.
NETWORK = (Fault.TIMEOUT, Fault.CLOSED, Fault.REFUSED, Fault.UNREACHABLE, Fault.NAME_NOT_FOUND)
CERTIFICATE = (Fault.UNTRUSTED, Fault.EXPIRED, Fault.NOT_YET_VALID, Fault.HOST_MISMATCH, Fault.TLS_FAILED)
TALK = (
    Fault.TIMEOUT,
    Fault.CLOSED,
    Fault.UNREACHABLE,
    Fault.TLS_FAILED,
    Fault.TOO_MUCH,
    Fault.MALFORMED,
    Fault.THROTTLED,
)
ARISE: dict[Stage, tuple[str, ...]] = {
    Stage.IDENTITY: (Fault.NO_ENDPOINT, Fault.IDENTITY_FAILED, Fault.TIMEOUT),
    Stage.VAULT: (
        *NETWORK, *CERTIFICATE, Fault.TOO_MUCH, Fault.MALFORMED, Fault.CHALLENGE_MISMATCH,
        "401", "403", "404", "429", "500", "502", "503", "504",
        "ForbiddenByRbac", "ForbiddenByFirewall", "ForbiddenByConnection", "AccessDenied", "SecretDisabled",
        "SecretNotFound", "Unauthorized", "Forbidden", "AKV10000", "AKV10022", "AKV10032",
    ),
    Stage.CERTIFICATE: (
        Fault.NO_PRIVATE_KEY, Fault.UNREADABLE, Fault.NOT_RSA, Fault.EXPIRED, Fault.NOT_YET_VALID,
    ),
    Stage.SECRET: (Fault.UNREADABLE, Fault.EXPIRED, Fault.NOT_YET_VALID),
    Stage.TOKEN: (*NETWORK, *CERTIFICATE, Fault.TOO_MUCH, Fault.MALFORMED, "429", "503", "invalid_client", "AADSTS1"),
    Stage.DNS: (Fault.NAME_NOT_FOUND, Fault.UNREACHABLE, Fault.TIMEOUT),
    Stage.CONNECT: NETWORK,
    Stage.TLS: (*CERTIFICATE, Fault.TIMEOUT, Fault.CLOSED, Fault.UNREACHABLE),
    Stage.GREETING: (*TALK, "BYE", "PREAUTH", "-ERR", "421", "554"),
    Stage.CAPABILITY: (*TALK, Fault.NO_MECHANISM, "BYE", "NO", "BAD", "500", "502"),
    Stage.STARTTLS: (*TALK, Fault.NO_STARTTLS, "454"),
    Stage.AUTH: (*TALK, "BYE", "NO", "BAD", "-ERR", "432", "454", "500", "535"),
    Stage.LIST: (*TALK, "BYE", "NO", "BAD", "-ERR"),
    Stage.LOGOUT: (Fault.TIMEOUT, Fault.CLOSED),
}  # fmt: skip
SETTINGS = {
    "AZURE_CLIENT_ID", "MAILCHECK_AUTHORITY", "MAILCHECK_CA_FILE", "MAILCHECK_CERTIFICATE", "MAILCHECK_CLIENT_ID",
    "MAILCHECK_CLOUD", "MAILCHECK_CREDENTIAL", "MAILCHECK_IMAP", "MAILCHECK_POP", "MAILCHECK_SCOPE", "MAILCHECK_SECRET",
    "MAILCHECK_SMTP", "MAILCHECK_TENANT_ID", "MAILCHECK_TIMEOUT", "MAILCHECK_VAULT_URL",
}  # fmt: skip
# The signals that only one protocol has.
OWN: dict[MailProtocol, tuple[str, ...]] = {
    MailProtocol.IMAP: ("NO", "BAD", "BYE", "PREAUTH"),
    MailProtocol.POP: ("-ERR",),
    MailProtocol.SMTP: (Fault.NO_STARTTLS, "421", "432", "454", "500", "502", "535", "554"),
}


def _entry_ids(entry: Entry) -> str:
    return entry.id


def test_ids_are_unique_and_kebab_case() -> None:
    """An id is a public name: APIs, cards and pages refer to it."""
    ids = [entry.id for entry in CATALOGUE]
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name) for name in ids)


@pytest.mark.parametrize("entry", CATALOGUE, ids=_entry_ids)
def test_every_entry_explains_and_refers(entry: Entry) -> None:
    """Title, causes, reasons, remedies and a page to read: nothing is left empty."""
    assert entry.title
    assert entry.reference.startswith("https://")
    assert entry.explanations
    for one in entry.explanations:
        assert one.cause
        assert one.why
        assert one.fix


@pytest.mark.parametrize("entry", CATALOGUE, ids=_entry_ids)
def test_some_cause_is_left_whatever_is_found(entry: Entry) -> None:
    """No combination of findings rules out every cause, and at most one is certain."""
    deciding = sorted({given for one in entry.explanations for given, _ in one.shift}, key=lambda given: given.value)
    for size in range(len(deciding) + 1):
        for given in itertools.combinations(deciding, size):
            weighed = [one.weigh(frozenset(given)) for one in entry.explanations]
            assert any(weighed), given
            assert weighed.count(Likelihood.CERTAIN) <= 1


@pytest.mark.parametrize("stage", Stage)
@pytest.mark.parametrize("signal", [*Fault, "NO", "BAD", "BYE", "-ERR", "AADSTS999999", "404", "never seen before"])
@pytest.mark.parametrize("protocol", [None, *MailProtocol])
def test_any_evidence_gets_a_diagnosis(stage: Stage, signal: str, protocol: MailProtocol | None) -> None:
    """Matching is total: whatever was seen has an answer with a cause and a remedy."""
    diagnosis = diagnose(Evidence(stage, signal, "said", protocol), KNOWN)
    assert diagnosis.causes
    assert diagnosis.causes[0].fix


def test_every_finding_decides_something() -> None:
    """A finding that no entry asks for would be looked for in vain."""
    used = {given for entry in CATALOGUE for one in entry.explanations for given, _ in one.shift}
    assert used == set(Given)


@pytest.mark.parametrize("stage", Stage)
def test_what_can_arise_is_known(stage: Stage) -> None:
    """No signal that can come at a stage is left to the entry that matches anything, nor is a fault of ours."""
    for protocol in MailProtocol if stage in MAIL else [None]:
        foreign = {signal for other, signals in OWN.items() if protocol and other is not protocol for signal in signals}
        signals = [signal for signal in ARISE[stage] if signal not in foreign]
        found = {signal: diagnose(Evidence(stage, signal, "said", protocol), KNOWN).id for signal in signals}
        assert [signal for signal, name in found.items() if name in {"unknown", "our-bug"}] == []
        assert diagnose(Evidence(stage, Fault.BUG, "said", protocol), KNOWN).id == "our-bug"


def test_every_fault_can_arise_somewhere() -> None:
    """The table of what can arise leaves out no fault."""
    assert {signal for signals in ARISE.values() for signal in signals} >= set(Fault) - {Fault.BUG}


@pytest.mark.parametrize("entry", CATALOGUE[:-1], ids=_entry_ids)
def test_no_entry_stands_in_the_shadow_of_an_earlier_one(entry: Entry) -> None:
    """For each entry there is evidence that reaches it, by each of its codes and by its sentence."""
    when = entry.when
    details = [{"code": code} for code in when.codes] or [{"token": "unread"} if when.unread else {}]
    seen = [("x", one) for one in details] if when.codes or not when.said else []
    if when.said:
        seen.append((entry.seen.partition(" ")[2], {}))  # behind the code
    protocols = [when.protocol] if when.protocol else [None, *MailProtocol]
    for said, known in seen:
        reached = {
            diagnose(Evidence(stage, signal, said, protocol, known), KNOWN).id
            for stage in when.stages
            for signal in when.signals or ("some other signal",)
            for protocol in protocols
        }
        assert entry.id in reached


@pytest.mark.parametrize("entry", CATALOGUE, ids=_entry_ids)
def test_what_mailcheck_is_set_to_is_named_as_it_is(entry: Entry) -> None:
    """Each setting that a text names is one that mailcheck reads."""
    texts = [entry.title]
    for one in entry.explanations:
        texts += [one.cause, one.why, *(line.template for line in one.fix)]
    named = set(re.findall(r"\b(?:MAILCHECK|AZURE)_[A-Z_]+", " ".join(texts)))
    assert named <= SETTINGS
