"""Never another mailbox than the one that was written: addresses in whatever they are dressed in."""

import html
from dataclasses import dataclass

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mailcheck.faces.teams.intent import MAILBOX_LIMIT, Check, Help, Intent
from mailcheck.faces.teams.mention import hear
from mailcheck.faces.teams.said import understand
from mailcheck.faces.teams.written import Role, written
from mailcheck.model.request import Mailbox

# All of RFC 5321's atext; a local part may begin and end with any of it.
_ATEXT = "abxyzABXYZ0129!#$%&'*+-/=?^_`{|}~"
_LOCAL = st.lists(st.text(_ATEXT, min_size=1, max_size=6), min_size=1, max_size=3).map(".".join)
_DOMAIN = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,4}[a-z0-9])?", fullmatch=True).map("{}.example".format)
_ADDRESSES = st.builds("{}@{}".format, _LOCAL, _DOMAIN).filter(lambda text: isinstance(Mailbox.parse(text), Mailbox))

# Marks and markup around an address.
_DRESSES = [
    "{}", '"{}"', "&quot;{}&quot;", "'{}'", "`{}`", "```{}```", "\u201c{}\u201d", "\u2018{}\u2019", "\u00ab{}\u00bb",
    "\u2039{}\u203a", "SMTP:{}", "smtp:{}", "{{SMTP:{}}}", "'smtp:{}'", '"Box","{}"', "@{}",
    "\u2013{}\u2013", "*{}*", "**{}**", "_{}_", "**_{}_**", "~~{}~~", "|{}|", "({})", "[{}]", "{{{}}}", "('{}')",
    "{},", "{}.", "{}?", "{}!", "({}).", "\u2022{}", "\U0001f4ec{}\u2709\ufe0f", "\u200b{}\ufeff", "\u202a{}\u202c",
    "\u200f{}\u200e", "\u2068{}\u2069", "<b>{}</b>", "<p>{}</p>", "<span style='color:red'>{}</span>",
    "[{0}](mailto:{0})", "**[{0}](mailto:{0})**", "<a>{}</a>", "<a href='https://x.example' title='y'>{}</a>",
]  # fmt: skip
# In angle brackets, and with a name before it, which reaches back to what separates it from the address before.
_NAMED = [
    "<{}>", "&lt;{}&gt;", "&#60;{}&#62;", "< {} >", "<'{}'>", "Box <{}>", "Shared Box&lt;{}&gt;", '"Shared Box" <{}>',
    "'Shared Box' <{}>", '"Box, Shared" <{}>', "{0} <{0}>", '"{0}" <{0}>', "'{0}' <{0}>", '"other@x.example" <{}>',
    "\u201cShared Box\u201d <{}>", "Shared Box ({})", "Anna [{}]", "To: Anna Berg <{}>", "EWS Relay <{}>",
    "'O'Neil, Pat' <{}>", "1) <{}>",
]  # fmt: skip
_BLANKS = [" ", "\n", "\xa0", " and ", " & ", "\u3000"]
_SEPARATORS = [", ", "; ", " ,", "\n", "\n- ", "\n* ", "\n\u2022 ", "\n1. ", "<br>", "</li><li>", "</p><p>", "\u3001"]
_SENTENCES = [
    "mailcheck {}", "/mailcheck {}", "{} mailcheck", "<at>mailcheck</at> {}", "<at>mailcheck</at>&nbsp;{} imap",
    "mailcheck pop {}", "mailcheck please check {}", "<p>mailcheck {}</p>", "mailcheck **imap**, {}", "mailcheck\n{}\n",
]  # fmt: skip


def _asked(text: str) -> Intent:
    return understand(hear(text, (), "mailcheck"), personal=False)


def _dressed(dress: str, address: str) -> str:
    """In markup, a text's `&` is written `&amp;`."""
    return dress.format(html.escape(address, quote=False))


@given(_ADDRESSES, st.sampled_from(_DRESSES + _NAMED), st.sampled_from(_SENTENCES))
def test_an_address_is_understood_in_any_dress(address: str, dress: str, sentence: str) -> None:
    """Whatever a mailbox is called, and whatever stands around it: that mailbox is checked, and no other."""
    intent = _asked(sentence.format(_dressed(dress, address)))
    assert isinstance(intent, Check)
    assert intent.mailboxes == (Mailbox.parse(address),)
    assert not intent.refused


@dataclass(frozen=True)
class _Listed:
    addresses: list[str]
    text: str


@st.composite
def _lists(draw: st.DrawFn) -> _Listed:
    addresses = draw(st.lists(_ADDRESSES, min_size=2, max_size=MAILBOX_LIMIT, unique_by=str.casefold))
    named = draw(st.booleans())
    dresses = st.sampled_from(_DRESSES + _NAMED if named else _DRESSES)
    separators = st.sampled_from(_SEPARATORS if named else _SEPARATORS + _BLANKS)
    text = _dressed(draw(dresses), addresses[0])
    for address in addresses[1:]:
        text += draw(separators) + _dressed(draw(dresses), address)
    return _Listed(addresses, text)


