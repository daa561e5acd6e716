"""Trouble planned for calls of the connector: for the next ones, for the n-th of a kind, or for all."""

from collections.abc import Iterable
from dataclasses import dataclass

from lab.teams.faults import Trouble
from lab.teams.rates import Call


@dataclass
class _Planned:
    trouble: Trouble
    call: Call | None  # None: of any kind
    left: int  # calls that pass before
    always: bool = False


class Plan:
    """What becomes of the authenticated calls to come; one that nothing is planned for is carried out."""

    def __init__(self) -> None:
        self._planned: list[_Planned] = []

    def extend(self, troubles: Iterable[Trouble]) -> None:
        """One of them for each of the next calls, after those that calls are waited for already."""
        first = max((planned.left + 1 for planned in self._planned if not planned.always), default=0)
        for number, trouble in enumerate(troubles, first + 1):
            self.at(number, trouble)

    def at(self, number: int, trouble: Trouble, call: Call | None = None) -> None:
        """For the `number`-th call from now, the next being 1; with `call`, those of that kind are counted only."""
        self._planned.append(_Planned(trouble, call, number - 1))

    def always(self, trouble: Trouble, call: Call | None = None) -> None:
        """For every call from now on, until `clear`; with `call`, for those of that kind."""
        self._planned.append(_Planned(trouble, call, 0, always=True))

    def clear(self) -> None:
        """Nothing is planned any more."""
        self._planned.clear()

    @property
    def all_met(self) -> bool:
        """Whether each trouble that was planned for one call has come about."""
        return all(planned.always for planned in self._planned)

    def take(self, call: Call) -> Trouble | None:
        """What the call that has come meets."""
        concerned = [planned for planned in self._planned if planned.call in (None, call)]
        due = [planned for planned in concerned if planned.left == 0]
        for planned in concerned:
            planned.left -= planned.left > 0
        if not due:
            return None
        met = min(due, key=lambda planned: planned.always)  # what is for this call alone goes before what is for all
        if not met.always:
            self._planned.remove(met)
        return met.trouble
