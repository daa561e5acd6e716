"""host.json, as far as the local Functions host follows it."""

import pytest

from lab.host.host_json import HostJson, read


@pytest.mark.parametrize(
    "text, expected",
    [
        ('{"version": "2.0"}', HostJson("api", has_bundle=False)),
        ('{"version": "2.0", "extensions": {"http": {"routePrefix": ""}}}', HostJson("", has_bundle=False)),
        ('{"version": "2.0", "extensions": {"http": {"routePrefix": "/v1/x/"}}}', HostJson("v1/x", has_bundle=False)),
        ('{"version": "2.0", "extensionBundle": {"id": "b", "version": "[4.*, 5.0.0)"}}', HostJson(has_bundle=True)),
    ],
)
def test_what_host_json_decides(text: str, expected: HostJson) -> None:
    """The route prefix is `api` unless said otherwise; an extension bundle counts when it has an id."""
    assert read(text) == expected


@pytest.mark.parametrize(
    "text, reason",
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        ("[]", "version"),
        ("{}", "version"),
        ('{"version": "3.0"}', "version"),
        ('{"version": 2.0}', "version"),
        ('{"version": "2.0", "extensions": []}', "routePrefix"),
        ('{"version": "2.0", "extensions": {"http": 1}}', "routePrefix"),
        ('{"version": "2.0", "extensions": {"http": {"routePrefix": 1}}}', "routePrefix"),
        ('{"version": "2.0", "extensions": {"http": {"routePrefix": "{tenant}"}}}', "routePrefix"),
    ],
)
def test_a_bad_host_json_says_why(text: str, reason: str) -> None:
    """What the real host would not start with is refused."""
    found = read(text)
    assert isinstance(found, str)
    assert reason in found
