"""An IMAP server that is faster than its clients and the same for all: a fixed script over TLS, in one process.

`imap_stub.py PEM CORE` prints its ports as JSON and serves until its standard input ends:

- `port` plays the whole script;
- `mute` says nothing after the handshake;
- `silent` plays it up to LIST, which it never answers: checks stay in flight;
- `gate`, without TLS: who sends a number and a line end hears back when so many LISTs are waiting.

OpenSSL reads and writes the sockets itself. Who signs in, and with what, is nobody's concern here.
"""

import base64
import json
import os
import selectors
import socket
import ssl
import sys
from collections.abc import Callable
from contextlib import suppress

_NAME = base64.b64encode("BL0PR01CA0001.prod.example.com".encode("utf-16-le"))  # as Exchange greets
_GREETING = b"* OK The Microsoft Exchange IMAP4 service is ready. [" + _NAME + b"]\r\n"
_CAPABILITY = b"* CAPABILITY IMAP4rev1 AUTH=XOAUTH2 SASL-IR UIDPLUS ID UNSELECT CHILDREN IDLE NAMESPACE LITERAL+\r\n"
_LIST = b"".join(
    b'* LIST (\\HasNoChildren%s) "/" %s\r\n' % folder
    for folder in (
        (b" \\Marked", b"INBOX"),
        (b" \\Drafts", b"Drafts"),
        (b" \\Sent", b'"Sent Items"'),
        (b" \\Trash", b'"Deleted Items"'),
        (b" \\Junk", b'"Junk Email"'),
        (b"", b"Projects"),
    )
)
_READ = 64 * 1024  # octets: more than a TLS record, so that nothing stays behind in OpenSSL where no selector sees it
_BACKLOG = 1024

type Ready = Callable[[], None]

selector = selectors.DefaultSelector()


class Gate:
    """How many LISTs are waiting, and who wants to know."""

    def __init__(self) -> None:
        self._waiting = 0
        self._asked: list[tuple[int, socket.socket]] = []

    def accept(self, client: socket.socket) -> None:
        with client.makefile("r") as asked:
            self._asked.append((int(asked.readline()), client))
        self.count(0)

    def count(self, more: int) -> None:
        """So many more are waiting."""
        self._waiting += more
        for asked in [*self._asked]:
            count, client = asked
            if self._waiting >= count:
                self._asked.remove(asked)
                client.sendall(b".")
                client.close()


class Talk:
    """One client's connection."""

    def __init__(
        self, sock: socket.socket, context: ssl.SSLContext, greeting: bytes = _GREETING, gate: Gate | None = None
    ) -> None:
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket = context.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)
        self._greeting = greeting
        self._gate = gate
        self._secure = False
        self._waits = False  # for an answer that does not come
        self._unread = b""
        self._signing_in = b""  # the tag of an AUTHENTICATE whose token is to come
        selector.register(self._socket, selectors.EVENT_READ, self.ready)

    def ready(self) -> None:
        """Goes on with the handshake, or answers the lines that have arrived."""
        try:
            if not self._secure:
                self._socket.do_handshake()
                self._secure = True
                self._socket.sendall(self._greeting)
            while data := self._socket.recv(_READ):
                *lines, self._unread = (self._unread + data).split(b"\r\n")
                for line in lines:
                    self._answer(line)
            self._close()
        except ssl.SSLWantReadError:
            return
        except OSError:  # the client has gone
            self._close()

    def _answer(self, line: bytes) -> None:
        tag, _, command = line.partition(b" ")
        word, *arguments = command.upper().split() or [b""]
        answer = tag + b" OK completed.\r\n"
        if self._signing_in:
            answer = self._signing_in + b" OK AUTHENTICATE completed.\r\n"
            self._signing_in = b""
        elif word == b"AUTHENTICATE" and len(arguments) == 1:
            self._signing_in, answer = tag, b"+ \r\n"
        elif word == b"CAPABILITY":
            answer = _CAPABILITY + answer
        elif word == b"LIST":
            if self._gate is not None:
                self._waits = True
                self._gate.count(1)
                return
            answer = _LIST + answer
        elif word == b"LOGOUT":
            answer = b"* BYE signing off.\r\n" + answer
        self._socket.sendall(answer)

    def _close(self) -> None:
        if self._gate is not None:
            self._gate.count(-self._waits)
        selector.unregister(self._socket)
        with suppress(OSError, ValueError):  # it wants to read the client's close_notify, or the client has gone
            self._socket.unwrap()
        self._socket.close()


def listen(accepted: Callable[[socket.socket], object]) -> int:
    """Opens a port on loopback; each client goes to the callback. Returns its number."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=_BACKLOG)
    selector.register(listener, selectors.EVENT_READ, lambda: accepted(listener.accept()[0]))
    return int(listener.getsockname()[1])


def main(pem: str, core: int) -> None:
    """Serves until standard input ends."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {core})
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    gate = Gate()
    ports = {
        "port": listen(lambda sock: Talk(sock, context)),
        "mute": listen(lambda sock: Talk(sock, context, b"")),
        "silent": listen(lambda sock: Talk(sock, context, gate=gate)),
        "gate": listen(gate.accept),
    }
    print(json.dumps(ports), flush=True)
    selector.register(sys.stdin, selectors.EVENT_READ, sys.exit)
    while True:
        for key, _ in selector.select():
            ready: Ready = key.data
            ready()


main(sys.argv[1], int(sys.argv[2]))
