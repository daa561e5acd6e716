"""What the clients of Entra and Key Vault share: why no answer came, and a server's words made fit to show."""

import http.client
import json
import logging
import re
from collections.abc import Iterator, Mapping
from typing import Final

from mailcheck.adapters.faults import FAULTS, fault_in
from mailcheck.model.evidence import Fault
from mailcheck.protocol.server_text import printable

SAID_LIMIT: Final = 400  # characters: room for a sentence of Microsoft's with its ids, not for a page

_JWT: Final = re.compile(r"\beyJ[\w-]{8,}(?:\.[\w-]*){0,4}")
_GAPS: Final = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")


def fault_of(error: BaseException) -> tuple[Fault, str]:
    """Why a request by `requests` got no answer, and the innermost words about it.

    requests and urllib3 wrap what happened several times over, in words that change with their versions; the
    exception of Python's own at the bottom of the chain is what counts. Whichever comes first in the table decides,
    wherever it stands in the chain: the outer exceptions are OSErrors too.
    """
    causes = list(_causes(error))
    for kind, _ in FAULTS:
        for cause in reversed(causes):
            if isinstance(cause, kind):
                return fault_in(cause), one_line(_words(cause))
    return fault_in(error), one_line(str(error))


def _words(error: BaseException) -> str:
    """What an exception says; of those that quote the answer, which may hold a token or a key, what they stand for."""
    match error:
        case http.client.IncompleteRead():
            return "the answer broke off"
        case http.client.HTTPException() if type(error) is not http.client.HTTPException:  # the plain one is our own
            return "the answer is not HTTP"
        case _:
            return str(error)


def silence_sdks() -> None:
    """Keep the libraries from logging what they meet.

    At INFO the Azure SDKs log each request with its headers. At WARNING they, MSAL and urllib3 log the part of an
    answer that they could not read, which may hold a token or a key. What matters of it is evidence.
    """
    for name in ("azure.core", "azure.identity", "azure.keyvault", "msal", "urllib3"):
        logging.getLogger(name).setLevel(logging.CRITICAL)


def one_line(text: str, limit: int = SAID_LIMIT) -> str:
    """A server's words as one printable line of at most `limit` characters; a JSON Web Token in them is withheld."""
    line = printable(_GAPS.sub(" ", text[: 4 * limit]))
    line = _JWT.sub("<token withheld>", line).strip()
    return line if len(line) <= limit else f"{line[: limit - 3]}..."


def line_of(value: object, limit: int = SAID_LIMIT) -> str:
    """A text out of a server's JSON as `one_line` has it; empty when it is no text."""
    return one_line(value, limit) if isinstance(value, str) else ""


def time_to_wait(retry_after: str) -> Mapping[str, str]:
    """What a `Retry-After` header (RFC 9110 section 10.2.3) asks for, as details of evidence; empty without one.

    `retry_after` is a number of seconds, up to some thirty years. A date, or what is neither, is `retry_at`.
    """
    if re.fullmatch(r"\d{1,9}", retry_after, re.ASCII):
        return {"retry_after": retry_after}
    return {"retry_at": one_line(retry_after, 64)} if retry_after else {}


def asks_to_wait(details: Mapping[str, str]) -> bool:
    """Whether these details have a time before which not to ask again, in whatever form."""
    return "retry_after" in details or "retry_at" in details


def json_object(text: str | bytes) -> Mapping[str, object] | None:
    """The JSON object in a text, or none: it is no JSON, too deep, another value, or bytes that are no text."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    step: BaseException | None = error
    while step is not None and id(step) not in seen:
        seen.add(id(step))
        yield step
        step = step.__cause__ or step.__context__
