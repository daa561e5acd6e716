"""The whole world on loopback: one tenant with its Entra, managed identity, key vault, Exchange and Teams.

What a product needs to know of it is a mapping of settings, as it would stand in the Function App's configuration.
"""

import datetime as dt
import secrets
import tempfile
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Self

from lab import tenant as ids
from lab.entra import Entra
from lab.exchange.protocols import ROLES
from lab.exchange.server import Exchange
from lab.exchange.standard import standard_mailboxes
from lab.identity import ManagedIdentity
from lab.keyvault import KeyVault
from lab.names import NameProxy
from lab.pki import Authority, KeyPair, self_signed
from lab.scenario import Scenario
from lab.scenarios import find
from lab.teams.conversation import OPERATORS
from lab.teams.service import Teams
from lab.tenant import Application, Tenant
from lab.vault_contents import Content

CERTIFICATE = "mailcheck"  # the names that the app's credentials have in the vault
_NATIONAL_NAMES = tuple(
    sorted({name for cloud in ids.NATIONAL_CLOUDS.values() for name in (cloud.login, f"*.{cloud.vaults}")})
)
BOT_CERTIFICATE = "mailcheck-bot"
SECRET = "mailcheck-secret"  # noqa: S105 - a name, and no value
_CERTIFICATE_LIFE = dt.timedelta(days=90)
_HOST = "localhost"


