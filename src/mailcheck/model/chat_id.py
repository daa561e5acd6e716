"""Ids of conversations and messages, as Teams and its connector name them."""

from typing import Final

_LIMIT: Final = 512  # characters; Teams' ids are below 200
_DOTS: Final = frozenset({".", ".."})


def is_chat_id(value: object) -> bool:
    """Whether it can be a part of the path of a call, and one that leads nowhere else (RFC 3986 section 5.2.4).

    And, since the SDK names the conversation there too, the value of a header: ASCII, without blanks around it.
    """
    if not isinstance(value, str) or not 0 < len(value) <= _LIMIT:
        return False
    return value.isascii() and value.isprintable() and value == value.strip() and value not in _DOTS
