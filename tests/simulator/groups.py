"""The groups of requests that a differential run draws from."""

from __future__ import annotations

from typing import NamedTuple

from hypothesis import strategies as st

from tests.simulator import drawn, drawn_acl, drawn_agent, drawn_catalog, drawn_config, drawn_filters, drawn_queries
from tests.simulator.differential import Ask

#: Requests in an example, at most.
_LONGEST = 40


class Group(NamedTuple):
    """What an example is drawn from. acls: whether the agents have them on. indexes: whether these are compared."""

    examples: st.SearchStrategy[list[Ask]]
    acls: bool = False
    indexes: bool = True


def _of(asks: st.SearchStrategy[Ask], begin: list[Ask]) -> st.SearchStrategy[list[Ask]]:
    return st.lists(asks, min_size=10, max_size=_LONGEST).map(lambda drawn: begin + drawn)


GROUPS = {
    "kv": Group(_of(drawn.ASKS, drawn.SESSIONS)),
    "catalog": Group(_of(drawn_catalog.ASKS, drawn.SESSIONS)),
    # In how many steps an agent writes into the catalog differs from time to time.
    "agent": Group(_of(drawn_agent.ASKS, []), indexes=False),
    "filters": Group(_of(drawn_filters.ASKS, [])),
    "config": Group(_of(drawn_config.ASKS, [])),
    "queries": Group(_of(drawn_queries.ASKS, drawn.SESSIONS)),
    "acl": Group(drawn_acl.examples(_LONGEST), acls=True),
}
