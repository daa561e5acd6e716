"""Look at the app itself: its configuration, its credential, its token. No mail server is met."""

import asyncio
import datetime as dt
from collections.abc import Callable

from mailcheck.model.credential import Certificate
from mailcheck.model.evidence import Evidence
from mailcheck.model.inspection import Inspection
from mailcheck.usecases.credential import certificate_facts, token_facts
from mailcheck.usecases.guarded import Guard, Within, milliseconds_since
from mailcheck.usecases.judging import Judge, Target
from mailcheck.usecases.preparing import CredentialSource, Preparation, TokenIssuer


class InspectApp:
    """The use case; its arguments are those of `CheckMailbox`, and best the very same objects."""

    def __init__(
        self,
        target: Target,
        credentials: CredentialSource,
        tokens: TokenIssuer,
        *,
        now: Callable[[], dt.datetime],
        new_id: Callable[[], str],
    ) -> None:
        self._target = target
        self._preparation = Preparation(credentials, tokens, Guard(new_id))
        self._judge = Judge(target)
        self._now = now

    async def __call__(self, deadline: float) -> Inspection:
        """What is there now; ends within the timeout of a check, and by this time of the running loop's clock."""
        target = self._target
        started = asyncio.get_running_loop().time()
        now = self._now()
        prepared = await self._preparation.prepare(Within(min(deadline, started + target.timeout)), now)
        credential, token = prepared.credential, prepared.token
        return Inspection(
            app=target.app,
            cloud=target.cloud.name,
            endpoints=target.endpoints,
            timeout=target.timeout,
            domains=target.domains,
            canary=target.canary,
            checked_at=now,
            duration_ms=milliseconds_since(started),
            steps=prepared.steps,
            certificate=certificate_facts(credential, now) if isinstance(credential, Certificate) else None,
            token=None if isinstance(token, Evidence) else token_facts(token),
            diagnosis=self._judge.unmet(token) if isinstance(token, Evidence) else None,
            notices=self._judge.notices(credential, now, {}),
        )
