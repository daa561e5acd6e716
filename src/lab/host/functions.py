"""Functions as the host sees them: what their decorators declared, read from the runtime's metadata."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from lab.host.protos import RpcFunctionMetadata

HTTP_TRIGGER = "httpTrigger"
HTTP_OUTPUT = "http"


class AuthLevel(StrEnum):
    """Which key a caller must present (HTTP trigger documentation, "Authorization level")."""

    ANONYMOUS = "anonymous"
    FUNCTION = "function"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Binding:
    """One binding of a function.

    Attributes:
        type: Its kind, such as `httpTrigger`.
        name: The parameter it fills, or `$return`.
        output: Whether it takes values out of the function.
        texts: Its attributes that are text, such as route or schedule: the ones where `%NAME%` means a setting.
        methods: The HTTP methods it lists, in capitals; empty: all.
    """

    type: str
    name: str
    output: bool
    texts: Mapping[str, str]
    methods: tuple[str, ...] = ()

    @property
    def trigger(self) -> bool:
        """Whether this binding starts the function: every trigger's kind ends so."""
        return self.type.endswith("Trigger")


@dataclass(frozen=True, slots=True)
class Function:
    """One indexed function: the runtime's id for it, its name, and its bindings, the trigger among them."""

    id: str
    name: str
    bindings: tuple[Binding, ...]

    @property
    def trigger(self) -> Binding:
        """Its trigger. The SDK refuses a function without one."""
        return next(binding for binding in self.bindings if binding.trigger)

    @property
    def is_http(self) -> bool:
        """Whether an HTTP request starts it."""
        return self.trigger.type == HTTP_TRIGGER

    @property
    def route(self) -> str:
        """Its route below the route prefix; the name of the function when it declares none."""
        return self.trigger.texts.get("route", "").strip("/") or self.name

    @property
    def methods(self) -> tuple[str, ...]:
        """The methods it answers; empty: all."""
        return self.trigger.methods

    @property
    def auth_level(self) -> AuthLevel:
        """The key it asks for; `function` when it declares none."""
        return AuthLevel(self.trigger.texts.get("authLevel", AuthLevel.FUNCTION).lower())

    @property
    def outputs(self) -> tuple[Binding, ...]:
        """Its output bindings."""
        return tuple(binding for binding in self.bindings if binding.output)

    def with_texts(self, change: Callable[[str], str]) -> "Function":
        """The same function with every text of its bindings changed: where settings take the place of `%NAME%`."""
        bindings = tuple(
            replace(binding, texts={key: change(text) for key, text in binding.texts.items()})
            for binding in self.bindings
        )
        return replace(self, bindings=bindings)


def from_metadata(metadata: RpcFunctionMetadata) -> Function:
    """Reads one function from the runtime's answer."""
    bindings = tuple(_binding(json.loads(raw)) for raw in metadata.raw_bindings)
    return Function(metadata.function_id, metadata.name, bindings)


def _binding(raw: Mapping[str, object]) -> Binding:
    methods = raw.get("methods")
    return Binding(
        type=str(raw["type"]),
        name=str(raw["name"]),
        output=raw.get("direction") == "OUT",
        texts={
            key: value
            for key, value in raw.items()
            if isinstance(value, str) and key not in {"type", "name", "direction"}
        },
        methods=tuple(str(method).upper() for method in methods) if isinstance(methods, list) else (),
    )
