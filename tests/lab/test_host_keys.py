"""Access keys of the Functions host: which key opens which auth level."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import aiohttp
import pytest

from lab.host import keys
from lab.host.functions import AuthLevel
from tests.lab.common import raw_status
from tests.lab.host_kit import APPS, HostProcess, hosted

MASTER = "the-master-key"
HOST_KEY = "the-host-key"
SETTINGS = {"LAB_FUNCTION_KEY": HOST_KEY, "LAB_MASTER_KEY": MASTER}
FILE = {
    "masterKey": {"name": "master", "value": MASTER, "encrypted": False},
    "functionKeys": [{"name": "default", "value": "other"}, {"name": "teams", "value": HOST_KEY, "encrypted": False}],
}


@pytest.fixture(scope="module")
def guarded() -> Iterator[HostProcess]:
    """The keys app, with --auth."""
    with hosted(APPS / "keys", "--auth", settings=SETTINGS) as host:
        yield host


@pytest.mark.parametrize(
    "function, header, code, status",
    [
        ("anyone", None, None, 200),
        ("anyone", "wrong", None, 200),
        ("keyed", None, None, 401),
        ("keyed", "wrong", None, 401),
        ("keyed", HOST_KEY, None, 200),
        ("keyed", None, HOST_KEY, 200),
        ("keyed", MASTER, None, 200),
        ("keyed", "wrong", HOST_KEY, 401),
        ("plain", None, None, 401),
        ("plain", HOST_KEY, None, 200),
        ("masterful", None, None, 401),
        ("masterful", HOST_KEY, None, 401),
        ("masterful", MASTER, None, 200),
        ("masterful", None, MASTER, 200),
        ("missing", MASTER, None, 404),
    ],
)
async def test_a_key_opens_its_level(
    guarded: HostProcess, function: str, header: str | None, code: str | None, status: int
) -> None:
    """A key comes by header or by ?code=, the header first; a wrong or missing one is 401 with an empty body."""
    headers = {"x-functions-key": header} if header else {}
    params = {"code": code} if code else {}
    url = f"{guarded.url}/api/{function}"
    async with aiohttp.ClientSession() as session, session.get(url, headers=headers, params=params) as response:
        assert response.status == status
        assert (await response.read() == b"") == (status != 200)


async def test_keys_that_were_given_are_not_written(guarded: HostProcess) -> None:
    """The caller who set the keys knows them: they are in no output."""
    async with aiohttp.ClientSession() as session:
        for code in (HOST_KEY, "wrong"):
            async with session.get(f"{guarded.url}/api/keyed", params={"code": code}):
                pass
    written = "\n".join(guarded.stdout.lines + guarded.stderr.lines)
    assert HOST_KEY not in written
    assert MASTER not in written


async def test_without_auth_no_key_is_asked_for() -> None:
    """Without --auth every level is open, as under `func start`."""
    with hosted(APPS / "keys") as host:
        async with aiohttp.ClientSession() as session:
            for function in ("anyone", "keyed", "masterful", "plain"):
                async with session.get(f"{host.url}/api/{function}") as response:
                    assert response.status == 200


async def test_new_keys_are_shown_once_they_are_made() -> None:
    """Keys that nobody set are made at start and written to stderr, and they open."""
    with hosted(APPS / "keys", "--auth") as host:
        key = host.stderr.wait_for("function key: ").removeprefix("function key: ")
        master = host.stderr.wait_for("master key: ").removeprefix("master key: ")
        async with aiohttp.ClientSession() as session:
            async with session.get(f"{host.url}/api/keyed", headers={"x-functions-key": key}) as response:
                assert response.status == 200
            async with session.get(f"{host.url}/api/masterful", headers={"x-functions-key": master}) as response:
                assert response.status == 200


async def test_a_keys_file_is_read(tmp_path: Path) -> None:
    """--keys-file takes the real host's file of keys, each function key in it opens, and nothing else does."""
    file = tmp_path / "keys.json"
    file.write_text(json.dumps(FILE), encoding="utf-8")
    with hosted(APPS / "keys", "--keys-file", str(file)) as host:
        async with aiohttp.ClientSession() as session:
            for key, status in (("other", 200), (HOST_KEY, 200), (MASTER, 200), ("wrong", 401)):
                async with session.get(f"{host.url}/api/keyed", headers={"x-functions-key": key}) as response:
                    assert response.status == status


async def test_a_key_that_is_no_text_is_wrong(guarded: HostProcess) -> None:
    """Octets that are no UTF-8 are a wrong key like any other: 401."""
    status = await raw_status(guarded.url, b"GET /api/keyed HTTP/1.1", b"x-functions-key: \xff\xfe")
    assert status == 401


@pytest.mark.parametrize(
    "text, reason",
    [
        ("{", "not a secrets file"),
        ("[]", "not a secrets file"),
        ('{"masterKey": {"value": "m"}}', "not a secrets file"),
        ('{"masterKey": "m", "functionKeys": []}', "not a secrets file"),
        ('{"masterKey": {"value": ""}, "functionKeys": []}', "encrypted or empty"),
        ('{"masterKey": {"value": "m", "encrypted": true}, "functionKeys": []}', "encrypted or empty"),
    ],
)
def test_a_file_without_keys_says_why(text: str, reason: str) -> None:
    """What is no file of plain keys is refused."""
    read = keys.from_file(text)
    assert isinstance(read, str)
    assert reason in read


@pytest.mark.parametrize("settings", [{}, SETTINGS, {"LAB_MASTER_KEY": MASTER}])
def test_a_key_that_is_not_set_is_made(settings: Mapping[str, str]) -> None:
    """Each key comes from its setting, or is new and long; an empty offer never opens."""
    made = keys.from_settings(settings)
    assert made.master == settings.get("LAB_MASTER_KEY", made.master)
    assert all(len(key) >= 12 for key in (made.master, *made.host))
    assert not made.admit(AuthLevel.FUNCTION, "")
    assert not made.admit(AuthLevel.FUNCTION, None)


def test_keys_are_not_in_their_repr() -> None:
    """A key does not get into a log by way of repr."""
    assert MASTER not in repr(keys.Keys(MASTER, (HOST_KEY,)))
    assert HOST_KEY not in repr(keys.Keys(MASTER, (HOST_KEY,)))
