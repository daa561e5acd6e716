"""The remedies: the administrator's own values, commands that work as pasted, and nothing asked for in vain."""

import re
from dataclasses import replace
from types import MappingProxyType

import pytest

from mailcheck.diagnosis.catalogue import CATALOGUE
from mailcheck.diagnosis.entry import Entry
from mailcheck.diagnosis.match import configured, diagnose
from mailcheck.diagnosis.text import Shell, remedy
from mailcheck.faces.teams.explaining import FIX_LIMIT
from mailcheck.model.cloud import CLOUDS, Cloud
from mailcheck.model.evidence import Evidence, Fault, Stage
from mailcheck.model.report import Command
from tests.diagnosis.kit import APP, HUNG_UP, IMAP, REFUSED, at, fixes, known


@pytest.mark.parametrize("fault", [Fault.EXPIRED, Fault.NO_PRIVATE_KEY, Fault.NOT_RSA])
def test_a_renewal_works_as_pasted(fault: Fault) -> None:
    """The policy is written to the file before the command that reads it."""
    lines = fixes(at(Stage.CERTIFICATE, fault, not_after="2026-01-01"))
    shown = lines.index("az keyvault certificate show --vault-name kv --name mailcheck --query policy > policy.json")
    made = lines.index('az keyvault certificate create --vault-name kv --name mailcheck --policy "@policy.json"')
    assert shown < made


def test_the_old_object_id_is_removed_before_the_new_one() -> None:
    """Exchange keeps one service principal for an app: the wrong one is shown, announced, and goes first."""
    cause = next(one for one in diagnose(REFUSED, known()).causes if "another object id" in one.cause)
    connected, shown, warned, removed, told, registered, _ = cause.fix
    assert connected == "Connect-ExchangeOnline"
    assert shown.startswith("Get-ServicePrincipal ")
    assert "another ObjectId, remove that registration" in warned
    assert removed.endswith("{ Remove-ServicePrincipal -Identity $_.ObjectId }")
    assert "-ne '99999999-aaaa-4bbb-8ccc-0000000000ee' }" in removed
    assert "each of the others again" in told
    assert registered.startswith("New-ServicePrincipal ")


@pytest.mark.parametrize("entry", CATALOGUE, ids=lambda entry: entry.id)
def test_what_reaches_further_is_announced(entry: Entry) -> None:
    """What removes something, or opens more than this mailbox, stands behind a line that says so."""
    for one in entry.explanations:
        before = None
        for line in one.fix:
            if re.search(r"\bRemove-|\bSet-TransportConfig\b|--public-network-access Enabled", line.template):
                assert before is not None, line.template
                assert before.shell is Shell.NONE, line.template
            before = line


OPTIONAL = [
    (at(Stage.AUTH, Fault.THROTTLED, "", IMAP), {"backoff_ms": "61002"}, "to wait 62 seconds"),
    (at(Stage.VAULT, "429"), {"retry_after": "17"}, "asks to wait 17 seconds"),
    (at(Stage.VAULT, "429"), {"retry_after": "1"}, "asks to wait 1 second Wait"),
    (at(Stage.TOKEN, "429"), {"retry_after": "17"}, "asks to wait 17 seconds"),
    (at(Stage.VAULT, "ForbiddenByFirewall"), {"client_address": "192.0.2.1"}, "--ip-address 192.0.2.1"),
    (at(Stage.VAULT, Fault.CHALLENGE_MISMATCH), {"challenge_resource": "x.example"}, "x.example"),
    (at(Stage.LIST, Fault.TOO_MUCH, "", IMAP), {"limit": "20,000 lines"}, "20,000 lines"),
    (REFUSED, {"server": "AB1.EXAMPLE"}, "AB1.EXAMPLE"),
    (at(Stage.LIST, "NO", "Server Unavailable. 15", IMAP), {"server": "AB1.EXAMPLE"}, "AB1.EXAMPLE"),
    (at(Stage.GREETING, "BYE", "later", IMAP), {"server": "AB1.EXAMPLE"}, "AB1.EXAMPLE"),
    (at(Stage.TOKEN, "AADSTS90033"), {"correlation_id": "c0ffee"}, "c0ffee"),
    (at(Stage.TOKEN, "AADSTS50012"), {"correlation_id": "c0ffee"}, "c0ffee"),
    (at(Stage.TOKEN, "invalid_client"), {"correlation_id": "c0ffee"}, "c0ffee"),
]  # fmt: skip


