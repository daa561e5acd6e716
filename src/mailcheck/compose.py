"""Where the rooms meet: builds the application once, on first use, and is the only reader of the environment.

Nothing is built at import, and the heavy libraries are imported by what needs them: an app that raises at import
vanishes from Azure Functions, and every import is paid on each cold start.
"""

import asyncio
import datetime as dt
import os
import time
import uuid
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from mailcheck import __version__
from mailcheck.faces.http_api import HttpApi
from mailcheck.model.problem import Problems
from mailcheck.model.request import EVERYONE, CredentialKind, MailProtocol
from mailcheck.settings import BotSettings, CheckSettings, Settings
from mailcheck.usecases.check import CheckMailbox
from mailcheck.usecases.inspect import InspectApp
from mailcheck.usecases.judging import Target

if TYPE_CHECKING:
    import ssl

    import azure.functions as func
    import requests

    from mailcheck.adapters.bot_credentials import AppTokens, IdentityTokens
    from mailcheck.faces.teams.endpoint import TeamsEndpoint, UnconfiguredEndpoint

# Seconds for which a credential is taken from memory: a renewed one is used at the latest this much later.
_CREDENTIAL_AGE = 300.0
# The part of a check's time that identity endpoint and vault have for one answer: who is silent is told, not the time.
_ONE_ANSWER = 0.75
# The libraries whose versions a status tells.
_TOLD = ("azure-functions", "azure-identity", "azure-keyvault-secrets", "botbuilder-core", "cryptography", "msal")


class UseCases(NamedTuple):
    """What a configured app can do."""

    check: CheckMailbox
    inspect: InspectApp


class Application:
    """The faces of one process, built from its settings.

    Attributes:
        check: The use case, or what keeps it from being configured.
        protocols: What is checked when a request names none.
        http: The HTTP API.

    Args:
        settings: Where everything is.
        began: When its building began, if the first turn of the bot is to pay for it, by `time.monotonic()`.
    """

    def __init__(self, settings: Settings, began: float | None = None) -> None:
        self._settings = settings
        configured = settings.check
        self.check: CheckMailbox | Problems
        self._inspect: InspectApp | Problems
        if isinstance(configured, CheckSettings):
            self.check, self._inspect = build_use_cases(configured)
            self.protocols = configured.protocols
            self._guide = configured.guide
        else:
            self.check = self._inspect = configured
            self.protocols = tuple(MailProtocol)
            self._guide = ""
        bot_problems = () if isinstance(settings.bot, BotSettings) else settings.bot
        self.http = HttpApi(__version__, self.check, self.protocols, bot_problems)
        self._teams: TeamsEndpoint | UnconfiguredEndpoint | None = None
        self._spent = 0.0 if began is None else time.monotonic() - began

    async def messages(self, request: "func.HttpRequest") -> "func.HttpResponse":
        """`POST /api/messages`: one activity from Teams. The bot is built, and its SDK loaded, on the first one."""
        arrived, self._spent = asyncio.get_running_loop().time() - self._spent, 0.0
        if self._teams is None:
            self._teams = build_teams(self._settings.bot, self.check, self._inspect, self.protocols, self._guide)
        return await self._teams.messages(request, arrived)


def compose(began: float | None = None) -> Application:
    """A new application from the environment; `mailcheck.application()` keeps the one of this process."""
    return Application(Settings.read(os.environ), began)


def build_use_cases(settings: CheckSettings) -> UseCases:
    """The check and the look at the app, with the same genuine surroundings."""
    from mailcheck.adapters.entra import EntraTokens  # noqa: PLC0415 - see the top of the file
    from mailcheck.adapters.keyvault import READ_TIMEOUT, Identity, KeyVaultCredentials  # noqa: PLC0415
    from mailcheck.adapters.transport import MailTransport  # noqa: PLC0415

    context, session = _trust(settings.ca_file)
    credentials = KeyVaultCredentials(
        vault_url=settings.app.vault_url,
        kind=settings.app.credential,
        name=settings.app.vault_object,
        session=session,
        identity=Identity(settings.managed_identity, settings.identity_client_id),
        max_age=_CREDENTIAL_AGE,
        clock=time.monotonic,
        read_timeout=min(READ_TIMEOUT, _ONE_ANSWER * settings.timeout),
    )
    tokens = EntraTokens(
        authority=settings.authority, client_id=settings.app.client_id, scope=settings.scope, session=session
    )
    target = Target(
        app=settings.app,
        cloud=settings.cloud,
        canary=settings.canary,
        guide=settings.guide,
        endpoints=settings.endpoints,
        timeout=settings.timeout,
        domains=settings.domains,
    )
    check = CheckMailbox(target, credentials, tokens, MailTransport(context), now=_now, new_id=_new_id)
    return UseCases(check, InspectApp(target, credentials, tokens, now=_now, new_id=_new_id))


