r"""LIST: names in modified UTF-7, as atoms, quoted strings and literals; patterns; attributes."""

import pytest
from imapclient import imap_utf7

from lab.exchange.folders import PLAIN, WELL_USED, Folder, Form
from lab.exchange.imap_list import encode_utf7, find, list_lines, render_name, wire_name

TREE = (
    Folder.at("INBOX", r"\Marked"),
    Folder.at("INBOX/Unpaid"),
    Folder.at("Projekte", selectable=False),
    Folder.at("Projekte/2026"),
    Folder.at("Projekte/2026/Größe"),
    Folder.at("Sent Items", r"\Sent"),
    Folder.at("Lost/Found"),
)


@pytest.mark.parametrize(
    "name, encoded",
    [
        ("INBOX", "INBOX"),
        ("R&D", "R&-D"),
        ("&-", "&--"),
        ("Fødselsdage", "F&APg-dselsdage"),
        ("Entwürfe", "Entw&APw-rfe"),
        ("Przesyłki", "Przesy&AUI-ki"),
        ("日本語", "&ZeVnLIqe-"),
        ("ü&ü", "&APw-&-&APw-"),
        ("\u03ff\uffff", "&A,,,,w-"),
        ("🚀", "&2D3egA-"),
        ("tab\t", "tab&AAk-"),
        ("~peter", "~peter"),
    ],
)
def test_encode_utf7(name: str, encoded: str) -> None:
    """Modified UTF-7 shifts what is not printable ASCII into base64 with a comma, and doubles the ampersand's sign."""
    assert encode_utf7(name) == encoded


@pytest.mark.parametrize("folder", [*WELL_USED, *PLAIN], ids=wire_name)
def test_names_decode_with_a_foreign_decoder(folder: Folder) -> None:
    """A decoder that others wrote reads back every name of the scenarios."""
    assert imap_utf7.decode(wire_name(folder).encode()) == "/".join(folder.path)


@pytest.mark.parametrize(
    "folder, rendered",
    [
        (Folder.at("INBOX"), b"INBOX"),
        (Folder.at("a]b"), b"a]b"),
        (Folder.at("Sent Items"), b'"Sent Items"'),
        (Folder.at("nil"), b'"nil"'),
        (Folder.at("50%"), b'"50%"'),
        (Folder.at("{7}"), b'"{7}"'),
        (Folder.at('Say "hello"'), b'{11}\r\nSay "hello"'),
        (Folder.at("back\\slash"), b"{10}\r\nback\\slash"),
        (Folder.at("Plain", form=Form.LITERAL), b"{5}\r\nPlain"),
        (Folder.at("Plain", form=Form.QUOTED), b'"Plain"'),
        (Folder.at('a"\\', form=Form.QUOTED), b'"a\\"\\\\"'),
        (Folder.at("Plain", form=Form.ATOM), b"Plain"),
    ],
    ids=lambda value: value.decode() if isinstance(value, bytes) else "",
)
def test_render_name(folder: Folder, rendered: bytes) -> None:
    """A name is an atom where it can be, a literal where quotes would need escapes, and quoted else, unless told."""
    assert render_name(folder) == rendered


@pytest.mark.parametrize(
    "reference, pattern, names",
    [
        (
            "",
            "*",
            [
                "INBOX",
                "INBOX/Unpaid",
                "Projekte",
                "Projekte/2026",
                "Projekte/2026/Gr&APYA3w-e",
                "Sent Items",
                "Lost/Found",
            ],
        ),
        ("", "%", ["INBOX", "Projekte", "Sent Items", "Lost"]),
        ("", "inbox", ["INBOX"]),
        ("", "Inbox/%", ["INBOX/Unpaid"]),
        ("", "inb%", ["INBOX"]),
        ("", "inb*", ["INBOX", "INBOX/Unpaid"]),
        ("", "*bOx", ["INBOX"]),
        ("inb", "%x/U*", ["INBOX/Unpaid"]),
        ("", "inb*/unpaid", []),
        ("Projekte/", "%", ["Projekte/2026"]),
        ("Projekte/", "*", ["Projekte/2026", "Projekte/2026/Gr&APYA3w-e"]),
        ("", "%/%", ["INBOX/Unpaid", "Projekte/2026", "Lost/Found"]),
        ("", "*t*", ["Projekte", "Projekte/2026", "Projekte/2026/Gr&APYA3w-e", "Sent Items", "Lost/Found"]),
        ("", "sent items", []),
        ("", ".*", []),
    ],
)
def test_patterns(reference: str, pattern: str, names: list[str]) -> None:
    """A star crosses levels, a percent sign stays on one, INBOX has no case, and nothing else is special."""
    lines = [line.decode() for line in list_lines(TREE, reference, pattern)]
    assert [line.partition(' "/" ')[2].strip('"') for line in lines] == names


@pytest.mark.parametrize(
    "pattern, line",
    [
        ("INBOX", rb'* LIST (\Marked \HasChildren) "/" INBOX'),
        ("INBOX/Unpaid", rb'* LIST (\HasNoChildren) "/" INBOX/Unpaid'),
        ("Projekte", rb'* LIST (\Noselect \HasChildren) "/" Projekte'),
        ("L%", rb'* LIST (\Noselect \HasChildren) "/" Lost'),
        ("Sent Items", rb'* LIST (\HasNoChildren \Sent) "/" "Sent Items"'),
        ("", rb'* LIST (\Noselect) "/" ""'),
    ],
)
def test_attributes(pattern: str, line: bytes) -> None:
    """LIST tells children, special use and what cannot be selected; an empty pattern asks for the delimiter."""
    assert list(list_lines(TREE, "", pattern)) == [line]


def test_a_long_row_of_wildcards_costs_nothing() -> None:
    """A pattern of thousands of wildcards is answered as if it had one."""
    assert len(list(list_lines(TREE, "", "%*" * 10_000))) == len(TREE)


@pytest.mark.parametrize("name, found", [("inbox", True), ("Projekte/2026/Gr&APYA3w-e", True), ("sent items", False)])
def test_find(name: str, found: bool) -> None:
    """A folder is found by its name on the wire; only INBOX is found in any case."""
    assert (find(TREE, name) is not None) is found