@pytest.mark.parametrize("evidence, details, shown", OPTIONAL)
def test_what_is_not_known_is_not_asked_for(evidence: Evidence, details: dict[str, str], shown: str) -> None:
    """A time to wait, a server's name or an id is in the remedy where it was told; no gap is left where it was not."""
    told = replace(evidence, details=MappingProxyType(details))
    assert shown in " ".join(fixes(told))
    diagnosis = diagnose(evidence, known())
    assert "<" not in " ".join(
        (diagnosis.title, *fixes(evidence), *(f"{one.cause} {one.why}" for one in diagnosis.causes))
    )


def test_the_length_of_the_token_is_told() -> None:
    """Where the token may be too long, the remedy says how long it is."""
    assert "This token has 2,000 characters" in fixes(HUNG_UP)


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


def test_braces_in_a_value_are_text() -> None:
    """A value with braces is put in as it is; it cannot name another value."""
    seen = Evidence(Stage.VAULT, "ForbiddenByRbac", details=MappingProxyType({"object_id": "{client_id}"}))
    assert "'{client_id}'" in diagnose(seen, known()).causes[0].fix[0]


# Cloud -> what connects to Exchange, to Microsoft Graph, and what `az cloud set` is told.
CONNECTING = {
    "public": ("Connect-ExchangeOnline", "Connect-MgGraph -Scopes", ""),
    "usgov": ("-ExchangeEnvironmentName 'O365USGovGCCHigh'", "-Environment 'USGov'", "AzureUSGovernment"),
    "usdod": ("-ExchangeEnvironmentName 'O365USGovDoD'", "-Environment 'USGovDoD'", "AzureUSGovernment"),
    "china": ("-ExchangeEnvironmentName 'O365China'", "-Environment 'China'", "AzureChinaCloud"),
}


@pytest.mark.parametrize("cloud", CLOUDS.values(), ids=CLOUDS)
@pytest.mark.parametrize("entry", CATALOGUE, ids=lambda entry: entry.id)
def test_every_remedy_connects_to_the_tenants_cloud(entry: Entry, cloud: Cloud) -> None:
    """Who pastes a remedy from its top is connected before the first command that needs it, to the right cloud."""
    to_exchange, to_graph, azure = CONNECTING[cloud.name]
    for one in entry.explanations:
        lines = remedy(one.fix, configured(APP, cloud))
        commands = [str(line) for line in lines if isinstance(line, Command)]
        for first, needs in (
            (to_exchange, r"\w+-(?!Mg)\w*(Mailbox|CAS|ServicePrincipal|Transport|Recipient|Management|Group|Policy)"),
            (to_graph, r"\w+-Mg(?!Graph)\w+"),
            (f"az cloud set --name {azure}", r"az (?!cloud|login)") if azure else ("", "^$"),
        ):
            using = [place for place, line in enumerate(commands) if re.search(needs, line)]
            if using:
                assert first in "\n".join(commands[: using[0]]), commands


@pytest.mark.parametrize("cloud", CLOUDS.values(), ids=CLOUDS)
def test_every_remedy_fits_on_a_card(cloud: Cloud) -> None:
    """A card shows so many lines of a remedy; what needs more would send people elsewhere."""
    lengths = {
        f"{entry.id}: {one.cause}": len(remedy(one.fix, configured(APP, cloud)))
        for entry in CATALOGUE
        for one in entry.explanations
    }
    assert {name for name, length in lengths.items() if length > FIX_LIMIT} == set()


@pytest.mark.parametrize("cloud", CLOUDS.values(), ids=CLOUDS)
def test_portal_steps_lead_to_the_portal_of_the_cloud(cloud: Cloud) -> None:
    """An app registration of a national cloud is in that cloud's portal."""
    told = diagnose(REFUSED, replace(known(roles=(), audience=cloud.resource), cloud=cloud)).causes[0].fix
    assert told[0].startswith(f"In {cloud.portal}: ")
