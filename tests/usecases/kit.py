"""Small fakes for the outside things of a check, and a check among them."""

import asyncio
import datetime as dt
import inspect
import itertools
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from mailcheck.model.credential import Certificate, Claims, Credential, Token
from mailcheck.model.evidence import Evidence, Stage
from mailcheck.model.report import Broken, Folder, Listing, Maildrop, Report, Step
from mailcheck.model.request import App, CheckRequest, Endpoint, Mailbox, MailProtocol
from mailcheck.model.secret import Secret
from mailcheck.protocol.effects import Conversation, Dialogue
from mailcheck.usecases.check import CheckMailbox
from mailcheck.usecases.judging import Target

NOW = dt.datetime(2026, 11, 23, 18, 41, 22, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
IMAP, POP = MailProtocol.IMAP, MailProtocol.POP
MAILBOX = Mailbox("shared@contoso.com")
TARGET = Target(
    app=App("11111111-2222-4333-8444-555555555555", "22222222-3333-4444-8555-666666666666", "https://v.example", "c"),
    endpoints={IMAP: Endpoint("imap.example", 993), POP: Endpoint("pop.example", 995)},
    timeout=5,
)
INBOX = Listing((Folder(("INBOX",), "inbox"),))


def certificate(not_before: dt.datetime = NOW - DAY, not_after: dt.datetime = NOW + 83 * DAY) -> Certificate:
    """A certificate that is in force unless told otherwise."""
    return Certificate(Secret("planted-private-key"), "public", "AB12", not_before, not_after, "1")


def token(*roles: str) -> Token:
    """A token for Exchange with these roles."""
    claims = Claims(
        "https://outlook.office365.com", roles, "tenant", "app", "77777777-aaaa-4bbb-8ccc-0000000000ee", NOW + DAY
    )
    return Token(Secret("planted-token"), claims)


BOTH_ROLES = token("IMAP.AccessAsApp", "POP.AccessAsApp")


class Vault:
    """A certificate source that gives one answer, or raises, and counts how often it was told to forget."""

    def __init__(self, answer: Certificate | Evidence | Exception) -> None:
        self.answer = answer
        self.forgotten = 0

    def forget(self) -> None:
        self.forgotten += 1

    async def credential(self) -> Certificate | Evidence:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


class Issuer:
    """A token issuer that gives one answer and counts how often it was asked, and how often told to forget."""

    def __init__(self, answer: Token | Evidence) -> None:
        self.answer = answer
        self.asked = 0
        self.forgotten = 0

    def forget(self) -> None:
        self.forgotten += 1

    async def token(self, credential: Credential) -> Token | Evidence:
        assert isinstance(credential, Certificate)
        assert credential.thumbprint == "AB12"
        self.asked += 1
        return self.answer


class Servers:
    """A mail connection whose every protocol has prepared outcomes, one for each try; a callable is run in its place.

    Args:
        outcomes: By protocol, for the mailbox in question; a list has one for each try, the last one stays.
        canary: By protocol, for every other mailbox.
        versions: The versions of IP for which the servers have addresses.
        first: The one that is taken where none is asked for; the highest unless told otherwise.
    """

    def __init__(
        self,
        outcomes: Mapping[MailProtocol, object],
        *,
        canary: Mapping[MailProtocol, object] = MappingProxyType({}),
        versions: frozenset[int] = frozenset({4}),
        first: int | None = None,
    ) -> None:
        self.outcomes = {protocol: list(one) if isinstance(one, list) else [one] for protocol, one in outcomes.items()}
        self.canary = canary
        self.versions = versions
        self.first = first or max(versions)
        self.met: list[tuple[str, MailProtocol]] = []
        self.asked_for: list[int | None] = []
        self.strangers: list[str] = []

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
        mailbox = _asked_for(dialogue)
        assert deadline > asyncio.get_running_loop().time()
        assert [secret.reveal() for secret in secrets] == ["planted-token"]
        assert starttls is protocol.starttls
        self.met.append((str(endpoint), protocol))
        self.asked_for.append(version)
        if mailbox == MAILBOX.address:
            left = self.outcomes[protocol]
            outcome = left.pop(0) if len(left) > 1 else left[0]
        else:
            self.strangers.append(mailbox)
            outcome = self.canary[protocol]
        entered(Stage.TLS)
        if callable(outcome):
            outcome = await outcome()
        steps = (Step(Stage.TLS, True, 31, "TLSv1.3"),)
        return Conversation(outcome, steps, ("S: * OK",), 40, version or self.first, self.versions)


def _asked_for(dialogue: Dialogue[object]) -> str:
    """The mailbox that a dialogue signs in to; reading it starts the dialogue, and ends it."""
    mailbox = inspect.getgeneratorlocals(dialogue)["mailbox"]
    dialogue.close()
    assert isinstance(mailbox, Mailbox)
    return mailbox.address


class Silent:
    """An outside thing that never answers, and notices that it was given up."""

    def __init__(self) -> None:
        self.cancelled = False

    async def __call__(self) -> Evidence:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.cancelled = True
            raise
        raise AssertionError

    async def credential(self) -> Evidence:
        return await self()


def ids() -> Callable[[], str]:
    """Ids in order: id-1, id-2, ..."""
    numbers: Iterator[int] = itertools.count(1)
    return lambda: f"id-{next(numbers)}"


def use_case(
    vault: object = None,
    issuer: Issuer | None = None,
    servers: Servers | None = None,
    target: Target = TARGET,
) -> CheckMailbox:
    """The use case with healthy surroundings, except for what is given."""
    return CheckMailbox(
        target,
        vault or Vault(certificate()),  # type: ignore[arg-type]
        issuer or Issuer(BOTH_ROLES),
        servers or Servers({IMAP: INBOX, POP: Maildrop(3, 1200)}),
        now=lambda: NOW,
        new_id=ids(),
    )


async def checked(check: CheckMailbox, *protocols: MailProtocol) -> Report:
    """The report of one check by these protocols (both, when none is given)."""
    report = await check(CheckRequest(MAILBOX, protocols or (IMAP, POP)))
    assert isinstance(report, Report)
    return report


def diagnosis_ids(report: Report) -> dict[MailProtocol, str]:
    """The diagnosis of each broken protocol."""
    return {
        protocol: one.verdict.diagnosis.id
        for protocol, one in report.protocols.items()
        if isinstance(one.verdict, Broken)
    }
