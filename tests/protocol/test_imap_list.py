"""One answer to LIST, from a generator that is written after the grammar."""

import re
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailcheck.model.report import Folder
from mailcheck.protocol.imap_list import SAMPLES_KEPT, Answers, NoFolder, read_folder
from mailcheck.protocol.server_text import SENTENCE_LIMIT
from tests.linear import cpu_seconds
from tests.protocol.utf7_writer import written

_ATTRIBUTES = [r"\HasNoChildren", r"\HasChildren", r"\Marked", r"\Subscribed", r"\Noinferiors", "$Own"]
_CLOSED = [r"\Noselect", r"\NonExistent"]
_ROLES = {r"\Sent": "sent", r"\Drafts": "drafts", r"\Trash": "trash", r"\Junk": "junk", r"\All": "all"}


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer as the server writes it, and the folder that it stands for."""

    wire: bytes
    folder: Folder


@st.composite
def answers(draw: st.DrawFn) -> Answer:
    """Any mailbox-list of RFC 3501 section 9 with a name that can be read back."""
    delimiter = draw(st.sampled_from(["/", ".", "\\", '"', None]))
    level = st.text(st.characters(exclude_categories=["Cc", "Cs"], exclude_characters=delimiter or ""), min_size=1)
    path = draw(st.lists(level.filter(_is_shown_as_is), min_size=1, max_size=1 if delimiter is None else 3))
    role = draw(st.sampled_from([None, *_ROLES]))
    closed = draw(st.sampled_from([None, *_CLOSED]))
    others = draw(st.lists(st.sampled_from(_ATTRIBUTES)))
    attributes = draw(st.permutations([attribute for attribute in (*others, role, closed) if attribute]))
    name = (delimiter or "").join(written(one) for one in path).encode("ascii")
    quoted_delimiter = b"NIL" if delimiter is None else _quoted(delimiter.encode())
    name_written = draw(st.sampled_from(_ways_to_write(name)))
    is_inbox = name.upper() == b"INBOX"
    return Answer(
        b"(%b) %b %b" % (" ".join(attributes).encode(), quoted_delimiter, name_written),
        Folder(tuple(path), "inbox" if is_inbox else _ROLES.get(role or ""), selectable=closed is None),
    )


@given(answers())
def test_answers_round_trip(answer: Answer) -> None:
    """What the grammar can write is read back: attributes, delimiter, and the name in any of its three forms."""
    assert read_folder(answer.wire) == answer.folder


@given(st.binary())
def test_any_bytes_are_an_answer(answer: bytes) -> None:
    """An answer is a folder, the root or unreadable, whatever its bytes; a name has no control characters."""
    folder = read_folder(b'() "/" ' + answer)

    if isinstance(folder, Folder):
        assert not any(ord(character) < 32 for name in folder.path for character in name)


@pytest.mark.parametrize("name", ["INBOX", "inbox", "Inbox", '"iNbOx"', "{5}\r\ninbox"])
def test_inbox_in_any_case(name: str) -> None:
    """INBOX is the inbox in whatever case of letters, and keeps the server's spelling."""
    folder = read_folder(f'() "/" {name}'.encode())

    assert isinstance(folder, Folder)
    assert (folder.name.upper(), folder.role) == ("INBOX", "inbox")


def test_a_folder_below_the_inbox_is_not_the_inbox() -> None:
    """The role belongs to the folder itself."""
    assert read_folder(b'() "/" INBOX/Done') == Folder(("INBOX", "Done"))


@pytest.mark.parametrize("name", ['""', "{0}\r\n"])
def test_the_root_is_no_folder(name: str) -> None:
    """An empty name is the root of the hierarchy."""
    assert read_folder(rf'(\Noselect) "/" {name}'.encode()) is NoFolder.ROOT


def test_the_delimiter_is_a_byte_of_the_name() -> None:
    """A slash that base64 spells divides nothing: names are split before they are decoded."""
    assert read_folder(b'() "/" "R&AC8-D/2025"') == Folder(("R/D", "2025"))


@pytest.mark.parametrize("name", ["/", "//"])
def test_a_name_of_delimiters_stays_whole(name: str) -> None:
    """A path always has a name."""
    assert read_folder(f'() "/" {name}'.encode()) == Folder((name,))


