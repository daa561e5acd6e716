"""Every command of every remedy, filled with hostile values and read by the parser of the shell it is for.

The grammars are tree-sitter's (tree-sitter-powershell, tree-sitter-bash): foreign readers, who know nothing of us.
"""

import re
import shlex
from collections.abc import Iterator
from dataclasses import replace
from itertools import takewhile
from string import Formatter

import pytest
import tree_sitter_bash
import tree_sitter_powershell
from hypothesis import given
from hypothesis import strategies as st
from tree_sitter import Language, Node, Parser

from mailcheck.diagnosis.catalogue import CATALOGUE
from mailcheck.diagnosis.entry import Entry
from mailcheck.diagnosis.match import diagnose
from mailcheck.diagnosis.text import Line, Shell, connected, quote
from mailcheck.model.evidence import Evidence
from mailcheck.model.report import Command
from tests.diagnosis.cmdlets import AZ, CMDLETS
from tests.diagnosis.kit import NOT_CONNECTED, POP_REFUSED, REFUSED, SMTP_REFUSED, known

POWERSHELL = Parser(Language(tree_sitter_powershell.language()))
BASH = Parser(Language(tree_sitter_bash.language()))
HOSTILE = [
    "x';Remove-Mailbox y;'@contoso.com",
    'x";Remove-Mailbox y;"@contoso.com',
    "x\u2019;Remove-Mailbox y;\u2018@contoso.com",
    "x\u201b;Remove-Mailbox y;\u201a@contoso.com",
    "x\u201d;Remove-Mailbox y;\u201c@contoso.com",
    "'", "''", '"', '"""', "\\", "\\'", "x\\",
    "`", "`'", "`Remove-Mailbox y`", "$(Remove-Mailbox y)", "${x}", "$x", "@(1)", "@x", "{client_id}", "}}{{",
    "a\nRemove-Mailbox y", "a\r\nrm -rf x", "a\x00b", "a\u2028b", "a;b", "a&b", "a && b", "a|b", "a > b", "a < b", "#a",
    "-rf", "--yes", "-'", "!x", "%x%", "*", "~", "a b", " a", "\u00e4\u6f22\U0001f600",
]  # fmt: skip
CLOUD = {"exchange_environment": "O365USGovGCCHigh", "graph_environment": "USGov", "azure_cloud": "AzureUSGovernment"}
# Lists of bare words, such as `Format-List AppId,ObjectId`, are PowerShell's, but not in this grammar. They are
# constants of ours: the test reads them quoted.
MARK = "\x1f"
_BARE_LIST = re.compile(r"(?<= )[A-Za-z.]+(?:,[A-Za-z.]+)+")


def lines_of(entry: Entry, value: str, *shells: Shell) -> Iterator[tuple[Line, dict[str, str]]]:
    """Each line of these shells in the entry's remedies, with this value under every name."""
    for one in entry.explanations:
        names = {name for line in one.fix for _, name, _, _ in Formatter().parse(line.template) if name}
        values = {**dict.fromkeys(names, value), **CLOUD}
        for line in connected(one.fix, values):
            if line.shell in shells:
                yield line, values


def quoted_list(found: re.Match[str]) -> str:
    """Each word of a bare list in quotes."""
    return ",".join(f"'{word}'" for word in found[0].split(","))


def walk(node: Node) -> Iterator[Node]:
    """This node and all below it."""
    yield node
    for child in node.children:
        yield from walk(child)


def text(node: Node) -> str:
    """Its source."""
    assert node.text is not None
    return node.text.decode()


def shape(node: Node) -> str:
    """The tree without what is written in it."""
    return str(node)


def verbatim(node: Node) -> list[str]:
    """What PowerShell's single-quoted strings hold: a doubled quote is one."""
    literals = [text(one)[1:-1] for one in walk(node) if one.type == "verbatim_string_characters"]
    return [re.sub("(['\u2018\u2019\u201a\u201b])\\1", r"\1", literal) for literal in literals]


def shown(value: str) -> str:
    """The value as a line has it: without its control characters."""
    return "".join(character for character in value if character.isprintable())


@pytest.mark.parametrize("entry", CATALOGUE, ids=lambda entry: entry.id)
def test_powershell_reads_each_value_as_one_string(entry: Entry) -> None:
    """Whatever a value holds, the line has the same commands and arguments, and the value is one literal of it."""
    for value in HOSTILE:
        for raw, values in lines_of(entry, value, Shell.EXCHANGE, Shell.GRAPH):
            line = replace(raw, template=_BARE_LIST.sub(quoted_list, raw.template))
            tree = POWERSHELL.parse(line.fill(values).encode()).root_node
            plain = POWERSHELL.parse(line.fill({**dict.fromkeys(values, "x"), **CLOUD}).encode()).root_node

            assert not tree.has_error, line.fill(values)
            assert shape(tree) == shape(plain)
            expected = [shown(value) if literal == "x" else literal for literal in verbatim(plain)]
            assert verbatim(tree) == expected


