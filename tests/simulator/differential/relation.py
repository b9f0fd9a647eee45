"""Which ids and indexes of a real agent correspond to which of the simulator."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Relation:
    """Which value of one side corresponds to which of the other."""

    there: dict[str, str] = field(default_factory=dict)
    back: dict[str, str] = field(default_factory=dict)

    def holds(self, real: str, simulated: str) -> bool:
        """Record that two values correspond, and return whether that fits what was seen before."""
        return self.there.setdefault(real, simulated) == simulated and self.back.setdefault(simulated, real) == real


class Indexes:
    """Which raft indexes correspond.

    A new agent makes its first writes in one step or several, and in no fixed order: it registers its node and its own service, and
    writes its policies. So each index of its start corresponds to each one of the other start, and to no later one.

    began: the index of each side when its start was over.
    """

    def __init__(self, began: tuple[int, int]) -> None:
        self._began = began
        self._later = Relation()

    def hold(self, real: int, simulated: int) -> bool:
        """Record that two indexes correspond, and return whether that fits what was seen before."""
        kinds = [_kind(index, began) for index, began in zip((real, simulated), self._began, strict=True)]
        return kinds[0] == kinds[1] and (kinds[0] != "later" or self._later.holds(str(real), str(simulated)))

    def before(self, real: object) -> str | None:
        """Return what the real index corresponded to until now, for a message."""
        return self._later.there.get(str(real))


def _kind(index: int, began: int) -> str:
    """Return when something with this index was written; 1 is the index of what was never written."""
    return "never" if index <= 1 else "at the start" if index <= began else "later"
