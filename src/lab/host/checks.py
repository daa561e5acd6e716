"""What the real host would refuse, beyond what its Python runtime refuses by itself.

The real host marks the one function as failed and serves the rest; this host refuses the whole app, so that the mistake
is seen before it is deployed.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

from lab.host import cron
from lab.host.functions import HTTP_OUTPUT, HTTP_TRIGGER, AuthLevel, Function
from lab.host.host_json import HostJson
from lab.host.routes import BadRoute, parse

STORAGE = "AzureWebJobsStorage"
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,127}", re.IGNORECASE)
_SETTING = re.compile(r"%([^%]*)%")
# The real host compares the beginning of the route, not its first segment: `administration` is reserved too.
_RESERVED = ("admin", "runtime")


@dataclass(frozen=True, slots=True)
class Kind:
    """What a kind of binding means to this host.

    Attributes:
        served: Whether this host fires it (a trigger) or delivers it (an output).
        storage: Whether it needs a storage connection; the default one when it names none.
        bundle: Whether it comes from an extension bundle, which host.json must name.
    """

    served: bool = False
    storage: bool = False
    bundle: bool = False


KINDS: Mapping[str, Kind] = {
    HTTP_TRIGGER: Kind(served=True),
    HTTP_OUTPUT: Kind(served=True),
    "timerTrigger": Kind(storage=True),
    "queueTrigger": Kind(storage=True, bundle=True),
    "queue": Kind(storage=True, bundle=True),
}


def problems(functions: Iterable[Function], host: HostJson, settings: Mapping[str, str]) -> list[str]:
    """Every reason to refuse these functions (with their settings put in, see `resolve`); empty: none."""
    listed = sorted(functions, key=lambda function: function.name.lower())
    found = [f"{function.name}: {reason}" for function in listed for reason in _of_function(function, host, settings)]
    for first, second in combinations(listed, 2):
        if first.name.lower() == second.name.lower():
            found.append(f"{first.name} and {second.name}: function names must differ in more than case")
        if first.is_http and second.is_http and _overlap(first, second):
            found.append(f"{second.name}: its route {second.route!r} is the route of {first.name}, for the same method")
    return found


def resolve(function: Function, settings: Mapping[str, str]) -> tuple[Function, list[str]]:
    """Puts settings in the place of `%NAME%`; also returns a reason for each that is not set."""
    unset: list[str] = []

    def value(found: re.Match[str]) -> str:
        if not settings.get(found[1]):
            unset.append(f"{function.name}: the setting {found[0]} is not set")
        return settings.get(found[1], "")

    return function.with_texts(lambda text: _SETTING.sub(value, text)), unset


def _of_function(function: Function, host: HostJson, settings: Mapping[str, str]) -> Iterator[str]:
    if _NAME.fullmatch(function.name) is None or function.name.lower() == "host":
        yield "a function's name starts with a letter, has letters, digits, _ and - (at most 128), and is not 'host'"
    for binding in function.bindings:
        kind = KINDS.get(binding.type)
        if kind is None:
            yield f"the binding type {binding.type!r} is not known to this host; it knows {', '.join(KINDS)}"
            continue
        if kind.bundle and not host.has_bundle:
            yield f"{binding.type!r} needs an extensionBundle in host.json"
        if kind.storage and not _connected(binding.texts.get("connection") or STORAGE, settings):
            yield f"{binding.type!r} needs the connection setting {binding.texts.get('connection') or STORAGE!r}"
    if function.is_http:
        yield from _of_http(function, host)
    wrong = cron.problem(function.trigger.texts["schedule"]) if "schedule" in function.trigger.texts else None
    if wrong is not None:
        yield f"schedule {wrong}"


def _of_http(function: Function, host: HostJson) -> Iterator[str]:
    template = parse(function.route, host.route_prefix)
    if isinstance(template, BadRoute):
        yield f"route {function.route!r}: {template.reason}"
    if function.route.lower().startswith(_RESERVED):
        yield f"route {function.route!r}: the host keeps routes that begin with {' or '.join(_RESERVED)} for itself"
    level = function.trigger.texts.get("authLevel", AuthLevel.FUNCTION)
    if level.lower() not in set(AuthLevel):
        yield f"auth level {level!r} is none of {', '.join(AuthLevel)}"
    for output in function.outputs:
        kind = KINDS.get(output.type)
        if kind is not None and not kind.served:
            yield f"its output {output.name!r} of type {output.type!r} is not delivered by this host yet"


def _overlap(first: Function, second: Function) -> bool:
    if first.route.lower() != second.route.lower():
        return False
    return not first.methods or not second.methods or not set(first.methods).isdisjoint(second.methods)


def _connected(name: str, settings: Mapping[str, str]) -> bool:
    """Whether a connection is set: whole, with the host's prefix, or in parts (`NAME__accountName`, identity based)."""
    wanted = name.lower()
    whole = {wanted, f"azurewebjobs{wanted}"}
    return any(
        value and (key.lower() in whole or key.lower().startswith(f"{wanted}__")) for key, value in settings.items()
    )
