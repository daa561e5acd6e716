"""What a report will show of one conversation: its stages with their times, and its talk without secrets.

Beside transport.py, which fills it, and apart from it: nothing here knows a socket.
"""

import re
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import replace

from mailcheck.model.evidence import Evidence, Stage
from mailcheck.model.report import Folder, Listing, Step
from mailcheck.model.secret import Secret
from mailcheck.protocol.effects import Conversation, Send

WITHHELD = "<withheld>"
LINES_KEPT = 100  # from the beginning, and as many from the end: a report is read by people and kept in a table
LINE_SHOWN = 300  # characters of one line, for the same reason
_PIECE = 16  # characters: a server that cuts a secret off, or wraps it, still shows pieces of this length
_BLOCK = 8  # characters: wherever a piece stands in a run, one of the blocks that the run is cut into lies within it
_RUN = re.compile(rf"[\w+/=.~-]{{{_PIECE},}}", re.ASCII)  # what tokens (RFC 6750 section 2.1) and base64 are made of


class Record:
    """The steps and the transcript of one conversation, while it is going on.

    Attributes:
        stage: The stage it is in; it begins with `Stage.DNS`.
        detail: What is worth knowing of this stage; goes into its step.
        awaited: What was last waited for, in words.
        version: The version of IP that the connection uses; 0 before there is one.
        versions: The versions for which the server's name has addresses.
    """

    def __init__(self, clock: Callable[[], float], secrets: tuple[Secret[str], ...] = ()) -> None:
        """Begin the first stage now.

        Args:
            clock: Gives seconds.
            secrets: To be withheld, besides those that are sent.
        """
        self.stage = Stage.DNS
        self.detail = ""
        self.awaited = ""
        self.version = 0
        self.versions: frozenset[int] = frozenset()
        self._clock = clock
        self._began = self._entered = clock()
        self._steps: list[Step] = []
        self._secrets = {secret.reveal() for secret in secrets}
        self._blocks: set[str] = set()
        self._first: list[str] = []
        self._last: deque[str] = deque(maxlen=LINES_KEPT)
        self._later = 0  # lines after the first ones, kept or not

    def enter(self, stage: Stage) -> None:
        """Go on to this stage; to enter the one that it is in changes nothing."""
        if stage is not self.stage:
            self._leave()
            self.stage, self.detail, self._entered = stage, "", self._clock()

    def sent(self, effect: Send) -> None:
        """Note what the client said, or what is shown in its place."""
        if isinstance(effect.data, Secret):
            # The secret is in one line with its command, and the command is no secret: it is in what is shown.
            words = effect.data.reveal().decode("ascii", "replace").split()
            self._secrets.update(set(words) - set(effect.shown.split()))
            self._note(f"C: {effect.shown}")
        else:
            for line in (effect.shown.encode() or effect.data).splitlines():
                self._note(f"C: {readable(line)}")

    def received(self, data: bytes, what: str = "") -> None:
        """Note what the server said; `what` goes before it."""
        self._note(f"S: {what}{readable(data)}")

    def conversation[T](self, outcome: T | Evidence) -> Conversation[T]:
        """The whole of it, now that it has ended; the outcome loses the secrets that the server repeated."""
        self._leave()
        self._blocks = {one[at : at + _BLOCK] for one in self._secrets for at in range(len(one) - _BLOCK + 1)}
        steps = self._steps
        if isinstance(outcome, Evidence):
            said = self._withhold(readable(outcome.said.encode()))
            details = {name: self._withhold(text) for name, text in outcome.details.items()}
            outcome = replace(outcome, said=said, details=details)
            # A stage may be entered twice (EHLO before and after STARTTLS): the last time is the one that failed.
            last = max((at for at, step in enumerate(steps) if step.name is outcome.stage), default=-1)
            steps = [_failed(step, outcome) if at == last else step for at, step in enumerate(steps)]
        elif isinstance(outcome, Listing):
            folders, samples = map(self._harmless, outcome.folders), map(self._withhold, outcome.samples)
            outcome = replace(outcome, folders=tuple(folders), samples=tuple(samples))
        duration = _ms(self._clock() - self._began)
        return Conversation(outcome, tuple(steps), tuple(self._transcript()), duration, self.version, self.versions)

    def _leave(self) -> None:
        self._steps.append(Step(self.stage, ok=True, ms=_ms(self._clock() - self._entered), detail=self.detail))

    def _note(self, line: str) -> None:
        if len(self._first) < LINES_KEPT:
            self._first.append(line)
        else:
            self._last.append(line)
            self._later += 1

    def _transcript(self) -> Iterable[str]:
        yield from map(self._withhold, self._first)
        if left_out := self._later - len(self._last):
            yield f"... {left_out:,} lines left out"
        yield from map(self._withhold, self._last)

    def _withhold(self, text: str) -> str:
        for secret in filter(None, self._secrets):
            text = text.replace(secret, WITHHELD)
        return _RUN.sub(lambda run: WITHHELD if self._has_piece(run[0]) else run[0], text)

    def _has_piece(self, run: str) -> bool:
        """Whether a piece of a secret stands in this run: a block leads there, the whole piece proves it."""
        hits = [at for at in range(0, len(run), _BLOCK) if run[at : at + _BLOCK] in self._blocks]
        pieces = {run[start : start + _PIECE] for at in hits for start in range(max(0, at + _BLOCK - _PIECE), at + 1)}
        return any(len(piece) == _PIECE and piece in secret for piece in pieces for secret in self._secrets)

    def _harmless(self, folder: Folder) -> Folder:
        path = "\n".join(folder.path)  # at once: there may be millions of names
        return folder if self._withhold(path) == path else replace(folder, path=tuple(map(self._withhold, folder.path)))


def readable(data: bytes) -> str:
    """These bytes as one line of text: what is not printable UTF-8 escaped, the rest cut off after `LINE_SHOWN`."""
    text = data[: LINE_SHOWN + 1].decode("utf-8", "backslashreplace")
    text = "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)
    return text if len(data) <= LINE_SHOWN and len(text) <= LINE_SHOWN else f"{text[:LINE_SHOWN]} ..."


def _failed(step: Step, evidence: Evidence) -> Step:
    return replace(step, ok=False, detail=step.detail or str(evidence.signal))


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