@given(_lists(), st.sampled_from(_SENTENCES))
def test_a_list_is_understood_whole(listed: _Listed, sentence: str) -> None:
    """Of a list, however its parts are dressed and separated, each mailbox is checked, in the order it was written."""
    intent = _asked(sentence.format(listed.text))
    assert isinstance(intent, Check)
    assert list(intent.mailboxes) == list(map(Mailbox.parse, listed.addresses))
    assert not intent.refused


@given(_ADDRESSES, st.data())
def test_what_nobody_sees_changes_nothing(address: str, data: st.DataObject) -> None:
    """Characters without width or with another one, and markup, within an address leave it the same mailbox."""
    invisible = ["\u200b", "\u00ad", "\u200d", "\ufeff", "\u202e", "\u2060", "<wbr>", "<b>", "</b>", "&#8203;", "&shy;"]
    at = data.draw(st.integers(0, len(address)))
    escaped = [html.escape(part, quote=False) for part in (address[:at], address[at:])]
    intent = _asked("mailcheck " + data.draw(st.sampled_from(invisible)).join(escaped))
    assert isinstance(intent, Check)
    assert intent.mailboxes == (Mailbox.parse(address),)
    wide = "".join(chr(ord(one) - ord("!") + 0xFF01) for one in address)
    assert _asked(f"mailcheck {wide}") == Check(intent.mailboxes)


@given(
    _ADDRESSES, st.sampled_from(["mailto:{}", "<mailto:{}>", "<mailto:{}?subject=x>", "[mailto:{}]", "{0}<mailto:{0}>"])
)
def test_a_link_is_its_address_or_refused(address: str, dress: str) -> None:
    """The address of a link is checked where the link need not be decoded, which could lead to another mailbox."""
    intent = _asked("mailcheck " + _dressed(dress, address))
    local = address.rpartition("@")[0]
    if "?" in local or "%" in local or local.startswith("//"):
        assert isinstance(intent, Help)
    else:
        assert isinstance(intent, Check)
        assert intent.mailboxes == (Mailbox.parse(address),)


_PARTNERS = {"{": "}", "'": "'`\u2019", "`": "'`\u2019"} | dict(zip("*_~|", "*_~|", strict=True))
_SCRAPS = st.lists(
    st.text(f'xyz@.,;:/?!()+& -<>\n"}}{"".join(_PARTNERS)}', max_size=6)
    | st.sampled_from(["x@y.zz", "Z@Y.ZZ", "z.z@y.zz", "'x@y.zz", "y.zz", "@y.zz"])
    | st.sampled_from(["mailto:", "smtp:", '","', "imap", "\u2019", "\u2026"]),
    max_size=10,
).map("".join)


@given(_SCRAPS)
def test_no_other_mailbox_is_checked(text: str) -> None:
    """A mailbox that is checked stands in the text as a whole: nothing that belongs to an address is beside it.

    What may belong to one, beside it: a letter or digit, a dot, or a mark of RFC 5321 that is not on both sides.
    """
    assume("&" not in text or ";" not in text)
    intent = _asked(f"mailcheck {text}")
    for mailbox in intent.mailboxes if isinstance(intent, Check) else ():
        assert _stands_in(text, mailbox.address), mailbox


def _stands_in(text: str, address: str) -> bool:
    return any(
        _is_whole(line, address, at) for line in text.splitlines() for at in _places(line.lower(), address.lower())
    )


def _places(text: str, part: str) -> list[int]:
    return [at for at in range(len(text)) if text.startswith(part, at)]


def _is_whole(line: str, address: str, at: int) -> bool:
    """Whether nothing of an address stands before or behind it; marks before it must come again after it."""
    before, behind = line[:at], line[at + len(address) :]
    marks = before[len(before.rstrip(_ATEXT + ".")) :]
    paired = all(any(partner in behind for partner in _PARTNERS.get(mark, "")) for mark in marks)
    return paired and not (behind[:1].isalnum() or behind[:1] in {"-", "@", "/", "+", "\u2026"})


@pytest.mark.parametrize(
    "text, words",
    [
        ("check 'a@b.co', imap/pop!", ["check", "a@b.co", "imap", "pop"]),
        ('"Shared Box" <a@b.co>', ["a@b.co"]),
        ("Shared Box <a@b.co>", ["Shared (name)", "Box (name)", "a@b.co"]),
        ("pop <a@b.co>", ["pop", "a@b.co"]),
        ("- -- * \u2022 ** \U0001f44d", []),
    ],
)
def test_words(text: str, words: list[str]) -> None:
    """Words come bare and in their order; those of a name say so."""
    told = [f"{word.text} (name)" if word.role is Role.NAME else word.text for word in written(text)]
    assert told == words
    assert all((word.role is Role.ADDRESS) == ("@" in word.text) for word in written(text))
