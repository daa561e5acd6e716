"""Every proof that the catalogue names, played through the whole check: it ends in the diagnosis that names it.

What a proof may be is said in diagnosis/entry.py. The check is composed as the application composes it: genuine SDKs,
the genuine transport, sockets on loopback.
"""

import datetime as dt
from collections.abc import AsyncIterator, Callable, Mapping
from itertools import count

import pytest

from lab.world import World
from mailcheck.diagnosis.catalogue import CATALOGUE
from mailcheck.diagnosis.entry import Entry
from mailcheck.model.credential import Credential, Token
from mailcheck.model.evidence import Evidence, Stage
from mailcheck.model.report import Diagnosis
from mailcheck.model.request import CheckRequest, Endpoint, Mailbox, MailProtocol
from mailcheck.model.secret import Secret
from mailcheck.protocol.effects import Conversation, Dialogue
from mailcheck.settings import CheckSettings, Settings
from mailcheck.usecases.check import CheckMailbox
from mailcheck.usecases.judging import Target
from tests.faults.expected import EXPECTED
from tests.proofs.kit import Service, diagnosed, diagnosis_in, export, playing, responses
from tests.protocol.replay import MAILBOX, transcripts

SHARED = "shared@contoso.com"


async def by_transcript(world: World, name: str, _monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Diagnosis]:
    """`transcript PROTOCOL/NAME`: a mail server that says what the transcript has."""
    protocol, _, title = name.partition("/")
    transcript = next(one for one in transcripts(MailProtocol(protocol)) if one.name == title)
    async with playing(transcript, world.authority.server_context()) as port:
        server = {f"MAILCHECK_{transcript.protocol.name}": f"localhost:{port}"}
        yield await diagnosed({**world.settings(), **server}, MAILBOX.address, transcript.protocol)


async def by_mailbox(world: World, name: str, _monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Diagnosis]:
    """`mailbox NAME PROTOCOL`: a mailbox of the lab."""
    local, _, protocol = name.partition(" ")
    yield await diagnosed(world.settings(), f"{local}@contoso.com", MailProtocol(protocol))


async def by_response(world: World, name: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Diagnosis]:
    """`response NAME`: a service that answers as the fixture has it."""
    for response in responses(name):
        async with Service(response, world) as service:
            settings = service.settings(world.settings())
            export(settings, monkeypatch)
            yield await diagnosed(settings, SHARED, MailProtocol.IMAP)


async def by_scenario(world: World, name: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Diagnosis]:
    """`scenario NAME [PROTOCOL]`: the lab in a state of its own; by IMAP, where no protocol is named.

    What Entra answers in place of its own decision is taken back, so that the one world does for all of that kind.
    """
    scenario, _, protocol = name.partition(" ")
    if scenario.startswith("entra-answers="):
        world.enter(scenario)
        yield await diagnosed(world.settings(), SHARED, MailProtocol.IMAP)
        world.entra.planned.clear()
        return
    async with World(scenario=scenario) as changed:
        export(changed.settings(), monkeypatch)
        yield await diagnosed(changed.settings(), SHARED, MailProtocol(protocol or "imap"))


class Mistaken:
    """Every port, by someone who made a mistake: each call raises what it never should."""

    async def credential(self) -> Credential | Evidence:
        raise ZeroDivisionError

    async def token(self, credential: Credential) -> Token | Evidence:
        raise ZeroDivisionError(credential)

    def forget(self) -> None:
        raise ZeroDivisionError

    async def converse[T](
        self,
        endpoint: Endpoint,
        protocol: MailProtocol,
        dialogue: Dialogue[T | Evidence],
        *,
        deadline: float,
        starttls: bool,
        version: int | None,
        secrets: tuple[Secret[str], ...],
        entered: Callable[[Stage], None],
    ) -> Conversation[T]:
        raise ZeroDivisionError(endpoint, protocol, dialogue, deadline, starttls, version, secrets, entered)


async def by_exception(world: World, name: str, _monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Diagnosis]:
    """`exception vault`: an adapter with a fault of ours; no outside thing can bring one about."""
    assert name == "vault"
    settings = Settings.read(world.settings()).check
    assert isinstance(settings, CheckSettings)
    ports, ids = Mistaken(), count()
    check = CheckMailbox(
        Target(settings.app, settings.endpoints, settings.timeout),
        ports,
        ports,
        ports,
        now=lambda: dt.datetime.now(dt.UTC),
        new_id=lambda: str(next(ids)),
    )
    report = await check(CheckRequest(Mailbox(SHARED), (MailProtocol.IMAP,)))
    yield diagnosis_in(report, MailProtocol.IMAP)


type Player = Callable[[World, str, pytest.MonkeyPatch], AsyncIterator[Diagnosis]]

PLAYERS: Mapping[str, Player] = {
    "transcript": by_transcript,
    "mailbox": by_mailbox,
    "scenario": by_scenario,
    "response": by_response,
    "exception": by_exception,
}
PROOFS = [
    pytest.param(entry, proof, id=f"{entry.id}: {proof}")
    for entry in CATALOGUE
    for proof in entry.proof
    if not proof.startswith("fault ")
]


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize("entry, proof", PROOFS)
async def test_the_proof_leads_to_the_diagnosis(
    entry: Entry, proof: str, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What an entry calls its proof ends a whole check in its diagnosis; the first one looks as the guide shows it."""
    kind, _, name = proof.partition(" ")
    export(world.settings(), monkeypatch)
    found = [diagnosis async for diagnosis in PLAYERS[kind](world, name, monkeypatch)]
    assert found
    assert {one.id for one in found} == {entry.id}
    for one in found:
        assert one.explanation == f"docs/diagnoses.md#{entry.id}"
        assert one.causes
        assert (entry.seen if proof == entry.proof[0] else "") in one.evidence


@pytest.mark.parametrize("entry", CATALOGUE, ids=lambda entry: entry.id)
def test_a_fault_is_a_case_of_the_matrix(entry: Entry) -> None:
    """`fault AREA/STAGE/FAULT`: tests/faults plays it through the whole check, and expects this diagnosis."""
    for kind, _, case in (proof.partition(" ") for proof in entry.proof):
        assert kind != "fault" or EXPECTED[case] == entry.id
        assert kind in {*PLAYERS, "fault"}


@pytest.mark.parametrize("entry", CATALOGUE, ids=lambda entry: entry.id)
def test_every_entry_has_a_proof(entry: Entry) -> None:
    """No diagnosis is made up: something on a wire leads to each, and every proof is named once."""
    assert entry.proof
    assert len(set(entry.proof)) == len(entry.proof)
