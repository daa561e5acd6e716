r"""Transcripts as specification, test and documentation at once, and the driver that replays them.

A transcript is a text file:

    # What it shows, in a sentence or two.
    S: * OK ready                          the server sends this line and CRLF
    S~: abc                                the same without CRLF, for literals and torn lines
    C: A1 AUTHENTICATE XOAUTH2 <xoauth2>   the client must send exactly this line and CRLF
    TLS                                    the handshake, where the talk began in clear
    = evidence auth NO                     what the dialogue finds, as `rendered` writes it
    = said: AUTHENTICATE failed.

`<xoauth2>` stands for the SASL string, and `\x41` in a server's line for that byte. White space at the end of a line
counts. A `C:` line with nothing behind it is the empty line. What the server sends before `TLS` and the client has not
read by then arrived in clear, and is thrown away with the handshake.

The driver is to a dialogue what adapters/transport.py is, without a socket or a clock: the file gives the bytes.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import groupby
from pathlib import Path

from mailcheck.model.evidence import Evidence, Stage
from mailcheck.model.report import Folder, Listing, Maildrop, Opened, Submission
from mailcheck.model.request import Mailbox, MailProtocol
from mailcheck.model.secret import Secret
from mailcheck.protocol import DIALOGUES
from mailcheck.protocol.effects import Dialogue, Enter, ReadExactly, ReadLine, Send, StartTls
from mailcheck.protocol.sasl import xoauth2

FOLDER = Path(__file__).parent.parent / "transcripts"
MAILBOX = Mailbox("shared@fabrikam.example")
TOKEN = Secret("eyJhbGciOiJSUzI1NiJ9." + "planted-token-" * 40)
_ESCAPE = re.compile(r"\\x([0-9a-f]{2})")


@dataclass(frozen=True, slots=True)
class Line:
    """What one side sends, `S` the server, `C` what the client is expected to; or `TLS`, which both of them begin."""

    speaker: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Transcript:
    """One file: its name, the fact it shows, the talk, and what the dialogue is to find."""

    name: str
    fact: str
    protocol: MailProtocol
    talk: tuple[Line, ...]
    outcome: tuple[str, ...]

    @property
    def server_bytes(self) -> int:
        """How much the server sends."""
        return sum(len(line.data) for line in self.talk if line.speaker == "S")

    @property
    def packets(self) -> tuple[bytes, ...]:
        """What the server sends in a row, between two turns of the client."""
        turns = groupby(self.talk, key=lambda line: line.speaker)
        return tuple(b"".join(line.data for line in lines) for speaker, lines in turns if speaker == "S")

    def dialogue(self) -> Dialogue[Opened | Evidence]:
        """A fresh dialogue of its protocol."""
        return DIALOGUES[self.protocol](MAILBOX, TOKEN)


@dataclass(slots=True)
class Played:
    """How far a dialogue came: its outcome, or none when the stream ended first; the stages; the shown talk."""

    outcome: Opened | Evidence | None = None
    stages: list[Stage] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)


class EndOfStreamError(Exception):
    """The server's bytes are used up, and the dialogue waits for more."""


@cache
def transcripts(protocol: MailProtocol) -> tuple[Transcript, ...]:
    """All transcripts of a protocol, by name."""
    return tuple(_read(path, protocol) for path in sorted((FOLDER / protocol).glob("*.txt")))


def play(dialogue: Dialogue[Opened | Evidence], peer: "Scripted | Deaf", *, starttls: bool = False) -> Played:
    """Drives the dialogue against this peer until it ends or the stream does; it is closed in the end.

    With `starttls` the talk begins in clear: the dialogue may ask for TLS, once, and send a secret only after it.
    """
    played = Played()
    in_clear = starttls
    try:
        effect = next(dialogue)
        while True:
            answer = b""
            match effect:
                case Enter(stage):
                    played.stages.append(stage)
                case Send(data=data, shown=shown):
                    assert not (in_clear and isinstance(data, Secret)), "a secret was sent in clear"
                    sent = data.reveal() if isinstance(data, Secret) else data
                    played.shown.append(shown or sent.decode().removesuffix("\r\n"))
                    peer.hear(sent)
                case ReadLine():
                    answer = peer.read_line()
                case ReadExactly(count=count):
                    answer = peer.read_exactly(count)
                case StartTls():
                    assert in_clear, "TLS is there already"
                    played.stages.append(Stage.TLS)  # as the transport does
                    peer.start_tls()
                    in_clear = False
            effect = dialogue.send(answer)
    except StopIteration as end:
        played.outcome = end.value
    except EndOfStreamError:
        dialogue.close()
    return played


