"""What the SDK's own validation makes of each forgery: what the guard is for."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from botbuilder.schema import Activity
from botframework.connector.auth import (
    AuthenticationConfiguration,
    AuthenticationConstants,
    ChannelValidation,
    JwtTokenExtractor,
    JwtTokenValidation,
    SimpleCredentialProvider,
)

from lab.tenant import BOT_CLIENT_ID
from tests.adapters.bot_kit import SERVICE_URL, Issued, activity, issued
from tests.forgeries import FORGERIES
from tests.forging import Forgery, Sdk, publish

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning"),  # it is what the SDK does about it
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world() -> AsyncIterator[Issued]:
    """The SDK's validation, pointed at an issuer that publishes hostile keys beside its own."""
    async with issued() as made:
        publish(made.issuer)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(ChannelValidation, "open_id_metadata_endpoint", made.metadata_url)
            patch.setattr(AuthenticationConstants, "TO_BOT_FROM_EMULATOR_OPENID_METADATA_URL", made.metadata_url)
            patch.setattr(JwtTokenExtractor, "metadataCache", {})
            yield made


async def _sdk(header: str, body: bytes) -> Sdk:
    try:
        identity = await JwtTokenValidation.authenticate_request(
            Activity().deserialize(json.loads(body)),
            header,
            SimpleCredentialProvider(BOT_CLIENT_ID, "unused"),
            auth_configuration=AuthenticationConfiguration(),
        )
    except PermissionError:  # the SDK's adapters answer 401
        return Sdk.REFUSES
    except Exception:  # noqa: BLE001 - whatever else it raises, its adapters let through
        return Sdk.RAISES
    return Sdk.ACCEPTS if identity.is_authenticated else Sdk.REFUSES


async def test_the_sdk_takes_an_honest_request(world: Issued) -> None:
    """The control: with the same issuer, the SDK accepts what it is to accept."""
    header = f"Bearer {world.issuer.token(SERVICE_URL)}"
    assert await asyncio.to_thread(asyncio.run, _sdk(header, json.dumps(activity()).encode())) is Sdk.ACCEPTS


@pytest.mark.parametrize("forgery", FORGERIES, ids=lambda forgery: forgery.name)
async def test_what_the_sdk_makes_of_a_forgery(world: Issued, forgery: Forgery) -> None:
    """The SDK 4.17.1 does with each forgery what the table says of it."""
    header, body = forgery.request(world.issuer, activity())
    assert await asyncio.to_thread(asyncio.run, _sdk(header, body)) is forgery.sdk
