"""The lab's Entra, a stand-in that answers oddly, and the adapter that asks them."""

import datetime as dt
import ssl
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import requests

from lab.entra import Entra
from lab.pki import Authority
from lab.tenant import MAIL_CLIENT_ID, TENANT_ID, Tenant
from mailcheck.adapters.entra import READ_TIMEOUT, EntraTokens
from mailcheck.model.credential import Token
from mailcheck.model.evidence import Evidence, Stage
from tests.adapters.azure_kit import SCOPE, Answer, Peer, document, new_pair, now, served, tenant_of

PAIR = new_pair()
DISCOVERY = f"/{TENANT_ID}/v2.0/.well-known/openid-configuration"
TOKEN = f"/{TENANT_ID}/oauth2/v2.0/token"


def entra_of(
    authority: Authority,
    session: requests.Session,
    tenant: Tenant | None = None,
    *,
    late: dt.timedelta = dt.timedelta(),
) -> AbstractAsyncContextManager[Entra]:
    """The lab's Entra with our certificate registered; its clock may be late."""
    return served(Entra(tenant or tenant_of(PAIR), authority, now=lambda: now() + late), session)


@asynccontextmanager
async def peer_of(tls: ssl.SSLContext, session: requests.Session, token: Answer) -> AsyncGenerator[Peer]:
    """A server that names its endpoints, and answers a token request so."""
    async with served(Peer(tls), session) as peer:
        endpoints = {"authorization_endpoint": f"{peer.url}/authorize", "token_endpoint": f"{peer.url}{TOKEN}"}
        peer.answers |= {DISCOVERY: document(200, endpoints), TOKEN: token}
        yield peer


def tokens_of(
    authority_url: str,
    session: requests.Session,
    *,
    client_id: str = MAIL_CLIENT_ID,
    scope: str = SCOPE,
    read_timeout: float = READ_TIMEOUT,
) -> EntraTokens:
    """The adapter, for this authority."""
    return EntraTokens(
        authority=authority_url, client_id=client_id, scope=scope, session=session, read_timeout=read_timeout
    )


def evidence(answer: Token | Evidence) -> Evidence:
    """The evidence that there is no token."""
    assert isinstance(answer, Evidence), answer
    assert answer.stage is Stage.TOKEN
    return answer
