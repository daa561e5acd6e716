"""Mentions, and the visible text of a message."""

import itertools
import string
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailcheck.faces.teams.mention import GAP, TEXT_LIMIT, Heard, bot_mentions, hear
from mailcheck.faces.teams.said import understand
from tests.linear import cpu_seconds

_BOT = "mailcheck"
_AT = "<at>mailcheck</at>"


@pytest.mark.parametrize(
    "entity, found",
    [
        ({"type": "mention", "mentioned": {"id": "28:bot"}, "text": _AT}, (_AT,)),
        ({"type": "mention", "mentioned": {"id": "29:anna"}, "text": "<at>Anna</at>"}, ()),
        ({"type": "clientInfo"}, ()),
        ({"type": None, "mentioned": {"id": "28:bot"}, "text": _AT}, ()),
        ({"type": "mention"}, ()),
        ({"type": "mention", "mentioned": "28:bot", "text": _AT}, ()),
        ({"type": "mention", "mentioned": {"id": "28:bot"}, "text": 5}, ()),
        ({"type": "mention", "mentioned": {"id": "28:bot"}, "text": " "}, ()),
    ],
)
def test_mentions_of_the_bot(entity: dict[str, object], found: tuple[str, ...]) -> None:
    """Only a mention entity with the bot's own id counts; a malformed one is passed over."""
    assert bot_mentions([entity], "28:bot") == found


def test_a_mention_of_somebody_else_is_not_the_bot() -> None:
    """Another person's mention leaves their name in the text, and the bot not spoken to."""
    assert hear("<at>Anna Berg</at> a@b.example", (), _BOT) == Heard(" Anna Berg  a@b.example", mentioned=False)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "name", "x"]), inner),
    max_leaves=8,
)
_ENTITIES = st.dictionaries(
    st.sampled_from(["type", "mentioned", "text", "x"]),
    _JSON | st.sampled_from(["mention", _AT, " "]) | st.just({"id": "28:bot"}),
)


@given(
    st.lists(_ENTITIES, max_size=4),
    st.lists(st.text(max_size=8) | st.sampled_from([_AT, "<at>", "</at>", "<b>", "&lt;", "[x](y)"])).map("".join),
)
def test_any_entities_are_looked_through(entities: list[dict[str, object]], text: str) -> None:
    """Whatever stands in an activity's entities, what is heard are visible words."""
    heard = hear(text, bot_mentions(entities, "28:bot"), _BOT)
    assert not any(unicodedata.category(one) == "Cf" for one in heard.text.replace(GAP, ""))


@pytest.mark.parametrize(
    "text, visible, mentioned",
    [
        (_AT, " ", True),
        (f"{_AT} a@b.example", "  a@b.example", True),
        (f"a {_AT} b {_AT} c", "a   b   c", True),
        ('<at id="0">MAILCHECK</at>a@b.example', " a@b.example", True),
        ("<at><b>Mailcheck</b></at>", " ", True),
        ("<at>Anna</at>", " Anna ", False),
        ("<at>mailcheck", "mailcheck", False),
        ("mailcheck</at>", "mailcheck", False),
        ("<at>x<at>mailcheck</at>", "x ", True),
        ("<at></at>", "  ", False),
        ("<b>a</b>b", "ab", False),
        ("a<br/>b<BR>c", "a\nb\nc", False),
        ("<p>a</p>", "\na\n", False),
        ("<address> <x@b.example> 1 < 2 > 1", "<address> <x@b.example> 1 < 2 > 1", False),
        ("a@b.example < c", "a@b.example < c", False),
        ("&lt;b&gt; &amp;lt; &copy &#x41;", "<b> &lt; &copy A", False),
        ('<a href="mailto:a@b.example">the box</a>', " mailto:a@b.example ", False),
        ('<a href="mailto:a@b.example">c@d.example</a>', "c@d.example", False),
        ('<a href="https://b.example">the box</a>', "the box", False),
        ("<a>the box</a>", "the box", False),
        ('<at>a <a href="mailto:x@y.example"></at>b</a>', " a  b", False),
        ("[the box](mailto:a@b.example)", " mailto:a@b.example ", False),
        ("x[a@b.example](mailto:c@d.example)y", "xa@b.exampley", False),
        ("a\u00ad\u202eb", "ab", False),
        ("a\ufeffb", f"a{GAP}b", False),
        ("\uff41\uff20\u3002\uff5e", "a@.~", False),
    ],
)
def test_the_visible_text(text: str, visible: str, mentioned: bool) -> None:
    """Tags, entities and links are what a reader sees of them; a mention of the bot is taken away."""
    assert hear(text, (), _BOT) == Heard(visible, mentioned)


# What a message is made of that is written in Teams, or pasted there from a mail, a page or a table.
_STYLES = "a abbr b big cite code del em font i ins kbd mark q s samp small span strike strong sub sup tt u var wbr"
_BLOCKS = "blockquote body br codeblock dd div dl dt h1 h2 h3 h4 h5 h6 hr html li ol p pre ul"
_TABLES = "table tbody td tfoot th thead tr"


@pytest.mark.parametrize(
    "tag, seen",
    [
        *((tag, "") for tag in _STYLES.split()),
        *((tag, "\n") for tag in f"{_BLOCKS} {_TABLES}".split()),
        *((tag, " ") for tag in ("attachment", "emoji", "img")),
    ],
)
def test_what_is_seen_of_a_tag(tag: str, seen: str) -> None:
    """A style parts no word, a picture does, and what stands in a block of its own has a line of its own."""
    assert hear(f"a<{tag}>b</{tag} >c<{tag.upper()} x='y'/>", (), _BOT).text == f"a{seen}b{seen}c{seen}"


