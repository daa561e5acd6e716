"""Modified UTF-7, in which IMAP writes folder names (RFC 3501 section 5.1.3)."""

import binascii
import re

# "&" opens and "-" closes a run of UTF-16BE in base64 that has "," for "/" and no padding; "&-" is "&" itself.
_SHIFTED = re.compile(r"&([A-Za-z0-9+,]*)-")


def decode(name: str) -> str:
    """The name in Unicode. What is not modified UTF-7 stays as it is: servers do send such names."""
    return _SHIFTED.sub(_unshift, name) if "&" in name else name


def _unshift(run: re.Match[str]) -> str:
    if not run[1]:
        return "&"
    encoded = run[1].replace(",", "/")
    try:
        return binascii.a2b_base64(encoded + "=" * (-len(encoded) % 4)).decode("utf-16-be")
    except (binascii.Error, UnicodeDecodeError):
        return run[0]
