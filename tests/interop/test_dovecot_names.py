"""Folder names that are a trap for somebody: a foreign client creates them, and the product shows what was created."""

import imapclient
import pytest

from mailcheck.model.report import Folder, Listing
from tests.interop.dovecot import Dovecot
from tests.interop.foreign import TIMEOUT
from tests.interop.maildir import SPECIAL_FOLDERS
from tests.interop.product_kit import HOST, IMAP, Mail
from tests.interop.tokens import AppToken

pytestmark = pytest.mark.interop

# Of one level, whichever separator the server has.
_NAMES = (
    # quoted strings and their escapes
    'Say "hello"', '"', '""', "\\", "back\\slash", 'both \\" of them',
    # what looks like the protocol itself
    "NIL", "{5}", "{3+}", "(paren)", "[brackets]", "]", "A1 OK", "* BYE", "+", "INBOX2",
    # wildcards of LIST
    "%", "*", "Report 100%", "a*b",
    # blanks
    " leading", "trailing ", "two  spaces", "\u00a0",
    # modified UTF-7 and its escape
    "R&D", "&", "&-", "&AOk-", "é", "e\u0301", "Größe", "Gelöschte Elemente", "Входящие", "予定", "صندوق", "📅 2026",
    # other people's escapes
    "~", "~tilde", "#news", "$dollar", "$(id)", "${x}", "!", "'", "`", "<b>", "|", "[click](evil)",
    # length: the file system ends a name at 255 octets
    "x" * 200, "ü" * 60,
)  # fmt: skip


@pytest.mark.parametrize("separator, other", [("/", "."), (".", "/")])
async def test_every_name_is_shown_as_it_was_created(
    separator: str, other: str, dovecot: Dovecot, app_token: AppToken
) -> None:
    """By either separator, with the other one in a name; the same as a foreign client shows them, and none is lost."""
    paths = {
        *((name,) for name in _NAMES),
        (f"In{other}Out",),
        ("INBOX", "Child"),
        ("INBOX", "INBOX"),
        ("deep",) * 12,
        ("Projects", f"v1{other}2", "R&D"),
    }
    address = f"names-{ord(separator)}@contoso.com"
    dovecot.add_mailbox(address, folders=())
    dovecot.grant(address, **{"userdb_namespace/inbox/separator": separator})
    context = dovecot.client_context()
    with imapclient.IMAPClient(HOST, dovecot.imap_port, ssl_context=context, timeout=TIMEOUT) as client:
        client.oauth2_login(address, app_token())
        for path in sorted(paths):
            client.create_folder(separator.join(path))
        shown = {name for _, _, name in client.list_folders()}

    outcome = (await Mail.to(dovecot).open(IMAP, address, app_token())).outcome
    assert isinstance(outcome, Listing)
    assert outcome.unreadable == 0
    assert [folder.path for folder in outcome.folders if not folder.selectable] == []
    assert {folder.path for folder in outcome.folders} == paths | {("INBOX",), *((name,) for name in SPECIAL_FOLDERS)}
    assert {separator.join(folder.path) for folder in outcome.folders} == shown
    dovecot.remove_mailbox(address)


async def test_control_characters_of_a_name_are_replaced(dovecot: Dovecot, app_token: AppToken) -> None:
    """A tab, a line end or a change of direction in a name could forge what people read: each becomes U+FFFD."""
    address = "names-controls@contoso.com"
    dovecot.add_mailbox(address, folders=("a\tb", "line\r\nend", "\u202eevil"))
    dovecot.grant(address)
    outcome = (await Mail.to(dovecot).open(IMAP, address, app_token())).outcome
    assert isinstance(outcome, Listing)
    assert {folder for folder in outcome.folders if folder.role is None} == {
        Folder(("a\ufffdb",)),
        Folder(("line\ufffd\ufffdend",)),
        Folder(("\ufffdevil",)),
    }
    dovecot.remove_mailbox(address)
