"""HTTP to the protocol's messages and back, as the real host translates them."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from urllib.parse import quote

from aiohttp import web

from lab.host.protos import RpcHttp, RpcHttpCookie, TypedData
from lab.host.runtime import Returned

# The server decides these from the body and the connection; a function that sets them would break the framing.
_FRAMING = frozenset({"content-length", "transfer-encoding", "connection", "keep-alive"})
_BREAKS_A_HEADER = ("\r", "\n", "\0")
_STATUSES = range(100, 600)


def to_rpc(request: web.BaseRequest, params: Mapping[str, str], body: bytes) -> TypedData:
    """A request as the function sees it: header names in lower case, repeated values joined by commas.

    Query parameters without a value are left out: the real host sends Python workers none.
    """
    query = _joined(request.query.items())
    return TypedData(
        http=RpcHttp(
            method=request.method,
            url=f"{request.scheme}://{request.host}{request.rel_url.raw_path_qs}",
            headers={name.lower(): value for name, value in _joined(request.headers.items()).items()},
            body=TypedData(bytes=body) if body else TypedData(),
            params=params,
            query={name: value for name, value in query.items() if value},
        )
    )


def to_response(returned: Returned, output: str) -> web.Response | str:
    """The HTTP response of a function, or why what it returned is none.

    Args:
        returned: What the function gave back.
        output: The name of its HTTP output binding: `$return`, or a parameter.
    """
    value = returned.value if output == "$return" else returned.outputs.get(output)
    kind = value.WhichOneof("data") if value is not None else None
    if value is None or kind is None:
        return web.Response(status=204)
    if value.http is not None:
        return _response(value.http)
    if kind == "bytes":
        return web.Response(body=value.bytes, content_type="application/octet-stream")
    if value.json is not None:
        return web.Response(text=value.json, content_type="application/json")
    return web.Response(text=str(getattr(value, kind)), content_type="text/plain", charset="utf-8")


def _response(http: RpcHttp) -> web.Response | str:
    status = int(http.status_code) if http.status_code.isascii() and http.status_code.isdigit() else 0
    if status not in _STATUSES:
        return f"{http.status_code!r} is no HTTP status"
    response = web.Response(status=status, body=http.body.bytes or b"")
    for name, value in http.headers.items():
        if any(mark in text for mark in _BREAKS_A_HEADER for text in (name, value)):
            return f"the header {name!r} has a line break or a NUL"
        if name.lower() not in _FRAMING:
            response.headers[name] = value
    for cookie in http.cookies or ():
        response.headers.add("Set-Cookie", _set_cookie(cookie))
    return response


def _set_cookie(cookie: RpcHttpCookie) -> str:
    """One Set-Cookie value. The value is percent-encoded, as ASP.NET does when it appends a cookie."""
    parts = [f"{cookie.name}={quote(cookie.value, safe='')}"]
    if cookie.expires is not None:
        moment = datetime.fromtimestamp(cookie.expires.value.seconds, UTC)
        parts.append(f"expires={format_datetime(moment, usegmt=True)}")
    if cookie.max_age is not None:
        parts.append(f"max-age={cookie.max_age.value:.0f}")
    if cookie.domain is not None and cookie.domain.value:
        parts.append(f"domain={cookie.domain.value}")
    if cookie.path is not None and cookie.path.value:
        parts.append(f"path={cookie.path.value}")
    if cookie.secure is not None and cookie.secure.value:
        parts.append("secure")
    same_site = _SAME_SITE.get(cookie.same_site)
    if same_site is not None:
        parts.append(f"samesite={same_site}")
    if cookie.http_only is not None and cookie.http_only.value:
        parts.append("httponly")
    return "; ".join(parts)


_SAME_SITE = {
    int(RpcHttpCookie.SameSite["Lax"]): "lax",
    int(RpcHttpCookie.SameSite["Strict"]): "strict",
    int(RpcHttpCookie.SameSite["ExplicitNone"]): "none",
}


def _joined(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Values by name; names that differ in case only are one name, spelled as it came first."""
    spelled: dict[str, str] = {}
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        values.setdefault(spelled.setdefault(name.lower(), name), []).append(value)
    return {name: ",".join(each) for name, each in values.items()}