@pytest.mark.parametrize("evidence", [REFUSED, NOT_CONNECTED, POP_REFUSED, SMTP_REFUSED])
def test_a_mailbox_of_that_name_yields_a_harmless_line(evidence: Evidence) -> None:
    """Its quotes and its command are text: from the evidence to the report, each line runs what it runs for anybody."""
    name = "x';Remove-Mailbox y;'@contoso.com"
    told, usual = (diagnose(evidence, replace(known(), mailbox=address)) for address in (name, "shared@contoso.com"))
    lines = [line for one in told.causes for line in one.fix if isinstance(line, Command)]
    others = [line for one in usual.causes for line in one.fix if isinstance(line, Command)]
    assert any("Remove-Mailbox y" in line for line in lines)
    for line, other in zip(lines, others, strict=True):
        tree, plain = (POWERSHELL.parse(_BARE_LIST.sub(quoted_list, one).encode()).root_node for one in (line, other))
        assert not tree.has_error
        assert shape(tree) == shape(plain)
        assert verbatim(tree) == [name if one == "shared@contoso.com" else one for one in verbatim(plain)]


def commands(root: Node) -> list[tuple[str, list[str | None]]]:
    """Name and arguments of each command in a POSIX shell's line; none for an argument that runs a command itself."""
    found = []
    for node in walk(root):
        if node.type == "command":
            name, *arguments = (child for child in node.children if child.is_named)
            found.append((text(name), [None if runs(one) else shlex.split(text(one))[0] for one in arguments]))
    return found


def runs(argument: Node) -> bool:
    """Whether the shell runs a command to make this argument."""
    return any(one.type == "command_substitution" for one in walk(argument))


@pytest.mark.parametrize("entry", CATALOGUE, ids=lambda entry: entry.id)
def test_a_posix_shell_reads_each_value_as_one_word(entry: Entry) -> None:
    """Whatever a value holds, an `az` line runs the same commands, and the value is one argument or one option's."""
    for value in HOSTILE:
        stand_in = "-STAND-IN" if value.startswith("-") else "STAND-IN"
        for line, values in lines_of(entry, value, Shell.AZURE_CLI):
            tree = BASH.parse(line.fill(values).encode()).root_node
            plain = BASH.parse(line.fill({**dict.fromkeys(values, stand_in), **CLOUD}).encode()).root_node

            assert not tree.has_error, line.fill(values)
            expected = [
                (name, [one and re.sub(rf"^(--[a-z-]+=)?{stand_in}\Z", rf"\1{MARK}", one) for one in arguments])
                for name, arguments in commands(plain)
            ]
            assert {name for name, _ in expected} == {"az"}
            assert commands(tree) == [
                (name, [one and one.replace(MARK, shown(value)) for one in arguments]) for name, arguments in expected
            ]


@given(st.text(max_size=40) | st.text("'\u2018\u2019\u201a\u201b\"`$;-x ", max_size=12))
def test_powershell_reads_an_az_value_as_literals_too(value: str) -> None:
    """Who pastes an `az` line into PowerShell gets literals: single quotes hold no quote, double ones nothing else."""
    quotes = "'\u2018\u2019\u201a\u201b"
    literal = quote(value, Shell.AZURE_CLI)
    assert re.fullmatch(f"[A-Za-z0-9_./:][A-Za-z0-9_./:-]*|(?:'[^{quotes}]*'|\"[{quotes}]+\")+", literal)
    assert shlex.split(literal) == [shown(value)]


def test_every_command_is_of_its_shell() -> None:
    """`az` lines are for the Azure CLI, Microsoft Graph's nouns begin with Mg, and a Graph command names its scope."""
    for entry in CATALOGUE:
        for one in entry.explanations:
            for line in one.fix:
                if line.shell is Shell.AZURE_CLI:
                    assert line.template.startswith("az ")
                elif line.shell is not Shell.NONE:
                    nouns = set(re.findall(r"\b(?:Get|New|Set|Add|Remove|Test|Update|Connect)-(\w\w)", line.template))
                    assert ("Mg" in nouns) == (line.shell is Shell.GRAPH and bool(nouns)), line.template
                    assert bool(line.scopes) == ("Mg" in nouns), line.template


@pytest.mark.parametrize("entry", CATALOGUE, ids=lambda entry: entry.id)
def test_cmdlets_and_parameters_are_microsofts(entry: Entry) -> None:
    """Each cmdlet is one that there is, and each parameter is on its reference page, in full."""
    for raw, values in lines_of(entry, "x", Shell.EXCHANGE, Shell.GRAPH):
        line = replace(raw, template=_BARE_LIST.sub(quoted_list, raw.template))
        for node in walk(POWERSHELL.parse(line.fill(values).encode()).root_node):
            if node.type == "command":
                name = text(node.children[0])
                elements = [child for child in node.children if child.type == "command_elements"]
                given = {text(one) for each in elements for one in each.children if one.type == "command_parameter"}
                assert given <= CMDLETS[name], line.fill(values)


@pytest.mark.parametrize("entry", CATALOGUE, ids=lambda entry: entry.id)
def test_az_commands_and_options_are_microsofts(entry: Entry) -> None:
    """Each `az` command is one that there is, and each option is on its reference page."""
    for line, values in lines_of(entry, "x", Shell.AZURE_CLI):
        for _, arguments in commands(BASH.parse(line.fill(values).encode()).root_node):
            words = list(takewhile(lambda word: word is not None and not word.startswith("-"), arguments))
            given = {word for word in arguments if word and re.fullmatch(r"--?[a-z]+[a-z-]*", word)}
            assert given <= AZ[" ".join(str(word) for word in words)], line.fill(values)


def test_no_command_is_listed_for_nothing() -> None:
    """The tables have what remedies use."""
    used = " ".join(line.template for entry in CATALOGUE for line, _ in lines_of(entry, "x", *Shell))
    assert [name for name in CMDLETS if name not in used] == []
    assert [name for name in AZ if f"az {name}" not in used] == []
