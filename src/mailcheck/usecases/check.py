"""Check one mailbox: credential, token, then one conversation per protocol, all at the same time, one deadline.

Whatever happens, a report comes of it. A failure that is expected in the field arrives here as `Evidence`; an
exception is a fault of ours and becomes the evidence of one (guarded.py).
"""

import asyncio
import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from mailcheck.model.credential import Certificate, Token
from mailcheck.model.evidence import Evidence, Fault, Stage
from mailcheck.model.progress import Watch, unwatched
from mailcheck.model.report import Broken, Canary, NotAllowed, Opened, Outcome, ProtocolReport, Report, Waiting
from mailcheck.model.request import CheckRequest, MailProtocol
from mailcheck.usecases.conversing import Conversations, Mail, Talk
from mailcheck.usecases.credential import certificate_facts, token_facts
from mailcheck.usecases.guarded import Guard, Within, milliseconds_since
from mailcheck.usecases.judging import Judge, Target, canary_outcome, is_spent, says_no
from mailcheck.usecases.preparing import CredentialSource, Preparation, TokenIssuer

# Each part of a check keeps the deadline, or ends shortly after it; this much later what is left is given up.
_GRACE = 0.4
# Who has to answer before any mail server is met.
_ASKED = {Stage.IDENTITY: "the managed identity", Stage.VAULT: "Key Vault", Stage.TOKEN: "Entra"}


class CheckMailbox:
    """The use case. One instance serves any number of checks at the same time.

    A token that opened every mailbox asked for is kept, so a healthy answer may rest on what Entra said up to an hour
    ago. One that a server refused, or that lacks a role, is not: who mends that and checks again gets a new one. So it
    is with a credential that is out of force, or that Entra refused.

    `now` gives the current time in UTC, `new_id` a fresh id for a report or a bug's reference.
    """

    def __init__(
        self,
        target: Target,
        credentials: CredentialSource,
        tokens: TokenIssuer,
        mail: Mail,
        *,
        now: Callable[[], dt.datetime],
        new_id: Callable[[], str],
    ) -> None:
        self._target = target
        self._guard = Guard(new_id)
        self._preparation = Preparation(credentials, tokens, self._guard)
        self._conversations = Conversations(mail, target.endpoints, target.timeout, self._guard)
        self._judge = Judge(target)
        self._now = now
        self._new_id = new_id

    async def __call__(
        self, request: CheckRequest, *, watch: Watch = unwatched, deadline: float | None = None
    ) -> Outcome:
        """Runs one check; ends within the timeout whatever a server, the vault or the network does.

        Args:
            request: What to check.
            watch: Is told how far it has come.
            deadline: When whoever asks cannot wait any longer, on the running loop's clock. Where that comes before
                the timeout, what is not known by then is told as waited for (`ProtocolReport.waiting`).
        """
        if self._target.domains and request.mailbox.domain not in self._target.domains:
            return NotAllowed(request.mailbox)
        started = asyncio.get_running_loop().time()
        checked_at = self._now()
        usual = started + self._target.timeout
        until = usual if deadline is None else min(usual, deadline)
        run = _Run(request, started, checked_at, Within(until, watch), until < usual)
        report = await self._guard.until(until + _GRACE, Stage.LOGOUT, self._report(run))
        if isinstance(report, Report):
            return report
        return Report(
            id=self._new_id(),
            mailbox=request.mailbox,
            checked_at=checked_at,
            duration_ms=milliseconds_since(started),
            protocols=self._stopped(run, report),
        )

    async def _report(self, run: "_Run") -> Report | Evidence:
        """The whole check; evidence never comes of it, but of who guards it."""
        prepared = await self._preparation.prepare(run.within, run.checked_at)
        credential, token = prepared.credential, prepared.token
        talks: Mapping[MailProtocol, Talk] = {}
        canary: Canary | None = None
        if isinstance(token, Evidence):
            protocols = self._stopped(run, token)
        else:
            talks = await self._conversations.hold(run.request.mailbox, run.request.protocols, token, run.within)
            canary = await self._canary(run, talks, token)
            if any(is_spent(token, protocol, talk.outcome) for protocol, talk in talks.items()):
                self._preparation.forget_token()
            protocols = self._judged(run, talks, token, canary)
        return Report(
            id=self._new_id(),
            mailbox=run.request.mailbox,
            checked_at=run.checked_at,
            duration_ms=milliseconds_since(run.started),
            protocols=protocols,
            preparation=prepared.steps,
            certificate=certificate_facts(credential, run.checked_at) if isinstance(credential, Certificate) else None,
            token=None if isinstance(token, Evidence) else token_facts(token),
            canary=canary,
            notices=self._judge.notices(credential, run.checked_at, talks),
        )

    async def _canary(self, run: "_Run", talks: Mapping[MailProtocol, Talk], token: Token) -> Canary | None:
        """The canary by each protocol that refused the mailbox; none when there is nothing that it could tell."""
        mailbox = self._target.canary
        refused = [protocol for protocol, talk in talks.items() if says_no(talk.outcome)]
        if mailbox is None or mailbox == run.request.mailbox or not refused:
            return None
        tried = await self._conversations.hold(mailbox, refused, token, Within(run.within.deadline))
        outcomes = {protocol: canary_outcome(talk.outcome) for protocol, talk in tried.items()}
        return Canary(mailbox, MappingProxyType(outcomes))

    def _judged(
        self, run: "_Run", talks: Mapping[MailProtocol, Talk], token: Token, canary: Canary | None
    ) -> Mapping[MailProtocol, ProtocolReport]:
        verdicts = self._judge.verdicts(run.request.mailbox, talks, token, canary)
        return MappingProxyType(
            {
                protocol: ProtocolReport(
                    verdicts[protocol],
                    talk.conversation.duration_ms,
                    talk.conversation.steps,
                    talk.conversation.transcript,
                    self._waiting(run, protocol, talk.outcome, late=talk.late),
                )
                for protocol, talk in talks.items()
            }
        )

    def _stopped(self, run: "_Run", evidence: Evidence) -> Mapping[MailProtocol, ProtocolReport]:
        """The verdicts on protocols that were never tried, because credential or token failed."""
        verdict = Broken(self._judge.unmet(evidence, run.request.mailbox))
        late = run.within.is_over()
        return MappingProxyType(
            {
                protocol: ProtocolReport(verdict, waiting=self._waiting(run, protocol, evidence, late=late))
                for protocol in run.request.protocols
            }
        )

    def _waiting(
        self, run: "_Run", protocol: MailProtocol, outcome: Opened | Evidence, *, late: bool
    ) -> Waiting | None:
        """What was waited for, where the check was cut short before its own timeout.

        What ended before, by a time-out of its own such as Key Vault's, is over: more time would not have changed it.
        """
        if not (run.cut_short and late) or not isinstance(outcome, Evidence) or outcome.signal != Fault.TIMEOUT:
            return None
        whom = _ASKED.get(outcome.stage) or str(self._target.endpoints[protocol])
        return Waiting(outcome.stage, whom, milliseconds_since(run.started) / 1000)


@dataclass(frozen=True, slots=True)
class _Run:
    """One check under way; `cut_short`: whoever asked waits for less than the timeout."""

    request: CheckRequest
    started: float
    checked_at: dt.datetime
    within: Within
    cut_short: bool
