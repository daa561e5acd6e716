"""A message to the bot; a first byte of `P` says it in a personal chat."""

from collections.abc import Iterable

from mailcheck.faces.teams.intent import Check, Explain, Help, Status, WhoAmI
from mailcheck.faces.teams.mention import hear
from mailcheck.faces.teams.said import understand
from mailcheck.model.request import Mailbox

_MENTION = "<at>mailcheck</at>"
_PLAIN = frozenset("&<[#\u00ad")  # with none of these, nothing of a message is taken away


def one_input(data: bytes) -> None:
    """A message is a check of an address that stands in it, or help that is short."""
    text = data[1:].decode("utf-8", "replace")
    heard = hear(text, (_MENTION,), "mailcheck")
    assert not any(character.isspace() for word in heard.words for character in word)
    match understand(heard, personal=data[:1] == b"P"):
        case Check(mailboxes, protocols):
            assert mailboxes
            assert len(set(protocols)) == len(protocols)
            for mailbox in mailboxes:
                assert Mailbox.parse(mailbox.address) == mailbox
                if text.isascii() and not _PLAIN & set(text):
                    assert mailbox.address.casefold() in text.casefold()
        case Help(note):
            assert len(note) < 300
        case Explain() | WhoAmI() | Status():
            pass


def seeds() -> Iterable[bytes]:
    """What people type, as Teams delivers it."""
    texts = [
        "G/mailcheck shared@contoso.com",
        f"G{_MENTION} a@b.example imap, pop",
        "PShared Mailbox &lt;a@b.example&gt;;",
        "P[a@b.example](mailto:a@b.example?subject=x)",
        'G<p>mailcheck <a href="mailto:a@b.example">a@b.example</a> please</p>',
        "Gmailcheck **a@b.example** imap/pop3 and smtp",
        "Gmailcheck\u200ba@b.example\ufeff",
        "Gmailcheck a@b.example;c@d.example",
        "Gmailcheck help",
        "Gmailcheck a@b.example ews",
        "P@Anna a@b.example?",
        "Gmailcheck &quot;Box, Shared&quot; &#60;r&amp;d@b.example&#62; _pop_",
    ]
    return (text.encode() for text in texts)
