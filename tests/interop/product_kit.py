"""The product in front of a Dovecot: its transport and dialogues alone, and the whole check with Entra and a vault."""

import asyncio
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from lab.world import World
from mailcheck.adapters.transport import MailTransport
from mailcheck.adapters.trust import tls_context
from mailcheck.compose import build_use_cases
from mailcheck.model.evidence import Evidence
from mailcheck.model.report import Broken, Opened, Report
from mailcheck.model.request import CheckRequest, Endpoint, Mailbox, MailProtocol
from mailcheck.model.secret import Secret
from mailcheck.protocol import DIALOGUES
from mailcheck.protocol.effects import Conversation, Dialogue
from mailcheck.settings import CheckSettings, Settings
from mailcheck.usecases.check import CheckMailbox
from tests.interop.dovecot import Dovecot
from tests.interop.foreign import TIMEOUT

IMAP, POP, SMTP = MailProtocol.IMAP, MailProtocol.POP, MailProtocol.SMTP
HOST = "localhost"

type Talk = Dialogue[Opened | Evidence]


@dataclass(frozen=True)
class Mail:
    """The product's transport, bound to one server."""

    transport: MailTransport
    endpoints: Mapping[MailProtocol, Endpoint]

    @classmethod
    def to(cls, server: Dovecot, trust: ssl.SSLContext | None = None) -> "Mail":
        """The way to a server; its authority is trusted unless another trust is given."""
        return cls(MailTransport(trust or tls_context(server.ca_file)), endpoints_of(server))

    async def open(
        self, protocol: MailProtocol, mailbox: str, token: str, *, through: Callable[[Talk], Talk] = lambda talk: talk
    ) -> Conversation[Opened]:
        """One conversation, as the use case has it; `through` may do something between the dialogue's effects."""
        address, secret = Mailbox.parse(mailbox), Secret(token)
        assert isinstance(address, Mailbox)
        return await self.transport.converse(
            self.endpoints[protocol],
            protocol,
            through(DIALOGUES[protocol](address, secret)),
            deadline=asyncio.get_running_loop().time() + TIMEOUT,
            starttls=protocol.starttls,
            secrets=(secret,),
        )


@dataclass(frozen=True)
class Product:
    """The whole check, built as a process builds it: a vault and an Entra that are the lab's, and a Dovecot.

    `anchors` is a PEM file with the authorities of both.
    """

    world: World
    server: Dovecot
    anchors: Path

    def build(self, **settings: str) -> CheckMailbox:
        """The use case of a new process; further settings override those of the world."""
        servers = {f"MAILCHECK_{protocol.name}": str(at) for protocol, at in endpoints_of(self.server).items()}
        mapping = {**self.world.settings(), **servers, "MAILCHECK_CA_FILE": str(self.anchors), **settings}
        configured = Settings.read(mapping).check
        assert isinstance(configured, CheckSettings), configured
        return build_use_cases(configured).check

    async def check(self, mailbox: str, *, by: CheckMailbox | None = None, **settings: str) -> Report:
        """One check by all protocols; from nothing (certificate, token, conversations) unless a use case is given."""
        address = Mailbox.parse(mailbox)
        assert isinstance(address, Mailbox)
        with pytest.MonkeyPatch.context() as environment:
            for name, value in self.world.identity.environment().items():
                environment.setenv(name, value)  # azure-identity looks there
            report = await (by or self.build(**settings))(CheckRequest(address, tuple(MailProtocol)))
        assert isinstance(report, Report)
        return report


def endpoints_of(server: Dovecot) -> Mapping[MailProtocol, Endpoint]:
    """Where each protocol is served."""
    return {
        IMAP: Endpoint(HOST, server.imap_port),
        POP: Endpoint(HOST, server.pop_port),
        SMTP: Endpoint(HOST, server.submission_port),
    }


def diagnoses(report: Report) -> dict[MailProtocol, str | None]:
    """The diagnosis of each protocol; none where the mailbox opened."""
    verdicts = {protocol: one.verdict for protocol, one in report.protocols.items()}
    return {
        protocol: verdict.diagnosis.id if isinstance(verdict, Broken) else None
        for protocol, verdict in verdicts.items()
    }
