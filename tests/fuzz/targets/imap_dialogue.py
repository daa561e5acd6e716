"""The IMAP dialogue against a server that sends the input; a group separator (0x1D) ends what arrives at once."""

from collections.abc import Iterable

from mailcheck.model.request import MailProtocol
from tests.protocol.referee import judged
from tests.protocol.replay import transcripts

_PACKET_END = b"\x1d"


def one_input(data: bytes) -> None:
    """Every rule of the referee is kept."""
    judged(MailProtocol.IMAP, data.split(_PACKET_END))


def seeds() -> Iterable[bytes]:
    """What the servers of the transcripts say."""
    return (_PACKET_END.join(one.packets) for one in transcripts(MailProtocol.IMAP))
