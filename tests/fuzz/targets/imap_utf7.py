"""Modified UTF-7: anything decodes, and what an encoder writes is read back."""

from collections.abc import Iterable

from mailcheck.protocol.imap_utf7 import decode
from tests.protocol.utf7_writer import shifted, written


def one_input(data: bytes) -> None:
    """The decoded name can be encoded again, and a name in Unicode survives the way there and back."""
    assert decode(data.decode("latin-1")).encode() is not None
    name = data.decode("utf-8", "replace")
    assert decode(written(name)) == name
    assert not name or decode(shifted(name)) == name


def seeds() -> Iterable[bytes]:
    """Names right and wrong."""
    names = ["", "Sent Items", "&-", "R&-D", "&ANw-bersicht", "&ZeVnLIqe-/&U,BTFw-", "&2D3cjA- mail", "&AGE-&AGI-"]
    wrong = ["&", "A & B", "&AP-", "&AOk", "&2D0-", "&3gDYPQ-", "&AO/p-", "&AOk=-", "&&--", "café", "日本語 💌"]
    return (name.encode() for name in names + wrong)
