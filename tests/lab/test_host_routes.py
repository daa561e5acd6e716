"""Routes of the Functions host: ASP.NET templates, and the real host's order."""

import pytest

from lab.host.functions import Binding, Function
from lab.host.routes import BadRoute, RouteTable, Template, parse

GUID = "11111111-aaaa-4bbb-8ccc-000000000001"


def function(name: str, route: str, *methods: str) -> Function:
    """An HTTP function with this route."""
    trigger = Binding("httpTrigger", "req", output=False, texts={"route": route}, methods=methods)
    return Function(f"id-{name}", name, (trigger,))


@pytest.mark.parametrize(
    "route, path, params",
    [
        ("hello", "/api/hello", {}),
        ("hello", "/API/Hello/", {}),
        ("/hello/", "/api/hello", {}),
        ("hello", "/api/hello/more", None),
        ("hello", "/hello", None),
        ("checks/{mailbox}", "/api/checks/shared@contoso.com", {"mailbox": "shared@contoso.com"}),
        ("checks/{mailbox}", "/api/checks/shared%40contoso.com", {"mailbox": "shared@contoso.com"}),
        ("checks/{mailbox}", "/api/checks/caf%C3%A9%0A", {"mailbox": "caf\u00e9\n"}),
        ("checks/{mailbox}", "/api/checks/a%2Fb", {"mailbox": "a%2Fb"}),
        ("checks/{mailbox}", "/api/checks/a/b", None),
        ("checks/{mailbox}", "/api/checks/", None),
        ("checks/{mailbox}/log", "/api/checks/a/log", {"mailbox": "a"}),
        ("files/{*rest}", "/api/files/a/b.txt", {"rest": "a/b.txt"}),
        ("files/{**rest}", "/api/files/a/", {"rest": "a/"}),
        ("files/{*rest}", "/api/files", {}),
        ("files/{*rest}", "/api/filesystem", None),
        ("items/{id?}", "/api/items", {}),
        ("items/{id?}", "/api/items/", {}),
        ("items/{id?}", "/api/items/7", {"id": "7"}),
        ("items/{id:int}", "/api/items/-7", {"id": "-7"}),
        ("items/{id:int}", "/api/items/2147483648", None),
        ("items/{id:int}", "/api/items/" + "9" * 5000, None),
        ("items/{id:long}", "/api/items/2147483648", {"id": "2147483648"}),
        ("items/{id:int}", "/api/items/seven", None),
        ("items/{id:int?}", "/api/items", {}),
        ("items/{id:guid}", f"/api/items/{GUID}", {"id": GUID}),
        ("items/{id:guid}", "/api/items/1111", None),
        ("items/{id:alpha}", "/api/items/Seven", {"id": "Seven"}),
        ("items/{id:alpha}", "/api/items/se7en", None),
        ("items/{id:bool}", "/api/items/True", {"id": "True"}),
        ("items/{id:int:min(5)}", "/api/items/4", None),
        ("items/{id:int:max(5)}", "/api/items/5", {"id": "5"}),
        ("items/{id:minlength(3)}", "/api/items/ab", None),
        ("items/{id:maxlength(3)}", "/api/items/abc", {"id": "abc"}),
        ("pages/{name}.{kind}", "/api/pages/a.b.html", {"name": "a.b", "kind": "html"}),
    ],
)
def test_a_template_takes_a_path_apart(route: str, path: str, params: dict[str, str] | None) -> None:
    """A template matches as in ASP.NET: any case, decoded parameters, absent ones left out."""
    match = RouteTable([function("f", route)], "api").match("GET", path)
    assert (None if match is None else dict(match.params)) == params


@pytest.mark.parametrize(
    "route, reason",
    [
        ("a//b", "segment is empty"),
        ("{a?}/b", "last segment"),
        ("{*a}/b", "last segment"),
        ("{a}/{A}", "twice"),
        ("{a}{b}", "in this place"),
        ("x{a?}", "whole segment"),
        ("a{b", "not a literal"),
        ("{}", "not a parameter"),
        ("{a=5}", "not a parameter"),
        ("{a:regex(^x$)}", "'regex(^x$)' is not supported"),
        ("{a:int(5)}", "'int(5)' is not supported"),
        ("{a:min}", "'min' is not supported"),
    ],
)
def test_a_template_that_cannot_be_used_says_why(route: str, reason: str) -> None:
    """What this host cannot match, it refuses by name."""
    parsed = parse(route, "api")
    assert isinstance(parsed, BadRoute)
    assert reason in parsed.reason


def test_an_empty_prefix_is_no_segment() -> None:
    """Without a route prefix a route begins at the root."""
    template = parse("hello")
    assert isinstance(template, Template)
    assert template.match("/hello") == {}


@pytest.mark.parametrize("general, special, answers", [("details", "list", "details"), ("z_details", "list", "list")])
def test_the_first_name_in_the_alphabet_answers(general: str, special: str, answers: str) -> None:
    """Of two templates that fit, the real host takes the function whose name comes first, not the better fit."""
    table = RouteTable([function(special, "products/list"), function(general, "products/{id}")], "api")
    match = table.match("GET", "/api/products/list")
    assert match is not None
    assert match.function.name == answers


@pytest.mark.parametrize(
    "method, answers", [("GET", "read"), ("PUT", "write"), ("HEAD", None), ("OPTIONS", None), ("DELETE", None)]
)
def test_a_method_nobody_lists_is_not_found(method: str, answers: str | None) -> None:
    """Functions at one route share it by method; a method that none lists finds nothing, HEAD included."""
    table = RouteTable([function("read", "notes", "GET"), function("write", "notes", "PUT")], "api")
    match = table.match(method, "/api/notes")
    assert (match.function.name if match else None) == answers


def test_without_methods_every_method_is_answered() -> None:
    """A function that lists no methods answers all."""
    table = RouteTable([function("any", "notes")], "api")
    assert all(table.match(method, "/api/notes") for method in ("GET", "PATCH", "HEAD", "OPTIONS"))


def test_without_a_route_the_name_is_the_route() -> None:
    """A function without a route is found under its own name."""
    assert RouteTable([function("Status", "")], "api").match("GET", "/api/status") is not None


def test_a_table_takes_checked_routes_only() -> None:
    """A route that the checks would have refused is a bug of the caller."""
    with pytest.raises(ValueError, match="f: a segment is empty"):
        RouteTable([function("f", "a//b")], "api")
