"""The real Dovecot as a mail server that takes Exchange-like app tokens: a peer that we did not write."""

import grp
import json
import os
import pwd
import shutil
import signal
import socket
import ssl
import string
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Self

from cryptography.hazmat.primitives import serialization

from lab.pki import Authority, KeyPair
from lab.ports import reserve_port
from lab.signing import SigningKey
from lab.tenant import EXCHANGE_RESOURCE, MAIL_PRINCIPAL_ID, TENANT_ID
from tests.interop.maildir import FOLDERS, create_maildir
from tests.interop.tokens import ISSUER
from tests.needs import need

INSTALL = "apt-get install dovecot-imapd dovecot-pop3d dovecot-submissiond dovecot-auth-lua lua-cjson lua-luaossl"
SIZE_LIMIT = 36_700_160  # octets of a message that may be handed in; what SMTP says of SIZE
_TEMPLATES = Path(__file__).with_suffix("")
_SBIN = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin"))
# Where distributions put them.
_LUA_PLUGIN = tuple(Path(root, "dovecot/modules/auth/libauthdb_lua.so") for root in ("/usr/lib", "/usr/lib64"))
_SUBMISSION = tuple(Path(root, "dovecot/submission-login") for root in ("/usr/lib", "/usr/libexec"))
_DEADLINE = 15.0  # seconds to start, or to be gone; it needs a tenth of one


