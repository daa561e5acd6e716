"""Routes: templates in ASP.NET's syntax, and which function answers a request.

Two habits of the real host that surprise: a route matches without regard to case, and where two templates fit, the
function whose name comes first in the alphabet answers (not the more specific template). A method that no fitting
function lists is 404, not 405.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from lab.host.functions import Function

type Constraint = Callable[[str], bool]

_INT_LIMIT = 2**31
_LONG_LIMIT = 2**63
_INTEGER = re.compile(r"\s*[+-]?[0-9]{1,40}\s*")  # a bound, for int() refuses thousands of digits
_HYPHENED = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_GUID = re.compile(rf"[0-9a-f]{{32}}|\{{{_HYPHENED}\}}|\({_HYPHENED}\)|{_HYPHENED}", re.IGNORECASE)
_ALPHA = re.compile(r"[a-z]*", re.IGNORECASE)
_PARAMETER = re.compile(r"(?P<star>\*{0,2})(?P<name>[^*?:={}/]+)(?P<constraints>(?::[^:?=]+)*)(?P<optional>\??)")
_CALL = re.compile(r"(?P<name>[a-z]+)(?:\((?P<argument>-?[0-9]+)\))?")
_OPTIONAL = "(?:/([^/]+))?"
_CATCH_ALL = "(?:/(.*))?"
_ENCODED_SLASH = re.compile("%(2[fF])")


@dataclass(frozen=True, slots=True)
class BadRoute:
    """Why a template cannot be used."""

    reason: str


@dataclass(frozen=True, slots=True)
class Template:
    """A parsed template.

    Attributes:
        pattern: What the whole decoded path must look like.
        names: The parameters, in the order of the pattern's groups.
        constraints: Constraints by parameter.
    """

    pattern: re.Pattern[str]
    names: tuple[str, ...]
    constraints: Mapping[str, tuple[Constraint, ...]]

    def match(self, path: str) -> dict[str, str] | None:
        """The parameters of a decoded path, without those that are absent or empty; None if it does not fit."""
        found = self.pattern.fullmatch(path)
        if found is None:
            return None
        params = {name: value for name, value in zip(self.names, found.groups(), strict=True) if value}
        kept = all(holds(value) for name, value in params.items() for holds in self.constraints[name])
        return params if kept else None


def parse(template: str, prefix: str = "") -> Template | BadRoute:
    """Reads a route template, such as `checks/{mailbox}` or `files/{*rest}`, below a route prefix."""
    whole = "/".join(part for part in (prefix.strip("/"), template.strip("/")) if part)
    constraints: dict[str, tuple[Constraint, ...]] = {}
    try:
        patterns = _patterns(whole, constraints)
    except _UnusableError as error:
        return BadRoute(str(error))
    # A slash at the end of the path is not counted, save where a catch-all takes it.
    end = "" if patterns[-1] == _CATCH_ALL else "/?"
    return Template(re.compile("".join(patterns) + end, re.IGNORECASE | re.DOTALL), tuple(constraints), constraints)


class _UnusableError(ValueError):
    """Why a template cannot be used; `parse` makes it a BadRoute."""


def _patterns(whole: str, constraints: dict[str, tuple[Constraint, ...]]) -> list[str]:
    """The patterns of all segments; adds the constraints of their parameters."""
    patterns = [_segment(segment, constraints) for segment in whole.split("/")]
    if not {_OPTIONAL, _CATCH_ALL}.isdisjoint(patterns[:-1]):
        raise _UnusableError("only the last segment may be optional or catch-all")
    return patterns


def _segment(segment: str, constraints: dict[str, tuple[Constraint, ...]]) -> str:
    """The pattern of one segment with its leading slash; adds the constraints of its parameters."""
    parts = [part for part in re.split(r"(\{[^{}]*\})", segment) if part]
    if not parts:
        raise _UnusableError("a segment is empty")
    pattern, after_parameter = "/", False
    for part in parts:
        if not part.startswith("{"):
            if re.search(r"[{}?*]", part):
                raise _UnusableError(f"{part!r} is not a literal: braces, ? and * belong to parameters")
            pattern, after_parameter = pattern + re.escape(part), False
            continue
        found = _PARAMETER.fullmatch(part[1:-1])
        if found is None or after_parameter:
            raise _UnusableError(f"{part!r} is not a parameter that this host supports in this place")
        if any(found["name"].lower() == name.lower() for name in constraints):
            raise _UnusableError(f"the parameter {found['name']!r} occurs twice")
        constraints[found["name"]] = tuple(_constraint(call) for call in found["constraints"].split(":")[1:])
        if found["star"] or found["optional"]:
            if len(parts) > 1:
                raise _UnusableError(f"{part!r} must be a whole segment")
            return _CATCH_ALL if found["star"] else _OPTIONAL
        pattern, after_parameter = pattern + "([^/]+)", True
    return pattern


def _constraint(call: str) -> Constraint:
    found = _CALL.fullmatch(call)
    name = found["name"] if found else call
    argument = found["argument"] if found else None
    if argument is None and name in _PLAIN:
        return _PLAIN[name]
    if argument is not None and name in _WITH_NUMBER:
        return _WITH_NUMBER[name](int(argument))
    known = ", ".join([*_PLAIN, *(f"{each}(n)" for each in _WITH_NUMBER)])
    raise _UnusableError(f"the constraint {call!r} is not supported by this host; it knows {known}")


def _integer(value: str, limit: int = _LONG_LIMIT) -> bool:
    return _INTEGER.fullmatch(value) is not None and -limit <= int(value) < limit


_PLAIN: dict[str, Constraint] = {
    "int": lambda value: _integer(value, _INT_LIMIT),
    "long": _integer,
    "bool": lambda value: value.lower() in {"true", "false"},
    "guid": lambda value: _GUID.fullmatch(value) is not None,
    "alpha": lambda value: _ALPHA.fullmatch(value) is not None,
}
_WITH_NUMBER: dict[str, Callable[[int], Constraint]] = {
    "min": lambda bound: lambda value: _integer(value) and int(value) >= bound,
    "max": lambda bound: lambda value: _integer(value) and int(value) <= bound,
    "minlength": lambda bound: lambda value: len(value) >= bound,
    "maxlength": lambda bound: lambda value: len(value) <= bound,
}


def decode(raw_path: str) -> str:
    """Decodes the path of a request line. `%2F` stays as it is, as in Kestrel: it never becomes a separator."""
    return unquote(_ENCODED_SLASH.sub(r"%25\1", raw_path))


@dataclass(frozen=True, slots=True)
class Match:
    """The function that answers, and its route parameters."""

    function: Function
    params: Mapping[str, str]


class RouteTable:
    """All HTTP functions of an app, in the order in which the real host tries them."""

    def __init__(self, functions: Iterable[Function], prefix: str) -> None:
        """Takes functions whose routes have been checked (`checks.problems`), and the route prefix."""
        self._entries: list[tuple[Function, Template]] = []
        for function in sorted(functions, key=lambda function: function.name.lower()):
            match parse(function.route, prefix):
                case Template() as template:
                    self._entries.append((function, template))
                case BadRoute(reason):
                    raise ValueError(f"{function.name}: {reason}")

    def match(self, method: str, raw_path: str) -> Match | None:
        """Finds the function for a request line; None is a 404."""
        path = decode(raw_path)
        for function, template in self._entries:
            if function.methods and method not in function.methods:
                continue
            params = template.match(path)
            if params is not None:
                return Match(function, params)
        return None
