"""The groups of random calls of a differential run."""

from __future__ import annotations

from typing import NamedTuple

from hypothesis import strategies as st

from tests.simulator.differential.calls import Call
from tests.simulator.differential.strategies import acl, agent, catalog, config, filters, kv, queries

#: The most calls in an example.
_LONGEST = 40


class Group(NamedTuple):
    """A group of calls. examples: their strategy. acls: whether the agents have ACLs. indexes: whether indexes are compared."""

    examples: st.SearchStrategy[list[Call]]
    acls: bool = False
    indexes: bool = True


def _of(calls: st.SearchStrategy[Call], begin: list[Call]) -> st.SearchStrategy[list[Call]]:
    return st.lists(calls, min_size=10, max_size=_LONGEST).map(lambda rest: begin + rest)


GROUPS = {
    "kv": Group(_of(kv.CALLS, kv.SESSIONS)),
    "catalog": Group(_of(catalog.CALLS, kv.SESSIONS)),
    # An agent may write to the catalog in a varying number of steps.
    "agent": Group(_of(agent.CALLS, []), indexes=False),
    "filters": Group(_of(filters.CALLS, [])),
    "config": Group(_of(config.CALLS, [])),
    "queries": Group(_of(queries.CALLS, kv.SESSIONS)),
    "acl": Group(acl.examples(_LONGEST), acls=True),
}
