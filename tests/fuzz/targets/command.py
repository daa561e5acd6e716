"""A message to the bot; a first byte of `P` says it in a personal chat."""

from collections.abc import Iterable

from mailcheck.faces.teams.intent import MAILBOX_LIMIT, Check, Explain, Help, Status, Thanks, WhoAmI
from mailcheck.faces.teams.mention import GAP, TEXT_LIMIT, hear
from mailcheck.faces.teams.said import understand
from mailcheck.model.request import Mailbox

_MENTION = "<at>mailcheck</at>"
_PLAIN = frozenset("&<[")  # with none of these, nothing of a message in ASCII is taken away


def one_input(data: bytes) -> None:
    """A message is a check of addresses that stand in it, something else that the bot knows, or help that is short."""
    text = data[1:].decode("utf-8", "replace")
    heard = hear(text, (_MENTION,) if _MENTION in text else (), "mailcheck")
    assert len(heard.text) <= TEXT_LIMIT
    match understand(heard, personal=data[:1] == b"P"):
        case Check(mailboxes, protocols):
            assert 1 <= len(mailboxes) <= MAILBOX_LIMIT
            assert len(set(protocols)) == len(protocols)
            for mailbox in mailboxes:
                assert Mailbox.parse(mailbox.address) == mailbox
                assert mailbox.address.casefold() in heard.text.casefold().replace(GAP, "")
                if text.isascii() and not _PLAIN & set(text):
                    assert mailbox.address.casefold() in text.casefold()
        case Help(note):
            assert len(note) < 400
        case Explain() | WhoAmI() | Status() | Thanks():
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
        "Pexplain imap-sign-in-refuse",
        "Pwho am i",
        "Gmailchek 'a@b.example' \"Box, <x@y.example>\" <c@d.example>, *e@f.example\n- g@h.example",
        "Ga@b.example smpt mailcheck",
        "Gmailcheck a@b.example ews",
        "P@Anna a@b.example?",
        "Gmailcheck &quot;Box, Shared&quot; &#60;r&amp;d@b.example&#62; _pop_",
    ]
    return (text.encode() for text in texts)
