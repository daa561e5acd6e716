"""What this folder's tests share beside fixtures: the clock, the bot's secret, the type of `ask`, raw requests."""

import asyncio
import datetime as dt
import ssl
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

from lab.tenant import EXCHANGE_RESOURCE

BOT_SECRET = "correct horse battery staple"
MAIL_SCOPE = f"{EXCHANGE_RESOURCE}/.default"
_DEADLINE = 10.0  # seconds

# Sends one token request, built from keywords; the answer's status and document come back.
type Ask = Callable[..., Awaitable[tuple[int, dict[str, Any]]]]


def utc_now() -> dt.datetime:
    """The clock of the lab in these tests: the real one, since MSAL and the SDK's validators read that too."""
    return dt.datetime.now(dt.UTC)


async def raw_status(url: str, request: bytes, *headers: bytes, tls: ssl.SSLContext | None = None) -> int:
    """The status of the answer to a request line and headers as they stand, which an HTTP client might not send."""
    place = urlsplit(url)
    reader, writer = await asyncio.open_connection(place.hostname, place.port, ssl=tls)
    writer.write(b"\r\n".join((request, b"Host: lab", *headers, b"", b"")))
    async with asyncio.timeout(_DEADLINE):
        line = await reader.readline()
    writer.transport.abort()
    return int(line.split()[1])
