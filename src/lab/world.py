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
from lab.exchange.mailboxes import standard_mailboxes
from lab.exchange.server import Exchange
from lab.identity import ManagedIdentity
from lab.keyvault import KeyVault
from lab.pki import Authority, self_signed
from lab.teams.service import Teams
from lab.tenant import Application, Tenant

CERTIFICATE = "mailcheck"
_CERTIFICATE_LIFE = dt.timedelta(days=90)
_HOST = "localhost"


class World:
    """Starts and stops everything together; an async context manager.

    Args:
        now: The clock, UTC.
        new_secret: Makes the passwords of this run.

    Attributes:
        tenant: The directory; change it to change what Entra knows.
        entra, identity, vault, exchange, teams: The servers.
        mail_app: The app registration under test.
        app_certificate: Its certificate with the private key, as version 1 in the vault.
    """

    def __init__(
        self,
        *,
        now: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
        new_secret: Callable[[], str] = lambda: secrets.token_urlsafe(24),
    ) -> None:
        moment = now()
        authority = Authority(moment)
        self._anchors = authority.pem
        self._bot_password = new_secret()
        self.tenant = Tenant()
        self.app_certificate = self_signed(
            "mailcheck", not_before=moment - dt.timedelta(hours=1), not_after=moment + _CERTIFICATE_LIFE
        )
        self.mail_app = self._register()
        self.entra = Entra(self.tenant, authority, now=now)
        self.identity = ManagedIdentity(self.entra, header=new_secret())
        self.vault = KeyVault(self.entra, authority, now=now)
        self.exchange = Exchange(
            authority,
            self.tenant,
            self.entra.signing,
            self.entra.issuer_v1,
            standard_mailboxes(self.tenant.domain, self.mail_app.principal_id),
            now=now,
        )
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
                roles={ids.EXCHANGE_RESOURCE: {"IMAP.AccessAsApp", "POP.AccessAsApp"}},
                certificates=[self.app_certificate.certificate],
            )
        )
        self.tenant.add(
            Application(ids.BOT_CLIENT_ID, ids.BOT_PRINCIPAL_ID, "mailcheck bot", secret=self._bot_password)
        )
        self.tenant.add(Application(ids.IDENTITY_CLIENT_ID, ids.IDENTITY_PRINCIPAL_ID, "mailcheck Function App"))
        return mail

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Starts the servers, stores the certificate in the vault, and grants the Function App's identity access.

        Raises:
            OSError: A server cannot start; nothing is left running.
        """
        async with AsyncExitStack() as stack:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="mailcheck-lab-"))
            self._folder = Path(folder)
            self._anchors_file.write_bytes(self._anchors)
            for server in (self.entra, self.identity, self.vault, self.exchange, self.teams):
                await stack.enter_async_context(server)
            self.vault.store(CERTIFICATE, self.app_certificate, form="pfx")
            self.vault.grant(ids.IDENTITY_PRINCIPAL_ID)
            self._started = stack.pop_all()

    async def stop(self) -> None:
        """Stops the servers, the last one first."""
        await self._started.aclose()

    @property
    def _anchors_file(self) -> Path:
        assert self._folder is not None, "the world has not started"  # noqa: S101 - a mistake of the caller
        return self._folder / "authority.pem"

    def settings(self) -> dict[str, str]:
        """The app settings that make a Function App part of this world."""
        return {
            "MAILCHECK_TENANT_ID": self.tenant.id,
            "MAILCHECK_CLIENT_ID": self.mail_app.client_id,
            "MAILCHECK_VAULT_URL": self.vault.url,
            "MAILCHECK_CERTIFICATE": CERTIFICATE,
            "MAILCHECK_AUTHORITY": self.entra.url,
            "MAILCHECK_IMAP": f"{_HOST}:{self.exchange.imap_port}",
            "MAILCHECK_POP": f"{_HOST}:{self.exchange.pop_port}",
            "MAILCHECK_CA_FILE": str(self._anchors_file),
            "MAILCHECK_OPERATORS": "*",
            "MAILCHECK_BOT_METADATA": self.teams.metadata_url,
            "MicrosoftAppType": "SingleTenant",
            "MicrosoftAppId": ids.BOT_CLIENT_ID,
            "MicrosoftAppTenantId": self.tenant.id,
            "MicrosoftAppPassword": self._bot_password,
            **self.identity.environment(),
        }
