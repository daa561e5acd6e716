"""How a remedy is written down: templates with the administrator's own values, quoted for the shell they are for."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from string import Formatter

from mailcheck.model.report import Command

# PowerShell takes the typographic quotes for the plain one (about_Quoting_Rules): all of them end a string.
_POWERSHELL_QUOTES = "'\u2018\u2019\u201a\u201b"


class Shell(Enum):
    """Where a line of a remedy is typed."""

    NONE = "a step for a person"
    POWERSHELL = "PowerShell, connected by Connect-ExchangeOnline or Connect-MgGraph"
    AZURE_CLI = "a POSIX shell with the Azure CLI"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a remedy: a template whose `{names}` are filled with values, quoted for the shell.

    Attributes:
        template: The text; literal braces are doubled.
        shell: Where it is typed.
        needs_values: The line is left out where one of its values is not known.
    """

    template: str
    shell: Shell = Shell.NONE
    needs_values: bool = False

    def applies(self, values: Mapping[str, str]) -> bool:
        """Whether the line has a place in a remedy with these values."""
        names = (name for _, name, _, _ in Formatter().parse(self.template) if name)
        return not self.needs_values or all(values.get(name) for name in names)

    def fill(self, values: Mapping[str, str]) -> str:
        """The line with these values; a name without a value stays visible as `<name>`."""
        line = self.template.format_map(_Quoted(values, self.shell))
        return line if self.shell is Shell.NONE else Command(line)


def step(template: str) -> Line:
    """Something a person does in a portal."""
    return Line(template)


def powershell(template: str) -> Line:
    """A PowerShell command; write the placeholders bare, quoting is done here."""
    return Line(template, Shell.POWERSHELL)


def azure_cli(template: str) -> Line:
    """An `az` command; write the placeholders bare, quoting is done here."""
    return Line(template, Shell.AZURE_CLI)


def when_known(line: Line) -> Line:
    """The line, to be left out where one of its values is not known."""
    return replace(line, needs_values=True)


def quote(value: str, shell: Shell) -> str:
    """The value as one literal argument of this shell. Control characters do not survive."""
    value = "".join(character for character in value if character.isprintable())
    match shell:
        case Shell.POWERSHELL:
            return "'" + "".join(c * 2 if c in _POWERSHELL_QUOTES else c for c in value) + "'"
        case Shell.AZURE_CLI:
            return shlex.quote(value)
        case Shell.NONE:
            return value


class _Quoted(dict[str, str]):
    def __init__(self, values: Mapping[str, str], shell: Shell) -> None:
        super().__init__({name: quote(value, shell) for name, value in values.items() if value})
        self._shell = shell

    def __missing__(self, name: str) -> str:
        return quote(f"<{name.replace('_', ' ')}>", self._shell)
