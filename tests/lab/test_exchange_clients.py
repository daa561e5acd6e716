"""Foreign clients agree with the lab's Exchange: curl, imaplib, IMAPClient and poplib."""

import asyncio
import base64
import imaplib
import poplib
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from imapclient import IMAPClient
from imapclient.exceptions import LoginError

from lab.exchange.folders import WELL_USED
from lab.exchange.imap_list import wire_name
from lab.exchange.protocols import Protocol
from lab.exchange.server import Exchange
from tests.lab.exchange_kit import DEADLINE, SHARED, app_token, authority, client_context, new_exchange, xoauth2
from tests.needs import need

NOT_GRANTED = "not-granted@contoso.com"
LOGIN_DENIED = 67  # curl's exit code


@pytest.fixture
async def exchange() -> AsyncIterator[Exchange]:
    """A server with the standard scenarios."""
    async with new_exchange() as server:
        yield server


async def curl(folder: Path, url: str, mailbox: str, *options: str) -> tuple[int, str]:
    """Runs curl with a good token, and answers its exit code and its output."""
    need(shutil.which("curl") is not None, "curl", "apt-get install curl")
    ca_file = folder / "ca.pem"
    ca_file.write_bytes(authority().pem)
    process = await asyncio.create_subprocess_exec(
        *("curl", "--silent", "--no-progress-meter", "--max-time", str(DEADLINE), "--cacert", ca_file),
        *("--user", f"{mailbox}:", "--oauth2-bearer", app_token()(), "--login-options", "AUTH=XOAUTH2"),
        *(*options, url),
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, output.decode("ascii")


@pytest.mark.interop
@pytest.mark.parametrize("options", [(), ("--sasl-ir",)], ids=["two steps", "initial response"])
async def test_curl_lists_folders(exchange: Exchange, tmp_path: Path, options: tuple[str, ...]) -> None:
    """Curl signs in by IMAP in both forms and prints a line per folder (of a literal, it drops the body)."""
    code, output = await curl(tmp_path, f"imaps://localhost:{exchange.imap_port}/", SHARED, *options)
    assert (code, output.count("* LIST (")) == (0, len(WELL_USED))


@pytest.mark.interop
async def test_curl_lists_messages(exchange: Exchange, tmp_path: Path) -> None:
    """Curl signs in by POP, lists the messages and fetches one."""
    url = f"pop3s://localhost:{exchange.pop_port}/"
    code, output = await curl(tmp_path, url, SHARED)
    assert (code, len(output.splitlines())) == (0, 7)
    size = int(output.split()[1])
    code, output = await curl(tmp_path, f"{url}1", SHARED)
    assert (code, len(output)) == (0, size)


@pytest.mark.interop
@pytest.mark.parametrize("mailbox", [NOT_GRANTED, "unknown@contoso.com"])
@pytest.mark.parametrize("protocol", Protocol)
async def test_curl_is_refused(exchange: Exchange, tmp_path: Path, protocol: Protocol, mailbox: str) -> None:
    """Curl understands a refusal as a denied login."""
    imap, pop = f"imaps://localhost:{exchange.imap_port}/", f"pop3s://localhost:{exchange.pop_port}/"
    code, output = await curl(tmp_path, imap if protocol is Protocol.IMAP else pop, mailbox)
    assert (code, output) == (LOGIN_DENIED, "")


async def test_imaplib(exchange: Exchange) -> None:
    """Python's imaplib signs in, lists, counts, selects and leaves."""

    def talk() -> None:
        client = imaplib.IMAP4_SSL("localhost", exchange.imap_port, ssl_context=client_context(), timeout=DEADLINE)
        with client:
            assert "AUTH=XOAUTH2" in client.capabilities
            client.authenticate("XOAUTH2", lambda _: base64.b64decode(xoauth2(SHARED)))
            assert client.namespace() == ("OK", [b'(("" "/")) NIL NIL'])
            status, lines = client.list()
            # A literal comes as a tuple with the octets after it as an item of its own.
            names = [line[1] for line in lines if isinstance(line, tuple)]
            assert (status, len(lines) - len(names)) == ("OK", len(WELL_USED))
            assert b'Say "hello"' in names
            assert client.select("INBOX", readonly=True) == ("OK", [b"7"])
            assert client.status('"Sent Items"', "(MESSAGES)") == ("OK", [b'"Sent Items" (MESSAGES 0)'])
            client.close()

    await asyncio.to_thread(talk)


async def test_imaplib_is_refused(exchange: Exchange) -> None:
    """Python's imaplib reports the one line of refusal, for XOAUTH2 and for LOGIN."""

    def talk() -> None:
        client = imaplib.IMAP4_SSL("localhost", exchange.imap_port, ssl_context=client_context(), timeout=DEADLINE)
        with client:
            with pytest.raises(imaplib.IMAP4.error, match=r"AUTHENTICATE failed\."):
                client.authenticate("XOAUTH2", lambda _: base64.b64decode(xoauth2(NOT_GRANTED)))
            with pytest.raises(imaplib.IMAP4.error, match=r"LOGIN failed\."):
                client.login(SHARED, "secret")

    await asyncio.to_thread(talk)


async def test_imapclient(exchange: Exchange) -> None:
    """IMAPClient reads every folder's name and flags as the scenario wrote them, and opens what can be opened."""

    def talk() -> None:
        client = IMAPClient("localhost", exchange.imap_port, ssl_context=client_context(), timeout=DEADLINE)
        with client:
            client.oauth2_login(SHARED, app_token()())
            listed = client.list_folders()
            assert [name for _, _, name in listed] == ["/".join(folder.path) for folder in WELL_USED]
            assert {delimiter for _, delimiter, _ in listed} == {b"/"}
            for (flags, _, _), folder in zip(listed, WELL_USED, strict=True):
                assert (b"\\Noselect" not in flags) is folder.selectable
                assert {flag.encode() for flag in folder.flags} <= set(flags)
            for folder in WELL_USED:
                if folder.selectable:
                    messages = client.select_folder("/".join(folder.path), readonly=True)[b"EXISTS"]
                    assert messages == (7 if wire_name(folder) == "INBOX" else 0)
            assert client.find_special_folder(b"\\Sent") == "Sent Items"

    await asyncio.to_thread(talk)


async def test_imapclient_is_refused(exchange: Exchange) -> None:
    """IMAPClient reports the one line of refusal."""

    def talk() -> None:
        client = IMAPClient("localhost", exchange.imap_port, ssl_context=client_context(), timeout=DEADLINE)
        with client, pytest.raises(LoginError, match=r"AUTHENTICATE failed\."):
            client.oauth2_login(NOT_GRANTED, app_token()())

    await asyncio.to_thread(talk)


async def test_poplib(exchange: Exchange) -> None:
    """Python's poplib, taught AUTH in two steps, reads the mailbox; its own USER and PASS are refused."""

    def talk() -> None:
        client = poplib.POP3_SSL("localhost", exchange.pop_port, context=client_context(), timeout=DEADLINE)
        assert client.capa() == {"TOP": [], "UIDL": [], "SASL": ["PLAIN", "XOAUTH2"], "USER": []}
        client.user(SHARED)
        with pytest.raises(poplib.error_proto, match="Logon failure"):
            client.pass_("secret")
        client._shortcmd("AUTH XOAUTH2")  # type: ignore[attr-defined]  # noqa: SLF001 - poplib has no AUTH
        client._shortcmd(xoauth2(SHARED))  # type: ignore[attr-defined]  # noqa: SLF001 - poplib has no AUTH
        count, size = client.stat()
        assert (count, size) == (7, sum(int(line.split()[1]) for line in client.list()[1]))
        assert len({line.split()[1] for line in client.uidl()[1]}) == 7
        assert client.retr(7)[1][1] == b"Subject: Message 7"
        client.quit()

    await asyncio.to_thread(talk)
