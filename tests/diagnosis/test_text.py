"""Quoting: each value is one literal argument of the shell it is for, whatever it holds."""

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailcheck.diagnosis.text import Shell, azure_cli, exchange, graph, quote, remedy, step, when_known

HOSTILE = ["x';Remove-Mailbox y;'@contoso.com", "`whoami`", "$(id)", "a b", '"', "a\u2019b", "new\nline", "-rf", ""]
GOV = {"exchange_environment": "O365USGovGCCHigh", "graph_environment": "USGov", "azure_cloud": "AzureUSGovernment"}


@pytest.mark.parametrize("value", HOSTILE)
def test_a_posix_shell_reads_one_word(value: str) -> None:
    """What shlex splits is the value itself, without its control characters; a hyphen does not make it an option."""
    value = value or "="
    words = shlex.split(azure_cli("az x --name {v} --y").fill({"v": value}))
    plain = value.replace("\n", "")
    assert words == (["az", "x", f"--name={plain}", "--y"] if plain[0] == "-" else ["az", "x", "--name", plain, "--y"])


@given(st.text(max_size=50))
def test_a_powershell_literal_ends_where_it_should(value: str) -> None:
    """Inside the quotes every quote is doubled, so none of them ends the string (about_Quoting_Rules)."""
    literal = quote(value, Shell.EXCHANGE)
    assert literal == quote(value, Shell.GRAPH)
    assert (literal[0], literal[-1]) == ("'", "'")
    inner = literal[1:-1]
    for mark in "'\u2018\u2019\u201a\u201b":
        inner = inner.replace(mark * 2, "")
        assert mark not in inner


def test_control_characters_never_reach_a_line() -> None:
    """A line break in a value would begin a second command."""
    for line in (exchange("Get-X {v}"), graph("Get-MgX {v}"), azure_cli("az {v}"), step("look at {v}")):
        assert "\n" not in line.fill({"v": "a\r\nRemove-Mailbox"})
        assert "\x1b" not in line.fill({"v": "\x1b[2J"})


def test_a_missing_value_is_a_visible_placeholder() -> None:
    """A name without a value becomes what a person has to put there, and is quoted like a value."""
    assert exchange("X -Id {object_id}").fill({}) == "X -Id '<object id>'"
    assert azure_cli("az x --id {object_id}").fill({}) == "az x --id '<object id>'"
    assert step("look at {object_id}").fill({"object_id": ""}) == "look at <object id>"


def test_a_line_may_depend_on_its_values() -> None:
    """A line that needs its values has no place in a remedy without them; any other line has."""
    line = when_known(step("wait {seconds} seconds for {{nothing}}"))
    assert line.applies({"seconds": "17"})
    assert not line.applies({})
    assert not line.applies({"seconds": ""})
    assert step("wait {seconds}").applies({})
    assert remedy((line, step("then go on")), {}) == ("then go on",)


def test_a_remedy_connects_first_and_once() -> None:
    """Before the first command of each shell stands the one that connects it, with all that its commands need."""
    lines = (step("a"), exchange("Get-X"), graph("Get-MgX", "B", "A"), exchange("Get-Y"), graph("Get-MgY", "C"))
    assert remedy(lines, {}) == (
        "a",
        "Connect-ExchangeOnline",
        "Get-X",
        "Connect-MgGraph -Scopes A,B,C",
        "Get-MgX",
        "Get-Y",
        "Get-MgY",
    )
    assert remedy((azure_cli("az x"), azure_cli("az y")), {}) == ("az x", "az y")


def test_a_remedy_connects_to_the_cloud_of_the_tenant() -> None:
    """In a national cloud each tool is told which one is meant, before anything else."""
    lines = (azure_cli("az x"), exchange("Get-X"), graph("Get-MgX", "A"), azure_cli("az y"))
    assert remedy(lines, GOV) == (
        "az cloud set --name AzureUSGovernment",
        "az login",
        "az x",
        "Connect-ExchangeOnline -ExchangeEnvironmentName 'O365USGovGCCHigh'",
        "Get-X",
        "Connect-MgGraph -Scopes A -Environment 'USGov'",
        "Get-MgX",
        "az y",
    )
