"""A client secret as a Key Vault secret holds it, and what people store in its place."""

import base64
import datetime as dt
import re
from typing import Final

from mailcheck.adapters.https import one_line
from mailcheck.model.credential import ClientSecret
from mailcheck.model.evidence import Evidence, Fault, Stage
from mailcheck.model.secret import Secret

_GUID: Final = re.compile(r"\s*\{?[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\}?\s*")
_PEM_BEGIN: Final = "-----BEGIN"
# A PFX is a DER SEQUENCE that says its length in more than one octet (X.690 section 8.1.3.5).
_SEQUENCE: Final = 0x30
_LONG_FORM: Final = 0x80


def read(
    value: Secret[str],
    content_type: str | None,
    *,
    version: str,
    not_before: dt.datetime | None,
    not_after: dt.datetime | None,
) -> ClientSecret | Evidence:
    """The client secret in the value of a Key Vault secret; whether it is in force, and whose it is, is not judged.

    Args:
        value: The secret's value.
        content_type: What the vault says it is.
        version: The secret's version, noted in the result.
        not_before: Its attribute `nbf`, UTC, where it has one.
        not_after: Its attribute `exp`, UTC, where it has one.

    Returns:
        Evidence of stage `SECRET` when the value can be no client secret. `details["found"]` says what it is instead:
        `empty`, `id` (the form of a secret's id, which the portal shows beside the value), `certificate`, `line-end`
        (a client secret perhaps, and white space around or in it), or `characters`.
    """
    fault = _fault(value.reveal())
    if fault is None:
        return ClientSecret(value, version, not_before, not_after)
    found, said = fault
    details = {"content_type": one_line(content_type or ""), "version": one_line(version), "found": found}
    return Evidence(Stage.SECRET, Fault.UNREADABLE, said=said, details=details)


def _fault(text: str) -> tuple[str, str] | None:
    """What keeps a text from being a client secret, as a word and in words that never quote it."""
    checks = (
        (not text.strip(), "empty", "it is empty"),
        (bool(_GUID.fullmatch(text)), "id", "it has the form of a client secret's id, and not of its value"),
        (_PEM_BEGIN in text, "certificate", "it is a certificate or a key in PEM"),
        (_is_pfx(text), "certificate", "it is a certificate as PFX"),
        (any(map(str.isspace, text)), "line-end", "it has a space or the end of a line in it"),
        # RFC 6749 appendix A.2: client-secret = *VSCHAR.
        (not (text.isascii() and text.isprintable()), "characters", "it has characters that no client secret has"),
    )
    return next(((found, said) for wrong, found, said in checks if wrong), None)


def _is_pfx(text: str) -> bool:
    try:
        der = base64.b64decode("".join(text.split()), validate=True)
    except ValueError:
        return False
    # Chance gives a client secret that is base64, too, this beginning; not the length that follows.
    return len(der) > 2**8 and der[0] == _SEQUENCE and bool(der[1] & _LONG_FORM)