class Deaf:
    """A server that sends these pieces whatever the client says."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._buffer = bytearray()

    def hear(self, sent: bytes) -> None:
        """Takes no notice."""

    def start_tls(self) -> None:
        """Loses what was received and not read: it came in clear."""
        self._buffer.clear()

    def read_line(self) -> bytes:
        """The next line, without its line end."""
        while (end := self._buffer.find(b"\n")) < 0:
            self._receive()
        line = self._take(end + 1)
        return line[:-1].removesuffix(b"\r")

    def read_exactly(self, count: int) -> bytes:
        """Exactly so many bytes."""
        while len(self._buffer) < count:
            self._receive()
        return self._take(count)

    def _receive(self) -> None:
        piece = next(self._pieces, None)
        if piece is None:
            raise EndOfStreamError
        self._buffer += piece

    def _take(self, count: int) -> bytes:
        taken = bytes(self._buffer[:count])
        del self._buffer[:count]
        return taken


class Scripted(Deaf):
    """A server that follows a transcript: it speaks when it is its turn, and checks what the client says.

    Args:
        transcript: What is said.
        piece: How many bytes arrive at a time; none: a line.
        cut: After how many of the server's bytes the stream ends; none: after all.
    """

    def __init__(self, transcript: Transcript, *, piece: int | None = None, cut: int | None = None) -> None:
        super().__init__(self._speak(piece, transcript.server_bytes if cut is None else cut))
        self._transcript = transcript
        self._turn = 0

    def hear(self, sent: bytes) -> None:
        """Asserts that the transcript goes on with this line of the client.

        What the server says before that line is on its way already: it counts as received.
        """
        line = self._clients_turn()
        assert line is not None, f"the transcript has ended, and the client sends {sent!r}"
        assert sent == line.data
        self._turn += 1

    def start_tls(self) -> None:
        """Asserts that the transcript goes on with TLS; what the server says before that is received, and lost."""
        line = self._clients_turn()
        assert line is not None, "the transcript has ended, and the client begins TLS"
        assert line.speaker == "TLS"
        self._turn += 1
        super().start_tls()

    def assert_client_said_all(self) -> None:
        """Asserts that no line of the client, and no handshake, is left over."""
        assert [line for line in self._transcript.talk[self._turn :] if line.speaker != "S"] == []

    def _clients_turn(self) -> Line | None:
        while (line := self._line()) and line.speaker == "S":
            self._receive()
        return line

    def _line(self) -> Line | None:
        return self._transcript.talk[self._turn] if self._turn < len(self._transcript.talk) else None

    def _speak(self, piece: int | None, left: int) -> Iterator[bytes]:
        while (line := self._line()) and left > 0:
            assert line.speaker == "S", f"the client waits where it should send {line.data!r}"
            data = line.data[:left]
            left -= len(data)
            size = piece or len(data)
            *pieces, last = (data[start : start + size] for start in range(0, len(data), size))
            yield from pieces
            self._turn += 1
            yield last


def rendered(outcome: Opened | Evidence | None) -> tuple[str, ...]:
    """The outcome as the last section of a transcript writes it, a line for each fact."""
    match outcome:
        case Listing(folders=folders, unreadable=unreadable, samples=samples):
            left_out = [f"unreadable: {unreadable}"] if unreadable else []
            return ("listing", *map(_folder, folders), *left_out, *(f"sample: {line}".rstrip() for line in samples))
        case Maildrop(messages=messages, octets=octets):
            return (f"maildrop of {messages} messages, {octets} octets",)
        case Submission(size_limit=size_limit):
            return (
                f"submission, messages up to {size_limit} octets"
                if size_limit is not None
                else "submission, no limit told",
            )
        case Evidence():
            details = sorted(f"{name}: {text}" for name, text in outcome.details.items())
            return (f"evidence {outcome.stage} {outcome.signal}", f"said: {outcome.said}".rstrip(), *details)
        case None:
            return ("closed",)


def _folder(folder: Folder) -> str:
    role = f" ({folder.role})" if folder.role else ""
    return f"{' > '.join(folder.path)}{role}{'' if folder.selectable else ' not selectable'}"


def _read(path: Path, protocol: MailProtocol) -> Transcript:
    facts, talk, outcome = [], [], []
    for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
        kind, _, text = line.partition(" ")
        match kind:
            case "#":
                facts.append(text)
            case "S:" | "S~:":
                data = _ESCAPE.sub(lambda escape: chr(int(escape[1], 16)), text).encode("latin-1")
                talk.append(Line("S", data if kind == "S~:" else data + b"\r\n"))
            case "C:":
                talk.append(Line("C", _client_bytes(text)))
            case "TLS":
                assert not text, f"{path.name}:{number}: {line!r}"
                talk.append(Line("TLS", b""))
            case "=":
                outcome.append(text)
            case "":
                assert not text, f"{path.name}:{number}: {line!r}"
            case _:
                raise AssertionError(f"{path.name}:{number}: {line!r}")
    return Transcript(path.stem, " ".join(facts), protocol, tuple(talk), tuple(outcome))


def _client_bytes(text: str) -> bytes:
    return text.encode().replace(b"<xoauth2>", xoauth2(MAILBOX, TOKEN).reveal()) + b"\r\n"
