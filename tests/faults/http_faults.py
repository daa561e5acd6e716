"""What may become of an HTTP server's answer.

Each fault is given the connection and the healthy answer. One that returns has answered, and the connection stays open
for the next request; the others end it or hold it.
"""

import asyncio
import json
import random
from collections.abc import Callable, Mapping
from dataclasses import replace

from tests.faults.services import HttpFault, Response
from tests.faults.wire import Line

_DRIP = 0.05  # seconds between two bytes
_HTML = b"<html><head><title>Sorry</title></head><body>Something went wrong.</body></html>"
_ENDLESS = b"x" * 8192
_WEB_PAGE = "text/html; charset=utf-8"

# --- harmless: the same answer in another form


async def one_byte(line: Line, response: Response) -> None:
    """One byte per packet and per TLS record."""
    line.piece = 1
    await line.send(response.wire)
    line.piece = 0


async def slow(line: Line, response: Response) -> None:
    """In four parts with pauses, but in time."""
    await _in_parts(line, response.wire, len(response.wire) // 4 + 1)


async def chunked(line: Line, response: Response) -> None:
    """In chunks of a few bytes."""
    await line.send(_chunked(response).head + _chunks(response.body, 7) + b"0\r\n\r\n")


async def until_the_end(line: Line, response: Response) -> None:
    """No length: the body ends with the connection, as in HTTP/1.0."""
    await line.send(_endless(response).head + response.body)
    await line.close()


async def interim(line: Line, response: Response) -> None:
    """An interim answer comes first (RFC 9110 section 15.2)."""
    await line.send(b"HTTP/1.1 100 Continue\r\n\r\n" + response.wire)


async def many_headers(line: Line, response: Response) -> None:
    """More headers than usual, within the bounds."""
    await line.send(response.but(None, **{f"X_More_{at}": "more" for at in range(50)}).wire)


async def byte_order_mark(line: Line, response: Response) -> None:
    """JSON behind a byte order mark, which RFC 8259 section 8.1 lets a reader overlook."""
    await line.send(response.but(body=b"\xef\xbb\xbf" + response.body).wire)


async def other_json_type(line: Line, response: Response) -> None:
    """JSON that calls itself by a name of its own."""
    await line.send(response.but(Content_Type="application/problem+json; charset=utf-8").wire)


async def two_in_one_packet(line: Line, response: Response) -> None:
    """The answer, and in the same packet one that nobody asked for."""
    await line.send(response.wire + Response("500 Internal Server Error", b"{}").wire)
    await line.close()


# --- silence


async def silent(line: Line, response: Response) -> None:  # noqa: ARG001 - as all faults
    """Nothing comes."""
    await line.hold()


async def silent_for_long(line: Line, response: Response) -> None:  # noqa: ARG001 - as all faults
    """Nothing comes, and the check's deadline is shorter than the time-out of who waits for it."""
    await line.hold()


async def drip_head(line: Line, response: Response) -> None:
    """A byte now and then, in the status line and in the headers."""
    await _in_parts(line, response.head, 1)
    await line.hold()


async def drip_body(line: Line, response: Response) -> None:
    """A byte now and then, in the body."""
    await line.send(response.head)
    await _in_parts(line, response.body, 1)


async def silent_body(line: Line, response: Response) -> None:
    """The headers, and nothing more."""
    await line.send(response.head)
    await line.hold()


async def silent_interim(line: Line, response: Response) -> None:  # noqa: ARG001 - as all faults
    """Interim answers now and then, and never the answer."""
    while True:
        await line.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        await asyncio.sleep(_DRIP)


# --- the end of the connection


async def reset(line: Line, response: Response) -> None:  # noqa: ARG001 - as all faults
    """RST instead of an answer."""
    line.reset()


async def close(line: Line, response: Response) -> None:  # noqa: ARG001 - as all faults
    """An orderly end instead of an answer."""
    await line.close()


async def half_close(line: Line, response: Response) -> None:  # noqa: ARG001 - as all faults
    """FIN below TLS, while the server goes on to listen."""
    await line.half_close()


async def truncated_head(line: Line, response: Response) -> None:
    """Half of the headers, and an orderly end."""
    await line.send(response.head[: len(response.head) // 2])
    await line.close()


async def truncated_status(line: Line, response: Response) -> None:
    """A part of the status line, and an orderly end."""
    await line.send(response.head[:9])
    await line.close()


async def cut_body(line: Line, response: Response) -> None:
    """Half of the body, and an orderly end."""
    await line.send(response.head + response.body[: len(response.body) // 2])
    await line.close()


async def cut_body_reset(line: Line, response: Response) -> None:
    """Half of the body, and RST."""
    await line.send(response.head + response.body[: len(response.body) // 2])
    line.reset()


async def cut_chunks(line: Line, response: Response) -> None:
    """Chunks without the last one, and an orderly end."""
    await line.send(_chunked(response).head + _chunks(response.body, 7))
    await line.close()


# --- what is no HTTP


async def garbage(line: Line, response: Response) -> None:  # noqa: ARG001 - as all faults
    """Bytes without a meaning."""
    await line.send(random.Random(2).randbytes(300) + b"\r\n\r\n")  # noqa: S311 - the same bytes each time
    await line.close()


async def nul(line: Line, response: Response) -> None:  # noqa: ARG001 - as all faults
    """NULs."""
    await line.send(b"\0" * 300)
    await line.close()


async def other_protocol(line: Line, response: Response) -> None:  # noqa: ARG001 - as all faults
    """A mail server's greeting."""
    await line.send(b"* OK The IMAP4 service is ready.\r\n")
    await line.close()


async def bare_body(line: Line, response: Response) -> None:
    """The document alone, as in HTTP/0.9."""
    await line.send(response.body)
    await line.close()


async def wrong_version(line: Line, response: Response) -> None:
    """A version of HTTP that there is not."""
    await line.send(response.wire.replace(b"HTTP/1.1", b"HTTP/7.3", 1))


async def wrong_status(line: Line, response: Response) -> None:  # noqa: ARG001 - as all faults
    """A status that is no number."""
    await line.send(Response("OK").wire)
    await line.close()


async def wrong_length(line: Line, response: Response) -> None:
    """A length that is no number, and an orderly end."""
    await line.send(response.but(body=b"{}", Content_Length="many").wire)
    await line.close()


async def short_length(line: Line, response: Response) -> None:
    """A length that ends in the middle of the document."""
    await line.send(response.but(Content_Length=str(len(response.body) // 2)).wire)
    await line.close()


async def wrong_chunks(line: Line, response: Response) -> None:
    """Chunks whose length is no number."""
    await line.send(_chunked(response).head + b"zz\r\n" + response.body + b"\r\n0\r\n\r\n")
    await line.close()


async def not_chunked(line: Line, response: Response) -> None:
    """A body that is said to come in chunks, and comes as it is."""
    await line.send(_chunked(response).head + response.body + b"\r\n")
    await line.close()


async def wrong_encoding(line: Line, response: Response) -> None:
    """A body that is said to be packed, and is not."""
    await line.send(response.but(Content_Encoding="gzip").wire)


async def no_colon(line: Line, response: Response) -> None:
    """A header line that is none, and the rest behind it."""
    await line.send(response.head.replace(b"\r\n", b"\r\nthis is no header\r\n", 1) + response.body)
    await line.close()


# --- more than can be read


async def endless_body(line: Line, response: Response) -> None:
    """A body without an end."""
    await line.send(_endless(response).head)
    while True:
        await line.send(_ENDLESS)


async def endless_chunks(line: Line, response: Response) -> None:
    """Chunks without an end."""
    await line.send(_chunked(response).head)
    chunk = _chunks(_ENDLESS, len(_ENDLESS))
    while True:
        await line.send(chunk)


async def endless_headers(line: Line, response: Response) -> None:  # noqa: ARG001 - as all faults
    """Headers without an end."""
    await line.send(b"HTTP/1.1 200 OK\r\n")
    while True:
        await line.send(b"X-More: more\r\n" * 100)


async def endless_header_line(line: Line, response: Response) -> None:  # noqa: ARG001 - as all faults
    """One header without an end."""
    await line.send(b"HTTP/1.1 200 OK\r\nX-More: ")
    while True:
        await line.send(_ENDLESS)


async def endless_status_line(line: Line, response: Response) -> None:  # noqa: ARG001 - as all faults
    """A status line without an end."""
    await line.send(b"HTTP/1.1 200 ")
    while True:
        await line.send(_ENDLESS)


async def large_body(line: Line, response: Response) -> None:
    """The right document, with two mebibytes of space before it."""
    await line.send(response.but(body=b" " * 2**21 + response.body).wire)


# --- an answer, but another one


def _status(status: str, document: object = None, **headers: str) -> HttpFault:
    async def fault(line: Line, _: Response) -> None:
        body = _HTML if document is None else json.dumps(document).encode()
        kind = _WEB_PAGE if document is None else "application/json"
        await line.send(Response(status, body, {"Content-Type": kind}).but(None, **headers).wire)

    return fault


def _body(body: bytes | Callable[[bytes], bytes], **headers: str) -> HttpFault:
    async def fault(line: Line, response: Response) -> None:
        await line.send(response.but(body=body if isinstance(body, bytes) else body(response.body), **headers).wire)

    return fault


async def redirect_to_itself(line: Line, response: Response) -> None:
    """The same address again, for ever."""
    await line.send(Response("302 Found", b"", {"Location": f"{response.path}?again=1"}).wire)


async def redirect_elsewhere(line: Line, response: Response) -> None:  # noqa: ARG001 - as all faults
    """Another server, which must not be told anything: its name is not looked up."""
    await line.send(Response("307 Temporary Redirect", b"", {"Location": "https://elsewhere.invalid/"}).wire)


def _chunked(response: Response) -> Response:
    return replace(response.but(Transfer_Encoding="chunked"), sized=False)


def _endless(response: Response) -> Response:
    """An answer without a length."""
    return replace(response.but(Connection="close"), sized=False)


def _chunks(body: bytes, size: int) -> bytes:
    parts = (body[at : at + size] for at in range(0, len(body), size))
    return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts)


async def _in_parts(line: Line, data: bytes, size: int) -> None:
    for at in range(0, len(data), size):
        await line.send(data[at : at + size])
        await asyncio.sleep(_DRIP)


_ANSWERS: Mapping[str, HttpFault] = {
    "status-400": _status("400 Bad Request"),
    "status-400-json": _status("400 Bad Request", {"error": {"code": "BadParameter", "message": "odd"}}),
    "status-401": _status("401 Unauthorized"),
    "status-403": _status("403 Forbidden"),
    "status-404": _status("404 Not Found"),
    "status-405": _status("405 Method Not Allowed"),
    "status-407": _status("407 Proxy Authentication Required", Proxy_Authenticate='Basic realm="proxy"'),
    "status-408": _status("408 Request Timeout"),
    "status-409": _status("409 Conflict"),
    "status-410": _status("410 Gone"),
    "status-413": _status("413 Content Too Large"),
    "status-418": _status("418 I'm a teapot"),
    "status-429": _status("429 Too Many Requests"),
    "status-429-later": _status("429 Too Many Requests", Retry_After="17"),
    "status-429-json": _status("429 Too Many Requests", {"error": {"code": "Throttled", "message": "odd"}}),
    "status-429-at-a-date": _status("429 Too Many Requests", Retry_After="Wed, 25 Nov 2026 14:00:00 GMT"),
    "status-429-for-ever": _status("429 Too Many Requests", Retry_After="9" * 5000),
    "status-451": _status("451 Unavailable For Legal Reasons"),
    "status-500": _status("500 Internal Server Error"),
    "status-500-json": _status("500 Internal Server Error", {"error": {"code": "InternalError", "message": "odd"}}),
    "status-501": _status("501 Not Implemented"),
    "status-502": _status("502 Bad Gateway"),
    "status-503": _status("503 Service Unavailable"),
    "status-503-later": _status("503 Service Unavailable", Retry_After="17"),
    "status-503-at-a-date": _status("503 Service Unavailable", Retry_After="Wed, 25 Nov 2026 14:00:00 GMT"),
    "status-504": _status("504 Gateway Timeout"),
    "status-599": _status("599 Unknown"),
    "status-204": _status("204 No Content"),
    "html": _body(_HTML, Content_Type=_WEB_PAGE),
    "html-as-json": _body(_HTML),
    "empty": _body(b""),
    "bad-json": _body(b'{"value": }'),
    "half-json": _body(lambda body: body[: len(body) // 2]),
    "json-list": _body(b'["odd"]'),
    "json-null": _body(b"null"),
    "json-text": _body(b'"odd"'),
    "json-number": _body(b"7"),
    "json-other-object": _body(b'{"odd": true}'),
    "json-wrong-values": _body(lambda body: json.dumps({name: ["odd"] for name in json.loads(body)}).encode()),
    "json-no-values": _body(lambda body: json.dumps(dict.fromkeys(json.loads(body))).encode()),
    "deep-json": _body(b"[" * 100_000),
    "utf-16": _body(lambda body: body.decode().encode("utf-16")),
    "not-utf-8": _body(b'{"value": "\xff\xfe"}'),
    "wrong-type": _body(lambda body: body, Content_Type=_WEB_PAGE),
    "no-type": _body(lambda body: body, Content_Type=""),
    "wrong-charset": _body(lambda body: body, Content_Type="application/json; charset=klingon"),
}
HTTP_FAULTS: Mapping[str, HttpFault] = {
    **{
        fault.__name__.replace("_", "-"): fault
        for fault in (
            one_byte,
            slow,
            chunked,
            until_the_end,
            interim,
            many_headers,
            byte_order_mark,
            other_json_type,
            two_in_one_packet,
            silent,
            silent_for_long,
            drip_head,
            drip_body,
            silent_body,
            silent_interim,
            reset,
            close,
            half_close,
            truncated_head,
            truncated_status,
            cut_body,
            cut_body_reset,
            cut_chunks,
            garbage,
            nul,
            other_protocol,
            bare_body,
            wrong_version,
            wrong_status,
            wrong_length,
            short_length,
            wrong_chunks,
            not_chunked,
            wrong_encoding,
            no_colon,
            endless_body,
            endless_chunks,
            endless_headers,
            endless_header_line,
            endless_status_line,
            large_body,
            redirect_to_itself,
            redirect_elsewhere,
        )
    },
    **_ANSWERS,
}