def build_teams(
    bot: BotSettings | Problems,
    check: CheckMailbox | Problems,
    inspect: InspectApp | Problems,
    protocols: tuple[MailProtocol, ...],
    guide: str,
) -> "TeamsEndpoint | UnconfiguredEndpoint":
    """The bot with its guard in front, or what keeps it from being configured."""
    from mailcheck.faces.teams.endpoint import TeamsEndpoint, UnconfiguredEndpoint  # noqa: PLC0415 - see the top

    if not isinstance(bot, BotSettings):
        return UnconfiguredEndpoint(bot)
    # botbuilder costs half a second and 800 modules: a process that never hears from Teams does without.
    from mailcheck.adapters.bot_connector import TeamsChannel  # noqa: PLC0415
    from mailcheck.adapters.bot_credentials import BotCredentials  # noqa: PLC0415
    from mailcheck.adapters.bot_guard import BotGuard  # noqa: PLC0415
    from mailcheck.adapters.bot_hosts import ServiceHosts  # noqa: PLC0415
    from mailcheck.adapters.bot_keys import SigningKeys  # noqa: PLC0415
    from mailcheck.faces.teams.answering import Answers  # noqa: PLC0415
    from mailcheck.faces.teams.bot import MailcheckBot  # noqa: PLC0415
    from mailcheck.faces.teams.seen import SeenActivities  # noqa: PLC0415
    from mailcheck.faces.teams.status_card import StatusFacts  # noqa: PLC0415

    _, session = _trust(bot.ca_file)
    credentials = BotCredentials(_bot_tokens(bot, session), clock=time.monotonic)
    keys = SigningKeys(bot.metadata, session=session, clock=time.monotonic)
    hosts = ServiceHosts(bot.service_hosts, metadata=bot.metadata)
    answers = Answers(
        check=check,
        inspect=inspect,
        protocols=protocols,
        operators=bot.operators,
        guide=guide,
        facts=partial(
            StatusFacts,
            bot_kind=bot.kind,
            bot_id=bot.app_id,
            operators=EVERYONE if EVERYONE in bot.operators else len(bot.operators),
            protocols=protocols,
            versions=_versions(),
        ),
    )
    return TeamsEndpoint(
        guard=BotGuard(app_id=bot.app_id, tenant_id=bot.tenant_id, keys=keys, hosts=hosts, now=_now),
        channel=TeamsChannel(credentials=credentials, session=session),
        turn=MailcheckBot(answers).on_turn,
        seen=SeenActivities(_now),
    )


def _bot_tokens(bot: BotSettings, session: "requests.Session") -> "AppTokens | IdentityTokens":
    """Where the bot's own token comes from."""
    from mailcheck.adapters.bot_credentials import SCOPE, AppTokens, ConfiguredSecret, IdentityTokens  # noqa: PLC0415
    from mailcheck.adapters.entra import EntraTokens  # noqa: PLC0415 - see the top of the file
    from mailcheck.adapters.keyvault import Identity, KeyVaultCredentials  # noqa: PLC0415

    source: ConfiguredSecret | KeyVaultCredentials
    if bot.password is not None:
        source = ConfiguredSecret(bot.password)
    elif bot.certificate is not None:
        source = KeyVaultCredentials(
            vault_url=bot.certificate.vault_url,
            kind=CredentialKind.CERTIFICATE,
            name=bot.certificate.name,
            session=session,
            identity=Identity(bot.certificate.managed_identity, bot.certificate.identity_client_id),
            max_age=_CREDENTIAL_AGE,
            clock=time.monotonic,
        )
    else:
        return IdentityTokens(app_id=bot.app_id, session=session, now=_now)
    entra = EntraTokens(authority=bot.authority, client_id=bot.app_id, scope=SCOPE, session=session)
    return AppTokens(source, entra=entra, now=_now)


@cache
def _trust(ca_file: Path | None) -> "tuple[ssl.SSLContext, requests.Session]":
    """The one TLS context of this process, and the HTTP session that verifies by it."""
    from mailcheck.adapters.https import silence_sdks  # noqa: PLC0415 - see the top of the file
    from mailcheck.adapters.trust import http_session, tls_context  # noqa: PLC0415

    silence_sdks()
    context = tls_context(ca_file)
    return context, http_session(context)


def _versions() -> tuple[tuple[str, str], ...]:
    """What runs, for a status."""
    import platform  # noqa: PLC0415 - see the top of the file: only the bot tells it
    from importlib.metadata import version  # noqa: PLC0415

    return (
        ("mailcheck", __version__),
        ("Python", platform.python_version()),
        *((name, version(name)) for name in _TOLD),
    )


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _new_id() -> str:
    return str(uuid.uuid4())
