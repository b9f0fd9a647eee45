"""The groups of requests that a differential run draws from."""

from __future__ import annotations

from typing import NamedTuple

from hypothesis import strategies as st

from tests.simulator import drawn, drawn_acl, drawn_agent, drawn_catalog, drawn_config, drawn_filters, drawn_queries
from tests.simulator.differential import Call

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
    "kv": Group(_of(drawn.CALLS, drawn.SESSIONS)),
    "catalog": Group(_of(drawn_catalog.CALLS, drawn.SESSIONS)),
    # In how many steps an agent writes into the catalog differs from time to time.
    "agent": Group(_of(drawn_agent.CALLS, []), indexes=False),
    "filters": Group(_of(drawn_filters.CALLS, [])),
    "config": Group(_of(drawn_config.CALLS, [])),
    "queries": Group(_of(drawn_queries.CALLS, drawn.SESSIONS)),
    "acl": Group(drawn_acl.examples(_LONGEST), acls=True),
}
