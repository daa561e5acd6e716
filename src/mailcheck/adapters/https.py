"""What the clients of Entra and Key Vault share: why no answer came, and a server's words made fit to show."""

import http.client
import re
import socket
import ssl
from collections.abc import Iterator
from typing import Final

from mailcheck.model.evidence import Fault

SAID_LIMIT: Final = 400  # characters: room for a sentence of Microsoft's with its ids, not for a page

# OpenSSL's X509_V_ERR_* (openssl-verification-options, "Diagnostics").
_VERIFY_FAULTS: Final = {
    9: Fault.NOT_YET_VALID,  # CERT_NOT_YET_VALID
    10: Fault.EXPIRED,  # CERT_HAS_EXPIRED
    62: Fault.HOST_MISMATCH,  # HOSTNAME_MISMATCH
    64: Fault.HOST_MISMATCH,  # IP_ADDRESS_MISMATCH
}
_NO_SUCH_NAME: Final = {getattr(socket, name) for name in ("EAI_NONAME", "EAI_NODATA") if hasattr(socket, name)}

# Whichever comes first here decides, wherever it stands in the chain: the outer exceptions are OSErrors too.
_FAULTS: Final[tuple[tuple[type[BaseException], Fault], ...]] = (
    (ssl.SSLCertVerificationError, Fault.UNTRUSTED),
    (ssl.SSLError, Fault.TLS_FAILED),
    (socket.gaierror, Fault.UNREACHABLE),
    (ConnectionRefusedError, Fault.REFUSED),
    (TimeoutError, Fault.TIMEOUT),
    (ConnectionError, Fault.CLOSED),
    (http.client.IncompleteRead, Fault.CLOSED),
    (http.client.HTTPException, Fault.MALFORMED),
    (OSError, Fault.UNREACHABLE),
)

_JWT: Final = re.compile(r"\beyJ[\w-]{8,}(?:\.[\w-]*){0,4}")
_GAPS: Final = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")


def fault_of(error: BaseException) -> tuple[Fault, str]:
    """Why a request by `requests` got no answer, and the innermost words about it.

    requests and urllib3 wrap what happened several times over, in words that change with their versions; the
    exception of Python's own at the bottom of the chain is what counts.
    """
    causes = list(_causes(error))
    for kind, fault in _FAULTS:
        for cause in reversed(causes):
            if isinstance(cause, kind):
                return _refined(cause, fault), one_line(str(cause))
    return Fault.UNREACHABLE, one_line(str(error))


def one_line(text: str, limit: int = SAID_LIMIT) -> str:
    """A server's words as one line of at most `limit` characters; a JSON Web Token in them is withheld."""
    line = _JWT.sub("<token withheld>", _GAPS.sub(" ", text[: 4 * limit])).strip()
    return line if len(line) <= limit else f"{line[: limit - 3]}..."


def _refined(cause: BaseException, fault: Fault) -> Fault:
    match cause:
        case ssl.SSLCertVerificationError():
            return _VERIFY_FAULTS.get(cause.verify_code, fault)
        case socket.gaierror() if cause.errno in _NO_SUCH_NAME:
            return Fault.NAME_NOT_FOUND
        case _:
            return fault


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    step: BaseException | None = error
    while step is not None and id(step) not in seen:
        seen.add(id(step))
        yield step
        step = step.__cause__ or step.__context__
