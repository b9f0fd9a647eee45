"""The groups of requests that a differential run draws from."""

from __future__ import annotations

from typing import NamedTuple

from hypothesis import strategies as st

from tests.simulator.differential.calls import Call
from tests.simulator.differential.strategies import acl, agent, catalog, config, filters, kv, queries

#: Requests in an example, at most.
_LONGEST = 40


class Group(NamedTuple):
    """What an example is drawn from. acls: whether the agents have them on. indexes: whether these are compared."""

    examples: st.SearchStrategy[list[Call]]
    acls: bool = False
    indexes: bool = True


def _of(calls: st.SearchStrategy[Call], begin: list[Call]) -> st.SearchStrategy[list[Call]]:
    return st.lists(calls, min_size=10, max_size=_LONGEST).map(lambda drawn: begin + drawn)


GROUPS = {
    "kv": Group(_of(kv.CALLS, kv.SESSIONS)),
    "catalog": Group(_of(catalog.CALLS, kv.SESSIONS)),
    # In how many steps an agent writes into the catalog differs from time to time.
    "agent": Group(_of(agent.CALLS, []), indexes=False),
    "filters": Group(_of(filters.CALLS, [])),
    "config": Group(_of(config.CALLS, [])),
    "queries": Group(_of(queries.CALLS, kv.SESSIONS)),
    "acl": Group(acl.examples(_LONGEST), acls=True),
}
