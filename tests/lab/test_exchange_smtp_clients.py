"""Foreign clients agree with the lab's SMTP: curl, Python's smtplib, and openssl."""

import asyncio
import base64
import shutil
import smtplib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from lab.exchange.server import Exchange
from lab.pki import Authority
from tests.lab.common import utc_now
from tests.lab.exchange_kit import DEADLINE, SHARED, app_token, authority, client_context, new_exchange, xoauth2
from tests.needs import need

CLIENT = "client.example"
NOT_GRANTED = "not-granted@contoso.com"
SOMEBODY = "somebody@fabrikam.example"
LOGIN_DENIED, SEND_ERROR, NOT_VERIFIED = 67, 55, 60  # curl's exit codes


@pytest.fixture
async def exchange() -> AsyncIterator[Exchange]:
    """A server with the standard scenarios."""
    async with new_exchange() as server:
        yield server


async def run(*command: str | Path, said: bytes = b"") -> tuple[int, str]:
    """The exit code and the output of a command that is given this input."""
    process = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        async with asyncio.timeout(2 * DEADLINE):
            output, _ = await process.communicate(said)
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()
    assert process.returncode is not None
    return process.returncode, output.decode("ascii")


@pytest.fixture
def ca_path(tmp_path: Path) -> Path:
    """The authority's certificate in a file."""
    path = tmp_path / "ca.pem"
    path.write_bytes(authority().pem)
    return path


async def curl(exchange: Exchange, ca_path: Path, mailbox: str, *options: str, said: bytes = b"") -> tuple[int, str]:
    """Runs curl with a good token; TLS by STARTTLS is required."""
    need(shutil.which("curl") is not None, "curl", "apt-get install curl")
    return await run(
        *("curl", "--silent", "--no-progress-meter", "--max-time", str(DEADLINE), "--cacert", ca_path),
        *("--ssl-reqd", "--user", f"{mailbox}:", "--oauth2-bearer", app_token()()),
        *("--login-options", "AUTH=XOAUTH2", *options, f"smtp://localhost:{exchange.smtp_port}/{CLIENT}"),
        said=said,
    )


@pytest.mark.interop
@pytest.mark.parametrize("options", [(), ("--sasl-ir",)], ids=["two steps", "initial response"])
async def test_curl_signs_in(exchange: Exchange, ca_path: Path, options: tuple[str, ...]) -> None:
    """Curl signs in both ways; with nothing to send it asks for HELP."""
    code, output = await curl(exchange, ca_path, SHARED, *options)
    assert (code, "STARTTLS" in output) == (0, True)
    assert exchange.sightings == [("smtp", SHARED, "opened")]


@pytest.mark.interop
@pytest.mark.parametrize("mailbox", [NOT_GRANTED, "unknown@contoso.com", "no-smtp@contoso.com"])
async def test_curl_is_refused(exchange: Exchange, ca_path: Path, mailbox: str) -> None:
    """Curl understands a refusal as a denied login."""
    assert await curl(exchange, ca_path, mailbox) == (LOGIN_DENIED, "")


@pytest.mark.interop
async def test_curl_sends_nothing(exchange: Exchange, ca_path: Path) -> None:
    """A transaction of curl goes as far as DATA, and ends there."""
    mail = ("--mail-from", SHARED, "--mail-rcpt", SOMEBODY, "--upload-file", "-")
    code, _ = await curl(exchange, ca_path, SHARED, *mail, said=b"Subject: Hello\r\n\r\nHello\r\n")
    assert code == SEND_ERROR


@pytest.mark.interop
async def test_curl_wants_to_know_whom_it_talks_to(exchange: Exchange, tmp_path: Path) -> None:
    """Curl that trusts another authority does not go on behind STARTTLS."""
    other = tmp_path / "other.pem"
    other.write_bytes(Authority(utc_now()).pem)
    assert await curl(exchange, other, SHARED) == (NOT_VERIFIED, "")
    assert exchange.sightings == []


@pytest.mark.interop
async def test_openssl(exchange: Exchange, ca_path: Path) -> None:
    """Openssl comes by STARTTLS to a verified TLS, over which EHLO names AUTH."""
    need(shutil.which("openssl") is not None, "openssl", "apt-get install openssl")
    code, output = await run(
        *("openssl", "s_client", "-quiet", "-crlf", "-starttls", "smtp", "-verify_return_error"),
        *("-verify_hostname", "localhost", "-CAfile", ca_path, "-connect", f"localhost:{exchange.smtp_port}"),
        said=f"EHLO {CLIENT}\nQUIT\n".encode(),
    )
    assert (code, "250-AUTH LOGIN XOAUTH2" in output, "221 2.0.0" in output) == (0, True, True)


def smtp(exchange: Exchange) -> smtplib.SMTP:
    """Python's client under TLS."""
    client = smtplib.SMTP("localhost", exchange.smtp_port, local_hostname=CLIENT, timeout=DEADLINE)
    client.ehlo()
    assert client.has_extn("starttls")
    assert not client.has_extn("auth")
    assert client.starttls(context=client_context())[0] == 220
    client.ehlo()
    assert not client.has_extn("starttls")
    return client


@pytest.mark.parametrize("initial", [True, False])
async def test_smtplib(exchange: Exchange, initial: bool) -> None:
    """Python's smtplib signs in both ways, and learns at DATA that no mail is taken."""
    response = base64.b64decode(xoauth2(SHARED)).decode()

    def talk() -> None:
        with smtp(exchange) as client:
            assert client.esmtp_features["auth"].split() == ["LOGIN", "XOAUTH2"]
            assert client.esmtp_features["size"] == "157286400"
            code, said = client.auth("XOAUTH2", lambda _=None: response, initial_response_ok=initial)
            assert (code, said) == (235, b"2.7.0 Authentication successful")
            assert client.noop()[0] == 250
            assert client.help().startswith(b"This server supports")
            with pytest.raises(smtplib.SMTPDataError) as refused:
                client.sendmail(SHARED, [SOMEBODY], "Subject: Hello\r\n\r\nHello\r\n")
            assert refused.value.smtp_code == 554

    await asyncio.to_thread(talk)


async def test_smtplib_is_refused(exchange: Exchange) -> None:
    """Python's smtplib reports the one line of refusal, Basic authentication switched off, and mail without sign-in."""
    response = base64.b64decode(xoauth2(NOT_GRANTED)).decode()

    def talk() -> None:
        with smtp(exchange) as client:
            with pytest.raises(smtplib.SMTPAuthenticationError, match="Authentication unsuccessful"):
                client.auth("XOAUTH2", lambda _=None: response)
            with pytest.raises(smtplib.SMTPAuthenticationError, match="basic authentication is disabled"):
                client.login(SHARED, "secret")
            with pytest.raises(smtplib.SMTPSenderRefused) as refused:
                client.sendmail(SHARED, [SOMEBODY], "Hello\r\n")
            assert refused.value.smtp_code == 530

    await asyncio.to_thread(talk)
