"""Addresses in a form that no two readers of addresses understand differently; and those on this machine, a lab's."""

import re
from typing import Final

# What may follow such a host, in lower case and without a user: no query, fragment, escape, backslash or letter beyond
# ASCII, and no segment that is empty, "." or "..".
_SEGMENT: Final = r"(?!\.{1,2}(?:/|\Z))[A-Za-z0-9._~-]+"
PATH: Final = rf"(?:/(?:{_SEGMENT}/)*(?:{_SEGMENT})?)?"
_LOOPBACK: Final = re.compile(rf"http://(?:127\.0\.0\.1|\[::1\]|localhost)(?::([0-9]{{1,5}}))?{PATH}")


def is_loopback(url: str) -> bool:
    """Whether this is an `http://` address on this machine."""
    found = _LOOPBACK.fullmatch(url)
    return found is not None and 0 < int(found[1] or 80) < 2**16
