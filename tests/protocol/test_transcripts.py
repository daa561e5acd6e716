"""Every transcript, replayed whole, byte by byte, and cut off after each byte."""

import pytest

from mailcheck.model.evidence import Evidence
from mailcheck.model.request import MailProtocol
from mailcheck.protocol.sasl import xoauth2
from tests.protocol.replay import MAILBOX, TOKEN, Played, Scripted, Transcript, play, rendered, transcripts

_EVERY = tuple(transcript for protocol in MailProtocol for transcript in transcripts(protocol))
every_transcript = pytest.mark.parametrize(
    "transcript", [pytest.param(transcript, id=f"{transcript.protocol}/{transcript.name}") for transcript in _EVERY]
)


def replay(transcript: Transcript, peer: Scripted) -> Played:
    """A fresh dialogue, driven against this peer."""
    return play(transcript.dialogue(), peer, starttls=transcript.protocol.starttls)


@pytest.mark.parametrize("piece", [None, 1, 7])
@every_transcript
def test_ends_as_written(transcript: Transcript, piece: int | None) -> None:
    """The client says what the transcript has, byte for byte, and finds what it says, however the bytes arrive."""
    peer = Scripted(transcript, piece=piece)

    played = replay(transcript, peer)

    assert transcript.outcome == rendered(played.outcome)
    peer.assert_client_said_all()


@every_transcript
def test_cut_off_anywhere(transcript: Transcript) -> None:
    """When the stream ends early, the dialogue closes in the stage that it has come to, and never goes back."""
    whole = replay(transcript, Scripted(transcript))
    earlier = Played()
    for cut in range(transcript.server_bytes + 1):
        played = replay(transcript, Scripted(transcript, cut=cut))

        assert played.stages[: len(earlier.stages)] == earlier.stages
        assert played.outcome in (None, whole.outcome) if earlier.outcome is None else played == whole
        earlier = played
    assert earlier == whole


@every_transcript
def test_evidence_belongs_to_the_last_stage(transcript: Transcript) -> None:
    """Evidence names the stage that was entered last, and its protocol."""
    played = replay(transcript, Scripted(transcript))

    if isinstance(played.outcome, Evidence):
        assert (played.stages[-1], transcript.protocol) == (played.outcome.stage, played.outcome.protocol)


@every_transcript
def test_token_is_never_shown(transcript: Transcript) -> None:
    """Neither the token nor its SASL form is in the shown talk or in the outcome; where it went, its length is."""
    played = replay(transcript, Scripted(transcript))

    sasl = xoauth2(MAILBOX, TOKEN)
    sent = [line for line in transcript.talk if line.speaker == "C" and sasl.reveal() in line.data]
    assert len(sent) == sum(str(sasl) in line for line in played.shown)
    for secret in (TOKEN.reveal(), sasl.reveal().decode()):
        assert secret not in "\n".join((*played.shown, repr(played.outcome)))


@pytest.mark.parametrize("protocol, enough", [(MailProtocol.IMAP, 25), (MailProtocol.POP, 15), (MailProtocol.SMTP, 35)])
def test_transcripts_are_found(protocol: MailProtocol, enough: int) -> None:
    """There are transcripts, each with the fact that it shows: an empty folder would pass everything above."""
    assert len(transcripts(protocol)) >= enough
    assert [one.name for one in transcripts(protocol) if not (one.fact and one.outcome)] == []


def test_one_token_for_each_conversation() -> None:
    """The token goes out once, but for the one server that has not understood it at first."""
    twice = {
        one.name for one in _EVERY if sum(line.data.count(xoauth2(MAILBOX, TOKEN).reveal()) for line in one.talk) > 1
    }

    assert twice == {"initial-response-not-understood"}
