"""One response of an IMAP server, and an answer to LIST in it: the first byte says which."""

from collections.abc import Iterable

from mailcheck.model.report import Folder
from mailcheck.model.request import MailProtocol
from mailcheck.protocol.effects import Effect, ReadExactly, ReadLine
from mailcheck.protocol.imap_list import Answers, NoFolder, read_folder
from mailcheck.protocol.imap_reply import Continuation, Data, Malformed, Status, read_response
from tests.protocol.referee import assert_fit_to_show, assert_printable
from tests.protocol.replay import Deaf, EndOfStreamError, transcripts


def one_input(data: bytes) -> None:
    """A response is one of four things and read to its end; an answer is a folder, the root, or counted."""
    if data[:1] == b"L":
        _answer(data[1:])
    else:
        _response(data[1:])


def seeds() -> Iterable[bytes]:
    """The lines of the transcripts."""
    for transcript in transcripts(MailProtocol.IMAP):
        for packet in transcript.packets:
            yield b"R" + packet
            for line in packet.split(b"\r\n* LIST ")[1:]:
                yield b"L" + line


def _response(stream: bytes) -> None:
    peer = Deaf([stream])
    reading = read_response()
    received = b""
    try:
        effect: Effect = next(reading)
        while True:
            match effect:
                case ReadLine():
                    answer = peer.read_line()
                case ReadExactly(count):
                    answer = peer.read_exactly(count)
                case _:
                    raise AssertionError(f"a reader asks for {effect}")
            received += answer
            effect = reading.send(answer)
    except EndOfStreamError:
        return
    except StopIteration as end:
        response = end.value
    assert isinstance(response, Status | Continuation | Data | Malformed)
    assert _without_line_ends(response.raw) == _without_line_ends(received)


def _without_line_ends(data: bytes) -> bytes:
    return data.replace(b"\r", b"").replace(b"\n", b"")


def _answer(answer: bytes) -> None:
    folder = read_folder(answer)
    answers = Answers()
    answers.read(answer)
    listing = answers.listing()
    match folder:
        case Folder(path):
            assert listing.folders == (folder,)
            assert path
            assert all(path)
            assert_printable(*path)
        case NoFolder.ROOT:
            assert (listing.folders, listing.unreadable) == ((), 0)
        case NoFolder.UNREADABLE:
            assert listing.unreadable == 1
            assert_fit_to_show(*listing.samples)
