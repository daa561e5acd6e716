"""What is known of the app itself, without any mailbox: how it is configured, and how far it gets before a server."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from mailcheck.model.report import CertificateFacts, Diagnosis, Notice, Step, TokenFacts
from mailcheck.model.request import App, Endpoint, Mailbox, MailProtocol


@dataclass(frozen=True, slots=True)
class Inspection:
    """The app's configuration, its credential and its token, read now.

    Attributes:
        app: The app registration under test.
        cloud: The Microsoft cloud, as MAILCHECK_CLOUD has it.
        endpoints: The server of each protocol.
        timeout: Seconds for one whole check.
        domains: The only domains that may be checked; empty: any.
        canary: A mailbox that is known to open, or none.
        checked_at: When it was looked at, UTC.
        duration_ms: Milliseconds in all.
        steps: The stages that were entered; the one of the credential says for how long it is valid.
        certificate: The certificate, if there is one.
        token: What the token said, if there was one.
        diagnosis: Why credential or token could not be had; none where they could.
        notices: What is worth knowing beside that, the most urgent first.
    """

    app: App
    cloud: str
    endpoints: Mapping[MailProtocol, Endpoint]
    timeout: float
    domains: frozenset[str]
    canary: Mailbox | None
    checked_at: dt.datetime
    duration_ms: int
    steps: tuple[Step, ...]
    certificate: CertificateFacts | None
    token: TokenFacts | None
    diagnosis: Diagnosis | None
    notices: tuple[Notice, ...]
