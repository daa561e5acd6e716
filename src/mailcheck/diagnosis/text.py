"""How a remedy is written down: templates with the administrator's own values, quoted for the shell they are for."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from string import Formatter

from mailcheck.model.report import Command

# PowerShell takes the typographic quotes for the plain one (about_Quoting_Rules): all of them end a string.
_QUOTES = "'\u2018\u2019\u201a\u201b"
# What neither a POSIX shell nor PowerShell reads anything into, anywhere in a word.
_PLAIN = re.compile(r"[A-Za-z0-9_./:][A-Za-z0-9_./:-]*", re.ASCII)
_OPTION_BEFORE = re.compile(r"(--[\w-]+) \{(\w+)\}")


class Shell(Enum):
    """Where a line of a remedy is typed."""

    NONE = "a step for a person"
    EXCHANGE = "PowerShell, connected by Connect-ExchangeOnline"
    GRAPH = "PowerShell, connected by Connect-MgGraph"
    AZURE_CLI = "a shell with the Azure CLI, signed in by az login"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a remedy: a template whose `{names}` are filled with values, quoted for the shell.

    Attributes:
        template: The text; literal braces are doubled.
        shell: Where it is typed.
        needs_values: The line is left out where one of its values is not known.
        scopes: What a Microsoft Graph command may do, as `Connect-MgGraph -Scopes` names it.
    """

    template: str
    shell: Shell = Shell.NONE
    needs_values: bool = False
    scopes: tuple[str, ...] = ()

    def applies(self, values: Mapping[str, str]) -> bool:
        """Whether the line has a place in a remedy with these values."""
        names = (name for _, name, _, _ in Formatter().parse(self.template) if name)
        return not self.needs_values or all(values.get(name) for name in names)

    def fill(self, values: Mapping[str, str]) -> str:
        """The line with these values; a name without a value stays visible as `<name>`."""
        template = self.template
        if self.shell is Shell.AZURE_CLI:  # a value that begins with a hyphen would be read as an option
            template = _OPTION_BEFORE.sub(
                lambda found: f"{found[1]}={{{found[2]}}}" if values.get(found[2], "")[:1] == "-" else found[0],
                template,
            )
        line = template.format_map(_Quoted(values, self.shell))
        return line if self.shell is Shell.NONE else Command(line)


def step(template: str) -> Line:
    """Something a person does in a portal."""
    return Line(template)


def exchange(template: str) -> Line:
    """A command of Exchange Online PowerShell; write the placeholders bare, quoting is done here."""
    return Line(template, Shell.EXCHANGE)


def graph(template: str, *scopes: str) -> Line:
    """A command of Microsoft Graph PowerShell, and the scopes that it needs; write the placeholders bare."""
    return Line(template, Shell.GRAPH, scopes=scopes)


def azure_cli(template: str) -> Line:
    """An `az` command; write the placeholders bare, quoting is done here."""
    return Line(template, Shell.AZURE_CLI)


def when_known(line: Line) -> Line:
    """The line, to be left out where one of its values is not known."""
    return replace(line, needs_values=True)


def remedy(lines: Sequence[Line], values: Mapping[str, str]) -> tuple[str, ...]:
    """The lines with these values, as `connected` has them."""
    return tuple(line.fill(values) for line in connected(lines, values))


def connected(lines: Sequence[Line], values: Mapping[str, str]) -> Iterator[Line]:
    """The lines that apply, and before the first command of each shell the one that connects it.

    `exchange_environment`, `graph_environment` and `azure_cloud` among the values name a national cloud to connect
    to; the public cloud has none of them.
    """
    lines = [line for line in lines if line.applies(values)]
    open_shells = {Shell.NONE}
    for line in lines:
        if line.shell not in open_shells:
            open_shells.add(line.shell)
            yield from _connecting(line.shell, lines, values)
        yield line


def _connecting(shell: Shell, lines: Sequence[Line], values: Mapping[str, str]) -> tuple[Line, ...]:
    match shell:
        case Shell.EXCHANGE:
            cloud = " -ExchangeEnvironmentName {exchange_environment}" if values.get("exchange_environment") else ""
            return (exchange(f"Connect-ExchangeOnline{cloud}"),)
        case Shell.GRAPH:
            scopes = sorted({scope for line in lines for scope in line.scopes})
            cloud = " -Environment {graph_environment}" if values.get("graph_environment") else ""
            return (graph(f"Connect-MgGraph -Scopes {','.join(scopes)}{cloud}"),)
        case Shell.AZURE_CLI if values.get("azure_cloud"):
            return (azure_cli("az cloud set --name {azure_cloud}"), azure_cli("az login"))
        case _:
            return ()


def quote(value: str, shell: Shell) -> str:
    """The value as one literal argument of this shell. Control characters do not survive.

    An `az` line is typed into a POSIX shell or into PowerShell: a value is one word in the first, and harmless in both.
    """
    value = "".join(character for character in value if character.isprintable())
    match shell:
        case Shell.EXCHANGE | Shell.GRAPH:
            return "'" + "".join(c * 2 if c in _QUOTES else c for c in value) + "'"
        case Shell.AZURE_CLI:
            if _PLAIN.fullmatch(value):
                return value
            return "'" + re.sub(f"[{_QUOTES}]+", "'\"\\g<0>\"'", value) + "'"
        case Shell.NONE:
            return value


class _Quoted(dict[str, str]):
    def __init__(self, values: Mapping[str, str], shell: Shell) -> None:
        super().__init__({name: quote(value, shell) for name, value in values.items() if value})
        self._shell = shell

    def __missing__(self, name: str) -> str:
        return quote(f"<{name.replace('_', ' ')}>", self._shell)