def test_control_characters_in_a_name_are_replaced() -> None:
    """Neither an escape sequence nor a line end, in base64 or plain, gets from a folder's name to a terminal."""
    assert read_folder(b'() "/" "\x1b[2J&AAo-end"') == Folder(("\ufffd[2J\ufffdend",))


_LENIENT = [
    # Spaces
    (rb'(\Sent)  "/"   x', Folder(("x",), "sent")),
    (b'()\t"/"\tx\t', Folder(("x",))),
    (b'() "/" x  ', Folder(("x",))),
    (b'()"/"x', Folder(("x",))),
    (b'()"/""x"', Folder(("x",))),
    (b'() NIL"x/y"', Folder(("x/y",))),
    (b'  () "/" x', Folder(("x",))),
    (b'() "/" "x"  ', Folder(("x",))),
    (b'() "/" {1}\r\nx \t', Folder(("x",))),
    # Attributes
    (b'"/" x/y', Folder(("x", "y"))),
    (b'NIL "/" x/y', Folder(("x", "y"))),
    (b"NIL NIL x/y", Folder(("x/y",))),
    (b'NIL "x/y"', Folder(("x/y",))),
    (rb'(\Sent "/" x', Folder(("x",), "sent")),
    (rb'(\Sent "/" "x (y)"', Folder(("x (y)",), "sent")),
    (rb'(\Sent\Noselect) "/" x', Folder(("x",), "sent", selectable=False)),
    (rb'(\Marked,\Junk) "/" x', Folder(("x",), "junk")),
    (rb'("\Trash") "/" x', Folder(("x",), "trash")),
    (b'(Drafts) "/" x', Folder(("x",), "drafts")),
    (rb'($Sent \Sentinel \X\\\* \xff) "/" x', Folder(("x",))),
    (rb'(\AllMail) "/" x', Folder(("x",), "all")),
    (rb'(\Spam) "/" x', Folder(("x",), "junk")),
    (rb'(\Starred) "/" x', Folder(("x",), "flagged")),
    # Delimiters
    (rb'() "\" x\y', Folder(("x", "y"))),
    (rb'() "\" "x\y"', Folder(("x", "y"))),
    (b"() / x/y", Folder(("x", "y"))),
    (b"() . x.y", Folder(("x", "y"))),
    (b"() x/y", Folder(("x/y",))),
    (b"() .x/y", Folder((".x/y",))),
    (b"() NIL " + b"x" * 400, Folder(("x" * 400,))),
    (b'() "x/y"', Folder(("x/y",))),
    (b"() {3}\r\nx/y", Folder(("x/y",))),
    ('() "·" "x·y"'.encode(), Folder(("x", "y"))),
    (b"() nil Nil", Folder(("Nil",))),
    (b'() "/" /x//y/', Folder(("x", "y"))),
    # Names
    (b'() "/" x y', Folder(("x y",))),
    (b'() "/" x (y)', Folder(("x (y)",))),
    (b'() "/" x (y) (TAG ("VALUE"))', Folder(("x (y)",))),
    (b'() "/" x ()', Folder(("x",))),
    (b'() "/" x{3}', Folder(("x{3}",))),
    (b'() "/" x"y', Folder(('x"y',))),
    (b'() "/" "x\\"', Folder(("x\\",))),
    (b'() "/" "x "y" z"', Folder(('x "y" z',))),
    (b'() "/" """', Folder(('"',))),
    (b'() "/" "x\r\ny"', Folder(("x\ufffd\ufffdy",))),
    (b'() "/" \x01\x7f', Folder(("\ufffd\ufffd",))),
]


@pytest.mark.parametrize("answer, folder", _LENIENT)
def test_what_can_only_mean_one_folder_is_that_folder(answer: bytes, folder: Folder) -> None:
    """Servers break the grammar; a reader that knows what a folder is understands them all the same."""
    assert read_folder(answer) == folder


_UNREADABLE = [
    b"",
    b" ",
    b"x",
    b"INBOX",
    b"()",
    b"() ",
    b'() "/"',
    b'() "/" ',
    b'() ""',
    b"() NIL",
    b"() nil ",
    b"() .",
    b'"/"',
    b'() "//" x',
    b'() "ab" "x"',
    b'() "/" "x',
    b'() "/" "',
    b'() "/" "x"y',
    b'() "/" "x" y',
    b'() "/" "x" "y"',
    b'() "/" "x" {2}\r\ny"',
    b'() "/" x "y"',
    b'() "/" x {1}\r\ny',
    b'() "/" {3}',
    b'() "/" {3}x',
    b'() "/" {3}\r\nab',
    b'() "/" {3}\r\nabcd',
    b'() "/" {3}\r\nabc def',
    b'() "/" {99999999999}\r\nabc',
    b'() "/" (x)',
    b'() "/" )',
    b'(\\Sent /" x',
    b"(\\Sent NIL x",
    b"((\\Sent)) NIL x",
]


