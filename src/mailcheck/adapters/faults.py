"""The exceptions of Python's network modules, as faults: one table for mail and for HTTPS."""

import http.client
import socket
import ssl
from typing import Final

from mailcheck.model.evidence import Fault

# The first that fits: most of them are OSErrors, and some are each other.
FAULTS: Final[tuple[tuple[type[Exception], Fault], ...]] = (
    (ssl.SSLCertVerificationError, Fault.UNTRUSTED),
    (ssl.SSLError, Fault.TLS_FAILED),
    (socket.gaierror, Fault.UNREACHABLE),  # such as EAI_AGAIN: the resolver gave no answer
    (ConnectionRefusedError, Fault.REFUSED),
    (TimeoutError, Fault.TIMEOUT),
    (ConnectionError, Fault.CLOSED),
    (http.client.IncompleteRead, Fault.CLOSED),
    (http.client.HTTPException, Fault.MALFORMED),
    (OSError, Fault.UNREACHABLE),
)
# OpenSSL's X509_V_ERR_* (openssl-verification-options, "Diagnostics").
_VERIFY: Final = {
    9: Fault.NOT_YET_VALID,  # CERT_NOT_YET_VALID
    10: Fault.EXPIRED,  # CERT_HAS_EXPIRED
    62: Fault.HOST_MISMATCH,  # HOSTNAME_MISMATCH
    64: Fault.HOST_MISMATCH,  # IP_ADDRESS_MISMATCH
}
_NO_SUCH_NAME: Final = {getattr(socket, name) for name in ("EAI_NONAME", "EAI_NODATA") if hasattr(socket, name)}


def fault_in(error: BaseException) -> Fault:
    """What this exception means, by itself: what it wraps is not looked at. What is not in the table is UNREACHABLE."""
    match error:
        case ssl.SSLCertVerificationError() if error.verify_code in _VERIFY:
            return _VERIFY[error.verify_code]
        case socket.gaierror() if error.errno in _NO_SUCH_NAME:
            return Fault.NAME_NOT_FOUND
        case _:
            return next((fault for kind, fault in FAULTS if isinstance(error, kind)), Fault.UNREACHABLE)
