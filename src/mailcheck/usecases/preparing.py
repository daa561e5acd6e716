"""What every check needs before a mail server is met: the app's credential, then a token for it."""

import asyncio
import datetime as dt
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Protocol

from mailcheck.model.credential import Credential, Token
from mailcheck.model.evidence import Evidence, Stage
from mailcheck.model.progress import Entered
from mailcheck.model.report import Step
from mailcheck.usecases.credential import out_of_force, stage_of, validity
from mailcheck.usecases.guarded import Guard, Within, milliseconds_since


class CredentialSource(Protocol):
    """Where the app's certificate or client secret comes from: Key Vault."""

    async def credential(self) -> Credential | Evidence:
        """The current version, read now or kept from before."""

    def forget(self) -> None:
        """The kept credential did not do: the next one is to be read."""


class TokenIssuer(Protocol):
    """Who gives an access token for a credential: Entra."""

    async def token(self, credential: Credential) -> Token | Evidence:
        """A token for Exchange, bought now or kept from before."""

    def forget(self) -> None:
        """The kept token did not do: the next one is to be bought."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """What came of it; where there is no credential, its evidence is the token's too.

    Attributes:
        credential: The credential that was read, in force or not.
        token: The token, or why there is none.
        steps: The stages that were entered.
    """

    credential: Credential | Evidence
    token: Token | Evidence
    steps: tuple[Step, ...]


class Preparation:
    """Gets credential and token for any number of checks.

    Args:
        credentials: Key Vault.
        tokens: Entra.
        guard: Turns what must not happen into evidence.
    """

    def __init__(self, credentials: CredentialSource, tokens: TokenIssuer, guard: Guard) -> None:
        self._credentials = credentials
        self._tokens = tokens
        self._guard = guard

    async def prepare(self, within: Within, now: dt.datetime) -> Prepared:
        """Credential and token; a credential that is out of force, or that Entra refused, is read anew next time.

        `now` is the time in UTC at which the credential has to be in force.
        """
        steps: list[Step] = []
        credential: Credential | Evidence = await self._stage(
            Stage.VAULT, self._credentials.credential(), within, steps
        )  # fmt: skip
        token: Token | Evidence
        if isinstance(credential, Evidence):
            token = credential
        else:
            fault = out_of_force(credential, now)
            steps.append(Step(stage_of(credential), fault is None, 0, validity(credential, now)))
            token = (
                await self._stage(Stage.TOKEN, self._tokens.token(credential), within, steps)
                if fault is None
                else fault
            )
        if isinstance(token, Evidence) and _is_of_credential(token):
            self._credentials.forget()
        return Prepared(credential, token, tuple(steps))

    def forget_token(self) -> None:
        """The token did not do: the next check is to buy another."""
        self._tokens.forget()

    async def _stage[T](
        self, stage: Stage, work: Awaitable[T | Evidence], within: Within, steps: list[Step]
    ) -> T | Evidence:
        within.watch(Entered(stage))
        started = asyncio.get_running_loop().time()
        outcome = await self._guard.until(within.deadline, stage, work)
        failed = isinstance(outcome, Evidence)
        entered = outcome.stage if isinstance(outcome, Evidence) else stage
        steps.append(Step(entered, not failed, milliseconds_since(started)))
        return outcome


def _is_of_credential(seen: Evidence) -> bool:
    """Whether it may be the credential that is to blame: it is out of force, or Entra judged it."""
    return seen.stage in {Stage.CERTIFICATE, Stage.SECRET} or seen.signal.startswith("AADSTS")
