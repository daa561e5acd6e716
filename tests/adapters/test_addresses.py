"""Names and their addresses: one look-up for all who ask at a time, its answer for those who come soon after."""

import asyncio
import socket
import threading
from collections.abc import Sequence

import pytest

from mailcheck.adapters.addresses import Address, Resolver
from mailcheck.model.request import Endpoint

SERVER = Endpoint("mail.example", 993)
FOUND = (Address(socket.AF_INET, ("192.0.2.1", 993)),)
HOUR = 3600.0


class Names:
    """Answers look-ups when it is let, with addresses or an error, and notes in which thread it was asked."""

    def __init__(self, *answers: Sequence[Address] | OSError) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[Endpoint, threading.Thread]] = []
        self.let = threading.Event()

    def __call__(self, endpoint: Endpoint) -> Sequence[Address]:
        self.asked.append((endpoint, threading.current_thread()))
        assert self.let.wait(5)
        answer = self.answers.pop(0)
        if isinstance(answer, OSError):
            raise answer
        return answer


async def test_the_system_knows_localhost() -> None:
    """The operating system's resolver is asked unless told otherwise, and each address says its version of IP."""
    addresses = await Resolver()(Endpoint("localhost", 993))
    assert {(address.sockaddr[0], address.version) for address in addresses} & {("127.0.0.1", 4), ("::1", 6)}


async def test_who_asks_at_the_same_time_shares_a_look_up() -> None:
    """Three want the name, one thread looks it up, and the loop goes on meanwhile."""
    names = Names(FOUND)
    resolve = Resolver(names)
    asking = [asyncio.create_task(resolve(SERVER)) for _ in range(3)]
    await asyncio.sleep(0)  # they have asked, and nobody has an answer: the loop is free to let them have one
    names.let.set()
    assert await asyncio.gather(*asking) == [FOUND] * 3
    (asked,) = names.asked
    assert asked[0] == SERVER
    assert asked[1] is not threading.current_thread()


@pytest.mark.parametrize("max_age, look_ups", [(HOUR, 1), (0.0, 2)], ids=["young", "old"])
async def test_an_answer_serves_who_comes_soon_after(max_age: float, look_ups: int) -> None:
    """It is used until its age, and no longer."""
    names = Names(FOUND, FOUND)
    names.let.set()
    resolve = Resolver(names, max_age=max_age)
    assert [await resolve(SERVER), await resolve(SERVER)] == [FOUND] * 2
    assert len(names.asked) == look_ups


async def test_another_server_is_looked_up_by_itself() -> None:
    """The answer for one server is none for another port or host."""
    names = Names(FOUND, FOUND, FOUND)
    names.let.set()
    resolve = Resolver(names, max_age=HOUR)
    servers = [SERVER, Endpoint("mail.example", 995), Endpoint("other.example", 993)]
    for server in servers:
        await resolve(server)
    assert [server for server, _ in names.asked] == servers


async def test_a_failure_is_not_kept() -> None:
    """Who has just mended a name and checks again is not told of the old failure."""
    names = Names(socket.gaierror(socket.EAI_NONAME, "Name or service not known"), FOUND)
    names.let.set()
    resolve = Resolver(names, max_age=HOUR)
    with pytest.raises(socket.gaierror):
        await resolve(SERVER)
    assert await resolve(SERVER) == FOUND
