"""A value that must not be shown: it masks itself wherever it is printed, logged, formatted or pickled."""

from typing import Never


class Secret[T: (str, bytes)]:
    """Wraps a token, a key, a password or a SASL string.

    `reveal()` is the only way to the value, and is called where the value meets the wire: grep for it.
    """

    __slots__ = ("_value",)

    def __init__(self, value: T) -> None:
        self._value: T = value

    def reveal(self) -> T:
        """The value itself."""
        return self._value

    def __len__(self) -> int:
        return len(self._value)

    def __repr__(self) -> str:
        return f"<{len(self._value):,} {'bytes' if isinstance(self._value, bytes) else 'characters'} withheld>"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format(repr(self), spec)

    def __reduce__(self) -> Never:
        raise TypeError("a Secret is not pickled")
