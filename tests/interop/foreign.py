"""Foreign mail clients, each as a function: sign in with XOAUTH2, list, and tell what was seen."""

import imaplib
import poplib
import re
import shutil
import smtplib
import subprocess
from base64 import b64encode
from collections.abc import Callable

import imapclient
from imapclient import imap_utf7

from tests.interop.dovecot import Dovecot
from tests.needs import need

# What a client got: the folder names it shows (IMAP), the number of messages (POP), the largest message it may hand in
# (SMTP), or None when it was refused.
type Answer = set[str] | int | None
type Client = Callable[[Dovecot, str, str], Answer]

TIMEOUT = 10  # seconds
_LIST_LINE = re.compile(rb'^\* LIST \([^)]*\) "/" (?:"(.*)"|(.*))\r$', re.MULTILINE)
_CURL_LOGIN_DENIED = 67


def sasl(mailbox: str, token: str) -> bytes:
    """The XOAUTH2 string, before base64."""
    return f"user={mailbox}\x01auth=Bearer {token}\x01\x01".encode()


def _list_names(output: bytes) -> set[str]:
    """The decoded names of LIST lines (RFC 3501 section 7.2.2)."""
    found = _LIST_LINE.findall(output)
    return {imap_utf7.decode(re.sub(rb"\\(.)", rb"\1", quoted) or atom) for quoted, atom in found}


def _curl(server: Dovecot, url: str, mailbox: str, token: str, *more: str) -> bytes | None:
    need(shutil.which("curl") is not None, "curl", "apt-get install curl")
    # By its standard input: a command line is everybody's to read.
    config = f'url = "{url}"\nuser = "{mailbox}"\noauth2-bearer = "{token}"\ncacert = "{server.ca_file}"\n'
    command = ["curl", "--config", "-", "-sS", "--login-options", "AUTH=XOAUTH2", "--max-time", str(TIMEOUT), *more]
    done = subprocess.run(command, input=config.encode(), capture_output=True, timeout=2 * TIMEOUT, check=False)
    assert done.returncode in {0, _CURL_LOGIN_DENIED}, done.stderr.decode()
    return None if done.returncode else done.stdout


def curl_imap(server: Dovecot, mailbox: str, token: str) -> Answer:
    """The curl program by IMAP; it leaves the error challenge unanswered and exits with 67."""
    output = _curl(server, f"imaps://localhost:{server.imap_port}/", mailbox, token)
    return None if output is None else _list_names(output)


def curl_pop(server: Dovecot, mailbox: str, token: str) -> Answer:
    """The curl program by POP."""
    output = _curl(server, f"pop3s://localhost:{server.pop_port}/", mailbox, token)
    return None if output is None else len(output.splitlines())


def curl_smtp(server: Dovecot, mailbox: str, token: str) -> Answer:
    """The curl program by SMTP, by STARTTLS or not at all; signed in, it asks again what the server offers."""
    # Its own last command is HELP, which Dovecot does not know.
    asks = ("--ssl-reqd", "--request", "EHLO localhost")
    output = _curl(server, f"smtp://localhost:{server.submission_port}/", mailbox, token, *asks)
    return None if output is None else _size_limit(output)


def _size_limit(output: bytes) -> int:
    """What an answer to EHLO says of the size of messages (RFC 1870)."""
    return int(re.findall(rb"SIZE (\d+)", output)[0])


def open_with_imaplib(server: Dovecot, mailbox: str, token: str) -> Answer:
    """The standard library's IMAP client, answering the error challenge with an empty line."""
    context = server.client_context()
    with imaplib.IMAP4_SSL("localhost", server.imap_port, ssl_context=context, timeout=TIMEOUT) as client:
        try:
            client.authenticate("XOAUTH2", lambda challenge: b"" if challenge else sasl(mailbox, token))
        except imaplib.IMAP4.error:
            return None
        lines = [line for line in client.list()[1] if isinstance(line, bytes)]
        return _list_names(b"".join(b"* LIST " + line + b"\r\n" for line in lines))


def open_with_imapclient(server: Dovecot, mailbox: str, token: str) -> Answer:
    """IMAPClient, which answers the error challenge with the token once more."""
    context = server.client_context()
    client = imapclient.IMAPClient("localhost", server.imap_port, ssl_context=context, timeout=TIMEOUT)
    with client:
        try:
            client.oauth2_login(mailbox, token)
        except imapclient.exceptions.LoginError:
            return None
        return {name for _, _, name in client.list_folders()}


def open_with_poplib(server: Dovecot, mailbox: str, token: str) -> Answer:
    """The standard library's POP client, answering the error challenge with an empty line."""
    client = poplib.POP3_SSL("localhost", server.pop_port, context=server.client_context(), timeout=TIMEOUT)
    try:
        pop_line(client, "AUTH XOAUTH2")
        answer = pop_line(client, b64encode(sasl(mailbox, token)).decode())
        if answer.startswith(b"+ "):
            pop_line(client, "")
        return client.stat()[0]
    except poplib.error_proto:
        return None
    finally:
        client.close()


def open_with_smtplib(server: Dovecot, mailbox: str, token: str) -> Answer:
    """The standard library's SMTP client by STARTTLS, answering the error challenge with an empty line."""
    with smtplib.SMTP("localhost", server.submission_port, local_hostname="[127.0.0.1]", timeout=TIMEOUT) as client:
        client.starttls(context=server.client_context())
        client.ehlo()
        try:
            client.auth(
                "XOAUTH2",
                lambda challenge=None: "" if challenge else sasl(mailbox, token).decode(),
                initial_response_ok=False,
            )
        except smtplib.SMTPAuthenticationError:
            return None
        return int(client.esmtp_features["size"])


def pop_line(client: poplib.POP3, line: str) -> bytes:
    """One line and its answer: poplib has no AUTH, but its own reader takes `+ ` for an answer.

    Raises:
        poplib.error_proto: The answer is -ERR.
    """
    return client._shortcmd(line)  # type: ignore[attr-defined, no-any-return] # noqa: SLF001 - see above
