"""The rules that every dialogue keeps whatever the server sends, asserted at each effect.

Written without the dialogues: it knows a line of the server that says go on from one that refuses, and no more.
"""

import re
from collections.abc import Iterable

from mailcheck.model.evidence import Evidence, Stage
from mailcheck.model.report import Listing, Maildrop, Opened, Submission
from mailcheck.model.request import MailProtocol
from mailcheck.model.secret import Secret
from mailcheck.protocol import DIALOGUES
from mailcheck.protocol.effects import Dialogue, Effect, Enter, ReadExactly, ReadLine, Send, StartTls
from mailcheck.protocol.imap_list import SAMPLES_KEPT
from mailcheck.protocol.sasl import xoauth2
from mailcheck.protocol.server_text import SENTENCE_LIMIT
from tests.protocol.replay import MAILBOX, TOKEN, Deaf, EndOfStreamError

_SASL = xoauth2(MAILBOX, TOKEN).reveal()
_SECRETS = (TOKEN.reveal().encode(), _SASL)
_BETWEEN_READS = 8  # effects: the most that a dialogue has to do before it must listen again
_FOUND = {MailProtocol.IMAP: Listing, MailProtocol.POP: Maildrop, MailProtocol.SMTP: Submission}
# The line that has to be the last one read before the token leaves, and the last one before a mailbox is open.
_GO_AHEAD = {
    MailProtocol.IMAP: re.compile(rb"\*[ \t]+OK|\+", re.IGNORECASE),  # the greeting, or a continuation request
    MailProtocol.POP: re.compile(rb"\+(?!OK)"),
    MailProtocol.SMTP: re.compile(rb"334"),
}
_SUCCESS = {
    MailProtocol.IMAP: re.compile(rb"A\d+[ \t]+OK", re.IGNORECASE),
    MailProtocol.POP: re.compile(rb"\+OK"),
    MailProtocol.SMTP: re.compile(rb"235"),
}
_NOT_UNDERSTOOD = re.compile(rb"A1[ \t]+BAD", re.IGNORECASE)


def judged(
    protocol: MailProtocol, pieces: Iterable[bytes], dialogue: Dialogue[Opened | Evidence] | None = None
) -> Opened | Evidence | None:
    """Drives a dialogue against a server that sends these pieces, whatever it is told, and asserts the rules.

    A fresh one of the protocol, where none is given. Returns what it found; none when it waits for more than there is.
    """
    referee = _Referee(protocol, Deaf(pieces))
    dialogue = dialogue or DIALOGUES[protocol](MAILBOX, TOKEN)
    try:
        effect = next(dialogue)
        while True:
            effect = dialogue.send(referee.carry_out(effect))
    except StopIteration as end:
        outcome: Opened | Evidence = end.value
    except EndOfStreamError:
        dialogue.close()
        return None
    referee.judge(outcome)
    return outcome


class _Referee:
    def __init__(self, protocol: MailProtocol, peer: Deaf) -> None:
        self._protocol = protocol
        self._peer = peer
        self._in_clear = protocol.starttls
        self._stage: Stage | None = None
        self._last = b""
        self._since_read = 0
        self._tokens = 0
        self._not_understood = False

    def carry_out(self, effect: Effect) -> bytes:
        self._since_read += 1
        assert self._since_read <= _BETWEEN_READS, "it does not listen"
        match effect:
            case Enter(stage):
                self._stage = stage
            case Send():
                self._send(effect)
            case ReadLine():
                self._since_read = 0
                self._last = self._peer.read_line()
                self._not_understood |= _NOT_UNDERSTOOD.match(self._last) is not None
                return self._last
            case ReadExactly(count):
                self._since_read = 0
                assert self._protocol is MailProtocol.IMAP
                assert count >= 0
                return self._peer.read_exactly(count)
            case StartTls():
                assert self._in_clear, "TLS is there already"
                self._peer.start_tls()
                self._in_clear, self._stage = False, Stage.TLS
        return b""

    def _send(self, effect: Send) -> None:
        secret = isinstance(effect.data, Secret)
        data = effect.data.reveal() if isinstance(effect.data, Secret) else effect.data
        assert data.endswith(b"\r\n")
        assert not re.search(rb"[^\x20-\x7e]", data[:-2]), "a command is one line of ASCII"
        if secret or any(one in data for one in _SECRETS):
            assert secret, "the token was sent unmarked"
            assert not self._in_clear, "the token was sent in clear"
            assert not any(one.decode() in effect.shown for one in _SECRETS), "the token is shown"
            assert _GO_AHEAD[self._protocol].match(self._last), f"the token was sent after {self._last!r}"
            # Once; but an IMAP server that did not understand the short form is told in the long one.
            allowed = 1 + (self._protocol is MailProtocol.IMAP and self._not_understood)
            self._tokens += 1
            assert self._tokens <= allowed, "the token was sent again"

    def judge(self, outcome: Opened | Evidence) -> None:
        if isinstance(outcome, Evidence):
            assert outcome.protocol is self._protocol, "evidence of another protocol"
            assert outcome.stage is self._stage, "evidence of another stage"
            assert_fit_to_show(outcome.said, *outcome.details.values())
            return
        assert type(outcome) is _FOUND[self._protocol], "found by another protocol"
        assert self._tokens >= 1, "it opened without having signed in"
        assert _SUCCESS[self._protocol].match(self._last), f"it opened by {self._last!r}"
        if isinstance(outcome, Listing):
            assert len(outcome.samples) == min(outcome.unreadable, SAMPLES_KEPT)
            assert_fit_to_show(*outcome.samples)
            for folder in outcome.folders:
                assert folder.path
                assert all(folder.path), "a name is empty"
                assert_printable(*folder.path)


def assert_fit_to_show(*texts: str) -> None:
    """Bounded, printable, and without our secrets."""
    assert_printable(*texts)
    for text in texts:
        assert not any(one.decode() in text for one in _SECRETS), "the token is in what is shown"
        assert len(text) <= SENTENCE_LIMIT, "not bounded"


def assert_printable(*texts: str) -> None:
    """On one line, in UTF-8, in one direction."""
    for text in texts:
        assert text.encode() is not None
        assert not re.search("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]", text), f"not printable: {text!a}"
