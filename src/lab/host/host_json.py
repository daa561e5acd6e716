"""host.json: the part of it that this host follows."""

import json
from dataclasses import dataclass

_VERSION = "2.0"
_DEFAULT_PREFIX = "api"


@dataclass(frozen=True, slots=True)
class HostJson:
    """What host.json decides.

    Attributes:
        route_prefix: First segments of every route (`extensions.http.routePrefix`), without slashes at its ends.
        has_bundle: Whether an extension bundle is named, without which the real host knows no queue bindings.
    """

    route_prefix: str = _DEFAULT_PREFIX
    has_bundle: bool = False


def read(text: str) -> HostJson | str:
    """Reads host.json, or says what is wrong with it."""
    try:
        found = json.loads(text)
    except ValueError as error:
        return f"host.json is not JSON: {error}"
    if not isinstance(found, dict) or found.get("version") != _VERSION:
        return f'host.json must be an object with "version": "{_VERSION}"'
    extensions = found.get("extensions", {})
    http = extensions.get("http", {}) if isinstance(extensions, dict) else None
    prefix = http.get("routePrefix", _DEFAULT_PREFIX) if isinstance(http, dict) else None
    if not isinstance(prefix, str) or any(mark in prefix for mark in "{}?*"):
        return "host.json: extensions.http.routePrefix must be a text without parameters"
    bundle = found.get("extensionBundle")
    return HostJson(prefix.strip("/"), isinstance(bundle, dict) and bool(bundle.get("id")))
