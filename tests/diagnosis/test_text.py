"""Quoting: each value is one literal argument of the shell it is for, whatever it holds."""

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailcheck.diagnosis.text import Shell, azure_cli, powershell, quote, step, when_known

HOSTILE = ["x';Remove-Mailbox y;'@contoso.com", "`whoami`", "$(id)", "a b", '"', "a\u2019b", "new\nline", "-rf", ""]


@pytest.mark.parametrize("value", HOSTILE)
def test_a_posix_shell_reads_one_word(value: str) -> None:
    """What shlex splits is the value itself, without its control characters."""
    assert shlex.split(azure_cli("az x --name {v} --y").fill({"v": value or "-"}))[3] == (value or "-").replace(
        "\n", ""
    )


@given(st.text(max_size=50))
def test_a_powershell_literal_ends_where_it_should(value: str) -> None:
    """Inside the quotes every quote is doubled, so none of them ends the string (about_Quoting_Rules)."""
    literal = quote(value, Shell.POWERSHELL)
    assert (literal[0], literal[-1]) == ("'", "'")
    inner = literal[1:-1]
    for mark in "'\u2018\u2019\u201a\u201b":
        inner = inner.replace(mark * 2, "")
        assert mark not in inner


def test_control_characters_never_reach_a_line() -> None:
    """A line break in a value would begin a second command."""
    for line in (powershell("Get-X {v}"), azure_cli("az {v}"), step("look at {v}")):
        assert "\n" not in line.fill({"v": "a\r\nRemove-Mailbox"})
        assert "\x1b" not in line.fill({"v": "\x1b[2J"})


def test_a_missing_value_is_a_visible_placeholder() -> None:
    """A name without a value becomes what a person has to put there, and is quoted like a value."""
    assert powershell("X -Id {object_id}").fill({}) == "X -Id '<object id>'"
    assert step("look at {object_id}").fill({"object_id": ""}) == "look at <object id>"


def test_a_line_may_depend_on_its_values() -> None:
    """A line that needs its values has no place in a remedy without them; any other line has."""
    line = when_known(step("wait {seconds} seconds for {{nothing}}"))
    assert line.applies({"seconds": "17"})
    assert not line.applies({})
    assert not line.applies({"seconds": ""})
    assert step("wait {seconds}").applies({})
