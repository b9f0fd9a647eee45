"""Whatever a request holds, it is answered."""

from __future__ import annotations

from tests.simulator.fuzz import fuzz


def test_each_of_2000_mutated_requests_is_answered() -> None:
    """See `scripts/fuzz` for more of them."""
    assert [str(finding) for finding in fuzz(2_000, 0, 8)] == []