def test_an_entity_names_the_bot_by_another_name() -> None:
    """The bot is mentioned where an entity says so, by whatever name the mention shows."""
    assert hear("<at>Mail Doctor</at> x", ["<at>Mail Doctor</at>"], _BOT) == Heard("  x", mentioned=True)
    assert hear("Mail Doctor x", ["<at>Mail Doctor</at>"], _BOT) == Heard("Mail Doctor x", mentioned=True)


@pytest.mark.parametrize("mention", ["d@c", "shared", "@", "<b>d@c</b>", ""])
def test_a_mention_takes_nothing_from_an_address(mention: str) -> None:
    """What an entity calls a mention is taken away where it is marked as one, and nowhere else."""
    assert hear("shared@contoso.com", [mention], _BOT).text == "shared@contoso.com"


_ENDLESS = f"&#{'9' * 5000}"  # Python reads no number of so many digits


@pytest.mark.parametrize(
    "text, visible",
    [
        (f"{_ENDLESS};", f"{_ENDLESS};"),
        (f"<at>{_ENDLESS}</at>", f" {_ENDLESS} "),
        (f"[{_ENDLESS}](mailto:a@b.example)", " mailto:a@b.example "),
        (f'<a href="mailto:a@b.example">{_ENDLESS}</a>', " mailto:a@b.example "),
    ],
    ids=["text", "mention", "link", "anchor"],
)
def test_a_number_without_end_is_no_character(text: str, visible: str) -> None:
    """A reference to no character stays as it is written, wherever it stands."""
    assert hear(text, (), _BOT).text == visible
    assert hear("x", (text,), _BOT).text == "x"


_SHARED = "shared@contoso.com"


@pytest.mark.parametrize("at", range(len(_SHARED) + 2))
@pytest.mark.parametrize("dressed", ["{}", "<a href='mailto:{0}'>{0}</a>", "[{0}](mailto:{0})", "**{}**", "<b>{}</b>"])
def test_no_address_is_cut(at: int, dressed: str) -> None:
    """A message that is too long ends before the word with which it passes the limit, and says so."""
    long = dressed.format(_SHARED) + " imap" * TEXT_LIMIT
    heard = hear("x " * ((TEXT_LIMIT - at) // 2) + "x" * (at % 2) + " " + long, (), _BOT)
    assert not heard.whole
    assert len(heard.text) <= TEXT_LIMIT
    assert set(heard.text.split()) <= {"x", "xx", "imap", dressed.format(_SHARED), _SHARED}


@pytest.mark.parametrize("at", range(60))
def test_no_markup_is_cut(at: int) -> None:
    """Where the markup alone passes the limit, no part of a tag becomes text."""
    link = f'<a title="x@evil.example y" href="mailto:{_SHARED}">{_SHARED}</a>\n'
    heard = hear("<b></b>" * ((4 * TEXT_LIMIT) // 7 - 30) + " " * at + link * 30, (), _BOT)
    assert not heard.whole
    assert set(heard.text.split()) <= {_SHARED}


def test_one_long_word_is_no_word() -> None:
    """A message without a blank is not read at all where it is too long."""
    assert hear("x" * TEXT_LIMIT, (), _BOT).text == "x" * TEXT_LIMIT
    assert hear("x" * (TEXT_LIMIT + 1), (), _BOT) == Heard("", mentioned=False, whole=False)
    assert hear(" " * (TEXT_LIMIT + 1), (), _BOT) == Heard("", mentioned=False, whole=False)


_HOSTILE = [
    "<at>", "<at></at>", "<at>x", "<a ", "<a>", "<a></a>", '<a href="mailto:', '<a href="mailto:a@b.example">',
    "[", "](", "[x](", "[x](y)", "&", "&#64;", "&lt;", "<", "<@", "<a@b.co", "<a@b.co>", '"', '" ', '"a" <a@b.co>',
    '"a <a@b.co>', "'", "' ", "'a ", "*a@b.co ", "_*`<", "(", "[{<", ")", ",", "a,", "a@b.co,c,", "a@b.co;", "a@b.co ",
    "@", "@ ", "x@ ", "a@", "a@b.co..", "mailto:", "mailto:a@b.co?x ", "mailcheck ", "explain ", "imp ", "imap,",
    "\u200b", "a\u200b", "\u200ba@b.co ", "\u00ad", "\u0000", "\n", "a\n", "\u2009", "\uff20", "\u4e2d",
    "".join(map(chr, range(0x2000, 0x4000))),
]  # fmt: skip


@pytest.mark.parametrize("before", ["", "mailcheck explain ", "mailcheck a@b.example "])
@pytest.mark.parametrize("piece", _HOSTILE, ids=lambda piece: repr(piece[:16]))
def test_a_hostile_message_is_soon_read(piece: str, before: str) -> None:
    """The longest body that the endpoint takes is understood in a fraction of a second, whatever it repeats.

    It takes some 0.05 s; work that grows with the square of the length would take minutes.
    """
    text = before + piece * (256 * 1024 // len(piece))
    assert cpu_seconds(lambda: understand(hear(text, (_AT,), _BOT), personal=True), 2.0) < 2


def test_the_longest_list_of_names_and_addresses_does_not_hold_the_loop_up() -> None:
    """A thousand addresses, each with a name that is another: some 0.03 s, where each looked through all took 0.1 s."""
    letters = string.ascii_lowercase + string.digits
    words = map("".join, itertools.product(letters, repeat=2))
    heard = hear(", ".join(f"{word} <{word}@b.co>" for word in words)[:TEXT_LIMIT], (), _BOT)
    assert cpu_seconds(lambda: understand(heard, personal=True), 0.06) < 0.06
