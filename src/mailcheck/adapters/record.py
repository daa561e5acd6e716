"""What a report will show of one conversation: its stages with their times, and its talk without secrets.

Beside transport.py, which fills it, and apart from it: nothing here knows a socket.
"""

import re
from collections import deque
from collections.abc import Callable, Container
from dataclasses import replace
from functools import cached_property
from itertools import islice

from mailcheck.model.evidence import Evidence, Stage
from mailcheck.model.report import Listing, Step
from mailcheck.model.secret import Secret
from mailcheck.protocol.effects import Conversation, Send

WITHHELD = "<withheld>"
LINES_KEPT = 100  # from the beginning, and as many from the end: a report is read by people and kept in a table
LINE_SHOWN = 300  # characters of one line, for the same reason
_PIECE = 16  # characters: a server that cuts a secret off, or wraps it, still shows pieces of this length
_BLOCK = 8  # characters: wherever a piece stands in a run, one of the blocks that the run is cut into lies within it
_LARGE = 64 * 1024  # characters: as many as a transcript has at most
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

    def __init__(
        self,
        clock: Callable[[], float],
        secrets: tuple[Secret[str], ...] = (),
        entered: Callable[[Stage], None] = lambda _: None,
    ) -> None:
        """Begin the first stage now.

        Args:
            clock: Gives seconds.
            secrets: To be withheld, besides those that are sent.
            entered: Is told each stage as it begins.
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
        self._blocks: Container[str] = ()  # has each block of a secret in it, once all are known
        self._first: list[str] = []
        self._last: deque[str] = deque(maxlen=LINES_KEPT)
        self._later = 0  # lines after the first ones, kept or not
        self._tell = entered
        entered(self.stage)

    def enter(self, stage: Stage) -> None:
        """Go on to this stage; to enter the one that it is in changes nothing."""
        if stage is not self.stage:
            self._leave()
            self.stage, self.detail, self._entered = stage, "", self._clock()
            self._tell(stage)

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
        self._blocks = "\n".join(self._secrets)
        steps = self._steps
        if isinstance(outcome, Evidence):
            said = self._withhold(readable(outcome.said.encode()))
            details = {name: self._withhold(text) for name, text in outcome.details.items()}
            outcome = replace(outcome, said=said, details=details)
            # A stage may be entered twice (EHLO before and after STARTTLS): the last time is the one that failed.
            last = max((at for at, step in enumerate(steps) if step.name is outcome.stage), default=-1)
            steps = [_failed(step, outcome) if at == last else step for at, step in enumerate(steps)]
        elif isinstance(outcome, Listing):
            outcome = self._harmless(outcome)
        duration = _ms(self._clock() - self._began)
        return Conversation(outcome, tuple(steps), self._transcript(), duration, self.version, self.versions)

    def _leave(self) -> None:
        self._steps.append(Step(self.stage, ok=True, ms=_ms(self._clock() - self._entered), detail=self.detail))

    def _note(self, line: str) -> None:
        if len(self._first) < LINES_KEPT:
            self._first.append(line)
        else:
            self._last.append(line)
            self._later += 1

    def _transcript(self) -> tuple[str, ...]:
        left_out = self._later - len(self._last)
        middle = (f"... {left_out:,} lines left out",) if left_out else ()
        return self._withheld((*self._first, *middle, *self._last))

    def _harmless[L: Listing](self, listing: L) -> L:
        names = tuple(name for folder in listing.folders for name in folder.path)
        shown = self._withheld(names)
        folders = listing.folders
        if shown is not names:
            each = iter(shown)
            folders = tuple(replace(folder, path=tuple(islice(each, len(folder.path)))) for folder in folders)
        return replace(listing, folders=folders, samples=self._withheld(listing.samples))

    def _withheld(self, lines: tuple[str, ...]) -> tuple[str, ...]:
        """The lines without secrets: there may be millions, so first all at once, which nearly always finds none."""
        text = "\n".join(lines)
        if len(text) > _LARGE:  # a set takes longer to make than a small text to look through, and is faster after that
            self._blocks = {one[at : at + _BLOCK] for one in self._secrets for at in range(len(one) - _BLOCK + 1)}
        return lines if self._withhold(text) == text else tuple(map(self._withhold, lines))

    def _withhold(self, text: str) -> str:
        for secret in filter(None, self._secrets):
            text = text.replace(secret, WITHHELD)
        return _RUN.sub(lambda run: WITHHELD if self._has_piece(run[0]) else run[0], text)

    def _has_piece(self, run: str) -> bool:
        """Whether a piece of a secret stands in this run: a block leads there, the whole piece proves it."""
        hits = (at for at in range(0, len(run) - _BLOCK + 1, _BLOCK) if run[at : at + _BLOCK] in self._blocks)
        return any(
            run[start : start + _PIECE] in self._pieces
            for at in hits
            for start in range(max(0, at + _BLOCK - _PIECE), at + 1)
        )

    @cached_property
    def _pieces(self) -> Container[str]:
        # Made when first needed: after the talk, when all secrets are known, and only for a server that repeats one.
        return {one[at : at + _PIECE] for one in self._secrets for at in range(len(one) - _PIECE + 1)}


def readable(data: bytes) -> str:
    """These bytes as one line of text: what is not printable UTF-8 escaped, the rest cut off after `LINE_SHOWN`."""
    text = data[: LINE_SHOWN + 1].decode("utf-8", "backslashreplace")
    if not text.isprintable():
        text = "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)
    return text if len(data) <= LINE_SHOWN and len(text) <= LINE_SHOWN else f"{text[:LINE_SHOWN]} ..."


def _failed(step: Step, evidence: Evidence) -> Step:
    return replace(step, ok=False, detail=step.detail or str(evidence.signal))


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
