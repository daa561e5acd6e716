"""Where a bot may answer: each host of Teams by its whole name, in one form of address."""

import pytest

from mailcheck.adapters.bot_hosts import ADDRESS_LIMIT, TEAMS_HOSTS, ServiceHosts
from mailcheck.model.plain_url import is_loopback

_LAB = "http://127.0.0.1:4001/v1/.well-known/openidconfiguration"
_PUBLIC = "https://login.botframework.com/v1/.well-known/openidconfiguration"

_HOST = "smba.trafficmanager.net"
_TAKEN = (
    "https://smba.trafficmanager.net/emea/",
    "https://smba.trafficmanager.net/amer/11111111-aaaa-4bbb-8ccc-000000000001/",
    "https://smba.infra.gcc.teams.microsoft.com/teams",
    "https://smba.onyx.prod.teams.trafficmanager.net/",
    "https://smba.trafficmanager.net",
    "https://smba.trafficmanager.net:443/teams/",
    f"https://{_HOST}/".ljust(ADDRESS_LIMIT, "a"),
)
_REFUSED = (
    "",
    "https://",
    "https://[",
    "/emea/",
    "//smba.trafficmanager.net/",
    # another scheme, port or host
    f"http://{_HOST}/emea/",
    f"HTTPS://{_HOST}/emea/",
    f"ftp://{_HOST}/",
    f"https:{_HOST}/",
    f"https:///{_HOST}/",
    f"https://{_HOST}:444/",
    f"https://{_HOST}:/",
    f"https://{_HOST}:0443/",
    "https://smba.trafficmanager.net.evil.example/",
    "https://evil.trafficmanager.net/",
    "https://evilsmba.trafficmanager.net/",
    "https://trafficmanager.net/",
    "https://smba.infra.gov.teams.microsoft.us/teams",
    "https://169.254.169.254/metadata/",
    "https://2130706433/",
    # what readers of addresses disagree about
    f"https://{_HOST}./emea/",
    f"https://{_HOST.upper()}/emea/",
    f"https://user@{_HOST}/",
    f"https://{_HOST}@evil.example/",
    f"https://{_HOST}:443@evil.example/",
    f"https://evil.example\\@{_HOST}/",
    f"https://{_HOST}\\@evil.example/",
    f"https://{_HOST}\\.evil.example/",
    f"https:\\\\{_HOST}\\emea",
    f"https://evil.example#@{_HOST}/",
    f"https://evil.example?@{_HOST}/",
    f"https://{_HOST}%2eevil.example/",
    f"https://{_HOST}%00.evil.example/",
    f"https://{_HOST}\x00.evil.example/",
    f"https://{_HOST}\n.evil.example/",
    f"https://{_HOST}/\n",
    f" https://{_HOST}/",
    f"https://{_HOST}/ ",
    f"https://\t{_HOST}/",
    "https://smba\u3002trafficmanager\u3002net/",  # ideographic full stops, which IDNA reads as dots
    "https://smb\u0430.trafficmanager.net/",  # a Cyrillic letter
    "https://xn--smb-8cd.trafficmanager.net/",
    "https://\u017fmba.trafficmanager.net/",  # a long s, which case folding reads as an s
    # what an address of Teams does not have
    f"https://{_HOST}/emea/?a=b",
    f"https://{_HOST}/emea/#a",
    f"https://{_HOST}/emea/;a",
    f"https://{_HOST}/emea/../../x",
    f"https://{_HOST}/./x",
    f"https://{_HOST}/%2e%2e/x",
    f"https://{_HOST}//evil.example/",
    f"https://{_HOST}/" + "a" * ADDRESS_LIMIT,
    # a lab's
    "http://127.0.0.1:56150/teams/",
)


@pytest.mark.parametrize("url", _TAKEN)
def test_teams_own_hosts_may_be_answered(url: str) -> None:
    """The connector's hosts for the public cloud and GCC, whatever the region in the path."""
    assert ServiceHosts().takes(url)


@pytest.mark.parametrize("url", _REFUSED, ids=ascii)
@pytest.mark.parametrize("further", [(), ("evil.example",)])
def test_nobody_else_may_be_answered(url: str, further: tuple[str, ...]) -> None:
    """Any other host, port or scheme, and whatever could be read in two ways: also beside a host that was added."""
    assert not ServiceHosts(further).takes(url)


def test_a_host_can_be_added() -> None:
    """What an administrator adds is a host as the others are, and takes none of them away."""
    hosts = ServiceHosts(["SMBA.example.com"])
    assert hosts.takes("https://smba.example.com/teams/")
    assert not hosts.takes("https://x.smba.example.com/teams/")
    assert all(hosts.takes(f"https://{host}/") for host in TEAMS_HOSTS)


@pytest.mark.parametrize(
    "url, local",
    [
        ("http://127.0.0.1:2/teams/", True), ("http://localhost:2/", True), ("http://[::1]:2/", True),
        ("http://127.0.0.1", True), ("https://127.0.0.1/", False), ("http://169.254.169.254/", False),
        ("http://127.0.0.1.evil.example/", False), ("http://127.0.0.1@evil.example/", False),
        ("http://127.0.0.1:1@evil.example/", False), ("http://evil.example#127.0.0.1/", False),
        ("http://127.1/", False), ("http://0.0.0.0/", False), ("http://2130706433/", False), ("", False),
        ("http://LOCALHOST:2/", False), ("http://127.0.0.1:65535/", True), ("http://127.0.0.1:65536/", False),
        ("http://127.0.0.1:0/", False),
    ],
)  # fmt: skip
def test_a_lab_may_be_answered_on_loopback_only(url: str, local: bool) -> None:
    """Plain http is for this machine, and only where the lab signs the requests."""
    assert is_loopback(url) is local
    assert ServiceHosts(metadata=_LAB).takes(url) is local
    assert not ServiceHosts().takes(url)
    assert not ServiceHosts(metadata=_PUBLIC).takes(url)