class Dovecot:
    """One Dovecot on loopback: IMAP and POP over TLS, SMTP with STARTTLS, and XOAUTH2 as the only mechanism.

    A context manager: it serves from enter to exit, out of a temporary folder. Runs as root and as anybody else.

    Attributes:
        imap_port: TCP port of IMAP over TLS on 127.0.0.1.
        pop_port: TCP port of POP over TLS on 127.0.0.1.
        submission_port: TCP port of message submission on 127.0.0.1, which begins in clear.
    """

    def __init__(
        self,
        authority: Authority,
        issuer: SigningKey,
        *,
        certificate: KeyPair | None = None,
        configuration: str = "",
        environment: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """Takes three free ports; starts and writes nothing yet.

        Args:
            authority: What its clients trust.
            issuer: The key that tokens must be signed with.
            certificate: The server's own; one of the authority for localhost and 127.0.0.1 when absent.
            configuration: Lines that override those of dovecot.conf.
            environment: Variables for the server's processes; their values are of one line and have no space.
        """
        self._authority = authority
        self._issuer = issuer
        self._certificate = certificate or authority.issue()
        self._environment = environment
        self._configuration = configuration
        # Dovecot takes a number, not a listening socket.
        self.imap_port = reserve_port()
        self.pop_port = reserve_port()
        self.submission_port = reserve_port()

    def __enter__(self) -> Self:
        """Starts the server and returns when it greets.

        Raises:
            RuntimeError: It does not serve; the text is its log.
        """
        program = shutil.which("dovecot", path=_SBIN)
        parts = all(any(path.exists() for path in paths) for paths in (_LUA_PLUGIN, _SUBMISSION))
        need(program is not None and parts, "Dovecot with its Lua passdb and submission", INSTALL)
        self._program = str(program)
        with ExitStack() as stack:
            # Not pytest's tmp_path: the path of a Unix socket has 107 bytes at most.
            self._folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="dovecot-")))
            self._folder.chmod(0o755)  # as root, the mail processes run as another user
            self._write_files()
            stack.callback(self.kill)
            self.start()
            self._resources = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Ends the server and its children, and removes its folder."""
        self._resources.close()

    def start(self) -> None:
        """Starts it, with the mailboxes and grants that it had, and returns when it greets.

        Raises:
            RuntimeError: It does not serve; the text is its log.
        """
        with (self._folder / "dovecot.log").open("ab") as log:
            # In a session of its own, so that its children are found by its process group.
            command = [self._program, "-F", "-c", str(self._folder / "dovecot.conf")]
            self._process = subprocess.Popen(
                command, stdout=log, stderr=log, start_new_session=True, env={**os.environ, **self._environment}
            )
        try:
            self._wait_for_greeting()
        except TimeoutError as error:
            raise RuntimeError(f"Dovecot does not serve:\n{self.log}") from error

    def kill(self) -> None:
        """Ends it and its children at once, and returns when nobody listens any more.

        Raises:
            TimeoutError: Somebody still does.
        """
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        # The children are not ours to wait for, and each holds the ports that it serves.
        deadline = time.monotonic() + _DEADLINE
        for port in (self.imap_port, self.pop_port, self.submission_port):
            while _is_open(port):
                if time.monotonic() > deadline:
                    raise TimeoutError(f"port {port} is still served")
                time.sleep(0.01)
        # A session that was killed while it read a mailbox leaves its lock, which the next one would wait out.
        for lock in (self._folder / "homes").rglob("dovecot*lock"):
            lock.unlink(missing_ok=True)
        # A child that is not quite gone still has its socket, and the next master would not start beside it.
        for path in (self._folder / "run").rglob("*"):
            if path.is_socket():
                path.unlink(missing_ok=True)

    @property
    def ca_file(self) -> Path:
        """The authority's certificate as PEM, for clients that want a file."""
        return self._folder / "ca.crt"

    @property
    def log(self) -> str:
        """What Dovecot logged so far. It never holds a token."""
        return (self._folder / "dovecot.log").read_text(errors="replace")

    def client_context(self) -> ssl.SSLContext:
        """A TLS client context that trusts this server."""
        return ssl.create_default_context(cafile=self.ca_file)

    def add_mailbox(self, mailbox: str, folders: Iterable[str] = FOLDERS, messages: int = 0) -> None:
        """Creates a mailbox with these folders (`/` separates levels) and this many messages in its inbox."""
        create_maildir(self._home(mailbox) / "Maildir", folders, messages)
        if os.getuid() == 0:
            for path in (self._home(mailbox), *self._home(mailbox).rglob("*")):
                shutil.chown(path, _mail_user(), _group_of(_mail_user()))

    def remove_mailbox(self, mailbox: str) -> None:
        """Deletes a mailbox with its mail and its grant."""
        self.revoke(mailbox)
        # A session may be ending just now, and writes its index files while it does.
        shutil.rmtree(self._home(mailbox), ignore_errors=True)

    def grant(self, mailbox: str, app: str = MAIL_PRINCIPAL_ID, **fields: str) -> None:
        """Gives an app full access to a mailbox, as Add-MailboxPermission does.

        Args:
            mailbox: An address that add_mailbox made.
            app: Object id of the enterprise application: the `oid` of its tokens.
            fields: Dovecot's extra fields for the session, such as `userdb_mail`, to make it fail after sign-in;
                `unavailable` makes the sign-in itself fail, without refusing it.
        """
        path = self._grant(mailbox, app)
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps({"userdb_home": str(self._home(mailbox)), **fields}))

    def revoke(self, mailbox: str) -> None:
        """Takes the grant away; none is no fault."""
        self._grant(mailbox, MAIL_PRINCIPAL_ID).unlink(missing_ok=True)

    @contextmanager
    def clock_ahead(self, seconds: int) -> Iterator[None]:
        """Sets the clock that tokens are judged by; behind when negative."""
        clock = self._folder / "clock"
        clock.write_text(str(seconds))
        yield
        clock.write_text("0")

    def verdicts(self, mailbox: str) -> list[str]:
        """What the passdb answered for this mailbox, in order: `ok`, or the claim that refused it, or `grant`."""
        lines = [line.split() for line in (self._folder / "verdicts").read_text().splitlines()]
        return [verdict for _, name, verdict in lines if name == _file_name(mailbox)]

    def _home(self, mailbox: str) -> Path:
        return self._folder / "homes" / _file_name(mailbox)

    def _grant(self, mailbox: str, app: str) -> Path:
        return self._folder / "grants" / app / _file_name(mailbox)

    def _write_files(self) -> None:
        for name in ("grants", "homes"):
            (self._folder / name).mkdir()
        (self._folder / "clock").write_text("0")
        verdicts = self._folder / "verdicts"
        verdicts.touch()
        verdicts.chmod(0o666)  # written by the auth process, which is another user when we are root
        (self._folder / "server.crt").write_bytes(self._certificate.certificate_pem)
        key = self._folder / "server.key"
        key.touch(mode=0o600)
        key.write_bytes(self._certificate.key_pem)
        self.ca_file.write_bytes(self._authority.pem)
        (self._folder / "issuer.pem").write_bytes(
            self._issuer.key.public_key().public_bytes(
                serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
            )
        )
        expected = {"audience": EXCHANGE_RESOURCE, "issuer": ISSUER, "tenant": TENANT_ID}
        (self._folder / "issuer.json").write_text(json.dumps(expected))
        shutil.copy(_TEMPLATES / "app_token.lua", self._folder)
        template = string.Template((_TEMPLATES / "dovecot.conf").read_text())
        (self._folder / "dovecot.conf").write_text(template.substitute(self._names()) + self._configuration)

    def _names(self) -> dict[str, object]:
        # Only root can change users; else every process stays what we are.
        root = os.getuid() == 0
        me = pwd.getpwuid(os.getuid()).pw_name
        internal, login = ("dovecot", "dovenull") if root else (me, me)
        return {
            "folder": self._folder,
            "imap_port": self.imap_port,
            "pop_port": self.pop_port,
            "size_limit": SIZE_LIMIT,
            "submission_port": self.submission_port,
            "internal_user": internal,
            "internal_group": _group_of(internal),
            "environment": " ".join(f"{name}={value}" for name, value in self._environment.items()),
            "login_user": login,
            "mail_user": _mail_user(),
            "mail_group": _group_of(_mail_user()),
        }

    def _wait_for_greeting(self) -> None:
        """Waits for the port that greets in clear: the master opens all ports, and greetings wait for one another."""
        deadline = time.monotonic() + _DEADLINE
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                with socket.create_connection(("127.0.0.1", self.submission_port), timeout=1) as client:
                    if client.recv(1024).startswith(b"220 "):
                        return
            except OSError:  # not listening yet, or not ready behind the listener
                time.sleep(0.02)
        raise TimeoutError("no greeting")


def _is_open(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def _mail_user() -> str:
    # Dovecot opens no mailbox as root.
    return "nobody" if os.getuid() == 0 else pwd.getpwuid(os.getuid()).pw_name


def _group_of(user: str) -> str:
    return grp.getgrgid(pwd.getpwnam(user).pw_gid).gr_name


def _file_name(mailbox: str) -> str:
    """Safe whatever the address holds; app_token.lua computes the same."""
    return mailbox.lower().encode().hex()
