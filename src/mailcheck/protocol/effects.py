"""The effects a dialogue asks for, and the theory of operation.

A dialogue is a generator that plays the client's side of one protocol. It yields effects; whoever drives it carries
each one out and sends back what came of it: the line without its line end for `ReadLine`, exactly the bytes for
`ReadExactly`, `b""` for the rest. It ends by returning what it found, or `Evidence` of what went wrong. Its state is
the line it is on.

The driver (adapters/transport.py, or a transcript in the tests) owns everything that moves: the socket, TLS, time and
bounds. When the stream ends, the deadline passes or a bound is met, the driver closes the dialogue and reports the
stage it was in; no dialogue has to think of that.
"""

from collections.abc import Generator
from dataclasses import dataclass

from mailcheck.model.evidence import Evidence, Stage
from mailcheck.model.report import Step
from mailcheck.model.secret import Secret


@dataclass(frozen=True, slots=True)
class Enter:
    """The talk has come to this stage: its time starts here, and a failure from here on belongs to it."""

    stage: Stage


@dataclass(frozen=True, slots=True)
class Send:
    """Send these bytes.

    `shown` stands in the transcript; it is required where the bytes are secret, and is the bytes themselves otherwise.
    """

    data: bytes | Secret[bytes]
    shown: str = ""

    def __post_init__(self) -> None:
        if isinstance(self.data, Secret) and not self.shown:
            raise ValueError("a secret is sent with the words that stand for it in the transcript")


@dataclass(frozen=True, slots=True)
class ReadLine:
    """Read up to the next line end; CRLF (or a bare LF) is taken off."""


@dataclass(frozen=True, slots=True)
class ReadExactly:
    """Read exactly so many bytes: an IMAP literal."""

    count: int


@dataclass(frozen=True, slots=True)
class StartTls:
    """Begin TLS on this connection. What was read ahead of the handshake is thrown away, never believed."""


type Effect = Enter | Send | ReadLine | ReadExactly | StartTls
type Dialogue[T] = Generator[Effect, bytes, T]


@dataclass(frozen=True, slots=True)
class Conversation[T]:
    """A dialogue that was driven to its end: what it found, or the evidence; the steps; the talk, secrets withheld.

    Attributes:
        outcome: What the dialogue returned, or the evidence of why it did not come to that.
        steps: The stages that were entered, with their times in milliseconds.
        transcript: The talk, secrets withheld.
        duration_ms: Milliseconds in all.
        version: The version of IP (4 or 6) that the connection used; 0 when none came about.
        versions: The versions for which the server's name has addresses.
    """

    outcome: T | Evidence
    steps: tuple[Step, ...]
    transcript: tuple[str, ...]
    duration_ms: int
    version: int = 0
    versions: frozenset[int] = frozenset()
