"""One table of what people type, as Teams delivers it, and what the bot understands."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailcheck.faces.teams.intent import Check, Explain, Help, Intent, Status, WhoAmI
from mailcheck.faces.teams.mention import TEXT_LIMIT, Heard, bot_mentions, hear
from mailcheck.faces.teams.said import understand
from mailcheck.model.request import Mailbox, MailProtocol

_BOT = "mailcheck"
_AT = "<at>mailcheck</at>"
IMAP, POP, SMTP = MailProtocol
_NBSP = "\N{NO-BREAK SPACE}"


def _intent(text: str, *, personal: bool = False, mentions: tuple[str, ...] = (_AT,)) -> Intent:
    return understand(hear(text, mentions, _BOT), personal=personal)


def _check(address: str, *protocols: MailProtocol) -> Check:
    return Check((Mailbox(address),), protocols)


_ANYWHERE = [
    # The command
    ("/mailcheck a@b.example", _check("a@b.example")),
    ("mailcheck a@b.example", _check("a@b.example")),
    ("MAILCHECK A@B.EXAMPLE", _check("A@b.example")),
    ("/Mailcheck Shared.Box+x@Contoso.com", _check("Shared.Box+x@contoso.com")),
    ("  mailcheck \t a@b.example  \r\n", _check("a@b.example")),
    ("mailcheck: a@b.example", _check("a@b.example")),
    ("mailcheck r&d@b.example", _check("r&d@b.example")),
    ("mailcheck r&copy@b.example", _check("r&copy@b.example")),
    # Protocols
    ("mailcheck a@b.example imap", _check("a@b.example", IMAP)),
    ("mailcheck a@b.example POP", _check("a@b.example", POP)),
    ("mailcheck a@b.example pop imap", _check("a@b.example", IMAP, POP)),
    ("mailcheck a@b.example imap,pop", _check("a@b.example", IMAP, POP)),
    ("mailcheck a@b.example, imap, pop.", _check("a@b.example", IMAP, POP)),
    ("mailcheck a@b.example imap imap", _check("a@b.example", IMAP)),
    ("mailcheck a@b.example all", _check("a@b.example", IMAP, POP, SMTP)),
    ("mailcheck a@b.example imap and pop", _check("a@b.example", IMAP, POP)),
    ("mailcheck a@b.example IMAP/POP", _check("a@b.example", IMAP, POP)),
    ("mailcheck a@b.example,imap", _check("a@b.example", IMAP)),
    ("mailcheck a@b.example pop3", _check("a@b.example", POP)),
    ("mailcheck IMAP4 a@b.example", _check("a@b.example", IMAP)),
    ("mailcheck imap a@b.example", _check("a@b.example", IMAP)),
    ("mailcheck a@b.example -- imap", _check("a@b.example", IMAP)),
    ("mailcheck a@b.example **imap pop**", _check("a@b.example", IMAP, POP)),
    # Words around the address
    ("mailcheck Shared Mailbox <a@b.example>", _check("a@b.example")),
    ("mailcheck Shared Mailbox<a@b.example>", _check("a@b.example")),
    ("mailcheck Shared Mailbox &lt;a@b.example&gt;;", _check("a@b.example")),
    ("mailcheck &quot;Box, Shared&quot; &lt;a@b.example&gt; pop", _check("a@b.example", POP)),
    ("mailcheck a@b.example <A@B.EXAMPLE>", _check("A@b.example")),
    ("mailcheck EWS Relay <a@b.example>", _check("a@b.example")),
    ("mailcheck a@b.example smtp", _check("a@b.example", SMTP)),
    (f"{_AT} Shared Mailbox <a@b.example>", _check("a@b.example")),
    (f"{_AT} can you look at a@b.example?", _check("a@b.example")),
    ("mailcheck check a@b.example", _check("a@b.example")),
    ("mailcheck a@b.example please", _check("a@b.example")),
    # Mentions
    (f"{_AT} a@b.example", _check("a@b.example")),
    (f"{_AT}a@b.example", _check("a@b.example")),
    (f"{_AT} mailcheck a@b.example", _check("a@b.example")),
    (f"{_AT} /mailcheck a@b.example pop", _check("a@b.example", POP)),
    (f"{_AT}&nbsp;a@b.example", _check("a@b.example")),
    (f"{_AT}{_NBSP}a@b.example", _check("a@b.example")),
    (f"mailcheck {_AT} a@b.example", _check("a@b.example")),
    (f"a@b.example {_AT}", _check("a@b.example")),
    (f"a@b.example {_AT} imap", _check("a@b.example", IMAP)),
    (f"{_AT} {_AT} a@b.example", _check("a@b.example")),
    (f"{_AT} a@mailcheck.example", _check("a@mailcheck.example")),
    (f"{_AT} mailcheck@b.example", _check("mailcheck@b.example")),
    ("@mailcheck a@b.example", _check("a@b.example")),
    ('<at id="0">MailCheck</at> a@b.example', _check("a@b.example")),
    (f"<at>Anna</at> {_AT} a@b.example", _check("a@b.example")),
    (f"{_AT}, a@b.example", _check("a@b.example")),
    ("<at>Mailcheck (Test)</at> a@b.example", _check("a@b.example")),  # another name, and no entity
    ("<at>Contoso Mailcheck</at> a@b.example pop", _check("a@b.example", POP)),
    ("mailcheck @Anna a@b.example", _check("a@b.example")),
    # What clients and copying add
    ("<p>mailcheck a@b.example</p>", _check("a@b.example")),
    ("<div><b>mailcheck</b>&#160;a@b.example<br/></div>", _check("a@b.example")),
    ('mailcheck <a href="mailto:a@b.example" title="x">a@b.example</a>', _check("a@b.example")),
    ("mailcheck [a@b.example](mailto:a@b.example)", _check("a@b.example")),
    ("mailcheck [the box](mailto:a@b.example)", _check("a@b.example")),
    ("mailcheck [a@b.example](mailto:evil@c.example)", _check("a@b.example")),
    ("mailcheck [a@b.example](https://c.example)", _check("a@b.example")),
    ("mailcheck mailto:a@b.example", _check("a@b.example")),
    ("mailcheck MAILTO:a@b.example?subject=x", _check("a@b.example")),
    ("mailcheck <a@b.example>", _check("a@b.example")),
    ("mailcheck &lt;a@b.example&gt;", _check("a@b.example")),
    ('mailcheck "a@b.example"', _check("a@b.example")),
    ("mailcheck \u201ca@b.example\u201d", _check("a@b.example")),
    ("mailcheck a@b.example.", _check("a@b.example")),
    ("mailcheck a@b.example?!", _check("a@b.example")),
    ("mailcheck `a@b.example`", _check("a@b.example")),
    ("mailcheck \u200ba@b.example\ufeff", _check("a@b.example")),
    ("mailcheck \u202aa@b.example\u202c", _check("a@b.example")),
    ("mailcheck\u200ba@b.example", _check("a@b.example")),
    ("mailcheck&#8203;a@b.example", _check("a@b.example")),
    ("mailcheck\u2060a@b.example\ufeffimap", _check("a@b.example", IMAP)),
    ("mailcheck sha\u00adred@b.example", _check("shared@b.example")),
    ("mailcheck **a@b.example**", _check("a@b.example")),
    ("**mailcheck a@b.example**", _check("a@b.example")),
    ("mailcheck _a@b.example_", _check("a@b.example")),
    ("mailcheck **_a@b.example_**.", _check("a@b.example")),
    ("mailcheck _a@b.example", _check("_a@b.example")),  # a name may begin so
    ("mailcheck ```a@b.example```", _check("a@b.example")),
    ("\U0001f4ec mailcheck a@b.example", _check("a@b.example")),
    ("mailcheck \U0001f4ec a@b.example", _check("a@b.example")),
    ("mailcheck a@b.example \U0001f44d\U0001f3fd", _check("a@b.example")),
    ("mailcheck \U0001f4eca@b.example\u2709\ufe0f", _check("a@b.example")),
    # Help
    ("", Help()),
    ("mailcheck please help", Help()),
    ("mailcheck imap", Help()),
    ("mailcheck \U0001f44d", Help()),
    ("<at>Anna</at> a@b.example c@d.example", Help()),  # in a group, to somebody else
    ("   ", Help()),
    (_AT, Help()),
    ("mailcheck", Help()),
    ("/mailcheck help", Help()),
    (f"{_AT} help", Help()),
    (f"{_AT} hello there", Help()),
    ("mailcheck ?", Help()),
    ("hello", Help()),
    ("a@b.example", Help()),  # in a group, to nobody
    ("<script>alert(1)</script>", Help()),
]

_NOTES = [
    ("mailcheck shared", '"shared" is not a mailbox address: it has no "@"'),
    ("mailcheck shared@", 'there is nothing after the "@"'),
    ("mailcheck @b.example", 'there is nothing before the "@"'),
    ("mailcheck a@localhost", "not a host name"),
    ("mailcheck a'b\"c@b.example", "a character that a mailbox name cannot have"),
    (f"mailcheck {'x' * 400}@b.example", "is longer than 320 characters"),
    ("mailcheck a@b.example ews", '"ews" is no protocol that can be checked; there are: imap, pop, smtp, all'),
    ("mailcheck a@b.example imap,EWS", '"EWS" is no protocol that can be checked'),
    ("mailcheck a@b.example c@d.example", "One mailbox at a time"),
    ("mailcheck a@b.example;c@d.example", "One mailbox at a time"),
    ("mailcheck A <a@b.example>, C <c@d.example>", "One mailbox at a time"),
    ("mailcheck a,b@b.example", "a character that a mailbox name cannot have"),
    ("mailcheck a&b;c@b.example", "a character that a mailbox name cannot have"),
    ("mailcheck \uff41@b.example", "a character that a mailbox name cannot have"),
    ("mailcheck check the imap box", '"box" is not a mailbox address: it has no "@"'),
    ("mailcheck Shared Mailbox <a@localhost>", '"a@localhost" is not a mailbox address'),
    ("mailcheck <at>Anna Berg</at>", '"Anna" is not a mailbox address'),
    (f"{_AT} two@words@b.example", "a character that a mailbox name cannot have"),
    ("mailcheck \u043f\u043e\u0447\u0442\u0430@b.example", "a character that a mailbox name cannot have"),
]


@pytest.mark.parametrize("text, intent", _ANYWHERE, ids=[repr(text)[:60] for text, _ in _ANYWHERE])
def test_what_is_understood(text: str, intent: Intent) -> None:
    """Each text, in a group chat with the bot, means what a reader takes it to mean."""
    assert _intent(text) == intent


@pytest.mark.parametrize("text, note", _NOTES, ids=[text[:60] for text, _ in _NOTES])
def test_what_is_wrong_is_said(text: str, note: str) -> None:
    """A request that cannot be used gets help that says what is wrong with it."""
    answer = _intent(text)
    assert isinstance(answer, Help)
    assert note in answer.note


@pytest.mark.parametrize(
    "text",
    [
        "a@b.example",
        " [a@b.example](mailto:a@b.example) ",
        "<p>a@b.example</p>",
        "check a@b.example",
        "Shared Mailbox <a@b.example>",
        "<at>Mail Doctor</at> a@b.example",
    ],
)
def test_an_address_alone_is_enough_in_a_personal_chat(text: str) -> None:
    """Where everything is said to the bot, the command may be left out."""
    assert _intent(text, personal=True, mentions=()) == _check("a@b.example")


def test_a_personal_chat_answers_small_talk_with_help() -> None:
    """Words that are no address are answered with help, without a complaint about them."""
    assert _intent("good morning", personal=True, mentions=()) == Help()


@pytest.mark.parametrize(
    "text",
    [
        "<at>" * 2000,
        "[" * 8000,
        "<a " * 3000,
        "&" * 8000,
        "mailcheck " * 2000,
        "\u0000\u200b" * 4000,
        "mailcheck a@b.example " + "imap," * 3000,
        "mailcheck " + "a@b.example;" * 3000,
        "mailcheck " + "_*`<" * 3000,
        "mailcheck a@" + "," * 8000,
        "mailcheck " + "".join(map(chr, range(0x2000, 0x4000))),
    ],
    ids=lambda text: text[:12],
)
def test_endless_input_is_bounded(text: str) -> None:
    """However long a message is, its beginning is looked at and something is answered."""
    assert len(text) > TEXT_LIMIT
    assert isinstance(_intent(text), Check | Help)


def test_a_repeated_word_of_the_asker_is_short() -> None:
    """The help card repeats at most the beginning of a long word."""
    answer = _intent(f"mailcheck {'x' * 3000}")
    assert isinstance(answer, Help)
    assert len(answer.note) < 200


_PIECES = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        ["mailcheck ", _AT, "<at>", "</at>", "a@b.example", "A@B.EXAMPLE", "@", "mailto:", "<", ">", "&lt;"]
    ),
    st.sampled_from(
        ["[", "](", ")", "&#64;", "\u200b", "\u00ad", "\u202e", ",", ";", "/", " ", "\n", "imap", "help", "_"]
    ),
)


@given(st.lists(_PIECES, max_size=12).map("".join), st.booleans())
def test_any_message_is_answered(text: str, personal: bool) -> None:
    """Whatever is said is a check of an address that parses as it is, or help with a short note."""
    match _intent(text, personal=personal):
        case Check(mailboxes, protocols):
            assert mailboxes
            assert all(Mailbox.parse(mailbox.address) == mailbox for mailbox in mailboxes)
            assert len(set(protocols)) == len(protocols)
        case Help(note):
            assert len(note) < 300
        case Explain() | WhoAmI() | Status():
            pass


@given(st.lists(st.text("ab@.,;:/<>()[]*_ \n-", max_size=8) | st.sampled_from(["mailcheck ", "a@b.co"])).map("".join))
def test_no_other_mailbox_is_checked(text: str) -> None:
    """The address that is checked stands in the message letter by letter: none is put together from its parts."""
    intent = _intent(text, personal=True)
    if isinstance(intent, Check):
        assert intent.mailboxes[0].address in text


# A mark at the beginning, such as `'` or `*`, is taken for one around the address; `?` ends it in a mailto link.
_NAMED = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9!#$%'*+=^`{|}~-]{0,7}(\.[a-z]{1,3})?", fullmatch=True)
_ADDRESSES = st.builds("{}@{}.example".format, _NAMED, st.from_regex(r"[a-z0-9]{1,8}", fullmatch=True))


@given(
    _ADDRESSES,
    st.sampled_from(
        ["{}", "<{}>", "[{0}](mailto:{0})", "**{}**", '"{}"', "`{}`", "{},", "({})", "mailto:{}", "&lt;{}&gt;"]
    ),
    st.sampled_from(["{}", "please check {}", "check {} for the mailbox", "{} imap", "Box <{}>", "<p>{}</p>"]),
)
def test_any_address_is_understood_in_any_dress(address: str, dress: str, sentence: str) -> None:
    """An address with its marks, in a sentence with its words, is that address."""
    intent = _intent("mailcheck " + sentence.format(dress.format(address)))
    assert isinstance(intent, Check)
    assert intent.mailboxes == (Mailbox.parse(address),)


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
    assert hear("<at>Anna Berg</at> a@b.example", (), _BOT) == Heard(("Anna", "Berg", "a@b.example"), mentioned=False)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "name", "x"]), inner),
    max_leaves=8,
)
_ENTITIES = st.dictionaries(
    st.sampled_from(["type", "mentioned", "text", "x"]),
    _JSON | st.sampled_from(["mention", _AT, " "]) | st.just({"id": "28:bot"}),
)


@given(st.lists(_ENTITIES, max_size=4), st.lists(_PIECES, max_size=8).map("".join))
def test_any_entities_are_looked_through(entities: list[dict[str, object]], text: str) -> None:
    """Whatever stands in an activity's entities, what is heard are visible words."""
    heard = hear(text, bot_mentions(entities, "28:bot"), _BOT)
    for word in heard.words:
        assert word.split() == [word]
        assert not any(unicodedata.category(character) == "Cf" for character in word)
