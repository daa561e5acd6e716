"""What holds for every dialogue, whatever the server sends."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailcheck.model.evidence import Evidence, Stage
from mailcheck.model.request import MailProtocol
from mailcheck.model.secret import Secret
from mailcheck.protocol import DIALOGUES
from mailcheck.protocol.effects import Send
from mailcheck.protocol.sasl import xoauth2
from mailcheck.protocol.server_text import SENTENCE_LIMIT
from tests.protocol.replay import MAILBOX, TOKEN, Deaf, play

_IMAP_PIECES = [
    *(f"A{number} {word} done\r\n".encode() for number in range(1, 5) for word in ("OK", "NO", "BAD")),
    b"* OK ready\r\n",
    b"* OK [CAPABILITY SASL-IR AUTH=XOAUTH2]\r\n",
    b"* OK [CAPABILITY AUTH=XOAUTH2]\r\n",
    b"* CAPABILITY AUTH=XOAUTH2\r\n",
    b"* LIST () ",
    b'"/" ',
    b"INBOX",
    b'"\\',
    b"{3}\r\n",
    b"{4294967295}\r\n",
    b"* ",
    b"+ e30=",
    b"* BYE",
    b"\r\n",
    b"\n",
]
_POP_PIECES = [
    b"+OK\r\n",
    b"-ERR no\r\n",
    b".\r\n",
    b"..\r\n",
    b"SASL XOAUTH2\r\n",
    b"+ \r\n",
    b"+ e30=\r\n",
    b"+OK 1 2\r\n",
]
_SMTP_PIECES = [
    b"220 ready\r\n",
    b"220-\r\n",
    b"250-host\r\n",
    b"250-STARTTLS\r\n",
    b"250 STARTTLS\r\n",
    b"250-AUTH=XOAUTH2\r\n",
    b"250 AUTH LOGIN XOAUTH2\r\n",
    b"250 SIZE 1\r\n",
    b"334 \r\n",
    b"334 e30=\r\n",
    b"235\r\n",
    b"421\r\n",
    b"535-5.7.3 no\r\n",
    b"535 5.7.3 no [a.example]\r\n",
]
_PIECES = {MailProtocol.IMAP: _IMAP_PIECES, MailProtocol.POP: _POP_PIECES, MailProtocol.SMTP: _SMTP_PIECES}
# What each server says before the answer to the token; what is read at the same time comes in one piece.
_BEFORE_VERDICT = {
    MailProtocol.IMAP: (b"* OK ready\r\nA1 NO ",),
    MailProtocol.POP: (b"+OK\r\n-ERR\r\n+ \r\n-ERR ",),
    MailProtocol.SMTP: (b"220\r\n250-\r\n250 STARTTLS\r\n220\r\n", b"250-\r\n250 AUTH XOAUTH2\r\n334\r\n535 "),
}


def _hostile(protocol: MailProtocol) -> st.SearchStrategy[tuple[MailProtocol, list[bytes]]]:
    piece = st.one_of(st.sampled_from(_PIECES[protocol]), st.binary(max_size=40))
    return st.tuples(st.just(protocol), st.lists(piece, max_size=30))


@given(st.one_of(*map(_hostile, MailProtocol)))
def test_any_bytes_are_an_outcome(server: tuple[MailProtocol, list[bytes]]) -> None:
    """Whatever a server sends, a dialogue ends or waits; it never raises, and its evidence is fit to show.

    Nor does it send the token before TLS: `play` sees to that.
    """
    protocol, pieces = server

    played = play(DIALOGUES[protocol](MAILBOX, TOKEN), Deaf(pieces), starttls=protocol.starttls)

    if isinstance(played.outcome, Evidence):
        assert played.stages[-1] is played.outcome.stage
        for text in (played.outcome.said, *played.outcome.details.values()):
            assert len(text) <= SENTENCE_LIMIT
            assert text.encode() is not None
            assert not any(ord(character) < 32 for character in text)


@pytest.mark.parametrize("protocol", MailProtocol)
@given(st.text(max_size=20).map(str.encode), st.booleans())
def test_an_echo_is_withheld(protocol: MailProtocol, words: bytes, decoded: bool) -> None:
    """A server that repeats what was sent, as it came or decoded, does not get it into the evidence."""
    sasl, token = xoauth2(MAILBOX, TOKEN).reveal(), TOKEN.reveal()
    echo = words.replace(b"\n", b"") + b" " + (token.encode() if decoded else sasl) + b"\r\n"

    peer = Deaf((*_BEFORE_VERDICT[protocol], echo))
    played = play(DIALOGUES[protocol](MAILBOX, TOKEN), peer, starttls=protocol.starttls)

    assert isinstance(played.outcome, Evidence)
    assert played.outcome.stage is Stage.AUTH
    assert sasl.decode() not in repr(played.outcome)
    assert token not in repr(played.outcome)


def test_every_protocol_has_a_dialogue() -> None:
    """A protocol that can be asked for can be talked."""
    assert set(DIALOGUES) == set(MailProtocol)


def test_a_secret_is_not_sent_without_words_for_it() -> None:
    """Sending a secret asks for the text that stands for it in the transcript."""
    with pytest.raises(ValueError, match="with the words that stand for it"):
        Send(Secret(b"secret"))
