"""Virtual addresses of the mesh."""

from __future__ import annotations

from typing import Any

from consul_proto.simulator.engine.store import Store


class Addresses:
    """The virtual address of each service of the mesh, since 1.11: https://developer.hashicorp.com/consul/docs/connect/proxies/transparent-proxy"""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._taken: dict[str, int] = {}
        self._freed: list[int] = []
        self._last = 0

    def of(self, service: str) -> str:
        """The address of a service: it gets one where it has none."""
        if service not in self._taken:
            self._note()
            if self._freed:
                number = self._freed.pop(0)
            else:
                self._last = number = self._last + 1
            self._taken[service] = number
        number = self._taken[service]
        return f"240.{number >> 16}.{number >> 8 & 255}.{number & 255}"

    def free(self, service: str) -> None:
        """Give back the address of a service that there is no more."""
        if service in self._taken:
            self._note()
            self._freed = sorted([*self._freed, self._taken.pop(service)])

    def _note(self) -> None:
        before = {**self._taken}, [*self._freed], self._last
        self._store.undoing(lambda: self._restore(*before))

    def _restore(self, taken: dict[str, int], freed: list[int], last: int) -> None:
        self._taken, self._freed, self._last = taken, freed, last

    def dump(self) -> Any:
        """All of them, as JSON."""
        return [self._taken, self._freed, self._last]

    def load(self, state: Any) -> None:
        """Take over the dumped state."""
        self._restore(*state)