@pytest.mark.parametrize("answer", _UNREADABLE)
def test_unreadable(answer: bytes) -> None:
    """What could mean several things, or nothing, is told apart from a folder."""
    assert read_folder(answer) is NoFolder.UNREADABLE


def test_the_first_unreadable_answers_are_kept() -> None:
    """All of them are counted; a few are shown, printable and bounded, for the reader to see what they are."""
    answers = Answers()
    for answer in (b'() "/" x', b"\x1b[2J\r\n", b"word " * 1000, b"t" * 300, b"fourth", b'(\\Noselect) "/" ""'):
        answers.read(answer)

    listing = answers.listing()

    assert listing.folders == (Folder(("x",)),)
    assert listing.unreadable == 4
    assert len(listing.samples) == SAMPLES_KEPT
    assert listing.samples[0] == "\ufffd[2J\ufffd\ufffd"
    assert len(listing.samples[1]) == SENTENCE_LIMIT
    assert listing.samples[2] == "<300 characters withheld>"


@pytest.mark.parametrize("before, passed", [([], False), ([b'(\\Noselect) "/" ""'], True), ([b"?"], True)])
def test_a_stray_line_is_passed_over_once_a_listing_has_begun(before: list[bytes], passed: bool) -> None:
    """Behind an answer a line that is no response is a piece of one, and counted; before, it may be anything."""
    answers = Answers()
    for answer in before:
        answers.read(answer)
    unreadable = answers.listing().unreadable

    assert answers.pass_over(b"stray") is passed
    assert answers.listing().unreadable == unreadable + passed


@pytest.mark.parametrize(
    "answer",
    [
        b"(" * 400_000,
        b" " * 400_000,
        b"(" + b" " * 400_000,
        b"()" + b" \t" * 200_000,
        b'() "/"' + b" " * 400_000,
        b"(" + b"\\x " * 150_000 + b'"/" x',
        b'() "/" "' + b"\\" * 400_001,
        b'() "/" "' + b'" ' * 200_000,
        b'() "/" "' + b'\\" ' * 150_000 + b"x",
        b'() "/" ' + b"x " * 200_000,
        b'() "/" x' + b" " * 400_000 + b"(",
        b'() "/" x' + b" (" * 200_000,
        b'() "/" x' + b'("' * 200_000,
        b'() "/" x' + b"(a " * 150_000,
        b'() "/" x' + b"(a" + b" " * 400_000,
        b'() "/" ' + b"&" * 400_000,
        b'() "/" ' + b"&A" * 200_000,
        b'() "/" ' + b"{" * 400_000,
        b'() "/" {1}\r\nx' + b" " * 400_000 + b"y",
    ],
    ids=lambda answer: repr(answer[:12]),
)
def test_long_answers_are_read_in_linear_time(answer: bytes) -> None:
    """No pattern goes back over what it has read: quadratic time would be minutes here."""
    assert cpu_seconds(lambda: read_folder(answer), 2.0) < 2


@pytest.mark.parametrize("parts, readable", [(301, True), (302, False)])
def test_a_path_deeper_than_any_mailbox_is_not_read(parts: int, readable: bool) -> None:
    """The depth of a path is bounded: a thousand deep ones would cost every other check its time."""
    folder = read_folder(b'() "/" ' + b"/".join([b"&-"] * parts))
    assert isinstance(folder, Folder) is readable


def _ways_to_write(name: bytes) -> list[bytes]:
    ways = [_quoted(name), b"{%d}\r\n%b" % (len(name), name), b"{%d+}\r\n%b ()" % (len(name), name)]
    if re.fullmatch(rb'[^\x00-\x20(){%*"\\\x7f-\xff]+', name):  # 1*ASTRING-CHAR
        ways.append(name)
    return ways


def _quoted(text: bytes) -> bytes:
    return b'"' + re.sub(rb'(["\\])', rb"\\\1", text) + b'"'


def _is_shown_as_is(name: str) -> bool:
    return not re.search("[\u2028-\u202e\u2066-\u2069]", name)
