"""Compare what Consul selects with what drawn expressions mean."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from consulate import Consul
from consulate.exceptions import ServerError
from tests.filters.drawn import draw, values_of
from tests.filters.scene import LISTINGS, build


class Comparison:
    """Expressions are drawn from a seed, and sent to an agent that has the scene."""

    def __init__(self, client: Consul, *, is_new: bool, is_simulated: bool) -> None:
        """Build the scene. is_new: whether the agent is newer than 1.8."""
        build(client)
        self._client, self._is_new = client, is_new
        self.listings = [one for one in LISTINGS if (one.is_old or is_new) and (one.is_simulated or not is_simulated)]
        #: Call -> how many expressions selected a row, and how many left one out.
        self.counted = {listing.name: [0, 0] for listing in self.listings}
        self.sent = 0

    def differences(self, expressions: int, seed: int) -> Iterator[str]:
        """Send expressions to all calls in turn, and say where Consul selects other rows than the expression."""
        chance = Random(f"filters {seed}")
        rows = {listing.name: listing.of(self._client) for listing in self.listings}
        known = {name: values_of(several) for name, several in rows.items()}
        for number in range(expressions):
            listing = self.listings[number % len(self.listings)]
            expression, selects = draw(chance, listing.where, known[listing.name], self._is_new)
            expected = listing.expected(rows[listing.name], selects)
            self.sent += 1
            try:
                found = listing.answered(self._client, expression)
            except ServerError as error:
                yield f"{listing.name}: {expression}\n  refused: {error}"
                continue
            if found != expected and (fresh := listing.of(self._client)) != rows[listing.name]:
                # The agent updates its own node now and then.
                rows[listing.name] = fresh
                expected, found = listing.expected(fresh, selects), listing.answered(self._client, expression)
            if found != expected:
                yield f"{listing.name}: {expression}\n  expected {expected}\n  found    {found}"
            selected = sum(map(selects, rows[listing.name]))
            self.counted[listing.name][0] += selected > 0
            self.counted[listing.name][1] += selected < len(rows[listing.name])
