"""Virtual addresses of the mesh."""

from __future__ import annotations

from typing import Any

from consul_proto.simulator.engine.store import Store


class Addresses:
    """The virtual address of each service of the mesh, since 1.11.

    https://developer.hashicorp.com/consul/docs/connect/proxies/transparent-proxy
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._numbers: dict[str, int] = {}
        self._free_numbers: list[int] = []
        self._last = 0

    def of(self, service: str) -> str:
        """Return the address of a service; assign one if it has none."""
        if service not in self._numbers:
            self._note()
            if self._free_numbers:
                number = self._free_numbers.pop(0)
            else:
                self._last = number = self._last + 1
            self._numbers[service] = number
        number = self._numbers[service]
        return f"240.{number >> 16}.{number >> 8 & 255}.{number & 255}"

    def free(self, service: str) -> None:
        """Release the address of a service that no longer exists."""
        if service in self._numbers:
            self._note()
            self._free_numbers = sorted([*self._free_numbers, self._numbers.pop(service)])

    def _note(self) -> None:
        before = {**self._numbers}, [*self._free_numbers], self._last
        self._store.on_rollback(lambda: self._restore(*before))

    def _restore(self, taken: dict[str, int], freed: list[int], last: int) -> None:
        self._numbers, self._free_numbers, self._last = taken, freed, last

    def dump(self) -> Any:
        """Return all addresses as JSON."""
        return [self._numbers, self._free_numbers, self._last]

    def load(self, state: Any) -> None:
        """Load the dumped state."""
        self._restore(*state)