class World:
    """Starts and stops everything together; an async context manager.

    Args:
        now: The clock, UTC.
        scenario: What is the matter with the vault, the tenant or Exchange, or its name in `lab.scenarios`.

    Attributes:
        now: The clock, as given.
        authority: Signs the servers' certificates.
        tenant: The directory; change it to change what Entra knows.
        entra, identity, vault, exchange, teams: The servers.
        names: The way to them by names of the Internet, for the scenarios of national clouds.
        mail_app: The app registration under test.
        app_certificate: Its certificate with the private key, as version 1 in the vault.
        bot_certificate: The bot's; it has a secret, too, and signs in by what the app settings name.
        app_secret: The client secret that it has in the scenarios about one.
        configured: App settings that are not as usual; None leaves one out.

    Raises:
        UnknownScenario: There is no scenario of that name.
    """

    def __init__(
        self,
        *,
        now: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
        scenario: Scenario | str | None = None,
    ) -> None:
        self.now: Callable[[], dt.datetime] = now
        self._scenario = find(scenario) if isinstance(scenario, str) else scenario
        self.configured: dict[str, str | None] = {}
        moment = now()
        self.authority: Authority = Authority(moment, names=_NATIONAL_NAMES)
        self.app_secret: str = secrets.token_urlsafe(24)
        self._bot_password = secrets.token_urlsafe(24)
        self.tenant = Tenant()
        self.app_certificate: KeyPair = self.certificate(ends=_CERTIFICATE_LIFE)
        self.bot_certificate: KeyPair = self.certificate()
        self.mail_app = self._register()
        self.entra = Entra(self.tenant, self.authority, now=now)
        self.identity = ManagedIdentity(self.entra, header=secrets.token_urlsafe(24))
        self.vault = KeyVault(self.entra, self.authority, now=now)
        self.exchange = Exchange(
            self.authority,
            self.tenant,
            self.entra.signing,
            self.entra.issuer_v1,
            standard_mailboxes(self.tenant.domain, self.mail_app.principal_id),
            now=now,
        )
        self.names = NameProxy()
        self.teams = Teams(
            bot_url="",
            bot_id=ids.BOT_CLIENT_ID,
            tenant_id=self.tenant.id,
            verify=lambda token: self.entra.verify(token, ids.BOT_RESOURCE),
            clock=now,
        )
        self._started = AsyncExitStack()
        self._folder: Path | None = None

    def _register(self) -> Application:
        mail = self.tenant.add(
            Application(
                ids.MAIL_CLIENT_ID,
                ids.MAIL_PRINCIPAL_ID,
                "Mail reader",
                roles={ids.EXCHANGE_RESOURCE: set(ROLES.values())},
                certificates=[self.app_certificate.certificate],
            )
        )
        self.tenant.add(
            Application(
                ids.BOT_CLIENT_ID,
                ids.BOT_PRINCIPAL_ID,
                "mailcheck bot",
                certificates=[self.bot_certificate.certificate],
                secret=self._bot_password,
            )
        )
        self.tenant.add(Application(ids.IDENTITY_CLIENT_ID, ids.IDENTITY_PRINCIPAL_ID, "mailcheck Function App"))
        return mail

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Starts the servers, stores the certificate, grants the Function App's identity access, enters the scenario.

        Raises:
            OSError: A server cannot start; nothing is left running.
        """
        async with AsyncExitStack() as stack:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="mailcheck-lab-"))
            self._folder = Path(folder)
            self._anchors_file.write_bytes(self.authority.pem)
            for server in (self.entra, self.identity, self.vault, self.exchange, self.teams, self.names):
                await stack.enter_async_context(server)
            self.vault.store(CERTIFICATE, self.app_certificate, form="pfx")
            self.vault.store(BOT_CERTIFICATE, self.bot_certificate)
            self.vault.grant(ids.IDENTITY_PRINCIPAL_ID)
            if self._scenario is not None:
                self.enter(self._scenario)
            self._started = stack.pop_all()

    async def stop(self) -> None:
        """Stops the servers, the last one first."""
        await self._started.aclose()

    def enter(self, scenario: Scenario | str) -> None:
        """Puts the world, which has started, into a state; the app is to be given its settings after that.

        Raises:
            UnknownScenario: There is no scenario of that name.
        """
        (find(scenario) if isinstance(scenario, str) else scenario).enter(self)

    def certificate(
        self, *, begins: dt.timedelta = -dt.timedelta(hours=1), ends: dt.timedelta = _CERTIFICATE_LIFE
    ) -> KeyPair:
        """A new certificate for the app, in force from and until so long from now; nobody knows of it yet."""
        now = self.now()
        return self_signed("mailcheck", not_before=now + begins, not_after=now + ends)

    def hold(self, content: Content, *, enabled: bool = True) -> None:
        """Has the vault hold this as the newest version of what it has under the certificate's name."""
        self.vault.store(CERTIFICATE, content, enabled=enabled)

    def renew(self, pair: KeyPair) -> None:
        """Gives the app another certificate: in the vault, and in its registration beside the one that it had."""
        self.app_certificate = pair
        self.mail_app.certificates.append(pair.certificate)
        self.vault.store(CERTIFICATE, pair)

    def use_secret(self, content: Content | str, *, enabled: bool = True) -> None:
        """Has the app sign in with the client secret that the vault holds, in place of the certificate.

        Args:
            content: What the vault holds; `app_secret` is what Entra has.
            enabled: Whether the vault gives it out.
        """
        self.mail_app.secret = self.app_secret
        self.configured |= {
            "MAILCHECK_CREDENTIAL": "secret", "MAILCHECK_SECRET": SECRET, "MAILCHECK_CERTIFICATE": None
        }  # fmt: skip
        self.vault.store(SECRET, Content(content) if isinstance(content, str) else content, enabled=enabled)

    @property
    def _anchors_file(self) -> Path:
        assert self._folder is not None, "the world has not started"  # noqa: S101 - a mistake of the caller
        return self._folder / "authority.pem"

    def settings(self) -> dict[str, str]:
        """The app settings that make a Function App part of this world."""
        settings: dict[str, str | None] = {
            "MAILCHECK_TENANT_ID": self.tenant.id,
            "MAILCHECK_CLIENT_ID": self.mail_app.client_id,
            "MAILCHECK_VAULT_URL": self.vault.url,
            "MAILCHECK_CERTIFICATE": CERTIFICATE,
            "MAILCHECK_AUTHORITY": self.entra.url,
            "MAILCHECK_IMAP": f"{_HOST}:{self.exchange.imap_port}",
            "MAILCHECK_POP": f"{_HOST}:{self.exchange.pop_port}",
            "MAILCHECK_SMTP": f"{_HOST}:{self.exchange.smtp_port}",
            "MAILCHECK_CA_FILE": str(self._anchors_file),
            "MAILCHECK_OPERATORS": ",".join(person.object_id for person in OPERATORS),
            "MAILCHECK_BOT_METADATA": self.teams.metadata_url,
            "MicrosoftAppType": "SingleTenant",
            "MicrosoftAppId": ids.BOT_CLIENT_ID,
            "MicrosoftAppTenantId": self.tenant.id,
            "MicrosoftAppPassword": self._bot_password,
            **self.identity.environment(),
            **self.configured,
        }
        return {name: value for name, value in settings.items() if value is not None}
