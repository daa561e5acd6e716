"""One table of what people write, as Teams delivers it, and what the bot understands: said.txt."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailcheck.diagnosis.catalogue import CATALOGUE
from mailcheck.diagnosis.entry import Entry
from mailcheck.faces.teams.intent import MAILBOX_LIMIT, Check, Explain, Help, Intent, Refused, Status, Thanks, WhoAmI
from mailcheck.faces.teams.mention import TEXT_LIMIT, hear
from mailcheck.faces.teams.said import understand
from mailcheck.model.request import Mailbox

_BOT = "mailcheck"
_AT = "<at>mailcheck</at>"

_ROWS = Path(__file__).with_name("said.txt").read_text(encoding="utf-8")
_PLACES = {"anywhere": (True, False), "in our own chat": (True,), "in a group, to somebody else": (False,)}


def _table() -> Iterator[tuple[str, bool, str]]:
    """Of each row: the text, whether it is written in a personal chat, and the intent."""
    personal: tuple[bool, ...] = ()
    for line in _ROWS.splitlines():
        if line.startswith("["):
            personal = _PLACES[line.strip("[]")]
        elif line.strip() and not line.startswith("#"):
            text, intent = map(_plain, re.split(r"\s*-> ", line, maxsplit=1))
            yield from ((text.replace("{bot}", _AT), place, intent) for place in personal)


def _plain(text: str) -> str:
    """The characters that escapes stand for."""
    escape = re.compile(r"\\(?:x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8}|[nrt\\])")
    return escape.sub(lambda match: match[0].encode().decode("unicode_escape"), text)


def _intent(text: str, *, personal: bool = False) -> Intent:
    return understand(hear(text, [_AT] if _AT in text else [], _BOT), personal=personal)


def _told(intent: Intent) -> str:
    """An intent as the table has it."""
    match intent:
        case Check(mailboxes, protocols, refused):
            by = f" by {' '.join(protocols)}" if protocols else ""
            return "; ".join(
                [f"check {' '.join(map(str, mailboxes))}{by}", *(f"not {one.text} ({one.reason})" for one in refused)]
            )
        case Help(note):
            return f"help: {note}" if note else "help"
        case Explain(diagnosis):
            return f"explain {diagnosis}"
        case WhoAmI():
            return "whoami"
        case Status():
            return "status"
        case Thanks():
            return "thanks"


_TABLE = list(_table())


@pytest.mark.parametrize(
    "text, personal, intent", _TABLE, ids=lambda value: f"{value[:60]!r}" if isinstance(value, str) else None
)
def test_what_is_understood(text: str, personal: bool, intent: str) -> None:
    """Each text of the table means what a reader takes it to mean."""
    told = _told(_intent(text, personal=personal))
    assert re.fullmatch(".*".join(map(re.escape, intent.split("…"))), told), told


def test_every_row_is_there_once() -> None:
    """No text stands twice in the table: there would be two meanings of it to look after."""
    rows = [(text, personal) for text, personal, _ in _TABLE]
    assert len(rows) == len(set(rows))


@pytest.mark.parametrize("entry", CATALOGUE, ids=lambda entry: entry.id)
def test_every_diagnosis_can_be_explained(entry: Entry) -> None:
    """An id of the catalogue is understood as it is, in capitals, with blanks, and as the end of a link."""
    for written in (entry.id, entry.id.upper(), entry.id.replace("-", " "), f"https://wiki.example/guide#{entry.id}"):
        assert _intent(f"mailcheck explain {written}") == Explain(entry.id)


@pytest.mark.parametrize("entry", CATALOGUE, ids=lambda entry: entry.id)
def test_a_slip_in_an_id_is_answered_with_the_id(entry: Entry) -> None:
    """An id without its last letter is not known; what is proposed for it is the id, as a command to type."""
    answer = _intent(f"mailcheck explain {entry.id[:-1]}")
    assert isinstance(answer, Help)
    assert f'"mailcheck explain {entry.id}"' in answer.note


def test_what_is_proposed_is_understood() -> None:
    """Each command that help proposes is one, word for word; a word by itself is right in the place of the slip."""
    proposals = [
        (text, slip[1] if slip else "", proposed)
        for text, personal, _ in _TABLE
        if isinstance(answer := _intent(text, personal=personal), Help)
        for slip in [re.search(r'"([^"]+)" is no protocol', answer.note)]
        for proposed in re.findall(r'"([^"]+)"', answer.note.partition("Did you mean")[2])
    ]
    for text, slip, proposed in proposals:
        told = text.replace(slip, proposed) if slip and " " not in proposed else proposed
        assert not isinstance(_intent(told), Help), text
    assert len(proposals) > 20


def test_a_repeated_word_of_the_asker_is_short() -> None:
    """What is repeated to a person is the beginning of a long word, in help and in what a check refuses."""
    long = "x" * 3000
    for answer in (
        _intent(f"mailcheck {long}"),
        _intent(f"mailcheck explain {long}"),
        _intent(f"mailcheck {long}@b.c"),
    ):
        assert isinstance(answer, Help)
        assert len(answer.note) < 250
    answer = _intent(f"mailcheck a@b.example {long}@b.example")
    assert isinstance(answer, Check)
    assert [len(one.text) for one in answer.refused] == [60]


def test_all_that_was_named_is_checked_or_refused() -> None:
    """Of a long list nothing is lost: the first ten are checked, and each of the others is named with the reason."""
    named = [f"m{number}@b.example" for number in range(200)]
    answer = _intent(f"mailcheck {'; '.join(named)}")
    assert isinstance(answer, Check)
    told = [*map(str, answer.mailboxes), *(one.text for one in answer.refused)]
    assert told == named
    assert len(answer.mailboxes) == MAILBOX_LIMIT


def test_what_is_not_read_is_told() -> None:
    """Of a message that is too long, what could be read is checked, and the rest is refused with the reason."""
    answer = _intent(f"mailcheck a@b.example {'and so on ' * TEXT_LIMIT} c@d.example")
    assert answer == Check(
        (Mailbox("a@b.example"),), refused=(Refused("the rest of the message", "only 16,384 characters are read"),)
    )


_PIECES = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        ["mailcheck ", _AT, "<at>", "</at>", "a@b.example", "A@B.EXAMPLE", "@", "mailto:", "<", ">", "&lt;"]
    ),
    st.sampled_from(
        ["[", "](", ")", "&#64;", "\u200b", "\u00ad", "\u202e", ",", ";", "/", " ", "\n", "imap", "help", "_"]
    ),
    st.sampled_from(["explain ", "explian", "stauts", "who am i", "smpt", "'", '"', "**", "<a href='mailto:a@b.co'>"]),
)


@given(st.lists(_PIECES, max_size=12).map("".join), st.booleans())
def test_any_message_is_answered(text: str, personal: bool) -> None:
    """Whatever is said is a check of addresses that parse as they are, a diagnosis that there is, or a short note."""
    match _intent(text, personal=personal):
        case Check(mailboxes, protocols):
            assert 1 <= len(mailboxes) <= MAILBOX_LIMIT
            assert all(Mailbox.parse(mailbox.address) == mailbox for mailbox in mailboxes)
            assert len(set(mailboxes)) == len(mailboxes)
            assert len(set(protocols)) == len(protocols)
        case Help(note):
            assert len(note) < 400
        case Explain(diagnosis):
            assert any(entry.id == diagnosis for entry in CATALOGUE)
        case WhoAmI() | Status() | Thanks():
            pass


_DOCUMENTED = {
    "mailcheck shared@contoso.com": "check shared@contoso.com",
    "mailcheck shared@contoso.com imap": "check shared@contoso.com by imap",
    "shared@contoso.com, sales@contoso.com; box@contoso.com pop": (
        "check shared@contoso.com sales@contoso.com box@contoso.com by pop"
    ),
    '"Shared Box" <shared@contoso.com>': "check shared@contoso.com",
    "{SMTP:shared@contoso.com, smtp:sales@contoso.com}": "check shared@contoso.com sales@contoso.com",
    "explain imap-sign-in-refused": "explain imap-sign-in-refused",
    "explain AADSTS700016": "explain app-not-found",
    "status": "status",
    "whoami": "whoami",
    "help": "help",
}


def test_the_guide_tells_what_can_be_written() -> None:
    """Each row of the guide is understood as it says: alone, with a mention, a slash or the command, in capitals."""
    guide = (Path(__file__).parents[3] / "docs" / "bot.md").read_text()
    assert re.findall(r"(?m)^\| `(.+?)` \|", guide) == list(_DOCUMENTED)
    for text, intent in _DOCUMENTED.items():
        bare = text.removeprefix("mailcheck ")
        assert _told(_intent(text, personal=True)) == intent
        assert _told(_intent(bare, personal=True)) == intent
        for written in (f"{_AT} {text}", f"{bare} {_AT}", f"mailcheck {bare}", f"/mailcheck {bare}"):
            assert _told(_intent(written)) == intent
            assert _told(_intent(written.upper().replace(_AT.upper(), _AT))).casefold() == intent
        if "@" not in text:
            assert _told(_intent(f"{_AT} /{text}")) == intent
