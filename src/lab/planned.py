"""Answers that a server gives in place of its own: the faults of the way to it, and those that no setting causes."""

from dataclasses import dataclass

from aiohttp import web


@dataclass(frozen=True)
class Page:
    """An answer that none of Microsoft's services words so: a gateway's or a proxy's, for people to read.

    Attributes:
        status: HTTP status.
        title: What the page says.
    """

    status: int
    title: str

    def response(self) -> web.Response:
        """This answer as HTTP."""
        text = f"<!DOCTYPE html><html><head><title>{self.title}</title></head><body>{self.title}</body></html>"
        return web.Response(status=self.status, text=text, content_type="text/html")


class Plan[T]:
    """What to answer next; as long as there is something, the server does not decide for itself."""

    def __init__(self) -> None:
        self._answers: list[T] = []
        self._always: T | None = None

    def once(self, answer: T) -> None:
        """Gives this answer to one request, after those that were planned before."""
        self._answers.append(answer)

    def always(self, answer: T | None) -> None:
        """Gives this answer to every request from now on, until told otherwise by None."""
        self._always = answer

    def take(self) -> T | None:
        """The answer to the request that has come, if one was planned."""
        return self._answers.pop(0) if self._answers else self._always
